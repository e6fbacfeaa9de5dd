// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"cmp"
	"slices"

	"selfsame"
	"selfsame/column"
)

// place names a row: the entry of the log and the source's place in the view's list, for a source may stand there twice.
type place struct {
	seq   int64
	place uint8
}

// Settle makes what was decoded so far a set: of rows that are there twice it keeps the first (M1), and it ends the visibility of
// rows that a retraction names, whichever of the two was decoded first; of several retractions the least Seq and the least Alpha each count.
// It may be called again after more was decoded.
func (r *Rows) Settle() {
	if r.twice {
		r.distinct()
		r.twice = false
	}
	if len(r.Retractions) > 0 && len(r.Seq) > 0 {
		r.retract()
	}
	if r.UntilSeq != nil {
		r.ends(len(r.Seq))
	}
}

// distinct drops the rows that are there twice.
func (r *Rows) distinct() {
	if r.seen == nil {
		r.seen = map[place]struct{}{}
	}
	clear(r.seen)
	keep := make([]uint32, 0, len(r.Seq))
	for i, s := range r.Seq {
		at := place{s, r.Place[i]}
		if _, ok := r.seen[at]; !ok {
			r.seen[at] = struct{}{}
			keep = append(keep, uint32(i))
		}
	}
	if len(keep) < len(r.Seq) {
		r.keep(keep)
	}
}

// keep leaves the rows at idx, ascending.
func (r *Rows) keep(idx []uint32) {
	r.Seq, r.Tau, r.Alpha = pick(r.Seq, idx), pick(r.Tau, idx), pick(r.Alpha, idx)
	r.Place = pick(r.Place, idx)
	if r.UntilSeq != nil { // of the rows that an earlier Settle saw
		seen, _ := slices.BinarySearch(idx, uint32(len(r.UntilSeq)))
		r.UntilSeq, r.UntilAlpha = pick(r.UntilSeq, idx[:seen]), pick(r.UntilAlpha, idx[:seen])
	}
	if r.Delete != nil {
		r.Delete = pick(r.Delete, idx)
	}
	if len(r.Hash) > 0 {
		r.Hash = pick(r.Hash, idx)
	}
	if r.Order != nil {
		r.Order = gathered(r.Order, idx)
	}
	for i, c := range r.Columns {
		r.Columns[i] = gathered(c, idx)
	}
}

// pick moves the entries at idx, ascending, to the front of s.
func pick[T any](s []T, idx []uint32) []T {
	for i, j := range idx {
		s[i] = s[j]
	}
	return s[:len(idx)]
}

func gathered(c *column.Column, idx []uint32) *column.Column {
	out := column.New(c.Type, len(idx))
	out.AppendGather(c, idx)
	return out
}

// retract applies every retraction to every row that it names.
func (r *Rows) retract() {
	x := r.Retractions
	slices.SortFunc(x, func(a, b Retraction) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Alpha, b.Alpha))
	})
	r.Retractions = slices.Compact(x)
	first, last := x[0].Target, r.Retractions[len(r.Retractions)-1].Target
	for i, s := range r.Seq {
		if s < first || s > last {
			continue
		}
		at, found := slices.BinarySearchFunc(r.Retractions, s, func(x Retraction, s int64) int { return cmp.Compare(x.Target, s) })
		if !found {
			continue
		}
		r.ends(len(r.Seq))
		for _, x := range r.Retractions[at:] {
			if x.Target != s {
				break
			}
			r.UntilSeq[i], r.UntilAlpha[i] = min(r.UntilSeq[i], x.Seq), min(r.UntilAlpha[i], x.Alpha)
		}
	}
}

// ends makes room for the ends of n rows; a row has none until one is set.
func (r *Rows) ends(n int) {
	for len(r.UntilSeq) < n {
		r.UntilSeq, r.UntilAlpha = append(r.UntilSeq, selfsame.MaxTime), append(r.UntilAlpha, selfsame.MaxTime)
	}
}
