// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog_test

import (
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
)

const now int64 = 1_700_000_000_000_000

func bound(n int64) selfsame.Duration { return selfsame.Duration{Set: true, Micros: n} }

// TestAdmission holds section 4 of the contract: -skew <= α - τ <= lateness, both inclusive, by the microsecond.
func TestAdmission(t *testing.T) {
	const minute, day = selfsame.Minute, selfsame.DayLength
	plain := selfsame.Source{Name: "s", EventTime: "at"}
	declared := plain
	declared.Skew, declared.Lateness, declared.Corrections = bound(0), bound(10), bound(100)
	ops := plain
	ops.Operation, ops.PrimaryKey = "op", []string{"k"}
	tight := ops
	tight.Lateness, tight.Corrections = bound(10), bound(100)
	noKey := ops
	noKey.PrimaryKey = nil
	endless := plain
	endless.Lateness, endless.Skew = bound(selfsame.MaxTime), bound(selfsame.MaxTime)
	for _, c := range []struct {
		name   string
		src    selfsame.Source
		tau    int64
		op     string // "-": null
		want   eventlog.Verdict
		reason string
	}{
		{"now", plain, now, "", eventlog.OK, ""},
		{"the last of lateness", plain, now - 7*day, "", eventlog.OK, ""},
		{"beyond lateness", plain, now - 7*day - 1, "", eventlog.Late, "it came 7d1µs after its event time, and the source's lateness is 7d"},
		{"the last of skew", plain, now + minute, "", eventlog.OK, ""},
		{"beyond skew", plain, now + minute + 1, "", eventlog.Early, "its event time is 1m0.000001s ahead, and the source's skew is 1m0s"},
		{"the first moment", plain, selfsame.MinTime, "", eventlog.Late, "lateness is 7d"},
		{"the last moment", plain, selfsame.MaxTime, "", eventlog.Early, "skew is 1m0s"},
		{"declared lateness", declared, now - 10, "", eventlog.OK, ""},
		{"beyond it", declared, now - 11, "", eventlog.Late, "11µs"},
		{"declared skew", declared, now + 1, "", eventlog.Early, "skew is 0s"},
		{"without bounds, early", endless, selfsame.MaxTime, "", eventlog.OK, ""},
		{"without bounds, before 1970", endless, -selfsame.MaxTime + now, "", eventlog.OK, ""},
		{"an insert has lateness", tight, now - 11, "insert", eventlog.Late, "lateness is 10µs"},
		{"a delete has corrections", tight, now - 100, "delete", eventlog.OK, ""},
		{"an upsert has corrections", tight, now - 101, "upsert", eventlog.Late, "corrections is 100µs"},
		{"corrections of 30 days", ops, now - 30*day, "upsert", eventlog.OK, ""},
		{"more than 30 days", ops, now - 30*day - 1, "delete", eventlog.Late, "corrections is 30d"},
		{"an upsert without a key", noKey, now, "upsert", eventlog.Schema, "primary_key"},
		{"an unknown operation", ops, now, "truncate", eventlog.Schema, `unknown operation "truncate"`},
		{"no operation", ops, now, "-", eventlog.Schema, "op is null"},
		{"an unknown operation too late", ops, now - 90*day, "truncate", eventlog.Schema, "truncate"},
	} {
		a := one(&c.src, c.tau, c.op)
		eventlog.Admit(a, now)
		reason := strings.Join(a.Reasons, "")
		if a.Verdicts[0] != c.want || !strings.Contains(reason, c.reason) || (a.Admitted != nil) != (c.want == eventlog.OK) || (c.reason == "") != (reason == "") {
			t.Errorf("%s: %s, %q, want %s, %q", c.name, a.Verdicts[0], a.Reasons, c.want, c.reason)
		}
	}
}

// TestReadmission takes rows in whatever their age, and no row that does not fit.
func TestReadmission(t *testing.T) {
	for _, tau := range []int64{now - 90*selfsame.DayLength, now + 90*selfsame.DayLength} {
		a := one(&selfsame.Source{Name: "src", EventTime: "at"}, tau, "-")
		a.Readmit = true
		eventlog.Admit(a, now)
		if a.Verdicts[0] != eventlog.OK || a.Admitted == nil || a.Admitted.Alpha != now {
			t.Errorf("at %d: %s, %q", tau, a.Verdicts[0], a.Reasons)
		}
	}
	a := one(&selfsame.Source{Name: "src", EventTime: "at", Operation: "op"}, now, "truncate")
	a.Readmit = true
	eventlog.Admit(a, now)
	if a.Verdicts[0] != eventlog.Schema || a.Admitted != nil {
		t.Errorf("an unknown operation: %s, %q", a.Verdicts[0], a.Reasons)
	}
}

// one is an append of one row at tau.
func one(src *selfsame.Source, tau int64, op string) *eventlog.Append {
	src.Schema = []selfsame.Field{{Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)}, {Name: "op", Type: selfsame.Scalar(selfsame.String)}}
	a := &eventlog.Append{Block: eventlog.Block{Source: src, Rows: column.NewBatch(src.Schema, 1)}}
	a.Rows.Columns[0].Append(selfsame.Value{Type: src.Schema[0].Type, Int: tau})
	if op == "-" {
		a.Rows.Columns[1].AppendStatus(selfsame.Null)
	} else {
		a.Rows.Columns[1].AppendBytes([]byte(op))
	}
	a.Rows.Rows = 1
	return a
}

func TestAdmissionOfABatch(t *testing.T) {
	date := &selfsame.Source{Name: "d", EventTime: "day", Schema: []selfsame.Field{{Name: "day", Type: selfsame.Scalar(selfsame.Date)}, {Name: "n", Type: selfsame.Scalar(selfsame.Int64)}}}
	a := &eventlog.Append{Block: eventlog.Block{Source: date, Rows: column.NewBatch(date.Schema, 4)}}
	today := now / selfsame.DayLength
	for i, day := range []int64{today, today - 8, today - 7, today + 1} {
		a.Rows.Columns[0].Append(selfsame.Value{Type: date.Schema[0].Type, Int: day})
		a.Rows.Columns[1].Append(selfsame.Value{Type: date.Schema[1].Type, Int: int64(i)})
		a.Rows.Rows++
	}
	a.Rows.Columns[0].SetStatus(0, selfsame.Null)
	eventlog.Admit(a, today*selfsame.DayLength)
	if want := []eventlog.Verdict{eventlog.Schema, eventlog.Late, eventlog.OK, eventlog.Early}; !slices.Equal(a.Verdicts, want) {
		t.Errorf("verdicts %v, want %v", a.Verdicts, want)
	}
	if b := a.Admitted; b.Rows.Rows != 1 || b.Rows.Columns[1].Ints[0] != 2 || b.Tau[0] != (today-7)*selfsame.DayLength || b.Ops != nil || b.Name != "d" {
		t.Errorf("admitted %+v", b)
	}
	refused := a.RefusedRows()
	if len(refused) != 3 || refused[0].Tau != selfsame.MinTime || refused[0].Verdict != "schema" || refused[1].Row != `{"day":"2023-11-06","n":1}` {
		t.Errorf("refused %+v", refused)
	}
	static := &selfsame.Source{Name: "c", Schema: date.Schema[1:]}
	s := &eventlog.Append{Block: eventlog.Block{Source: static, Rows: &column.Batch{Fields: static.Schema, Columns: a.Rows.Columns[1:], Rows: 4}}}
	eventlog.Admit(s, 5)
	if s.Admitted == nil || s.Admitted.Rows != s.Rows || s.Admitted.Tau[3] != selfsame.MinTime || s.RefusedRows() != nil {
		t.Errorf("of a static source: %+v", s)
	}
}
