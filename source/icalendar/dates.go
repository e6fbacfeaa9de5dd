// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package icalendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

const (
	maxDays     = 3660    // the greatest length of one event: beyond it an end is taken for a mistake
	maxDates    = 100_000 // that one event covers, its repetitions together
	maxInterval = 10_000  // of a rule
)

// horizon is how far a rule without an end is followed.
var horizon = time.Date(2099, time.December, 31, 0, 0, 0, 0, time.UTC)

// lastDay is the last that a date can be written for.
var lastDay = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

const dateForm = "20060102"

// dates are those that an event covers, ascending, each once; or why there are none. replaced are the dates of its repetitions that events of their own
// replace.
func (e event) dates(replaced []string) (out []time.Time, why string) {
	first, days, why := e.span()
	if why != "" {
		return nil, why
	}
	starts := []time.Time{first}
	if e.repeats() {
		if starts, why = e.starts(first, replaced); why != "" {
			return nil, why
		}
	}
	for _, start := range starts {
		for k := range days {
			d := start.AddDate(0, 0, k)
			if n := len(out); n > 0 && !d.After(out[n-1]) {
				continue // a repetition began before the one before it had ended
			}
			if len(out) == maxDates {
				return nil, fmt.Sprintf("covers more than %d dates", maxDates)
			}
			out = append(out, d)
		}
	}
	return out, ""
}

// span is the first date of an event and how many it lasts.
func (e event) span() (first time.Time, days int, why string) {
	first, err := time.Parse(dateForm, e.value("DTSTART"))
	if err != nil {
		return first, 0, "has no date as its start (DTSTART;VALUE=DATE:20241225)"
	}
	text := e.value("DTEND")
	if text == "" {
		return first, 1, ""
	}
	end, err := time.Parse(dateForm, text)
	if err != nil {
		return first, 0, "has no date as its end (DTEND;VALUE=DATE:20241226)"
	}
	switch days = int(end.Sub(first) / (24 * time.Hour)); {
	case days < 0:
		return first, 0, "ends before it begins"
	case days > maxDays:
		return first, 0, "lasts longer than ten years"
	}
	return first, max(days, 1), "" // some programs write the same date twice
}

// repeats reports whether an event says that it does. One that replaces a repetition of another does not.
func (e event) repeats() bool {
	return e.value("RECURRENCE-ID") == "" && (e["RRULE"] != nil || e["RDATE"] != nil || e["EXDATE"] != nil || e["EXRULE"] != nil)
}

// starts are the first dates of an event's repetitions, ascending: those of its rule and of RDATE without those of EXDATE.
func (e event) starts(first time.Time, replaced []string) (out []time.Time, why string) {
	switch {
	case e["EXRULE"] != nil:
		return nil, "leaves dates out by a rule (EXRULE), which RFC 5545 has no more: write them out, in EXDATE"
	case len(e["RRULE"]) > 1:
		return nil, "repeats by several rules (RRULE): write an event for each"
	}
	if e["RRULE"] == nil {
		out = append(out, first)
	} else if out, why = followed(e.value("RRULE"), first); why != "" {
		return nil, why
	}
	more, ok := listed(e["RDATE"])
	if !ok {
		return nil, "repeats at other than dates (RDATE;VALUE=DATE:20241225,20251225)"
	}
	less, ok := listed(e["EXDATE"])
	if !ok {
		return nil, "leaves out other than dates (EXDATE;VALUE=DATE:20241225,20251225)"
	}
	own, ok := listed(replaced)
	if !ok {
		return nil, "has a repetition that is replaced at other than a date (RECURRENCE-ID;VALUE=DATE:20241225)"
	}
	out = append(out, more...)
	slices.SortFunc(out, time.Time.Compare)
	leave := map[time.Time]bool{}
	for _, d := range append(less, own...) {
		leave[d] = true
	}
	return slices.DeleteFunc(slices.CompactFunc(out, time.Time.Equal), func(d time.Time) bool { return leave[d] }), ""
}

// listed reads lists of dates.
func listed(lists []string) ([]time.Time, bool) {
	var out []time.Time
	for _, list := range lists {
		for text := range strings.SplitSeq(list, ",") {
			d, err := time.Parse(dateForm, strings.TrimSpace(text))
			if err != nil {
				return nil, false
			}
			out = append(out, d)
		}
	}
	return out, true
}

// followed are the dates of a rule from first on, to its end or to the horizon.
func followed(text string, first time.Time) ([]time.Time, string) {
	o, err := rrule.StrToROption(strings.ToUpper(text))
	switch {
	case err != nil:
		return nil, "repeats by a rule that cannot be read (RRULE): " + err.Error()
	case !o.Dtstart.IsZero() || o.Byeaster != nil:
		return nil, "repeats by a rule that RFC 5545 does not have (RRULE)"
	case o.Freq > rrule.DAILY || o.Byhour != nil || o.Byminute != nil || o.Bysecond != nil:
		return nil, "repeats within a day (RRULE), and rows are dates"
	case o.Count < 0 || strings.Contains(strings.ToUpper(text), "COUNT=0") && o.Count == 0,
		o.Interval < 0 || o.Interval > maxInterval || strings.Contains(strings.ToUpper(text), "INTERVAL=0") && o.Interval == 0:
		return nil, fmt.Sprintf("repeats by a rule (RRULE) whose COUNT is not from 1 on, or whose INTERVAL is not from 1 to %d", maxInterval)
	case o.Count == 0 && o.Until.IsZero() && first.After(horizon):
		return nil, "begins to repeat without an end behind 2099: give its rule an end (UNTIL, COUNT)"
	}
	if o.Dtstart = first; o.Until.IsZero() {
		if o.Until = horizon; o.Count > 0 {
			o.Until = lastDay
		}
	}
	r, err := rrule.NewRRule(*o)
	if err != nil {
		return nil, "repeats by a rule that cannot be (RRULE): " + err.Error()
	}
	var out []time.Time
	for next := r.Iterator(); ; {
		d, ok := next()
		if !ok {
			return out, ""
		}
		if len(out) == maxDates {
			return nil, fmt.Sprintf("repeats more than %d times", maxDates)
		}
		out = append(out, d)
	}
}
