// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"selfsame"
)

// HTTP serves the routes of docs/api.md. It is safe for concurrent use.
type HTTP struct {
	*Wire
	routes []route
	origin *http.CrossOriginProtection
	pool   sync.Pool // of *exchange
	desks  sync.Pool // of *desk
	keys   keys
}

// HTTP returns the handler of HTTP.
func (w *Wire) HTTP() *HTTP {
	h := &HTTP{Wire: w, routes: routes(), origin: http.NewCrossOriginProtection(), keys: keys{kept: w.o.Kept}}
	h.pool.New = func() any { return &exchange{} }
	h.desks.New = func() any { return &desk{} }
	return h
}

// exchange is one request and its answer. Its memory is used again.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	arg     string // what the braces of the route stand for
	started time.Time
	body    []byte
	*desk   // nil until a read has its turn
	status  int
	rows    int
	wrote   int64
	got     int64 // bytes of the body as they came
	taken   int64 // from the purse
}

// desk is the memory that a request is read, answered and encoded with. Reads take one when it is their turn, so that the same few go round, which the
// processor's cache holds, however many wait.
type desk struct {
	scan    scanner
	asked   asked
	encoder encoder
}

// sit gives an exchange a desk, if it has none.
func (h *HTTP) sit(x *exchange) {
	if x.desk == nil {
		x.desk = h.desks.Get().(*desk)
	}
}

// keepBytes is the size of buffers beyond which they are not kept for other requests.
const keepBytes = 1 << 20

// ServeHTTP answers a request.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := h.pool.Get().(*exchange)
	x.w, x.r, x.started, x.status, x.rows, x.wrote, x.got = w, r, time.Now(), http.StatusOK, 0, 0, 0
	name := "other"
	route, arg, err := h.match(r)
	if err == nil {
		x.arg, name = arg, route.pattern
		err = h.guarded(x, route)
	}
	if err != nil {
		h.fail(x, name, err)
	}
	h.purse.give(x.taken)
	x.taken = 0
	if h.o.Hooks.Request != nil {
		h.o.Hooks.Request(RequestReport{Protocol: "http", Route: name, Status: x.status, Took: time.Since(x.started), Rows: x.rows, In: x.got, Out: x.wrote})
	}
	h.recycle(x)
}

// recycle keeps what an exchange has for the next one.
func (h *HTTP) recycle(x *exchange) {
	if d := x.desk; d != nil && cap(d.encoder.out) <= keepBytes {
		d.scan.b = nil
		h.desks.Put(d)
	}
	x.desk = nil
	if cap(x.body) > keepBytes {
		return
	}
	x.w, x.r, x.arg = nil, nil, ""
	h.pool.Put(x)
}

// guarded runs a route and turns a panic into an error.
func (h *HTTP) guarded(x *exchange, route *route) (err error) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			err = fault(v)
		}
	}()
	if x.r.Method != "GET" {
		if err := h.origin.Check(x.r); err != nil {
			return &special{faultForeign, usage("", err.Error(), "requests of other sites' pages are refused")}
		}
	}
	if !route.reads {
		h.sit(x)
	}
	return route.serve(h, x)
}

// fault is the error of a panic.
func fault(v any) error {
	return &selfsame.Error{Class: selfsame.ClassInternal, Message: "the request met a fault", Hint: "please report it with the server's log",
		Err: &stackError{fmt.Errorf("%v", v), debug.Stack()}}
}

// stackError carries the stack of a panic to the hook. Callers do not see it.
type stackError struct {
	error
	stack []byte
}

func (s *stackError) Unwrap() error { return s.error }

// Stack is where a panic that became an error happened, nil for other errors.
func Stack(err error) []byte {
	var s *stackError
	if errors.As(err, &s) {
		return s.stack
	}
	return nil
}

// refusal is the body of the answer to a read for which there is no room. It is made once: a refusal must cost less than an answer.
var refusal = sync.OnceValue(func() []byte { return problemOf(errBusy).json(nil) })

var (
	problemType = []string{"application/problem+json"}
	busyAfter   = []string{seconds(errBusy.RetryAfter())}
)

// seconds is a duration in whole seconds, rounded up.
func seconds(d time.Duration) string { return strconv.Itoa(int((d + time.Second - 1) / time.Second)) }

// fail answers with a problem (RFC 9457).
func (h *HTTP) fail(x *exchange, route string, err error) {
	h.sit(x)
	if err == error(errBusy) {
		header := x.w.Header()
		header["Content-Type"], header["Retry-After"] = problemType, busyAfter
		x.encoder.out = append(x.encoder.out[:0], refusal()...)
		x.send(faultBusy.HTTP)
		return
	}
	if x.r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		x.status = classes[selfsame.ClassCanceled].HTTP // nobody reads it
	}
	p := problemOf(err)
	if p.class == selfsame.ClassInternal && h.o.Hooks.Failed != nil {
		h.o.Hooks.Failed(route, err)
	}
	header := x.w.Header()
	var not *notAllowed
	if errors.As(err, &not) {
		header.Set("Allow", not.allow)
	}
	if p.retry > 0 {
		header.Set("Retry-After", seconds(p.retry))
	}
	if p.fault.HTTP == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	if p.fault.HTTP == http.StatusRequestEntityTooLarge {
		header.Set("Connection", "close")
	}
	header["Content-Type"] = problemType
	x.encoder.out = p.json(x.encoder.out[:0])
	x.send(p.fault.HTTP)
}

// json appends the problem.
func (p *problem) json(b []byte) []byte {
	b = quoted(append(b, `{"type":`...), string(p.class))
	b = quoted(append(b, `,"title":`...), p.fault.Title)
	b = strconv.AppendInt(append(b, `,"status":`...), int64(p.fault.HTTP), 10)
	b = quoted(append(b, `,"detail":`...), p.message)
	if p.ref != "" {
		b = quoted(append(b, `,"ref":`...), p.ref)
	}
	if p.hint != "" {
		b = quoted(append(b, `,"hint":`...), p.hint)
	}
	if p.retry > 0 {
		b = strconv.AppendInt(append(b, `,"retry_after_ms":`...), p.retry.Milliseconds(), 10)
	}
	for i, e := range p.list {
		b = append(b, ","[:min(i, 1)]...)
		if i == 0 {
			b = append(b, `,"errors":[`...)
		}
		b = quoted(append(b, `{"file":`...), e.Pos.File)
		b = strconv.AppendInt(append(b, `,"line":`...), int64(e.Pos.Line), 10)
		b = strconv.AppendInt(append(b, `,"column":`...), int64(e.Pos.Column), 10)
		b = quoted(append(b, `,"ref":`...), e.Ref)
		b = quoted(append(b, `,"detail":`...), e.Message)
		b = quoted(append(b, `,"excerpt":`...), e.Excerpt)
		b = append(quoted(append(b, `,"hint":`...), e.Hint), '}')
	}
	if p.list != nil {
		b = append(b, ']')
	}
	return append(b, '}', '\n')
}

// send writes what is encoded.
func (x *exchange) send(status int) {
	x.status = status
	x.w.Header().Set("Content-Length", strconv.Itoa(len(x.encoder.out)))
	x.w.WriteHeader(status)
	if x.r.Method == "HEAD" {
		return
	}
	n, _ := x.w.Write(x.encoder.out) // a caller that has gone away needs no answer
	x.wrote += int64(n)
}

var jsonType = []string{"application/json"}

// ok answers with JSON.
func (x *exchange) ok() error {
	x.w.Header()["Content-Type"] = jsonType
	x.send(http.StatusOK)
	return nil
}

// deadline returns the context of a request: the caller's own Selfsame-Timeout, or the server's.
func (h *HTTP) deadline(x *exchange) (*deadline, error) {
	timeout := h.o.Timeout
	if s := x.r.Header.Get("Selfsame-Timeout"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil || d <= 0 {
			return nil, usage("Selfsame-Timeout", strconv.Quote(s)+" is not a duration", "such as 50ms or 2s")
		}
		if timeout = d; timeout > h.o.Timeout {
			if err := h.extend(x, 0, timeout); err != nil {
				return nil, err
			}
		}
	}
	return withDeadline(x.r.Context(), timeout), nil
}

func (h *HTTP) serviceFeatures(x *exchange) error { return h.read(x, x.arg) }
func (h *HTTP) listedFeatures(x *exchange) error  { return h.read(x, "") }

// read answers a read whose question is the body.
func (h *HTTP) read(x *exchange, service string) error {
	if h.o.Features == nil {
		return absent("reads")
	}
	if h.gate.full() {
		return errBusy
	}
	if err := h.receive(x, h.o.MaxBytes); err != nil {
		return err
	}
	return h.ask(x, service)
}

// entityFeatures answers a read of one entity, whose question is in the URL.
func (h *HTTP) entityFeatures(x *exchange) error {
	if h.o.Features == nil {
		return absent("reads")
	}
	if h.gate.full() {
		return errBusy
	}
	return h.ask(x, "")
}

func absent(what string) error {
	return &selfsame.Error{Class: selfsame.ClassNotFound, Message: "this server does not take " + what}
}

// ask waits for its turn, answers and sends.
func (h *HTTP) ask(x *exchange, service string) error {
	ctx, err := h.deadline(x)
	if err != nil {
		return err
	}
	defer ctx.end()
	if err := h.gate.enter(ctx); err != nil {
		return err
	}
	if err := h.answer(ctx, x, service); err != nil {
		return err
	}
	return x.ok()
}

// answer does all that a read computes, inside the gate: it reads the question, puts it and encodes the answer.
func (h *HTTP) answer(ctx context.Context, x *exchange, service string) error {
	defer h.gate.leave()
	h.sit(x)
	q, err := h.question(x, service)
	if err != nil {
		return err
	}
	q.Received = int64(x.started.Sub(begun))
	q.Timing = x.asked.timing || h.o.Hooks.Steps != nil
	a, err := h.o.Features.Features(ctx, q)
	if err != nil {
		return err
	}
	defer a.Release()
	x.rows = a.Rows
	encoding := time.Now()
	x.encoder.out = x.encoder.out[:0]
	x.encoder.answer(a, &x.asked, h.o.ColumnsFromRow, encoding)
	h.o.Hooks.read("http", a, time.Since(encoding))
	return nil
}

// question reads what is asked: the body, or the URL of a request that has none.
func (h *HTTP) question(x *exchange, service string) (*Question, error) {
	x.asked.reset(h.o.MaxRows)
	var err error
	if x.r.Method == "POST" {
		x.scan.b, x.scan.at = x.body, 0
		err = x.asked.parse(&x.scan)
	} else {
		err = x.asked.query(x.arg, x.r.URL.Query())
	}
	if err != nil {
		return nil, err
	}
	return x.asked.finish(service)
}

// read tells the hooks of a read.
func (k *Hooks) read(protocol string, a *Answer, encode time.Duration) {
	if k.Steps != nil {
		a.Milliseconds = append(a.Milliseconds, Step{"encode", milliseconds(encode)})
		k.Steps(protocol, a.Milliseconds)
	}
	if k.Cache != nil {
		k.Cache(a.CacheHits, a.CacheMisses)
	}
}

// push takes events.
func (h *HTTP) push(x *exchange) error {
	if h.o.Events == nil {
		return absent("events")
	}
	if err := h.receive(x, h.o.MaxEventBytes); err != nil {
		return err
	}
	if len(bytes.TrimSpace(x.body)) == 0 {
		return usage("", "the body is empty", "send one JSON object, an array of objects, or one object a line")
	}
	ctx, err := h.deadline(x)
	if err != nil {
		return err
	}
	defer ctx.end()
	receipt, err := h.o.Events.Push(ctx, &EventBatch{Source: x.arg, Body: x.body})
	if err != nil {
		return err
	}
	counts := receipt.count()
	h.o.Hooks.pushed(x.arg, counts, x.got)
	x.rows = len(receipt.Fates)
	x.encoder.out = receipt.json(x.encoder.out[:0], x.arg, counts)
	return x.ok()
}

func (k *Hooks) pushed(source string, counts *[FateCount]int64, bytes int64) {
	if k.Pushed != nil {
		k.Pushed(source, counts, bytes)
	}
}

// count counts the fates.
func (r *Receipt) count() *[FateCount]int64 {
	var n [FateCount]int64
	for _, f := range r.Fates {
		n[f]++
	}
	return &n
}

// json appends the receipt: counts, and the rows that were not accepted.
func (r *Receipt) json(b []byte, source string, counts *[FateCount]int64) []byte {
	b = quoted(append(b, `{"source":`...), source)
	b = strconv.AppendInt(append(b, `,"events":`...), int64(len(r.Fates)), 10)
	for f, n := range counts {
		if n > 0 || Fate(f) == Accepted {
			b = append(append(append(b, ',', '"'), Fate(f).String()...), '"', ':')
			b = strconv.AppendInt(b, n, 10)
		}
	}
	b = strconv.AppendInt(append(b, `,"offset":`...), r.Offset, 10)
	arrival := r.Arrival
	if arrival == 0 { // nothing was stored
		arrival = selfsame.MinTime
	}
	b = moment(append(b, `,"arrival":`...), arrival)
	if counts[Accepted] < int64(len(r.Fates)) {
		b = append(b, `,"rows":[`...)
		first := true
		for i, f := range r.Fates {
			if f == Accepted {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = strconv.AppendInt(append(b, `{"row":`...), int64(i), 10)
			b = append(append(append(b, `,"fate":"`...), f.String()...), '"')
			if i < len(r.Reasons) && r.Reasons[i] != "" {
				b = quoted(append(b, `,"reason":`...), r.Reasons[i])
			}
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	return append(b, '}', '\n')
}
