// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"os"
	"syscall"
)

const canMap = true

// mapFile maps a file of so many bytes, all of which the disk has room for: a page that cannot be written would end the process.
func mapFile(f *os.File, size int64) ([]byte, error) {
	if err := syscall.Fallocate(int(f.Fd()), 0, 0, size); err != nil {
		return nil, err
	}
	return syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

// release lets the pages go; the file keeps their contents. That the system refuses changes nothing but how much is held.
func (m *mapping) release() { _ = syscall.Madvise(m.data, syscall.MADV_DONTNEED) }

// unmap ends the mapping. Nobody may read what was taken from it any more.
func (m *mapping) unmap() {
	_ = syscall.Munmap(m.data)
	_ = m.file.Close() // it has no name: nothing of it is kept
}
