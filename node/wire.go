// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"selfsame"
	"selfsame/api"
	"selfsame/column"
	"selfsame/ingest"
	"selfsame/plan"
	"selfsame/serve"
	"selfsame/source"
)

// reply is an api.Answer over the vector that it shows.
type reply struct {
	api.Answer
	vector *serve.Vector
}

var replies sync.Pool // of *reply

func takeReply() *reply {
	if r, ok := replies.Get().(*reply); ok {
		return r
	}
	r := &reply{}
	r.SetRelease(func() {
		r.vector.Release()
		replies.Put(r)
	})
	return r
}

// Features implements api.Features.
func (l *Live) Features(ctx context.Context, q *api.Question) (*api.Answer, error) {
	queue := 0.0
	if q.Timing && q.Received != 0 {
		queue = float64(api.Monotonic()-q.Received) / float64(time.Millisecond)
	}
	v, err := l.server.Features(ctx, &serve.Request{Service: q.Service, Version: q.Version, References: q.References, FeatureVersion: q.FeatureVersion, Given: q.Rows,
		EntityID: q.EntityID, At: q.At, RequestID: q.RequestID, Timing: q.Timing, EventTimes: q.EventTimes, Expired: q.Expired})
	if err != nil {
		return nil, err
	}
	r := takeReply()
	r.vector = v
	r.RequestID, r.Service, r.Version, r.Rows = v.RequestID, v.Service, v.Version, v.Rows
	r.Experiment, r.Variants = v.Experiment, v.Variants
	r.At, r.Cut, r.Stale, r.Warnings = v.At, v.Token, v.Stale, v.Warnings
	r.CacheHits, r.CacheMisses = v.CacheHits, v.CacheMisses
	r.Columns, r.Milliseconds, r.Schema = r.Columns[:0], r.Milliseconds[:0], nil
	for i, o := range v.Outputs {
		c := api.AnswerColumn{Name: o.Name, Reference: o.Reference, Definition: o.Definition, Values: v.Columns[i]}
		if q.EventTimes {
			c.EventTimes = v.EventTimes[i]
		}
		r.Columns = append(r.Columns, c)
	}
	r.Schema = l.decoders.schemas.of(v.Outputs, r.Columns)
	if q.Timing {
		m := v.Milliseconds
		r.Milliseconds = append(r.Milliseconds, api.Step{Name: "queue", Milliseconds: queue}, api.Step{Name: "cache", Milliseconds: m.Cache},
			api.Step{Name: "read", Milliseconds: m.Read}, api.Step{Name: "compute", Milliseconds: m.Compute})
	}
	return &r.Answer, nil
}

// schemas keep what the wire says of the columns of a plan, by the plan's first output: its outputs are one slice for as long as it is.
type schemas struct {
	by   sync.Map // *serve.Output -> *api.Schema
	held atomic.Int64
}

func (s *schemas) of(outputs []serve.Output, columns []api.AnswerColumn) *api.Schema {
	if len(outputs) == 0 {
		return nil
	}
	if found, ok := s.by.Load(&outputs[0]); ok {
		return found.(*api.Schema)
	}
	if s.held.Add(1) > maxShapes { // those of definitions that are no longer applied go with the others
		s.by.Clear()
		s.held.Store(1)
	}
	found, _ := s.by.LoadOrStore(&outputs[0], api.NewSchema(columns))
	return found.(*api.Schema)
}

// decoders keep the memory of decoding by source, and the schemas of answers.
type decoders struct {
	bySource sync.Map // *selfsame.Source -> *sync.Pool
	schemas  schemas
}

func (d *decoders) take(src *selfsame.Source) (*source.Decoder, func(), error) {
	p, ok := d.bySource.Load(src)
	if !ok {
		p, _ = d.bySource.LoadOrStore(src, &sync.Pool{})
	}
	pool := p.(*sync.Pool)
	dec, _ := pool.Get().(*source.Decoder)
	if dec == nil {
		var err error
		if dec, err = source.NewDecoder(src); err != nil {
			return nil, nil, err
		}
	}
	return dec, func() { pool.Put(dec) }, nil
}

// source returns a source of the applied definitions.
func (l *Live) source(name string) (*selfsame.Source, error) {
	p := l.snapshot.Load().Project()
	if p == nil {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "source " + name, Message: "nothing is applied", Hint: "run `selfsame apply`"}
	}
	if s := p.Source(name); s != nil {
		return s, nil
	}
	return nil, noSource(p, name)
}

// noSource is the error of a source that does not exist.
func noSource(p *selfsame.Project, name string) error {
	var names []string
	for _, s := range p.Sources {
		names = append(names, s.Name)
	}
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "source " + name, Message: "there is no such source"}
	if near := selfsame.Nearest(name, names); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// Push implements api.Events.
func (l *Live) Push(ctx context.Context, b *api.EventBatch) (*api.Receipt, error) {
	src, err := l.source(b.Source)
	if err != nil {
		return nil, err
	}
	rows, err := l.decode(src, b)
	if err != nil {
		return nil, err
	}
	got, err := l.loop.Push(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := &api.Receipt{Fates: make([]api.Fate, len(got.Fates)), Offset: got.Offset, Arrival: got.Arrival}
	accepted := true
	for i, f := range got.Fates {
		out.Fates[i] = api.Fate(f)
		accepted = accepted && f == ingest.Accepted
	}
	if !accepted {
		out.Reasons = got.Reasons
	}
	return out, nil
}

// decode reads the rows of a call as their source declares them.
func (l *Live) decode(src *selfsame.Source, b *api.EventBatch) (*ingest.Rows, error) {
	dec, release, err := l.decoders.take(src)
	if err != nil {
		return nil, err
	}
	defer release()
	dec.MaxRows = l.Config.IngestEvents
	rows := &ingest.Rows{Source: src, Batch: &column.Batch{Fields: src.Schema}}
	for _, f := range src.Schema {
		rows.Batch.Columns = append(rows.Batch.Columns, column.New(f.Type, 0))
	}
	if b.Rows != nil {
		rows.Bad, err = dec.Columns(b.Rows, rows.Batch)
	} else {
		rows.Bad, err = dec.JSON(b.Body, rows.Batch)
	}
	return rows, err
}

// Services implements api.Catalog.
func (l *Live) Services(context.Context) ([]api.ServiceInfo, error) {
	snapshot := l.snapshot.Load()
	p := snapshot.Project()
	if p == nil {
		return nil, nil
	}
	var out []api.ServiceInfo
	for _, s := range p.Services {
		pl, err := plan.Build(p, plan.Request{Service: s.Name, Resolver: snapshot})
		if err != nil {
			return nil, err
		}
		_, version, err := snapshot.Service(s.Name, 0)
		if err != nil {
			return nil, err
		}
		info := api.ServiceInfo{Name: s.Name, Version: version, Description: s.Description, Keys: pl.Requests}
		for _, o := range pl.Outputs {
			v, err := snapshot.Version(o.View.Name, o.Feature.Name, o.Feature.Version)
			if err != nil {
				return nil, err
			}
			info.Outputs = append(info.Outputs, api.OutputInfo{Name: o.Name, Reference: o.Ref() + "@" + v.Version, Type: o.Type})
		}
		out = append(out, info)
	}
	return out, nil
}

// Behind implements api.Health.
func (l *Live) Behind() string {
	if why := l.following.behind.Load(); why != nil {
		return "what is applied is not served: " + *why
	}
	return ""
}

// Ready implements api.Health.
func (l *Live) Ready() error {
	if l.ready.Load() {
		return cmp.Or(l.loop.Failed(), l.log.Failed(), l.store.Failed())
	}
	return &selfsame.Error{Class: selfsame.ClassResource, Message: "state is being loaded", Hint: "try again in a moment"}
}
