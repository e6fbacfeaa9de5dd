// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// benchEntitySpec is 30 cells: five windows of six aggregates over one column.
func benchEntitySpec(b testing.TB) Spec {
	spec := Spec{Name: "v", Columns: []selfsame.Type{selfsame.Scalar(selfsame.Float64)}}
	for _, window := range []selfsame.Window{{Kind: selfsame.Sliding, Length: selfsame.DayLength / 24}, {Kind: selfsame.Sliding, Length: selfsame.DayLength},
		{Kind: selfsame.Sliding, Length: 7 * selfsame.DayLength}, {Kind: selfsame.Sliding, Length: 30 * selfsame.DayLength}, {}} {
		for _, name := range []string{"count", "sum", "avg", "min", "max", "stddev"} {
			call, err := aggregate.Bind(aggregate.Lookup(name), aggregate.CallSpec{Args: spec.Columns, MaxValues: 100000})
			if err != nil {
				b.Fatal(err)
			}
			spec.Cells = append(spec.Cells, Cell{Call: call, Args: []int{0}, Filter: -1, Window: window})
		}
	}
	return spec
}

// benchEntityEvents are n events of cents over 30 days, in order, numbered from first.
func benchEntityEvents(n, first int, step int64) *EntityEvents {
	r := rand.New(rand.NewPCG(1, uint64(first)))
	ev := &EntityEvents{Columns: []*column.Column{column.New(selfsame.Scalar(selfsame.Float64), n)}}
	for i := range n {
		tau := int64(first+i) * step
		ev.Tau, ev.Seq, ev.Alpha, ev.Place = append(ev.Tau, tau), append(ev.Seq, int64(first+i)), append(ev.Alpha, tau+1000), append(ev.Place, 0)
		ev.Columns[0].Floats = append(ev.Columns[0].Floats, float64(r.IntN(100000))/100)
	}
	return ev
}

type benchEntity struct {
	e    *Entity
	out  []*column.Column
	ask  Ask
	step int64
	n    int
}

func newBenchEntity(b testing.TB, n int) *benchEntity { return benchEntityOf(b, n, benchEntitySpec(b)) }

func benchEntityOf(b testing.TB, n int, spec Spec) *benchEntity {
	e, err := NewEntity(spec)
	if err != nil {
		b.Fatal(err)
	}
	x := &benchEntity{e: e, n: n, step: 30 * selfsame.DayLength / int64(n), ask: Ask{At: []int64{0}, Known: []int64{0}}}
	for _, c := range spec.Cells {
		x.out = append(x.out, column.New(c.Call.Result, 1))
	}
	x.e.Load(benchEntityEvents(n, 0, x.step))
	return x
}

// benchWithRequest is newBenchEntity with windows that count the row that asks.
func benchWithRequest(b testing.TB, n int) *benchEntity {
	spec := benchEntitySpec(b)
	for i := range spec.Cells {
		spec.Cells[i].Window.Request = true
	}
	x := benchEntityOf(b, n, spec)
	x.ask.Request = &RequestRows{Counts: []bool{true}, Columns: []*column.Column{{Type: spec.Columns[0], Floats: []float64{12.5}}}}
	return x
}

// eval asks every cell at the newest cut.
func (x *benchEntity) eval(b testing.TB, back int64) {
	for _, c := range x.out {
		c.Reset()
	}
	x.ask.At[0], x.ask.Known[0] = int64(x.n)*x.step+1, int64(x.n)-back
	if err := x.e.Eval(&x.ask, x.out, nil); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkEntity(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprint("load/", n), func(b *testing.B) {
			x := newBenchEntity(b, n)
			ev := benchEntityEvents(n, 0, x.step)
			for b.Loop() {
				x.e.Load(ev)
				x.eval(b, 0)
			}
		})
		b.Run(fmt.Sprint("eval/", n), func(b *testing.B) {
			x := newBenchEntity(b, n)
			x.eval(b, 0)
			for b.Loop() {
				x.eval(b, 0)
			}
		})
		b.Run(fmt.Sprint("request/", n), func(b *testing.B) { // every window counts the row that asks
			x := benchWithRequest(b, n)
			x.eval(b, 0)
			for b.Loop() {
				x.eval(b, 0)
			}
		})
		b.Run(fmt.Sprint("cut/", n), func(b *testing.B) { // the newest events are beyond the cut
			x := newBenchEntity(b, n)
			x.eval(b, 0)
			for b.Loop() {
				x.eval(b, 5)
			}
		})
		b.Run(fmt.Sprint("append/", n), func(b *testing.B) {
			benchAppend(b, n, 0, 0)
		})
		b.Run(fmt.Sprint("late/", n), func(b *testing.B) { // each event is ten places late
			benchAppend(b, n, 10, 0)
		})
		b.Run(fmt.Sprint("behind/", n), func(b *testing.B) { // the reader is five events behind the writer besides
			benchAppend(b, n, 10, 5)
		})
	}
}

func benchAppend(b *testing.B, n int, late, back int64) {
	x := newBenchEntity(b, n)
	x.eval(b, 0)
	one := benchEntityEvents(1, n, x.step)
	for b.Loop() {
		x.n++
		one.Tau[0], one.Seq[0] = int64(x.n)*x.step-late*x.step-late, int64(x.n)
		one.Alpha[0] = int64(x.n)*x.step + 1000
		x.e.Append(one)
		x.eval(b, back)
	}
}

// TestEntityDoesNotAllocate holds that a question to a loaded entity takes no memory, at any cut that leaves its windows runs.
func TestEntityDoesNotAllocate(t *testing.T) {
	x := newBenchEntity(t, 10_000) // enough that no window is without a value: a null makes a column room for statuses
	for _, back := range []int64{0, 5} {
		x.eval(t, back)
		if n := testing.AllocsPerRun(100, func() { x.eval(t, back) }); n > 0 {
			t.Errorf("a question %d events back allocates %v times", back, n)
		}
	}
	x = benchWithRequest(t, 10_000)
	x.eval(t, 0)
	if n := testing.AllocsPerRun(100, func() { x.eval(t, 0) }); n > 0 {
		t.Errorf("a question whose row counts allocates %v times", n)
	}
}

// TestEntityBytes holds the estimate of what an entity takes against what the heap says, within a factor of two.
func TestEntityBytes(t *testing.T) {
	const entities = 200
	for _, n := range []int{1, 100, 2000} {
		var list []*benchEntity
		spec := benchEntitySpec(t)
		prepared, err := Prepare(spec)
		if err != nil {
			t.Fatal(err)
		}
		shared := newBenchEntity(t, n)
		before := heap()
		for range entities {
			x := *shared
			x.e = prepared.NewEntity()
			x.e.Load(benchEntityEvents(n, 0, x.step))
			x.eval(t, 0)
			list = append(list, &x)
		}
		taken, told := (heap()-before)/entities, list[0].e.Bytes()
		if taken > 2*told || told > 2*taken {
			t.Errorf("an entity of %d events takes %d bytes and says %d", n, taken, told)
		}
		runtime.KeepAlive(list)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestEntityBytesOfWideRow holds the same of an entity whose one event has many columns, which take more than their values.
func TestEntityBytesOfWideRow(t *testing.T) {
	const entities, columns = 200, 50
	spec := Spec{Name: "v", AsOf: true, TTL: -1}
	one := &EntityEvents{Tau: []int64{5}, Seq: []int64{1}, Alpha: []int64{6}, Hash: []uint64{7}}
	for i := range columns {
		spec.Columns = append(spec.Columns, selfsame.Scalar(selfsame.Float64))
		one.Columns = append(one.Columns, &column.Column{Type: spec.Columns[i], Floats: []float64{float64(i)}})
	}
	prepared, err := Prepare(spec)
	if err != nil {
		t.Fatal(err)
	}
	var list []*Entity
	before := heap()
	for range entities {
		e := prepared.NewEntity()
		e.Load(one)
		list = append(list, e)
	}
	taken, told := (heap()-before)/entities, list[0].Bytes()
	if taken > 75*columns {
		t.Errorf("an entity of one event of %d columns takes %d bytes", columns, taken)
	}
	if taken*2 > told*3 || told*2 > taken*3 {
		t.Errorf("an entity of one event of %d columns takes %d bytes and says %d", columns, taken, told)
	}
	runtime.KeepAlive(list)
}
