// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

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
		have = append(have, string(f.Name()))
		part := s.Properties[string(f.Name())]
		if part == nil || f.Kind() != protoreflect.MessageKind || f.IsMap() || m.Name() == "ListFeaturesResponse" { // whose items have less than a page
			continue
		}
		if part.Items != nil {
			part = part.Items
		}
		sameNames(t, doc, part, f.Message())
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
	var v any
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
