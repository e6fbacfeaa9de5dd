// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"selfsame"
)

func TestCompareOrder(t *testing.T) {
	null := func(t selfsame.Type) selfsame.Value { return selfsame.Value{Type: t, Status: selfsame.Null} }
	number := func(n int64) selfsame.Value { return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: n} }
	var floats, decimals, texts, lists, maps []selfsame.Value
	for _, f := range []float64{math.Inf(-1), -1e300, -5e-324, 0, 5e-324, 1, math.Inf(1), math.NaN()} {
		floats = append(floats, selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: f})
	}
	for _, d := range []selfsame.Int128{{Hi: math.MinInt64}, {Hi: -1, Lo: 0}, {Hi: -1, Lo: math.MaxUint64}, {}, {Lo: 1}, {Lo: math.MaxUint64}, {Hi: 1}, {Hi: math.MaxInt64, Lo: math.MaxUint64}} {
		decimals = append(decimals, selfsame.Value{Type: selfsame.DecimalOf(38, 0), Dec: d})
	}
	for _, s := range []string{"", "\x00", "A", "B", "a", "aa", "z", "é", "\xff"} {
		texts = append(texts, selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: s})
	}
	list, dict := selfsame.ListOf(selfsame.Scalar(selfsame.Int64)), selfsame.MapOf(selfsame.Scalar(selfsame.Int64))
	for _, l := range [][]selfsame.Value{{}, {null(*list.Elem)}, {number(1)}, {number(1), null(*list.Elem)}, {number(1), number(0)}, {number(2)}} {
		lists = append(lists, selfsame.Value{Type: list, Elems: l})
	}
	for _, m := range []struct {
		keys  []string
		elems []selfsame.Value
	}{{}, {[]string{"a"}, []selfsame.Value{number(9)}}, {[]string{"a", "b"}, []selfsame.Value{number(9), number(0)}}, {[]string{"b"}, []selfsame.Value{number(1)}}, {[]string{"b"}, []selfsame.Value{number(2)}}} {
		maps = append(maps, selfsame.Value{Type: dict, Keys: m.keys, Elems: m.elems})
	}
	for _, ascending := range [][]selfsame.Value{
		floats, decimals, texts, lists, maps, {number(math.MinInt64), number(-1), number(0), number(math.MaxInt64)},
		{{Type: selfsame.Scalar(selfsame.Bool)}, {Type: selfsame.Scalar(selfsame.Bool), Int: 1}},
	} {
		typ := ascending[0].Type
		c := New(typ, 0)
		c.AppendStatus(selfsame.Null) // what is not there ranks lowest
		for _, v := range ascending {
			c.Append(v)
		}
		for i := range c.Len() {
			for j := range c.Len() {
				if got, want := Compare(c, i, c, j), sign(i-j); got != want {
					t.Errorf("%s: %v against %v gives %d, want %d", typ, c.Value(i), c.Value(j), got, want)
				}
			}
		}
	}
}

func sign(n int) int { return min(max(n, -1), 1) }

func TestMissingValuesAreEqualWhateverTheirStatus(t *testing.T) {
	c := New(selfsame.Scalar(selfsame.Int64), 0)
	for _, s := range missing {
		c.AppendStatus(s)
	}
	c.Ints[1] = 77 // undefined, and nobody may read it
	for i := range c.Len() {
		if Compare(c, 0, c, i) != 0 || Compare(c, i, c, 0) != 0 {
			t.Errorf("a null against %s is not 0", c.StatusAt(i))
		}
	}
}

// TestCompareIsTotal draws triples: antisymmetric, transitive, and 0 exactly where the canonical bytes are equal.
func TestCompareIsTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, typ := range every {
		c, _ := drawn(rng, typ, 40, 2)
		d, _ := drawn(rng, typ, 40, 0)
		for range 4000 {
			i, j, k := rng.IntN(40), rng.IntN(40), rng.IntN(40)
			ab, ba := Compare(c, i, d, j), Compare(d, j, c, i)
			if ab != -ba {
				t.Fatalf("%s: %v and %v give %d and %d", typ, c.Value(i), d.Value(j), ab, ba)
			}
			if same := bytes.Equal(c.AppendFramed(nil, i), d.AppendFramed(nil, j)); same != (ab == 0) {
				t.Fatalf("%s: %v and %v compare as %d, equal bytes: %v", typ, c.Value(i), d.Value(j), ab, same)
			}
			if ab <= 0 && Compare(d, j, c, k) <= 0 && Compare(c, i, c, k) > 0 {
				t.Fatalf("%s: %v <= %v <= %v, but not the first and the last", typ, c.Value(i), d.Value(j), c.Value(k))
			}
		}
	}
}
