// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"math"
	"slices"

	"selfsame"
)

// Event is one entry of a source's log.
type Event struct {
	Source  int                       // the source's place in the view's list
	Pos     int64                     // log order inside the source; what came live stands behind all history
	Live    *Entry                    // nil: of history
	Tau     *int64                    // event time; nil: null or unreadable
	Arrival *int64                    // α as the source declares it; nil: null. Unused where the source has no arrival field
	ID      *string                   // canonical text of the id; nil: none
	Op      string                    // "", insert, delete or upsert
	Fields  map[string]selfsame.Value // the payload; a field that is not there is null
}

// Cut is the knowledge of a question.
type Cut struct {
	Final  bool
	Known  int64   // κ: events with α <= κ, where not Final
	Served *Served // a cut by position; Known plays a part where Lagged
	Lagged bool
}

// oracleView is what the oracle needs to know of a view.
type oracleView struct {
	sources []*selfsame.Source
	key     func(e *Event) (string, bool) // canonical key, false where a field is null
	where   func(e *Event) bool
	ttl     int64 // as-of: microseconds, < 0 unlimited
	strict  bool  // as-of: closed left
}

const inf = math.MaxInt64

// tau is the event time; static sources lie before everything.
func tau(src *selfsame.Source, e *Event) int64 {
	if src.EventTime == "" {
		return selfsame.MinTime
	}
	return *e.Tau
}

// alpha is the arrival, false where it is never known.
func alpha(src *selfsame.Source, e *Event) (int64, bool) {
	switch {
	case src.EventTime == "":
		return selfsame.MinTime, true
	case e.Live != nil:
		return e.Live.Alpha, true
	case src.Arrival == "":
		return plus(*e.Tau, src.KnowledgeDelay.Or(0)), true
	case e.Arrival == nil:
		return inf, false
	}
	return *e.Arrival, true
}

// verdict is the admission of an entry of history: ok, late, early or schema. It depends on the entry alone.
func verdict(src *selfsame.Source, e *Event) string {
	if src.EventTime == "" || e.Live != nil {
		return "ok"
	}
	if e.Tau == nil || src.Operation != "" && !operates(src, e.Op) {
		return "schema"
	}
	a, known := alpha(src, e)
	if !known {
		return "ok"
	}
	bound := src.Lateness.Or(inf)
	if e.Op == "delete" || e.Op == "upsert" {
		bound = src.Corrections.Or(inf)
	}
	switch {
	case a > *e.Tau && bound != inf && a > plus(*e.Tau, bound):
		return "late"
	case a < *e.Tau && src.Skew.Set && a < plus(*e.Tau, -src.Skew.Micros):
		return "early"
	}
	return "ok"
}

// operates reports whether op is an operation that the source knows.
func operates(src *selfsame.Source, op string) bool {
	return op == "insert" || op == "delete" || op == "upsert" && len(src.PrimaryKey) > 0
}

// inside reports whether an admitted entry belongs to the cut.
func inside(src *selfsame.Source, e *Event, c Cut) bool {
	if verdict(src, e) != "ok" {
		return false
	}
	a, known := alpha(src, e)
	if s := c.Served; s != nil && src.EventTime != "" {
		there := s.History && s.Lower <= *e.Tau && (*e.Tau < s.Upper || s.Upper == inf)
		if e.Live != nil {
			there = e.Live.Offset < s.Offset
		}
		return there && (!c.Lagged || known && a <= c.Known)
	}
	return c.Final || known && a <= c.Known
}

// wins reports whether e is the first of its copies among set, by (α, position); a null arrival ranks last.
func wins(src *selfsame.Source, e *Event, set []*Event) bool {
	if e.ID == nil || e.Op == "delete" || len(src.PrimaryKey) > 0 {
		return true
	}
	for _, o := range set {
		if o == e || o.ID == nil || *o.ID != *e.ID || o.Op == "delete" || tau(src, o) != tau(src, e) {
			continue
		}
		ao, _ := alpha(src, o)
		ae, _ := alpha(src, e)
		if ao < ae || ao == ae && o.Pos < e.Pos {
			return false
		}
	}
	return true
}

// cancelled reports whether set, everything inside the cut, deletes e or holds a later version of it.
func cancelled(src *selfsame.Source, e *Event, set []*Event) bool {
	for _, d := range set {
		if len(src.PrimaryKey) > 0 {
			if d != e && samePrimaryKey(src, d, e) && laterVersion(src, d, e) {
				return true
			}
			continue
		}
		if d.Op != "delete" || d.ID == nil || e.ID == nil || *d.ID != *e.ID {
			continue
		}
		a, known := alpha(src, d)
		lower, upper := int64(math.MinInt64), int64(inf)
		if known && (src.Corrections.Set || d.Live != nil) {
			lower = plus(a, -src.Corrections.Or(30*selfsame.DayLength))
		}
		if known && (src.Skew.Set || d.Live != nil) {
			upper = plus(a, src.Skew.Or(selfsame.Minute))
		}
		if lower <= tau(src, e) && tau(src, e) <= upper {
			return true
		}
	}
	return false
}

// visible returns the entries of the view's sources that the cut shows for a key, without regard to T, in the order of events.
// An as-of view keeps deletes and older versions: they are rows.
func visible(v *oracleView, log []*Event, key string, c Cut, asOf bool) []*Event {
	var out []*Event
	within := make([][]*Event, len(v.sources)) // everything of a source inside the cut
	for _, e := range log {
		if inside(v.sources[e.Source], e, c) {
			within[e.Source] = append(within[e.Source], e)
		}
	}
	for _, e := range slices.Concat(within...) {
		src, set := v.sources[e.Source], within[e.Source]
		k, named := v.key(e)
		passes := asOf && e.Op == "delete" || v.where(e)
		if !named || k != key || !passes || !wins(src, e, set) {
			continue
		}
		if !asOf && (e.Op == "delete" || cancelled(src, e, set)) {
			continue
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b *Event) int { return compareEvents(v.sources, a, b, asOf) })
	return out
}

// asOfRow returns the row that an as-of view shows at T and the status of its values.
func asOfRow(v *oracleView, log []*Event, key string, t int64, c Cut) (*Event, selfsame.Status) {
	var newest *Event
	for _, e := range visible(v, log, key, c, true) {
		if at := tau(v.sources[e.Source], e); at < t || at == t && !v.strict {
			newest = e
		}
	}
	switch {
	case newest == nil || newest.Op == "delete":
		return nil, selfsame.NotFound
	case v.ttl >= 0 && tau(v.sources[newest.Source], newest) < plus(t, -v.ttl):
		return nil, selfsame.Expired
	}
	return newest, selfsame.Present
}
