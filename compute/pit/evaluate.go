// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
)

// timeline is events sorted by the total order, column by column: what evaluation reads. Those of an entity stand together.
type timeline struct {
	n     int
	tau   []int64
	from  []int64 // nil: τ
	until []int64 // nil: for ever
	arr   []int64 // nil: from
	del   []bool  // nil: none
	cols  []*column.Column
	perm  []int32 // place -> row of the columns that an as-of view gathers from; nil: the place
}

// subject is one entity: its events, places [lo, hi), and its rows.
type subject struct {
	lo, hi int
	end    int     // places [hi, end) are rows that ask, as events
	own    []int32 // the place of each row as an event, -1: it is none; nil: no row is one
	// lengths are what the rows chose, by compiled.chosen; nil: nothing.
	lengths [][]int64
	first   int // of its rows, in newest and arrival
	at      []int64
	known   []int64 // nil: final
}

// evaluator evaluates the rows of one entity after another over a timeline: every entity of a partition for a sweep's worker, the same
// one again and again, with its kernels kept, for an Entity.
type evaluator struct {
	spec   *compiled
	sel    *selection
	ev     *timeline
	out    []*column.Column // per cell; as-of: per event column
	cells  []*column.Column // memory of runs
	detail bool
	// newest and arrival are τ and α of the newest event per trace and row. as-of: one trace. arrival nil: not asked for.
	newest, arrival [][]int64

	groups  []groupState
	passes  []passes
	visible visibility
	span    ranges
	ownEnd  [1]int32 // memory of runsWithRequest
	general general
	asof    asofState
}

// groupState is a kernel with what is known of the events of the timeline.
type groupState struct {
	*group
	kernel   aggregate.Kernel
	events   aggregate.Events
	loaded   int  // the kernel has this many of the subject's first events; -1: those of another
	beyond   bool // and more, which are no longer there
	prepared int  // events are told to errs up to here
	errs     errorCounts
	used     []int32 // detail: place -> the last place up to it whose event is used, -1 for none
	all      bool    // detail: every event is used, and used is empty
}

// passes are which events a filter lets through, of its first places.
type passes struct {
	filter int
	pass   []bool
}

func (e *evaluator) init(c *compiled) {
	e.spec, e.sel = c, c.all
	for i := range c.groups {
		e.groups = append(e.groups, groupState{group: &c.groups[i], loaded: -1})
	}
	e.span.init(c)
}

// changed says that the timeline is another from that place on.
func (e *evaluator) changed(from int) {
	for i := range e.groups {
		g := &e.groups[i]
		g.beyond = g.beyond || g.loaded > from
		g.prepared, g.loaded = min(g.prepared, from), min(g.loaded, from)
		g.used = g.used[:min(len(g.used), from)]
	}
	for i := range e.passes {
		e.passes[i].pass = e.passes[i].pass[:min(len(e.passes[i].pass), from)]
	}
	for i := range e.span.sessions {
		e.span.sessions[i] = e.span.sessions[i][:min(len(e.span.sessions[i]), from)]
	}
	e.asof.tree.ready = false
}

// fresh says that the next subject is another entity.
func (e *evaluator) fresh() {
	for i := range e.groups {
		e.groups[i].loaded = -1
	}
	for i := range e.span.sessions {
		e.span.sessions[i] = e.span.sessions[i][:0]
	}
}

// evaluate gives every selected cell of a windowed view its values for the subject's rows.
func (e *evaluator) evaluate(x *subject, known *survey) {
	if e.visible.prefix(e.ev, x, known) {
		e.inOrder(x, e.visible.caps)
	} else {
		e.outOfOrder(x)
	}
}

// prepare brings what is known of the events of the selected groups up to the timeline.
func (e *evaluator) prepare() {
	for i := range e.sel.groups {
		e.prepareGroup(&e.groups[e.sel.groups[i].group])
	}
}

func (e *evaluator) prepareGroup(g *groupState) {
	if g.prepared == e.ev.n && g.prepared > 0 {
		if e.detail {
			g.findUsed(e.ev.n)
		}
		return
	}
	g.events.Tau, g.events.Args, g.events.Pass = e.ev.tau, g.events.Args[:0], nil
	for _, a := range g.args {
		g.events.Args = append(g.events.Args, e.ev.cols[a])
	}
	if g.filter >= 0 {
		g.events.Pass = e.pass(g.filter)
	}
	g.errs.find(g, e.ev.cols, g.prepared)
	g.prepared = e.ev.n
	if e.detail {
		g.findUsed(e.ev.n)
	}
}

// ownOf returns the place of row k as an event, -1 where it is none.
func (x *subject) ownOf(k int) int32 {
	if x.own == nil {
		return -1
	}
	return x.own[k]
}

// load gives a group's kernel the subject's events up to a place. A kernel that has the first of them goes on from there, if it can.
func (g *groupState) load(x *subject, end int) {
	n := end - x.lo
	if g.loaded == n && n > 0 && !g.beyond {
		return
	}
	if g.kernel == nil {
		g.kernel = g.members[0].NewKernel(g.members)
	}
	g.events.Lo, g.events.Hi = x.lo, end
	if r, ok := g.kernel.(aggregate.Resumer); ok && g.loaded > 0 {
		r.Resume(&g.events, x.lo+g.loaded)
	} else {
		g.kernel.Load(&g.events)
	}
	g.loaded, g.beyond = n, false
}

// pass returns which rows a filter lets through: those for which it is true, neither false nor null nor an error.
func (e *evaluator) pass(filter int) []bool {
	c := e.ev.cols[filter]
	if c.Status == nil {
		return c.Bools
	}
	at := -1
	for i := range e.passes {
		if e.passes[i].filter == filter {
			at = i
		}
	}
	if at < 0 {
		at = len(e.passes)
		e.passes = append(e.passes, passes{filter: filter})
	}
	p := e.passes[at].pass
	for i := len(p); i < e.ev.n; i++ {
		p = append(p, c.Status[i] == selfsame.Present && c.Bools[i])
	}
	e.passes[at].pass = p
	return p
}

// findUsed fills used up to n: an event is used where the filter lets it pass and no argument is null, unless the call respects nulls.
func (g *groupState) findUsed(n int) {
	skips := !g.members[0].Spec.RespectNulls // all members have one family
	g.all = g.events.Pass == nil && !g.errs.any && !(skips && slices.ContainsFunc(g.events.Args, func(c *column.Column) bool { return c.Status != nil }))
	if g.all {
		g.used = g.used[:0]
		return
	}
	last := int32(-1)
	if m := len(g.used); m > 0 {
		last = g.used[m-1]
	}
	for i := len(g.used); i < n; i++ {
		pass := g.events.Pass == nil || g.events.Pass[i]
		if pass && !(skips && g.hasNull(i)) || g.errs.code(i) != 0 {
			last = int32(i)
		}
		g.used = append(g.used, last)
	}
}

// hasNull reports whether an argument of event i is null.
func (g *groupState) hasNull(i int) bool {
	for _, c := range g.events.Args {
		if c.StatusAt(i) == selfsame.Null {
			return true
		}
	}
	return false
}

// lastUsed returns the last place up to this one whose event is used, -1 for none.
func (g *groupState) lastUsed(place int32) int32 {
	if g.all {
		return place
	}
	return g.used[place]
}
