// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package forecast

import (
	"context"
	"errors"
	"slices"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/window"
	"selfsame/online"
	"selfsame/plan"
	"selfsame/source"
	"selfsame/stream"
)

// Retained is what retention keeps online for views that share one state, and what it costs. Spans are microseconds of event time.
type Retained struct {
	Views []string `json:"views"`
	// Reach is how far back every row is kept: the widest window, or what late events and corrections can still meet where that is more, then
	// history and lag. -1: for ever; 0: the view has one row for each entity and no times.
	Reach   int64  `json:"reach"`
	Window  string `json:"window,omitempty"` // the window that reaches furthest
	Width   int64  `json:"width,omitempty"`  // of that window, from now
	Settled int64  `json:"settled"`          // lateness and corrections, the greater
	History int64  `json:"history"`
	Lag     int64  `json:"lag"`
	// AskedBy are views whose rows look these up at their own times, and Asked is how far before all that those times go; -1: to any.
	AskedBy []string `json:"asked_by,omitempty"`
	Asked   int64    `json:"asked,omitempty"`
	// Folds: older rows are folded into one state for each entity and lifetime window. Newest: the newest rows of each entity stay, whatever their age.
	Folds  bool `json:"folds"`
	Newest bool `json:"newest"`
	// Measured is what the data at hand says of the rows; it is empty where there is none.
	Measured []MeasuredRows `json:"measured,omitempty"`
	Bytes    int64          `json:"bytes,omitempty"` // on disk, about, before compression
}

// MeasuredRows is what rows at hand of a source say of those of a state.
type MeasuredRows struct {
	Source   string  `json:"source"`
	Sample   int64   `json:"sample"`   // rows that were looked at
	PerDay   float64 `json:"per_day"`  // rows of the state a day of event time
	Bytes    float64 `json:"bytes"`    // of a row, as it is encoded
	Entities int64   `json:"entities"` // of the sample
}

// Retention says what retention keeps online of each stored view of a project's files, and what that costs by the rows at hand: history files, or what the
// archive has where that is more. Views that are not served are left out.
func Retention(ctx context.Context, p *selfsame.Project, hand *Hand) ([]*Retained, error) {
	stored, err := storedUses(p)
	if err != nil {
		return nil, err
	}
	m := &measure{project: p, hand: hand, samples: map[*selfsame.Source][]*column.Batch{}}
	var out []*Retained
	for _, base := range stored.order {
		r, err := m.retained(ctx, stored.uses[base])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// measure samples the rows of sources, each once.
type measure struct {
	project *selfsame.Project
	hand    *Hand
	samples map[*selfsame.Source][]*column.Batch
}

func (m *measure) retained(ctx context.Context, uses []*plan.Use) (*Retained, error) {
	union, _, _, err := plan.Union(uses)
	if err != nil {
		return nil, err
	}
	r := reachOf(&plan.State{Use: union}, time.Now().UnixMicro())
	r.Views = viewsOf(uses)
	for _, su := range union.Sources {
		rows, err := m.sample(ctx, su.Source)
		switch selfsame.ClassOf(err) {
		case selfsame.ClassNotFound, selfsame.ClassInput: // no file is there yet, or none that can be read: train and backfill say so
			continue
		}
		if err != nil {
			return nil, err
		}
		if got := measured(union, su, rows); got.Sample > 0 {
			r.Measured = append(r.Measured, got)
			r.Bytes += r.cost(&got)
		}
	}
	return r, nil
}

// cost is about how many bytes the rows of a source take.
func (r *Retained) cost(m *MeasuredRows) int64 {
	rows := m.PerDay * float64(max(r.Reach, 0)) / float64(selfsame.DayLength)
	if r.Newest {
		rows += float64(m.Entities)
	}
	return int64(rows * m.Bytes)
}

// reachOf is what retention keeps of a state, in words that its settings explain.
func reachOf(s *plan.State, now int64) *Retained {
	u := s.Use
	r := &Retained{History: s.History(), Lag: u.View.AsOf.Or(0), Newest: u.Spec.AsOf}
	oldest, horizon := s.Oldest(now), s.Horizon(now)
	if r.AskedBy = u.AskedBy(); len(r.AskedBy) > 0 {
		if r.Asked = window.SatSub(window.SatSub(now, r.History+r.Lag), oldest); oldest == selfsame.MinTime {
			r.Asked = -1
		}
	}
	switch r.Reach = window.SatSub(now, horizon); {
	case u.Spec.Static:
		r.Reach = 0
	case horizon == selfsame.MinTime:
		r.Reach = -1
	}
	for _, su := range u.Sources {
		r.Settled = max(r.Settled, plan.SettledAfter(su.Source))
	}
	from := max(oldest, selfsame.MinTime/2) // however far back: widths are the same
	for _, w := range u.Windows() {
		if plan.Unbounded(w) {
			r.Folds = r.Folds || w.Kind == selfsame.Lifetime && r.Reach >= 0
			r.Newest = r.Newest || w.Kind == selfsame.LastRows && r.Reach >= 0
			continue
		}
		if b, err := window.Compile(w); err == nil {
			if width := window.SatSub(from, b.Lower(from)); width > r.Width {
				r.Width, r.Window = width, expr.WindowText(w)
			}
		}
	}
	return r
}

// sample reads rows of a source: from the archive or from its history files, wherever there are more.
func (m *measure) sample(ctx context.Context, s *selfsame.Source) ([]*column.Batch, error) {
	if rows, ok := m.samples[s]; ok {
		return rows, nil
	}
	at, err := m.hand.Open(ctx, m.project, s)
	if err != nil {
		return nil, err
	}
	var best []*column.Batch
	for _, t := range []*source.Table{at.Log, at.History} {
		if t == nil {
			continue
		}
		rows, err := sampleOf(ctx, t, s)
		if err != nil {
			return nil, err
		}
		if best == nil || count(rows) > count(best) {
			best = rows
		}
	}
	m.samples[s] = best
	return best, nil
}

func count(batches []*column.Batch) (n int) {
	for _, b := range batches {
		n += b.Rows
	}
	return n
}

// sampleOf reads the last rows of a table.
func sampleOf(ctx context.Context, t *source.Table, s *selfsame.Source) ([]*column.Batch, error) {
	w := source.Want{Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	for _, f := range s.Schema {
		w.Fields = append(w.Fields, f.Name)
	}
	var out []*column.Batch
	err := last(ctx, t, w, func(got *column.Batch) {
		b := column.NewBatch(got.Fields, got.Rows)
		b.Append(got)
		out = append(out, b)
	})
	return out, err
}

// mostSampled is about how many rows of a table are looked at: the last ones of its files.
const mostSampled = 200_000

var errSampled = errors.New("enough rows")

// last hands over the last rows of a table. The memory of a batch is good for the call only.
func last(ctx context.Context, t *source.Table, w source.Want, take func(b *column.Batch)) error {
	splits, _, err := t.Splits(w)
	if err != nil {
		return err
	}
	n := 0
	for _, sp := range slices.Backward(splits) {
		err := t.Read(ctx, sp, w, func(c *source.Chunk) error {
			take(c.Batch)
			if n += c.Batch.Rows; n >= mostSampled {
				return errSampled
			}
			return nil
		})
		if errors.Is(err, errSampled) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// measured encodes the rows of a sample as the state would hold them.
func measured(u *plan.Use, su *plan.SourceUse, sample []*column.Batch) MeasuredRows {
	g := &gauge{use: su, layout: stream.LayoutOf(u), first: selfsame.MaxTime, last: selfsame.MinTime, entities: map[string]bool{}}
	for _, b := range sample {
		g.add(b)
	}
	if g.rows == 0 {
		return MeasuredRows{}
	}
	m := MeasuredRows{Source: su.Source.Name, Sample: g.sample, Bytes: float64(g.bytes) / float64(g.rows), Entities: int64(len(g.entities))}
	if su.Source.EventTime != "" {
		m.PerDay = float64(g.rows) / max(1, float64(window.SatSub(g.last, g.first))/float64(selfsame.DayLength))
	}
	return m
}

// gauge measures the rows of a state that come from one source.
type gauge struct {
	use         *plan.SourceUse
	layout      *online.Layout
	sample      int64 // rows that were looked at
	rows, bytes int64 // that are rows of the state
	first, last int64 // event times
	entities    map[string]bool
	row, key    []byte
}

func (g *gauge) add(b *column.Batch) {
	in := &expr.Input{Columns: rowColumns(g.use.Source, b), Rows: b.Rows}
	eval := func(programs ...*expr.Program) (out []*column.Column) {
		for _, p := range programs {
			out = append(out, p.NewEvaluator().Eval(in))
		}
		return out
	}
	keys, values, order, times := eval(g.use.Key...), eval(g.use.Columns...), orderColumn(g.layout, g.use.Source, b), b.Column(g.use.Source.EventTime)
	var where *column.Column
	if g.use.Where != nil {
		where = eval(g.use.Where)[0]
	}
	for i := range b.Rows {
		g.sample++
		if where != nil && (where.StatusAt(i) != selfsame.Present || !where.Bools[i]) {
			continue
		}
		h := online.Head{Seq: g.sample}
		if times != nil {
			h.Tau, h.Alpha = times.Ints[i], times.Ints[i]
			g.first, g.last = min(g.first, h.Tau), max(g.last, h.Tau)
		}
		g.key = g.key[:0]
		for _, c := range keys {
			g.key = c.AppendFramed(g.key, i)
		}
		g.entities[string(g.key)] = true
		g.row = g.layout.AppendRow(g.row[:0], h, order, values, i)
		g.rows, g.bytes = g.rows+1, g.bytes+int64(len(g.row))
	}
}

// rowColumns are the columns of a batch by the slots of a source's programs: its fields, then the source's name.
func rowColumns(s *selfsame.Source, b *column.Batch) []*column.Column {
	name := column.New(selfsame.Scalar(selfsame.String), b.Rows)
	for range b.Rows {
		name.AppendBytes([]byte(s.Name))
	}
	return append(slices.Clone(b.Columns), name)
}

// orderColumn is the column of a source's order in rows of a layout: nulls where the source has none.
func orderColumn(l *online.Layout, s *selfsame.Source, b *column.Batch) *column.Column {
	if l.Order.Kind == selfsame.Unknown {
		return nil
	}
	if k := b.Index(s.Order); s.Order != "" && k >= 0 {
		return b.Columns[k]
	}
	c := column.New(l.Order, b.Rows)
	for range b.Rows {
		c.AppendStatus(selfsame.Null)
	}
	return c
}
