// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "selfsame/api/selfsamev1"
)

// TestRegistryOverGRPC holds the documents of gRPC to those of HTTP, and its errors to the table.
func TestRegistryOverGRPC(t *testing.T) {
	r, l := &index{names: []string{"a", "b"}}, &ledger{}
	o := Options{Registry: r, Changes: l}
	h, conn := New(o).HTTP(), dial(t, o)
	reg, ctx := v1.NewRegistryClient(conn), t.Context()
	look := func(q *v1.LookRequest) func(context.Context) (*v1.Document, error) {
		return func(ctx context.Context) (*v1.Document, error) { return reg.Look(ctx, q) }
	}
	for _, c := range []struct {
		ask  func(context.Context) (*v1.Document, error)
		path string // of HTTP that answers the same; empty: an error
		code codes.Code
		want string
	}{
		{look(&v1.LookRequest{Kind: "features"}), "/v1/features", codes.OK, ""},
		{look(&v1.LookRequest{Kind: "features", Parameters: map[string]string{"page_size": "1"}}), "/v1/features?page_size=1", codes.OK, ""},
		{look(&v1.LookRequest{Kind: "features", Name: "v.f"}), "/v1/features/v.f", codes.OK, ""},
		{look(&v1.LookRequest{Kind: "features", Name: "v.f", Part: "lineage", Parameters: map[string]string{"entity": "u", "k": "1"}}), "/v1/features/v.f/lineage?entity=u&k=1", codes.OK, ""},
		{look(&v1.LookRequest{Kind: "feature"}), "", codes.InvalidArgument, "is none"},
		{look(&v1.LookRequest{Kind: "runs", Name: "x"}), "", codes.InvalidArgument, "nothing such"},
		{look(&v1.LookRequest{Kind: "entities", Name: "x", Part: "lineage"}), "", codes.InvalidArgument, "nothing such"},
		{look(&v1.LookRequest{Kind: "features", Part: "lineage"}), "", codes.InvalidArgument, "nothing such"},
		{look(&v1.LookRequest{Kind: "features", Parameters: map[string]string{"quer": "x"}}), "", codes.InvalidArgument, "no such parameter"},
		{look(&v1.LookRequest{Kind: "features", Name: "none"}), "", codes.NotFound, "no such thing"},
		{func(ctx context.Context) (*v1.Document, error) { return reg.Define(ctx, &v1.DefineRequest{}) }, "", codes.InvalidArgument, "there are none"},
		{func(ctx context.Context) (*v1.Document, error) {
			return reg.Define(ctx, &v1.DefineRequest{Definitions: []byte("{}"), Sample: -1})
		}, "", codes.InvalidArgument, "is not from 0"},
	} {
		d, err := c.ask(ctx)
		if status.Code(err) != c.code || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v", c.path, c.want, err)
			continue
		}
		if c.path != "" {
			if want := call(h, "GET", c.path, "").Body.String(); string(d.GetJson()) != want {
				t.Errorf("%s: got %s, HTTP has %s", c.path, d.GetJson(), want)
			}
		}
	}
	r.text = true
	if d, err := reg.Look(ctx, &v1.LookRequest{Kind: "features", Name: "v.f", Part: "lineage", Parameters: map[string]string{"format": "tree"}}); err != nil || d.GetText() != "a tree\n" || d.GetJson() != nil {
		t.Errorf("a text: %v, %v", d, err)
	}
	expect := int64(4)
	d, err := reg.Define(ctx, &v1.DefineRequest{Definitions: []byte("views: {}"), Author: "ann", Message: "why", Expect: &expect, Yes: true, Sample: 5})
	if err != nil || !d.GetCreated() || l.asked[0] != "views: {} by ann: why expect=4 false false true sample=5" {
		t.Errorf("definitions: %v, %v, %q", d, err, l.asked)
	}
	l.fail = errQueue
	if _, err := reg.Define(ctx, &v1.DefineRequest{Definitions: []byte("{}")}); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("no room: %v", err)
	}
	if _, err := v1.NewRegistryClient(dial(t, Options{})).Look(ctx, &v1.LookRequest{Kind: "features"}); status.Code(err) != codes.NotFound {
		t.Errorf("without a registry: %v", err)
	}
}
