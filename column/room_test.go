// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"testing"

	"selfsame"
)

// TestRoom: a column has room up to the greatest number that its offsets hold, at any depth.
func TestRoom(t *testing.T) {
	text := selfsame.Scalar(selfsame.String)
	value := selfsame.Value{Type: text, Str: "abc"}
	nested := func(typ selfsame.Type, elem selfsame.Value) selfsame.Value {
		v := selfsame.Value{Type: typ, Elems: []selfsame.Value{elem}}
		if typ.Kind == selfsame.Map {
			v.Keys = []string{"abcd"}
		}
		return v
	}
	lists := selfsame.ListOf(selfsame.Scalar(selfsame.Bool))
	for _, c := range []struct {
		v    selfsame.Value
		most uint64 // that two of them need
	}{
		{value, 6}, {nested(selfsame.ListOf(text), value), 6}, {nested(selfsame.MapOf(text), value), 8}, {nested(lists, selfsame.Value{Type: *lists.Elem}), 2},
		{nested(selfsame.ListOf(selfsame.ListOf(text)), nested(selfsame.ListOf(text), value)), 6}, {selfsame.Value{Type: selfsame.Scalar(selfsame.Int64)}, 0},
	} {
		a := New(c.v.Type, 1)
		a.Append(c.v)
		if !a.within(a, c.most) || c.most > 0 && a.within(a, c.most-1) {
			t.Errorf("%s: two do not need %d", c.v.Type, c.most)
		}
		if !a.HasRoom(a) {
			t.Errorf("%s: no room", c.v.Type)
		}
	}
}
