// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"runtime/pprof"

	"selfsame"
)

// profiled runs a verb and writes where its processor time went to a file of `go tool pprof`; no name: it runs it. It returns the exit code.
func profiled(name string, verb func() int) (int, error) {
	if name == "" {
		return verb(), nil
	}
	f, err := os.Create(name)
	if err != nil {
		return 0, &selfsame.Error{Class: selfsame.ClassResource, Ref: profileSetting, Message: "cannot make the file", Err: err}
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return 0, errors.Join(err, f.Close())
	}
	code := verb()
	pprof.StopCPUProfile()
	return code, f.Close()
}

// profileSetting names the environment variable that asks for a profile.
const profileSetting = "SELFSAME_CPU_PROFILE"
