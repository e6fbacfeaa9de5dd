// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfsame"
	"selfsame/column"
)

// asked is a question as the wire carries it: what it asks, and in which form the answer shall be.
type asked struct {
	q      Question
	at     int64 // that q.At points to
	given  given
	timing bool
	packed bool   // gRPC: in the form PACKED
	format string // rows, columns; empty: by the number of rows
	schema string
}

func (a *asked) reset(maxRows int) {
	a.q = Question{References: a.q.References[:0]}
	a.given.reset(maxRows)
	a.timing, a.packed, a.format, a.schema = false, false, "", ""
}

// questionKeys are the keys of a request's object, for messages.
var questionKeys = []string{"service", "version", "feature_version", "features", "references", "rows", "columns", "entity", "entity_id", "at", "timing", "event_times", "expired",
	"request_id", "format", "schema"}

// parse reads the body of a read.
func (a *asked) parse(s *scanner) error {
	shapes := 0
	err := s.members(func(key []byte) error {
		switch view(key) {
		case "rows":
			shapes++
			return s.items(func(int) error { return a.given.row(s, "rows") })
		case "columns":
			shapes++
			return a.given.columns(s)
		case "entity":
			shapes++
			return a.given.row(s, "entity")
		case "features", "references":
			return a.references(s)
		}
		return a.setting(s, string(key))
	})
	if err != nil {
		return err
	}
	if shapes > 1 {
		return usage("", "the request gives its rows more than once", "give one of rows, columns and entity")
	}
	return s.end()
}

// references reads a list of references, or one.
func (a *asked) references(s *scanner) error {
	one := func(int) error {
		text, ok := s.text()
		if !ok {
			return s.malformed("a feature reference such as view.feature")
		}
		return a.refer(string(text))
	}
	if s.peek() == '"' {
		return one(0)
	}
	return s.items(one)
}

// refer adds a reference.
func (a *asked) refer(ref string) error {
	if len(a.q.References) >= maxColumns {
		return errReferences
	}
	a.q.References = append(a.q.References, ref)
	return nil
}

var errReferences = tooLarge("the request has more than 1000 references", "name a service, or ask several times")

// setting reads the value of a key that holds no rows.
func (a *asked) setting(s *scanner, key string) error {
	var err error
	switch key {
	case "service", "entity_id", "request_id", "format", "schema":
		text, ok := s.text()
		if !ok {
			if digits, whole := s.number(); key != "entity_id" || !whole {
				return usage(key, "is not a string", "")
			} else {
				text = digits
			}
		}
		return a.set(key, string(text))
	case "timing", "event_times", "expired":
		switch {
		case s.word("true"):
			return a.set(key, "true")
		case s.word("false"):
			return nil
		}
		return usage(key, "is neither true nor false", "")
	case "version", "feature_version", "at":
		if s.word("null") {
			return nil
		}
		text, ok := s.text()
		if !ok {
			if text, _ = s.number(); text == nil {
				return usage(key, "is neither a number nor a string", "")
			}
		}
		return a.set(key, string(text))
	default:
		err = usage("", "the request has no key "+strconv.Quote(key), near(key, questionKeys))
	}
	return err
}

func near(name string, known []string) string {
	if n := selfsame.Nearest(name, known); n != "" {
		return "did you mean " + n + "?"
	}
	return "known: " + strings.Join(known, ", ")
}

// set reads a setting from text.
func (a *asked) set(key, value string) error {
	var err error
	switch key {
	case "service":
		a.q.Service = value
	case "entity_id":
		a.q.EntityID = value
	case "request_id":
		a.q.RequestID = value
	case "schema":
		a.schema = value
	case "format":
		if a.format = value; value != "rows" && value != "columns" {
			err = usage("format", strconv.Quote(value)+" is neither rows nor columns", "")
		}
	case "timing":
		a.timing, err = truth(key, value)
	case "event_times":
		a.q.EventTimes, err = truth(key, value)
	case "expired":
		a.q.Expired, err = truth(key, value)
	case "version":
		if a.q.Version, err = strconv.ParseInt(value, 10, 64); err != nil || a.q.Version < 0 {
			err = usage("version", value+" is not a version of a service", "a whole number such as 3; leave it out for the applied one")
		}
	case "feature_version":
		a.q.FeatureVersion = value
	case "at":
		if a.at, err = instant(value); err == nil {
			a.q.At = &a.at
		}
	}
	return err
}

func truth(key, value string) (bool, error) {
	if value != "true" && value != "false" {
		return false, usage(key, value+" is neither true nor false", "")
	}
	return value == "true", nil
}

// instant reads RFC 3339, or microseconds since the epoch.
func instant(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, usage("at", strconv.Quote(s)+" is not a moment", "RFC 3339 with a zone, such as 2024-05-01T10:00:00Z, or microseconds since 1970")
	}
	if t.Nanosecond()%1000 != 0 {
		return 0, usage("at", s+" has digits below a microsecond", "")
	}
	return t.UnixMicro(), nil
}

// finish checks what the parts of a question say together. service is the one that the path names.
func (a *asked) finish(service string) (*Question, error) {
	q := &a.q
	if service != "" {
		if q.Service != "" && q.Service != service {
			return nil, usage("service", "the path names "+service+", the body "+q.Service, "leave it out of the body")
		}
		q.Service = service
	}
	if err := pin(q); err != nil {
		return nil, err
	}
	switch {
	case q.Service != "" && len(q.References) > 0:
		return nil, usage("features", "the request names a service and features", "ask for one of them")
	case q.Service == "" && len(q.References) == 0:
		return nil, usage("", "the request names no service and no features", `such as "service": "fraud", or "features": ["user_spend.txns_1h"]`)
	}
	q.Rows = a.given.finish()
	if q.Rows.Rows == 0 && len(q.Rows.Fields) == 0 && q.EntityID != "" {
		q.Rows.Rows = 1
	}
	return q, nil
}

// pin reads the version from service@3 or service:v3.
func pin(q *Question) error {
	name, version, ok := strings.Cut(q.Service, "@")
	if !ok {
		if name, version, ok = strings.Cut(q.Service, ":v"); !ok {
			return nil
		}
	}
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil || n < 1 || (q.Version != 0 && q.Version != n) {
		return usage("service", q.Service+" names no version of a service", "such as fraud@3")
	}
	q.Service, q.Version = name, n
	return nil
}

// query reads a question from the parameters of a URL: settings by their names, everything else as a key or request field.
func (a *asked) query(id string, params url.Values) error {
	a.q.EntityID = id
	row := []*column.Column{}
	fields := []selfsame.Field{}
	for _, key := range slices.Sorted(maps.Keys(params)) {
		values := params[key]
		switch key {
		case "features", "references":
			for _, v := range values {
				for ref := range strings.SplitSeq(v, ",") {
					if err := a.refer(strings.TrimSpace(ref)); err != nil {
						return err
					}
				}
			}
			continue
		}
		if len(values) != 1 {
			return usage(key, "the parameter is given more than once", "")
		}
		switch key {
		case "service", "version", "at", "timing", "event_times", "expired", "request_id", "format", "schema":
			if err := a.set(key, values[0]); err != nil {
				return err
			}
		default:
			c := column.New(selfsame.Scalar(selfsame.String), 1)
			c.AppendBytes([]byte(values[0]))
			row, fields = append(row, c), append(fields, selfsame.Field{Name: key, Type: c.Type})
		}
	}
	a.given.batch.Fields, a.given.batch.Columns, a.given.batch.Rows = fields, row, 1
	return nil
}
