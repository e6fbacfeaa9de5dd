// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/pit"
)

var (
	intType   = selfsame.Scalar(selfsame.Int64)
	textType  = selfsame.Scalar(selfsame.String)
	floatType = selfsame.Scalar(selfsame.Float64)
	timeType  = selfsame.Scalar(selfsame.Timestamp)
	null      = selfsame.Value{Status: selfsame.Null}
)

// columnOf holds Go values: int, float64, string, bool, nil for null.
func columnOf(t selfsame.Type, values ...any) *column.Column {
	c := column.New(t, 0)
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			c.AppendStatus(selfsame.Null)
		case int:
			c.Append(selfsame.Value{Type: t, Int: int64(v)})
		case int64:
			c.Append(selfsame.Value{Type: t, Int: v})
		case float64:
			c.Append(selfsame.Value{Type: t, Float: v})
		case string:
			c.Append(selfsame.Value{Type: t, Str: v})
		}
	}
	return c
}

func TestCompositeKeysAreNeverJoined(t *testing.T) {
	left := columnOf(textType, "1", "11", "", "a", "a\x00", "", nil, "1", "11", "b", "", nil)
	right := columnOf(textType, "11", "1", "a", "", "", "", "1", "11", "1", nil, "a", nil)
	k := newKeyTable([]selfsame.Type{textType, textType})
	ids := k.add(nil, []*column.Column{left, right}, 12)
	none := uint32(pit.NoEntity)
	want := []uint32{0, 1, 2, 3, 4, 5, none, 0, 1, none, 2, none}
	if !slices.Equal(ids, want) || k.len() != 6 {
		t.Errorf("keys %v, want %v; %d keys", ids, want, k.len())
	}
	found := make([]uint32, 12)
	if nulls := k.lookup(found, []*column.Column{left, right}, &keyScratch{}); nulls != 3 || !slices.Equal(found, want) {
		t.Errorf("looked up %v with %d nulls, want %v with 3", found, nulls, want)
	}
	mixed := newKeyTable([]selfsame.Type{intType, textType})
	ids = mixed.add(nil, []*column.Column{columnOf(intType, 1, 11, 1), columnOf(textType, "11", "1", "11")}, 3)
	if !slices.Equal(ids, []uint32{0, 1, 0}) {
		t.Errorf("(1,'11') and (11,'1') are %v", ids)
	}
}

func TestKeysNotInTheTableAreNoEntity(t *testing.T) {
	for _, typ := range []selfsame.Type{intType, timeType, selfsame.Scalar(selfsame.Date), textType, selfsame.Scalar(selfsame.Bytes), floatType, selfsame.Scalar(selfsame.Bool)} {
		value := func(i int) selfsame.Value {
			return selfsame.Value{Type: typ, Int: int64(i), Float: float64(i), Str: fmt.Sprint(i)}
		}
		c := column.New(typ, 0)
		for _, v := range []selfsame.Value{value(0), null, value(1)} {
			c.Append(v)
		}
		k := newKeyTable([]selfsame.Type{typ})
		got := make([]uint32, 3)
		if nulls := k.lookup(got, []*column.Column{c}, &keyScratch{}); nulls != 1 || !slices.Equal(got, slices.Repeat([]uint32{pit.NoEntity}, 3)) {
			t.Errorf("%s: an empty table holds %v, %d nulls", typ, got, nulls)
		}
		if ids := k.add(nil, []*column.Column{c}, 1); !slices.Equal(ids, []uint32{0}) {
			t.Errorf("%s: %v", typ, ids)
		}
		if nulls := k.lookup(got, []*column.Column{c}, &keyScratch{}); nulls != 1 || !slices.Equal(got, []uint32{0, pit.NoEntity, pit.NoEntity}) {
			t.Errorf("%s: looked up %v with %d nulls", typ, got, nulls)
		}
	}
}

// TestKeyTableGrows numbers many keys in the order of their first appearance, as a map does, over several growths.
func TestKeyTableGrows(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	pool := []int64{math.MinInt64, -1, 0, 1, math.MaxInt64}
	for range 20_000 {
		pool = append(pool, rng.Int64()<<(rng.IntN(40)))
	}
	ints, texts := column.New(intType, 0), column.New(textType, 0)
	numbers := map[int64]uint32{}
	var want []uint32
	for range 60_000 {
		v := pool[rng.IntN(len(pool))]
		if _, ok := numbers[v]; !ok {
			numbers[v] = uint32(len(numbers))
		}
		want = append(want, numbers[v])
		ints.Append(selfsame.Value{Type: intType, Int: v})
		texts.Append(selfsame.Value{Type: textType, Str: fmt.Sprint(v)})
	}
	for _, cols := range [][]*column.Column{{ints}, {texts}, {ints, texts}} {
		var types []selfsame.Type
		for _, c := range cols {
			types = append(types, c.Type)
		}
		k := newKeyTable(types)
		got := k.add(nil, cols, len(want))
		found := make([]uint32, len(want))
		nulls := k.lookup(found, cols, &keyScratch{})
		if !slices.Equal(got, want) || !slices.Equal(found, want) || k.len() != len(numbers) || nulls != 0 {
			t.Errorf("%v: %d keys of %d, or other numbers", types, k.len(), len(numbers))
		}
	}
}

// TestNearKeysAreNumberedInOrder holds that keys which lie close together get the numbers of their first appearance, few of them in a wide
// range too, and that keys can be added and looked up after.
func TestNearKeysAreNumberedInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	for name, keys := range map[string][]int64{"many": make([]int64, 3000), "few": make([]int64, 4)} {
		least := int64(math.MaxInt64 - 10_000)
		for i := range keys {
			keys[i] = least + int64(i)*int64(10_000/len(keys))
		}
		ints, numbers, want := column.New(intType, 0), map[int64]uint32{}, []uint32{}
		add := func(v int64) {
			if _, ok := numbers[v]; !ok {
				numbers[v] = uint32(len(numbers))
			}
			ints.Ints, want = append(ints.Ints, v), append(want, numbers[v])
		}
		for range 10_000 {
			add(keys[rng.IntN(len(keys))])
		}
		k := newKeyTable([]selfsame.Type{intType})
		got := k.add(nil, []*column.Column{ints}, len(want))
		if near := name == "many"; !slices.Equal(got, want) || k.len() != len(numbers) || near != (k.near != nil) {
			t.Fatalf("%s: %d keys of %d, near %v, or other numbers", name, k.len(), len(numbers), k.near != nil)
		}
		ints.Reset()
		want = want[:0]
		for _, v := range []int64{keys[1], math.MinInt64, keys[0], 0, math.MinInt64} {
			add(v)
		}
		if got := k.add(nil, []*column.Column{ints}, len(want)); !slices.Equal(got, want) {
			t.Errorf("%s: further keys are numbers %v, want %v", name, got, want)
		}
		k.settle()
		found := make([]uint32, len(want))
		if k.lookup(found, []*column.Column{ints}, &keyScratch{}); !slices.Equal(found, want) {
			t.Errorf("%s: looked up %v, want %v", name, found, want)
		}
	}
}

// TestSettledKeys looks up what is there and what is not, in tables whose keys lie close together and far apart, at the ends of int64 too.
func TestSettledKeys(t *testing.T) {
	for name, values := range map[string][]int64{
		"counted":  {7, 3, 5, 4, 3, 9},
		"one":      {-4},
		"far":      {1, 1 << 40, -1 << 40},
		"lowest":   {math.MinInt64, math.MinInt64 + 2},
		"greatest": {math.MaxInt64, math.MaxInt64 - 1},
		"both":     {math.MinInt64, math.MaxInt64, 0},
		"none":     {},
	} {
		k := newKeyTable([]selfsame.Type{intType})
		c := column.New(intType, 0)
		c.Ints = values
		k.add(nil, []*column.Column{c}, len(values))
		asked := append([]int64{0, -1, 6, 8, 10, 1023, math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MaxInt64 - 2}, values...)
		in := column.New(intType, 0)
		in.Ints = asked
		want := make([]uint32, len(asked))
		k.lookup(want, []*column.Column{in}, &keyScratch{})
		k.settle()
		if near := name != "far" && name != "both" && name != "none"; near != (k.near != nil) {
			t.Errorf("%s: near is %v", name, k.near != nil)
		}
		got := make([]uint32, len(asked))
		if nulls := k.lookup(got, []*column.Column{in}, &keyScratch{}); nulls != 0 || !slices.Equal(got, want) {
			t.Errorf("%s: looked up %v, want %v", name, got, want)
		}
		more := column.New(intType, 0)
		more.Ints = []int64{6}
		if id := k.add(nil, []*column.Column{more}, 1)[0]; int(id) != k.len()-1 {
			t.Errorf("%s: a further key is number %d of %d", name, id, k.len())
		}
		if k.lookup(got, []*column.Column{in}, &keyScratch{}); got[2] == pit.NoEntity {
			t.Errorf("%s: a key added later is not found", name)
		}
	}
}
