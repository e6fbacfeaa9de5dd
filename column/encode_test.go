// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"selfsame"
)

// TestCanonicalBytes pins docs/format/payload.md: these bytes are contract.
func TestCanonicalBytes(t *testing.T) {
	number := func(n int64) selfsame.Value { return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: n} }
	text := func(s string) selfsame.Value { return selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: s} }
	null := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Status: selfsame.Null}
	for _, c := range []struct {
		name         string
		v            selfsame.Value
		bare, framed string
	}{
		{"false", selfsame.Value{Type: selfsame.Scalar(selfsame.Bool)}, "00", "01 00"},
		{"true", selfsame.Value{Type: selfsame.Scalar(selfsame.Bool), Int: 1}, "01", "01 01"},
		{"int64", number(258), "0000000000000102", "01 0000000000000102"},
		{"negative", number(-2), "fffffffffffffffe", "01 fffffffffffffffe"},
		{"timestamp", selfsame.Value{Type: selfsame.Scalar(selfsame.Timestamp), Int: -1}, "ffffffffffffffff", "01 ffffffffffffffff"},
		{"date", selfsame.Value{Type: selfsame.Scalar(selfsame.Date), Int: 19723}, "0000000000004d0b", "01 0000000000004d0b"},
		{"float", selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: 1.5}, "3ff8000000000000", "01 3ff8000000000000"},
		{"infinity", selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: math.Inf(-1)}, "fff0000000000000", "01 fff0000000000000"},
		{"decimal", selfsame.Value{Type: selfsame.DecimalOf(10, 2), Dec: selfsame.Int128{Hi: -1, Lo: math.MaxUint64 - 1}}, "fffffffffffffffffffffffffffffffe", "01 fffffffffffffffffffffffffffffffe"},
		{"string", text("a,é"), "612cc3a9", "01 04 612cc3a9"},
		{"empty", text(""), "", "01 00"},
		{"long", text(strings.Repeat("a", 300)), strings.Repeat("61", 300), "01 ac02" + strings.Repeat("61", 300)},
		{"bytes", selfsame.Value{Type: selfsame.Scalar(selfsame.Bytes), Str: "\x00\xff"}, "00ff", "01 02 00ff"},
		{"list", selfsame.Value{Type: selfsame.ListOf(null.Type), Elems: []selfsame.Value{number(1), null}}, "02 01 0000000000000001 00", "01 02 01 0000000000000001 00"},
		{"empty list", selfsame.Value{Type: selfsame.ListOf(null.Type)}, "00", "01 00"},
		{"map", selfsame.Value{Type: selfsame.MapOf(null.Type), Keys: []string{"a", "bc"}, Elems: []selfsame.Value{number(1), null}},
			"02 01 01 61 01 0000000000000001 01 02 6263 00", "01 02 01 01 61 01 0000000000000001 01 02 6263 00"},
		{"list of strings", selfsame.Value{Type: selfsame.ListOf(text("").Type), Elems: []selfsame.Value{text("x"), text("")}}, "02 01 01 78 01 00", "01 02 01 01 78 01 00"},
	} {
		col := New(c.v.Type, 0)
		col.AppendStatus(selfsame.Null)
		col.Append(c.v)
		if got := hex.EncodeToString(col.AppendBare(nil, 1)); got != strings.ReplaceAll(c.bare, " ", "") {
			t.Errorf("%s: bare %s, want %s", c.name, got, c.bare)
		}
		if got := hex.EncodeToString(col.AppendFramed([]byte{0xee}, 1)); got != "ee"+strings.ReplaceAll(c.framed, " ", "") {
			t.Errorf("%s: framed after ee %s, want %s", c.name, got, c.framed)
		}
		if got := hex.EncodeToString(col.AppendFramed(nil, 0)); got != "00" {
			t.Errorf("%s: a null is %s, want 00", c.name, got)
		}
	}
}

func TestNullsHaveOneFrame(t *testing.T) {
	for _, typ := range every {
		c := New(typ, 0)
		for _, s := range missing {
			c.AppendStatus(s)
		}
		for i := range c.Len() {
			if got := hex.EncodeToString(c.AppendFramed(nil, i)); got != "00" {
				t.Errorf("%s, %s: %s, want 00", typ, c.StatusAt(i), got)
			}
		}
	}
}

// TestDecodedFrames: what AppendFramed writes of scalars is read back, bit for bit, and nothing else is.
func TestDecodedFrames(t *testing.T) {
	for _, typ := range []selfsame.Type{selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Date), selfsame.Scalar(selfsame.Timestamp),
		selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Bytes), selfsame.DecimalOf(10, 2)} {
		in := New(typ, 0)
		in.Append(selfsame.Value{Type: typ, Int: 1, Float: math.Inf(-1), Str: "a\x00é", Dec: selfsame.Int128{Hi: -1, Lo: 3}})
		in.Append(selfsame.Value{Type: typ})
		in.Append(selfsame.Value{Type: typ, Status: selfsame.Null})
		var b []byte
		for i := range in.Len() {
			b = in.AppendFramed(b, i)
		}
		out, ok := New(typ, 0), false
		for rest := b; len(rest) > 0; {
			if rest, ok = out.AppendDecoded(rest); !ok {
				t.Fatalf("%s: %x is not read at %x", typ, b, rest)
			}
		}
		var again []byte
		for i := range out.Len() {
			again = out.AppendFramed(again, i)
		}
		if string(again) != string(b) {
			t.Errorf("%s: got %x, want %x", typ, again, b)
		}
		first := in.AppendFramed(nil, 0)
		for n := range first {
			if _, ok := New(typ, 0).AppendDecoded(first[:n]); ok {
				t.Errorf("%s: %x was read", typ, first[:n])
			}
		}
	}
	if _, ok := New(selfsame.Scalar(selfsame.Int64), 0).AppendDecoded([]byte{2, 0, 0, 0, 0, 0, 0, 0, 0}); ok {
		t.Error("a frame of no known kind was read")
	}
	if _, ok := New(selfsame.ListOf(selfsame.Scalar(selfsame.Int64)), 0).AppendDecoded([]byte{1, 0}); ok {
		t.Error("a list was read")
	}
}
