// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"selfsame"
	"selfsame/column"
)

// ties breaks ties of τ by what stands beside it, found by arrival number.
type ties struct {
	ev      *events
	byAlpha bool
	first   []int32 // of each piece: its first arrival number
}

// breakTies puts the events of one τ of one entity in canonical order: by (order, place, hash), as-of rows by (order, α, place, hash).
// Rows that agree in all of it stay in the order of blocks; they hold the same payload, so that no value tells them apart.
func (ev *events) breakTies(s *Sweep, entities int) {
	t := &ev.ties
	t.ev, t.byAlpha, t.first = ev, s.spec.AsOf, t.first[:0]
	n := 0
	for _, p := range ev.pieces {
		t.first = append(t.first, int32(n))
		n += p.hi - p.lo
	}
	for e := range entities {
		a, b := int(ev.starts[e]), int(ev.ends[e])
		for i := a; i < b; {
			j := i + 1
			for j < b && ev.tau[j] == ev.tau[i] {
				j++
			}
			if j > i+1 {
				ev.invert()
				slices.SortFunc(ev.perm[i:j], t.compare)
				for k := i; k < j; k++ {
					ev.pos[ev.perm[k]] = int32(k)
				}
			}
			i = j
		}
	}
}

// at returns the piece of an arrival number and the row in it.
func (t *ties) at(row int32) (*part, int) {
	i, found := slices.BinarySearch(t.first, row)
	if !found {
		i--
	}
	p := &t.ev.pieces[i]
	return p.part, p.lo + int(row-t.first[i])
}

func (t *ties) compare(x, y int32) int {
	p, i := t.at(x)
	q, j := t.at(y)
	a := tie{order: p.order, row: i, alpha: p.alpha(i), place: p.place, hash: p.hashAt(i)}
	b := tie{order: q.order, row: j, alpha: q.alpha(j), place: q.place, hash: q.hashAt(j)}
	if c := a.compare(&b, t.byAlpha); c != 0 {
		return c
	}
	return cmp.Compare(x, y)
}

// tie is what places an event among others of one τ.
type tie struct {
	order *column.Column // nil: none
	row   int            // in order
	alpha int64
	place uint8
	hash  uint64
}

// compare orders two events of one τ by (order, place, hash), rows of as-of views by (order, α, place, hash).
func (a *tie) compare(b *tie, byAlpha bool) int {
	if c := compareOrder(a.order, a.row, b.order, b.row); c != 0 {
		return c
	}
	if byAlpha {
		if c := compareAlpha(a.alpha, b.alpha); c != 0 {
			return c
		}
	}
	if a.place != b.place {
		return cmp.Compare(a.place, b.place)
	}
	return cmp.Compare(a.hash, b.hash)
}

func (p *part) hashAt(i int) uint64 {
	if p.hash == nil {
		return 0
	}
	return p.hash[i]
}

// alpha returns the arrival of row i, MaxTime where it is null.
func (p *part) alpha(i int) int64 {
	switch {
	case p.arr != nil:
		return p.arr[i]
	case p.from != nil:
		return p.from[i]
	}
	return p.tau[i]
}

// compareAlpha orders arrivals, a null one lowest.
func compareAlpha(a, b int64) int {
	if a == selfsame.MaxTime || b == selfsame.MaxTime {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// compareOrder orders values of the order field, an absent one lowest.
func compareOrder(a *column.Column, i int, b *column.Column, j int) int {
	x := a != nil && a.StatusAt(i) == selfsame.Present
	y := b != nil && b.StatusAt(j) == selfsame.Present
	switch {
	case !x && !y:
		return 0
	case !x:
		return -1
	case !y:
		return 1
	}
	switch a.Type.Kind {
	case selfsame.Bool:
		return compareBool(a.Bools[i], b.Bools[j])
	case selfsame.Float64:
		return compareFloat(a.Floats[i], b.Floats[j])
	case selfsame.Decimal:
		c, d := a.Decimals[i], b.Decimals[j]
		return cmp.Or(cmp.Compare(c.Hi, d.Hi), cmp.Compare(c.Lo, d.Lo))
	case selfsame.String, selfsame.Bytes:
		return bytes.Compare(a.Str(i), b.Str(j))
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		return cmp.Compare(a.Ints[i], b.Ints[j])
	}
	return bytes.Compare(a.AppendFramed(nil, i), b.AppendFramed(nil, j))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// compareFloat orders floats with NaN above +Inf.
func compareFloat(a, b float64) int {
	if math.IsNaN(a) || math.IsNaN(b) {
		return compareBool(math.IsNaN(a), math.IsNaN(b))
	}
	return cmp.Compare(a, b)
}
