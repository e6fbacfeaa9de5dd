// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"selfsame"
	"selfsame/column"
)

// lawCall is a call that binds, with its name for messages.
type lawCall struct {
	name string
	call *Call
}

// everyCall binds every Func in All to every list of arguments that it takes, of those tried here.
func everyCall(t testing.TB, maxValues int64, keepNaN bool) []lawCall {
	t.Helper()
	var calls []lawCall
	for _, f := range All() {
		before := len(calls)
		for _, spec := range lawSpecs() {
			spec.MaxValues, spec.KeepNaN = maxValues, keepNaN
			spec.Distinct = f == countDistinctFunc
			c, err := Bind(f, spec)
			if err != nil {
				continue
			}
			calls = append(calls, lawCall{fmt.Sprintf("%s%v%v %d %d %v", f.Name, spec.Args, constTexts(spec.Consts), spec.HalfLife, spec.Step, spec.RespectNulls), c})
		}
		if len(calls) == before {
			t.Errorf("%s binds to no arguments that the laws try", f.Name)
		}
	}
	return calls
}

func constTexts(consts []selfsame.Value) (texts []string) {
	for _, v := range consts {
		texts = append(texts, fmt.Sprint(v.Int, v.Dec.Lo))
	}
	return texts
}

var lawTypes = []selfsame.Type{
	selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Float64), selfsame.DecimalOf(38, 4),
	selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Bytes), selfsame.Scalar(selfsame.Timestamp), selfsame.Scalar(selfsame.Date),
	selfsame.ListOf(selfsame.Scalar(selfsame.Int64)), selfsame.ListOf(selfsame.Scalar(selfsame.Float64)), selfsame.ListOf(selfsame.DecimalOf(38, 4)),
}

func lawSpecs() []CallSpec {
	n := func(i int64) selfsame.Value { return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: i} }
	q := func(lo uint64) selfsame.Value {
		return selfsame.Value{Type: selfsame.DecimalOf(4, 3), Dec: selfsame.Int128{Lo: lo}}
	}
	text := func(s string) selfsame.Value { return selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: s} }
	specs := []CallSpec{{Star: true}, {}}
	for _, a := range lawTypes[1:4] {
		specs = append(specs, CallSpec{Args: []selfsame.Type{a}, HalfLife: 1, Step: 1}, CallSpec{Args: []selfsame.Type{a}, HalfLife: 6, Step: 2})
	}
	specs = append(specs, CallSpec{Args: lawTypes[1:2], Consts: []selfsame.Value{n(2), n(3), n(-1), n(0), n(math.MaxInt64)}},
		CallSpec{Args: lawTypes[4:5], Consts: []selfsame.Value{n(3), text("a"), text("z"), text(""), text("nowhere"), text("ab")}},
		CallSpec{Args: lawTypes[4:5], Consts: []selfsame.Value{n(1), text("a"), text("z")}})
	for _, a := range lawTypes {
		for _, consts := range [][]selfsame.Value{nil, {n(1)}, {n(3)}} {
			specs = append(specs, CallSpec{Args: []selfsame.Type{a}, Consts: consts, RespectNulls: true})
		}
	}
	for i, a := range lawTypes {
		for _, consts := range [][]selfsame.Value{nil, {n(1)}, {n(2)}, {n(7)}, {q(0)}, {q(333)}, {q(950)}, {text(", ")},
			{{Type: selfsame.Scalar(selfsame.String), Str: "Europe/Berlin"}}} {
			specs = append(specs, CallSpec{Args: []selfsame.Type{a}, Consts: consts})
		}
		for j, b := range lawTypes {
			if i == j || (i+j)%3 == 0 || b.Kind == selfsame.String {
				specs = append(specs, CallSpec{Args: []selfsame.Type{a, b}})
			}
		}
	}
	return specs
}

// TestAlgebra holds every state to the laws of a commutative monoid, on encoded bytes (A1).
func TestAlgebra(t *testing.T) {
	for _, keepNaN := range []bool{false, true} {
		for _, maxValues := range []int64{4, 1000} {
			for _, c := range everyCall(t, maxValues, keepNaN) {
				for seed := range uint64(4) {
					r := rand.New(rand.NewPCG(seed, 1))
					checkLaws(t, c, r, lawEvents(r, c.call.Spec.Args, r.IntN(40), true))
				}
			}
		}
	}
}

func stateOf(c *Call, events ...*Event) State {
	s := c.NewState()
	for _, e := range events {
		s.Add(e)
	}
	return s
}

func merged(c *Call, states ...State) State {
	s := c.NewState()
	for _, o := range states {
		s.Merge(o)
	}
	return s
}

func checkLaws(t *testing.T, c lawCall, r *rand.Rand, events []*Event) {
	t.Helper()
	call := c.call
	i := r.IntN(len(events) + 1)
	j := i + r.IntN(len(events)-i+1)
	part := func(k int) State {
		return stateOf(call, [][]*Event{events[:i], events[i:j], events[j:]}[k]...)
	}
	want := stateOf(call, events...).AppendTo(nil)
	same := func(law string, s State) {
		t.Helper()
		if got := s.AppendTo(nil); !bytes.Equal(got, want) {
			t.Fatalf("%s: %s: % x, want % x", c.name, law, got, want)
		}
	}
	left := part(0)
	left.Merge(part(1))
	left.Merge(part(2))
	same("(a b) c", left)
	tail := part(1)
	tail.Merge(part(2))
	right := part(0)
	right.Merge(tail)
	same("a (b c)", right)
	same("c b a", merged(call, part(2), part(1), part(0)))
	same("a 1", func() State { s := stateOf(call, events...); s.Merge(call.NewState()); return s }())
	same("1 a", merged(call, stateOf(call, events...)))
	shuffled := slices.Clone(events)
	r.Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
	same("another order", stateOf(call, shuffled...))

	other := part(1)
	encoded := other.AppendTo(nil)
	part(0).Merge(other)
	if !bytes.Equal(other.AppendTo(nil), encoded) {
		t.Fatalf("%s: Merge changed its argument", c.name)
	}
	decoded := stateOf(call, events[:i]...)
	if err := decoded.Decode(want); err != nil {
		t.Fatalf("%s: decode: %v", c.name, err)
	}
	same("decode encode", decoded)
	if a, b := decoded.Finish(lawTime), stateOf(call, shuffled...).Finish(lawTime); !sameBits(a, b) {
		t.Fatalf("%s: finish is %+v decoded and %+v folded", c.name, a, b)
	}
	if _, ok := decoded.(Inverter); ok {
		for _, e := range shuffled[:len(shuffled)/2] {
			decoded.(Inverter).Remove(e)
		}
		rest := stateOf(call, shuffled[len(shuffled)/2:]...).AppendTo(nil)
		if got := decoded.AppendTo(nil); !bytes.Equal(got, rest) {
			t.Fatalf("%s: inverse: % x, want % x", c.name, got, rest)
		}
	}
}

// TestPathsAgree holds ranges, the general path, the fold of states and a naive evaluation together, one kernel serving many
// entities and all members of its family (P2).
func TestPathsAgree(t *testing.T) {
	for _, keepNaN := range []bool{false, true} {
		for _, maxValues := range []int64{4, 1000} {
			families := map[string][]lawCall{}
			var order []string
			for _, c := range everyCall(t, maxValues, keepNaN) {
				if keepNaN && !slices.Contains(c.call.Spec.Args, selfsame.Scalar(selfsame.Float64)) {
					continue // nothing has a NaN
				}
				key := c.call.Family + fmt.Sprint(c.call.Spec.Args)
				if families[key] == nil {
					order = append(order, key)
				}
				families[key] = append(families[key], c)
			}
			for _, key := range order {
				checkFamily(t, families[key])
			}
		}
	}
}

func checkFamily(t *testing.T, family []lawCall) {
	members := make([]*Call, len(family))
	for i, c := range family {
		members[i] = c.call
	}
	kernel := members[0].NewKernel(members)
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2))
		n := r.IntN(60)
		switch seed {
		case 3:
			n = 0
		case 4:
			n = 700
		case 5:
			n = radixFrom + 100
		}
		entity := newLawEntity(r, members[0].Spec.Args, n)
		kernel.Load(&entity.events)
		for m, c := range family {
			checkRanges(t, r, c, kernel, m, entity)
		}
		checkGeneral(t, r, family, kernel, entity)
	}
}

// lawEntity is an entity's events in both shapes: row i of columns is list[i-Lo].
type lawEntity struct {
	events Events
	list   []*Event
}

func newLawEntity(r *rand.Rand, args []selfsame.Type, n int) *lawEntity {
	list := lawEvents(r, args, n, false)
	slices.SortStableFunc(list, func(a, b *Event) int {
		switch {
		case Less(a, b):
			return -1
		case Less(b, a):
			return 1
		}
		return 0
	})
	lead, trail := r.IntN(3), r.IntN(3)
	e := &lawEntity{list: list}
	rows := slices.Concat(lawEvents(r, args, lead, false), list, lawEvents(r, args, trail, false))
	for _, row := range rows {
		e.events.Tau = append(e.events.Tau, row.Tau)
	}
	for i, a := range args {
		c := column.New(a, len(rows))
		for _, row := range rows {
			c.Append(row.Args[i])
		}
		e.events.Args = append(e.events.Args, c)
	}
	if r.IntN(2) == 0 {
		for range rows {
			e.events.Pass = append(e.events.Pass, r.IntN(4) > 0)
		}
	}
	e.events.Lo, e.events.Hi = lead, lead+n
	return e
}

// in returns the events of rows [lo, hi) that the filter lets through.
func (e *lawEntity) in(lo, hi int32) (events []*Event) {
	for i := int(lo); i < int(hi); i++ {
		if e.events.Pass == nil || e.events.Pass[i] {
			events = append(events, e.list[i-e.events.Lo])
		}
	}
	return events
}

func checkRanges(t *testing.T, r *rand.Rand, c lawCall, kernel Kernel, m int, e *lawEntity) {
	t.Helper()
	windows := r.IntN(20)
	lo, hi, at := make([]int32, windows), make([]int32, windows), make([]int64, windows)
	for i := range lo {
		lo[i] = int32(e.events.Lo + r.IntN(e.events.Hi-e.events.Lo+1))
		hi[i] = int32(e.events.Lo + r.IntN(e.events.Hi-e.events.Lo+1))
		at[i] = lawTime + r.Int64N(1000)
	}
	slices.Sort(lo)
	slices.Sort(hi)
	for i := range lo {
		hi[i] = max(hi[i], lo[i])
	}
	out := column.New(c.call.Result, 0)
	kernel.Ranges(m, at, lo, hi, out)
	kernel.Ranges(m, at, lo, hi, out)
	if out.Len() != 2*windows || (out.Status != nil && len(out.Status) != out.Len()) {
		t.Fatalf("%s: %d windows give %d values and %d statuses", c.name, 2*windows, out.Len(), len(out.Status))
	}
	for i := range 2 * windows {
		w := i % windows
		checkValue(t, c, "ranges", out.Value(i), e.in(lo[w], hi[w]), at[w])
	}
}

func checkValue(t *testing.T, c lawCall, path string, got selfsame.Value, events []*Event, at int64) {
	t.Helper()
	folded := stateOf(c.call, events...).Finish(at)
	if !sameBits(got, folded) {
		t.Fatalf("%s: %s of %d events give\n%+v\nthe fold gives\n%+v", c.name, path, len(events), got, folded)
	}
	naive, ok := naively(c.call, events, at)
	if ok && !sameBits(got, naive) {
		t.Fatalf("%s: %s of %d events give\n%+v\na naive evaluation gives\n%+v", c.name, path, len(events), got, naive)
	}
}

// checkGeneral drives the general path as late and retracted events do: in any order, with values in between.
func checkGeneral(t *testing.T, r *rand.Rand, family []lawCall, kernel Kernel, e *lawEntity) {
	t.Helper()
	for round := range 2 {
		if round > 0 || r.IntN(2) == 0 {
			kernel.Reset()
		}
		in := map[int32]bool{}
		for step := range min(80, 3*len(e.list)) {
			i := int32(e.events.Lo + r.IntN(len(e.list)))
			if in[i] {
				kernel.Remove(i)
			} else {
				kernel.Add(i)
			}
			in[i] = !in[i]
			if step%9 != 0 {
				continue
			}
			var events []*Event
			for row := range in {
				if in[row] {
					events = append(events, e.in(row, row+1)...)
				}
			}
			slices.SortStableFunc(events, func(a, b *Event) int { return slices.Index(e.list, a) - slices.Index(e.list, b) })
			for m, c := range family {
				out := column.New(c.call.Result, 0)
				kernel.Value(m, lawTime, out)
				checkValue(t, c, "the general path", out.Value(0), events, lawTime)
			}
		}
		for row, is := range in {
			if is {
				kernel.Remove(row)
			}
		}
		for m, c := range family {
			out := column.New(c.call.Result, 0)
			kernel.Value(m, lawTime, out)
			checkValue(t, c, "the emptied general path", out.Value(0), nil, lawTime)
		}
	}
}

// sameBits reports whether two values are the same, floats by their bits.
func sameBits(a, b selfsame.Value) bool {
	if len(a.Elems) != len(b.Elems) || !sameValue(a, b) || a.Str != b.Str || !reflect.DeepEqual(a.Keys, b.Keys) {
		return false
	}
	for i := range a.Elems {
		if !sameBits(a.Elems[i], b.Elems[i]) {
			return false
		}
	}
	return true
}

// FuzzDecode holds every state to one encoding per value: what decodes encodes to the same bytes, finishes and merges.
func FuzzDecode(f *testing.F) {
	calls := everyCall(f, 6, true)
	r := rand.New(rand.NewPCG(1, 3))
	for i, c := range calls {
		f.Add(i, stateOf(c.call, lawEvents(r, c.call.Spec.Args, 5, true)...).AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		if i < 0 {
			return
		}
		c := calls[i%len(calls)]
		s := c.call.NewState()
		if err := s.Decode(b); err != nil {
			if got := s.AppendTo(nil); !bytes.Equal(got, c.call.NewState().AppendTo(nil)) {
				t.Fatalf("%s: %v, and the state is changed to % x", c.name, err, got)
			}
			return
		}
		if got := s.AppendTo(nil); !bytes.Equal(got, b) {
			t.Fatalf("%s: % x decodes and encodes to % x", c.name, b, got)
		}
		if v := s.Finish(lawTime); !v.Type.Equal(c.call.Result) {
			t.Fatalf("%s: finishes as %s, its type is %s", c.name, v.Type, c.call.Result)
		}
		other := c.call.NewState()
		other.Merge(s)
		if got := other.AppendTo(nil); !bytes.Equal(got, b) {
			t.Fatalf("%s: % x merged into nothing is % x", c.name, b, got)
		}
	})
}
