// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

var momentFuncs = []*Func{countFunc, sumFunc, avgFunc, varianceFunc, variancePopFunc, stddevFunc, stddevPopFunc}

// momentRows draws n values of one type as a column; some are not there.
type momentRows struct {
	name string
	arg  selfsame.Type
	draw func(r *rand.Rand) selfsame.Value
}

func floatRows(name string, draw func(r *rand.Rand) float64) momentRows {
	t := selfsame.Scalar(selfsame.Float64)
	return momentRows{name, t, func(r *rand.Rand) selfsame.Value { return selfsame.Value{Type: t, Float: draw(r)} }}
}

func decimalRows(name string, precision, scale uint8, digits int) momentRows {
	t := selfsame.DecimalOf(precision, scale)
	return momentRows{name, t, func(r *rand.Rand) selfsame.Value {
		v := exact.FromInt64(r.Int64N(200001) - 100000)
		v, _ = exact.Mul(v, exact.Pow10(digits))
		return selfsame.Value{Type: t, Dec: v}
	}}
}

var momentShapes = []momentRows{
	floatRows("money", func(r *rand.Rand) float64 { return float64(r.IntN(1000000)) / 100 }),
	floatRows("lognormal", func(r *rand.Rand) float64 { return math.Exp(5 * r.NormFloat64()) }),
	floatRows("every exponent", func(r *rand.Rand) float64 {
		return math.Ldexp(r.Float64()-0.5, r.IntN(2090)-1074)
	}),
	floatRows("cancelling", func(r *rand.Rand) float64 { return []float64{1e16, 1, -1e16, 1e-60}[r.IntN(4)] }),
	floatRows("special", func(r *rand.Rand) float64 {
		special := []float64{math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(0, -1), 5e-324}
		if k := r.IntN(40); k < len(special) {
			return special[k]
		}
		return r.NormFloat64()
	}),
	{"int64", selfsame.Scalar(selfsame.Int64), func(r *rand.Rand) selfsame.Value {
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: r.Int64N(1000) - 500}
	}},
	{"int64 extremes", selfsame.Scalar(selfsame.Int64), func(r *rand.Rand) selfsame.Value {
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: []int64{math.MinInt64, math.MaxInt64, 1, 0}[r.IntN(4)]}
	}},
	decimalRows("decimal(12,2)", 12, 2, 0),
	decimalRows("decimal(38,30)", 38, 30, 30),
	decimalRows("decimal(38,0)", 38, 0, 32),
}

// momentRun draws one entity's events: rows [lo, hi) of a partition, some null, some dropped by a filter.
func momentRun(r *rand.Rand, shape momentRows) *Events {
	n := r.IntN(60)
	c := column.New(shape.arg, n)
	sparse := r.IntN(2) == 0
	for range n {
		if sparse && r.IntN(6) == 0 {
			c.AppendStatus([]selfsame.Status{selfsame.Null, selfsame.ErrorOverflow}[r.IntN(2)])
			continue
		}
		c.Append(shape.draw(r))
	}
	ev := &Events{Args: []*column.Column{c}, Tau: make([]int64, n)}
	ev.Lo = r.IntN(n + 1)
	ev.Hi = ev.Lo + r.IntN(n+1-ev.Lo)
	if r.IntN(2) == 0 {
		ev.Pass = make([]bool, n)
		for i := range ev.Pass {
			ev.Pass[i] = r.IntN(3) > 0
		}
	}
	return ev
}

// momentFold is the value of a call over rows [lo, hi) by a State.
func momentFold(c *Call, ev *Events, lo, hi int32) selfsame.Value {
	s := c.NewState()
	for i := lo; i < hi; i++ {
		if ev.Pass == nil || ev.Pass[i] {
			s.Add(&Event{Args: []selfsame.Value{ev.Args[0].Value(int(i))}})
		}
	}
	return s.Finish(0)
}

func momentCalls(t testing.TB, funcs []*Func, spec CallSpec) []*Call {
	t.Helper()
	calls := make([]*Call, len(funcs))
	for i, f := range funcs {
		c, err := Bind(f, spec)
		if err != nil {
			t.Fatal(err)
		}
		calls[i] = c
	}
	return calls
}

func sameValue(a, b selfsame.Value) bool {
	if !a.Type.Equal(b.Type) || a.Status != b.Status {
		return false
	}
	return a.Status != selfsame.Present ||
		a.Int == b.Int && a.Dec == b.Dec && math.Float64bits(a.Float) == math.Float64bits(b.Float)
}

// TestMomentPathsAgree holds the three evaluations together (P2): ranges, the general path and a fold of states.
func TestMomentPathsAgree(t *testing.T) {
	for _, shape := range momentShapes {
		for _, keepNaN := range []bool{false, true} {
			r := rand.New(rand.NewPCG(7, uint64(len(shape.name))))
			spec := CallSpec{Args: []selfsame.Type{shape.arg}, KeepNaN: keepNaN}
			calls := momentCalls(t, momentFuncs, spec)
			some := momentCalls(t, momentFuncs[:1+r.IntN(3)], spec)
			kernel, part := calls[0].NewKernel(calls), some[0].NewKernel(some)
			for range 150 {
				ev := momentRun(r, shape)
				checkMomentKernel(t, r, shape.name, calls, kernel, ev)
				checkMomentKernel(t, r, shape.name, some, part, ev)
			}
		}
	}
}

func checkMomentKernel(t *testing.T, r *rand.Rand, what string, calls []*Call, kernel Kernel, ev *Events) {
	t.Helper()
	kernel.Load(ev)
	checkLoadedMoments(t, r, what, calls, kernel, ev)
}

func checkLoadedMoments(t *testing.T, r *rand.Rand, what string, calls []*Call, kernel Kernel, ev *Events) {
	t.Helper()
	lo, hi := momentWindows(r, ev)
	members := []int{r.IntN(len(calls)), r.IntN(len(calls))} // some repeat
	for m := range calls {
		members = append(members, m)
	}
	var outs []*column.Column
	for _, m := range members {
		out := column.New(calls[m].Result, 0)
		if r.IntN(2) == 0 {
			out.AppendStatus(selfsame.Expired) // what stands there already stays
		}
		outs = append(outs, out)
	}
	check := func(how string, m int, out *column.Column) {
		t.Helper()
		c, first := calls[m], out.Len()-len(lo)
		for k := range lo {
			want := momentFold(c, ev, lo[k], hi[k])
			if got := out.Value(first + k); !sameValue(got, want) {
				t.Fatalf("%s: %s over [%d, %d) by %s = %+v, want %+v", what, c.Func.Name, lo[k], hi[k], how, got, want)
			}
		}
		if first > 1 || first > 0 && out.StatusAt(0) != selfsame.Expired {
			t.Fatalf("%s: %s leaves %d values, the first %v", what, c.Func.Name, out.Len(), out.StatusAt(0))
		}
	}
	kernel.(Joint).RangesOf(members, make([]int64, len(lo)), lo, hi, outs)
	for i, m := range members {
		check("joint ranges", m, outs[i])
	}
	for m := range calls {
		out := column.New(calls[m].Result, 0)
		kernel.Ranges(m, make([]int64, len(lo)), lo, hi, out)
		check("ranges", m, out)
	}
	for k := range lo {
		kernel.Reset()
		order := r.Perm(ev.Hi - ev.Lo)
		for _, i := range order {
			kernel.Add(int32(ev.Lo + i))
		}
		for _, i := range order {
			if row := int32(ev.Lo + i); row < lo[k] || row >= hi[k] {
				kernel.Remove(row)
			}
		}
		for m, c := range calls {
			out := column.New(c.Result, 0)
			kernel.Value(m, 0, out)
			if got, want := out.Value(0), momentFold(c, ev, lo[k], hi[k]); !sameValue(got, want) {
				t.Fatalf("%s: %s over [%d, %d) by the general path = %+v, want %+v", what, c.Func.Name, lo[k], hi[k], got, want)
			}
		}
	}
}

func momentWindows(r *rand.Rand, ev *Events) (lo, hi []int32) {
	var edges [2][]int32
	for i := range edges {
		for range 8 {
			edges[i] = append(edges[i], int32(ev.Lo+r.IntN(ev.Hi-ev.Lo+1)))
		}
		slices.Sort(edges[i])
	}
	for k := range edges[0] {
		edges[1][k] = max(edges[0][k], edges[1][k])
	}
	return edges[0], edges[1]
}

func TestCountStar(t *testing.T) {
	c, err := Bind(countFunc, CallSpec{Star: true})
	if err != nil {
		t.Fatal(err)
	}
	k := c.NewKernel([]*Call{c})
	for _, pass := range [][]bool{nil, {true, false, true, true, false}} {
		k.Load(&Events{Lo: 1, Hi: 5, Pass: pass})
		out := column.New(c.Result, 0)
		k.Ranges(0, make([]int64, 3), []int32{1, 1, 3}, []int32{1, 4, 5}, out)
		k.Add(2)
		k.Add(4)
		k.Remove(2)
		k.Value(0, 0, out)
		want := []int64{0, 3, 2, 1}
		if pass != nil {
			want = []int64{0, 2, 1, 0}
		}
		if !slices.Equal(out.Ints, want) || out.Status != nil {
			t.Errorf("pass %v: got %v %v, want %v", pass, out.Ints, out.Status, want)
		}
	}
	s := c.NewState()
	s.Add(&Event{})
	s.Add(&Event{})
	s.(Inverter).Remove(&Event{})
	if v := s.Finish(0); v.Int != 1 || v.Status != selfsame.Present {
		t.Errorf("count(*) of one event = %+v", v)
	}
}

// TestMomentKernelBeginsWithAnEmptyEntity: the first entity may have no events and yet a filter.
func TestMomentKernelBeginsWithAnEmptyEntity(t *testing.T) {
	floats := selfsame.Scalar(selfsame.Float64)
	calls := momentCalls(t, momentFuncs, CallSpec{Args: []selfsame.Type{floats}})
	k := calls[0].NewKernel(calls)
	k.Load(&Events{Lo: 2, Hi: 2, Pass: make([]bool, 4), Args: []*column.Column{column.Make(floats, 4)}})
	for m, c := range calls {
		out := column.New(c.Result, 2)
		k.Ranges(m, []int64{0}, []int32{2}, []int32{2}, out)
		k.Value(m, 0, out)
		want := momentFold(c, &Events{}, 0, 0)
		if !sameValue(out.Value(0), want) || !sameValue(out.Value(1), want) {
			t.Errorf("%s of nothing = %+v and %+v, want %+v", c.Func.Name, out.Value(0), out.Value(1), want)
		}
	}
}

func TestCountOfAnyType(t *testing.T) {
	c, err := Bind(countFunc, CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.String)}})
	if err != nil {
		t.Fatal(err)
	}
	x := column.New(selfsame.Scalar(selfsame.String), 3)
	x.AppendBytes([]byte("a"))
	x.AppendStatus(selfsame.Null)
	x.AppendBytes(nil)
	k, out := c.NewKernel([]*Call{c}), column.New(c.Result, 0)
	k.Load(&Events{Hi: 3, Args: []*column.Column{x}})
	k.Ranges(0, []int64{0}, []int32{0}, []int32{3}, out)
	if out.Ints[0] != 2 {
		t.Errorf("count of a, null and the empty string = %d, want 2", out.Ints[0])
	}
}

func TestMomentValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		call string
		x    []float64
		keep bool
		want any
	}{
		{"count", nil, false, 0.0}, {"sum", nil, false, nil}, {"avg", nil, false, nil}, {"variance", nil, false, nil}, {"stddev_pop", nil, false, nil},
		{"variance", []float64{3}, false, nil}, {"variance_pop", []float64{3}, false, 0.0}, {"stddev", []float64{inf}, true, nil},
		{"stddev_pop", []float64{2, 4, 4, 4, 5, 5, 7, 9}, false, 2.0}, {"variance", []float64{1, 2, 3, 4}, false, 5.0 / 3},
		{"sum", []float64{1e16, 1, -1e16}, false, 1.0}, {"avg", []float64{0.1, 0.2, 0.3}, false, 0.2}, {"sum", []float64{0.1, 0.2}, false, 0.30000000000000004},
		{"variance", []float64{1e16, 1e16 + 2, 1e16 + 4}, false, 4.0},
		{"sum", []float64{math.Copysign(0, -1)}, false, 0.0}, {"avg", []float64{-5e-324, 0, 0}, false, 0.0},
		{"sum", []float64{math.MaxFloat64, math.MaxFloat64}, false, inf}, {"avg", []float64{math.MaxFloat64, math.MaxFloat64}, false, math.MaxFloat64},
		{"sum", []float64{1, inf}, false, inf}, {"avg", []float64{1, -inf}, false, -inf}, {"sum", []float64{inf, -inf}, false, nil},
		{"sum", []float64{inf, -inf}, true, nan}, {"variance", []float64{1, inf}, false, nil}, {"variance", []float64{1, inf}, true, nan},
		{"sum", []float64{1, nan}, false, 1.0}, {"sum", []float64{1, nan}, true, nan}, {"count", []float64{1, nan}, false, 1.0}, {"count", []float64{1, nan}, true, 2.0},
		{"sum", []float64{nan}, false, nil}, {"variance", []float64{nan}, true, nil}, {"variance_pop", []float64{nan}, true, nan},
	} {
		f := momentFuncs[slices.IndexFunc(momentFuncs, func(f *Func) bool { return f.Name == c.call })]
		call := momentCalls(t, []*Func{f}, CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.Float64)}, KeepNaN: c.keep})[0]
		x := column.New(selfsame.Scalar(selfsame.Float64), len(c.x))
		x.Floats = append(x.Floats, c.x...)
		got := momentFold(call, &Events{Args: []*column.Column{x}}, 0, int32(len(c.x)))
		value := got.Float
		if call.Result.Kind == selfsame.Int64 {
			value = float64(got.Int)
		}
		if want, ok := c.want.(float64); ok != (got.Status == selfsame.Present) || ok && fmt.Sprint(value) != fmt.Sprint(want) {
			t.Errorf("%s of %v (nan: keep %v) = %v %v, want %v", c.call, c.x, c.keep, value, got.Status, c.want)
		}
	}
}

func TestSumOverflowIsAnErrorOfTheWindowOnly(t *testing.T) {
	ints := selfsame.Scalar(selfsame.Int64)
	call := momentCalls(t, []*Func{sumFunc}, CallSpec{Args: []selfsame.Type{ints}})[0]
	x := column.New(ints, 3)
	x.Ints = append(x.Ints, math.MaxInt64, 1, -1)
	k, out := call.NewKernel([]*Call{call}), column.New(ints, 0)
	k.Load(&Events{Hi: 3, Args: []*column.Column{x}})
	k.Ranges(0, make([]int64, 3), []int32{0, 0, 1}, []int32{2, 3, 3}, out)
	want := []selfsame.Status{selfsame.ErrorOverflow, selfsame.Present, selfsame.Present}
	if !slices.Equal(out.Status, want) || out.Ints[1] != math.MaxInt64 || out.Ints[2] != 0 {
		t.Errorf("got %v %v, want %v", out.Ints, out.Status, want)
	}
	wide := selfsame.DecimalOf(38, 4)
	call = momentCalls(t, []*Func{sumFunc}, CallSpec{Args: []selfsame.Type{wide}})[0]
	nines, _ := exact.Sub(exact.Pow10(38), exact.FromInt64(1))
	d := column.New(wide, 4)
	d.Decimals = append(d.Decimals, nines, exact.FromInt64(1), exact.FromInt64(-1), nines)
	ev := &Events{Args: []*column.Column{d}}
	if v := momentFold(call, ev, 0, 2); v.Status != selfsame.ErrorOverflow {
		t.Errorf("10^38 = %v", v)
	}
	if v := momentFold(call, ev, 0, 3); v.Status != selfsame.Present || v.Dec != nines || !v.Type.Equal(wide) {
		t.Errorf("10^38 - 1 = %v", v)
	}
	if v := momentFold(call, ev, 0, 4); v.Status != selfsame.ErrorOverflow {
		t.Errorf("2 * (10^38 - 1) = %v", v)
	}
}

func TestMomentTypes(t *testing.T) {
	ints, floats, money := selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Float64), selfsame.DecimalOf(12, 2)
	for _, c := range []struct {
		f         *Func
		arg, want selfsame.Type
	}{
		{countFunc, money, ints}, {sumFunc, ints, ints}, {sumFunc, floats, floats}, {sumFunc, money, selfsame.DecimalOf(38, 2)},
		{avgFunc, ints, floats}, {avgFunc, money, floats}, {stddevFunc, money, floats}, {countFunc, selfsame.ListOf(ints), ints},
	} {
		call := momentCalls(t, []*Func{c.f}, CallSpec{Args: []selfsame.Type{c.arg}})[0]
		if !call.Result.Equal(c.want) || call.NewState().Finish(0).Type.Equal(c.want) == false {
			t.Errorf("%s(%v) is %v, want %v", c.f.Name, c.arg, call.Result, c.want)
		}
	}
	for _, c := range []struct {
		f    *Func
		spec CallSpec
		want string
	}{
		{sumFunc, CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.String)}}, "sum takes a number, not a string"},
		{avgFunc, CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.Bool)}}, "avg takes a number, not a bool"},
		{sumFunc, CallSpec{Args: []selfsame.Type{ints, ints}}, "sum takes one argument"},
		{stddevFunc, CallSpec{}, "stddev takes one argument"},
		{countFunc, CallSpec{}, "count takes * or one argument"},
		{countFunc, CallSpec{Args: []selfsame.Type{ints}, Star: true}, "count takes * or one argument"},
		{countFunc, CallSpec{Args: []selfsame.Type{ints}, Consts: []selfsame.Value{{}}}, "count takes * or one argument"},
	} {
		_, err := Bind(c.f, c.spec)
		var e *selfsame.Error
		if !errors.As(err, &e) || e.Class != selfsame.ClassDefinition || e.Hint == "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %+v: %v, want %q", c.f.Name, c.spec, err, c.want)
		}
	}
}

// TestMomentAlgebra holds A1 and A2 on encoded bytes: a commutative group, and decode is the inverse of encode.
func TestMomentAlgebra(t *testing.T) {
	for _, shape := range momentShapes {
		for _, f := range momentFuncs {
			r := rand.New(rand.NewPCG(11, uint64(len(shape.name))))
			c := momentCalls(t, []*Func{f}, CallSpec{Args: []selfsame.Type{shape.arg}, KeepNaN: true})[0]
			for range 30 {
				events := make([]*Event, r.IntN(20))
				for i := range events {
					events[i] = &Event{Args: []selfsame.Value{shape.draw(r)}}
					if r.IntN(8) == 0 {
						events[i].Args[0].Status = selfsame.Null
					}
				}
				checkMomentLaws(t, shape.name+" "+f.Name, c, r, events)
			}
		}
	}
}

func checkMomentLaws(t *testing.T, what string, c *Call, r *rand.Rand, events []*Event) {
	t.Helper()
	fold := func(events []*Event) []byte {
		s := c.NewState()
		for _, e := range events {
			s.Add(e)
		}
		return s.AppendTo(nil)
	}
	merge := func(parts ...[]byte) []byte {
		s := momentDecode(t, c, parts[0])
		for _, p := range parts[1:] {
			s.Merge(momentDecode(t, c, p))
		}
		return s.AppendTo(nil)
	}
	i := r.IntN(len(events) + 1)
	j := i + r.IntN(len(events)+1-i)
	x, y, z, want, zero := fold(events[:i]), fold(events[i:j]), fold(events[j:]), fold(events), fold(nil)
	for law, got := range map[string][]byte{
		"associative, left": merge(merge(x, y), z), "associative, right": merge(x, merge(y, z)), "commutative": merge(z, y, x),
		"identity": merge(want, zero), "identity, left": merge(zero, want), "decode of encode": momentDecode(t, c, want).AppendTo(nil),
	} {
		if !bytes.Equal(got, want) {
			t.Fatalf("%s: %s: %x, want %x", what, law, got, want)
		}
	}
	s := momentDecode(t, c, want)
	for _, k := range r.Perm(len(events)) {
		s.(Inverter).Remove(events[k])
	}
	if got := s.AppendTo(nil); !bytes.Equal(got, zero) {
		t.Fatalf("%s: all taken out leaves %x, want %x", what, got, zero)
	}
	early := c.NewState() // a retraction may come before its event
	for _, e := range events[:i] {
		early.(Inverter).Remove(e)
	}
	early = momentDecode(t, c, early.AppendTo(nil))
	early.Merge(momentDecode(t, c, want))
	if got := early.AppendTo(nil); !bytes.Equal(got, merge(y, z)) {
		t.Fatalf("%s: inverse: %x, want %x", what, got, merge(y, z))
	}
	a, b := c.NewState(), momentDecode(t, c, want)
	for _, e := range events {
		a.Add(e)
	}
	if !sameValue(a.Finish(0), b.Finish(0)) {
		t.Fatalf("%s: finish of decoded bytes = %+v, want %+v", what, b.Finish(0), a.Finish(0))
	}
}

func momentDecode(t *testing.T, c *Call, b []byte) State {
	t.Helper()
	s := c.NewState()
	if err := s.Decode(b); err != nil {
		t.Fatalf("decode %x: %v", b, err)
	}
	return s
}

func TestMomentEncodingIsShort(t *testing.T) {
	for _, c := range []struct {
		f    *Func
		x    []float64
		want string
	}{
		{countFunc, []float64{1, 2}, "04"},
		{sumFunc, nil, "0000"},
		{sumFunc, []float64{1, 2}, "080188" + "01" + "03"},
		{stddevFunc, []float64{-1}, "04" + "018801ff" + "01900201"},
		{sumFunc, []float64{math.Inf(1)}, "05" + "000200" + "00"},
	} {
		call := momentCalls(t, []*Func{c.f}, CallSpec{Args: []selfsame.Type{selfsame.Scalar(selfsame.Float64)}})[0]
		s := call.NewState()
		for _, x := range c.x {
			s.Add(&Event{Args: []selfsame.Value{{Type: call.Spec.Args[0], Float: x}}})
		}
		if got := fmt.Sprintf("%x", s.AppendTo(nil)); got != c.want {
			t.Errorf("%s of %v is %s, want %s", c.f.Name, c.x, got, c.want)
		}
	}
}

// FuzzMomentDecode: bytes that decode encode as themselves and finish; all others give an error, and nothing panics.
func FuzzMomentDecode(f *testing.F) {
	f.Add([]byte{8, 1, 0x88, 1, 3}, uint8(1))
	f.Add([]byte{5, 0, 2, 0, 0, 0}, uint8(3))
	f.Add([]byte{4, 2, 0, 0x80, 0, 1, 1, 7}, uint8(12))
	types := []selfsame.Type{selfsame.Scalar(selfsame.Float64), selfsame.Scalar(selfsame.Int64), selfsame.DecimalOf(38, 9)}
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		arg, fn := types[int(which)/len(momentFuncs)%len(types)], momentFuncs[int(which)%len(momentFuncs)]
		c, err := Bind(fn, CallSpec{Args: []selfsame.Type{arg}})
		if err != nil {
			t.Fatal(err)
		}
		s := c.NewState()
		if err := s.Decode(b); err != nil {
			if !errors.Is(err, exact.ErrEncoding) {
				t.Fatal(err)
			}
			return
		}
		if got := s.AppendTo(nil); !bytes.Equal(got, b) {
			t.Fatalf("%x encodes as %x", b, got)
		}
		s.Finish(0)
		s.Merge(s)
		s.Finish(0)
	})
}
