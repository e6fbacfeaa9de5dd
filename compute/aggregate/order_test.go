// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"testing"

	"selfsame"
	"selfsame/compute/exact"
)

// TestOrderOfEvents: τ, then the order field with null lowest, then the place, then the hash, unsigned.
func TestOrderOfEvents(t *testing.T) {
	null := selfsame.Value{Status: selfsame.Null}
	integer := func(i int64) selfsame.Value { return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: i} }
	ascending := []*Event{
		{Tau: math.MinInt64, Order: integer(9), Place: 9, Hash: 9},
		{Tau: -1, Order: integer(9), Place: 9, Hash: 9},
		{Tau: 0, Order: null, Place: 0, Hash: 1},
		{Tau: 0, Order: null, Place: 1, Hash: 0},
		{Tau: 0, Order: integer(math.MinInt64), Place: 0, Hash: 0},
		{Tau: 0, Order: integer(-1), Place: 2, Hash: 0},
		{Tau: 0, Order: integer(0), Place: 0, Hash: 7},
		{Tau: 0, Order: integer(0), Place: 1, Hash: 3},
		{Tau: 0, Order: integer(0), Place: 1, Hash: 1 << 63},
		{Tau: 1, Order: null},
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got := Less(a, b); got != (i < j) {
				t.Errorf("Less(%+v, %+v) = %v", *a, *b, got)
			}
		}
	}
}

// TestEncodings pins the bytes that are stored: a change of one is a change of format.
func TestEncodings(t *testing.T) {
	f64, i64, text := selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.String)
	q := []selfsame.Value{{Type: selfsame.DecimalOf(1, 1), Dec: selfsame.Int128{Lo: 5}}}
	two := []selfsame.Value{{Type: i64, Int: 2}}
	events := []*Event{
		{Tau: -1, Order: selfsame.Value{Type: i64, Int: 2}, Place: 1, Hash: 0x0102, Args: []selfsame.Value{{Type: i64, Int: 5}, {Type: text, Str: "b"}}},
		{Tau: 3, Order: selfsame.Value{Status: selfsame.Null}, Hash: 7, Args: []selfsame.Value{{Type: i64, Int: -3}, {Type: text, Str: ""}}},
		{Tau: 3, Order: selfsame.Value{Status: selfsame.Null}, Hash: 8, Args: []selfsame.Value{{Type: i64, Int: 5}, {Type: text, Str: "c"}}},
	}
	for _, c := range []struct {
		name string
		spec CallSpec
		want string
	}{
		{"min", CallSpec{Args: []selfsame.Type{i64}}, "01 05"},
		{"max", CallSpec{Args: []selfsame.Type{i64}}, "01 0a"},
		{"min", CallSpec{Args: []selfsame.Type{f64}}, "01 8000000000000000"},
		{"last", CallSpec{Args: []selfsame.Type{i64}}, "01 06 00 00 0000000000000008 0a"},
		{"first", CallSpec{Args: []selfsame.Type{i64}, Consts: two}, "02 01 02 04 01 0000000000000102 0a 06 00 00 0000000000000007 05"},
		{"arg_max", CallSpec{Args: []selfsame.Type{i64, text}}, "01 01 63 06 00 00 0000000000000008 0a"},
		{"time_since_last", CallSpec{}, "01 06"},
		{"percentile_disc", CallSpec{Args: []selfsame.Type{i64}, Consts: q}, "00 02 05 01 0a 02"},
		{"count", CallSpec{Args: []selfsame.Type{i64}, Distinct: true}, "00 02 05 0a"},
	} {
		c.spec.MaxValues = 3
		call, err := Bind(Lookup(c.name), c.spec)
		if err != nil {
			t.Fatal(err)
		}
		s := call.NewState()
		for _, e := range events {
			e := *e
			if len(c.spec.Args) > 0 && c.spec.Args[0].Kind == selfsame.Float64 {
				e.Args = []selfsame.Value{{Type: f64, Float: math.Copysign(0, -1)}}
			}
			s.Add(&e)
		}
		want, err := hex.DecodeString(strings.ReplaceAll(c.want, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.AppendTo(nil); !bytes.Equal(got, want) {
			t.Errorf("%s%v encodes to % x, want %s", c.name, c.spec.Args, got, c.want)
		}
	}
}

// TestDecodeRefuses: bytes that no state encodes to, and the offset that the error names.
func TestDecodeRefuses(t *testing.T) {
	f64, i64, boolean := selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Bool)
	q := []selfsame.Value{{Type: selfsame.DecimalOf(1, 1), Dec: selfsame.Int128{Lo: 5}}}
	one := func(t selfsame.Type) CallSpec { return CallSpec{Args: []selfsame.Type{t}} }
	for _, c := range []struct {
		name   string
		spec   CallSpec
		bytes  string
		offset int
	}{
		{"min", one(i64), "", 0},
		{"min", one(i64), "02", 0},
		{"min", one(i64), "0100ff", 2},
		{"min", one(f64), "017fffffffffffffff", 1}, // -0
		{"min", one(f64), "01fff8000000000002", 1}, // another NaN
		{"bool_or", one(boolean), "0102", 1},
		{"last", one(i64), "02", 0},
		{"last", one(i64), "01060b", 2},     // an order field that is a map
		{"last", one(i64), "0106042700", 3}, // decimal(39,0)
		{"percentile_disc", CallSpec{Args: one(i64).Args, Consts: q}, "0001" + "02" + "00", 3},
		{"percentile_disc", CallSpec{Args: one(i64).Args, Consts: q}, "0001" + "02" + "04", 3},
		{"percentile_disc", CallSpec{Args: one(i64).Args, Consts: q}, "0002" + "0201" + "0201", 4},
		{"count", CallSpec{Args: one(i64).Args, Distinct: true}, "0004", 1},
		{"count", CallSpec{Args: one(i64).Args, Distinct: true}, "00020402", 3},
		{"count", CallSpec{Args: one(i64).Args, Distinct: true}, "0100", 1},
	} {
		c.spec.MaxValues = 3
		call, err := Bind(Lookup(c.name), c.spec)
		if err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		var corrupt *exact.CorruptError
		if err := call.NewState().Decode(b); !errors.As(err, &corrupt) || corrupt.Offset != c.offset {
			t.Errorf("%s decodes %s: %v, want an error at byte %d", c.name, c.bytes, err, c.offset)
		}
	}
}
