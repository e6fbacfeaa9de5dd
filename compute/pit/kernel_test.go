// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// The kernels of these tests are deliberately plain: a digest that depends on every event and on their order, and the list of values
// itself. They find a wrong event, a wrong order and a wrong place that a sum might hide.

func digestCall(result selfsame.Kind, needOrder bool, family string) *aggregate.Call {
	c := &aggregate.Call{Func: &aggregate.Func{Name: "digest"}, Result: selfsame.Scalar(result), NeedOrder: needOrder, Family: family}
	if result == selfsame.List {
		c.Result = selfsame.ListOf(selfsame.Scalar(selfsame.Int64))
	}
	c.NewKernel = func(members []*aggregate.Call) aggregate.Kernel { return &digestKernel{members: members} }
	return c
}

type digestKernel struct {
	members []*aggregate.Call
	ev      aggregate.Events
	set     map[int32]bool
}

func (k *digestKernel) Load(ev *aggregate.Events) { k.ev, k.set = *ev, map[int32]bool{} }

func (k *digestKernel) Ranges(m int, at []int64, lo, hi []int32, out *column.Column) {
	for i := range at {
		if lo[i] > hi[i] || int(lo[i]) < k.ev.Lo || int(hi[i]) > k.ev.Hi || (i > 0 && (lo[i] < lo[i-1] || hi[i] < hi[i-1])) {
			panic("Ranges: bounds out of order")
		}
		var places []int32
		for j := lo[i]; j < hi[i]; j++ {
			places = append(places, j)
		}
		k.value(m, at[i], places, out)
	}
}

func (k *digestKernel) Reset() { clear(k.set) }

func (k *digestKernel) Add(i int32) {
	if k.set[i] || int(i) < k.ev.Lo || int(i) >= k.ev.Hi {
		panic("Add of an event that is in the set or of another entity")
	}
	k.set[i] = true
}

func (k *digestKernel) Remove(i int32) {
	if !k.set[i] {
		panic("Remove of an event that is not in the set")
	}
	delete(k.set, i)
}

func (k *digestKernel) Value(m int, at int64, out *column.Column) {
	var places []int32
	for i := range k.set {
		places = append(places, i)
	}
	slices.Sort(places)
	k.value(m, at, places, out)
}

func (k *digestKernel) value(m int, at int64, places []int32, out *column.Column) {
	var values []selfsame.Value
	for _, i := range places {
		if k.ev.Pass != nil && !k.ev.Pass[i] {
			continue
		}
		if v := k.ev.Args[0].Value(int(i)); v.Status == selfsame.Present {
			values = append(values, v)
		}
	}
	out.Append(digest(values, at, k.members[m]))
}

// digest is the value of a call over present values in canonical order.
func digest(values []selfsame.Value, at int64, call *aggregate.Call) selfsame.Value {
	v := selfsame.Value{Type: call.Result}
	switch call.Result.Kind {
	case selfsame.List:
		v.Elems = values
	case selfsame.String:
		for _, x := range values {
			v.Str += x.Str + "|"
		}
	default:
		if len(values) == 0 {
			v.Status = selfsame.Null
			return v
		}
		h := uint64(at)
		for _, x := range values {
			if call.NeedOrder {
				h = h*1099511628211 + uint64(x.Int)
			} else {
				h += uint64(x.Int)*uint64(x.Int) + 1
			}
		}
		v.Int = int64(h)
	}
	return v
}
