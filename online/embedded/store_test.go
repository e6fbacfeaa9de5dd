// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"selfsame/online"
	"selfsame/online/onlinetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStoreInMemory(t *testing.T) {
	onlinetest.Run(t, func(*testing.T) onlinetest.Place {
		fs := vfs.NewMem()
		return func() (online.Store, error) { return Open("state", Options{FS: fs, MemTableBytes: 64 << 10}) }
	})
}

func TestStoreOnDisk(t *testing.T) {
	onlinetest.Run(t, func(t *testing.T) onlinetest.Place {
		dir := t.TempDir() + "/online"
		return func() (online.Store, error) { return Open(dir, Options{Reserve: -1}) }
	})
}
