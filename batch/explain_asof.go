// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/window"
	"selfsame/plan"
)

// version explains the row that an as-of feature reads and returns the recomputed event columns.
func (x *explainer) version(o *Origin, s plan.Slot, g *gathered) ([]*column.Column, error) {
	u := g.use
	columns := u.Features[s.Feature].Program.Slots()
	v := &VersionOrigin{Columns: columnTexts(u, columns)}
	newest, miss := g.newest(columns)
	status := g.judge(v, newest)
	g.row = status
	if newest != nil {
		row := newest.show(columns)
		v.Row = &row
		if status == selfsame.Present {
			o.Newest = row.Time
		}
	}
	v.Misses = miss.list()
	o.Version = v
	sweep := x.res.sweeps[s.Use]
	inputs := make([]*column.Column, len(u.Spec.Columns))
	for _, c := range columns {
		value := selfsame.Value{Type: u.Spec.Columns[c], Status: status}
		if status == selfsame.Present {
			value = newest.block.Columns[c].Value(newest.i)
		}
		if err := differs(o.Name+", "+u.ColumnText(c), value, sweep.Value(c, 0)); err != nil {
			return nil, err
		}
		inputs[c] = single(value)
	}
	return inputs, nil
}

// newest returns the row that is the newest at T, nil for none, and what came near.
func (g *gathered) newest(columns []int) (*candidate, *missing) {
	var found *candidate
	miss := &missing{columns: columns}
	strict := g.use.Spec.Closed == selfsame.ClosedLeft
	for i := len(g.rows) - 1; i >= 0; i-- {
		e := &g.rows[i]
		why := g.hidden(e)
		later := !g.use.Spec.Static && (e.tau > g.at || (strict && e.tau == g.at))
		switch {
		case why == ReasonArrivedLater && !later:
			miss.add(why, e, between64(g.known, e.from), func() string { return g.hiddenText(why, e) })
		case why == ReasonSchema:
			miss.add(why, e, e.pos, func() string { return g.hiddenText(why, e) })
		case why != 0 && why != ReasonArrivedLater:
			if !later {
				miss.add(why, e, between64(e.tau, g.at), func() string { return g.hiddenText(why, e) })
			}
		case later && e.tau == g.at:
			miss.add(ReasonLater, e, 0, text("at T: not taken, the view is `closed: left`"))
		case later:
			miss.add(ReasonLater, e, between64(g.at, e.tau), func() string { return fmt.Sprintf("%s after T", between(g.at, e.tau)) })
		case found == nil:
			found = e
		case found.tau == e.tau:
			miss.add(ReasonOlder, e, 0, text("of the same time as the row taken, and before it in the order of rows"))
		default:
			miss.add(ReasonOlder, e, between64(e.tau, found.tau), func() string { return fmt.Sprintf("%s older than the newest row", between(e.tau, found.tau)) })
		}
	}
	return found, miss
}

// judge says what becomes of the newest row.
func (g *gathered) judge(v *VersionOrigin, newest *candidate) selfsame.Status {
	spec := &g.use.Spec
	if !spec.Static && spec.TTL >= 0 {
		ttl := Span(spec.TTL)
		v.TTL = &ttl
	}
	if newest == nil {
		v.Outcome, v.Why = "not_found", "no row of this key is known at T"
		return selfsame.NotFound
	}
	if !spec.Static {
		age := between(newest.tau, g.at)
		v.Age = &age
	}
	switch {
	case newest.delete:
		v.Outcome, v.Why = "deleted", "the newest row is a delete: from its time on there is none"
		return selfsame.NotFound
	case v.TTL != nil && newest.tau < window.SatSub(g.at, spec.TTL):
		v.Outcome = "expired"
		v.Why = fmt.Sprintf("the newest row is %s old and the ttl is %s: a ttl of %s would cover it", *v.Age, expr.DurationText(spec.TTL), expr.DurationText(covering(int64(*v.Age))))
		return selfsame.Expired
	}
	v.Outcome = "used"
	return selfsame.Present
}

// covering is an age as a ttl that covers it is written: whole days, below one whole seconds.
func covering(age int64) int64 {
	unit := int64(selfsame.Second)
	if age > selfsame.DayLength {
		unit = selfsame.DayLength
	}
	return (age + unit - 1) / unit * unit
}
