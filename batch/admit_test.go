// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

func span(micros int64) selfsame.Duration { return selfsame.Duration{Set: true, Micros: micros} }

// rowsOf is the piece of history that the columns are.
func rowsOf(cols []*column.Column) *piece {
	return &piece{Chunk: &source.Chunk{Batch: &column.Batch{Columns: cols, Rows: cols[0].Len()}}}
}

func admitAll(s *selfsame.Source, cols ...*column.Column) ([]verdict, []int64) {
	var t times
	newAdmitter(s).admit(&t, rowsOf(cols), cols)
	return t.verdicts, t.from
}

var tauAndArrival = []selfsame.Field{{Name: "at", Type: timeType}, {Name: "seen", Type: timeType}, {Name: "op", Type: textType}}

func TestAdmissionBoundsAreInside(t *testing.T) {
	const tau, hour, minute = 1_000_000_000_000, selfsame.Hour, selfsame.Minute
	seen := []any{tau + hour, tau + hour + 1, tau - minute, tau - minute - 1, tau, nil}
	at := slices.Repeat([]any{tau}, len(seen))
	for _, c := range []struct {
		name string
		src  selfsame.Source
		want []verdict
	}{
		{"no bounds", selfsame.Source{}, []verdict{admitted, admitted, admitted, admitted, admitted, admitted}},
		{"lateness alone", selfsame.Source{Lateness: span(hour)}, []verdict{admitted, late, admitted, admitted, admitted, admitted}},
		{"skew alone", selfsame.Source{Skew: span(minute)}, []verdict{admitted, admitted, admitted, early, admitted, admitted}},
		{"both", selfsame.Source{Lateness: span(hour), Skew: span(minute)}, []verdict{admitted, late, admitted, early, admitted, admitted}},
		{"nothing but at once", selfsame.Source{Lateness: span(0), Skew: span(0)}, []verdict{late, late, early, early, admitted, admitted}},
		{"the longest there is", selfsame.Source{Lateness: span(selfsame.MaxTime), Skew: span(selfsame.MaxTime)}, []verdict{admitted, admitted, admitted, admitted, admitted, admitted}},
	} {
		src := c.src
		src.Schema, src.EventTime, src.Arrival = tauAndArrival[:2], "at", "seen"
		got, from := admitAll(&src, columnOf(timeType, at...), columnOf(timeType, seen...))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if from[5] != selfsame.MaxTime || from[0] != tau+hour {
			t.Errorf("%s: known from %v", c.name, from)
		}
	}
}

func TestCorrectionsTakeThePlaceOfLateness(t *testing.T) {
	const day, hour = selfsame.DayLength, selfsame.Hour
	src := selfsame.Source{Schema: tauAndArrival, EventTime: "at", Arrival: "seen", Operation: "op", ID: "at", PrimaryKey: []string{"at"}, Lateness: span(hour), Corrections: span(day)}
	seen := columnOf(timeType, hour, hour+1, day, day+1, day, day+1, hour, hour, hour, nil)
	ops := columnOf(textType, "insert", "insert", "delete", "delete", "upsert", "upsert", "INSERT", "", nil, "delete")
	got, _ := admitAll(&src, columnOf(timeType, slices.Repeat([]any{0}, 10)...), seen, ops)
	want := []verdict{admitted, late, admitted, late, admitted, late, schema, schema, schema, admitted}
	if !slices.Equal(got, want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}
}

func TestAdmissionAtTheEndsOfTime(t *testing.T) {
	src := selfsame.Source{Schema: tauAndArrival[:2], EventTime: "at", Arrival: "seen", Lateness: span(selfsame.DayLength), Skew: span(selfsame.DayLength)}
	at := columnOf(timeType, selfsame.MaxTime, selfsame.MinTime, selfsame.MinTime, selfsame.MaxTime-1)
	got, _ := admitAll(&src, at, columnOf(timeType, selfsame.MaxTime-1, selfsame.MinTime, 0, selfsame.MinTime))
	if want := []verdict{admitted, admitted, late, early}; !slices.Equal(got, want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}
	delayed := selfsame.Source{Schema: tauAndArrival[:1], EventTime: "at", KnowledgeDelay: span(selfsame.Hour)}
	if _, from := admitAll(&delayed, at); from[0] != selfsame.MaxTime || from[1] != selfsame.MinTime+selfsame.Hour {
		t.Errorf("a delay saturates: %v", from)
	}
}

func TestKnowledgeWithoutAnArrivalColumn(t *testing.T) {
	at := columnOf(timeType, 5, nil, 7)
	plain := selfsame.Source{Schema: tauAndArrival[:1], EventTime: "at"}
	if v, from := admitAll(&plain, at); from != nil || !slices.Equal(v, []verdict{admitted, schema, admitted}) {
		t.Errorf("α is τ: %v, known from %v", v, from)
	}
	delayed := selfsame.Source{Schema: tauAndArrival[:1], EventTime: "at", KnowledgeDelay: span(100), Lateness: span(99)}
	if v, from := admitAll(&delayed, at); from[0] != 105 || !slices.Equal(v, []verdict{late, schema, late}) {
		t.Errorf("a delay above the lateness: %v, known from %v", v, from)
	}
	static := selfsame.Source{Schema: tauAndArrival[:1]}
	if v, from := admitAll(&static, at); from != nil || !slices.Equal(v, []verdict{admitted, admitted, admitted}) {
		t.Errorf("a static table: %v, %v", v, from)
	}
}

func TestDatesAreTheirFirstInstant(t *testing.T) {
	date := selfsame.Scalar(selfsame.Date)
	src := selfsame.Source{Schema: []selfsame.Field{{Name: "at", Type: date}, {Name: "seen", Type: date}}, EventTime: "at", Arrival: "seen", Lateness: span(selfsame.DayLength)}
	var tm times
	cols := []*column.Column{columnOf(date, 1, -1, 1), columnOf(date, 2, -1, 3)}
	newAdmitter(&src).admit(&tm, rowsOf(cols), cols)
	if !slices.Equal(tm.tau, []int64{selfsame.DayLength, -selfsame.DayLength, selfsame.DayLength}) || tm.from[0] != 2*selfsame.DayLength || !slices.Equal(tm.verdicts, []verdict{admitted, admitted, late}) {
		t.Errorf("%v, %v, %v", tm.tau, tm.from, tm.verdicts)
	}
}

// TestAdmitterForgets admits a second chunk in the memory of the first.
func TestAdmitterForgets(t *testing.T) {
	src := selfsame.Source{Schema: tauAndArrival[:2], EventTime: "at", Arrival: "seen", Lateness: span(1)}
	var tm times
	a := newAdmitter(&src)
	for _, cols := range [][]*column.Column{{columnOf(timeType, 0, nil, 0), columnOf(timeType, 9, 9, nil)}, {columnOf(timeType, 0, 0), columnOf(timeType, 1, 0)}} {
		a.admit(&tm, rowsOf(cols), cols)
	}
	if !slices.Equal(tm.verdicts, []verdict{admitted, admitted}) || !slices.Equal(tm.from, []int64{1, 0}) {
		t.Errorf("%v, %v", tm.verdicts, tm.from)
	}
}
