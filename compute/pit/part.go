// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"selfsame"
	"selfsame/column"
)

// part is one block, its rows sorted by partition and, within a partition, in their first order. Slices that the block or the sweep
// has no need of are nil.
//
// The block is scattered once, when it is added, rather than in one radix pass over all events at the end: that needs no histogram of
// all blocks and no second copy of them, and it is done by whoever reads the files.
type part struct {
	seq    int
	starts []uint32 // partition p is rows [starts[p], starts[p+1])
	ent    []uint32 // local ids
	tau    []int64
	from   []int64 // nil: τ
	until  []int64 // nil: for ever
	arr    []int64 // nil: from
	hash   []uint64
	place  uint8
	del    []bool
	order  *column.Column
	cols   []*column.Column
	stored *run  // where its values are once they are spilled; nil: here
	has    shape // of the spilled values
}

// scatterer is the memory of one scattering.
type scatterer struct {
	dest []uint32 // where each row of the block goes
	perm []uint32 // which row of the block stands there; empty until a column needs it
	kept int      // rows from here on are dropped
}

func (p *part) rows() int { return int(p.starts[len(p.starts)-1]) }

// fill scatters b into p. Rows that no row can ever see are dropped: they get a partition of their own, beyond the last.
func (p *part) fill(s *Sweep, b *Block) {
	x := s.scatterers.Get().(*scatterer)
	defer s.scatterers.Put(x)
	p.place, p.stored = b.Place, nil
	p.starts = x.rank(s, b, p.starts)
	x.kept = p.rows()
	p.ent = resize(p.ent, len(b.Entity))
	for i, e := range b.Entity {
		p.ent[x.dest[i]] = e >> s.shift
	}
	p.ent = p.ent[:x.kept]
	p.tau = scatter(p.tau, b.Tau, x)
	p.from, p.until = scatterIf(s.spec.asOf, p.from, b.From, x), scatterIf(s.spec.asOf, p.until, b.Until, x)
	if b.Arrival != nil {
		p.arr = scatterIf(s.spec.arrivals, p.arr, b.Arrival, x)
	} else {
		p.arr = scatterIf(s.spec.arrivals && !s.spec.asOf, p.arr, b.From, x)
	}
	p.hash = scatterIf(s.spec.canonical, p.hash, b.Hash, x)
	p.del = scatter(p.del, b.Delete, x)
	p.columns(s, b, x)
}

// rank computes where each row of b goes and returns where each partition starts, in the memory of count.
func (x *scatterer) rank(s *Sweep, b *Block, count []uint32) []uint32 {
	n := s.partitions()
	mask := uint32(n - 1)
	count = resize(count, n+1)
	clear(count)
	x.perm, x.dest = x.perm[:0], resize(x.dest, len(b.Entity))
	limit := uint32(s.rows.Entities)
	drop := s.dropped(b)
	for i, e := range b.Entity {
		q := e & mask
		if e >= limit || (drop != nil && drop(i)) {
			q = uint32(n)
		}
		x.dest[i] = q
		count[q]++
	}
	sum := uint32(0)
	for q, c := range count {
		count[q] = sum
		sum += c
	}
	for i, q := range x.dest {
		x.dest[i] = count[q]
		count[q]++
	}
	// count[q] is now the end of partition q: the start of the next.
	copy(count[1:], count[:n])
	count[0] = 0
	return count
}

// dropped returns the test for rows that no cut shows, nil where every row may be visible.
func (s *Sweep) dropped(b *Block) func(i int) bool {
	until := func(i int) int64 { return selfsame.MaxTime }
	if b.Until != nil {
		until = func(i int) int64 { return b.Until[i] }
	}
	switch {
	case !s.spec.asOf && b.Until != nil:
		return func(i int) bool { return until(i) != selfsame.MaxTime }
	case s.spec.asOf && b.From != nil:
		return func(i int) bool { return b.From[i] == selfsame.MaxTime || b.From[i] >= until(i) }
	}
	return nil
}

// columns scatters the event columns and the order field.
func (p *part) columns(s *Sweep, b *Block, x *scatterer) {
	if p.cols == nil {
		for _, t := range s.spec.Columns {
			p.cols = append(p.cols, column.New(t, 0))
		}
	}
	for i, c := range b.Columns {
		x.column(p.cols[i], c)
	}
	if b.Order == nil || !s.spec.canonical {
		p.order = nil
		return
	}
	if p.order == nil {
		p.order = column.New(b.Order.Type, 0)
	}
	x.column(p.order, b.Order)
}

func (x *scatterer) column(dst, src *column.Column) {
	dst.Reset()
	if fixed(src.Type.Kind) {
		scatterColumn(dst, src, x)
		return
	}
	if len(x.perm) == 0 {
		x.perm = resize(x.perm, len(x.dest))
		for i, d := range x.dest {
			x.perm[d] = uint32(i)
		}
	}
	dst.AppendGather(src, x.perm[:x.kept])
}

// scatterColumn scatters a column of a fixed-width kind.
func scatterColumn(dst, src *column.Column, x *scatterer) {
	switch src.Type.Kind {
	case selfsame.Bool:
		dst.Bools = scatter(dst.Bools, src.Bools, x)
	case selfsame.Float64:
		dst.Floats = scatter(dst.Floats, src.Floats, x)
	case selfsame.Decimal:
		dst.Decimals = scatter(dst.Decimals, src.Decimals, x)
	default:
		dst.Ints = scatter(dst.Ints, src.Ints, x)
	}
	dst.Status = scatter(dst.Status, src.Status, x)
}

// fixed reports whether values of a kind stand in a slice of their own.
func fixed(k selfsame.Kind) bool {
	return k >= selfsame.Bool && k <= selfsame.Decimal || k == selfsame.Timestamp || k == selfsame.Date
}

// scatter puts src[i] to its place in dst and returns the kept values; an absent src gives an absent result.
func scatter[T any](dst, src []T, x *scatterer) []T {
	if src == nil {
		return nil
	}
	dst = resize(dst, len(x.dest))
	for i, d := range x.dest {
		dst[d] = src[i]
	}
	return dst[:x.kept]
}

func scatterIf[T any](want bool, dst, src []T, x *scatterer) []T {
	if !want {
		return nil
	}
	return scatter(dst, src, x)
}

func resize[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return make([]T, n)
}

// size returns the bytes of memory that p holds, about.
func (p *part) size() int64 {
	n := int64(cap(p.ent))*4 + int64(cap(p.tau)+cap(p.from)+cap(p.until)+cap(p.arr)+cap(p.hash))*8 + int64(cap(p.del)) +
		int64(cap(p.starts))*4
	for _, c := range p.cols {
		n += c.Size()
	}
	if p.order != nil {
		n += p.order.Size()
	}
	return n
}
