// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"bytes"
	"sort"

	"selfsame"
	"selfsame/column"
)

// index types list[i] and map['key']. A place beyond the list, 0, and a missing key are null.
func (c *checker) index(n *Index) *step {
	x, key := c.node(n.X), c.node(n.Key)
	var want selfsame.Type
	switch x.typ.Kind {
	case selfsame.List:
		want = intType
	case selfsame.Map:
		want = stringType
	default:
		c.fail(n, "[ ] takes an element of a list or map, not of "+x.typ.String(), "")
	}
	if key.typ.Kind != selfsame.Unknown && !key.typ.Equal(want) {
		c.fail(n.Key, "the index of a "+x.typ.String()+" is "+want.String()+", not "+key.typ.String(), "")
	}
	key = c.convert(n.Key, key, want)
	return c.fold(indexStep(*x.typ.Elem, x, key), x, key)
}

func indexStep(t selfsame.Type, x, key *step) *step {
	return &step{typ: t, slot: -1, build: func(b *builder) run {
		left, right, out := x.build(b), key.build(b), column.New(t, 0)
		return func(in *Input) *column.Column {
			a, k := left(in), right(in)
			out.Reset()
			for i := range in.Rows {
				st := max(a.StatusAt(i), k.StatusAt(i))
				j := -1
				if st == selfsame.Present {
					st = selfsame.Null
					j = element(a, k, i)
				}
				if j < 0 {
					out.AppendStatus(st)
				} else {
					out.AppendFrom(a.Elems, j)
				}
			}
			return out
		}
	}}
}

// element is the place in a.Elems that row i asks for, or -1.
func element(a, k *column.Column, i int) int {
	lo, hi := int(a.Offsets[i]), int(a.Offsets[i+1])
	if a.Keys == nil {
		switch n := k.Ints[i]; {
		case n >= 1 && n <= int64(hi-lo):
			return lo + int(n) - 1
		case n <= -1 && n >= -int64(hi-lo):
			return hi + int(n)
		}
		return -1
	}
	want := k.Str(i)
	j := lo + sort.Search(hi-lo, func(j int) bool { return bytes.Compare(a.Keys.Str(lo+j), want) >= 0 })
	if j < hi && bytes.Equal(a.Keys.Str(j), want) {
		return j
	}
	return -1
}
