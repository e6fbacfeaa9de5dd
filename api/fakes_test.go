// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"selfsame"
	"selfsame/column"
)

// store is a fake of everything that stands behind the wire.
type store struct {
	mu        sync.Mutex
	questions []string // as they were asked
	events    []string
	records   []string
	calls     int // that brought records

	fail   error         // what reads and events end with
	hold   chan struct{} // reads wait for it, or for their context
	in     chan struct{} // told each read that has come so far
	panic  bool
	ready  error
	behind string
	free   int // answers given back

	answer func(q *Question) *Answer
}

func of(k selfsame.Kind, values ...selfsame.Value) *column.Column {
	return ofType(selfsame.Scalar(k), values...)
}

func ofType(t selfsame.Type, values ...selfsame.Value) *column.Column {
	c := column.New(t, len(values))
	for _, v := range values {
		v.Type = t
		c.Append(v)
	}
	return c
}

func num(n int64) selfsame.Value              { return selfsame.Value{Int: n} }
func float(v float64) selfsame.Value          { return selfsame.Value{Float: v} }
func str(s string) selfsame.Value             { return selfsame.Value{Str: s} }
func gone(s selfsame.Status) selfsame.Value   { return selfsame.Value{Status: s} }
func dec(n uint64) selfsame.Value             { return selfsame.Value{Dec: selfsame.Int128{Lo: n}} }
func list(v ...selfsame.Value) selfsame.Value { return selfsame.Value{Elems: v} }

// everyKind answers two rows with a column of each type: values that are hard to write honestly, and every status.
func everyKind(q *Question) *Answer {
	cols := []*column.Column{
		of(selfsame.Int64, num(1<<53+1), num(-7)),
		of(selfsame.Float64, float(math.NaN()), float(math.Inf(-1))),
		of(selfsame.Float64, float(0.1), float(1e300)),
		of(selfsame.Bool, num(1), num(0)),
		of(selfsame.String, str("a\"\\\n\x01é"), gone(selfsame.NotFound)),
		ofType(selfsame.DecimalOf(30, 2), dec(12345678901234567890), gone(selfsame.Null)),
		of(selfsame.Timestamp, num(-1), num(1_700_000_000_123_456)),
		of(selfsame.Date, num(0), num(19000)),
		of(selfsame.Bytes, str("\xff\x00"), str("")),
		ofType(selfsame.ListOf(selfsame.Scalar(selfsame.Int64)), listOf(num(1<<60), gone(selfsame.Null)), listOf()),
		ofType(selfsame.MapOf(selfsame.Scalar(selfsame.Float64)), mapOf(), gone(selfsame.ErrorMaxValues)),
		of(selfsame.Int64, gone(selfsame.ErrorOverflow), gone(selfsame.Null)),
	}
	expired := of(selfsame.Int64, num(42), num(43))
	expired.SetStatus(0, selfsame.Expired)
	cols = append(cols, expired)
	a := &Answer{RequestID: "r1", Service: q.Service, Version: 3, Rows: 2, At: 1_700_000_000_000_000, Cut: "c1.abc", Stale: true, Warnings: []string{`a "warning"`},
		Milliseconds: []Step{{"queue", 0.25}, {"read", 1.5}}, CacheHits: 2}
	for i, c := range cols {
		out := AnswerColumn{Name: fmt.Sprintf("f%d", i), Reference: fmt.Sprintf("v.f%d@1.0.0", i), Definition: fmt.Sprintf("%08x", i), Values: c}
		if q.EventTimes && i%2 == 0 {
			out.EventTimes = []int64{selfsame.MinTime, 1_600_000_000_000_000}
		}
		a.Columns = append(a.Columns, out)
	}
	return a
}

func listOf(v ...selfsame.Value) selfsame.Value {
	for i := range v {
		v[i].Type = selfsame.Scalar(selfsame.Int64)
	}
	return list(v...)
}

func mapOf() selfsame.Value {
	t := selfsame.Scalar(selfsame.Float64)
	return selfsame.Value{Keys: []string{"a", "é\""}, Elems: []selfsame.Value{{Type: t, Float: math.Inf(1)}, {Type: t, Float: 0.5}}}
}

// Features answers as the fake is told to.
func (s *store) Features(ctx context.Context, q *Question) (*Answer, error) {
	if s.in != nil {
		s.in <- struct{}{}
	}
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.panic {
		panic("the fake panics")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.questions = append(s.questions, questionText(q))
	if s.fail != nil {
		return nil, s.fail
	}
	answer := s.answer
	if answer == nil {
		answer = everyKind
	}
	a := answer(q)
	a.SetRelease(func() {
		s.mu.Lock()
		s.free++
		s.mu.Unlock()
	})
	return a, nil
}

func questionText(q *Question) string {
	var b strings.Builder
	fmt.Fprintf(&b, "service=%s@%d refs=%v entity=%q", q.Service, q.Version, q.References, q.EntityID)
	if q.At != nil {
		fmt.Fprintf(&b, " at=%d", *q.At)
	}
	for i, set := range []bool{q.EventTimes, q.Expired, q.RequestID != ""} {
		if set {
			b.WriteString([]string{" event_times", " expired", " id=" + q.RequestID}[i])
		}
	}
	b.WriteString(" " + rowsText(q.Rows))
	return b.String()
}

// rowsText prints a batch of the wire: name:type=values.
func rowsText(rows *column.Batch) string {
	if err := rows.Check(); err != nil {
		return err.Error()
	}
	parts := []string{fmt.Sprintf("rows=%d", rows.Rows)}
	for i, f := range rows.Fields {
		b := []byte(f.Name + ":" + f.Type.String() + "=")
		for k := range rows.Rows {
			b = append(column.AppendJSON(b, rows.Columns[i], k), ';')
		}
		parts = append(parts, string(b))
	}
	return strings.Join(parts, " ")
}

// Push says what came: the third event is late, one that holds "bad" does not fit.
func (s *store) Push(ctx context.Context, p *EventBatch) (*Receipt, error) {
	if s.panic {
		panic("the fake panics")
	}
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := bytes.Count(p.Body, []byte("{"))
	if p.Rows != nil {
		n = p.Rows.Rows
		s.events = append(s.events, p.Source+" "+rowsText(p.Rows))
	} else {
		s.events = append(s.events, p.Source+" "+string(p.Body))
	}
	if s.fail != nil {
		return nil, s.fail
	}
	r := &Receipt{Fates: make([]Fate, n), Offset: 100 + int64(n), Arrival: 1_700_000_000_000_000}
	if n > 2 {
		r.Fates[2], r.Reasons = Late, make([]string, n)
		r.Reasons[2] = "it came 8 days after it happened"
	}
	return r, nil
}

// Predict notes the predictions of a call.
func (s *store) Predict(_ context.Context, list ...*Prediction) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	for _, p := range list {
		s.records = append(s.records, fmt.Sprintf("%s[%d] %s/%s %v %q %v at %d", p.RequestID, p.Row, p.Model, p.ModelVersion, p.Score.Float, p.Score.Str, p.Score.Type, p.At))
	}
	return s.fail
}

// Outcome notes the outcomes of a call.
func (s *store) Outcome(_ context.Context, list ...*Outcome) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	for _, o := range list {
		s.records = append(s.records, fmt.Sprintf("%s[%d] %v %v at %d", o.RequestID, o.Row, o.Label.Int, o.Label.Type, o.At))
	}
	return s.fail
}

// Do writes two lines.
func (s *store) Do(_ context.Context, verb string, args []byte, line func([]byte) error) error {
	if verb == "nothing" {
		return nil
	}
	if s.fail != nil && verb != "half" {
		return s.fail
	}
	for i := range 2 {
		if err := line(fmt.Appendf(nil, `{"verb":%q,"args":%d,"line":%d}`, verb, len(args), i)); err != nil {
			return err
		}
	}
	return s.fail
}

// Services lists one.
func (s *store) Services(context.Context) ([]ServiceInfo, error) {
	return []ServiceInfo{{Name: "fraud", Version: 3, Description: "for checkout",
		Keys:    []selfsame.Field{{Name: "user_id", Type: selfsame.Scalar(selfsame.String)}, {Name: "note", Type: selfsame.Scalar(selfsame.String), Optional: true}},
		Outputs: []OutputInfo{{"user_spend__txns_1h", "user_spend.txns_1h@1.0.0", selfsame.Scalar(selfsame.Int64)}}}}, s.fail
}

// Ready is as the fake is told.
func (s *store) Ready() error   { return s.ready }
func (s *store) Behind() string { return s.behind }

// full is the error of a queue without room.
type fullQueue struct{}

func (fullQueue) Error() string             { return "the queue is full" }
func (fullQueue) RetryAfter() time.Duration { return 1500 * time.Millisecond }

var errQueue = &selfsame.Error{Class: selfsame.ClassResource, Message: "64 MiB wait to become durable", Err: fullQueue{}}

var errOrdinary = errors.New("an error of no class")

// options are those of a wire over the fake.
func (s *store) options() Options {
	return Options{Features: s, Events: s, Predictions: s, Admin: s, Catalog: s, Health: s, AdminToken: "secret", MaxRows: 50}
}
