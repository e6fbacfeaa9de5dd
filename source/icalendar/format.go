// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package icalendar reads calendars (RFC 5545, files *.ics, plain, .gz or .zst) as sources: one row for every date that an event of whole days
// covers. It is no calendar program: events with a time of day and events that repeat by a rule are bad rows. Its columns are fixed: date,
// summary, uid, location, description, categories and status. Readers are safe for concurrent use; node, tests and tools open them.
package icalendar

import (
	"bytes"
	"context"
	"io"
	"strings"
	"time"

	"selfsame"
	"selfsame/source"
)

// MaxBytes is the greatest size of a calendar, unpacked: it is read as a whole.
const MaxBytes = 64 << 20

// maxDays is the greatest length of one event: beyond it an end is taken for a mistake.
const maxDays = 3660

// Format reads calendars.
type Format struct{}

var _ source.Format = Format{}

// New returns the format.
func New() source.Format { return Format{} }

// columns are those of every calendar, by the properties that hold them.
var columns = []struct{ name, property string }{{"date", ""}, {"summary", "SUMMARY"}, {"uid", "UID"}, {"location", "LOCATION"},
	{"description", "DESCRIPTION"}, {"categories", "CATEGORIES"}, {"status", "STATUS"}}

// Reader reads one calendar. It is opened anew for each read.
type Reader struct {
	path string
	how  *source.Reading
}

var _ source.Reader = (*Reader)(nil)

// Open checks that the file is a calendar.
func (Format) Open(_ context.Context, path string, how *source.Reading) (source.Reader, error) {
	r := &Reader{path: path, how: how}
	_, err := r.lines()
	return r, err
}

// Columns are the same for every calendar.
func (r *Reader) Columns() []source.Column {
	var out []source.Column
	for i, c := range columns {
		t := selfsame.Scalar(selfsame.String)
		if i == 0 {
			t = selfsame.Scalar(selfsame.Date)
		}
		out = append(out, source.Column{Name: c.name, Type: t})
	}
	return out
}

// Groups is one group: the file.
func (r *Reader) Groups() []source.Group { return []source.Group{{Rows: -1}} }

// lines reads the file and joins what was folded.
func (r *Reader) lines() ([]string, error) {
	f, err := source.OpenText(r.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, source.InputError(r.path, "cannot be read", err)
	}
	if len(b) > MaxBytes {
		return nil, source.InputError(r.path, "is larger than a calendar may be, 64 MiB", nil)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
	lines := strings.Split(text, "\n")
	if !strings.EqualFold(strings.TrimSpace(lines[0]), "BEGIN:VCALENDAR") {
		return nil, source.InputError(r.path, "is no calendar: it does not begin with BEGIN:VCALENDAR", nil)
	}
	return lines, nil
}

// day is one row: an event on one of its dates, or why it is none.
type day struct {
	event *event
	date  string
	bad   string
}

// event is one VEVENT.
type event struct {
	values     map[string]string // by property, the first of each
	parameters map[string]string
}

// days are the rows of a calendar in its order.
func days(lines []string) []day {
	var out []day
	var e *event
	depth := 0 // of components inside the event, such as alarms
	for _, line := range lines {
		name, parameters, value := property(line)
		switch {
		case name == "BEGIN" && strings.EqualFold(value, "VEVENT"):
			e, depth = &event{values: map[string]string{}, parameters: map[string]string{}}, 0
		case e == nil:
		case name == "BEGIN":
			depth++
		case name == "END" && strings.EqualFold(value, "VEVENT"):
			out = append(out, e.days()...)
			e = nil
		case name == "END":
			depth--
		case depth == 0:
			if _, twice := e.values[name]; !twice {
				e.values[name], e.parameters[name] = value, parameters
			}
		}
	}
	return out
}

// property splits a line into name, parameters and value. A colon inside quotes belongs to a parameter.
func property(line string) (name, parameters, value string) {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			name, parameters, _ = strings.Cut(line[:i], ";")
			return strings.ToUpper(strings.TrimSpace(name)), strings.ToUpper(parameters), strings.TrimSpace(line[i+1:])
		}
	}
	return strings.ToUpper(strings.TrimSpace(line)), "", ""
}

const dateForm = "20060102"

// days are the dates of an event: from its start to before its end, one where it has no end.
func (e *event) days() []day {
	fail := func(why string) []day { return []day{{event: e, bad: why}} }
	if e.values["RRULE"] != "" || e.values["RDATE"] != "" {
		return fail("repeats by a rule (RRULE, RDATE): write its dates out, an event each")
	}
	first, err := time.Parse(dateForm, e.values["DTSTART"])
	if err != nil {
		return fail("has no date as its start (DTSTART;VALUE=DATE:20241225)")
	}
	end := first.AddDate(0, 0, 1)
	if text := e.values["DTEND"]; text != "" {
		if end, err = time.Parse(dateForm, text); err != nil {
			return fail("has no date as its end (DTEND;VALUE=DATE:20241226)")
		}
	}
	switch n := int(end.Sub(first) / (24 * time.Hour)); {
	case n < 0:
		return fail("ends before it begins")
	case n > maxDays:
		return fail("lasts longer than ten years")
	case n == 0: // some programs write the same date twice
		end = first.AddDate(0, 0, 1)
	}
	var out []day
	for d := first; d.Before(end); d = d.AddDate(0, 0, 1) {
		out = append(out, day{event: e, date: d.Format(time.DateOnly)})
	}
	return out
}

var unescape = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n", `\N`, "\n")

// Read yields the rows of the calendar.
func (r *Reader) Read(ctx context.Context, _ int, want []source.Wanted, yield func(*source.Chunk) error) error {
	lines, err := r.lines()
	if err != nil {
		return err
	}
	rows := days(lines)
	s := source.NewTextScan(r.how, r.path, want)
	next := func() (bool, error) { return s.Row < int64(len(rows)), nil }
	return s.Each(ctx, next, func() { r.row(s, &rows[s.Row]) }, yield)
}

// row appends a row, nulls where it is bad.
func (r *Reader) row(s *source.TextScan, d *day) {
	at, why, field, text := s.Batch.Rows, d.bad, "", d.event.values["SUMMARY"]
	for i, w := range s.Want {
		if why != "" {
			break
		}
		value, there := d.date, true
		if w.Column != "date" {
			value, there = d.event.values[propertyOf(w.Column)]
			value = unescape.Replace(value)
		}
		if !there {
			s.Batch.Columns[i].AppendStatus(selfsame.Null)
		} else if why = source.AppendText(s.Batch.Columns[i], []byte(value), r.how, s.Rows); why != "" {
			field, text = w.Field.Name, value
		}
	}
	for _, c := range s.Batch.Columns {
		if why != "" {
			source.TruncateColumn(c, at)
			c.AppendStatus(selfsame.Null)
		}
	}
	if why != "" {
		s.Rows.Report(source.BadRow{Row: s.Row, Field: field, Reason: why, Text: text})
	}
}

func propertyOf(column string) string {
	for _, c := range columns {
		if c.name == column {
			return c.property
		}
	}
	return ""
}
