// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
	"selfsame/compute/pit"
	"selfsame/plan"
)

// TestOneKeyBeyondTheLimitIsNamed holds that the refusal of a key too large for the limit names the view and a row that asks about the key.
func TestOneKeyBeyondTheLimitIsNamed(t *testing.T) {
	call, err := aggregate.Bind(aggregate.Lookup("sum"), aggregate.CallSpec{Args: []selfsame.Type{intType}})
	if err != nil {
		t.Fatal(err)
	}
	spec := pit.Spec{Name: "spend", Columns: []selfsame.Type{intType}, Cells: []pit.Cell{{Call: call, Args: []int{0}, Filter: -1, Window: selfsame.Window{Kind: selfsame.Sliding, Length: 10}}}}
	ids := []uint32{0, 1, 2, 1}
	sweep, err := pit.New(spec, pit.Rows{Entity: ids, At: make([]int64, 4), Entities: 3}, pit.Options{Memory: 1, SpillDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	const block = 1 << 18
	b := &pit.Block{Entity: make([]uint32, block), Tau: make([]int64, block), Columns: []*column.Column{column.Make(intType, block)}}
	for i := range b.Entity {
		b.Entity[i] = 1
	}
	r := &runner{ids: [][]uint32{ids}, uses: []*useRun{{use: &plan.Use{View: &selfsame.FeatureView{Name: "spend"}}, sweep: sweep}}}
	defer r.close()
	if err := r.fits(); err != nil {
		t.Fatalf("no event does not fit: %v", err)
	}
	for i := range 12 {
		if err := sweep.Add(i, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.fits(); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.HasPrefix(err.Error(), "view spend, the key of row 1: one key is too large") {
		t.Errorf("3 million events of one key: %v", err)
	}
}
