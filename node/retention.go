// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/window"
	"selfsame/definition"
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
// archive of the data directory has where that is more. Views that are not served are left out.
func Retention(ctx context.Context, project, data string) ([]*Retained, error) {
	p, err := definition.Load(project)
	if err != nil {
		return nil, err
	}
	bases := map[string][]*plan.Use{}
	var order []string
	for _, v := range p.Views {
		if v.Kind == selfsame.OnDemandView || v.Offline {
			continue
		}
		pl, err := plan.Build(p, plan.Request{View: v.Name})
		if err != nil {
			return nil, err
		}
		for _, u := range pl.Uses {
			if bases[u.Base()] == nil {
				order = append(order, u.Base())
			}
			bases[u.Base()] = append(bases[u.Base()], u)
		}
	}
	m := &measure{dir: project, data: data, samples: map[*selfsame.Source][]*column.Batch{}}
	var out []*Retained
	for _, base := range order {
		r, err := m.retained(ctx, bases[base])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// measure samples the rows of sources, each once.
type measure struct {
	dir, data string
	samples   map[*selfsame.Source][]*column.Batch
}

func (m *measure) retained(ctx context.Context, uses []*plan.Use) (*Retained, error) {
	union, _, _, err := plan.Union(uses)
	if err != nil {
		return nil, err
	}
	r := reachOf(&plan.State{Use: union}, time.Now().UnixMicro())
	for _, u := range uses {
		if !slices.Contains(r.Views, u.View.Name) {
			r.Views = append(r.Views, u.View.Name)
		}
	}
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
	switch r.Reach = window.SatSub(now, horizon); {
	case u.Spec.Static:
		r.Reach = 0
	case horizon == selfsame.MinTime:
		r.Reach = -1
	}
	for _, su := range u.Sources {
		r.Settled = max(r.Settled, plan.SettledAfter(su.Source))
	}
	for _, c := range u.Spec.Cells {
		if plan.Unbounded(c.Window) {
			r.Folds = r.Folds || c.Window.Kind == selfsame.Lifetime
			r.Newest = r.Newest || c.Window.Kind == selfsame.LastRows
			continue
		}
		if b, err := window.Compile(c.Window); err == nil {
			if width := window.SatSub(oldest, b.Lower(oldest)); width > r.Width {
				r.Width, r.Window = width, expr.WindowText(c.Window)
			}
		}
	}
	return r
}

// mostSampled is about how many rows of a source are looked at: the last ones of its files.
const mostSampled = 200_000

var errSampled = errors.New("enough rows")

// sample reads rows of a source: from the archive or from its history files, wherever there are more.
func (m *measure) sample(ctx context.Context, s *selfsame.Source) ([]*column.Batch, error) {
	if rows, ok := m.samples[s]; ok {
		return rows, nil
	}
	var best []*column.Batch
	if t, err := m.archived(ctx, s); err != nil {
		return nil, err
	} else if t != nil {
		if best, err = sampleOf(ctx, t, s); err != nil {
			return nil, err
		}
	}
	if s.Batch != nil {
		t, err := openSource(ctx, m.dir, s)
		if err != nil {
			return nil, err
		}
		rows, err := sampleOf(ctx, t, s)
		if err != nil {
			return nil, err
		}
		if count(rows) > count(best) {
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

// archived opens the archive of a source, nil for none.
func (m *measure) archived(ctx context.Context, s *selfsame.Source) (*source.Table, error) {
	folder := filepath.Join(m.data, archiveFolder)
	complete, err := archiveComplete(folder)
	if err != nil || complete == 0 {
		return nil, err
	}
	return OpenArchive(ctx, folder, complete, s)
}

// archiveComplete is the offset below which the archive in a folder holds the log; 0: there is none.
func archiveComplete(folder string) (int64, error) {
	b, err := os.ReadFile(filepath.Join(folder, "STATE.json"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	var state struct {
		Complete int64 `json:"complete"`
	}
	if err == nil {
		err = json.Unmarshal(b, &state)
	}
	if err != nil {
		return 0, dataError(folder, "cannot read the state of the archive", err)
	}
	return state.Complete, nil
}

// sampleOf reads the last splits of a table.
func sampleOf(ctx context.Context, t *source.Table, s *selfsame.Source) ([]*column.Batch, error) {
	w := source.Want{Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	for _, f := range s.Schema {
		w.Fields = append(w.Fields, f.Name)
	}
	splits, _, err := t.Splits(w)
	if err != nil {
		return nil, err
	}
	var out []*column.Batch
	n := 0
	for _, sp := range slices.Backward(splits) {
		err := t.Read(ctx, sp, w, func(c *source.Chunk) error {
			b := column.NewBatch(c.Batch.Fields, c.Batch.Rows)
			b.Append(c.Batch)
			out = append(out, b)
			if n += b.Rows; n >= mostSampled {
				return errSampled
			}
			return nil
		})
		if errors.Is(err, errSampled) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
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
