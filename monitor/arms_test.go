// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/journal"
	"selfsame/registry"
)

var ticket = &registry.Experiment{Service: "fraud", Name: "ticket", Key: []string{"user_id"}, Arms: []registry.Arm{{Name: "control", Version: 1, Share: 9000}, {Name: "new", Version: 2, Share: 1000}}}

func dealt(request, arm string, version int64, rows int, numbers ...int) *journal.Record {
	return &journal.Record{Served: &journal.Served{RequestID: request, Shape: &journal.Shape{Service: "fraud", Version: version}, Experiment: "ticket", Variant: arm, Rows: rows, Numbers: numbers}}
}

func scored(request string, row int, v float64) *journal.Record {
	return &journal.Record{Prediction: &journal.Prediction{RequestID: request, Row: row, Score: selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Status: selfsame.Present, Float: v}}}
}

func came(request string, row int, v bool) *journal.Record {
	o := &journal.Outcome{RequestID: request, Row: row, Label: selfsame.Value{Type: selfsame.Scalar(selfsame.Bool), Status: selfsame.Present}}
	if v {
		o.Label.Int = 1
	}
	return &journal.Record{Outcome: o}
}

func counted(most int, records ...*journal.Record) []string {
	c := newArmCounter(ticket, most)
	for _, r := range records {
		c.add(r)
	}
	var out []string
	text := func(m *float64) string {
		if m == nil {
			return "-"
		}
		return fmt.Sprint(*m)
	}
	for _, a := range c.finish().Arms {
		out = append(out, fmt.Sprintf("%s: %d requests, %d rows, %d scores %s, %d outcomes %s", a.Name, a.Requests, a.Rows, a.Predictions, text(a.Score), a.Outcomes, text(a.Outcome)))
	}
	return out
}

// TestArms splits a journal by arms: a request with rows of both, a row with two predictions, one that was answered twice, and what belongs to neither arm.
func TestArms(t *testing.T) {
	other := dealt("x", "control", 1, 5)
	other.Served.Experiment = "another"
	service := dealt("y", "control", 1, 5)
	service.Served.Shape.Service = "risk"
	got := counted(100, other, service, dealt("z", "control", 7, 5), // the arm had another version before
		dealt("a", "control", 1, 2, 0, 2), dealt("a", "new", 2, 1, 1), scored("a", 0, 0.25), scored("a", 0, 0.5), scored("a", 2, 0.25), scored("a", 1, math.NaN()),
		came("a", 0, true), came("a", 2, false), scored("nobody", 0, 9), came("a", 9, true),
		dealt("b", "new", 2, 1), dealt("b", "new", 2, 1), scored("b", 0, 4), &journal.Record{Prediction: &journal.Prediction{RequestID: "b", Row: 1}})
	want := []string{"control: 1 requests, 2 rows, 2 scores 0.375, 2 outcomes 0.5", "new: 3 requests, 3 rows, 2 scores 4, 0 outcomes -"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestArmsForgetTheOldest lets two rows wait: what comes for one before them is not counted, what came in time is.
func TestArmsForgetTheOldest(t *testing.T) {
	got := counted(2, dealt("a", "control", 1, 1), scored("a", 0, 1), dealt("b", "control", 1, 1), dealt("c", "control", 1, 1), scored("a", 0, 5), came("a", 0, true), scored("b", 0, 2),
		dealt("b", "control", 1, 1), scored("c", 0, 3), dealt("d", "control", 1, 1), scored("b", 0, 4), came("c", 0, true))
	if again := counted(3, dealt("a", "new", 2, 1), dealt("b", "control", 1, 1), dealt("b", "control", 1, 1), dealt("c", "new", 2, 1), dealt("d", "new", 2, 1), scored("b", 0, 7)); again[0] !=
		"control: 2 requests, 2 rows, 1 scores 7, 0 outcomes -" {
		t.Errorf("a request that was answered again, and of which the first answer is forgotten: %s", again[0])
	}
	want := []string{"control: 5 requests, 5 rows, 4 scores 2.5, 0 outcomes -", "new: 0 requests, 0 rows, 0 scores -, 0 outcomes -"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
