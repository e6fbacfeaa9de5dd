// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
)

// document is an answer as gRPC carries it: what HTTP would write.
func document(found any, created bool) (*v1.Document, error) {
	if text, ok := found.(string); ok {
		return &v1.Document{Text: text, Created: created}, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(found); err != nil {
		return nil, err
	}
	return &v1.Document{Json: b.Bytes(), Created: created}, nil
}

// documented runs one call that answers with a document.
func (g *GRPC) documented(route string, in int, do func() (found any, created bool, err error)) (out *v1.Document, err error) {
	call := &grpcCall{route: route, started: time.Now(), in: int64(in)}
	defer g.done(call, &err)
	found, created, err := do()
	if err != nil {
		return nil, err
	}
	out, err = document(found, created)
	call.out = int64(len(out.GetJson()) + len(out.GetText()))
	return out, err
}

// Look answers a question about what is applied.
func (g *GRPC) Look(ctx context.Context, r *v1.LookRequest) (*v1.Document, error) {
	return g.documented("Look", 0, func() (any, bool, error) {
		found, err := g.look(ctx, r)
		return found, false, err
	})
}

// look answers a question as HTTP does, before it is written.
func (g *GRPC) look(ctx context.Context, r *v1.LookRequest) (any, error) {
	if g.o.Registry == nil {
		return nil, absent("questions about definitions")
	}
	q, page, err := lookOf(r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := g.within(ctx)
	defer cancel()
	found, err := g.o.Registry.Look(ctx, q)
	if l, ok := found.(*Listing); ok && page != nil && err == nil {
		return page.cut(q.Kind, l)
	}
	return found, err
}

// lookOf reads a question: of one thing, or with a page of a list.
func lookOf(r *v1.LookRequest) (*Look, *page, error) {
	q := &Look{Kind: r.GetKind(), Name: r.GetName(), Part: r.GetPart()}
	var kinds []string
	for _, l := range looks {
		if kinds = append(kinds, l.kind); l.kind != q.Kind {
			continue
		}
		var known []string
		switch {
		case q.Name == "" && q.Part != "", q.Name != "" && l.parts == nil, q.Part != "" && !slices.Contains(l.parts, q.Part):
			return nil, nil, usage("part", "there is nothing such of "+q.Kind, "of one thing: "+strings.Join(l.parts, ", "))
		case q.Name == "":
			known = slices.Concat(l.list, pageParameters)
		case q.Part == "lineage":
			known = lineageParameters
		}
		values := url.Values{}
		for k, v := range r.GetParameters() { // a map to a map
			values.Set(k, v)
		}
		var err error
		if q.Filter, err = parameters(values, known, q.Part == "lineage" && q.Kind == "features" && values.Has("entity")); err != nil || q.Name != "" {
			return q, nil, err
		}
		p, err := pageOf(q.Filter)
		return q, p, err
	}
	return nil, nil, usage("kind", strconv.Quote(q.Kind)+" is none", "one of "+strings.Join(kinds, ", "))
}

// Define applies definitions, or says what that would do.
func (g *GRPC) Define(ctx context.Context, r *v1.DefineRequest) (*v1.Document, error) {
	return g.documented("Define", len(r.GetDefinitions()), func() (any, bool, error) {
		if r.GetSample() < 0 || r.GetSample() > mostSample {
			return nil, false, usage("sample", "is not from 0 to "+strconv.Itoa(mostSample), "")
		}
		return g.changed(ctx, r.GetDefinitions(), "definitions", func() (*Changed, error) {
			d := &Definitions{Body: r.GetDefinitions(), Author: r.GetAuthor(), Message: r.GetMessage(), Expect: r.Expect, DryRun: r.GetDryRun(), Draft: r.GetDraft(), Yes: r.GetYes(), Sample: int(r.GetSample())}
			var err error
			if !d.DryRun {
				d.Once, err = onceOf(ctx, r)
			}
			if err != nil {
				return nil, err
			}
			return g.o.Changes.Define(ctx, d)
		})
	})
}

// RegisterModel registers a version of a model.
func (g *GRPC) RegisterModel(ctx context.Context, r *v1.RegisterModelRequest) (*v1.RegisterModelResponse, error) {
	return answered(g, "RegisterModel", func() (any, error) {
		body, err := modelBody(r)
		if err != nil {
			return nil, err
		}
		found, _, err := g.changed(ctx, body, "models", func() (*Changed, error) {
			once, err := onceOf(ctx, r)
			if err != nil {
				return nil, err
			}
			return g.o.Changes.Register(ctx, body, once)
		})
		return found, err
	}, &v1.RegisterModelResponse{})
}

// modelBody is a registration as HTTP takes it.
func modelBody(r *v1.RegisterModelRequest) ([]byte, error) {
	if len(r.GetJson()) > 0 {
		if r.GetName() != "" || r.GetVersion() != "" {
			return nil, usage("json", "a model is named beside it", "give one of them")
		}
		return r.GetJson(), nil
	}
	if r.GetName() == "" {
		return nil, usage("name", "there is none", "name, version and service say which model it is and what it takes")
	}
	for name, x := range r.GetMetrics() { // the first that is found wrong
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, usage("metrics", strconv.Quote(name)+" is no finite number", "leave it out")
		}
	}
	return json.Marshal(map[string]any{"name": r.GetName(), "version": r.GetVersion(), "service": r.GetService(), "service_version": r.GetServiceVersion(), "manifest": r.GetManifest(),
		"training": r.GetTraining(), "metrics": r.GetMetrics(), "notes": r.GetNotes(), "retired": r.GetRetired(), "author": r.GetAuthor(), "message": r.GetMessage()})
}

// onceOf is what a registry knows a call by whose metadata has an idempotency key; nil: it has none.
func onceOf(ctx context.Context, r proto.Message) (*Once, error) {
	key, err := onlyKey("idempotency-key", metadata.ValueFromIncomingContext(ctx, "idempotency-key"))
	if err != nil || key == "" {
		return nil, err
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(r.ProtoReflect().Descriptor().FullName()+"\x00"), b...))
	return &Once{Key: (&keyed{key: key}).name(), Sum: hex.EncodeToString(sum[:]), Since: time.Now().Add(-keysKeptFor)}, nil
}

// changed makes a change of a body. One that was made before says so in the header of the answer.
func (g *GRPC) changed(ctx context.Context, body []byte, what string, do func() (*Changed, error)) (any, bool, error) {
	switch {
	case g.o.Changes == nil:
		return nil, false, absent(what)
	case len(bytes.TrimSpace(body)) == 0:
		return nil, false, usage(what, "there are none", "")
	case int64(len(body)) > g.o.MaxBytes:
		return nil, false, bodyTooLarge(g.o.MaxBytes)
	}
	c, err := do()
	if err != nil {
		return nil, false, err
	}
	if c.Replayed {
		err = grpc.SetHeader(ctx, metadata.Pairs(replayedHeader, "true"))
	}
	return c.Answer, c.New, err
}

// grpcJobs serves the jobs.
type grpcJobs struct {
	v1.UnimplementedJobsServer
	g *GRPC
}

// jobs runs a call about jobs.
func jobs[M proto.Message](ctx context.Context, g *GRPC, route string, to M, do func(ctx context.Context) (any, error)) (M, error) {
	return answered(g, route, func() (any, error) {
		if g.o.Jobs == nil {
			return nil, absent("jobs")
		}
		ctx, cancel := g.within(ctx)
		defer cancel()
		return do(ctx)
	}, to)
}

// Start takes a job.
func (s *grpcJobs) Start(ctx context.Context, r *v1.StartJobRequest) (*v1.Job, error) {
	return jobs(ctx, s.g, "StartJob", &v1.Job{}, func(ctx context.Context) (any, error) { return s.g.o.Jobs.Start(ctx, r.GetJson()) })
}

// List is a page of the jobs.
func (s *grpcJobs) List(ctx context.Context, r *v1.ListJobsRequest) (*v1.ListJobsResponse, error) {
	return jobs(ctx, s.g, "ListJobs", &v1.ListJobsResponse{}, func(ctx context.Context) (any, error) {
		given := map[string]string{"page_token": r.GetPageToken()}
		if r.GetPageSize() != 0 {
			given["page_size"] = strconv.Itoa(int(r.GetPageSize()))
		}
		return s.g.pageOfJobs(ctx, given)
	})
}

// Get is how far a job is.
func (s *grpcJobs) Get(ctx context.Context, r *v1.JobRequest) (*v1.Job, error) {
	return s.one(ctx, "GetJob", r, false)
}

// End cancels a job, or takes one that has ended away.
func (s *grpcJobs) End(ctx context.Context, r *v1.JobRequest) (*v1.Job, error) {
	return s.one(ctx, "EndJob", r, true)
}

func (s *grpcJobs) one(ctx context.Context, route string, r *v1.JobRequest, end bool) (*v1.Job, error) {
	return jobs(ctx, s.g, route, &v1.Job{}, func(ctx context.Context) (any, error) {
		if r.GetId() == "" {
			return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "id", Message: "there is none", Hint: "Jobs.List lists the jobs"}
		}
		return s.g.o.Jobs.Job(ctx, r.GetId(), end)
	})
}
