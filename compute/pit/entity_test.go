// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// entityRow is an event of the online side of a test world: event's from and until are α, these are positions.
type entityRow struct {
	*event
	seq, untilSeq int64
}

// entityWorld is a world with one entity, whose events have positions.
type entityWorld struct {
	*world
	rows []entityRow
}

// newEntityWorld gives the events of one entity of a random world positions: random ones, or such that follow α.
func newEntityWorld(r *rand.Rand, k knowledge, asOf bool) *entityWorld {
	w := &entityWorld{world: newWorld(r, k, asOf)}
	for _, e := range w.events {
		e.entity = 0
		if !e.fromSet {
			e.from, e.fromSet = e.tau, true
		}
		if !e.untilSet {
			e.until, e.untilSet = selfsame.MaxTime, true
		}
		row := entityRow{event: e, seq: int64(len(w.rows)), untilSeq: selfsame.MaxTime}
		if r.IntN(4) == 0 {
			row.seq = -1 - row.seq
		}
		if e.until != selfsame.MaxTime {
			row.untilSeq = max(row.seq, 0) + r.Int64N(40)
		}
		w.rows = append(w.rows, row)
	}
	return w
}

// bring is rows in the shape that an Entity takes.
func (w *entityWorld) bring(rows []entityRow) *EntityEvents {
	ev := &EntityEvents{Order: column.New(selfsame.Scalar(selfsame.Int64), 0)}
	for _, t := range testColumns {
		ev.Columns = append(ev.Columns, column.New(t, 0))
	}
	for _, e := range rows {
		ev.Tau, ev.Seq, ev.Alpha = append(ev.Tau, e.tau), append(ev.Seq, e.seq), append(ev.Alpha, e.from)
		ev.UntilSeq, ev.UntilAlpha = append(ev.UntilSeq, e.untilSeq), append(ev.UntilAlpha, e.until)
		ev.Place, ev.Hash, ev.Delete = append(ev.Place, e.place), append(ev.Hash, e.hash), append(ev.Delete, e.del)
		ev.Order.Append(e.order)
		for i, v := range e.values {
			ev.Columns[i].Append(v)
		}
	}
	if w.spec.AsOf && !slices.Contains(ev.Delete, true) {
		ev.Delete = nil
	}
	return ev
}

// question is a random question to the world.
func (w *entityWorld) question(r *rand.Rand) *Ask {
	a := &Ask{ByAlpha: r.IntN(2) == 0, MaxSeq: selfsame.MaxTime}
	last := int64(len(w.rows))
	if a.ByAlpha && r.IntN(3) == 0 {
		a.MaxSeq = r.Int64N(last+1) - 1
	}
	for range 1 + r.IntN(4) {
		at := selfsame.MinTime + 3
		if len(w.rows) > 0 {
			at = saturated(w.rows[r.IntN(len(w.rows))].tau, r.Int64N(30)-5)
		}
		known := saturated(at, -r.Int64N(4))
		if !a.ByAlpha {
			known = r.Int64N(last+20) - 1
		} else if r.IntN(8) == 0 {
			known = selfsame.MaxTime
		}
		a.At, a.Known = append(a.At, at), append(a.Known, known)
	}
	if r.IntN(2) == 0 {
		slices.Sort(a.At)
		slices.Sort(a.Known)
	}
	if r.IntN(4) == 0 {
		a.Known, a.ByAlpha = nil, false
	}
	if r.IntN(4) > 0 {
		a.First = r.IntN(3)
		a.Request = randomRequest(r, &w.spec, a.First+len(a.At))
	}
	if n := len(w.outputs()); r.IntN(3) == 0 {
		a.Cells = r.Perm(n)[:1+r.IntN(n)]
	}
	return a
}

func (w *entityWorld) outputs() []selfsame.Type {
	if w.spec.AsOf {
		return w.spec.Columns
	}
	var types []selfsame.Type
	for _, c := range w.spec.Cells {
		types = append(types, c.Call.Result)
	}
	return types
}

// oracle answers row k of a question by brute force: the value of each output, and the τ of its newest event.
func (w *entityWorld) oracle(a *Ask, k int) ([]selfsame.Value, []int64) {
	var seen []*event
	for _, e := range w.rows {
		from, until := e.seq, e.untilSeq
		known := selfsame.MaxTime
		if a.Known != nil {
			known = a.Known[k]
		}
		if a.ByAlpha {
			if e.seq > a.MaxSeq || e.from == selfsame.MaxTime {
				continue
			}
			from, until = e.from, e.until
			if e.untilSeq > a.MaxSeq {
				until = selfsame.MaxTime
			}
		}
		if max(from, selfsame.MinTime) <= known && (until == selfsame.MaxTime || known < until) {
			seen = append(seen, e.event)
		}
	}
	slices.SortStableFunc(seen, func(x, y *event) int { return compareEvents(x, y, w.spec.AsOf) })
	if w.spec.AsOf {
		values, newest, _ := w.expectLatest(seen, a.At[k])
		for len(newest) < len(values) {
			newest = append(newest, newest[0])
		}
		return values, newest
	}
	var values []selfsame.Value
	var newest []int64
	for _, c := range w.spec.Cells {
		v, last := w.expectCell(c, seen, a.At[k], a.Request, a.First+k)
		tau := selfsame.MinTime
		if last != nil {
			tau = last.tau
		}
		values, newest = append(values, v), append(newest, tau)
	}
	return values, newest
}

// answer evaluates a question.
func (w *entityWorld) answer(t *testing.T, e *Entity, a *Ask) ([]*column.Column, [][]int64) {
	t.Helper()
	cells := a.Cells
	if cells == nil {
		for i := range w.outputs() {
			cells = append(cells, i)
		}
	}
	var out []*column.Column
	for _, c := range cells {
		out = append(out, column.New(w.outputs()[c], 0))
	}
	newest := make([][]int64, len(cells))
	if err := e.Eval(a, out, newest); err != nil {
		t.Fatal(err)
	}
	return out, newest
}

// ask compares the entity with the oracle.
func (w *entityWorld) ask(t *testing.T, e *Entity, a *Ask) {
	t.Helper()
	out, newest := w.answer(t, e, a)
	for k := range a.At {
		values, times := w.oracle(a, k)
		for i, c := range out {
			cell := i
			if a.Cells != nil {
				cell = a.Cells[i]
			}
			if c.Len() != len(a.At) || len(newest[i]) != len(a.At) {
				t.Fatalf("%d values and %d times of %d rows", c.Len(), len(newest[i]), len(a.At))
			}
			w.equal(t, a, k, cell, c.Value(k), values[cell])
			if newest[i][k] != times[cell] {
				t.Fatalf("row %d of %+v, output %d: the newest event is at %d, want %d of %s", k, *a, cell, newest[i][k], times[cell], w.describe(cell))
			}
		}
	}
}

// equal compares a value with the oracle's.
func (w *entityWorld) equal(t *testing.T, a *Ask, row, output int, got, want selfsame.Value) {
	t.Helper()
	want.Type = got.Type
	if len(want.Elems) == 0 && len(got.Elems) == 0 {
		want.Elems, got.Elems = nil, nil
	}
	if want.Status != selfsame.Present {
		want = selfsame.Value{Type: got.Type, Status: want.Status}
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("row %d of %+v, output %d: %+v, want %+v of %s", row, *a, output, got, want, w.describe(output))
	}
}

func newTestEntity(t *testing.T, spec Spec) *Entity {
	t.Helper()
	e, err := NewEntity(spec)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEntityIsBruteForce loads, appends and retracts events in random order and asks between, and compares every answer with the
// contract's own words, over every aggregate, window and way in which events become known (P1, P2).
func TestEntityIsBruteForce(t *testing.T) {
	for seed := range uint64(1200) {
		r := rand.New(rand.NewPCG(seed, 7))
		k := knowledge(r.IntN(4))
		asOf := r.IntN(4) == 0
		if asOf && k == retracted {
			k = late
		}
		w := newEntityWorld(r, k, asOf)
		all := w.rows
		t.Logf("seed %d knowledge %d asOf %v, %d events", seed, k, asOf, len(all))
		e := newTestEntity(t, w.spec)
		n := r.IntN(len(all) + 1)
		if r.IntN(2) == 0 { // the rest comes in time
			slices.SortStableFunc(all, func(a, b entityRow) int { return compareEvents(a.event, b.event, asOf) })
		}
		w.rows = slices.Clone(all[:n])
		hold(r, w.rows)
		e.Load(w.bring(w.rows))
		for range 2 {
			w.ask(t, e, w.question(r))
		}
		for n < len(all) {
			m := min(len(all), n+1+r.IntN(6))
			more := slices.Clone(all[n:m])
			hold(r, more)
			e.Append(w.bring(more))
			w.rows, n = append(w.rows, more...), m
			w.retract(t, r, e, all)
			w.ask(t, e, w.question(r))
		}
		if e.Events() != len(all) || e.Bytes() <= 0 {
			t.Fatalf("%d events of %d, %d bytes", e.Events(), len(all), e.Bytes())
		}
	}
}

// hold takes the ends of some rows away: they come later, as retractions.
func hold(r *rand.Rand, rows []entityRow) {
	for i := range rows {
		if r.IntN(2) == 0 {
			e := *rows[i].event
			e.until = selfsame.MaxTime
			rows[i].event, rows[i].untilSeq = &e, selfsame.MaxTime
		}
	}
}

// retract gives some of the rows that are there the end that they have in all.
func (w *entityWorld) retract(t *testing.T, r *rand.Rand, e *Entity, all []entityRow) {
	t.Helper()
	for i := range w.rows {
		row := &w.rows[i]
		full := all[slices.IndexFunc(all, func(a entityRow) bool { return a.seq == row.seq })]
		if row.untilSeq == full.untilSeq && row.until == full.until || r.IntN(3) > 0 {
			continue
		}
		if !e.Retract(full.seq, full.untilSeq, full.until) {
			t.Fatalf("the event at %d is not there", full.seq)
		}
		*row = full
	}
	if e.Retract(1<<40, 1, 1) {
		t.Fatal("an event that is not there is retracted")
	}
}

// TestEntityIsASweep asks an entity of every world what a sweep over the same events gives, on bytes.
func TestEntityIsASweep(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 8))
		k := knowledge(r.IntN(5))
		asOf := r.IntN(3) == 0
		if asOf && k == retracted {
			k = late
		}
		w := newWorld(r, k, asOf)
		values := everything(w.run(t, Options{Threads: 1}))
		prepared, err := Prepare(w.spec)
		if err != nil {
			t.Fatal(err)
		}
		for entity := range uint32(w.rows.Entities) {
			one := &entityWorld{world: w}
			for _, e := range w.events {
				if e.entity != entity {
					continue
				}
				row := entityRow{event: e, seq: int64(len(one.rows)), untilSeq: selfsame.MaxTime}
				if !e.fromSet {
					e.from = e.tau
				}
				if !e.untilSet || asOf {
					e.until = selfsame.MaxTime
				}
				row.untilSeq = e.until
				one.rows = append(one.rows, row)
			}
			e := prepared.NewEntity()
			e.Load(one.bring(one.rows))
			for row, asks := range w.rows.Entity {
				if asks != entity {
					continue
				}
				a := &Ask{At: w.rows.At[row : row+1], MaxSeq: selfsame.MaxTime, Request: w.rows.Request, First: row}
				if w.rows.Known != nil {
					a.Known, a.ByAlpha = w.rows.Known[row:row+1], true
				}
				out, newest := one.answer(t, e, a)
				for c := range out {
					got := out[c].AppendFramed(nil, 0)
					want := values.Columns[c].AppendFramed(nil, row)
					trace := c
					if asOf {
						trace = 0
					}
					if string(got) != string(want) || newest[c][0] != values.Newest[trace][row] {
						t.Fatalf("seed %d row %d output %d: %x, newest %d; the sweep gives %x, %d of %s", seed, row, c, got, newest[c][0], want, values.Newest[trace][row], w.describe(c))
					}
				}
			}
		}
	}
}

// TestEntityAgain uses one entity's memory for others.
func TestEntityAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 50 {
		first := newEntityWorld(r, late, false)
		e := newTestEntity(t, first.spec)
		for range 5 {
			w := newEntityWorld(r, late, false)
			w.spec = first.spec
			e.Load(w.bring(w.rows))
			w.ask(t, e, w.question(r))
			w.ask(t, e, w.question(r))
		}
	}
}

func TestEntityRefuses(t *testing.T) {
	w := newEntityWorld(rand.New(rand.NewPCG(1, 1)), late, false)
	e := newTestEntity(t, w.spec)
	one := []*column.Column{column.New(w.outputs()[0], 0)}
	for name, a := range map[string]*Ask{"a cell that is not there": {At: []int64{1}, Cells: []int{99}}, "one below": {At: []int64{1}, Cells: []int{-1}},
		"a short list of cuts": {At: []int64{1, 2}, Known: []int64{1}, Cells: []int{0}}} {
		if err := e.Eval(a, one, nil); selfsame.ClassOf(err) != selfsame.ClassInternal {
			t.Errorf("%s gives %v", name, err)
		}
	}
	if err := e.Eval(&Ask{At: []int64{1}, Cells: []int{0, 0}}, append(one, one[0]), nil); err == nil {
		t.Error("a cell asked for twice is answered")
	}
	if err := e.Eval(&Ask{At: []int64{1}, Cells: []int{0}}, nil, nil); err == nil {
		t.Error("an answer without columns is given")
	}
	e.Load(&EntityEvents{Tau: []int64{1}})
	if err := e.Eval(&Ask{At: []int64{1}, Cells: []int{0}}, one, nil); err == nil {
		t.Error("events without columns are taken")
	}
	w.rows = nil
	e.Load(w.bring(nil))
	e.Append(&EntityEvents{Tau: []int64{1}})
	if err := e.Eval(&Ask{At: []int64{1}, Cells: []int{0}}, one, nil); err == nil {
		t.Error("events without columns are added")
	}
	for i, c := range w.spec.Cells {
		if err := e.SetPrefix(i, []byte{0xff, 0xff}); (err == nil) == (c.Window.Kind == selfsame.Lifetime && c.Call.NewState != nil) {
			t.Errorf("a damaged prefix of cell %d gives %v", i, err)
		}
	}
	if e.SetPrefix(-1, nil) == nil {
		t.Error("a prefix of no cell is taken")
	}
}

// TestBoundsKeepKernelsApart evaluates one aggregate under two max_values over the same events.
func TestBoundsKeepKernelsApart(t *testing.T) {
	text := selfsame.Scalar(selfsame.String)
	spec := Spec{Name: "v", Columns: []selfsame.Type{text}}
	for _, most := range []int64{2, 3} {
		call, err := aggregate.Bind(aggregate.Lookup("count"), aggregate.CallSpec{Args: spec.Columns, Distinct: true, MaxValues: most})
		if err != nil {
			t.Fatal(err)
		}
		spec.Cells = append(spec.Cells, Cell{Call: call, Args: []int{0}, Filter: -1})
	}
	e := newTestEntity(t, spec)
	c := column.New(text, 3)
	for _, word := range []string{"a", "b", "c"} {
		c.Append(selfsame.Value{Type: text, Str: word})
	}
	e.Load(&EntityEvents{Tau: []int64{1, 2, 3}, Columns: []*column.Column{c}})
	out := []*column.Column{column.New(selfsame.Scalar(selfsame.Int64), 1), column.New(selfsame.Scalar(selfsame.Int64), 1)}
	if err := e.Eval(&Ask{At: []int64{9}}, out, nil); err != nil {
		t.Fatal(err)
	}
	if out[0].StatusAt(0) != selfsame.ErrorMaxValues || out[1].StatusAt(0) != selfsame.Present || out[1].Ints[0] != 3 {
		t.Errorf("three values under bounds of two and three give %+v and %+v", out[0].Value(0), out[1].Value(0))
	}
}
