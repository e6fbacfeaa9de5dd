// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"selfsame"
)

// Oracle is the Engine that is right by construction and slow. Features beyond its tiny language are missing from its answers.
type Oracle struct{}

// Name is "oracle".
func (Oracle) Name() string { return "oracle" }

// Ask answers by brute force.
func (Oracle) Ask(_ context.Context, c *Case) (*Answer, error) {
	one := *c
	one.seen = map[string][]*Event{}
	c = &one
	out := &Answer{Rows: make([][]selfsame.Value, len(c.Rows))}
	checked := map[string]bool{}
	for _, o := range c.outputs() {
		v := c.Project.View(o.view)
		if v == nil || v.Kind == selfsame.OnDemandView {
			continue
		}
		if !checked[v.Name] {
			checked[v.Name] = true
			if err := c.checkStatic(v); err != nil {
				return nil, err
			}
		}
		column, ok := c.oracleColumn(v, o)
		if !ok {
			continue
		}
		out.Outputs = append(out.Outputs, o.name)
		for i, value := range column {
			out.Rows[i] = append(out.Rows[i], value)
		}
	}
	return out, nil
}

// checkStatic refuses a static table that holds a key of the view twice.
func (c *Case) checkStatic(v *selfsame.FeatureView) error {
	ov, err := c.oracleView(v, nil)
	if err != nil {
		return nil
	}
	seen := map[string]bool{}
	for _, e := range c.events(v) {
		key, named := ov.key(e)
		if ov.sources[e.Source].EventTime != "" || !named || !ov.where(e) {
			continue
		}
		key = fmt.Sprint(e.Source, " ", key)
		if seen[key] && v.Entity == "" {
			return fmt.Errorf("view %s has no entity, and its table holds more than one row", v.Name)
		}
		if seen[key] {
			return fmt.Errorf("a key of view %s stands twice in a static table", v.Name)
		}
		seen[key] = true
	}
	return nil
}

// oracleColumn is one feature for every row.
func (c *Case) oracleColumn(v *selfsame.FeatureView, o output) ([]selfsame.Value, bool) {
	lookups, types := c.lookups(v, o.feature)
	ov, err := c.oracleView(v, types)
	if err != nil {
		return nil, false
	}
	if v.Season != nil {
		if _, ok := atClock(v.Season.Text, 0); !ok {
			return nil, false
		}
	}
	p := newNaive(o.feature.Value.Text, ov.sources)
	p.looked = types
	var call *oracleCall
	var field operand
	if v.Kind == selfsame.WindowedView {
		if call, err = p.call(); err == nil {
			call.maxValues, call.keepNaN = 100_000, keepsNaN(ov.sources)
			if v.MaxValues > 0 {
				call.maxValues = int(v.MaxValues)
			}
		}
	} else if field, err = p.operand(); err == nil && p.peek() != "" {
		err = errBeyondOracle
	}
	if err != nil {
		return nil, false
	}
	log := c.events(v)
	var column []selfsame.Value
	for _, row := range c.Rows {
		value := selfsame.Value{Status: selfsame.NotFound}
		key, named := c.rowKey(v, o, row)
		cut := c.cut(v, row)
		if v.Ahead {
			cut = Cut{Final: true}
		}
		log, ok := c.looked(lookups, log, cut)
		if !ok {
			return nil, false
		}
		if call != nil {
			var seen []*Event
			if named {
				seen = visible(ov, log, key, cut, false)
			}
			one := *call
			if one.choose(row) {
				value = one.value(seen, row.At, c.own(ov, v, o, row))
			} else {
				value = selfsame.Value{Status: selfsame.ErrorLength}
			}
			if v.Ahead && plus(plus(row.At, call.window.Offset), call.window.Length) > c.newest(ov, log)+beyond[call.window.Closed] {
				value = null()
			}
		} else if named {
			if e, status := asOfRow(ov, log, key, row.At, cut); e != nil {
				value = field.of(e)
			} else {
				value.Status = status
			}
		}
		if d := o.feature.Default; d != nil && (value.Status == selfsame.Null || value.Status == selfsame.NotFound) {
			value = *d
		}
		column = append(column, value)
	}
	return column, true
}

// beyond is how far a window of labels falls short of the last moment of its length.
var beyond = map[selfsame.Edge]int64{selfsame.ClosedLeft: 1, selfsame.ClosedNeither: 1}

// newest is the greatest event time of an admitted event.
func (c *Case) newest(v *oracleView, log []*Event) int64 {
	last := selfsame.MinTime
	for _, e := range log {
		if src := v.sources[e.Source]; inside(src, e, Cut{Final: true}) {
			last = max(last, tau(src, e))
		}
	}
	return last
}

func keepsNaN(sources []*selfsame.Source) bool {
	for _, s := range sources {
		if s.KeepNaN {
			return true
		}
	}
	return false
}

// oracleView prepares the view's key and where. looked are the types of what they look up.
func (c *Case) oracleView(v *selfsame.FeatureView, looked map[string]selfsame.Type) (*oracleView, error) {
	ov := &oracleView{ttl: v.TTL.Or(-1), strict: v.Closed == selfsame.ClosedLeft, where: func(*Event) bool { return true }}
	for _, name := range v.Source {
		ov.sources = append(ov.sources, c.Project.Source(name))
	}
	if v.Where != nil {
		p := newNaive(v.Where.Text, ov.sources)
		p.looked = looked
		cond, err := p.condition()
		if err != nil || p.peek() != "" {
			return nil, errBeyondOracle
		}
		ov.where = func(e *Event) bool { r := cond(e); return r.Status == selfsame.Present && r.Int != 0 }
	}
	var parts []operand
	if entity := c.Project.Entity(v.Entity); entity != nil {
		for _, k := range entity.Key {
			text := k.Name
			if x, ok := v.Key[k.Name]; ok {
				text = x.Text
			}
			p := newNaive(text, ov.sources)
			p.looked = looked
			part, err := p.operand()
			if err != nil || p.peek() != "" {
				return nil, errBeyondOracle
			}
			parts = append(parts, part)
		}
	}
	ov.key = func(e *Event) (string, bool) {
		var b []byte
		for _, p := range parts {
			k := p.of(e)
			if k.Status != selfsame.Present {
				return "", false
			}
			b = canonical(b, k, true)
		}
		if v.Season != nil && e.Tau != nil {
			season, _ := atClock(v.Season.Text, *e.Tau)
			b = canonical(b, season, true)
		}
		return string(b), true
	}
	return ov, nil
}

// choose gives the window of a call the length that a row chose, false where it may not.
func (c *oracleCall) choose(row Row) bool {
	if c.window.Chosen == "" {
		return true
	}
	given := row.Given[c.window.Chosen]
	n, unit := splitDuration(given.Str)
	ok := given.Status == selfsame.Present && n > 0 && unit > 0 && n <= c.window.Length/unit
	c.window.Length = n * unit
	return ok
}

// own is a row as an event of the view, nil where it is none of the entity that it asks about.
func (c *Case) own(ov *oracleView, v *selfsame.FeatureView, o output, row Row) *Event {
	src := ov.sources[0]
	e := &Event{Tau: &row.At, Fields: map[string]selfsame.Value{}}
	for _, f := range src.Schema {
		given, ok := row.Given[f.Name]
		if !ok || !given.Type.Equal(f.Type) { // a column of another meaning
			given = null()
		}
		e.Fields[f.Name] = stored(&selfsame.Source{}, given)
	}
	e.Fields[src.EventTime] = selfsame.Value{Type: selfsame.Scalar(selfsame.Timestamp), Int: row.At}
	asked, named := c.rowKey(v, o, row)
	key, there := ov.key(e)
	if !named || !there || key != asked || !ov.where(e) {
		return nil
	}
	return e
}

// rowKey is the canonical key that a row asks for.
func (c *Case) rowKey(v *selfsame.FeatureView, o output, row Row) (string, bool) {
	var b []byte
	var key []selfsame.Field
	if entity := c.Project.Entity(v.Entity); entity != nil {
		key = entity.Key
	}
	for _, k := range key {
		name := k.Name
		if mapped, ok := o.key[name]; ok {
			name = mapped
		}
		value, ok := row.Given[name]
		if strings.Contains(name, "(") {
			value, ok = atClock(name, row.At)
		}
		if !ok || value.Status != selfsame.Present {
			return "", false
		}
		b = canonical(b, value, true)
	}
	if v.Season != nil {
		season, _ := atClock(v.Season.Text, row.At)
		b = canonical(b, season, true)
	}
	return string(b), true
}

// cut is the knowledge with which a row is evaluated.
func (c *Case) cut(v *selfsame.FeatureView, row Row) Cut {
	switch {
	case row.Served != nil:
		k := Cut{Served: row.Served, Lagged: v.AsOf.Set || row.Served.Past || row.Known != nil, Known: plus(row.At, -v.AsOf.Micros)}
		if row.Known != nil { // of an event that asks: what its question knows by α
			if k.Known = min(k.Known, *row.Known); !v.AsOf.Set {
				k.Known = *row.Known
			}
		}
		return k
	case row.Known != nil:
		if v.AsOf.Set {
			return Cut{Known: min(*row.Known, plus(row.At, -v.AsOf.Micros))}
		}
		return Cut{Known: *row.Known}
	case c.Mode.Final:
		return Cut{Final: true}
	}
	return Cut{Known: plus(row.At, -max(c.Mode.Lag, v.AsOf.Or(0)))}
}

// events are the logs of a view's sources as the oracle sees them. Nobody changes them: one question makes them once for each view.
func (c *Case) events(v *selfsame.FeatureView) []*Event {
	if out, ok := c.seen[v.Name]; ok {
		return out
	}
	var out []*Event
	for place, name := range v.Source {
		src := c.Project.Source(name)
		for pos, row := range c.Logs[name] {
			e := &Event{Source: place, Pos: int64(pos), Fields: map[string]selfsame.Value{}}
			for i, f := range src.Schema {
				e.Fields[f.Name] = stored(src, row[i])
			}
			e.Tau, e.Arrival = instant(e.Fields, src.EventTime), instant(e.Fields, src.Arrival)
			if id := e.Fields[src.ID]; src.ID != "" && id.Status == selfsame.Present {
				text := string(canonical(nil, id, true))
				e.ID = &text
			}
			if live := c.Live[name]; live != nil && live[pos].Offset >= 0 {
				e.Live, e.Pos = &live[pos], 1<<62+live[pos].Offset
			}
			if op := e.Fields[src.Operation]; op.Status == selfsame.Present {
				e.Op = op.Str
			}
			out = append(out, e)
		}
	}
	if c.seen != nil {
		c.seen[v.Name] = out
	}
	return out
}

// stored is a value as a source holds it: -0 is +0, NaN is null unless it is kept, in lists too.
func stored(src *selfsame.Source, v selfsame.Value) selfsame.Value {
	if v.Status == selfsame.Present && v.Type.Kind == selfsame.Float64 {
		if math.IsNaN(v.Float) && !src.KeepNaN {
			return selfsame.Value{Type: v.Type, Status: selfsame.Null}
		}
		v.Float += 0
	}
	v.Elems = slices.Clone(v.Elems)
	for i, e := range v.Elems {
		v.Elems[i] = stored(src, e)
	}
	return v
}

func instant(fields map[string]selfsame.Value, name string) *int64 {
	v, ok := fields[name]
	if !ok || v.Status != selfsame.Present {
		return nil
	}
	t := v.Int
	if v.Type.Kind == selfsame.Date {
		t *= selfsame.DayLength
	}
	return &t
}
