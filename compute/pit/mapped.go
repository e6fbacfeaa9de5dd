// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"os"
	"sync/atomic"
	"unsafe"

	"selfsame"
)

// mapping is the memory of a result that exceeds its share of the limit: a file without a name, mapped. The system keeps of it what memory
// has room for; what was written or read is let go again and again, so that the process holds little of it at a time.
type mapping struct {
	file    *os.File
	data    []byte
	used    int
	touched atomic.Int64 // bytes written since they were let go
	limit   int64
}

// mapResult makes a mapping of so many bytes in the spill folder, nil where the system has none.
func (s *Sweep) mapResult(size int64) (*mapping, error) {
	if !canMap {
		return nil, nil
	}
	f, err := os.CreateTemp(s.opt.SpillDir, "selfsame-result-*")
	if err != nil {
		return nil, s.spill.fail("cannot make a file for results", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, s.spill.fail("cannot unlink the file of results", err)
	}
	data, err := mapFile(f, size)
	if err != nil {
		f.Close()
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: f.Name(), Message: "cannot make room for results", Err: err,
			Hint: "free space there, name another folder for spilled data, or raise the memory limit"}
	}
	return &mapping{file: f, data: data, limit: max(s.opt.Memory/8, 1<<20)}, nil
}

// wrote notes that so many bytes were written and lets go where they have become many.
func (m *mapping) wrote(n int64) {
	if m != nil && m.touched.Add(n) > m.limit {
		m.touched.Store(0)
		m.release()
	}
}

// read copies words from number `from` on, past the mapping: reading there would bring in a neighbourhood of each row. It reports false where
// the file cannot be read.
func (m *mapping) read(words []uint64, from int) bool {
	b := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 8*len(words))
	_, err := m.file.ReadAt(b, int64(8*from))
	return err == nil
}

// slots64 is the alignment of what is taken.
const slots64 = 64

// taken returns n zero values: of the mapping, or of the heap where there is none.
func taken[T any](m *mapping, n int) []T {
	if m == nil || n == 0 {
		return make([]T, n)
	}
	var zero T
	size := n * int(unsafe.Sizeof(zero))
	at := m.used
	m.used = (at + size + slots64 - 1) / slots64 * slots64
	return unsafe.Slice((*T)(unsafe.Pointer(&m.data[at])), n)
}
