// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"slices"

	"selfsame"
	"selfsame/compute/aggregate"
)

// fold is a lifetime cell whose oldest events are gone: what they gave is a prefix. States are commutative monoids (A1), so prefix and
// events have the value that all events would.
type fold struct {
	cell   int
	prefix []byte
	state  aggregate.State // of the prefix and the first upto live events
	upto   int             // -1: state is to be made anew
	one    aggregate.Event // memory of event
}

// SetPrefix says that a lifetime cell counts events that are not loaded: state is the encoding of an aggregate.State of the cell's call that
// holds them. A cell of another window ignores it. The error says what is wrong with the bytes.
func (e *Entity) SetPrefix(cell int, state []byte) error {
	c := e.prepared.spec
	if cell < 0 || cell >= len(c.cells) {
		return fault(c.Name, "a prefix of a cell that is not there")
	}
	if c.Cells[cell].Window.Kind != selfsame.Lifetime {
		return nil
	}
	f := fold{cell: cell, prefix: slices.Clone(state), state: c.Cells[cell].Call.NewState()}
	if err := f.state.Decode(f.prefix); err != nil {
		return &selfsame.Error{Class: selfsame.ClassInput, Ref: c.Name, Message: "the prefix of a lifetime window is damaged", Err: err,
			Hint: "build the view's online state anew from the log"}
	}
	e.folds = slices.DeleteFunc(e.folds, func(have fold) bool { return have.cell == cell })
	e.folds = append(e.folds, f)
	e.rest, e.restOf = nil, nil
	return nil
}

// kernels returns a selection without the work for cells that have a prefix.
func (e *Entity) kernels(sel *selection) *selection {
	if len(e.folds) == 0 {
		return sel
	}
	if e.restOf != sel {
		cells := []int{}
		for _, c := range sel.cells {
			if !slices.ContainsFunc(e.folds, func(f fold) bool { return f.cell == c }) {
				cells = append(cells, c)
			}
		}
		rest := *sel
		rest.groups = e.prepared.spec.choose(cells).groups
		e.rest, e.restOf = &rest, sel
	}
	return e.rest
}

// finishFolds appends the values of the cells that have a prefix.
func (e *Entity) finishFolds(b *book, q *question) {
	for i := range e.folds {
		f := &e.folds[i]
		k := slices.Index(q.sel.cells, f.cell)
		if k < 0 {
			continue
		}
		g := &b.groups[b.spec.cells[f.cell].group]
		b.prepareGroup(g)
		bounds := b.spec.windows[b.spec.cells[f.cell].window]
		for row, at := range q.subject.at {
			r := stretch{hi: before(b.line.tau[:q.subject.hi], bounds.Upper(at)), known: selfsame.MaxTime}
			if q.subject.known != nil {
				r.known = q.subject.known[row]
			}
			r.all = r.known >= q.survey.top && (q.survey.end == selfsame.MaxTime || q.survey.end > r.known)
			own := int32(-1)
			if bounds.Window().Request {
				own = q.subject.ownOf(row)
			}
			v := selfsame.Value{Type: g.members[0].Result, Status: b.errorIn(g, r)}
			if own >= 0 {
				v.Status = leastError(v.Status, g.errs.code(int(own)))
			}
			if v.Status == selfsame.Present {
				v = f.withOwn(e.stateOf(b, f, r), b, own).Finish(at)
			}
			q.out[k].Append(v)
		}
	}
}

// leastError returns the lesser of two errors; Present is none.
func leastError(a, b selfsame.Status) selfsame.Status {
	if a == selfsame.Present || b == selfsame.Present {
		return max(a, b)
	}
	return min(a, b)
}

// withOwn returns a state with the row that asks, whose place as an event is own, -1 for none. The given state is unchanged. No event of it
// is at T, so that the row is the newest whatever its order and hash.
func (f *fold) withOwn(state aggregate.State, b *book, own int32) aggregate.State {
	cell := &b.spec.Cells[f.cell]
	rows := &EntityEvents{Tau: b.line.tau, Columns: b.line.cols}
	if own < 0 || !cell.passes(rows, int(own)) {
		return state
	}
	sum := cell.Call.NewState()
	sum.Merge(state)
	sum.Add(f.event(cell, rows, int(own)))
	return sum
}

// stretch is the events of a book before a place, those of them that κ shows.
type stretch struct {
	hi    int
	known int64
	all   bool // it shows all
}

// errorIn returns the least error among the events of a stretch, Present for none.
func (b *book) errorIn(g *groupState, r stretch) selfsame.Status {
	if !g.errs.any {
		return selfsame.Present
	}
	if r.all {
		return g.errs.within(0, int32(r.hi))
	}
	worst := selfsame.Present
	for i := range r.hi {
		if s := g.errs.code(i); s != selfsame.Present && (worst == selfsame.Present || s < worst) && b.line.visible(i, r.known) {
			worst = s
		}
	}
	return worst
}

// stateOf returns the state of a prefix and a stretch.
func (e *Entity) stateOf(b *book, f *fold, r stretch) aggregate.State {
	c := e.prepared.spec
	state, from := f.state, f.upto
	kept := b == &e.live && r.all
	if !kept || from < 0 || r.hi < from {
		from = 0
		if !kept {
			state = c.Cells[f.cell].Call.NewState()
		}
		if state.Decode(f.prefix) != nil {
			state = c.Cells[f.cell].Call.NewState() // it was decoded before
		}
	}
	for i := from; i < r.hi; i++ {
		if r.all || b.line.visible(i, r.known) {
			f.add(state, &c.Cells[f.cell], &b.rows, i)
		}
	}
	if kept {
		f.upto = r.hi
	}
	return state
}

// add adds event i to a state of the cell, if its filter lets it through.
func (f *fold) add(state aggregate.State, cell *Cell, rows *EntityEvents, i int) {
	if cell.passes(rows, i) {
		state.Add(f.event(cell, rows, i))
	}
}

// passes reports whether a cell's filter lets event i through.
func (cell *Cell) passes(rows *EntityEvents, i int) bool {
	if cell.Filter < 0 {
		return true
	}
	c := rows.Columns[cell.Filter]
	return c.StatusAt(i) == selfsame.Present && c.Bools[i]
}

// event is event i in the slow shape. It is valid until the next.
func (f *fold) event(cell *Cell, rows *EntityEvents, i int) *aggregate.Event {
	f.one = aggregate.Event{Tau: rows.Tau[i], Args: f.one.Args[:0]}
	if rows.Place != nil {
		f.one.Place = int(rows.Place[i])
	}
	if rows.Hash != nil {
		f.one.Hash = rows.Hash[i]
	}
	if rows.Order != nil {
		f.one.Order = rows.Order.Value(i)
	}
	for _, a := range cell.Args {
		f.one.Args = append(f.one.Args, rows.Columns[a].Value(i))
	}
	return &f.one
}

// refold takes the events from place n on, which are new and not sorted yet, into the states that hold all before them.
func (e *Entity) refold(n int) {
	for i := range e.folds {
		f := &e.folds[i]
		if f.upto != n {
			f.upto = -1
			continue
		}
		for ; f.upto < e.live.rows.len(); f.upto++ {
			f.add(f.state, &e.prepared.spec.Cells[f.cell], &e.live.rows, f.upto)
		}
	}
}

// unfold takes the event at a place out of the states that hold it.
func (e *Entity) unfold(place int) {
	for i := range e.folds {
		f := &e.folds[i]
		if place >= f.upto {
			continue
		}
		inverter, ok := f.state.(aggregate.Inverter)
		if !ok {
			f.upto = -1
			continue
		}
		if cell := &e.prepared.spec.Cells[f.cell]; cell.passes(&e.live.rows, place) {
			inverter.Remove(f.event(cell, &e.live.rows, place))
		}
		f.upto--
	}
}
