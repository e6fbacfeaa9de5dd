// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"selfsame"
)

// every is one type of each kind, and nested ones.
var every = []selfsame.Type{
	{}, selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Float64), selfsame.DecimalOf(20, 3),
	selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Bytes), selfsame.Scalar(selfsame.Timestamp), selfsame.Scalar(selfsame.Date),
	selfsame.ListOf(selfsame.Scalar(selfsame.Int64)), selfsame.ListOf(selfsame.Scalar(selfsame.String)), selfsame.MapOf(selfsame.Scalar(selfsame.Float64)),
	selfsame.ListOf(selfsame.ListOf(selfsame.Scalar(selfsame.Date))), selfsame.MapOf(selfsame.ListOf(selfsame.Scalar(selfsame.Bytes))),
}

var missing = []selfsame.Status{selfsame.Null, selfsame.NotFound, selfsame.Expired, selfsame.ErrorOverflow, selfsame.ErrorMaxValues}

// draw returns a value of type t; gaps is how many of ten values are not there.
func draw(rng *rand.Rand, t selfsame.Type, gaps int) selfsame.Value {
	v := selfsame.Value{Type: t}
	if t.Kind == selfsame.Unknown {
		v.Status = selfsame.Null
		return v
	}
	if rng.IntN(10) < gaps {
		v.Status = missing[rng.IntN(len(missing))]
		return v
	}
	switch t.Kind {
	case selfsame.Bool:
		v.Int = int64(rng.IntN(2))
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		v.Int = []int64{selfsame.MinTime, -1, 0, 1, 7, selfsame.MaxTime}[rng.IntN(6)]
	case selfsame.Float64:
		v.Float = []float64{math.Inf(-1), -1.5, 0, 5e-324, 1e300, math.Inf(1)}[rng.IntN(6)]
	case selfsame.Decimal:
		v.Dec = selfsame.Int128{Hi: int64(rng.IntN(3)) - 1, Lo: rng.Uint64() >> 62}
	case selfsame.String, selfsame.Bytes:
		v.Str = strings.Repeat("\x00é"[rng.IntN(2):], rng.IntN(3))
	case selfsame.List, selfsame.Map:
		v.Elems = []selfsame.Value{}
		for i := range rng.IntN(4) {
			v.Elems = append(v.Elems, draw(rng, *t.Elem, gaps))
			if t.Kind == selfsame.Map {
				v.Keys = append(v.Keys, string(rune('a'+i)))
			}
		}
	}
	return v
}

func drawn(rng *rand.Rand, t selfsame.Type, n, gaps int) (*Column, []selfsame.Value) {
	c, values := New(t, rng.IntN(4)), []selfsame.Value{}
	for range n {
		values = append(values, draw(rng, t, gaps))
		c.Append(values[len(values)-1])
	}
	return c, values
}

// holds compares a column with the values that it should hold.
func holds(t *testing.T, what string, c *Column, want []selfsame.Value) {
	t.Helper()
	if c.Len() != len(want) || (c.Status != nil && len(c.Status) != len(want)) {
		t.Fatalf("%s of %s: %d values and %d statuses, want %d", what, c.Type, c.Len(), len(c.Status), len(want))
	}
	for i, w := range want {
		if got := c.Value(i); !reflect.DeepEqual(got, w) {
			t.Fatalf("%s of %s: value %d is %#v, want %#v", what, c.Type, i, got, w)
		}
	}
}

// TestMovingValuesKeepsThem appends values to columns in every way there is, onto empty columns and others, with and without statuses on
// either side.
func TestMovingValuesKeepsThem(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, typ := range every {
		for round := range 200 {
			gaps := []int{0, 4}
			dst, want := drawn(rng, typ, rng.IntN(5), gaps[round%2])
			src, values := drawn(rng, typ, 1+rng.IntN(8), gaps[round/2%2])
			holds(t, "Append", dst, want)
			switch round / 4 % 4 {
			case 0:
				for i, v := range values {
					dst.AppendFrom(src, i)
					want = append(want, v)
				}
				holds(t, "AppendFrom", dst, want)
			case 1:
				lo := rng.IntN(len(values) + 1)
				hi := lo + rng.IntN(len(values)+1-lo)
				dst.AppendRange(src, lo, hi)
				holds(t, "AppendRange", dst, append(want, values[lo:hi]...))
			case 2:
				idx := places(rng, len(values))
				dst.AppendGather(src, idx)
				holds(t, "AppendGather", dst, append(want, pick(values, idx)...))
			case 3:
				idx := places(rng, len(values))
				dst.Gather(src, idx)
				holds(t, "Gather", dst, pick(values, idx))
			}
			holds(t, "the source", src, values)
			dst.Reset()
			holds(t, "Reset", dst, nil)
			last := draw(rng, typ, 5)
			dst.Append(last) // memory that is used again holds nothing of before
			holds(t, "Append after Reset", dst, []selfsame.Value{last})
		}
	}
}

func places(rng *rand.Rand, n int) []uint32 {
	idx := make([]uint32, rng.IntN(2*n))
	for i := range idx {
		idx[i] = uint32(rng.IntN(n))
	}
	return idx
}

func pick(values []selfsame.Value, idx []uint32) []selfsame.Value {
	var out []selfsame.Value
	for _, i := range idx {
		out = append(out, values[i])
	}
	return out
}

func TestSetStatus(t *testing.T) {
	c := Make(selfsame.Scalar(selfsame.Int64), 3)
	copy(c.Ints, []int64{1, 2, 3})
	c.SetStatus(1, selfsame.Present)
	if c.Status != nil {
		t.Error("a column whose values are all there has no statuses")
	}
	c.SetStatus(1, selfsame.Expired)
	c.Append(selfsame.Value{Type: c.Type, Int: 4})
	c.AppendStatus(selfsame.Null)
	c.SetStatus(1, selfsame.Present)
	if got := []selfsame.Status{c.StatusAt(0), c.StatusAt(1), c.StatusAt(2), c.StatusAt(3), c.StatusAt(4)}; !reflect.DeepEqual(got, []selfsame.Status{0, 0, 0, 0, selfsame.Null}) {
		t.Errorf("statuses %v", got)
	}
	if v := c.Value(1); v.Int != 2 || c.Value(3).Int != 4 {
		t.Errorf("a status that comes and goes changed the values: %v", c.Ints)
	}
	s := New(selfsame.Scalar(selfsame.String), 0)
	s.AppendStatus(selfsame.Null)
	s.AppendBytes([]byte("a"))
	s.AppendBytes(nil)
	if s.StatusAt(0) != selfsame.Null || s.StatusAt(1) != selfsame.Present || string(s.Str(1)) != "a" || string(s.Str(2)) != "" || s.Len() != 3 {
		t.Errorf("AppendBytes after a null: %+v", s)
	}
}

func TestResizeDropsStatusesAndKeepsMemory(t *testing.T) {
	for _, typ := range every {
		switch typ.Kind {
		case selfsame.Bool, selfsame.Int64, selfsame.Float64, selfsame.Decimal, selfsame.Timestamp, selfsame.Date:
		default:
			continue
		}
		c := Make(typ, 5)
		c.SetStatus(4, selfsame.Null)
		for _, n := range []int{3, 0, 5, 9} {
			if c.Resize(n); c.Len() != n || c.Status != nil {
				t.Errorf("%s resized to %d has %d values and statuses %v", typ, n, c.Len(), c.Status)
			}
		}
	}
}

func TestBatch(t *testing.T) {
	fields := []selfsame.Field{{Name: "k", Type: selfsame.Scalar(selfsame.String)}, {Name: "x", Type: selfsame.Scalar(selfsame.Float64)}}
	a, b := NewBatch(fields, 2), NewBatch(fields, 0)
	for _, v := range []string{"p", "q"} {
		b.Columns[0].AppendBytes([]byte(v))
		b.Columns[1].AppendStatus(selfsame.Null)
		b.Rows++
	}
	a.Append(b)
	a.Append(b)
	if err := a.Check(); err != nil || a.Rows != 4 || string(a.Column("k").Str(3)) != "q" || a.Index("x") != 1 || a.Index("y") != -1 || a.Column("y") != nil {
		t.Errorf("%v, %+v", err, a)
	}
	a.Columns[1].Ints = nil
	a.Columns[1].Floats = a.Columns[1].Floats[:3]
	if err := a.Check(); err == nil || !strings.Contains(err.Error(), "column x has 3 values and 4 statuses in a batch of 4 rows") {
		t.Errorf("a column that is too short: %v", err)
	}
	b.Reset()
	if err := b.Check(); err != nil || b.Rows != 0 {
		t.Errorf("reset: %v, %d rows", err, b.Rows)
	}
}
