// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"selfsame/eventlog"
	"selfsame/eventlog/eventlogtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLogInMemory(t *testing.T) {
	eventlogtest.Run(t, func(*testing.T) eventlogtest.Place {
		fs := vfs.NewMem()
		return func(now func() int64) (eventlog.Log, error) { return Open("log", Options{FS: fs, Now: now}) }
	})
}

func TestLogOnDisk(t *testing.T) {
	eventlogtest.Run(t, func(t *testing.T) eventlogtest.Place {
		dir := t.TempDir()
		return func(now func() int64) (eventlog.Log, error) { return Open(dir, Options{Now: now, Reserve: -1}) }
	})
}
