// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/stream"
)

// newCall returns a call of which nothing is taken yet; the fates of its bad rows are known.
func newCall(rows *Rows) *call {
	c := &call{rows: rows, bytes: size(rows), ready: make(chan struct{})}
	c.parts.Store(1)
	n := rows.Batch.Rows + len(rows.Bad)
	c.result.Fates = make([]Fate, n)
	if len(rows.Bad) == 0 {
		return c
	}
	for i := range rows.Bad {
		c.tell(int(rows.Bad[i].Row), SchemaMismatch, rows.Bad[i].String())
	}
	for i, f := range c.result.Fates {
		if f != SchemaMismatch {
			c.places = append(c.places, i)
		}
	}
	return c
}

// tell notes what became of row i of the call.
func (c *call) tell(i int, f Fate, reason string) {
	r := &c.result
	if r.Reasons == nil {
		r.Reasons = make([]string, len(r.Fates))
	}
	r.Fates[i], r.Reasons[i] = f, reason
}

// place is where row k of the batch stands in the call: bad rows stand between good ones.
func (c *call) place(k int) int {
	if c.places == nil {
		return k
	}
	return c.places[k]
}

// receipts tells the calls of a group what became of their rows, and puts conflicts into the side log.
func (l *Loop) receipts(ctx context.Context, g *group, fates [][]stream.Fate) error {
	next, alpha := int64(0), int64(0)
	became := make([]became, len(g.appends))
	for i, a := range g.appends {
		b := &became[i]
		b.of = a
		if a.Admitted == nil {
			b.mixed = true
			continue
		}
		b.fates, fates = fates[0], fates[1:]
		next, alpha = a.Admitted.First+int64(a.Admitted.Rows.Rows), a.Admitted.Alpha
		if a.Admitted.Rows.Rows < len(a.Verdicts) {
			b.rank()
		}
	}
	var conflicts []eventlog.Refused
	for i := range g.pieces {
		p := &g.pieces[i]
		if next > 0 { // groups are applied in their order: the last says the most
			p.call.result.Offset, p.call.result.Arrival = next, alpha
		}
		if p.of >= 0 {
			conflicts = became[p.of].tell(p, conflicts)
		}
	}
	if len(conflicts) == 0 {
		return nil
	}
	return l.log.Refuse(ctx, conflicts)
}

// became is what became of the rows of an append.
type became struct {
	of    *eventlog.Append
	fates []stream.Fate // of the admitted rows; nil: all are accepted
	mixed bool          // some are refused
	ranks []int         // where mixed and some are admitted: of each row, its place among those
}

// rank fills ranks.
func (b *became) rank() {
	b.mixed = true
	k := 0
	for _, v := range b.of.Verdicts {
		b.ranks = append(b.ranks, k)
		if v == eventlog.OK {
			k++
		}
	}
}

// tell tells the call of a piece about its rows and adds those that are conflicts.
func (b *became) tell(p *piece, conflicts []eventlog.Refused) []eventlog.Refused {
	if !b.mixed && b.fates == nil {
		return conflicts // all are accepted
	}
	for k := p.lo; k < p.hi; k++ {
		at := p.at + k - p.lo
		if v := b.of.Verdicts[at]; v != eventlog.OK {
			p.call.tell(p.call.place(k), ofVerdict[v], b.of.Reasons[at])
			continue
		}
		if b.fates == nil {
			continue
		}
		if b.mixed {
			at = b.ranks[at]
		}
		f := ofStream[b.fates[at]]
		if f == Accepted {
			continue
		}
		p.call.tell(p.call.place(k), f, reasons[f])
		if f == Conflict {
			conflicts = append(conflicts, conflict(b.of.Admitted, at))
		}
	}
	return conflicts
}

// reasons say in a sentence what became of a row that was admitted.
var reasons = map[Fate]string{
	Duplicate:  "this event came before; it counts once",
	Conflict:   "another event with this id and event time came first, with other content",
	Superseded: "a newer version of this row came before; it counts for its own time only",
}

func conflict(b *eventlog.Block, row int) eventlog.Refused {
	return eventlog.Refused{Source: b.Name, Alpha: b.Alpha, Tau: b.Tau[row], Verdict: Conflict.String(),
		Reason: reasons[Conflict], Row: string(column.AppendRowJSON(nil, b.Rows, row))}
}

// refuseBad puts rows that could not be read as declared into the side log, so that nothing is lost: with the first piece of their call.
func (l *Loop) refuseBad(ctx context.Context, g *group) {
	var rows []eventlog.Refused
	var of []*call
	for i := range g.pieces {
		p := &g.pieces[i]
		if p.lo > 0 || len(p.call.rows.Bad) == 0 {
			continue
		}
		of = append(of, p.call)
		for _, b := range p.call.rows.Bad {
			rows = append(rows, eventlog.Refused{Source: p.call.rows.Source.Name, Alpha: time.Now().UnixMicro(), Tau: selfsame.MinTime,
				Verdict: SchemaMismatch.String(), Reason: b.String(), Row: cmp.Or(b.Whole, b.Text)})
		}
	}
	if len(rows) == 0 {
		return
	}
	if err := l.log.Refuse(ctx, rows); err != nil {
		for _, c := range of {
			c.fail(err)
		}
	}
}

// partly is the error of a call that has ended: where some or all of its rows are stored it says so.
func (c *call) partly() error {
	if c.err == nil || c.stored == 0 {
		return c.err
	}
	e := &selfsame.Error{Class: selfsame.ClassOf(c.err), Message: "the events are stored", Hint: "push them again only where the source has an id", Err: c.err}
	if c.stored < c.rows.Batch.Rows {
		e.Message = fmt.Sprintf("the first %d of the %d events are stored, the others are not", c.place(c.stored), len(c.result.Fates))
		e.Hint = "push the others again; where the source has an id all may be pushed again"
	}
	return e
}

// takes reports why a source cannot be pushed to.
func takes(s *selfsame.Source) error {
	switch {
	case !s.Push:
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "source " + s.Name, Pos: s.Pos, Message: "it takes no pushed events",
			Hint: "declare `stream: {push: true}` and apply the definitions"}
	case s.EventTime == "":
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "source " + s.Name, Pos: s.Pos, Message: "it is a static table: it has no event time and takes no events",
			Hint: "change its file and run `selfsame materialize`"}
	}
	return nil
}

// Full is the error of a queue that has no room: the call may be repeated after RetryAfter.
type Full struct{ after time.Duration }

func (f *Full) Error() string { return fmt.Sprintf("try again in %s", f.after) }

// RetryAfter is how long to wait before the call is repeated.
func (f *Full) RetryAfter() time.Duration { return f.after }

// full is the error of a queue without room.
func full(queued int64) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Message: fmt.Sprintf("events come in faster than they can be stored: %d bytes wait", queued),
		Err: &Full{after: 100 * time.Millisecond}}
}

// crowded is the error of a queue that holds as many calls as it may.
func crowded(calls int) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Message: fmt.Sprintf("events come in faster than they can be stored: %d calls wait", calls),
		Err: &Full{after: 100 * time.Millisecond}}
}

func canceled(ctx context.Context) error {
	return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "the call ended before its events were stored; they may still be stored: push them again with the same ids",
		Err: context.Cause(ctx)}
}

// size is about what rows take in memory, bad ones with them.
func size(r *Rows) int64 {
	n := int64(256)
	for _, c := range r.Batch.Columns {
		n += c.Size()
	}
	for i := range r.Bad {
		n += 128 + int64(len(r.Bad[i].Text)+len(r.Bad[i].Whole))
	}
	return n
}
