// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package postgresql

import "syscall"

// dying leaves a process to Remove: other systems tell nobody that a parent ended.
func dying(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Setpgid: true}
}
