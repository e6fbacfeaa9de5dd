// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/compute/window"
	"selfsame/plan"
)

// cells explains the cells that a windowed feature reads and returns their recomputed values by cell.
func (x *explainer) cells(o *Origin, s plan.Slot, g *gathered) ([]*column.Column, error) {
	u, sweep := g.use, x.res.sweeps[s.Use]
	inputs := make([]*column.Column, len(u.Spec.Cells))
	for _, ci := range u.Features[s.Feature].Program.Slots() {
		p, err := newCellPick(g, &u.Spec.Cells[ci])
		if err != nil {
			return nil, err
		}
		v := p.fold()
		c := p.origin(u, x.limit)
		c.Call, c.Value = u.CellText(ci), Show(v)
		if err := differs(o.Name+", "+c.Call, v, sweep.Value(ci, 0)); err != nil {
			return nil, err
		}
		if u.View.Ahead && x.res.run.uses[s.Use].open(p.bounds, g.at) {
			v = selfsame.Value{Type: v.Type, Status: selfsame.Null}
			c.Value = Show(v)
		}
		if n := newestOf(c.Events); n != nil && (o.Newest == nil || *n > *o.Newest) {
			o.Newest = n
		}
		o.Cells = append(o.Cells, c)
		inputs[ci] = single(v)
	}
	return inputs, nil
}

// newestOf is the time of the first event that is not the row that asks, nil for none.
func newestOf(events []Event) *selfsame.Instant {
	for _, e := range events {
		if e.Source != OwnRow {
			return e.Time
		}
	}
	return nil
}

// cellPick is what one cell picks among the candidates.
type cellPick struct {
	g            *gathered
	cell         *pit.Cell
	bounds       *window.Bounds
	lower, upper int64
	inside       int
	refused      bool         // the row chose a length that is out of bounds
	counted      []*candidate // that contribute, the newest first
	miss         missing
}

// newCellPick walks back from the window's upper edge.
func newCellPick(g *gathered, cell *pit.Cell) (*cellPick, error) {
	bounds, err := window.Compile(cell.Window)
	if err != nil {
		return nil, err
	}
	p := &cellPick{g: g, cell: cell, bounds: bounds, lower: bounds.Lower(g.at), upper: bounds.Upper(g.at), miss: missing{columns: cell.Args}}
	if cell.Window.Chosen != "" {
		p.choose(bounds)
	}
	walk, open, last := bounds.Walk(g.at), true, window.SatSub(g.at, cell.Window.Offset)
	if g.own != nil && cell.Window.Request {
		walk.Take(g.at)
		p.take(g.own)
	}
	for i := len(g.rows) - 1; i >= 0; i-- {
		e := &g.rows[i]
		if e.delete && e.verdict != schema {
			continue // it is no event; what it deletes names it
		}
		why := g.hidden(e)
		within := p.lower <= e.tau && e.tau < p.upper
		switch {
		case why == ReasonSchema || (within && why != 0):
			p.miss.add(why, e, p.distance(why, e), func() string { return g.hiddenText(why, e) })
		case !within && (why == 0 || why == ReasonArrivedLater):
			p.outside(e)
		case !within:
		case open && walk.Skip():
			p.miss.add(ReasonRows, e, between64(e.tau, p.upper), func() string {
				return fmt.Sprintf("one of the %d newest, which the window passes over", cell.Window.Skip)
			})
		case open && walk.Take(e.tau):
			p.take(e)
			last = e.tau
		default:
			open = false
			p.untaken(e, last)
		}
	}
	return p, nil
}

// choose gives the window the length that the row chose, none where it is out of bounds.
func (p *cellPick) choose(bounds *window.Bounds) {
	length := int64(-1)
	if p.g.asked != nil {
		length = p.g.asked.Lengths[p.cell.Window.Chosen][0]
	}
	if p.refused = length <= 0 || length > p.cell.Window.Length; p.refused {
		p.lower = p.upper
	} else {
		p.lower = bounds.LowerOf(p.g.at, length)
	}
}

// take counts an event of the window, or says why it contributes nothing.
func (p *cellPick) take(e *candidate) {
	p.inside++
	switch why := p.idle(e); why {
	case 0:
		p.counted = append(p.counted, e)
	case ReasonFilter:
		p.miss.add(why, e, between64(e.tau, p.upper), text("in the window; the filter drops it"))
	default:
		p.miss.add(why, e, between64(e.tau, p.upper), text("in the window; an argument is null, and aggregates skip nulls"))
	}
}

// idle returns why an event of the window contributes nothing, 0 where it does. An error contributes: it makes the value one.
func (p *cellPick) idle(e *candidate) Reason {
	if f := p.cell.Filter; f >= 0 {
		c := e.block.Columns[f]
		switch s := c.StatusAt(e.i); {
		case s.IsError():
			return 0
		case s != selfsame.Present || !c.Bools[e.i]:
			return ReasonFilter
		}
	}
	why := Reason(0)
	for _, a := range p.cell.Args {
		switch s := e.block.Columns[a].StatusAt(e.i); {
		case s.IsError():
			return 0
		case s != selfsame.Present && !p.cell.Call.Spec.RespectNulls:
			why = ReasonNull
		}
	}
	return why
}

// outside notes a row that its time keeps out.
func (p *cellPick) outside(e *candidate) {
	switch {
	case e.tau < p.lower:
		p.miss.add(ReasonBefore, e, between64(e.tau, p.lower), func() string { return fmt.Sprintf("%s before the lower edge", between(e.tau, p.lower)) })
	case e.tau == p.upper && p.upper == p.g.at:
		p.miss.add(ReasonAfter, e, 0, text("at T: not counted, windows are [lower, upper)"))
	case e.tau == p.upper:
		p.miss.add(ReasonAfter, e, 0, text("at the upper edge: not counted, windows are [lower, upper)"))
	default:
		p.miss.add(ReasonAfter, e, between64(p.upper, e.tau), func() string { return fmt.Sprintf("%s after the upper edge", between(p.upper, e.tau)) })
	}
}

// untaken notes a row between the edges that a window of rows or a session leaves out. newer is the time of the event before which
// the walk ended, or T.
func (p *cellPick) untaken(e *candidate, newer int64) {
	w := p.cell.Window
	if w.Kind == selfsame.LastRows {
		p.miss.add(ReasonRows, e, between64(e.tau, p.upper), func() string {
			if w.Skip > 0 {
				return fmt.Sprintf("older than the %d newest before the %d that the window passes over", w.Rows, w.Skip)
			}
			return fmt.Sprintf("older than the %d newest", w.Rows)
		})
		return
	}
	p.miss.add(ReasonSession, e, between64(e.tau, p.upper), func() string {
		if p.inside == 0 {
			return fmt.Sprintf("%s before T: no session of gap %s is open", between(e.tau, newer), Span(w.Gap))
		}
		return fmt.Sprintf("%s before the session's first event, its gap is %s", between(e.tau, newer), Span(w.Gap))
	})
}

// distance says how near a hidden row came.
func (p *cellPick) distance(why Reason, e *candidate) int64 {
	switch why {
	case ReasonArrivedLater:
		return between64(p.g.known, e.from)
	case ReasonSchema:
		return e.pos
	}
	return between64(e.tau, p.upper)
}

// fold adds the counted events to a state one by one, in the order of their positions in the sources, and finishes it.
func (p *cellPick) fold() selfsame.Value {
	failed := selfsame.Present
	if p.refused {
		return selfsame.Value{Type: p.cell.Call.Result, Status: selfsame.ErrorLength}
	}
	state := p.cell.Call.NewState()
	for _, e := range p.counted {
		ev := p.g.event(e, p.cell.Args)
		if f := p.cell.Filter; f >= 0 {
			if s := e.block.Columns[f].StatusAt(e.i); s.IsError() {
				failed = leastError(failed, s)
				continue
			}
		}
		for _, v := range ev.Args {
			if v.Status.IsError() {
				failed = leastError(failed, v.Status)
			}
		}
		state.Add(ev)
	}
	v := state.Finish(p.g.at)
	if failed != selfsame.Present {
		v = selfsame.Value{Status: failed}
	}
	v.Type = p.cell.Call.Result
	return v
}

func leastError(a, b selfsame.Status) selfsame.Status {
	if a == selfsame.Present {
		return b
	}
	return min(a, b)
}

// origin lists what was picked.
func (p *cellPick) origin(u *plan.Use, limit int) *CellOrigin {
	columns := p.cell.Args
	if p.cell.Filter >= 0 {
		columns = append(slices.Clone(columns), p.cell.Filter)
	}
	p.miss.columns = columns
	c := &CellOrigin{Lower: selfsame.Instant(p.lower), Upper: selfsame.Instant(p.upper), Inside: p.inside, Counted: len(p.counted), Arguments: columnTexts(u, columns), Events: []Event{}}
	shown := min(limit, len(p.counted))
	for _, e := range p.counted[:shown] {
		c.Events = append(c.Events, e.show(columns))
	}
	c.LeftOut = len(p.counted) - shown
	c.Misses = p.miss.list()
	return c
}

// hiddenText says in plain words why a row is not part of what is known.
func (g *gathered) hiddenText(why Reason, e *candidate) string {
	switch why {
	case ReasonSchema:
		if e.tau == selfsame.MinTime {
			return "no event time"
		}
		return "its operation is none of insert, delete and upsert"
	case ReasonLate:
		return fmt.Sprintf("arrived %s after its time, more than the source admits (%s)", between(e.tau, e.from), limits(e.src))
	case ReasonEarly:
		return fmt.Sprintf("arrived %s before its time, more than the source admits (%s)", between(e.from, e.tau), limits(e.src))
	case ReasonDuplicate:
		return "a copy of " + e.locateText(e.mark.by) + ", which came first"
	case ReasonConflict:
		return "the id and time of " + e.locateText(e.mark.by) + ", which came first, but other contents"
	case ReasonSuperseded:
		return "superseded by " + e.locateText(e.mark.by) + e.since()
	case ReasonDeleted:
		return "deleted by " + e.locateText(e.mark.by) + e.since()
	case ReasonWhere:
		return "the view's `where` drops it"
	case ReasonNeverKnown:
		return "its arrival is null: known in final mode only"
	}
	if g.lens != byArrival {
		return fmt.Sprintf("came at offset %d of the log, the cut is at %d", e.from, g.known+1)
	}
	return fmt.Sprintf("arrived %s after the cut", between(g.known, e.from))
}

// since says from when the end of a row is known.
func (e *candidate) since() string {
	switch {
	case e.mark.until >= selfsame.MaxTime-1 || e.mark.until == selfsame.MinTime:
		return ""
	case e.from != e.alpha:
		return fmt.Sprintf(", known from offset %d on", e.mark.until)
	}
	return ", known from " + selfsame.Instant(e.mark.until).String()
}

// limits are the bounds of admission that a source declares.
func limits(s *selfsame.Source) string {
	text := ""
	for _, b := range []struct {
		name string
		d    selfsame.Duration
	}{{"lateness", s.Lateness}, {"skew", s.Skew}, {"corrections", s.Corrections}} {
		if b.d.Set {
			if text != "" {
				text += ", "
			}
			text += b.name + " " + expr.DurationText(b.d.Micros)
		}
	}
	return text
}

// between64 is between as a distance.
func between64(a, b int64) int64 { return int64(between(a, b)) }
