// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
)

// TestMessagesAreTheDocuments holds the messages of gRPC to the schemas of HTTP: the same names, in the same places.
func TestMessagesAreTheDocuments(t *testing.T) {
	doc := loadOpenAPI(t)
	for _, c := range []struct {
		schema string
		to     proto.Message
		less   []string // what the schema says of other kinds
	}{
		{"list_features", &v1.ListFeaturesResponse{}, nil},
		{"page", &v1.Feature{}, []string{"fields", "lists", "model"}},
		{"lineage_graph", &v1.Lineage{}, nil},
		{"version", &v1.FeatureVersion{}, nil},
		{"lineage_value", &v1.ValueLineage{}, nil},
		{"page", &v1.Model{}, []string{"view", "entity", "sources", "tags", "offline", "definition", "usage", "hash", "settings", "fields", "versions", "lists", "reads", "users", "statistics", "newest", "removed",
			"message"}}, // what a model is registered with, no part of what is registered
		{"list_models", &v1.ListModelsResponse{}, nil},
		{"acted", &v1.RegisterModelResponse{}, []string{"message"}},
		{"model", &v1.RegisterModelRequest{}, nil},
		{"job", &v1.Job{}, nil},
		{"list_jobs", &v1.ListJobsResponse{}, nil},
	} {
		sameNames(t, doc, doc.Components.Schemas[c.schema], c.to.ProtoReflect().Descriptor(), c.less...)
	}
}

func sameNames(t *testing.T, doc *openAPI, s *schema, m protoreflect.MessageDescriptor, less ...string) {
	t.Helper()
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		s = doc.Components.Schemas[name]
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(s.Properties)), func(n string) bool { return slices.Contains(less, n) })
	var have []string
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		if m.Name() == "RegisterModelRequest" && f.Name() == "json" {
			continue // stands for all
		}
		have = append(have, string(f.Name()))
		part := s.Properties[string(f.Name())]
		if part == nil || f.Kind() != protoreflect.MessageKind || f.IsMap() || m.Name() == "ListFeaturesResponse" || m.Name() == "ListModelsResponse" || // whose items have less than a page
			f.Message().FullName() == datumName || f.Message() == m { // any value; itself
			continue
		}
		if part.Items != nil {
			part = part.Items
		}
		sameNames(t, doc, part, f.Message(), less...)
	}
	slices.Sort(have)
	if !slices.Equal(names, have) {
		t.Errorf("%s has %q, docs/openapi.yaml %q", m.Name(), have, names)
	}
}

// answering is a fake registry with one answer.
type answering struct {
	text  string
	asked string
}

func (r *answering) Look(_ context.Context, q *Look) (any, error) {
	r.asked = strings.TrimSpace(fmt.Sprintf("%s %s %s %v", q.Kind, q.Name, q.Part, q.Filter))
	var v json.RawMessage // as it is
	if err := json.Unmarshal([]byte(r.text), &v); err != nil || q.Name != "" {
		return v, err
	}
	return &Listing{Items: []any{v, v}, Keys: []string{"a", "b"}}, nil
}

func TestTypedRegistry(t *testing.T) {
	r := &answering{}
	reg := v1.NewRegistryClient(dial(t, Options{Registry: r}))
	ctx := t.Context()
	at := int64(5)
	for _, c := range []struct {
		text  string
		ask   func() (proto.Message, error)
		asked string
		want  proto.Message
	}{
		{`{"kind": "feature", "name": "v.f", "tags": {"a": "b"}, "usage": {"requests": 3, "last": "1970-01-01T00:00:00.000007Z"}}`, func() (proto.Message, error) {
			return reg.ListFeatures(ctx, &v1.ListFeaturesRequest{Query: "0 x", Owner: "false", Unused: true, PageSize: 1})
		}, "features   map[owner:false query:0 x unused:true]", &v1.ListFeaturesResponse{Total: 2, NextPageToken: "61", Features: []*v1.Feature{
			{Kind: "feature", Name: "v.f", Tags: map[string]string{"a": "b"}, Usage: &v1.Usage{Requests: 3, Last: 7}}}}},
		{`{"name": "v.f", "lists": [1], "sources": ["s"], "offline": true, "versions": [{"version": "1.0.0", "time": 9}], "users": {"services": null, "on_demand": []}, "statistics": {"missing": 0.5, "rows": 2}}`,
			func() (proto.Message, error) { return reg.GetFeature(ctx, &v1.FeatureRequest{Name: "v.f@1"}) }, "features v.f@1  map[]",
			&v1.Feature{Name: "v.f", Sources: []string{"s"}, Offline: true, Versions: []*v1.FeatureVersion{{Version: "1.0.0", Time: 9}}, Users: &v1.Users{}, Statistics: &v1.Statistics{Missing: 0.5, Rows: 2}}},
		{`{"name": "v.f", "versions": [{"differences": [{"entry": "value", "after": "x"}]}]}`,
			func() (proto.Message, error) { return reg.ListVersions(ctx, &v1.FeatureRequest{Name: "v.f"}) }, "features v.f versions map[]",
			&v1.ListVersionsResponse{Name: "v.f", Versions: []*v1.FeatureVersion{{Differences: []*v1.Difference{{Entry: "value", After: "x"}}}}}},
		{`{"ref": "v", "nodes": [{"id": "a", "time": "1970-01-01T00:00:00Z"}], "edges": [{"from": "a", "to": "b", "roles": ["key"]}]}`,
			func() (proto.Message, error) {
				return reg.GetLineage(ctx, &v1.LineageRequest{Kind: "views", Name: "v", Direction: "up", At: &at})
			}, "views v lineage map[at:5 columns:false direction:up]",
			&v1.Lineage{Ref: "v", Nodes: []*v1.LineageNode{{Id: "a"}}, Edges: []*v1.LineageEdge{{From: "a", To: "b", Roles: []string{"key"}}}}},
		{`{}`, func() (proto.Message, error) {
			return reg.GetLineage(ctx, &v1.LineageRequest{Name: "v.f", Columns: true})
		}, "features v.f lineage map[columns:true]", &v1.Lineage{}},
	} {
		r.text = c.text
		got, err := c.ask()
		if err != nil || !proto.Equal(got, c.want) || r.asked != c.asked {
			t.Errorf("%s: asked %s, got %s, %v", c.asked, r.asked, protojson.Format(got), err)
		}
	}
	for _, c := range []struct {
		text string
		name string
		code codes.Code
	}{
		{`{}`, "", codes.InvalidArgument},
		{`[]`, "v.f", codes.Internal}, // an answer of another shape
		{`{"versions": {}}`, "v.f", codes.Internal},
		{`{"versions": [5]}`, "v.f", codes.Internal},
		{`{"name": 5}`, "v.f", codes.Internal},
		{`{"offline": "yes"}`, "v.f", codes.Internal},
		{`{"tags": []}`, "v.f", codes.Internal},
		{`{"newest": 0.5}`, "v.f", codes.Internal},
		{`{"newest": "yesterday"}`, "v.f", codes.Internal},
	} {
		r.text = c.text
		if _, err := reg.GetFeature(ctx, &v1.FeatureRequest{Name: c.name}); status.Code(err) != c.code {
			t.Errorf("%s: got %v", c.text, err)
		}
	}
}

// TestTypedLineageOfAValue fills every field of the lineage of a value, and gives values of every kind of JSON.
func TestTypedLineageOfAValue(t *testing.T) {
	r := &answering{text: `{"feature": "v.f@1.0.0", "kind": "windowed", "value": 5.0, "status": "present", "event_time": "1970-01-01T00:00:00.000003Z", "applied": {"record": 2, "time": "1970-01-01T00:00:00.000004Z", "author": "ann"},
		"key": [{"name": "k", "value": "a"}], "windows": [{"call": "sum(x)", "value": -9223372036854775808, "lower": "-infinity", "upper": "1970-01-01T00:00:00.000009Z", "inside": 2,
		"events": [{"source": "s", "row": 0, "offset": 0}, {"source": "s", "file": "x.csv", "row": 7}], "left_out": 1}], "row": {"outcome": "used", "row": {"source": "s"}},
		"read": [{"source": "s", "first_offset": 0, "last_offset": 3, "events": 2}], "inputs": [{"feature": "b", "value": {"list": [true, null, 18446744073709551615, -0, 1e3]}}, {"feature": "c", "value": null}],
		"answer": {"at": 5, "services": ["fraud@2"], "log_offset": 4}}`}
	reg := v1.NewRegistryClient(dial(t, Options{Registry: r}))
	at := int64(5)
	got, err := reg.GetValueLineage(t.Context(), &v1.ValueLineageRequest{Name: "v.f", EntityId: "a", Entity: map[string]string{"lat": "4.5"}, At: &at, Limit: 7})
	zero, three := int64(0), int64(3)
	integer := func(n int64) *v1.Datum { return &v1.Datum{Kind: &v1.Datum_Integer{Integer: n}} }
	float := func(x float64) *v1.Datum { return &v1.Datum{Kind: &v1.Datum_Number{Number: x}} }
	text := func(s string) *v1.Datum { return &v1.Datum{Kind: &v1.Datum_Text{Text: s}} }
	list := &v1.DatumList{Items: []*v1.Datum{{Kind: &v1.Datum_Boolean{Boolean: true}}, {}, text("18446744073709551615"), float(math.Copysign(0, -1)), float(1000)}}
	want := &v1.ValueLineage{Feature: "v.f@1.0.0", Kind: "windowed", Value: float(5), Status: "present", EventTime: 3, Applied: &v1.Applied{Record: 2, Time: 4, Author: "ann"},
		Key: []*v1.KeyValue{{Name: "k", Value: text("a")}},
		Windows: []*v1.WindowUsed{{Call: "sum(x)", Value: integer(math.MinInt64), Lower: selfsame.MinTime, Upper: 9, Inside: 2, LeftOut: 1,
			Events: []*v1.EventUsed{{Source: "s", Offset: &zero}, {Source: "s", File: "x.csv", Row: 7}}}},
		Row: &v1.RowUsed{Outcome: "used", Row: &v1.EventUsed{Source: "s"}}, Read: []*v1.FileRead{{Source: "s", FirstOffset: &zero, LastOffset: &three, Events: 2}},
		Inputs: []*v1.ValueLineage{{Feature: "b", Value: &v1.Datum{Kind: &v1.Datum_Object{Object: &v1.DatumMap{Entries: map[string]*v1.Datum{"list": {Kind: &v1.Datum_List{List: list}}}}}}}, {Feature: "c"}},
		Answer: &v1.ValueAnswer{At: 5, Services: []string{"fraud@2"}, LogOffset: 4}}
	if err != nil || !proto.Equal(got, want) || r.asked != "features v.f lineage map[at:5 entity:a lat:4.5 limit:7]" {
		t.Errorf("asked %s, got %s, %v", r.asked, protojson.Format(got), err)
	}
	if _, err := reg.GetValueLineage(t.Context(), &v1.ValueLineageRequest{Name: "v.f", Entity: map[string]string{"at": "x"}}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a column that is a parameter: %v", err)
	}
	if _, err := reg.GetValueLineage(t.Context(), &v1.ValueLineageRequest{}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("no name: %v", err)
	}
}

// TestTypedModelsAndJobs holds models and jobs over gRPC to the answers of HTTP.
func TestTypedModelsAndJobs(t *testing.T) {
	r, l, s := &answering{text: `{"kind": "model", "name": "m@1", "version": "1", "services": ["fraud"], "model": {"name": "m", "metrics": {"auc": 0.5}, "service_version": 2, "registered": "1970-01-01T00:00:00.000004Z"}}`}, &ledger{}, &shelf{}
	conn := dial(t, Options{Registry: r, Changes: l, Jobs: s})
	reg, jobs, ctx := v1.NewRegistryClient(conn), v1.NewJobsClient(conn), t.Context()
	page := &v1.Model{Kind: "model", Name: "m@1", Version: "1", Services: []string{"fraud"}, Model: &v1.ModelRecord{Name: "m", Metrics: map[string]float64{"auc": 0.5}, ServiceVersion: 2, Registered: 4}}
	if got, err := reg.GetModel(ctx, &v1.ModelRequest{Name: "m@1"}); err != nil || !proto.Equal(got, page) || r.asked != "models m@1  map[]" {
		t.Errorf("asked %s, got %v, %v", r.asked, got, err)
	}
	if got, err := reg.ListModels(ctx, &v1.ListModelsRequest{Service: "fraud", Stage: "active", PageSize: 1}); err != nil || !proto.Equal(got, &v1.ListModelsResponse{Models: []*v1.Model{page}, Total: 2, NextPageToken: "61"}) ||
		r.asked != "models   map[service:fraud stage:active]" {
		t.Errorf("asked %s, got %v, %v", r.asked, got, err)
	}
	for body, q := range map[string]*v1.RegisterModelRequest{
		`{"name":"m"}`: {Json: []byte(`{"name":"m"}`)},
		`{"author":"ann","manifest":"","message":"","metrics":{"auc":0.1},"name":"m","notes":"","retired":false,"service":"fraud","service_version":2,"training":"","version":"1"}`: {Name: "m", Version: "1", Service: "fraud",
			ServiceVersion: 2, Metrics: map[string]float64{"auc": 0.1}, Author: "ann"},
	} {
		if got, err := reg.RegisterModel(ctx, q); err != nil || got.GetRecord() != 7 || l.asked[len(l.asked)-1] != body {
			t.Errorf("got %v, %v; asked %q", got, err, l.asked)
		}
	}
	for _, q := range []*v1.RegisterModelRequest{{}, {Json: []byte("{}"), Name: "m"}, {Name: "m", Metrics: map[string]float64{"auc": math.NaN()}}} {
		if _, err := reg.RegisterModel(ctx, q); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%v: %v", q, err)
		}
	}
	small, err := jobs.Start(ctx, &v1.StartJobRequest{Json: []byte("small")})
	row := &v1.Datum{Kind: &v1.Datum_Object{Object: &v1.DatumMap{Entries: map[string]*v1.Datum{"a": {Kind: &v1.Datum_Integer{Integer: 1}}}}}}
	if err != nil || !proto.Equal(small, &v1.Job{Id: "job-00", Status: "done", Format: "json", Rows: 1, Values: []*v1.Datum{row}}) {
		t.Errorf("a small job: %v, %v", small, err)
	}
	s.list[0].Error = Problem(&selfsame.Error{Class: selfsame.ClassInput, Ref: "labels.csv", Message: "no such column", Hint: "name it"})
	s.list[0].Manifest, s.list[0].Values = json.RawMessage(`{"rows": 3}`), nil
	if j, err := jobs.Get(ctx, &v1.JobRequest{Id: "job-00"}); err != nil || j.GetError().GetDetail() != "labels.csv: no such column" || j.GetError().GetStatus() == 0 || j.GetManifest().GetObject().GetEntries()["rows"].GetInteger() != 3 {
		t.Errorf("a job that failed: %v, %v", j, err)
	}
	if list, err := jobs.List(ctx, &v1.ListJobsRequest{}); err != nil || list.GetTotal() != 1 || list.GetJobs()[0].GetId() != "job-00" {
		t.Errorf("jobs: %v, %v", list, err)
	}
	if j, err := jobs.End(ctx, &v1.JobRequest{Id: "job-00"}); err != nil || j.GetStatus() != "canceled" {
		t.Errorf("the end of a job: %v, %v", j, err)
	}
	_, negative := jobs.List(ctx, &v1.ListJobsRequest{PageSize: -1})
	_, missing := jobs.Get(ctx, &v1.JobRequest{Id: "x"})
	_, nameless := jobs.Get(ctx, &v1.JobRequest{})
	_, none := v1.NewJobsClient(dial(t, Options{})).List(ctx, &v1.ListJobsRequest{})
	for err, code := range map[error]codes.Code{negative: codes.InvalidArgument, missing: codes.NotFound, nameless: codes.InvalidArgument, none: codes.NotFound} {
		if status.Code(err) != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
}

// TestKeysOverGRPC sends a change again with its key: it is done once, and the answer says so.
func TestKeysOverGRPC(t *testing.T) {
	l := &ledger{}
	reg := v1.NewRegistryClient(dial(t, Options{Changes: l}))
	define := func(key, text string, dry bool) (json.RawMessage, string, error) {
		var header metadata.MD
		d, err := reg.Define(metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", key), &v1.DefineRequest{Definitions: []byte(text), DryRun: dry}, grpc.Header(&header))
		return d.GetJson(), strings.Join(header.Get("idempotency-replayed"), ","), err
	}
	first, replayed, err := define("k", "views: {}", false)
	if err != nil || replayed != "" {
		t.Fatalf("%s %q, %v", first, replayed, err)
	}
	if again, replayed, err := define("k", "views: {}", false); err != nil || string(again) != string(first) || replayed != "true" || len(l.done) != 1 {
		t.Errorf("again: %s %q, %v", again, replayed, err)
	}
	if other, replayed, err := define("k", "views: {a: b}", false); err != nil || replayed != "" || string(other) == string(first) || len(l.done) != 2 {
		t.Errorf("another request has the sum of the first: %s %q, %v", other, replayed, err)
	}
	if _, replayed, err := define("dry", "views: {}", true); err != nil || replayed != "" || len(l.done) != 2 {
		t.Errorf("a dry run is kept: %q, %v", replayed, err)
	}
	for name, key := range map[string]string{"a long key": strings.Repeat("k", mostKey+1), "an empty key": ""} {
		if _, _, err := define(key, "views: {}", false); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
}
