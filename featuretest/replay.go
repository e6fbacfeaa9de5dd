// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"cmp"
	"slices"

	"selfsame"
	"selfsame/batch"
)

// replay is a case as a live system sees it: groups of rows that became known together, history beside them, and questions at cuts.
type replay struct {
	c         *Case
	project   *selfsame.Project
	groups    []group
	loads     bool  // history is brought in
	latest    int64 // the greatest arrival of it: it cannot be loaded before
	history   map[string][][]selfsame.Value
	ranges    []batch.LoadedRange // of it; nil: all
	questions []inquiry
}

// group is what one append holds.
type group struct {
	alpha int64
	rows  []arrival
}

// arrival is a row of a source that came live.
type arrival struct {
	source *selfsame.Source
	row    []selfsame.Value
	offset int64 // -1: the log will say
}

// inquiry is a row of the case and the cut at which it asks.
type inquiry struct {
	row   int
	after int  // groups below the cut
	past  bool // as of its T
}

// unbounded is a bound that no row of a script reaches.
const unbounded = selfsame.MaxTime / 2

// replays returns the worlds that a case needs: most need one, and one more for each part of history that a question must not see and no
// cut by position hides.
func (c *Case) replays() ([]*replay, error) {
	base := &replay{c: c, project: c.liveProject()}
	var rest []past
	if c.Live == nil {
		rest = base.arrivals()
	} else {
		rest = base.entries()
	}
	var out []*replay
	worlds := map[shown]*replay{}
	for i, row := range c.Rows {
		s, known := base.shows(row, rest)
		r := worlds[s]
		if r == nil {
			r = &replay{c: c, project: base.project, groups: base.groups}
			r.bring(s, rest)
			worlds[s] = r
			out = append(out, r)
		}
		if row.Served != nil {
			after, err := base.cutAt(row.Served.Offset)
			if err != nil {
				return nil, err
			}
			r.questions = append(r.questions, inquiry{i, after, row.Served.Past})
			continue
		}
		r.questions = append(r.questions, inquiry{i, base.known(known), false})
		if !c.Mode.Final && known == row.At && known != selfsame.MaxTime { // that α is of what never became known
			r.questions = append(r.questions, inquiry{i, len(base.groups), true})
		}
	}
	return out, nil
}

// shown is which part of history a world holds: served reads say so by event time, others by arrival.
type shown struct {
	history      bool
	lower, upper int64
	known        int64 // the greatest arrival
	never        bool  // null ones too
}

// past is a row of history.
type past struct {
	source *selfsame.Source
	row    []selfsame.Value
	alpha  int64 // MinTime: of a static table; MaxTime where there is none
	never  bool  // α is null: it never became known
}

// shows says what a row may see: of history, and κ by arrival.
func (r *replay) shows(row Row, rest []past) (shown, int64) {
	if s := row.Served; s != nil {
		return shown{s.History, s.Lower, s.Upper, selfsame.MaxTime, true}, 0
	}
	known := int64(selfsame.MaxTime)
	switch {
	case row.Known != nil:
		known = *row.Known
	case !r.c.Mode.Final:
		known = plus(row.At, -r.c.Mode.Lag)
	}
	s := shown{history: true, lower: selfsame.MinTime, upper: selfsame.MaxTime, known: selfsame.MinTime, never: r.c.Mode.Final}
	for _, p := range rest {
		if r.c.Mode.Final || p.alpha <= known && !p.never {
			s.known = max(s.known, p.alpha)
		}
	}
	return s, known
}

// bring keeps what a world shows of history.
func (r *replay) bring(s shown, rest []past) {
	r.history, r.latest = map[string][][]selfsame.Value{}, selfsame.MinTime
	for _, p := range rest {
		if p.alpha <= s.known && (s.never || !p.never) && (s.history || p.source.EventTime == "") {
			r.history[p.source.Name] = append(r.history[p.source.Name], p.row)
			r.loads = true
			if !p.never {
				r.latest = max(r.latest, p.alpha)
			}
		}
	}
	if s.history && (s.lower != selfsame.MinTime || s.upper != selfsame.MaxTime) {
		for _, src := range r.project.Sources {
			r.ranges = append(r.ranges, batch.LoadedRange{Source: src.Name, Lower: s.lower, Upper: s.upper})
		}
	}
}

// known is how many groups became known at or before κ.
func (r *replay) known(k int64) int {
	n, _ := slices.BinarySearchFunc(r.groups, k, func(g group, k int64) int {
		if g.alpha <= k {
			return -1
		}
		return 1
	})
	return n
}

// cutAt is how many groups lie below an offset, which is the end of one.
func (r *replay) cutAt(offset int64) (int, error) {
	n, rows := 0, int64(0)
	for n < len(r.groups) && rows < offset {
		rows += int64(len(r.groups[n].rows))
		n++
	}
	if rows != offset {
		return 0, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "cut", Message: "no group of the live log ends there"}
	}
	return n, nil
}

// liveProject is the project as a live system needs it. Where the rows do not say how they came, bounds that a source does not declare are
// those of its files: none. In final mode no lag counts.
func (c *Case) liveProject() *selfsame.Project {
	p := *c.Project
	p.Sources = nil
	for _, src := range c.Project.Sources {
		s := *src
		if c.Live == nil {
			for _, bound := range []*selfsame.Duration{&s.Lateness, &s.Skew, &s.Corrections} {
				if !bound.Set {
					*bound = selfsame.Duration{Set: true, Micros: unbounded}
				}
			}
		}
		p.Sources = append(p.Sources, &s)
	}
	if c.Mode.Final {
		p.Views = nil
		for _, view := range c.Project.Views {
			v := *view
			v.AsOf = selfsame.Duration{}
			p.Views = append(p.Views, &v)
		}
	}
	return &p
}

// entries fills the groups of a case that says how its rows came, and returns its history.
func (r *replay) entries() []past {
	type placed struct {
		arrival
		alpha int64
	}
	var rest []past
	var log []placed
	for _, src := range r.project.Sources {
		for i, row := range r.c.Logs[src.Name] {
			live := r.c.Live[src.Name]
			if live == nil || live[i].Offset < 0 {
				a, known := arrives(src, row)
				rest = append(rest, past{src, row, a, !known})
				continue
			}
			log = append(log, placed{arrival{src, row, live[i].Offset}, live[i].Alpha})
		}
	}
	slices.SortFunc(log, func(a, b placed) int { return cmp.Compare(a.offset, b.offset) })
	for _, e := range log {
		r.add(e.alpha, e.arrival)
	}
	return rest
}

// arrivals fills the groups of a case whose rows came when their sources say, and returns what no log could have taken so: static tables, rows
// that never became known, and versions that are in an order of their own.
func (r *replay) arrivals() []past {
	type placed struct {
		arrival
		alpha int64
	}
	var rest []past
	var log []placed
	for _, src := range r.project.Sources {
		whole := r.whole(src)
		for _, row := range r.c.Logs[src.Name] {
			if a, known := arrives(src, row); whole || !known {
				rest = append(rest, past{src, row, a, !known})
			} else {
				log = append(log, placed{arrival{src, row, -1}, a})
			}
		}
	}
	slices.SortStableFunc(log, func(a, b placed) int { return cmp.Compare(a.alpha, b.alpha) })
	for _, e := range log {
		r.add(e.alpha, e.arrival)
	}
	return rest
}

func (r *replay) add(alpha int64, a arrival) {
	if n := len(r.groups); n == 0 || r.groups[n-1].alpha != alpha {
		r.groups = append(r.groups, group{alpha: alpha})
	}
	g := &r.groups[len(r.groups)-1]
	g.rows = append(g.rows, a)
}

// whole reports whether all rows of a source are history: of a static table, and versions in an order that is not that of their arrival.
func (r *replay) whole(src *selfsame.Source) bool {
	last := int64(selfsame.MinTime)
	for _, row := range r.c.Logs[src.Name] {
		a, _ := arrives(src, row)
		if len(src.PrimaryKey) > 0 && a < last {
			return true
		}
		last = a
	}
	return src.EventTime == ""
}

// arrives is α of a row of history, MinTime in static tables; MaxTime and false where it is null.
func arrives(src *selfsame.Source, row []selfsame.Value) (int64, bool) {
	if src.EventTime == "" {
		return selfsame.MinTime, true
	}
	fields := map[string]selfsame.Value{}
	for i, f := range src.Schema {
		fields[f.Name] = row[i]
	}
	name, delay := src.Arrival, int64(0)
	if name == "" {
		name, delay = src.EventTime, src.KnowledgeDelay.Or(0)
	}
	if t := instant(fields, name); t != nil {
		return plus(*t, delay), true
	}
	return selfsame.MaxTime, false
}
