// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"testing"

	"selfsame"
	"selfsame/column"
)

// TestEntityAsOfWithoutEventTimes asks an as-of view without asking for event times, before and after one that does.
func TestEntityAsOfWithoutEventTimes(t *testing.T) {
	ints := selfsame.Scalar(selfsame.Int64)
	e, err := NewEntity(Spec{Name: "v", Columns: []selfsame.Type{ints}, AsOf: true, TTL: -1})
	if err != nil {
		t.Fatal(err)
	}
	e.Load(&EntityEvents{Tau: []int64{5, 7}, Seq: []int64{0, 1}, Columns: []*column.Column{{Type: ints, Ints: []int64{50, 70}}}})
	for _, newest := range [][][]int64{nil, {nil}, nil} {
		out := column.New(ints, 0)
		if err := e.Eval(&Ask{At: []int64{6}}, []*column.Column{out}, newest); err != nil || out.Ints[0] != 50 {
			t.Errorf("%v, %v", out.Ints, err)
		}
		if newest != nil && newest[0][0] != 5 {
			t.Errorf("newest %v", newest)
		}
	}
}
