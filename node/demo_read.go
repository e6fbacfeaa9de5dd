// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
	"selfsame/column"
)

// demoQuestions are requests, ready to be sent.
type demoQuestions struct {
	path string
	http [][]byte
	grpc []*v1.GetFeaturesRequest
}

func newDemoQuestions(rows *column.Batch, cfg *DemoConfig) (*demoQuestions, error) {
	asked := &column.Batch{Rows: rows.Rows}
	for _, name := range cfg.Fields {
		i := rows.Index(name)
		if i < 0 {
			return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: cfg.Rows, Message: "has no column " + name}
		}
		asked.Fields, asked.Columns = append(asked.Fields, rows.Fields[i]), append(asked.Columns, rows.Columns[i])
	}
	q := &demoQuestions{path: "/v1/services/" + url.PathEscape(cfg.Service) + "/features"}
	for i := range asked.Rows {
		body := append(column.AppendRowJSON([]byte(`{"rows":[`), asked, i), "]}"...)
		q.http = append(q.http, body)
		m := &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Service{Service: cfg.Service}, Form: v1.Form_PACKED}
		for k, f := range asked.Fields {
			m.Rows = append(m.Rows, wireColumn(f.Name, asked.Columns[k], i))
		}
		q.grpc = append(q.grpc, m)
	}
	return q, nil
}

// wireColumn is one value as gRPC takes it.
func wireColumn(name string, c *column.Column, i int) *v1.Column {
	out := &v1.Column{Name: name}
	switch c.Type.Kind {
	case selfsame.Float64:
		out.Floats = []float64{c.Floats[i]}
	case selfsame.Int64:
		out.Ints = []int64{c.Ints[i]}
	default:
		out.Strings = [][]byte{column.AppendText(nil, c, i)}
	}
	return out
}

// demoReader asks one question after another.
type demoReader struct {
	demo      *demo
	number    int
	questions *demoQuestions
}

// run asks at a steady rate until ctx ends. The latency of an answer counts from the moment at which its question was due, so that a server that does not
// keep up is not asked less for it.
func (r *demoReader) run(ctx context.Context, address string) error {
	ask, done, err := r.over(address)
	if err != nil {
		return err
	}
	defer done()
	between := time.Duration(float64(time.Second) * float64(r.demo.cfg.Readers) / float64(max(1, r.demo.cfg.Reads)))
	due := time.Now().Add(between * time.Duration(r.number) / time.Duration(r.demo.cfg.Readers))
	pause := time.NewTimer(0)
	defer pause.Stop()
	for k := r.number; ; k += r.demo.cfg.Readers {
		pause.Reset(time.Until(due))
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		if err := r.ask(ctx, k%len(r.questions.http), ask); err != nil {
			return err
		}
		r.demo.tally.read(time.Since(due))
		due = due.Add(between)
	}
}

// askFor is how long a question may take.
const askFor = 10 * time.Second

// ask asks one question. One that is asked is answered, whatever ends meanwhile.
func (r *demoReader) ask(ctx context.Context, k int, ask func(context.Context, int) error) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), askFor)
	defer stop()
	r.demo.clock.begin(r.number)
	defer r.demo.clock.end(r.number)
	return ask(ctx, k)
}

// over is how a reader asks: the even ones over HTTP, the odd ones over gRPC.
func (r *demoReader) over(address string) (ask func(ctx context.Context, k int) error, done func() error, err error) {
	q := r.questions
	if r.number%2 == 0 {
		return func(ctx context.Context, k int) error {
			_, err := r.demo.client.Post(ctx, q.path, "application/json", q.http[k])
			return err
		}, func() error { return nil }, nil
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, nil, err
	}
	features := v1.NewFeaturesClient(conn)
	return func(ctx context.Context, k int) error {
		_, err := features.GetFeatures(ctx, q.grpc[k])
		return err
	}, conn.Close, nil
}

// Latency sums up how long answers took.
type Latency struct {
	Reads         int
	P50, P99, Max time.Duration
}

func latencyOf(took []time.Duration) Latency {
	if len(took) == 0 {
		return Latency{}
	}
	slices.Sort(took)
	return Latency{Reads: len(took), P50: took[len(took)/2], P99: took[len(took)*99/100], Max: took[len(took)-1]}
}

// demoTally counts what a demonstration does. Safe for concurrent use.
type demoTally struct {
	mu     sync.Mutex // guards what follows
	began  time.Time
	told   time.Time
	events int64
	left   int // events that are still to be pushed
	fates  map[string]int64
	took   []time.Duration // of all reads up to the last second
	last   []time.Duration // of those since
}

func (t *demoTally) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.began = time.Now()
	t.told = t.began
}

func (t *demoTally) read(took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, took)
}

func (t *demoTally) remain(events int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = events
}

// demoFates are the counts of the answer to a push.
var demoFates = []string{"accepted", "duplicate", "conflict", "superseded", "late", "early", "schema"}

func (t *demoTally) pushed(counts map[string]json.RawMessage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range demoFates {
		if n, err := strconv.ParseInt(string(counts[f]), 10, 64); err == nil {
			t.fates[f] += n
			t.events += n
		}
	}
}

// second closes the last second.
func (t *demoTally) second(at int64) *DemoSecond {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &DemoSecond{At: at, Events: t.events, Fates: maps.Clone(t.fates), Latency: latencyOf(t.last), Interval: time.Since(t.told)}
	t.took, t.last, t.told = append(t.took, t.last...), t.last[:0], time.Now()
	s.Reads = int64(len(t.took))
	return s
}

func (t *demoTally) report() *DemoReport {
	t.mu.Lock()
	defer t.mu.Unlock()
	return &DemoReport{Events: t.events, Left: t.left, Fates: t.fates, Took: time.Since(t.began), Latency: latencyOf(append(t.took, t.last...))}
}
