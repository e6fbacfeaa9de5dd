// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/plan"
)

// subject is one aggregation, ready to run on a history.
type subject struct {
	*history
	text    string
	spec    pit.Spec
	columns []*column.Column
}

// subjectOf reads the example of an aggregation.
func subjectOf(f *aggregate.Func, h *history) (*subject, error) {
	n, err := expr.Parse(selfsame.Expr{Text: f.Example})
	if err != nil {
		return nil, err
	}
	a := expr.Aggregates(n)[0]
	spec, varying := plan.CallSpec(a)
	spec.MaxValues = plan.DefaultMaxValues
	s := &subject{history: h, spec: pit.Spec{Name: f.Name}}
	cell := pit.Cell{Filter: -1, Window: selfsame.Window{Kind: selfsame.Sliding, Length: window * selfsame.DayLength}}
	for i, arg := range varying {
		c := h.columns[expr.Print(arg)]
		if c == nil {
			return nil, fmt.Errorf("there is no column %s", expr.Print(arg))
		}
		spec.Args, cell.Args = append(spec.Args, c.Type), append(cell.Args, i)
		s.spec.Columns, s.columns = append(s.spec.Columns, c.Type), append(s.columns, c)
	}
	if cell.Call, err = aggregate.Bind(f, spec); err != nil {
		return nil, err
	}
	s.spec.Cells, s.spec.NeedOrder = []pit.Cell{cell}, cell.Call.NeedOrder
	call := *a
	call.Over, call.OverText, call.List = []selfsame.Window{{}}, []string{"lifetime"}, false
	s.text = expr.Print(&call)
	return s, nil
}

func measure(f *aggregate.Func, h *history, lasts time.Duration) (figures, error) {
	s, err := subjectOf(f, h)
	if err != nil {
		return figures{}, err
	}
	m := figures{call: s.text, state: s.stateSize()}
	if m.perSecond, err = s.offline(lasts); err != nil {
		return m, err
	}
	err = s.online(lasts, &m)
	return m, err
}

// stateSize is the length of the encoded state of the newest 30 days of the first key: what a checkpoint and a prefix hold.
func (s *subject) stateSize() int {
	state, e := s.spec.Cells[0].Call.NewState(), aggregate.Event{Order: selfsame.Value{Status: selfsame.Null}}
	for i := s.events * (days - window) / days; i < s.events; i++ {
		e.Tau, e.Hash, e.Args = s.tau[i], s.hash[i], e.Args[:0]
		for _, c := range s.columns {
			e.Args = append(e.Args, c.Value(i))
		}
		state.Add(&e)
	}
	return len(state.AppendTo(nil))
}

// offline sweeps all keys, again and again, and returns events per second.
func (s *subject) offline(lasts time.Duration) (float64, error) {
	rows := pit.Rows{Entities: s.keys}
	block := &pit.Block{Tau: s.tau, Columns: s.columns}
	if s.spec.NeedOrder {
		block.Hash = s.hash
	}
	for k := range s.keys {
		for i := range s.rows {
			back := (days - window) * selfsame.DayLength * int64(i) / int64(s.rows)
			rows.Entity, rows.At = append(rows.Entity, uint32(k)), append(rows.At, int64(s.events)*s.step()-back)
		}
		for range s.events {
			block.Entity = append(block.Entity, uint32(k))
		}
	}
	rows.Known = rows.At
	var times []time.Duration
	for begin := time.Now(); len(times) < 2 || time.Since(begin) < lasts; {
		start := time.Now()
		if err := s.sweep(rows, block); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	return float64(len(s.tau)) / middle(times).Seconds(), nil
}

func (s *subject) sweep(rows pit.Rows, block *pit.Block) error {
	sweep, err := pit.New(s.spec, rows, pit.Options{Threads: 1})
	if err != nil {
		return err
	}
	defer sweep.Close()
	if err := sweep.Add(0, block); err != nil {
		return err
	}
	_, err = sweep.Run(context.Background())
	return err
}

// reader reads one key online.
type reader struct {
	entity *pit.Entity
	ask    pit.Ask
	out    *column.Column
}

func (r *reader) read(at int64) error {
	r.out.Reset()
	r.ask.At[0] = at
	return r.entity.Eval(&r.ask, []*column.Column{r.out}, nil)
}

// online measures reads of the first key.
func (s *subject) online(lasts time.Duration, m *figures) error {
	entity, err := pit.NewEntity(s.spec)
	if err != nil {
		return err
	}
	r := &reader{entity: entity, ask: pit.Ask{At: make([]int64, 1)}, out: column.New(s.spec.Cells[0].Call.Result, 1)}
	entity.Load(s.part(0, s.events, 0))
	now := int64(s.events) * s.step()
	if err := r.read(now); err != nil {
		return err
	}
	m.refused = r.out.StatusAt(0) == selfsame.ErrorMaxValues
	m.again, err = timed(lasts, func(i int64) error { return r.read(now + i) })
	if err != nil {
		return err
	}
	event := s.part(0, 1, now)
	m.after, err = timed(lasts, func(i int64) error {
		event.Tau[0] = now + i*s.step()
		entity.Append(event)
		return r.read(event.Tau[0] + 1)
	})
	return err
}

// part is events [lo, hi) of the first key, moved by some time.
func (s *subject) part(lo, hi int, by int64) *pit.EntityEvents {
	ev := &pit.EntityEvents{}
	for _, tau := range s.tau[lo:hi] {
		ev.Tau = append(ev.Tau, tau+by)
	}
	if s.spec.NeedOrder {
		ev.Hash = s.hash[lo:hi]
	}
	for _, c := range s.columns {
		some := column.New(c.Type, hi-lo)
		some.AppendRange(c, lo, hi)
		ev.Columns = append(ev.Columns, some)
	}
	return ev
}

// timed is the median time of f, which is told how often it ran.
func timed(lasts time.Duration, f func(i int64) error) (time.Duration, error) {
	var times []time.Duration
	for begin := time.Now(); len(times) < 3 || time.Since(begin) < lasts; {
		start := time.Now()
		if err := f(int64(len(times))); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	return middle(times), nil
}
