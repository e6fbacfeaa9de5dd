// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"strings"
	"testing"

	"selfsame/request"
)

// TestAppliedWhileAsked applies an entry between the moment at which a read pins its cut and that at which it looks whether more may come: the
// entry has an α that the read asks for, and the cut does not hold it.
func TestAppliedWhileAsked(t *testing.T) {
	var w *world
	var meanwhile func()
	w = newWorld(t, definitions, func(o *Options) {
		o.Complete = func(request.Cut, int64) bool { // nothing is under way any more
			if meanwhile != nil {
				meanwhile()
			}
			return true
		}
	})
	w.push(noon-3*hour, order{"a", "u", 1, "ams", noon - 4*hour})
	q := &Request{Service: "late", EntityID: "u"}
	if v := w.ask(q); v.Stale || v.Columns[0].Ints[0] != 1 {
		t.Errorf("nothing came meanwhile: stale %v, %d events", v.Stale, v.Columns[0].Ints[0])
	}
	meanwhile = func() { w.push(noon-2*hour, order{"b", "u", 1, "ams", noon - 4*hour}) }
	if v := w.ask(q); !v.Stale || v.Columns[0].Ints[0] != 1 {
		t.Errorf("an event became known two hours ago and is not in the cut: stale %v, %d events", v.Stale, v.Columns[0].Ints[0])
	}
}

// TestSwitchedWhileAsked asks by definitions whose states go before they are read.
func TestSwitchedWhileAsked(t *testing.T) {
	text := strings.Replace(definitions, "  both: {features: [spend.n, arrivals.n]}\n", "", 1)
	var w *world
	w = newWorld(t, text, func(o *Options) {
		now := o.Definitions
		calls := 0
		o.Definitions = func() Definitions {
			defs := now()
			if calls++; calls == 1 {
				w.apply(strings.Replace(text, "    entity: place\n", "    entity: place\n    where: amount > 1\n", 1))
			}
			return defs
		}
	})
	w.push(noon, order{"a", "u", 1, "ams", noon - hour}, order{"b", "u", 2, "ams", noon - hour})
	v := w.ask(&Request{References: []string{"arrivals.n"}, EntityID: "ams"})
	if got := v.Columns[0].Ints[0]; got != 1 || !strings.HasPrefix(v.Outputs[0].Reference, "arrivals.n@2.") {
		t.Errorf("%s answers %d", v.Outputs[0].Reference, got)
	}
}
