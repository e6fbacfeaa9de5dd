// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"slices"
	"sync/atomic"

	"selfsame"
	"selfsame/column"
)

// Prepared is a spec made ready once for all entities of its view. It is safe for concurrent use.
type Prepared struct {
	spec       *compiled
	selections atomic.Pointer[[]*selection] // of lists of cells that were asked for, for reading only
}

// keptSelections bounds the lists of cells that a Prepared remembers.
const keptSelections = 256

// Prepare compiles a spec. The error says which cell cannot be evaluated.
func Prepare(spec Spec) (*Prepared, error) {
	spec.Detail = true
	c, err := compile(spec, Rows{})
	if err != nil {
		return nil, err
	}
	c.assignSlots()
	return &Prepared{spec: c}, nil
}

// selection returns what the evaluation of some cells takes.
func (p *Prepared) selection(cells []int) (*selection, error) {
	if cells == nil {
		return p.spec.all, nil
	}
	known := p.selections.Load()
	if known != nil {
		for _, s := range *known {
			if slices.Equal(s.cells, cells) {
				return s, nil
			}
		}
	}
	for i, c := range cells {
		if c < 0 || c >= len(p.spec.all.cells) || slices.Contains(cells[:i], c) {
			return nil, fault(p.spec.Name, fmt.Sprintf("cell %d of %d is asked for, or twice", c, len(p.spec.all.cells)))
		}
	}
	s := p.spec.choose(slices.Clone(cells))
	var list []*selection
	if known != nil {
		list = *known
	}
	if len(list) < keptSelections {
		list = append(slices.Clone(list), s)
		p.selections.CompareAndSwap(known, &list)
	}
	return s, nil
}

// Entity evaluates rows that ask about one entity of one view (P2): the cells of a sweep over the same events have the same values, by the
// same code. It keeps the events sorted and the kernels loaded from one question to the next, so that a question costs what its windows'
// bounds cost to find, and an event that comes in order what it adds.
//
// Events that end (a retraction) stand apart: a question at a cut behind every end is answered from the others alone, whose windows are
// runs. One that reaches back before an end is answered from all of them.
//
// It is used by one goroutine at a time.
type Entity struct {
	prepared *Prepared
	live     book         // events that never end
	ended    EntityEvents // the others
	ends     [2]int64     // per axis: no end of those is greater
	waiting  waiting      // what the last question did not know
	whole    *book        // all events; nil: not made since the last change
	maxSeq   int64
	fault    error // what was wrong with events that were handed in
	folds    []fold
	rest     *selection // what kernels evaluate of restOf, whose other cells have folds
	restOf   *selection
	question question
}

// NewEntity returns an entity without events. Where many entities share a spec, Prepare it once.
func NewEntity(spec Spec) (*Entity, error) {
	p, err := Prepare(spec)
	if err != nil {
		return nil, err
	}
	return p.NewEntity(), nil
}

// NewEntity returns an entity without events.
func (p *Prepared) NewEntity() *Entity {
	e := &Entity{prepared: p}
	e.live.init(p.spec)
	e.clear()
	e.live.rows = *empty(p.spec)
	e.live.sync(0)
	return e
}

// empty is no events of a spec.
func empty(c *compiled) *EntityEvents {
	ev := &EntityEvents{}
	for i, t := range c.Columns {
		if c.slots[i] < 0 {
			ev.Columns = append(ev.Columns, column.New(t, 0))
		}
	}
	ev.packed.width = c.words
	return ev
}

func (e *Entity) clear() {
	e.ended, e.whole, e.folds, e.rest, e.restOf, e.fault = EntityEvents{}, nil, nil, nil, nil, nil
	e.ends = [2]int64{selfsame.MinTime, selfsame.MinTime}
	e.maxSeq = selfsame.MinTime
	e.waiting.rows.reset()
	e.waiting.ends, e.waiting.least = e.waiting.ends[:0], selfsame.MaxTime
}

// Load makes ev the events, in any order, in place of those before, copying them into the memory of those; prefixes are forgotten too. Where
// the events are not of the spec's shape there are none, and Eval says so.
func (e *Entity) Load(ev *EntityEvents) {
	e.clear()
	e.live.rows.reset()
	rows := *ev
	if e.fits(&rows) {
		e.add(&rows)
		e.live.rows.sort(e.prepared.spec, 0)
	}
	e.live.sync(0)
}

// Append adds events, copying them. It is cheap where they are the newest, and right always. Events that are not of the spec's shape are
// not added, and Eval says so.
func (e *Entity) Append(ev *EntityEvents) {
	rows := *ev
	if e.fits(&rows) {
		e.wait(&rows)
	}
}

// fits checks and completes events.
func (e *Entity) fits(rows *EntityEvents) bool {
	if !e.prepared.spec.fitsEntity(rows) {
		e.fault = fault(e.prepared.spec.Name, "events of an entity whose columns are not those of the view")
		return false
	}
	rows.complete(e.prepared.spec)
	return true
}

// add adds complete rows to the live and the ended ones, unsorted.
func (e *Entity) add(rows *EntityEvents) {
	e.note(rows)
	e.whole = nil
	plain := *rows
	plain.UntilSeq, plain.UntilAlpha = nil, nil
	if !rows.anyEnds() {
		e.live.rows.take(&plain, 0, plain.len())
		return
	}
	for i := range rows.len() {
		if !rows.ends(i) {
			e.live.rows.take(&plain, i, i+1)
			continue
		}
		e.ended.take(rows, i, i+1)
		e.noteEnd(rows.until(bySeq, i), rows.until(byAlpha, i))
	}
	e.ended.fillEnds()
}

func (e *Entity) note(rows *EntityEvents) {
	for _, s := range rows.Seq {
		e.maxSeq = max(e.maxSeq, s)
	}
}

func (e *Entity) noteEnd(seq, alpha int64) {
	e.ends[bySeq], e.ends[byAlpha] = max(e.ends[bySeq], seq), max(e.ends[byAlpha], alpha)
}

// Retract ends the visibility of the event with that Seq: on the axis of positions at untilSeq, on that of α at untilAlpha. It reports
// whether the event is there. Of two ends the earlier counts.
func (e *Entity) Retract(seq, untilSeq, untilAlpha int64) bool {
	end := ending{seq, untilSeq, untilAlpha}
	if e.live.find(seq) < 0 && !slices.Contains(e.waiting.rows.Seq, seq) {
		return e.shorten(end)
	}
	for i := range e.waiting.ends {
		if w := &e.waiting.ends[i]; w.seq == seq {
			w.untilSeq, w.untilAlpha = min(w.untilSeq, untilSeq), min(w.untilAlpha, untilAlpha)
			e.waiting.least = min(e.waiting.least, untilSeq)
			return true
		}
	}
	e.waiting.end(end)
	return true
}

// Events returns how many events there are, ended ones included.
func (e *Entity) Events() int { return e.live.rows.len() + e.ended.len() + e.waiting.rows.len() }

// MaxSeq returns the greatest Seq of all events, MinTime where there is none.
func (e *Entity) MaxSeq() int64 { return e.maxSeq }

// Bytes returns the memory held, about: events, and what kernels keep of them.
func (e *Entity) Bytes() int64 {
	n := int64(512) + e.live.bytes() + e.ended.bytes() + e.waiting.rows.bytes() + int64(cap(e.waiting.ends))*24
	if e.whole != nil {
		n += e.whole.bytes()
	}
	for i := range e.folds {
		n += int64(2*len(e.folds[i].prefix)) + 256
	}
	return n
}

// The axes of knowledge.
const (
	bySeq = iota
	byAlpha
)

// anyEnds reports whether an event ends.
func (r *EntityEvents) anyEnds() bool {
	for i := range r.len() {
		if r.ends(i) {
			return true
		}
		if r.UntilSeq == nil && r.UntilAlpha == nil {
			return false
		}
	}
	return false
}

func (r *EntityEvents) ends(i int) bool {
	return r.until(bySeq, i) != selfsame.MaxTime || r.until(byAlpha, i) != selfsame.MaxTime
}

func (r *EntityEvents) until(axis, i int) int64 {
	u := r.UntilSeq
	if axis == byAlpha {
		u = r.UntilAlpha
	}
	if u == nil {
		return selfsame.MaxTime
	}
	return u[i]
}

// fillEnds makes both ends of every row.
func (r *EntityEvents) fillEnds() {
	for len(r.UntilSeq) < r.len() {
		r.UntilSeq = append(r.UntilSeq, selfsame.MaxTime)
	}
	for len(r.UntilAlpha) < r.len() {
		r.UntilAlpha = append(r.UntilAlpha, selfsame.MaxTime)
	}
}

// book is events with the evaluator that answers from them.
type book struct {
	evaluator
	rows EntityEvents
	line timeline
	axes [2]axis
	// tree tells of which knowledge asof.tree is: an axis, or neither where the rows of a question are masked.
	tree         int
	from, until  []int64 // memory of masked knowledge
	newestMemory [][]int64
	own          []int32 // memory of the places of rows that ask, as events
}

// axis is what is known of the knowledge of a book's events on one axis, kept up as they come.
type axis struct {
	survey
	floor int64 // values below it count as it: all of history is in every cut
}

func (b *book) init(c *compiled) {
	b.evaluator.init(c)
	b.ev, b.tree = &b.line, -1
	b.axes[bySeq].floor, b.axes[byAlpha].floor = -1, selfsame.MinTime
	b.out = make([]*column.Column, len(c.Cells))
	b.newestMemory = make([][]int64, max(len(c.traces), 1))
}

// sync brings the evaluator to the rows, which are others from a place on.
func (b *book) sync(from int) {
	r, l := &b.rows, &b.line
	l.n, l.tau, l.arr, l.del, l.cols = r.len(), r.Tau, r.Alpha, r.Delete, r.Columns
	b.axes[bySeq].extend(r.Seq, r.UntilSeq, r.Tau, from)
	b.axes[byAlpha].extend(r.Alpha, r.UntilAlpha, r.Tau, from)
	b.changed(from)
}

func (a *axis) extend(values, until, tau []int64, from int) {
	last := selfsame.MinTime
	if from == 0 {
		a.survey = survey{end: selfsame.MaxTime, top: selfsame.MinTime, sorted: true, early: true, most: a.most[:0]}
	} else {
		last = max(values[from-1], a.floor)
	}
	for i := from; i < len(values); i++ {
		v := max(values[i], a.floor)
		a.top = max(a.top, v)
		a.sorted = a.sorted && v >= last
		a.early = a.early && v <= tau[i]
		last = v
	}
	if until != nil {
		a.end = slices.Min(until)
	}
	a.most = a.most[:min(len(a.most), from)]
}

// upTo brings most up to the values.
func (a *axis) upTo(values []int64) {
	for i := len(a.most); i < len(values); i++ {
		m := max(values[i], a.floor)
		if i > 0 {
			m = max(m, a.most[i-1])
		}
		a.most = append(a.most, m)
	}
}

// find returns the place of the event with that Seq, -1 where there is none.
func (b *book) find(seq int64) int {
	if b.axes[bySeq].sorted && seq >= 0 {
		i, ok := slices.BinarySearchFunc(b.rows.Seq, seq, func(s, seq int64) int {
			if max(s, -1) < seq {
				return -1
			}
			if s > seq {
				return 1
			}
			return 0
		})
		if ok {
			return i
		}
		return -1
	}
	for i := b.rows.len() - 1; i >= 0; i-- {
		if b.rows.Seq[i] == seq {
			return i
		}
	}
	return -1
}

// What an evaluator keeps, about: for itself, for each cell, window and loaded kernel, and a kernel for each event.
const (
	bookBytes    = 1800
	cellBytes    = 16
	windowBytes  = 128
	kernelBytes  = 1024
	kernelEvents = 36
)

func (b *book) bytes() int64 {
	n := bookBytes + int64(cellBytes*len(b.out)+windowBytes*len(b.spec.windows)) + b.rows.bytes() + int64(cap(b.axes[bySeq].most)+cap(b.axes[byAlpha].most))*8
	for i := range b.groups {
		if g := &b.groups[i]; g.loaded > 0 {
			n += kernelBytes + int64(g.loaded)*kernelEvents
		}
	}
	return n
}
