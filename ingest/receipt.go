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

// receipts works out the fate of each row of each call and puts conflicts into the side log.
func (l *Loop) receipts(ctx context.Context, g *group, fates [][]stream.Fate) error {
	next, alpha := int64(0), int64(0)
	byAppend := make([][]Fate, len(g.appends)) // one a row of the block as given
	block := 0
	var conflicts []eventlog.Refused
	for i, a := range g.appends {
		of := make([]Fate, len(a.Verdicts))
		var admitted []stream.Fate
		if a.Admitted != nil {
			admitted = fates[block]
			block++
			next, alpha = max(next, a.Admitted.First+int64(a.Admitted.Rows.Rows)), a.Admitted.Alpha
		}
		k := 0
		for r, v := range a.Verdicts {
			if v != eventlog.OK {
				of[r] = ofVerdict[v]
				continue
			}
			if admitted != nil { // nil: all are accepted
				of[r] = ofStream[admitted[k]]
			}
			if of[r] == Conflict {
				conflicts = append(conflicts, conflict(a.Admitted, k))
			}
			k++
		}
		byAppend[i] = of
	}
	for k, c := range g.calls {
		c.result.Offset, c.result.Arrival = next, alpha
		c.result.fill(c, g, k, byAppend)
	}
	if len(conflicts) == 0 {
		return nil
	}
	return l.log.Refuse(ctx, conflicts)
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

// fill puts the fates of a call's rows into their places: bad rows stand between good ones.
func (r *Receipt) fill(c *call, g *group, k int, byAppend [][]Fate) {
	n := c.rows.Batch.Rows + len(c.rows.Bad)
	r.Fates = make([]Fate, n)
	r.Reasons = make([]string, n)
	bad := make([]bool, n)
	for _, b := range c.rows.Bad {
		r.Fates[b.Row], r.Reasons[b.Row], bad[b.Row] = SchemaMismatch, b.String(), true
	}
	if g.of[k] < 0 {
		return
	}
	a := g.appends[g.of[k]]
	at := c.lo
	for i := range n {
		if bad[i] {
			continue
		}
		r.Fates[i] = byAppend[g.of[k]][at]
		switch {
		case a.Verdicts[at] != eventlog.OK:
			r.Reasons[i] = a.Reasons[at]
		default:
			r.Reasons[i] = reasons[r.Fates[i]]
		}
		at++
	}
}

// refuseBad puts rows that could not be read as declared into the side log, so that nothing is lost.
func (l *Loop) refuseBad(ctx context.Context, g *group) error {
	var rows []eventlog.Refused
	for _, c := range g.calls {
		for _, b := range c.rows.Bad {
			rows = append(rows, eventlog.Refused{Source: c.rows.Source.Name, Alpha: time.Now().UnixMicro(), Tau: selfsame.MinTime,
				Verdict: SchemaMismatch.String(), Reason: b.String(), Row: cmp.Or(b.Whole, b.Text)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return l.log.Refuse(ctx, rows)
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

func full(queued int64) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Message: fmt.Sprintf("events come in faster than they can be stored: %d bytes wait", queued),
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
