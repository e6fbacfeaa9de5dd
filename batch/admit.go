// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"selfsame"
	"selfsame/column"
)

// verdict is the admission of one row (semantics, section 4). It depends on the row alone.
type verdict uint8

const (
	admitted verdict = iota
	late
	early
	schema
	outside // of the scope: it might as well not be there
)

// SourceCounts says what became of a source's rows in a run. Rows that pruning left out are in none of the counts.
type SourceCounts struct {
	Name        string           `json:"name"`
	Rows        int64            `json:"rows"`
	Admitted    int64            `json:"admitted"`
	Late        int64            `json:"late"`
	Early       int64            `json:"early"`
	Schema      int64            `json:"schema"`
	Duplicate   int64            `json:"duplicate"`
	Conflict    int64            `json:"conflict"`
	Superseded  int64            `json:"superseded"`
	NullArrival int64            `json:"null_arrival"`
	TwoTimes    int64            `json:"ids_with_two_times"`     // ids seen with more than one event time
	NoEntity    map[string]int64 `json:"no_entity,omitempty"`    // view -> rows whose key holds a null
	WhereError  map[string]int64 `json:"where_error,omitempty"`  // view -> rows whose where is an error, so that they are left out
	FailedCasts map[string]int64 `json:"failed_casts,omitempty"` // view -> values of rows that were looked at that a CAST could not convert
	MinTime     int64            `json:"min_event_time"`         // of admitted rows; MaxTime and MinTime where there are none
	MaxTime     int64            `json:"max_event_time"`
	ByHour      [24]int64        `json:"-"`           // admitted rows by hour of the UTC day
	NaiveTimes  int64            `json:"naive_times"` // times without a zone, read as UTC because the source declares none
	// RepeatedTimes and SkippedTimes are local times that occur twice, or not at all, where clocks change in the source's zone.
	RepeatedTimes int64 `json:"repeated_times"`
	SkippedTimes  int64 `json:"skipped_times"`
	LateLoaded    int64 `json:"loaded_late"` // admitted rows known only more than a day after their event time
	Outside       int64 `json:"-"`           // rows of history outside of the loaded ranges; they are in none of the other counts
}

func newCounts(name string) SourceCounts {
	return SourceCounts{Name: name, MinTime: selfsame.MaxTime, MaxTime: selfsame.MinTime,
		NoEntity: map[string]int64{}, WhereError: map[string]int64{}, FailedCasts: map[string]int64{}}
}

func (c *SourceCounts) merge(o *SourceCounts) {
	c.Rows += o.Rows
	c.Admitted += o.Admitted
	c.Late += o.Late
	c.Early += o.Early
	c.Schema += o.Schema
	c.Duplicate += o.Duplicate
	c.Conflict += o.Conflict
	c.Superseded += o.Superseded
	c.NullArrival += o.NullArrival
	c.TwoTimes += o.TwoTimes
	c.LateLoaded += o.LateLoaded
	c.Outside += o.Outside
	c.NaiveTimes += o.NaiveTimes
	c.RepeatedTimes += o.RepeatedTimes
	c.SkippedTimes += o.SkippedTimes
	c.MinTime, c.MaxTime = min(c.MinTime, o.MinTime), max(c.MaxTime, o.MaxTime)
	addCounts(c.NoEntity, o.NoEntity)
	addCounts(c.WhereError, o.WhereError)
	addCounts(c.FailedCasts, o.FailedCasts)
	for h, n := range o.ByHour {
		c.ByHour[h] += n
	}
}

func addCounts(to, from map[string]int64) {
	for view, n := range from {
		to[view] += n
	}
}

// times holds the admission of one chunk.
type times struct {
	tau      []int64
	from     []int64 // α; MaxTime where it is null. nil: α = τ
	verdicts []verdict
	op       *column.Column // of each row; nil: every row is an insert
	fromBuf  []int64
	tauBuf   []int64
}

// admitter takes the verdicts of one source.
type admitter struct {
	src                         *selfsame.Source
	tau, arrival, op            int   // schema fields, -1 for none
	lateness, skew, corrections int64 // MaxTime: unbounded
	bounded                     bool
	before                      int64 // log offsets from here on are outside of the scope
	lower, upper                int64 // history with τ outside of [lower, upper) is
}

func newAdmitter(s *selfsame.Source) *admitter {
	return &admitter{src: s, tau: fieldIndex(s, s.EventTime), arrival: fieldIndex(s, s.Arrival), op: fieldIndex(s, s.Operation),
		lateness: s.Lateness.Or(selfsame.MaxTime), skew: s.Skew.Or(selfsame.MaxTime),
		corrections: s.Corrections.Or(selfsame.MaxTime),
		bounded:     s.Lateness.Set || s.Skew.Set || s.Corrections.Set, before: selfsame.MaxTime, lower: selfsame.MinTime, upper: selfsame.MaxTime}
}

// admitter returns the admitter of a source for what is in scope.
func (r *runner) admitter(s *selfsame.Source) *admitter {
	a := newAdmitter(s)
	a.before = r.scope.before
	in := r.scope.loaded(s.Name)
	a.lower, a.upper = in.Lower, in.Upper
	return a
}

func fieldIndex(s *selfsame.Source, name string) int {
	for i, f := range s.Schema {
		if name != "" && f.Name == name {
			return i
		}
	}
	return -1
}

// admit fills t for a piece whose columns stand at their schema fields.
func (a *admitter) admit(t *times, p *piece, cols []*column.Column) {
	rows := p.Batch.Rows
	if cap(t.verdicts) < rows {
		t.verdicts = make([]verdict, rows)
		t.tauBuf = make([]int64, rows)
		t.fromBuf = make([]int64, rows)
	}
	t.verdicts, t.from, t.op = t.verdicts[:rows], nil, nil
	clear(t.verdicts)
	if a.tau < 0 {
		t.tau = t.tauBuf[:rows]
		for i := range t.tau {
			t.tau[i] = selfsame.MinTime
		}
		return
	}
	tc := cols[a.tau]
	t.tau = a.instants(tc, t.tauBuf[:rows])
	for i, s := range tc.Status {
		if s != selfsame.Present {
			t.verdicts[i] = schema
		}
	}
	if p.arrival != nil {
		a.admitArchived(t, p)
		return
	}
	if a.op >= 0 {
		t.op = cols[a.op]
		a.checkOperation(t)
	}
	a.known(t, cols, rows)
	if a.bounded && t.from != nil {
		a.bound(t)
	}
	if a.lower != selfsame.MinTime || a.upper != selfsame.MaxTime {
		for i, tau := range t.tau {
			if t.verdicts[i] != schema && (tau < a.lower || tau >= a.upper && a.upper != selfsame.MaxTime) {
				t.verdicts[i] = outside
			}
		}
	}
}

// admitArchived takes over what the log decided: its rows are admitted, whatever the bounds are by now.
func (a *admitter) admitArchived(t *times, p *piece) {
	t.from = t.fromBuf[:p.Batch.Rows]
	copy(t.from, p.arrival)
	if a.op >= 0 {
		t.op = p.op
	}
	for i := len(p.Pos) - 1; i >= 0 && offsetOf(p.Pos[i]) >= a.before; i-- {
		t.verdicts[i] = outside
	}
}

// checkOperation refuses rows whose operation is none of the three, and upserts of rows that no primary key identifies.
func (a *admitter) checkOperation(t *times) {
	c := t.op
	for i := range t.verdicts {
		if c.StatusAt(i) == selfsame.Present {
			switch string(c.Str(i)) {
			case opInsert, opDelete:
				continue
			case opUpsert:
				if len(a.src.PrimaryKey) > 0 {
					continue
				}
			}
		}
		t.verdicts[i] = schema
	}
}

// instants returns the column's microseconds; a date is its first instant.
func (a *admitter) instants(c *column.Column, buf []int64) []int64 {
	if c.Type.Kind != selfsame.Date {
		return c.Ints
	}
	for i, d := range c.Ints {
		buf[i] = d * selfsame.DayLength
	}
	return buf
}

// known sets from where α is not τ.
func (a *admitter) known(t *times, cols []*column.Column, rows int) {
	delay := a.src.KnowledgeDelay.Or(0)
	switch {
	case a.arrival >= 0:
		ac := cols[a.arrival]
		t.from = t.fromBuf[:rows]
		copy(t.from, ac.Ints)
		if ac.Type.Kind == selfsame.Date {
			for i := range t.from {
				t.from[i] *= selfsame.DayLength
			}
		}
		for i, s := range ac.Status {
			if s != selfsame.Present {
				t.from[i] = selfsame.MaxTime
			}
		}
	case delay != 0:
		t.from = t.fromBuf[:rows]
		for i, tau := range t.tau {
			t.from[i] = satAdd(tau, delay)
		}
	}
}

func (a *admitter) bound(t *times) {
	for i, from := range t.from {
		if from == selfsame.MaxTime || t.verdicts[i] != admitted {
			continue
		}
		limit := a.lateness
		if t.op != nil && t.op.StatusAt(i) == selfsame.Present && string(t.op.Str(i)) != opInsert {
			limit = a.corrections
		}
		switch {
		case limit != selfsame.MaxTime && from > satAdd(t.tau[i], limit):
			t.verdicts[i] = late
		case a.skew != selfsame.MaxTime && t.tau[i] > satAdd(from, a.skew):
			t.verdicts[i] = early
		}
	}
}

func satAdd(a, b int64) int64 {
	c := a + b
	if b > 0 && c < a {
		return selfsame.MaxTime
	}
	if b < 0 && c > a {
		return selfsame.MinTime
	}
	return c
}

const (
	opInsert = "insert"
	opDelete = "delete"
	opUpsert = "upsert"
)
