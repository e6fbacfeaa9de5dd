// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"cmp"
	"context"
	"math"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/compute/window"
	"selfsame/online"
	"selfsame/plan"
)

// A use that looks other views up (plan.Use.Lookup) is answered from the rows that its state keeps as they came. The rows that its windows reach
// ask, all of them in one read of their own, for what they look up at their own times, with the knowledge of the read (P1); the expressions
// over rows are evaluated then, and the kernels run over the result. What is looked up may look up in turn: its read does the same.

// lookupUse is a use that looks others up, made ready.
type lookupUse struct {
	use      *plan.Use
	inner    *Prepared
	rows     *pit.Prepared    // of the use's own columns and cells
	bounds   []*window.Bounds // of its cells
	prepared []sourcePrograms // by place
}

// sourcePrograms are the expressions over rows of one source.
type sourcePrograms struct {
	part    *plan.SourceUse
	fields  []int         // schema field of each column of the kept use
	where   *expr.Program // nil: what the state keeps passes it
	columns []*expr.Program
}

// prepareLookup makes a use that looks others up ready, nil for one that does not.
func prepareLookup(u *plan.Use) (*lookupUse, error) {
	if u.Lookup == nil || u.TrainingOnly() {
		return nil, nil
	}
	inner, err := prepare(u.Lookup)
	if err != nil {
		return nil, err
	}
	l := &lookupUse{use: u, inner: inner}
	if l.rows, err = pit.Prepare(u.Spec); err != nil {
		return nil, err
	}
	for _, c := range u.Spec.Cells {
		b, err := window.Compile(c.Window)
		if err != nil {
			return nil, err
		}
		l.bounds = append(l.bounds, b)
	}
	kept := u.Kept()
	for i, s := range u.Sources {
		p := sourcePrograms{part: s, columns: s.Columns}
		for c := range kept.Sources[i].Columns {
			p.fields = append(p.fields, kept.Sources[i].Field(c))
		}
		if s.Where != nil && kept.Sources[i].Where == nil {
			p.where = s.Where
		}
		l.prepared = append(l.prepared, p)
	}
	return l, nil
}

// reach is the event times [lo, hi) that windows of the use reach at T from a to b.
func (l *lookupUse) reach(a, b int64) (lo, hi int64) {
	lo, hi = selfsame.MaxTime, selfsame.MinTime
	for i, w := range l.bounds {
		hi = max(hi, w.Upper(b))
		if plan.Unbounded(l.use.Spec.Cells[i].Window) {
			lo = selfsame.MinTime
		} else {
			lo = min(lo, w.Lower(a))
		}
	}
	return lo, hi
}

// rowsAsked are rows of one entity that ask with one knowledge.
type rowsAsked struct {
	entity int
	axis   axis
	at     []int64
	rows   []int // of the query
	events []int // places of its events among those of the use
}

// looked evaluates the cells of a use that looks others up, for every row of the query: they are left in m.inRows.
func (s *scratch) looked(ctx context.Context, r *Reader, i int, u *boundUse) error {
	m, keys, q := &s.uses[i], &s.keys[s.prepared.keyOf[i]], s.query
	l := s.prepared.lookups[i]
	asked := s.groups(keys, u.lag)
	ev, err := s.events(ctx, r, u, l, keys, asked)
	if err != nil {
		return err
	}
	pass, values, err := s.lookUp(ctx, r, l, ev)
	if err != nil {
		return err
	}
	for c := range m.values {
		m.values[c].Reset()
		m.newest[c] = m.newest[c][:0]
	}
	request, err := s.lengths(m, asked)
	if err != nil {
		return err
	}
	order, n := make([]uint32, q.Rows), 0
	for k := range asked {
		a := &asked[k]
		e := l.rows.NewEntity()
		events := ev.pick(values, a.events, pass)
		e.Load(&events)
		ask := pit.Ask{At: a.at, Request: request, First: n}
		if err := e.Eval(&ask, m.values, s.newest(m)); err != nil {
			return err
		}
		for _, row := range a.rows {
			order[row] = uint32(n)
			n++
		}
	}
	s.arrange(i, order)
	return nil
}

// arrange puts the values of a use into the order of the rows: that of row i is at order[i].
func (s *scratch) arrange(i int, order []uint32) {
	m := &s.uses[i]
	m.order = order
	for c, v := range m.values {
		m.inRows[c].Gather(v, order)
	}
	s.cells[i] = m.inRows
}

// each evaluates the cells of a use for rows that ask at times of their own.
func (s *scratch) each(ctx context.Context, r *Reader, i int, u *boundUse) error {
	m, keys := &s.uses[i], &s.keys[s.prepared.keyOf[i]]
	of := make([][]int, keys.count())
	for row, e := range keys.rowOf {
		of[e] = append(of[e], row)
	}
	order, n := make([]uint32, s.query.Rows), 0
	var at, known []int64
	for e, rows := range of {
		slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(s.at[a], s.at[b]) })
		at, known = at[:0], known[:0]
		for _, row := range rows {
			x := axisOf(s.query, row, u.lag)
			at, known = append(at, s.at[row]), append(known, x.known)
			s.ask.ByAlpha = x.byAlpha
			order[row] = uint32(n)
			n++
		}
		s.ask.At, s.knows = at, known
		if err := s.one(ctx, r, u.live, keys, e, m); err != nil {
			return err
		}
	}
	s.arrange(i, order)
	return nil
}

// lengths are what windows take from the rows that ask, in the order of the groups.
func (s *scratch) lengths(m *useScratch, asked []rowsAsked) (*pit.RequestRows, error) {
	if m.asker == nil {
		return nil, nil
	}
	given, err := m.asker.Ask(s.given, s.at)
	if err != nil {
		return nil, err
	}
	out := &pit.RequestRows{Lengths: map[string][]int64{}}
	for name, all := range given.Lengths {
		for _, a := range asked {
			for _, row := range a.rows {
				out.Lengths[name] = append(out.Lengths[name], all[row])
			}
		}
	}
	return out, nil
}

// groups puts the rows of the query together that ask about one entity with one knowledge, in the order of their first.
func (s *scratch) groups(keys *keySet, lag selfsame.Duration) []rowsAsked {
	type place struct {
		entity int
		axis   axis
	}
	at := map[place]int{}
	var out []rowsAsked
	for row, e := range keys.rowOf {
		p := place{int(e), axisOf(s.query, row, lag)}
		k, ok := at[p]
		if !ok {
			k = len(out)
			at[p] = k
			out = append(out, rowsAsked{entity: p.entity, axis: p.axis})
		}
		out[k].at, out[k].rows = append(out[k].at, s.at[row]), append(out[k].rows, row)
	}
	return out
}

// lookupEvents are the rows that windows of a use reach, of all entities that are asked about.
type lookupEvents struct {
	online.Rows
	limits []int64 // the knowledge of who asks about each, by α; nil: by position alone
}

// newLookupEvents is no events of rows of a layout, with some of its columns.
func newLookupEvents(l *online.Layout, columns []int) *lookupEvents {
	ev := &lookupEvents{}
	if l.Order.Kind != selfsame.Unknown {
		ev.Order = column.New(l.Order, 0)
	}
	for _, c := range columns {
		ev.Columns = append(ev.Columns, column.New(l.Columns[c], 0))
	}
	return ev
}

// events reads what the windows of the use reach of the entities, as far as those who ask know it.
func (s *scratch) events(ctx context.Context, r *Reader, u *boundUse, l *lookupUse, keys *keySet, asked []rowsAsked) (*lookupEvents, error) {
	layout := &u.live.layout
	out := newLookupEvents(layout, u.event)
	for k := range asked {
		a := &asked[k]
		if keys.isNobody(a.entity) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, canceled(err)
		}
		lo, hi := l.reach(slices.Min(a.at), slices.Max(a.at))
		if lo >= hi {
			continue
		}
		rows := s.load.buffer(u.live)
		if err := layout.Decode(rows, nil); err != nil { // makes the columns
			return nil, err
		}
		err := s.load.store.Read(ctx, online.Range{State: online.State(u.live.state.ID), Entity: keys.entity(a.entity), Lo: max(u.live.state.Bucket(lo), online.PrefixBucket+1), Hi: math.MaxInt64},
			func(_ int64, b []byte) error { return layout.Decode(rows, b) })
		if err != nil {
			return nil, err
		}
		s.result.Misses++
		rows.Settle()
		out.take(rows, u.event, a, lo, hi, s.query.Cut.Offset-1)
	}
	return out, nil
}

// take adds the rows with event times in [lo, hi) that a group of rows knows.
func (ev *lookupEvents) take(rows *online.Rows, columns []int, a *rowsAsked, lo, hi, last int64) {
	var idx []uint32
	for i, tau := range rows.Tau {
		if tau >= lo && tau < hi && knows(rows, i, a.axis, last) {
			a.events = append(a.events, len(ev.Tau)+len(idx))
			idx = append(idx, uint32(i))
			if a.axis.byAlpha {
				ev.limits = append(ev.limits, a.axis.known)
			}
		}
	}
	for _, i := range idx {
		ev.Tau, ev.Seq, ev.Alpha, ev.Place = append(ev.Tau, rows.Tau[i]), append(ev.Seq, rows.Seq[i]), append(ev.Alpha, rows.Alpha[i]), append(ev.Place, rows.Place[i])
		if len(rows.Hash) > 0 {
			ev.Hash = append(ev.Hash, rows.Hash[i])
		}
	}
	if rows.Order != nil {
		ev.Order.AppendGather(rows.Order, idx)
	}
	for c, at := range columns {
		ev.Columns[c].AppendGather(rows.Columns[at], idx)
	}
}

// knows reports whether row i is there for who knows that much, of a log up to position last.
func knows(rows *online.Rows, i int, x axis, last int64) bool {
	if rows.Seq[i] > last {
		return false
	}
	ends := rows.UntilSeq != nil && rows.UntilSeq[i] <= last
	if x.byAlpha {
		known := min(x.known, selfsame.MaxTime-1) // what is never known has that α
		return rows.Alpha[i] <= known && !(ends && rows.UntilAlpha[i] <= known)
	}
	return !ends
}

// pick returns some of the events with the values of the use's columns, those that pass its where.
func (ev *lookupEvents) pick(values []*column.Column, events []int, pass []bool) pit.EntityEvents {
	var idx []uint32
	for _, i := range events {
		if pass[i] {
			idx = append(idx, uint32(i))
		}
	}
	out := pit.EntityEvents{Tau: picked(ev.Tau, idx), Seq: picked(ev.Seq, idx), Alpha: picked(ev.Alpha, idx), Place: picked(ev.Place, idx)}
	if len(ev.Hash) > 0 {
		out.Hash = picked(ev.Hash, idx)
	}
	if ev.Order != nil {
		out.Order = gathered(ev.Order, idx)
	}
	for _, v := range values {
		out.Columns = append(out.Columns, gathered(v, idx))
	}
	return out
}

func picked[T any](s []T, idx []uint32) []T {
	out := make([]T, len(idx))
	for i, at := range idx {
		out[i] = s[at]
	}
	return out
}

func gathered(c *column.Column, idx []uint32) *column.Column {
	out := column.New(c.Type, len(idx))
	out.AppendGather(c, idx)
	return out
}

// lookUp asks for what the events look up and evaluates the expressions over them: whether each passes the where, and the use's columns.
func (s *scratch) lookUp(ctx context.Context, r *Reader, l *lookupUse, ev *lookupEvents) (pass []bool, values []*column.Column, err error) {
	for _, t := range l.use.Spec.Columns {
		values = append(values, column.New(t, 0))
	}
	if len(ev.Tau) == 0 {
		return nil, values, nil
	}
	q := &Query{Plan: l.inner, Rows: len(ev.Tau), Cut: s.query.Cut, each: ev.Tau, limits: ev.limits}
	for _, f := range l.inner.plan.Requests {
		q.Given = append(q.Given, l.column(ev, f.Name))
	}
	res, err := r.readOf(ctx, s.set, q)
	if err != nil {
		return nil, nil, err
	}
	defer res.Release()
	s.result.Hits, s.result.Misses = s.result.Hits+res.Hits, s.result.Misses+res.Misses
	found := make([]*column.Column, len(res.Columns))
	for i, c := range res.Columns {
		found[i] = nulled(c)
	}
	pass = make([]bool, len(ev.Tau))
	order := make([]uint32, 0, len(ev.Tau)) // of each value: its event
	for place := range l.prepared {
		var idx []uint32
		for i, p := range ev.Place {
			if int(p) == place {
				idx = append(idx, uint32(i))
			}
		}
		if len(idx) > 0 {
			l.evaluate(place, ev, found, idx, pass, values)
			order = append(order, idx...)
		}
	}
	if len(l.prepared) > 1 {
		back := make([]uint32, len(order))
		for i, at := range order {
			back[at] = uint32(i)
		}
		for c, v := range values {
			values[c] = gathered(v, back)
		}
	}
	return pass, values, nil
}

// column is the column of a field of the events.
func (l *lookupUse) column(ev *lookupEvents, name string) *column.Column {
	p := &l.prepared[0]
	for c, f := range p.fields {
		if p.part.Source.Schema[f].Name == name {
			return ev.Columns[c]
		}
	}
	return nil
}

// evaluate appends the values of the use's columns for events of one source, and says which of them pass.
func (l *lookupUse) evaluate(place int, ev *lookupEvents, found []*column.Column, idx []uint32, pass []bool, values []*column.Column) {
	p := &l.prepared[place]
	schema := p.part.Source.Schema
	in := &expr.Input{Columns: make([]*column.Column, len(schema)+1, len(schema)+1+len(found)), Rows: len(idx)}
	for c, f := range p.fields {
		in.Columns[f] = gathered(ev.Columns[c], idx)
	}
	name := column.New(selfsame.Scalar(selfsame.String), len(idx))
	for range idx {
		name.Append(selfsame.Value{Type: name.Type, Str: p.part.Source.Name})
	}
	in.Columns[len(schema)] = name
	for _, c := range found {
		in.Columns = append(in.Columns, gathered(c, idx))
	}
	for _, i := range idx {
		pass[i] = true
	}
	if p.where != nil {
		where := p.where.NewEvaluator().Eval(in)
		for k, i := range idx {
			pass[i] = where.StatusAt(k) == selfsame.Present && where.Bools[k]
		}
	}
	for c, program := range p.columns {
		values[c].AppendRange(program.NewEvaluator().Eval(in), 0, len(idx))
	}
}

// nulled is c with null in the place of what is not there, as in every expression.
func nulled(c *column.Column) *column.Column {
	missing := func(s selfsame.Status) bool { return s == selfsame.NotFound || s == selfsame.Expired }
	if !slices.ContainsFunc(c.Status, missing) {
		return c
	}
	out := column.New(c.Type, c.Len())
	for i := range c.Len() {
		if missing(c.Status[i]) {
			out.AppendStatus(selfsame.Null)
		} else {
			out.AppendFrom(c, i)
		}
	}
	return out
}
