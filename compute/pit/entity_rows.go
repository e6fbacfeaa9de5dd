// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"cmp"
	"slices"
	"sort"

	"selfsame"
	"selfsame/column"
)

// EntityEvents are events of one entity. Slices that a spec has no need of are nil, as in a Block; the others have one length.
type EntityEvents struct {
	Tau   []int64
	Seq   []int64 // log offset, negative for history; nil: history
	Alpha []int64 // α, MaxTime where the event is never known by time; nil: τ
	// UntilSeq and UntilAlpha end an event's visibility: it is there while κ < Until. MaxTime, or nil: for ever.
	UntilSeq, UntilAlpha []int64
	Place                []uint8 // nil: 0
	Hash                 []uint64
	Order                *column.Column
	Delete               []bool
	Columns              []*column.Column

	packed packed // within an Entity: values that Columns has not (packed)
}

func (r *EntityEvents) len() int { return len(r.Tau) }

// fitsEntity checks the shape of events.
func (c *compiled) fitsEntity(r *EntityEvents) bool {
	n := r.len()
	ok := fitsLen(r.Seq, n) && fitsLen(r.Alpha, n) && fitsLen(r.UntilSeq, n) && fitsLen(r.UntilAlpha, n) && fitsLen(r.Place, n) && fitsLen(r.Hash, n) && fitsLen(r.Delete, n)
	if !ok || len(r.Columns) != len(c.Columns) || (r.Order != nil && r.Order.Len() != n) {
		return false
	}
	for i, col := range r.Columns {
		if col.Len() != n || !col.Type.Equal(c.Columns[i]) {
			return false
		}
	}
	return true
}

// complete gives r the slices that it needs, so that rows of any two have the same.
func (r *EntityEvents) complete(c *compiled) {
	n := r.len()
	if r.Seq == nil {
		r.Seq = filled(n, int64(-1))
	}
	if r.Alpha == nil {
		r.Alpha = slices.Clone(r.Tau)
	}
	if r.Place == nil {
		r.Place = make([]uint8, n)
	}
	if r.Hash == nil && c.canonical {
		r.Hash = make([]uint64, n)
	}
	r.pack(c)
}

func filled[T any](n int, v T) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// reset empties r and keeps its memory, but for what only some events have.
func (r *EntityEvents) reset() {
	r.Tau, r.Seq, r.Alpha, r.Place, r.Hash = r.Tau[:0], r.Seq[:0], r.Alpha[:0], r.Place[:0], r.Hash[:0]
	r.UntilSeq, r.UntilAlpha, r.Delete = nil, nil, nil
	if r.Order != nil {
		r.Order.Reset()
	}
	for _, c := range r.Columns {
		c.Reset()
	}
	r.packed.reset()
}

// take appends rows [lo, hi) of src. Both are complete.
func (r *EntityEvents) take(src *EntityEvents, lo, hi int) {
	n := r.len()
	r.Tau = append(r.Tau, src.Tau[lo:hi]...)
	r.Seq = append(r.Seq, src.Seq[lo:hi]...)
	r.Alpha = append(r.Alpha, src.Alpha[lo:hi]...)
	r.Place = append(r.Place, src.Place[lo:hi]...)
	r.Hash = takeOptional(r.Hash, src.Hash, n, lo, hi, 0)
	r.UntilSeq = takeOptional(r.UntilSeq, src.UntilSeq, n, lo, hi, selfsame.MaxTime)
	r.UntilAlpha = takeOptional(r.UntilAlpha, src.UntilAlpha, n, lo, hi, selfsame.MaxTime)
	r.Delete = takeOptional(r.Delete, src.Delete, n, lo, hi, false)
	if r.Order == nil && src.Order != nil {
		r.Order = column.New(src.Order.Type, 0)
		for range n {
			r.Order.AppendStatus(selfsame.Null)
		}
	}
	if src.Order != nil {
		r.Order.AppendRange(src.Order, lo, hi)
	} else if r.Order != nil {
		for range hi - lo {
			r.Order.AppendStatus(selfsame.Null)
		}
	}
	for len(r.Columns) < len(src.Columns) {
		r.Columns = append(r.Columns, column.New(src.Columns[len(r.Columns)].Type, 0))
	}
	for i, c := range r.Columns {
		c.AppendRange(src.Columns[i], lo, hi)
	}
	r.packed.take(&src.packed, lo, hi)
}

// takeOptional appends src[lo:hi] to dst, which is nil or has n values; a side that is nil holds absent throughout.
func takeOptional[T any](dst, src []T, n, lo, hi int, absent T) []T {
	if src == nil && dst == nil {
		return nil
	}
	if dst == nil {
		dst = filled(n, absent)
	}
	if src != nil {
		return append(dst, src[lo:hi]...)
	}
	for range hi - lo {
		dst = append(dst, absent)
	}
	return dst
}

// sort puts rows in the total order where those before n are in it, and returns from which place on they moved or are new. Entities mostly
// get their events in order, and late ones belong near the end.
func (r *EntityEvents) sort(c *compiled, n int) int {
	total := r.len()
	sorted := true
	for i := max(n, 1); i < total && sorted; i++ {
		sorted = r.compare(c, i-1, i) <= 0
	}
	if sorted {
		return n
	}
	added := make([]uint32, 0, total-n)
	for i := n; i < total; i++ {
		added = append(added, uint32(i))
	}
	slices.SortFunc(added, func(i, j uint32) int {
		return cmp.Or(r.compare(c, int(i), int(j)), cmp.Compare(i, j))
	})
	from := n
	for step := 1; from > 0 && r.compare(c, from-1, int(added[0])) > 0; step *= 2 {
		from -= min(step, from)
	}
	from += sort.Search(n-from, func(k int) bool { return r.compare(c, from+k, int(added[0])) > 0 })
	perm := make([]uint32, 0, total-from)
	for i := from; i < n; {
		if len(added) > 0 && r.compare(c, int(added[0]), i) < 0 {
			perm, added = append(perm, added[0]), added[1:]
		} else {
			perm = append(perm, uint32(i))
			i++
		}
	}
	r.arrange(from, append(perm, added...))
	return from
}

// compare orders two rows by the total order; rows that agree in all of it hold the same payload and stand by their Seq.
func (r *EntityEvents) compare(c *compiled, i, j int) int {
	if x := cmp.Compare(r.Tau[i], r.Tau[j]); x != 0 {
		return x
	}
	if c.canonical {
		a, b := r.tie(i), r.tie(j)
		if x := a.compare(&b, c.AsOf); x != 0 {
			return x
		}
	}
	return cmp.Compare(r.Seq[i], r.Seq[j])
}

func (r *EntityEvents) tie(i int) tie {
	return tie{order: r.Order, row: i, alpha: r.Alpha[i], place: r.Place[i], hash: r.Hash[i]}
}

// arrange makes the rows from a place on those at perm.
func (r *EntityEvents) arrange(from int, perm []uint32) {
	r.Tau, r.Seq, r.Alpha = arranged(r.Tau, from, perm), arranged(r.Seq, from, perm), arranged(r.Alpha, from, perm)
	r.UntilSeq, r.UntilAlpha = arranged(r.UntilSeq, from, perm), arranged(r.UntilAlpha, from, perm)
	r.Place, r.Hash, r.Delete = arranged(r.Place, from, perm), arranged(r.Hash, from, perm), arranged(r.Delete, from, perm)
	for _, c := range r.Columns {
		arrangeColumn(c, from, perm)
	}
	if r.packed.width > 0 {
		r.packed.arrange(from, perm)
	}
	if r.Order != nil {
		arrangeColumn(r.Order, from, perm)
	}
}

func arranged[T any](s []T, from int, perm []uint32) []T {
	if s == nil {
		return nil
	}
	tail := make([]T, len(perm))
	for i, p := range perm {
		tail[i] = s[p]
	}
	return append(s[:from], tail...)
}

func arrangeColumn(c *column.Column, from int, perm []uint32) {
	tail := column.New(c.Type, len(perm))
	tail.AppendGather(c, perm)
	truncate(c, from)
	c.AppendRange(tail, 0, len(perm))
}

// truncate drops the values of c from place n on.
func truncate(c *column.Column, n int) {
	if c.Status != nil {
		c.Status = c.Status[:n]
	}
	switch c.Type.Kind {
	case selfsame.Bool:
		c.Bools = c.Bools[:n]
	case selfsame.Float64:
		c.Floats = c.Floats[:n]
	case selfsame.Decimal:
		c.Decimals = c.Decimals[:n]
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = c.Ints[:n]
	case selfsame.String, selfsame.Bytes:
		c.Offsets = c.Offsets[:n+1]
		c.Bytes = c.Bytes[:c.Offsets[n]]
	case selfsame.List, selfsame.Map:
		c.Offsets = c.Offsets[:n+1]
		truncate(c.Elems, int(c.Offsets[n]))
		if c.Keys != nil {
			truncate(c.Keys, int(c.Offsets[n]))
		}
	}
}

// remove takes row i out.
func (r *EntityEvents) remove(i int) {
	perm := make([]uint32, 0, r.len()-i-1)
	for k := i + 1; k < r.len(); k++ {
		perm = append(perm, uint32(k))
	}
	r.arrange(i, perm)
}

// bytes returns the memory held, about.
func (r *EntityEvents) bytes() int64 {
	n := int64(cap(r.Tau)+cap(r.Seq)+cap(r.Alpha)+cap(r.UntilSeq)+cap(r.UntilAlpha)+cap(r.Hash)+cap(r.packed.words))*8 +
		int64(cap(r.Place)+cap(r.Delete)+cap(r.packed.status))
	for _, c := range r.Columns {
		n += columnBytes + c.Size()
	}
	if r.Order != nil {
		n += columnBytes + r.Order.Size()
	}
	return n
}

// columnBytes is what a column takes beside its values.
const columnBytes = 208 + 8
