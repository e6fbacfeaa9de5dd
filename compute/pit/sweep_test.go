// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// world is a random view with its events in blocks and its rows.
type world struct {
	spec   Spec
	rows   Rows
	blocks []*Block
	events []*event
}

var testWindows = []selfsame.Window{
	{},
	{Kind: selfsame.Sliding, Length: 10},
	{Kind: selfsame.Sliding, Length: 1, Closed: selfsame.ClosedNeither},
	{Kind: selfsame.Sliding, Length: 7, Closed: selfsame.ClosedRight},
	{Kind: selfsame.Sliding, Length: 12, Closed: selfsame.ClosedBoth},
	{Kind: selfsame.Sliding, Length: 20, Offset: 5},
	{Kind: selfsame.Sliding, Length: selfsame.MaxTime, Offset: selfsame.MaxTime, Closed: selfsame.ClosedRight},
	{Kind: selfsame.HopTail, Length: 15, Hop: 4},
	{Kind: selfsame.HopTail, Length: 3, Hop: selfsame.WeekLength},
	{Kind: selfsame.CompletedHops, Length: 9, Hop: 9},
	{Kind: selfsame.CompletedHops, Length: 20, Hop: 6, Offset: 2, Closed: selfsame.ClosedBoth},
	{Kind: selfsame.LastRows, Rows: 3},
	{Kind: selfsame.LastRows, Rows: 5, Within: 12},
	{Kind: selfsame.LastRows, Rows: 2, Skip: 3},
	{Kind: selfsame.LastRows, Rows: 4, Skip: 1, Within: 9},
	{Kind: selfsame.LastRows, Rows: 2, Offset: 4},
	{Kind: selfsame.Session, Gap: 3, Max: 1000},
	{Kind: selfsame.Session, Gap: 4, Max: 9},
	{Kind: selfsame.Calendar, Zone: "UTC"},
	{Request: true},
	{Kind: selfsame.Sliding, Length: 10, Request: true},
	{Kind: selfsame.Sliding, Length: 9, Closed: selfsame.ClosedNeither, Request: true},
	{Kind: selfsame.HopTail, Length: 15, Hop: 4, Request: true},
	{Kind: selfsame.LastRows, Rows: 1, Request: true},
	{Kind: selfsame.LastRows, Rows: 3, Within: 12, Request: true},
	{Kind: selfsame.Session, Gap: 4, Max: 9, Request: true},
	{Kind: selfsame.Sliding, Length: 20, Chosen: "a"},
	{Kind: selfsame.Sliding, Length: 9, Chosen: "a", Offset: 3, Closed: selfsame.ClosedBoth},
	{Kind: selfsame.Sliding, Length: 20, Chosen: "b", Request: true},
}

var testColumns = []selfsame.Type{selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Float64)}

// knowledge says how a world's events become known.
type knowledge int

const (
	inTime knowledge = iota // α = τ
	delayed
	late
	retracted
	final
)

func newWorld(r *rand.Rand, k knowledge, asOf bool) *world {
	w := &world{spec: Spec{Name: "v", Columns: testColumns, Detail: true, NeedOrder: true, OrderType: selfsame.Scalar(selfsame.Int64), AsOf: asOf, TTL: -1}}
	if asOf {
		w.spec.Closed = []selfsame.Edge{selfsame.ClosedBoth, selfsame.ClosedLeft}[r.IntN(2)]
		w.spec.TTL = []int64{-1, 0, 3, 20}[r.IntN(4)]
	} else {
		w.cells(r)
	}
	entities := 1 + r.IntN(12)
	base := []int64{0, -60, 1_700_000_000_000_000, selfsame.MinTime + 3, selfsame.MaxTime - 70}[r.IntN(5)]
	span := []int64{1, 8, 60}[r.IntN(3)]
	w.makeRows(r, k, entities, base, span)
	if r.IntN(8) > 0 {
		w.rows.Request = randomRequest(r, &w.spec, len(w.rows.At))
	}
	for range r.IntN(5) {
		w.block(r, k, entities, base, span, r.IntN(80))
	}
	return w
}

func (w *world) cells(r *rand.Rand) {
	for range 1 + r.IntN(6) {
		c := Cell{Filter: r.IntN(2)*2 - 1, Window: testWindows[r.IntN(len(testWindows))], Args: []int{0}}
		family := []string{"", "digest"}[r.IntN(2)]
		switch r.IntN(8) {
		default:
			c.Call, c.Args = realCall(r)
		case 0:
			c.Call = digestCall(selfsame.Int64, true, family)
		case 1:
			c.Call = digestCall(selfsame.Int64, false, family)
		case 2:
			c.Call = digestCall(selfsame.List, true, family)
		case 3:
			c.Call, c.Args = digestCall(selfsame.String, true, family), []int{2}
		}
		c.Filter = min(c.Filter, 1)
		w.spec.Cells = append(w.spec.Cells, c)
	}
}

// realCall is one of the language's aggregations over columns of the test world.
func realCall(r *rand.Rand) (*aggregate.Call, []int) {
	number := func(n uint64) []selfsame.Value {
		return []selfsame.Value{{Type: selfsame.Scalar(selfsame.Int64), Int: int64(n)}}
	}
	half := []selfsame.Value{{Type: selfsame.DecimalOf(1, 1), Dec: selfsame.Int128{Lo: 5}}}
	calls := []struct {
		name   string
		args   []int
		consts []selfsame.Value
	}{
		{"count", nil, nil}, {"count", []int{2}, nil}, {"sum", []int{0}, nil}, {"sum", []int{3}, nil}, {"avg", []int{3}, nil}, {"stddev", []int{3}, nil},
		{"variance_pop", []int{0}, nil}, {"min", []int{0}, nil}, {"max", []int{3}, nil}, {"max", []int{2}, nil}, {"first", []int{0}, nil}, {"last", []int{2}, nil},
		{"last", []int{3}, number(3)}, {"first", []int{2}, number(2)}, {"nth_last", []int{0}, number(2)}, {"arg_min", []int{2, 0}, nil}, {"arg_max", []int{0, 3}, nil},
		{"bool_or", []int{1}, nil}, {"bool_and", []int{1}, nil}, {"percentile_cont", []int{0}, half}, {"percentile_disc", []int{3}, half}, {"median", []int{0}, nil},
		{"time_since_last", []int{0}, nil}, {"time_since_first", []int{2}, nil}, {"count distinct", []int{2}, nil},
		{"max_gap", []int{0}, nil}, {"mean_gap", []int{2}, nil}, {"drawdown", []int{3}, nil}, {"drawdown", []int{0}, nil}, {"longest_streak", []int{1}, nil}, {"streak", []int{1}, nil},
		{"sample", []int{0}, number(4)}, {"max_by", []int{3, 2}, nil}, {"min_by", []int{0, 2}, nil}, {"avg_by", []int{0, 2}, nil}, {"last_distinct", []int{2}, number(3)},
		{"top_k", []int{0}, number(2)}, {"entropy", []int{2}, nil}, {"bit_or", []int{0}, nil}, {"skewness", []int{3}, nil}, {"collect", []int{0}, nil},
		{"last respect nulls", []int{0}, nil}, {"first respect nulls", []int{2}, number(3)},
	}
	c := calls[r.IntN(len(calls))]
	spec := aggregate.CallSpec{Consts: c.consts, MaxValues: 20, Star: c.args == nil, Distinct: c.name == "count distinct",
		RespectNulls: strings.HasSuffix(c.name, "respect nulls")}
	for _, a := range c.args {
		spec.Args = append(spec.Args, testColumns[a])
	}
	call, err := aggregate.Bind(aggregate.Lookup(strings.Fields(c.name)[0]), spec)
	if err != nil {
		panic(err)
	}
	return call, c.args
}

// randomRequest is n rows as events of a view. Of columns that no window with request reads some are not there.
func randomRequest(r *rand.Rand, spec *Spec, n int) *RequestRows {
	q := &RequestRows{Counts: make([]bool, n), Lengths: map[string][]int64{"a": make([]int64, n)}}
	if r.IntN(4) > 0 {
		q.Lengths["b"] = make([]int64, n)
	}
	for c, t := range testColumns {
		col := column.New(t, n)
		read := slices.ContainsFunc(spec.Cells, func(cell Cell) bool { return slices.Contains(cell.Asked(), c) })
		if !read && r.IntN(2) == 0 {
			col = nil
		}
		q.Columns = append(q.Columns, col)
	}
	for i := range q.Counts {
		q.Counts[i] = r.IntN(5) > 0
		for _, field := range []string{"a", "b"} {
			if l := q.Lengths[field]; l != nil {
				l[i] = []int64{1, 5, 9, 10, 20, 21, 0, -1, selfsame.MaxTime, 3}[r.IntN(10)]
			}
		}
		for c, v := range randomValues(r) {
			if q.Columns[c] != nil {
				q.Columns[c].Append(v)
			}
		}
	}
	return q
}

// own is row i of a request as an event, nil where it is none.
func (q *RequestRows) own(i int, at int64) *event {
	if !q.counts(i) {
		return nil
	}
	e := &event{tau: at, values: make([]selfsame.Value, len(q.Columns))}
	for c, col := range q.Columns {
		if col != nil {
			e.values[c] = col.Value(i)
		}
	}
	return e
}

func (w *world) makeRows(r *rand.Rand, k knowledge, entities int, base, span int64) {
	w.rows.Entities = entities
	lag := int64(r.IntN(3) * r.IntN(5))
	for range r.IntN(60) {
		e := uint32(r.IntN(entities))
		if r.IntN(15) == 0 {
			e = NoEntity
		}
		at := saturated(base, r.Int64N(span+8)-3)
		w.rows.Entity, w.rows.At = append(w.rows.Entity, e), append(w.rows.At, at)
		if k != final {
			known := saturated(at, -lag)
			if lag == 8 { // no chain
				known = saturated(base, r.Int64N(span+8)-3)
			}
			w.rows.Known = append(w.rows.Known, known)
		}
	}
}

func saturated(base, d int64) int64 {
	switch s := base + d; {
	case d > 0 && s < base:
		return selfsame.MaxTime
	case d < 0 && s > base:
		return selfsame.MinTime
	default:
		return s
	}
}

func (w *world) block(r *rand.Rand, k knowledge, entities int, base, span int64, n int) {
	b := &Block{Place: uint8(r.IntN(3)), Order: column.New(selfsame.Scalar(selfsame.Int64), 0)}
	for _, t := range testColumns {
		b.Columns = append(b.Columns, column.New(t, 0))
	}
	if k != inTime {
		b.From = []int64{}
	}
	if k == retracted || (k == final && !w.spec.AsOf) {
		b.Until = []int64{}
	}
	if w.spec.AsOf {
		b.Delete = []bool{}
	}
	for range n {
		e := &event{entity: uint32(r.IntN(entities + 1)), place: b.Place, hash: uint64(r.Int64()), fromSet: b.From != nil, untilSet: b.Until != nil}
		if e.entity == uint32(entities) {
			e.entity = NoEntity
		}
		e.tau = saturated(base, r.Int64N(span))
		e.from, e.until = saturated(e.tau, 3), selfsame.MaxTime
		if k != delayed && r.IntN(4) == 0 {
			e.from = saturated(e.tau, r.Int64N(30))
		}
		if k == late && r.IntN(10) == 0 || k == final && r.IntN(3) == 0 {
			e.from = selfsame.MaxTime
		}
		if r.IntN(3) == 0 {
			e.until = saturated(e.from, r.Int64N(20))
		}
		e.order = selfsame.Value{Type: b.Order.Type, Int: int64(r.IntN(3)), Status: selfsame.Status(r.IntN(2))}
		e.del = w.spec.AsOf && r.IntN(6) == 0
		e.values = randomValues(r)
		w.add(b, e)
	}
	w.blocks = append(w.blocks, b)
}

func randomValues(r *rand.Rand) []selfsame.Value {
	status := func(n int) selfsame.Status {
		return []selfsame.Status{selfsame.Null, selfsame.ErrorMaxValues, selfsame.ErrorOverflow, selfsame.Present}[min(3, r.IntN(n))]
	}
	return []selfsame.Value{
		{Type: testColumns[0], Int: int64(r.IntN(1000)), Status: status(50)},
		{Type: testColumns[1], Int: int64(r.IntN(2)), Status: status(100)},
		{Type: testColumns[2], Str: fmt.Sprint(r.IntN(1000)), Status: status(50)},
		{Type: testColumns[3], Float: []float64{1e16, 1, -1e16, 0.1, 5e-324, math.Inf(1), float64(r.IntN(100)) / 100}[r.IntN(7)], Status: status(50)},
	}
}

func (w *world) add(b *Block, e *event) {
	w.events = append(w.events, e)
	b.Entity, b.Tau, b.Hash = append(b.Entity, e.entity), append(b.Tau, e.tau), append(b.Hash, e.hash)
	if b.From != nil {
		b.From = append(b.From, e.from)
	}
	if b.Until != nil {
		b.Until = append(b.Until, e.until)
	}
	if b.Delete != nil {
		b.Delete = append(b.Delete, e.del)
	}
	b.Order.Append(e.order)
	for i, v := range e.values {
		b.Columns[i].Append(v)
	}
}

// expect evaluates row r of a world by brute force: the value of each output, and τ and α of its newest event.
func (w *world) expect(r int) (values []selfsame.Value, newest, arrival []int64) {
	var known *int64
	if w.rows.Known != nil {
		known = &w.rows.Known[r]
	}
	var seen []*event
	for _, e := range w.events {
		if e.entity == w.rows.Entity[r] && e.entity != NoEntity && e.visibleTo(known) {
			seen = append(seen, e)
		}
	}
	slices.SortStableFunc(seen, func(a, b *event) int { return compareEvents(a, b, w.spec.AsOf) })
	if w.spec.AsOf {
		return w.expectLatest(seen, w.rows.At[r])
	}
	for _, c := range w.spec.Cells {
		v, last := w.expectCell(c, seen, w.rows.At[r], w.rows.Request, r)
		tau, alpha := selfsame.MinTime, selfsame.MinTime
		if last != nil {
			tau, alpha = last.tau, last.alpha()
		}
		values, newest, arrival = append(values, v), append(newest, tau), append(arrival, alpha)
	}
	return values, newest, arrival
}

func (w *world) expectCell(c Cell, seen []*event, at int64, request *RequestRows, row int) (v selfsame.Value, last *event) {
	if field := c.Window.Chosen; field != "" {
		length := int64(0)
		if request != nil && request.Lengths[field] != nil {
			length = request.Lengths[field][row]
		}
		refused := length <= 0 || length > c.Window.Length
		if c.Window.Length = max(length, 1); refused {
			return selfsame.Value{Type: c.Call.Result, Status: selfsame.ErrorLength}, nil
		}
	}
	own := request.own(row, at)
	var used []selfsame.Value
	var state aggregate.State
	if c.Call.NewState != nil {
		state = c.Call.NewState()
	}
	worst := selfsame.Present
	for _, e := range withOwn(c.Window, seen, at, own) {
		var filter selfsame.Value
		if filter.Int = 1; c.Filter >= 0 {
			filter = e.values[c.Filter]
		}
		pass := filter.Status == selfsame.Present && filter.Int == 1
		var args []selfsame.Value
		bad := filter.Status
		for _, a := range c.Args {
			args = append(args, e.values[a])
			if s := e.values[a].Status; pass && s.IsError() && (!bad.IsError() || s < bad) {
				bad = s
			}
		}
		if bad.IsError() && (worst == selfsame.Present || bad < worst) {
			worst = bad
		}
		if pass && state != nil {
			state.Add(&aggregate.Event{Tau: e.tau, Order: e.order, Place: int(e.place), Hash: e.hash, Args: args})
		} else if pass && args[0].Status == selfsame.Present {
			used = append(used, args[0])
		}
		null := slices.ContainsFunc(args, func(v selfsame.Value) bool { return v.Status == selfsame.Null })
		if e != own && (bad.IsError() || (pass && (c.Call.Spec.RespectNulls || !null))) {
			last = e
		}
	}
	if state != nil {
		v = state.Finish(at)
	} else {
		v = digest(used, at, c.Call)
	}
	if worst != selfsame.Present {
		v = selfsame.Value{Type: c.Call.Result, Status: worst}
	}
	return v, last
}

func (w *world) expectLatest(seen []*event, at int64) (values []selfsame.Value, newest, arrival []int64) {
	status, tau, alpha := selfsame.NotFound, selfsame.MinTime, selfsame.MinTime
	var last *event
	for _, e := range seen {
		if e.tau < at || (e.tau == at && w.spec.Closed == selfsame.ClosedBoth) {
			last = e
		}
	}
	if last != nil && !last.del {
		status, tau, alpha = selfsame.Present, last.tau, last.alpha()
		if age := uint64(at) - uint64(last.tau); w.spec.TTL >= 0 && age > uint64(w.spec.TTL) {
			status = selfsame.Expired
		}
	}
	for i, t := range testColumns {
		v := selfsame.Value{Type: t, Status: status}
		if status == selfsame.Present {
			if v = last.values[i]; v.Status != selfsame.Present {
				v = selfsame.Value{Type: t, Status: v.Status}
			}
		}
		values = append(values, v)
	}
	return values, []int64{tau}, []int64{alpha}
}

// run sweeps a world and returns the result.
func (w *world) run(t *testing.T, o Options) *Result {
	t.Helper()
	s, err := New(w.spec, w.rows, o)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 2 { // two goroutines add, in no order
		wg.Go(func() {
			for i := len(w.blocks) - 1 - g; i >= 0; i -= 2 {
				if err := s.Add(i, w.blocks[i]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r, err := s.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) describe(output int) string {
	if w.spec.AsOf {
		return w.spec.Columns[output].String()
	}
	c := w.spec.Cells[output]
	return fmt.Sprintf("%s %v filter %d over %+v", c.Call.Func.Name, c.Args, c.Filter, c.Window)
}

func (w *world) check(t *testing.T, r *Result) {
	t.Helper()
	got := everything(r)
	for row := range w.rows.Entity {
		values, newest, arrival := w.expect(row)
		for c, want := range values {
			got := got.Columns[c].Value(row)
			want.Type = got.Type
			if len(want.Elems) == 0 && len(got.Elems) == 0 {
				want.Elems, got.Elems = nil, nil
			}
			if want.Status != selfsame.Present {
				want = selfsame.Value{Type: got.Type, Status: want.Status}
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("row %d (entity %d, T %d) output %d: %+v, want %+v of %s", row, w.rows.Entity[row], w.rows.At[row], c, got, want, w.describe(c))
			}
		}
		for c := range newest {
			if n, a := got.Newest[c][row], got.Arrival[c][row]; n != newest[c] || a != arrival[c] {
				t.Fatalf("row %d output %d: newest %d known %d, want %d, %d", row, c, n, a, newest[c], arrival[c])
			}
		}
	}
}

// TestSweepIsBruteForce compares random worlds of every form of window, knowledge and physics with the contract's own words.
func TestSweepIsBruteForce(t *testing.T) {
	physics := []Options{{Threads: 1}, {Threads: 2, partitions: 1}, {Threads: 2, partitions: 4, Memory: 1}, {Threads: 1, partitions: 256}, {Threads: 2, Memory: 12000}}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		k := knowledge(r.IntN(5))
		asOf := r.IntN(3) == 0
		if asOf && k == retracted {
			k = late
		}
		w := newWorld(r, k, asOf)
		o := physics[r.IntN(len(physics))]
		o.SpillDir = t.TempDir()
		t.Logf("seed %d knowledge %d asOf %v %+v", seed, k, asOf, o)
		w.check(t, w.run(t, o))
		if left, err := os.ReadDir(o.SpillDir); err != nil || len(left) != 0 {
			t.Fatalf("left in the spill folder: %v, %v", left, err)
		}
	}
}
