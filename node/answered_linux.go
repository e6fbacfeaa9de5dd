// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"syscall"
)

// syncData makes the bytes of a file durable whose size does not change: its times may be lost, and the file system's journal is left alone.
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
