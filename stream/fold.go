// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"cmp"
	"slices"

	"selfsame"
	"selfsame/compute/aggregate"
	"selfsame/compute/window"
	"selfsame/online"
	"selfsame/plan"
)

// folder takes from the rows of one entity after another what retention allows. Rows below the horizon that can still change, that some
// question in range does not know yet, or that windows of rows count, stay; of the others a lifetime keeps the sum and nothing else anything.
// Only whole buckets below the horizon are looked at.
type folder struct {
	state           *plan.State
	layout          *online.Layout
	now             int64
	horizon, oldest int64
	lifetime        []lifetimeCell
	newest          int64  // rows that windows of rows reach back for; 0: there is no such window
	changes         []bool // by place: rows of the source are retracted at any age
	rows            online.Rows
}

// lifetimeCell is what cells of one text fold into.
type lifetimeCell struct {
	text  string
	cell  int
	state aggregate.State
}

func newFolder(s *plan.State, now int64) *folder {
	f := &folder{state: s, layout: LayoutOf(s.Use), now: now, horizon: s.Horizon(now), oldest: s.Oldest(now)}
	for i, c := range s.Use.Spec.Cells {
		switch {
		case c.Window.Kind == selfsame.Lifetime:
			f.addLifetime(i)
		case plan.Unbounded(c.Window):
			f.newest = max(f.newest, window.SatAdd(c.Window.Rows, c.Window.Skip))
		}
	}
	for _, u := range s.Use.Sources {
		f.changes = append(f.changes, len(u.Source.PrimaryKey) > 0)
	}
	return f
}

// addLifetime adds a cell; of several of one text the one with the widest bound folds for all.
func (f *folder) addLifetime(cell int) {
	cells, text := f.state.Use.Spec.Cells, f.state.Use.CellText(cell)
	for i := range f.lifetime {
		if l := &f.lifetime[i]; l.text == text {
			if cells[cell].Call.Spec.MaxValues > cells[l.cell].Call.Spec.MaxValues {
				l.cell = cell
			}
			return
		}
	}
	f.lifetime = append(f.lifetime, lifetimeCell{text: text, cell: cell})
}

// texts are the cells that a fold keeps.
func (f *folder) texts() []string {
	var out []string
	for _, l := range f.lifetime {
		out = append(out, l.text)
	}
	return out
}

// fold is what online.Rewriter asks for.
func (f *folder) fold(have []online.Bucket) ([]online.Bucket, error) {
	if f.state.Width == 0 {
		return f.foldVersions(have)
	}
	var prefix []byte
	var keep []online.Bucket
	old := 0
	f.rows.Reset()
	for _, b := range have {
		switch {
		case b.Bucket == online.PrefixBucket:
			prefix = b.Rows
		case b.Bucket < f.state.Bucket(f.horizon):
			old++
			if err := f.layout.Decode(&f.rows, b.Rows); err != nil {
				return nil, err
			}
		default:
			keep = append(keep, b)
		}
	}
	if old == 0 {
		return nil, errUnchanged
	}
	f.rows.Settle()
	stay, sum := f.choose()
	if len(stay) == f.rows.Len() && !f.orphans() {
		return nil, errUnchanged
	}
	if len(sum) > 0 {
		var err error
		if prefix, err = f.sum(prefix, sum); err != nil {
			return nil, err
		}
	}
	var out []online.Bucket
	if prefix != nil {
		out = append(out, online.Bucket{Bucket: online.PrefixBucket, Rows: prefix})
	}
	return append(append(out, f.encode(stay)...), keep...), nil
}

// orphans reports whether some retraction ends a row that is not there any more.
func (f *folder) orphans() bool {
	if len(f.rows.Retractions) == 0 {
		return false
	}
	seqs := slices.Sorted(slices.Values(f.rows.Seq))
	return slices.ContainsFunc(f.rows.Retractions, func(x online.Retraction) bool {
		_, found := slices.BinarySearch(seqs, x.Target)
		return !found
	})
}

// choose says which of the settled old rows stay and which are summed; the others go.
func (f *folder) choose() (stay, sum []int) {
	if len(f.lifetime) == 0 && f.newest == 0 {
		return nil, nil
	}
	r := &f.rows
	var certain []int
	for i := range r.Seq {
		switch {
		case r.UntilAlpha != nil && r.UntilAlpha[i] <= f.oldest: // gone for every question
		case r.UntilAlpha != nil && (r.UntilAlpha[i] != selfsame.MaxTime || r.UntilSeq[i] != selfsame.MaxTime),
			r.Alpha[i] > f.oldest, f.changes[r.Place[i]]:
			stay = append(stay, i)
		default:
			certain = append(certain, i)
		}
	}
	least := f.leastCounted(certain)
	for _, i := range certain {
		switch {
		case r.Tau[i] >= least, len(f.lifetime) > 0 && f.faulty(i):
			stay = append(stay, i)
		case len(f.lifetime) > 0:
			sum = append(sum, i)
		}
	}
	slices.Sort(stay)
	return stay, sum
}

// leastCounted is the τ from which on windows of rows count rows: that of the n-th newest.
func (f *folder) leastCounted(certain []int) int64 {
	if f.newest == 0 {
		return selfsame.MaxTime
	}
	if int64(len(certain)) <= f.newest {
		return selfsame.MinTime
	}
	tau := make([]int64, 0, len(certain))
	for _, i := range certain {
		tau = append(tau, f.rows.Tau[i])
	}
	slices.Sort(tau)
	return tau[len(tau)-int(f.newest)]
}

// faulty reports whether row i makes some lifetime cell an error: an encoded state cannot say so.
func (f *folder) faulty(i int) bool {
	for _, l := range f.lifetime {
		c := &f.state.Use.Spec.Cells[l.cell]
		if c.Filter >= 0 {
			if f.rows.Columns[c.Filter].StatusAt(i).IsError() {
				return true
			}
			if !f.filtered(c.Filter, i) {
				continue
			}
		}
		for _, a := range c.Args {
			if f.rows.Columns[a].StatusAt(i).IsError() {
				return true
			}
		}
	}
	return false
}

// filtered reports whether row i passes a filter.
func (f *folder) filtered(column, i int) bool {
	c := f.rows.Columns[column]
	return c.StatusAt(i) == selfsame.Present && c.Bools[i]
}

// sum adds rows to the lifetime cells and returns the new prefix.
func (f *folder) sum(prefix []byte, rows []int) ([]byte, error) {
	for k := range f.lifetime {
		l := &f.lifetime[k]
		l.state = f.state.Use.Spec.Cells[l.cell].Call.NewState()
	}
	err := online.Folded(prefix, func(text, state []byte) error {
		for k := range f.lifetime {
			if f.lifetime[k].text == string(text) {
				return f.lifetime[k].state.Decode(state)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, l := range f.lifetime {
		c := &f.state.Use.Spec.Cells[l.cell]
		for _, i := range rows {
			if c.Filter < 0 || f.filtered(c.Filter, i) {
				l.state.Add(f.event(c.Args, i))
			}
		}
		out = online.AppendFolded(out, l.text, l.state.AppendTo(nil))
	}
	return out, nil
}

func (f *folder) event(args []int, i int) *aggregate.Event {
	r := &f.rows
	e := &aggregate.Event{Tau: r.Tau[i], Place: int(r.Place[i]), Order: selfsame.Value{Type: f.layout.Order, Status: selfsame.Null}}
	if f.layout.Hash {
		e.Hash = r.Hash[i]
	}
	if r.Order != nil {
		e.Order = r.Order.Value(i)
	}
	for _, a := range args {
		e.Args = append(e.Args, r.Columns[a].Value(i))
	}
	return e
}

// encode returns the buckets of the rows that stay, ascending.
func (f *folder) encode(stay []int) []online.Bucket {
	r := &f.rows
	slices.SortStableFunc(stay, func(a, b int) int { return cmp.Compare(f.state.Bucket(r.Tau[a]), f.state.Bucket(r.Tau[b])) })
	var out []online.Bucket
	for _, i := range stay {
		at := f.state.Bucket(r.Tau[i])
		if len(out) == 0 || out[len(out)-1].Bucket != at {
			out = append(out, online.Bucket{Bucket: at})
		}
		b := &out[len(out)-1]
		h := online.Head{Seq: r.Seq[i], Tau: r.Tau[i], Alpha: r.Alpha[i], Place: r.Place[i], Delete: r.Delete != nil && r.Delete[i]}
		if f.layout.Hash {
			h.Hash = r.Hash[i]
		}
		b.Rows = f.layout.AppendRow(b.Rows, h, r.Order, r.Columns, i)
		if r.UntilSeq != nil && (r.UntilSeq[i] != selfsame.MaxTime || r.UntilAlpha[i] != selfsame.MaxTime) {
			b.Rows = online.AppendRetraction(b.Rows, r.Seq[i], r.UntilSeq[i], r.UntilAlpha[i])
		}
	}
	return out
}

// foldVersions drops the versions of an as-of view that are older than one that every question knows and that is beyond the horizon itself.
func (f *folder) foldVersions(have []online.Bucket) ([]online.Bucket, error) {
	f.rows.Reset()
	for _, b := range have {
		if err := f.layout.Decode(&f.rows, b.Rows); err != nil {
			return nil, err
		}
	}
	f.rows.Settle()
	r := &f.rows
	beyond := func(i int) bool { return r.Tau[i] < f.horizon && r.Alpha[i] <= f.oldest }
	least := selfsame.MinTime
	for i, tau := range r.Tau {
		if beyond(i) && (r.UntilSeq == nil || r.UntilSeq[i] == selfsame.MaxTime && r.UntilAlpha[i] == selfsame.MaxTime) {
			least = max(least, tau)
		}
	}
	var stay []int
	for i, tau := range r.Tau {
		if tau >= least || !beyond(i) {
			stay = append(stay, i)
		}
	}
	if len(stay) == r.Len() {
		return nil, errUnchanged
	}
	return f.encode(stay), nil
}
