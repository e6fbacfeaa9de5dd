// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package icalendar reads calendars (RFC 5545, files *.ics, plain, .gz or .zst) as sources: one row for every date that an event of whole days
// covers, at each of its repetitions. It is no calendar program: events with a time of day are bad rows, and a rule without an end is followed to the
// end of 2099, whoever asks and when, so that a file has the same rows for ever. Its columns are fixed: date, summary, uid, location, description,
// categories and status. Readers are safe for concurrent use; node, tests and tools open them.
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
	_, err := r.text()
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

// text reads the file and joins what was folded.
func (r *Reader) text() (string, error) {
	f, err := source.OpenText(r.path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return "", source.InputError(r.path, "cannot be read", err)
	}
	if len(b) > MaxBytes {
		return "", source.InputError(r.path, "is larger than a calendar may be, 64 MiB", nil)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
	if first, _, _ := strings.Cut(text, "\n"); !strings.EqualFold(strings.TrimSpace(first), "BEGIN:VCALENDAR") {
		return "", source.InputError(r.path, "is no calendar: it does not begin with BEGIN:VCALENDAR", nil)
	}
	return text, nil
}

// event is one VEVENT: its properties, each with its values in order.
type event map[string][]string

// value is the first value of a property, empty where it has none.
func (e event) value(property string) string {
	if v := e[property]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// walk goes through the rows of a calendar in its order: the dates of one event after another.
type walk struct {
	text     string
	replaced map[string][]string // by uid: the dates of repetitions that events of their own replace
	event    event
	dates    []time.Time // of the event, those that are to come
	bad      string      // the event has no dates, and this is why
}

func newWalk(text string) *walk {
	w := &walk{text: text, replaced: map[string][]string{}}
	for e := w.nextEvent(); e != nil; e = w.nextEvent() {
		if date := e.value("RECURRENCE-ID"); date != "" {
			w.replaced[e.value("UID")] = append(w.replaced[e.value("UID")], date)
		}
	}
	w.text = text
	return w
}

// nextEvent reads the next event, nil at the end.
func (w *walk) nextEvent() event {
	var e event
	depth := 0 // of components inside the event, such as alarms
	for w.text != "" {
		var line string
		line, w.text, _ = strings.Cut(w.text, "\n")
		name, value := property(line)
		switch {
		case name == "BEGIN" && strings.EqualFold(value, "VEVENT"):
			e, depth = event{}, 0
		case e == nil:
		case name == "BEGIN":
			depth++
		case name == "END" && strings.EqualFold(value, "VEVENT"):
			return e
		case name == "END":
			depth--
		case depth == 0:
			e[name] = append(e[name], value)
		}
	}
	return nil
}

// next moves to the next row, false at the end.
func (w *walk) next(ctx context.Context) (bool, error) {
	if len(w.dates) > 0 {
		w.dates = w.dates[1:]
	}
	for len(w.dates) == 0 {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if w.event = w.nextEvent(); w.event == nil {
			return false, nil
		}
		if w.dates, w.bad = w.event.dates(w.replaced[w.event.value("UID")]); w.bad != "" {
			w.dates = []time.Time{{}}
		}
	}
	return true, nil
}

// property splits a line into the name of a property, without its parameters, and its value. A colon inside quotes belongs to a parameter.
func property(line string) (name, value string) {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			name, _, _ = strings.Cut(line[:i], ";")
			return strings.ToUpper(strings.TrimSpace(name)), strings.TrimSpace(line[i+1:])
		}
	}
	return strings.ToUpper(strings.TrimSpace(line)), ""
}

var unescape = strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n", `\N`, "\n")

// Read yields the rows of the calendar.
func (r *Reader) Read(ctx context.Context, _ int, want []source.Wanted, yield func(*source.Chunk) error) error {
	text, err := r.text()
	if err != nil {
		return err
	}
	w := newWalk(text)
	s := source.NewTextScan(r.how, r.path, want)
	return s.Each(ctx, func() (bool, error) { return w.next(ctx) }, func() { r.row(s, w) }, yield)
}

// row appends a row, nulls where it is bad.
func (r *Reader) row(s *source.TextScan, at *walk) {
	rows, why, field, text := s.Batch.Rows, at.bad, "", at.event.value("SUMMARY")
	for i, w := range s.Want {
		if why != "" {
			break
		}
		value, there := at.dates[0].Format(time.DateOnly), true
		if w.Column != "date" {
			property := propertyOf(w.Column)
			_, there = at.event[property]
			value = unescape.Replace(at.event.value(property))
		}
		if !there {
			s.Batch.Columns[i].AppendStatus(selfsame.Null)
		} else if why = source.AppendText(s.Batch.Columns[i], []byte(value), r.how, s.Rows); why != "" {
			field, text = w.Field.Name, value
		}
	}
	for _, c := range s.Batch.Columns {
		if why != "" {
			source.TruncateColumn(c, rows)
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
