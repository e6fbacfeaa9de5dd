// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

import (
	"strconv"
	"time"

	"selfsame"
	"selfsame/column"
)

// Bounds of pushed entries whose source declares none, microseconds.
const (
	DefaultSkew        int64 = 60_000_000
	DefaultLateness          = 7 * selfsame.DayLength
	DefaultCorrections       = 30 * selfsame.DayLength
)

var verdictNames = [...]string{"ok", "late", "early", "schema"}

// String is the word of the contract.
func (v Verdict) String() string { return verdictNames[v] }

var opNames = [...]string{"insert", "delete", "upsert"}

// String is the word that a source's operation field holds.
func (o Op) String() string { return opNames[o] }

// Admit takes the verdicts of an append (semantics, section 4): each depends on the row, its source and alpha alone. It fills all of a but offsets:
// Admitted.First is left to the log. Rows that are admitted all are shared with a.Rows; else they are copied.
func Admit(a *Append, alpha int64) {
	n := a.Rows.Rows
	a.Name, a.Alpha = a.Source.Name, alpha
	a.Verdicts, a.Reasons = make([]Verdict, n), nil
	a.Tau, a.Ops, a.Admitted = make([]int64, n), nil, nil
	refuse := func(i int, v Verdict, why string) {
		if a.Reasons == nil {
			a.Reasons = make([]string, n)
		}
		if a.Verdicts[i] == OK {
			a.Verdicts[i], a.Reasons[i] = v, why
		}
	}
	if a.Source.EventTime == "" {
		for i := range a.Tau {
			a.Tau[i] = selfsame.MinTime
		}
	} else {
		admitTimes(a, refuse)
		admitOperations(a, refuse)
		if !a.Readmit {
			admitBounds(a, refuse)
		}
	}
	a.Admitted = a.keep()
}

// admitTimes fills Tau; a row without an event time keeps MinTime.
func admitTimes(a *Append, refuse func(int, Verdict, string)) {
	c := a.Rows.Column(a.Source.EventTime)
	for i := range a.Tau {
		switch {
		case c == nil || c.StatusAt(i) != selfsame.Present:
			a.Tau[i] = selfsame.MinTime
			refuse(i, Schema, "the event time "+a.Source.EventTime+" is null")
		case c.Type.Kind == selfsame.Date:
			a.Tau[i] = c.Ints[i] * selfsame.DayLength
		default:
			a.Tau[i] = c.Ints[i]
		}
	}
}

// admitOperations fills Ops where the source has operations.
func admitOperations(a *Append, refuse func(int, Verdict, string)) {
	if a.Source.Operation == "" {
		return
	}
	a.Ops = make([]Op, len(a.Tau))
	c := a.Rows.Column(a.Source.Operation)
	for i := range a.Ops {
		if c == nil || c.StatusAt(i) != selfsame.Present {
			refuse(i, Schema, "the operation "+a.Source.Operation+" is null")
			continue
		}
		switch word := string(c.Str(i)); word {
		case "insert":
		case "delete":
			a.Ops[i] = Delete
		case "upsert":
			a.Ops[i] = Upsert
			if len(a.Source.PrimaryKey) == 0 {
				refuse(i, Schema, "an upsert of a source without primary_key")
			}
		default:
			refuse(i, Schema, "unknown operation "+strconv.Quote(word)+": insert, delete or upsert")
		}
	}
}

func admitBounds(a *Append, refuse func(int, Verdict, string)) {
	skew, lateness, corrections := a.Source.Skew.Or(DefaultSkew), a.Source.Lateness.Or(DefaultLateness), a.Source.Corrections.Or(DefaultCorrections)
	for i, tau := range a.Tau {
		limit, name := lateness, "lateness"
		if a.Ops != nil && a.Ops[i] != Insert {
			limit, name = corrections, "corrections"
		}
		switch {
		case a.Verdicts[i] != OK:
		case a.Alpha > satAdd(tau, limit):
			refuse(i, Late, "it came "+span(a.Alpha, tau)+" after its event time, and the source's "+name+" is "+span(limit, 0))
		case tau > satAdd(a.Alpha, skew):
			refuse(i, Early, "its event time is "+span(tau, a.Alpha)+" ahead, and the source's skew is "+span(skew, 0))
		}
	}
}

// satAdd is a + b, at most MaxTime, for b >= 0.
func satAdd(a, b int64) int64 {
	if c := a + b; c >= a {
		return c
	}
	return selfsame.MaxTime
}

// span prints to - from, which is not negative, in days and a rest.
func span(to, from int64) string {
	d := uint64(to) - uint64(from) // right also where the difference is beyond int64
	days, rest := d/uint64(selfsame.DayLength), time.Duration(d%uint64(selfsame.DayLength))*time.Microsecond
	switch {
	case days == 0:
		return rest.String()
	case rest == 0:
		return strconv.FormatUint(days, 10) + "d"
	}
	return strconv.FormatUint(days, 10) + "d" + rest.String()
}

// keep returns the rows with verdict OK as a block, or nil where there are none.
func (a *Append) keep() *Block {
	if a.Reasons == nil && len(a.Verdicts) > 0 {
		b := a.Block
		return &b
	}
	var idx []uint32
	for i, v := range a.Verdicts {
		if v == OK {
			idx = append(idx, uint32(i))
		}
	}
	if len(idx) == 0 {
		return nil
	}
	b := &Block{Source: a.Source, Name: a.Name, Alpha: a.Alpha, Rows: column.NewBatch(a.Rows.Fields, len(idx))}
	for k, c := range b.Rows.Columns {
		c.AppendGather(a.Rows.Columns[k], idx)
	}
	b.Rows.Rows = len(idx)
	for _, i := range idx {
		b.Tau = append(b.Tau, a.Tau[i])
		if a.Ops != nil {
			b.Ops = append(b.Ops, a.Ops[i])
		}
	}
	return b
}

// RefusedRows returns the rows that are not admitted, for the side log.
func (a *Append) RefusedRows() []Refused {
	var out []Refused
	for i := range a.Reasons {
		if v := a.Verdicts[i]; v != OK {
			out = append(out, Refused{Source: a.Name, Alpha: a.Alpha, Tau: a.Tau[i], Verdict: v.String(), Reason: a.Reasons[i], Row: string(column.AppendRowJSON(nil, a.Rows, i))})
		}
	}
	return out
}
