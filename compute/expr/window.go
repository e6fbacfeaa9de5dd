// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/compute/zone"
)

var units = map[string]int64{
	"us": selfsame.Microsecond, "ms": selfsame.Millisecond, "s": selfsame.Second, "m": selfsame.Minute, "h": selfsame.Hour,
	"d": selfsame.DayLength, "w": selfsame.WeekLength,
}

const durationHint = "a duration is an integer and one of us ms s m h d w: 30m, 24h, 7d"

// duration reads digits and a unit as microseconds.
func duration(s string) (micros int64, problem string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	unit, ok := units[s[i:]]
	if !ok || i == 0 {
		return 0, "`" + s + "` is not a duration"
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return 0, "the duration `" + s + "` is beyond int64 microseconds"
	}
	return n * unit, ""
}

// ParseDuration reads a duration of the language, such as 30m or 7d, as microseconds >= 0. Case does not matter.
func ParseDuration(s string) (int64, error) {
	micros, problem := duration(strings.ToLower(strings.TrimSpace(s)))
	if problem != "" {
		return 0, &selfsame.Error{Class: selfsame.ClassDefinition, Message: problem, Hint: durationHint}
	}
	return micros, nil
}

// window reads one window and its text in normal form.
func (p *parser) window() (selfsame.Window, string) {
	start := p.next
	var w selfsame.Window
	switch t := p.peek(); {
	case t.kind == tokenWord && p.ahead(1).is("up") && p.ahead(2).is("to"):
		w = p.chosenWindow()
	case t.kind == tokenDuration:
		w = p.timeWindow()
	case t.kind == tokenInteger:
		w = p.rowsWindow()
	case p.accept("session"):
		w = selfsame.Window{Kind: selfsame.Session, Gap: p.positive(), Max: selfsame.DayLength}
		if p.accept("max") {
			w.Max = p.positive()
		}
	case p.accept("today"):
		w = p.calendar(selfsame.Day)
	case p.accept("this"):
		w = p.thisPeriod()
	case p.accept("next"):
		w = p.edges(selfsame.Window{Kind: selfsame.Ahead, Length: p.positive(), Closed: selfsame.ClosedRight})
	case p.accept("lifetime"):
	default:
		p.fail(t.off, "expected a window, found "+t.describe(),
			"windows are 7d, 7d hop 1h, 7d every 1d, lookback up to 30d, 10 rows, session 30m, today, this week, this month, this year, lifetime; of labels next 7d")
	}
	if t := p.peek(); t.is("with") && p.ahead(1).is("request") {
		p.take()
		p.take()
		w.Request = true
		if why := endsBeforeRequest(w); why != "" {
			p.fail(t.off, why, "leave one of the two out: `with request` goes with 7d, 7d hop 1h, closed neither, 10 rows, session 30m, today, lifetime")
		}
	}
	var words []string
	for _, t := range p.tokens[start:p.next] {
		if t.kind == tokenString {
			words = append(words, quoteString(t.text))
			continue
		}
		words = append(words, strings.ToLower(t.text))
	}
	return w, strings.Join(words, " ")
}

// endsBeforeRequest says why the row that asks can be no event of a window, empty where it can.
func endsBeforeRequest(w selfsame.Window) string {
	switch {
	case w.Kind == selfsame.Ahead:
		return "a window that looks forward begins behind the request's row"
	case w.Kind == selfsame.CompletedHops:
		return "a window of completed hops ends before T, where the request's row stands"
	case w.Offset != 0 || w.Skip != 0:
		return "a window with an offset ends before the request's row"
	case w.Closed == selfsame.ClosedRight || w.Closed == selfsame.ClosedBoth:
		return "closed " + w.Closed.String() + " counts the events at T, for which the request's row stands"
	}
	return ""
}

func (p *parser) timeWindow() selfsame.Window {
	w := selfsame.Window{Kind: selfsame.Sliding, Length: p.positive()}
	switch {
	case p.accept("hop"):
		w.Kind, w.Hop = selfsame.HopTail, p.positive()
	case p.accept("every"):
		w.Kind, w.Hop = selfsame.CompletedHops, p.positive()
	}
	return p.edges(w)
}

// edges reads what may stand behind a window of time.
func (p *parser) edges(w selfsame.Window) selfsame.Window {
	if p.accept("offset") {
		w.Offset = p.duration()
	}
	if !p.accept("closed") {
		return w
	}
	t := p.take()
	for e := selfsame.ClosedLeft; e <= selfsame.ClosedNeither; e++ {
		if t.is(e.String()) {
			w.Closed = e
			return w
		}
	}
	p.fail(t.off, "expected an edge after CLOSED, found "+t.describe(), "the edges are left, right, both, neither")
	return w
}

// chosenWindow reads a window whose length a field of the request gives.
func (p *parser) chosenWindow() selfsame.Window {
	t := p.take()
	name := strings.ToLower(t.text)
	if name != t.text {
		p.fail(t.off, "the field that gives a window's length has a name in lower case, found "+t.describe(), "write "+name)
	}
	p.take()
	p.take()
	w := p.timeWindow()
	if w.Kind != selfsame.Sliding {
		p.fail(t.off, "a length that the request chooses goes with no hop", "leave hop or every out: "+name+" up to "+DurationText(w.Length))
	}
	w.Chosen = name
	return w
}

func (p *parser) rowsWindow() selfsame.Window {
	t := p.take()
	n, err := strconv.ParseInt(t.text, 10, 64)
	if !p.accept("rows") {
		if next := p.peek(); next.kind == tokenWord && units[strings.ToLower(next.text)] != 0 {
			p.fail(t.off, "a blank stands inside the duration", "write "+t.text+strings.ToLower(next.text))
		}
		p.fail(t.off, "expected a window, found "+t.describe(), durationHint+"; a number of rows is 10 rows")
	}
	if err != nil || n < 1 {
		p.fail(t.off, "the number of rows is from 1 to the greatest int64", "")
	}
	w := selfsame.Window{Kind: selfsame.LastRows, Rows: n}
	if p.accept("within") {
		w.Within = p.positive()
	}
	if p.accept("offset") {
		p.rowsOffset(&w)
	}
	return w
}

// rowsOffset reads what moves a window of rows back: a number of rows, or a time.
func (p *parser) rowsOffset(w *selfsame.Window) {
	t := p.peek()
	if t.kind == tokenDuration {
		w.Offset = p.duration()
		return
	}
	n, err := strconv.ParseInt(t.text, 10, 64)
	if t.kind != tokenInteger || !p.ahead(1).is("rows") {
		p.fail(t.off, "expected rows or a duration after OFFSET, found "+t.describe(), "write offset 3 rows to leave out the three newest, offset 1d to end a day before T")
	}
	if err != nil || n < 1 {
		p.fail(t.off, "the number of rows is from 1 to the greatest int64", "")
	}
	p.take()
	p.take()
	w.Skip = n
}

func (p *parser) thisPeriod() selfsame.Window {
	t := p.peek()
	for unit, word := range []string{"day", "week", "month", "year"} {
		if p.accept(word) {
			if word == "day" {
				p.fail(t.off, "the window of the day is written today", "write today")
			}
			return p.calendar(selfsame.CalendarUnit(unit))
		}
	}
	p.unexpected(t, "week, month or year after THIS")
	return selfsame.Window{}
}

// calendar reads the zone of a calendar window. IN starts a zone only where a string follows.
func (p *parser) calendar(unit selfsame.CalendarUnit) selfsame.Window {
	w := selfsame.Window{Kind: selfsame.Calendar, Unit: unit, Zone: "UTC"}
	if p.peek().is("in") && p.ahead(1).kind == tokenString {
		p.take()
		t := p.take()
		w.Zone = t.text
		p.checkZone(t)
	}
	return w
}

// duration reads a duration >= 0.
func (p *parser) duration() int64 {
	t := p.take()
	if t.kind != tokenDuration {
		p.fail(t.off, "expected a duration, found "+t.describe(), durationHint)
	}
	if next := p.peek(); next.kind == tokenDuration {
		p.fail(t.off, "a duration has one unit", "write it in the smaller unit: 90m for an hour and a half")
	}
	micros, problem := duration(t.text)
	if problem != "" {
		p.fail(t.off, problem, durationHint)
	}
	return micros
}

// positive reads a duration > 0.
func (p *parser) positive() int64 {
	t := p.peek()
	micros := p.duration()
	if micros == 0 {
		p.fail(t.off, "a duration of zero selects nothing", "")
	}
	return micros
}

// WindowText is the one normal text of a window: equal windows have equal texts, which read back as the window.
func WindowText(w selfsame.Window) string {
	if w.Request {
		return boundsText(w) + " with request"
	}
	return boundsText(w)
}

// boundsText is the text of a window but for whether it counts the row that asks.
func boundsText(w selfsame.Window) string {
	switch w.Kind {
	case selfsame.LastRows:
		s := strconv.FormatInt(w.Rows, 10) + " rows"
		if w.Within != 0 {
			s += " within " + DurationText(w.Within)
		}
		switch {
		case w.Skip != 0:
			s += " offset " + strconv.FormatInt(w.Skip, 10) + " rows"
		case w.Offset != 0:
			s += " offset " + DurationText(w.Offset)
		}
		return s
	case selfsame.Session:
		s := "session " + DurationText(w.Gap)
		if w.Max != selfsame.DayLength {
			s += " max " + DurationText(w.Max)
		}
		return s
	case selfsame.Calendar:
		s := [...]string{"today", "this week", "this month", "this year"}[w.Unit]
		if w.Zone != "UTC" {
			s += " in " + quoteString(w.Zone)
		}
		return s
	case selfsame.Lifetime:
		return "lifetime"
	}
	s, closed := DurationText(w.Length), selfsame.ClosedLeft
	if w.Chosen != "" {
		s = w.Chosen + " up to " + s
	}
	switch w.Kind {
	case selfsame.Ahead:
		s, closed = "next "+s, selfsame.ClosedRight
	case selfsame.HopTail:
		s += " hop " + DurationText(w.Hop)
	case selfsame.CompletedHops:
		s += " every " + DurationText(w.Hop)
	}
	if w.Offset != 0 {
		s += " offset " + DurationText(w.Offset)
	}
	if w.Closed != closed {
		s += " closed " + w.Closed.String()
	}
	return s
}

// DurationText prints a duration in the greatest unit that divides it; weeks are printed as days.
func DurationText(micros int64) string {
	for _, unit := range []string{"d", "h", "m", "s", "ms"} {
		if micros%units[unit] == 0 && micros != 0 {
			return strconv.FormatInt(micros/units[unit], 10) + unit
		}
	}
	return strconv.FormatInt(micros, 10) + "us"
}

// checkZone fails unless the zone database knows the name.
func (p *parser) checkZone(t token) {
	_, err := zone.Load(t.text)
	var known *selfsame.Error
	if errors.As(err, &known) {
		p.fail(t.off, known.Message, known.Hint)
	}
}
