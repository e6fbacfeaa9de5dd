// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"net/url"
	"path"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// hiveNull is the folder value that stands for null.
const hiveNull = "__HIVE_DEFAULT_PARTITION__"

// A part is one `name=value` folder above a file.
type part struct{ name, value string }

// partsOf returns the partition folders of a slash path.
func partsOf(p string) []part {
	var out []part
	for _, dir := range strings.Split(path.Dir(p), "/") {
		name, value, ok := strings.Cut(dir, "=")
		if !ok || name == "" {
			continue
		}
		if v, err := url.PathUnescape(value); err == nil {
			value = v
		}
		out = append(out, part{name, value})
	}
	return out
}

// span is a half-open range of instants.
type span struct{ lower, upper int64 }

// resolveParts reads the meaning of a file's partition folders: the span of its folder's date, or the snapshot's instant.
func (t *Table) resolveParts(f *file) error {
	for column, meaning := range t.spec.Batch.Partition {
		value, ok := f.part(column)
		if !ok {
			return t.partError(f, column, "the path has no folder "+column+"=…")
		}
		if value == hiveNull && meaning == "event_time" {
			continue // rows whose event time is null, and whatever else: nothing is promised
		}
		date, err := isoDay(value)
		if err != nil {
			return t.partError(f, column, "the folder value "+quote(value)+" is not a date (YYYY-MM-DD)")
		}
		switch meaning {
		case "event_time":
			f.span = &span{t.startOf(date), t.startOf(date + 1)}
		case "snapshot":
			at := t.startOf(date + 1)
			f.snapshot = &at
		default:
			return t.partError(f, column, "a partition means event_time or snapshot, not "+quote(meaning))
		}
	}
	return nil
}

func (t *Table) partError(f *file, column, message string) error {
	return &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: f.Path}, Ref: t.spec.ref("partition " + column), Message: message}
}

// startOf returns the first instant of a date in the table's zone.
func (t *Table) startOf(date int64) int64 {
	if t.how.Zone == nil {
		return date * day
	}
	return t.how.Zone.StartOfDate(date)
}

func isoDay(s string) (int64, error) {
	var m moment
	if rest, ok := isoDate([]byte(s), &m); !ok || len(rest) > 0 {
		return 0, strconv.ErrSyntax
	}
	return zone.Days(m.year, m.month, m.day), nil
}

// part returns the value of a partition folder above the file; the innermost counts.
func (f *file) part(name string) (string, bool) {
	for i := len(f.parts) - 1; i >= 0; i-- {
		if f.parts[i].name == name {
			return f.parts[i].value, true
		}
	}
	return "", false
}

// constant returns a column of one value: what a file's folders say of a field. It is nil where they say nothing.
func (t *Table) constant(f *file, field selfsame.Field) (*column.Column, error) {
	c := column.New(field.Type, 1)
	if value, ok := f.part(t.columnOf[field.Name]); ok {
		if value == hiveNull {
			c.AppendStatus(selfsame.Null)
			return c, nil
		}
		how := *t.how
		if field.Type.Kind == selfsame.Timestamp {
			how.Time = TimeFormat{}
		}
		rows := NewRows(&how, f.Path)
		if why := AppendText(c, []byte(value), &how, rows); why != "" {
			return nil, t.partError(f, t.columnOf[field.Name], "the folder value "+quote(value)+" "+why)
		}
		return c, nil
	}
	if f.snapshot != nil && field.Name == t.spec.EventTime && field.Type.Kind == selfsame.Timestamp {
		c.Ints = append(c.Ints, *f.snapshot)
		return c, nil
	}
	return nil, nil
}

// inferPart is the type of a partition column by all its values.
func inferPart(values []string) selfsame.Type {
	ints, dates := true, true
	for _, v := range values {
		if v == hiveNull {
			continue
		}
		if n, err := strconv.ParseInt(v, 10, 64); err != nil || strconv.FormatInt(n, 10) != v {
			ints = false
		}
		if _, err := isoDay(v); err != nil {
			dates = false
		}
	}
	switch {
	case ints:
		return selfsame.Scalar(selfsame.Int64)
	case dates:
		return selfsame.Scalar(selfsame.Date)
	}
	return selfsame.Scalar(selfsame.String)
}
