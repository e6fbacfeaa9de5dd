// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

const unknownArrival = selfsame.MaxTime

func payload(n uint64) xxh3.Uint128 { return xxh3.Uint128{Lo: n} }

// marksOf are "position fate of position" lines, with the end of the visibility where there is one.
func marksOf(res *resolution) []string {
	var out []string
	for _, m := range res.marks {
		s := fmt.Sprintf("%d %s of %d", m.pos, m.fate, m.by)
		if !m.drop {
			s += fmt.Sprintf(" until %d", m.until)
		}
		out = append(out, s)
	}
	return out
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestTheFirstCopyWins(t *testing.T) {
	copies := []copyOf{
		{id: "a", tau: 10, from: 30, pos: 1, payload: payload(1)},
		{id: "a", tau: 10, from: 20, pos: 7, payload: payload(1)}, // the earliest arrival
		{id: "a", tau: 10, from: unknownArrival, pos: 0, payload: payload(1)},
		{id: "a", tau: 10, from: 20, pos: 8, payload: payload(2)}, // another payload
		{id: "a", tau: 11, from: 20, pos: 2, payload: payload(1)}, // another time is another event
		{id: "b", tau: 10, from: 40, pos: 3, payload: payload(1)},
		{id: "b", tau: 10, from: 40, pos: 4, payload: payload(1)},
		{id: "", tau: 10, from: 1, pos: 5, payload: payload(1)},
		{id: "c", tau: 10, from: unknownArrival, pos: 6, payload: payload(1)},
		{id: "c", tau: 10, from: unknownArrival, pos: 9, payload: payload(3)},
	}
	rng := rand.New(rand.NewPCG(1, 3))
	for range 50 {
		rng.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
		res := &resolution{}
		res.markLosers(slices.Clone(copies))
		res.sort()
		same(t, "losers", marksOf(res), []string{"0 duplicate of 7", "1 duplicate of 7", "4 duplicate of 3", "8 conflict of 7", "9 conflict of 6"})
		if res.counts.Duplicate != 3 || res.counts.Conflict != 2 {
			t.Errorf("%d duplicates, %d conflicts", res.counts.Duplicate, res.counts.Conflict)
		}
	}
}

func TestIdsWithTwoTimes(t *testing.T) {
	var counts SourceCounts
	again := sharedIdentities([]identified{{hash: 1, tau: 5, pos: 9}, {hash: 2, tau: 5, pos: 1}, {hash: 1, tau: 6, pos: 2}, {hash: 3, tau: 1, pos: 4}, {hash: 3, tau: 1, pos: 3},
		{hash: 3, tau: 2, pos: 8}, {hash: 3, tau: 3, pos: 6}, {hash: 4, tau: 7, pos: 5}, {hash: 4, tau: 7, pos: 7}, {hash: 4, tau: 7, pos: 10}}, nil, &counts)
	slices.Sort(again)
	if got := slices.Compact(again); !slices.Equal(got, []source.Position{3, 4, 5, 7, 10}) || counts.TwoTimes != 2 {
		t.Errorf("rows to look at again: %v; %d ids with two times, want 2 (1 and 3)", got, counts.TwoTimes)
	}
}

func TestMarksWithin(t *testing.T) {
	r := &resolution{}
	for _, p := range []source.Position{2, 3, 7} {
		r.marks = append(r.marks, mark{pos: p})
	}
	for _, c := range []struct{ lo, hi, want int }{{0, 2, 0}, {0, 3, 1}, {2, 8, 3}, {3, 7, 1}, {4, 7, 0}, {7, 8, 1}, {8, 9, 0}} {
		if got := len(r.within(byArrival, source.Position(c.lo), source.Position(c.hi))); got != c.want {
			t.Errorf("[%d, %d) holds %d marks, want %d", c.lo, c.hi, got, c.want)
		}
	}
	if (*resolution)(nil).within(byArrival, 0, 9) != nil {
		t.Error("a source without a resolution has marks")
	}
}

func supersedeAll(rows []version, orders ...any) *resolution {
	v := &versionReader{src: &selfsame.Source{}}
	if orders != nil {
		v.orders = columnOf(intType, orders...)
	}
	res := &resolution{}
	for i := range rows {
		rows[i].order, rows[i].pos, rows[i].named = i, source.Position(i), true
	}
	v.supersede(rows, res)
	slices.SortFunc(res.marks, func(a, b mark) int { return int(a.pos - b.pos) })
	return res
}

const insert, remove, upsert = 'i', 'd', 'u'

func TestVersionsSupersedeInOrder(t *testing.T) {
	res := supersedeAll([]version{{from: 10, op: insert}, {from: 20, op: upsert}, {from: 30, op: remove}, {from: 40, op: upsert}})
	same(t, "log order", marksOf(res), []string{"0 superseded of 1 until 20", "1 deleted of 2 until 30", "2 superseded of 3 until 40"})
	if res.counts.Superseded != 0 {
		t.Errorf("%d superseded: each was visible for a while", res.counts.Superseded)
	}

	res = supersedeAll([]version{{from: 10, op: upsert}, {from: 20, op: upsert}, {from: 30, op: upsert}}, 1, 3, 2)
	same(t, "an older version that comes later", marksOf(res), []string{"0 superseded of 1 until 20", "2 superseded of 1 until 20"})
	if res.counts.Superseded != 1 {
		t.Errorf("%d superseded, want the one that came too late", res.counts.Superseded)
	}

	res = supersedeAll([]version{{from: 10, op: upsert}, {from: 20, op: upsert}, {from: 30, op: upsert}}, 5, nil, 5)
	same(t, "a null order ranks lowest, equal orders by the log", marksOf(res), []string{"0 superseded of 2 until 30", "1 superseded of 0 until 10"})

	res = supersedeAll([]version{{from: 10, op: upsert}, {from: unknownArrival, op: upsert}, {from: 30, op: upsert}})
	same(t, "a null arrival is known in final only", marksOf(res), []string{"0 superseded of 2 until 30", "1 superseded of 2 until 30"})
	res = supersedeAll([]version{{from: 10, op: upsert}, {from: unknownArrival, op: remove}})
	same(t, "a delete with a null arrival", marksOf(res), []string{fmt.Sprintf("0 deleted of 1 until %d", selfsame.MaxTime-1)})
}

func cancelAll(src *selfsame.Source, rows ...version) *resolution {
	res := &resolution{}
	for i := range rows {
		rows[i].pos, rows[i].named = source.Position(i), true
	}
	(&versionReader{src: src}).cancel(rows, res)
	slices.SortFunc(res.marks, func(a, b mark) int { return int(a.pos - b.pos) })
	return res
}

func TestDeletesCancelWithinTheirBounds(t *testing.T) {
	src := &selfsame.Source{Corrections: span(100), Skew: span(10)}
	del := version{tau: 0, from: 500, op: remove}
	res := cancelAll(src, version{tau: 400, from: 400, op: insert}, version{tau: 399, from: 399, op: insert}, version{tau: 510, from: 510, op: insert}, version{tau: 511, from: 511, op: insert}, del)
	same(t, "α - corrections <= τ <= α + skew", marksOf(res), []string{"0 deleted of 4 until 500", "2 deleted of 4 until 500"})

	res = cancelAll(&selfsame.Source{}, version{tau: selfsame.MinTime, from: 1, op: insert}, version{tau: selfsame.MaxTime - 1, from: 1, op: insert}, del)
	same(t, "without declared bounds", marksOf(res), []string{"0 deleted of 2 until 500", "1 deleted of 2 until 500"})

	res = cancelAll(src, version{tau: -9999, from: 1, op: insert}, version{tau: 450, from: 1, op: insert}, version{tau: 0, from: unknownArrival, op: remove}, del)
	same(t, "a delete with a null arrival has no bounds, and the earlier delete counts", marksOf(res),
		[]string{fmt.Sprintf("0 deleted of 2 until %d", selfsame.MaxTime-1), "1 deleted of 3 until 500"})

	res = cancelAll(src, version{tau: 450, from: 450, op: insert, payload: payload(1)}, version{tau: 450, from: 460, op: insert, payload: payload(2)}, del)
	same(t, "a copy that lost stays lost", marksOf(res), []string{"0 deleted of 2 until 500", "1 conflict of 0"})
	if res.counts.Conflict != 1 || res.counts.Duplicate != 0 {
		t.Errorf("%+v", res.counts)
	}
	if res := cancelAll(src, del, del); len(res.marks) != 0 {
		t.Errorf("deletes alone mark %q", marksOf(res))
	}
}

// TestContentLeavesTheArrivalOut holds that a retry with a later arrival is a duplicate, and one with other contents is not.
func TestContentLeavesTheArrivalOut(t *testing.T) {
	src := &selfsame.Source{Schema: []selfsame.Field{{Name: "id", Type: textType}, {Name: "seen", Type: timeType}, {Name: "x", Type: floatType}}, Arrival: "seen"}
	cols := []*column.Column{columnOf(textType, "a", "a", "a", "a"), columnOf(timeType, 1, 2, nil, 1), columnOf(floatType, 1.0, 1.0, 1.0, nil)}
	content := func(i int) string { return string(newAdmitter(src).appendContent(nil, cols, i)) }
	if content(0) != content(1) || content(0) != content(2) || content(0) == content(3) {
		t.Errorf("contents %x %x %x %x", content(0), content(1), content(2), content(3))
	}
	src.Arrival = ""
	if content(0) == content(1) {
		t.Error("a column that is no arrival is content")
	}
}
