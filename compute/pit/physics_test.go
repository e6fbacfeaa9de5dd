// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// hotWorld has one key with most of the events, thousands of them in one microsecond, one in so many known late and retracted.
func hotWorld(r *rand.Rand, events, rows, lateOne int, retract bool) *world {
	w := &world{spec: Spec{Name: "v", Columns: testColumns, NeedOrder: true, OrderType: selfsame.Scalar(selfsame.Int64), Detail: true}}
	for i := range 20 {
		call, args := realCall(r)
		w.spec.Cells = append(w.spec.Cells, Cell{Call: call, Args: args, Filter: i%2*2 - 1, Window: testWindows[(i*7)%len(testWindows)]})
		w.spec.Cells[i].Filter = min(w.spec.Cells[i].Filter, 1)
	}
	w.rows.Entities = 50
	key := func() uint32 { return uint32(max(0, r.IntN(400)-350)) }
	for range rows {
		w.rows.Entity, w.rows.At = append(w.rows.Entity, key()), append(w.rows.At, r.Int64N(int64(events)/4))
	}
	w.rows.Known = slices.Clone(w.rows.At)
	for b := 0; b < events; b += 3000 {
		block := &Block{From: []int64{}, Until: []int64{}, Order: column.New(selfsame.Scalar(selfsame.Int64), 0)}
		for _, t := range testColumns {
			block.Columns = append(block.Columns, column.New(t, 0))
		}
		for range min(3000, events-b) {
			e := &event{entity: key(), tau: r.Int64N(int64(events) / 4), until: selfsame.MaxTime, hash: r.Uint64(), values: randomValues(r), fromSet: true, untilSet: true}
			if r.IntN(10) == 0 {
				e.tau = int64(events) / 8
			}
			if e.from = e.tau; r.IntN(lateOne) == 0 {
				e.from += r.Int64N(500)
				if retract {
					e.until = e.from + r.Int64N(int64(events))
				}
			}
			w.add(block, e)
		}
		w.blocks = append(w.blocks, block)
	}
	return w
}

// inRowOrder returns what a caller reads: every value in the order of the rows, independent of how sweep positions fell.
func inRowOrder(r *Result) []*column.Column { return everything(r).Columns }

func everything(r *Result) *Values {
	v := r.NewValues()
	r.Read(v, 0, int(r.Rows))
	return v
}

// TestOnlyMuchMemoryIsCollected: a sweep of a few events, of which a server runs one for each answer that it audits or explains, has nothing of
// the process collected.
func TestOnlyMuchMemoryIsCollected(t *testing.T) {
	forced := func() uint32 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.NumForcedGC
	}
	w := hotWorld(rand.New(rand.NewPCG(7, 7)), 300, 20, 200, true)
	before := forced()
	w.run(t, Options{Threads: 2})
	if n := forced() - before; n != 0 {
		t.Errorf("a small sweep had memory collected %d times", n)
	}
	before = forced()
	for _, s := range []*Sweep{{held: worthCollecting}, {spill: spill{size: worthCollecting}}} {
		s.letGo()
	}
	if n := forced() - before; n != 2 {
		t.Errorf("two great sweeps had memory collected %d times", n)
	}
}

// TestPhysicsChangeNothing sweeps one world with many settings, and splits its blocks anew.
func TestPhysicsChangeNothing(t *testing.T) {
	w := hotWorld(rand.New(rand.NewPCG(7, 7)), 20000, 2000, 200, true)
	want := inRowOrder(w.run(t, Options{Threads: 1}))
	for _, o := range []Options{{Threads: 2}, {Threads: 2, partitions: 1}, {Threads: 2, partitions: 4, Memory: 1}, {Threads: 1, partitions: 256, Memory: 1 << 20}, {Threads: 3, partitions: 2048}} {
		o.SpillDir = t.TempDir()
		r := w.run(t, o)
		if (o.Memory > 0) != (r.Spilled > 0) {
			t.Errorf("%+v: spilled %d bytes", o, r.Spilled)
		}
		for i, c := range inRowOrder(r) {
			if !reflect.DeepEqual(c, want[i]) {
				t.Errorf("%+v changes %s", o, w.describe(i))
			}
		}
	}
	all := w.blocks[0]
	for _, b := range w.blocks[1:] {
		all.Entity, all.Tau, all.From, all.Until, all.Hash = append(all.Entity, b.Entity...), append(all.Tau, b.Tau...), append(all.From, b.From...), append(all.Until, b.Until...), append(all.Hash, b.Hash...)
		all.Order.AppendRange(b.Order, 0, b.Order.Len())
		for i, c := range all.Columns {
			c.AppendRange(b.Columns[i], 0, b.Columns[i].Len())
		}
	}
	w.blocks = []*Block{all}
	for i, c := range inRowOrder(w.run(t, Options{Threads: 2})) {
		if !reflect.DeepEqual(c, want[i]) {
			t.Errorf("one block instead of many changes %s", w.describe(i))
		}
	}
}

// TestHotKey would take minutes if anything were quadratic in the events of a key.
func TestHotKey(t *testing.T) {
	w := hotWorld(rand.New(rand.NewPCG(8, 8)), 300_000, 20_000, 1000, false)
	w.spec.Cells = nil
	for _, name := range []string{"sum", "min", "last"} {
		for _, win := range []selfsame.Window{{}, {Kind: selfsame.Sliding, Length: 50_000}, {Kind: selfsame.Session, Gap: 100, Max: selfsame.DayLength}, {Kind: selfsame.LastRows, Rows: 10}} {
			call, err := aggregate.Bind(aggregate.Lookup(name), aggregate.CallSpec{Args: testColumns[:1], MaxValues: 100})
			if err != nil {
				t.Fatal(err)
			}
			w.spec.Cells = append(w.spec.Cells, Cell{Call: call, Args: []int{0}, Filter: -1, Window: win})
		}
	}
	r := w.run(t, Options{Threads: 2})
	if r.Rows != 20_000 || r.Events != int64(len(w.events)) {
		t.Errorf("swept %d rows and %d events of %d", r.Rows, r.Events, len(w.events))
	}
}

// TestLatestBehindManyLateRows asks again and again for the newest known row behind 100,000 that are not known yet.
func TestLatestBehindManyLateRows(t *testing.T) {
	const n = 100_000
	b := &Block{From: make([]int64, n)}
	c := column.New(selfsame.Scalar(selfsame.Int64), n)
	rows := Rows{Entities: 1}
	for i := range int64(n) {
		b.Entity, b.Tau = append(b.Entity, 0), append(b.Tau, i)
		b.From[i] = 10 * n
		c.Ints = append(c.Ints, i)
		rows.Entity, rows.At, rows.Known = append(rows.Entity, 0), append(rows.At, i), append(rows.Known, i+2)
	}
	b.Columns = []*column.Column{c}
	b.From[7] = 9
	w := &world{spec: Spec{Name: "v", AsOf: true, TTL: -1, Closed: selfsame.ClosedBoth, Columns: []selfsame.Type{c.Type}}, rows: rows, blocks: []*Block{b}}
	r := w.run(t, Options{Threads: 1})
	for row := range rows.Entity {
		want := selfsame.Value{Type: c.Type, Int: 7}
		if row < 7 {
			want = selfsame.Value{Type: c.Type, Status: selfsame.NotFound}
		}
		if got := r.Value(0, row); !reflect.DeepEqual(got, want) {
			t.Fatalf("row %d: %+v, want %+v", row, got, want)
		}
	}
}

// TestStatic reads a table without event time at any T, whatever is known, and breaks ties by every type of order field.
func TestStatic(t *testing.T) {
	nan := selfsame.Value{Float: 0}
	nan.Float /= nan.Float
	for _, order := range [][]selfsame.Value{
		{{Int: 1}, {Int: 0}},
		{nan, {Float: 5}},
		{{Str: "b"}, {Str: "ab"}},
		{{Dec: selfsame.Int128{Lo: 3}}, {Dec: selfsame.Int128{Hi: -1, Lo: 9}}},
		{{Int: -5}, {Status: selfsame.Null}},
	} {
		kind := []selfsame.Type{selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.String), selfsame.DecimalOf(9, 2), selfsame.Scalar(selfsame.Date)}
		for _, k := range kind {
			if !holds(k, order) {
				continue
			}
			o, c := column.New(k, 2), column.New(selfsame.Scalar(selfsame.Bool), 2)
			for i := range order {
				order[i].Type = k
				o.Append(order[i])
				c.Append(selfsame.Value{Type: c.Type, Int: int64(1 - i)})
			}
			b := &Block{Entity: []uint32{0, 0}, Tau: []int64{selfsame.MinTime, selfsame.MinTime}, Order: o, Columns: []*column.Column{c}}
			w := &world{spec: Spec{Name: "v", AsOf: true, Static: true, TTL: -1, OrderType: k, Columns: []selfsame.Type{c.Type}},
				rows: Rows{Entities: 1, Entity: []uint32{0, NoEntity}, At: []int64{selfsame.MinTime, 0}, Known: []int64{selfsame.MinTime, 0}}, blocks: []*Block{b}}
			r := w.run(t, Options{Threads: 1})
			if v := r.Value(0, 0); v.Status != selfsame.Present || v.Int != 1 {
				t.Errorf("by %s: %+v, want the row with the greater order", k, v)
			}
			if v := r.Value(0, 1); v.Status != selfsame.NotFound {
				t.Errorf("a row without an entity finds %+v", v)
			}
		}
	}
}

func holds(k selfsame.Type, order []selfsame.Value) bool {
	v := order[0]
	switch k.Kind {
	case selfsame.Bool:
		return v.Int == 1
	case selfsame.Float64:
		return v.Float != 0
	case selfsame.String:
		return v.Str != ""
	case selfsame.Decimal:
		return v.Dec.Lo != 0
	}
	return v.Int == -5
}

func TestSweepRefuses(t *testing.T) {
	ints := []selfsame.Type{selfsame.Scalar(selfsame.Int64)}
	call := digestCall(selfsame.Int64, false, "")
	for name, spec := range map[string]Spec{
		"argument": {Columns: ints, Cells: []Cell{{Call: call, Args: []int{1}, Filter: -1}}},
		"filter":   {Columns: ints, Cells: []Cell{{Call: call, Args: []int{0}, Filter: 0}}},
		"window":   {Columns: ints, Cells: []Cell{{Call: call, Args: []int{0}, Filter: -1, Window: selfsame.Window{Kind: selfsame.Sliding}}}},
	} {
		var e *selfsame.Error
		if _, err := New(spec, Rows{}, Options{}); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(Spec{}, Rows{Entity: []uint32{1}}, Options{}); err == nil {
		t.Error("rows of unequal length are taken")
	}
	s, err := New(Spec{Columns: ints}, Rows{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []*Block{{Entity: []uint32{0}}, {Columns: []*column.Column{column.New(selfsame.Scalar(selfsame.Bool), 0)}}, {Columns: []*column.Column{column.Make(ints[0], 1)}}} {
		if s.Add(0, b) == nil {
			t.Errorf("block %+v is taken", b)
		}
	}
}

func TestSweepStops(t *testing.T) {
	w := hotWorld(rand.New(rand.NewPCG(9, 9)), 100, 10, 10, true)
	s, err := New(w.spec, w.rows, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Run(ctx); selfsame.ClassOf(err) != selfsame.ClassCanceled || !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled run ends with %v", err)
	}
}

func TestSpillFolderIsMissing(t *testing.T) {
	w := hotWorld(rand.New(rand.NewPCG(9, 9)), 100, 10, 10, true)
	s, err := New(w.spec, w.rows, Options{Memory: 1, SpillDir: filepath.Join(t.TempDir(), "none")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(0, w.blocks[0]); selfsame.ClassOf(err) != selfsame.ClassResource || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a spill without a folder ends with %v", err)
	}
}

func TestProgress(t *testing.T) {
	w := hotWorld(rand.New(rand.NewPCG(9, 9)), 100, 1000, 10, true)
	var told []int64
	r := w.run(t, Options{Threads: 2, Progress: func(rows int64) { told = append(told, rows) }})
	if len(told) == 0 || slices.Max(told) != r.Rows {
		t.Errorf("progress told %v of %d rows", told, r.Rows)
	}
}

// TestColumnsOfEveryType carries each type through a spill and an as-of join.
func TestColumnsOfEveryType(t *testing.T) {
	types := []selfsame.Type{selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Float64), selfsame.DecimalOf(20, 2), selfsame.Scalar(selfsame.String),
		selfsame.Scalar(selfsame.Bytes), selfsame.Scalar(selfsame.Timestamp), selfsame.Scalar(selfsame.Date), selfsame.ListOf(selfsame.Scalar(selfsame.String)), selfsame.MapOf(selfsame.Scalar(selfsame.Float64)), {}}
	w := &world{spec: Spec{Name: "v", AsOf: true, TTL: -1, Closed: selfsame.ClosedBoth, Columns: types}}
	const n = 40
	for half := range 2 {
		b := &Block{}
		for _, ty := range types {
			b.Columns = append(b.Columns, column.New(ty, 0))
		}
		for i := half; i < n; i += 2 {
			b.Entity, b.Tau = append(b.Entity, uint32(i%8)), append(b.Tau, int64(i))
			for _, c := range b.Columns {
				c.Append(sample(c.Type, i))
			}
		}
		w.blocks = append(w.blocks, b)
	}
	w.rows.Entities = 8
	for i := range n {
		w.rows.Entity, w.rows.At = append(w.rows.Entity, uint32(i%8)), append(w.rows.At, int64(i))
	}
	for _, o := range []Options{{Threads: 1}, {Threads: 2, Memory: 1, SpillDir: t.TempDir()}} {
		r := w.run(t, o)
		for i := range n {
			for c, ty := range types {
				if got, want := r.Value(c, i), sample(ty, i); !reflect.DeepEqual(got, want) {
					t.Errorf("%+v: row %d of %s is %+v, want %+v", o, i, ty, got, want)
				}
			}
		}
	}
}

func sample(t selfsame.Type, i int) selfsame.Value {
	v := selfsame.Value{Type: t}
	if i%5 == 0 || t.Kind == selfsame.Unknown {
		v.Status = selfsame.Null
		return v
	}
	switch t.Kind {
	case selfsame.Bool:
		v.Int = int64(i % 2)
	case selfsame.Float64:
		v.Float = float64(i) / 3
	case selfsame.Decimal:
		v.Dec = selfsame.Int128{Hi: int64(-i), Lo: uint64(i)}
	case selfsame.String, selfsame.Bytes:
		v.Str = fmt.Sprint("text ", i)
	case selfsame.List, selfsame.Map:
		v.Elems = []selfsame.Value{}
		for j := range i % 3 {
			e := selfsame.Value{Type: *t.Elem, Float: float64(i)}
			if t.Kind == selfsame.Map {
				v.Keys = append(v.Keys, fmt.Sprint(j))
			} else {
				e = selfsame.Value{Type: *t.Elem, Str: fmt.Sprint(i, j)}
			}
			v.Elems = append(v.Elems, e)
		}
	default:
		v.Int = int64(i) * 1000
	}
	return v
}
