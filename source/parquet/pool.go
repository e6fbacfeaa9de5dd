// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"math/bits"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"selfsame"
	"selfsame/column"
)

// pools are the memories of scans that have ended.
var pools = sync.Pool{New: func() any { return new(pool) }}

// pool is the memory of one scan at a time. The library takes new memory for each batch of each column and gives it back when the batch is
// released; here the next batch gets it again, where it is in the caches and its pages are there.
type pool struct {
	mu   sync.Mutex
	free [bits.UintSize][][]byte // by the power of two that is their capacity

	columns []*column.Column // of numbers, of the chunks of scans that have ended
}

var _ memory.Allocator = (*pool)(nil)

// smallest is the capacity from which on memory is kept. Go aligns slices of this size and more to 64 bytes, as Arrow wants it.
const smallest = 12 // 4 KiB

// Allocate returns zeroed memory of so many bytes.
func (p *pool) Allocate(size int) []byte {
	class := bits.Len(uint(max(size, 1) - 1))
	if class < smallest {
		return memory.DefaultAllocator.Allocate(size)
	}
	p.mu.Lock()
	have := p.free[class]
	if n := len(have); n > 0 {
		b := have[n-1]
		p.free[class] = have[:n-1]
		p.mu.Unlock()
		clear(b[:size])
		return b[:size]
	}
	p.mu.Unlock()
	return make([]byte, size, 1<<class)
}

// Reallocate returns memory of another size with the same contents, as far as they go.
func (p *pool) Reallocate(size int, b []byte) []byte {
	if cap(b) >= size {
		if size > len(b) {
			clear(b[len(b):size])
		}
		return b[:size]
	}
	out := p.Allocate(size)
	copy(out, b)
	p.Free(b)
	return out
}

// Free takes memory back.
func (p *pool) Free(b []byte) {
	class := bits.Len(uint(max(cap(b), 1) - 1))
	if cap(b) != 1<<class || class < smallest {
		return
	}
	p.mu.Lock()
	p.free[class] = append(p.free[class], b[:0])
	p.mu.Unlock()
}

// keep takes the columns of a batch that nobody reads any more. Those of values of any length are let go: they may be long.
func (p *pool) keep(b *column.Batch) {
	for _, c := range b.Columns {
		switch c.Type.Kind {
		case selfsame.Int64, selfsame.Timestamp, selfsame.Float64:
			p.columns = append(p.columns, c)
		}
	}
}

// batch returns an empty batch with room for so many rows, of columns that were kept where their types are the same.
func (p *pool) batch(fields []selfsame.Field, rows int) *column.Batch {
	b := &column.Batch{Fields: fields}
	for _, f := range fields {
		i := slices.IndexFunc(p.columns, func(c *column.Column) bool { return c.Type.Equal(f.Type) })
		if i < 0 {
			b.Columns = append(b.Columns, column.New(f.Type, rows))
			continue
		}
		p.columns[i].Reset()
		b.Columns = append(b.Columns, p.columns[i])
		p.columns = slices.Delete(p.columns, i, i+1)
	}
	return b
}
