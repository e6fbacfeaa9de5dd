// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// This file holds kernels that follow an entity, as one that a server keeps, against kernels that are loaded for the one question.

// catalogueTypes are the columns of the events: a key, a number, a balance, a list, two truths, a filter, and a count.
var catalogueTypes = []selfsame.Type{
	selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Float64), selfsame.DecimalOf(38, 2), selfsame.ListOf(selfsame.Scalar(selfsame.Float64)),
	selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.Int64),
}

const catalogueFilter = 5

// catalogueCell is a call that binds, and the columns that it takes.
type catalogueCell struct {
	name string
	call *aggregate.Call
	args []int
}

// catalogue binds every aggregation of the language to every choice of columns, up to two, and the constants that it takes.
func catalogue(t testing.TB, keepNaN bool) (cells []catalogueCell) {
	t.Helper()
	var choices [][]int
	for i := range catalogueTypes {
		if choices = append(choices, []int{i}); i == catalogueFilter {
			continue
		}
		for _, j := range []int{0, 1, 6} {
			choices = append(choices, []int{i, j})
		}
	}
	choices = append(choices, nil)
	whole := func(i int64) selfsame.Value { return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: i} }
	text := func(s string) selfsame.Value { return selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: s} }
	half := selfsame.Value{Type: selfsame.DecimalOf(1, 1), Dec: selfsame.Int128{Lo: 5}}
	constants := [][]selfsame.Value{nil, {whole(3)}, {half}, {text(",")}, {whole(2), text("k1"), text("k2"), text("k3")}}
	for _, f := range aggregate.All() {
		before := len(cells)
		for _, args := range choices {
			for _, consts := range constants {
				for _, respect := range []bool{false, true} {
					spec := aggregate.CallSpec{Consts: consts, MaxValues: 150, KeepNaN: keepNaN, RespectNulls: respect, Star: args == nil && f.Name == "count"}
					spec.Distinct = f.Name == "count(distinct)"
					for _, a := range args {
						spec.Args = append(spec.Args, catalogueTypes[a])
					}
					call, err := aggregate.Bind(f, spec)
					if err != nil {
						spec.HalfLife, spec.Step = 42, 7
						call, err = aggregate.Bind(f, spec)
					}
					if err == nil {
						cells = append(cells, catalogueCell{fmt.Sprint(f.Name, args, len(consts), respect), call, args})
					}
				}
			}
		}
		if len(cells) == before {
			t.Errorf("%s binds to nothing", f.Name)
		}
	}
	return cells
}

var resumedWindows = []selfsame.Window{
	{}, {Kind: selfsame.Sliding, Length: 40}, {Kind: selfsame.Sliding, Length: 300}, {Kind: selfsame.Sliding, Length: 150, Offset: 9}, {Kind: selfsame.LastRows, Rows: 90, Skip: 2},
	{Kind: selfsame.Session, Gap: 12, Max: 200},
}

// follower is an entity that events come to, go from and are asked of.
type follower struct {
	cells []catalogueCell
	spec  Spec
	kept  *Entity
	rows  *EntityEvents // what there is
	now   int64
}

func newFollower(t *testing.T, r *rand.Rand, cells []catalogueCell) *follower {
	f := &follower{cells: cells, spec: Spec{Name: "v", Columns: catalogueTypes, NeedOrder: true}, rows: &EntityEvents{}}
	for _, c := range cells {
		for _, w := range resumedWindows {
			f.spec.Cells = append(f.spec.Cells, Cell{Call: c.call, Args: c.args, Filter: -1, Window: w})
		}
		if r.IntN(2) == 0 {
			f.spec.Cells[len(f.spec.Cells)-1-r.IntN(len(resumedWindows))].Filter = catalogueFilter
		}
	}
	for _, a := range catalogueTypes {
		f.rows.Columns = append(f.rows.Columns, column.New(a, 0))
	}
	f.kept = newTestEntity(t, f.spec)
	return f
}

// come lets an event come in: mostly the newest, sometimes of the time of another, sometimes late.
func (f *follower) come(r *rand.Rand) {
	tau := f.now
	switch r.IntN(30) {
	case 0:
		tau = max(0, f.now-r.Int64N(100))
	case 1, 2, 3:
	case 4:
		f.now += 13
		tau = f.now
	default:
		f.now += r.Int64N(4)
		tau = f.now
	}
	n := f.rows.len()
	f.rows.Tau, f.rows.Seq, f.rows.Alpha = append(f.rows.Tau, tau), append(f.rows.Seq, int64(n)), append(f.rows.Alpha, f.now+50)
	f.rows.UntilSeq, f.rows.UntilAlpha = append(f.rows.UntilSeq, selfsame.MaxTime), append(f.rows.UntilAlpha, selfsame.MaxTime)
	f.rows.Hash = append(f.rows.Hash, r.Uint64())
	for i, a := range catalogueTypes {
		f.rows.Columns[i].Append(catalogueValue(r, a))
	}
	one := f.rows.row(n)
	one.Tau[0], one.Seq[0], one.Alpha[0], one.Hash = tau, int64(n), f.rows.Alpha[n], f.rows.Hash[n:]
	f.kept.Append(one)
}

func catalogueValue(r *rand.Rand, a selfsame.Type) selfsame.Value {
	v := selfsame.Value{Type: a}
	if r.IntN(25) == 0 {
		v.Status = selfsame.Null
		return v
	}
	switch a.Kind {
	case selfsame.String:
		v.Str = fmt.Sprint("k", r.IntN(1+r.IntN(90)))
	case selfsame.Float64:
		v.Float = float64(r.IntN(4000)) / 16
		if r.IntN(12) == 0 {
			v.Float = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e16, -1e300, 5e-324, 0}[r.IntN(7)]
		}
	case selfsame.Decimal:
		v.Dec = selfsame.Int128{Hi: int64(r.IntN(2)) - 1, Lo: uint64(r.IntN(1000))}
		if r.IntN(2) == 0 {
			v.Dec = selfsame.Int128{Lo: uint64(r.IntN(1000))}
		}
	case selfsame.List:
		for range 2 + r.IntN(8)/7 {
			v.Elems = append(v.Elems, selfsame.Value{Type: *a.Elem, Float: float64(r.IntN(50))})
		}
	case selfsame.Bool:
		v.Int = int64(min(1, r.IntN(9)))
	default:
		v.Int = int64(r.IntN(500)) - 20
		if r.IntN(60) == 0 {
			v.Int = []int64{math.MaxInt64, math.MinInt64}[r.IntN(2)]
		}
	}
	return v
}

// goes lets an event go that came not long ago.
func (f *follower) goes(r *rand.Rand) {
	n := f.rows.len()
	i := max(0, n-1-r.IntN(40))
	if f.rows.UntilSeq[i] == selfsame.MaxTime {
		f.rows.UntilSeq[i], f.rows.UntilAlpha[i] = int64(n), f.now+51
		f.kept.Retract(int64(i), f.rows.UntilSeq[i], f.rows.UntilAlpha[i])
	}
}

// check asks the entity and one that is loaded for the question.
func (f *follower) check(t *testing.T, r *rand.Rand) {
	t.Helper()
	ask := &Ask{At: []int64{f.now + 1}, Known: []int64{selfsame.MaxTime - 1}}
	if r.IntN(6) == 0 {
		ask.At = []int64{f.now - r.Int64N(60), f.now + 1, f.now + 20}
		ask.Known = []int64{int64(f.rows.len()), int64(f.rows.len()), int64(f.rows.len())}
	}
	for range 1 + r.IntN(3) {
		ask.Cells = append(ask.Cells, r.IntN(len(f.spec.Cells)))
	}
	if slices.Sort(ask.Cells); r.IntN(3) == 0 || len(slices.Compact(slices.Clone(ask.Cells))) < len(ask.Cells) {
		ask.Cells = nil
	}
	fresh := newTestEntity(t, f.spec)
	fresh.Load(f.rows)
	got, want := f.answer(t, f.kept, ask), f.answer(t, fresh, ask)
	for i := range got {
		cell := i
		if ask.Cells != nil {
			cell = ask.Cells[i]
		}
		for k := range ask.At {
			if g, w := got[i].Value(k), want[i].Value(k); !bitsEqual(g, w) {
				t.Fatalf("%s over %+v, filter %d, %d events, T %d: followed %+v, loaded %+v", f.cells[cell/len(resumedWindows)].name, f.spec.Cells[cell].Window,
					f.spec.Cells[cell].Filter, f.rows.len(), ask.At[k], g, w)
			}
		}
	}
}

func (f *follower) answer(t *testing.T, e *Entity, ask *Ask) (out []*column.Column) {
	t.Helper()
	for i := range f.spec.Cells {
		if ask.Cells == nil || slices.Contains(ask.Cells, i) {
			out = append(out, column.New(f.spec.Cells[i].Call.Result, 0))
		}
	}
	if err := e.Eval(ask, out, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

func bitsEqual(a, b selfsame.Value) bool {
	if a.Status != b.Status || len(a.Elems) != len(b.Elems) || !slices.Equal(a.Keys, b.Keys) {
		return false
	}
	for i := range a.Elems {
		if !bitsEqual(a.Elems[i], b.Elems[i]) {
			return false
		}
	}
	return a.Int == b.Int && math.Float64bits(a.Float) == math.Float64bits(b.Float) && a.Dec == b.Dec && a.Str == b.Str
}

// TestFollowedIsLoaded lets events come, late ones too, and go, and asks in between: every aggregation over several windows gives the bits that one loaded
// for the question gives (P2, M1).
func TestFollowedIsLoaded(t *testing.T) {
	for _, keepNaN := range []bool{false, true} {
		cells := catalogue(t, keepNaN)
		if keepNaN { // nothing else has a NaN
			cells = slices.DeleteFunc(cells, func(c catalogueCell) bool { return !slices.Contains(c.args, 1) })
		}
		for first := 0; first < len(cells); first += 4 {
			r := rand.New(rand.NewPCG(uint64(first), 31))
			f := newFollower(t, r, cells[first:min(first+4, len(cells))])
			for range 250 {
				f.come(r)
			}
			for range 70 {
				for range r.IntN(4) {
					f.come(r)
				}
				if r.IntN(12) == 0 {
					f.goes(r)
				}
				if r.IntN(25) == 0 {
					f.now += 260 // what was there leaves the windows
				}
				f.check(t, r)
			}
		}
	}
}
