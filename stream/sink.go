// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/window"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/plan"
)

// Sink takes the history of new states. Its methods are for one goroutine at a time; what they are given belongs to the caller again when they return.
type Sink struct {
	d     *Driver
	ctx   context.Context
	lane  *lane // of the states
	first int64 // no entry of the log that is still to be resolved has an α below it,
	final int64 // and none that is applied on top of what is brought in has one below this
	order []uint32
	ranks []rank
	c     changes
}

// Events are resolved rows of one state: what batch finds of history, every entity of it. Columns are those of State.Use.Spec.
type Events struct {
	// KeyBytes holds the canonical key of each row's entity, as online.Delta.Entity has it: row i is KeyBytes[KeyEnds[i-1]:KeyEnds[i]].
	KeyBytes   []byte
	KeyEnds    []int
	Place      uint8   // of the source in the view's list
	Seq        []int64 // of history: HistorySeq; of an entry of the log: its offset
	Tau, Alpha []int64
	// UntilSeq and UntilAlpha end the visibility of a row; MaxTime: never. Both nil: no row has an end.
	UntilSeq, UntilAlpha []int64
	Hash                 []uint64       // nil where the layout has none
	Order                *column.Column // nil where the source declares none
	Delete               []bool         // as-of states; nil: none
	Columns              []*column.Column
}

// HistorySeq is the Seq of a row of history: the place of its source in some list, below 256 and the same throughout a Load, and its position
// there, below 1<<54. No two rows of one source have one Seq, nor have two sources.
func HistorySeq(source int, position int64) int64 { return -1 - (position<<8 | int64(source)) }

// Entries are rows of a source as they stand in its history, in any order.
type Entries struct {
	Source          *selfsame.Source
	Rows            *column.Batch
	Admitted        []bool        // nil: all. The others are passed over
	Seq, Tau, Alpha []int64       // Seq as in Events
	Ops             []eventlog.Op // nil: inserts
}

// Events adds rows to a new state. Rows may come in any order and in any number of calls, each row once.
func (s *Sink) Events(state *plan.State, e *Events) error {
	l := LayoutOf(state.Use)
	if err := e.fits(l); err != nil {
		return err
	}
	order := e.Order
	if order == nil && l.Order.Kind != selfsame.Unknown {
		order = column.New(l.Order, 0)
		for range e.KeyEnds {
			order.AppendStatus(selfsame.Null)
		}
	}
	s.sort(state, e)
	s.c.reset()
	for k := 0; k < len(s.order); {
		i := s.order[k]
		d := deltaAt{state: state, bucket: state.Bucket(e.Tau[i]), entity: s.c.put(e.key(i))}
		d.rows.lo = len(s.c.arena)
		for k < len(s.order) && bytes.Equal(e.key(s.order[k]), e.key(i)) && state.Bucket(e.Tau[s.order[k]]) == d.bucket {
			s.c.arena = e.append(s.c.arena, l, order, int(s.order[k]))
			k++
		}
		d.rows.hi = len(s.c.arena)
		s.c.deltas = append(s.c.deltas, d)
	}
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	return s.d.store.Apply(s.ctx, s.c.complete())
}

// rank is a row with the first bytes of its key that are not those of every key: few comparisons need more.
type rank struct {
	prefix uint64
	row    uint32
}

// sort fills order with the rows by key, bucket and number.
func (s *Sink) sort(state *plan.State, e *Events) {
	s.order, s.ranks = s.order[:0], s.ranks[:0]
	if len(e.KeyEnds) == 0 {
		return
	}
	first := e.key(0)
	shared := len(first)
	for i := range e.KeyEnds {
		k := e.key(uint32(i))
		n := 0
		for n < min(shared, len(k)) && k[n] == first[n] {
			n++
		}
		shared = n
	}
	for i := range e.KeyEnds {
		var b [8]byte
		copy(b[:], e.key(uint32(i))[shared:])
		s.ranks = append(s.ranks, rank{binary.BigEndian.Uint64(b[:]), uint32(i)})
	}
	slices.SortFunc(s.ranks, func(a, b rank) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		if c := bytes.Compare(e.key(a.row), e.key(b.row)); c != 0 {
			return c
		}
		if c := cmp.Compare(state.Bucket(e.Tau[a.row]), state.Bucket(e.Tau[b.row])); c != 0 {
			return c
		}
		return cmp.Compare(a.row, b.row)
	})
	for _, r := range s.ranks {
		s.order = append(s.order, r.row)
	}
}

func (e *Events) key(i uint32) []byte {
	lo := 0
	if i > 0 {
		lo = e.KeyEnds[i-1]
	}
	return e.KeyBytes[lo:e.KeyEnds[i]]
}

func (e *Events) fits(l *online.Layout) error {
	n := len(e.KeyEnds)
	same := len(e.Seq) == n && len(e.Tau) == n && len(e.Alpha) == n && len(e.Columns) == len(l.Columns) && (!l.Hash || len(e.Hash) == n) &&
		len(e.UntilSeq) == len(e.UntilAlpha) && (e.UntilSeq == nil || len(e.UntilSeq) == n) && (e.Delete == nil || len(e.Delete) == n)
	for _, c := range e.Columns {
		same = same && c.Len() == n
	}
	if !same {
		return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "stream", Message: "events to load whose columns have unequal lengths"}
	}
	return nil
}

// append appends row i and, where it has one, its end.
func (e *Events) append(b []byte, l *online.Layout, order *column.Column, i int) []byte {
	h := online.Head{Seq: e.Seq[i], Tau: e.Tau[i], Alpha: e.Alpha[i], Place: e.Place, Delete: e.Delete != nil && e.Delete[i]}
	if l.Hash {
		h.Hash = e.Hash[i]
	}
	b = l.AppendRow(b, h, order, e.Columns, i)
	if e.UntilSeq != nil && (e.UntilSeq[i] != selfsame.MaxTime || e.UntilAlpha[i] != selfsame.MaxTime) {
		b = online.AppendRetraction(b, e.Seq[i], e.UntilSeq[i], e.UntilAlpha[i])
	}
	return b
}

// Remember takes entries of history that later ones may meet: copies, deleted rows and deletes, current versions. All of a source may be given; rows
// so old that nothing can meet them are passed over.
func (s *Sink) Remember(e *Entries) error {
	if n := e.Rows.Rows; len(e.Seq) != n || len(e.Tau) != n || len(e.Alpha) != n || (e.Ops != nil && len(e.Ops) != n) {
		return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "source " + e.Source.Name, Message: "entries to remember whose columns have unequal lengths"}
	}
	if e.Admitted != nil && slices.Contains(e.Admitted, false) {
		e = e.admitted()
	}
	if e.Rows.Rows == 0 || len(e.Source.PrimaryKey) == 0 && slices.Max(e.Tau) < floorOf(e.Source, s.first) {
		return nil
	}
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	text := resolutionText(e.Source)
	for _, in := range s.lane.inlets[e.Source.Name] {
		if in.text == text && in.res != nil {
			return s.remember(in, e)
		}
	}
	return nil
}

// remember adds the entries to the facts of an inlet. The driver's mu is held.
func (s *Sink) remember(in *inlet, e *Entries) error {
	if at := s.d.catalog.space(in.ns); at != nil && at.Late < slices.Max(e.Tau) {
		at.Late = slices.Max(e.Tau) // saved at the switch
	}
	if err := in.run.columns(e.Rows); err != nil {
		return err
	}
	in.run.tau, in.run.ops, in.run.seqs, in.run.alps = e.Tau, e.Ops, e.Seq, e.Alpha
	in.run.least, in.run.final = s.first, s.final
	s.lane.begin()
	if err := in.spread(s.ctx, false, &s.lane.changes); err != nil {
		return err
	}
	return s.d.storeHeld(s.ctx, s.lane)
}

// admitted is a copy of e without the rows that are not.
func (e *Entries) admitted() *Entries {
	out := &Entries{Source: e.Source, Rows: column.NewBatch(e.Rows.Fields, 0)}
	var idx []uint32
	for i, ok := range e.Admitted {
		if !ok {
			continue
		}
		idx = append(idx, uint32(i))
		out.Seq, out.Tau, out.Alpha = append(out.Seq, e.Seq[i]), append(out.Tau, e.Tau[i]), append(out.Alpha, e.Alpha[i])
		if e.Ops != nil {
			out.Ops = append(out.Ops, e.Ops[i])
		}
	}
	for k, c := range out.Rows.Columns {
		c.AppendGather(e.Rows.Columns[k], idx)
	}
	out.Rows.Rows = len(idx)
	return out
}

// firstAlpha is the least α of the entries of the log from begin on and of those that come after now.
func (d *Driver) firstAlpha(ctx context.Context, begin, now int64) int64 {
	first := now
	if end, _ := d.log.End(); begin < end {
		err := d.log.Read(ctx, begin, begin+1, func(b *eventlog.Block) error {
			first = min(first, b.Alpha)
			return nil
		})
		if err != nil { // the replay that follows will say so
			first = selfsame.MinTime
		}
	}
	return first
}

// floorOf is the event time below which no entry with an α from first on can meet a row.
func floorOf(s *selfsame.Source, first int64) int64 {
	return window.SatSub(window.SatSub(first, plan.SettledAfter(s)), skewOf(s))
}
