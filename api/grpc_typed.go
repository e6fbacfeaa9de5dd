// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"maps"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "selfsame/api/selfsamev1"
)

// answered runs one call whose answer has a message of its own.
func answered[M proto.Message](g *GRPC, route string, ask func() (any, error), to M) (out M, err error) {
	call := &grpcCall{route: route, started: time.Now()}
	defer g.done(call, &err)
	found, err := ask()
	if err == nil {
		err = typed(found, to)
	}
	if err != nil {
		return out, err
	}
	call.out = int64(proto.Size(to))
	return to, nil
}

// ofOne answers a question about one thing.
func ofOne[M proto.Message](ctx context.Context, g *GRPC, route string, q *v1.LookRequest, to M) (M, error) {
	return answered(g, route, func() (any, error) {
		if q.GetName() == "" {
			return nil, usage("name", "there is none", "ListFeatures and ListModels list what there is")
		}
		return g.look(ctx, q)
	}, to)
}

// ListFeatures is a page of the features.
func (g *GRPC) ListFeatures(ctx context.Context, r *v1.ListFeaturesRequest) (*v1.ListFeaturesResponse, error) {
	filter := map[string]string{"query": r.GetQuery(), "owner": r.GetOwner(), "tag": r.GetTag(), "entity": r.GetEntity(), "view": r.GetView(), "source": r.GetSource(),
		"service": r.GetService(), "stage": r.GetStage(), "page_token": r.GetPageToken()}
	maps.DeleteFunc(filter, func(_, v string) bool { return v == "" })
	if r.GetUnused() {
		filter["unused"] = "true"
	}
	if n := r.GetPageSize(); n != 0 {
		filter["page_size"] = strconv.Itoa(int(n))
	}
	ask := func() (any, error) { return g.look(ctx, &v1.LookRequest{Kind: "features", Parameters: filter}) }
	return answered(g, "ListFeatures", ask, &v1.ListFeaturesResponse{})
}

// GetFeature is the page of a feature.
func (g *GRPC) GetFeature(ctx context.Context, r *v1.FeatureRequest) (*v1.Feature, error) {
	return ofOne(ctx, g, "GetFeature", &v1.LookRequest{Kind: "features", Name: r.GetName()}, &v1.Feature{})
}

// ListVersions are the versions of a feature.
func (g *GRPC) ListVersions(ctx context.Context, r *v1.FeatureRequest) (*v1.ListVersionsResponse, error) {
	return ofOne(ctx, g, "ListVersions", &v1.LookRequest{Kind: "features", Name: r.GetName(), Part: "versions"}, &v1.ListVersionsResponse{})
}

// GetLineage is the graph of what something is made from and what is made from it.
func (g *GRPC) GetLineage(ctx context.Context, r *v1.LineageRequest) (*v1.Lineage, error) {
	q := &v1.LookRequest{Kind: r.GetKind(), Name: r.GetName(), Part: "lineage", Parameters: map[string]string{"columns": strconv.FormatBool(r.GetColumns())}}
	if q.Kind == "" {
		q.Kind = "features"
	}
	if r.GetDirection() != "" {
		q.Parameters["direction"] = r.GetDirection()
	}
	if r.At != nil {
		q.Parameters["at"] = strconv.FormatInt(r.GetAt(), 10)
	}
	return ofOne(ctx, g, "GetLineage", q, &v1.Lineage{})
}

// GetValueLineage is where one value comes from.
func (g *GRPC) GetValueLineage(ctx context.Context, r *v1.ValueLineageRequest) (*v1.ValueLineage, error) {
	q := &v1.LookRequest{Kind: "features", Name: r.GetName(), Part: "lineage", Parameters: map[string]string{}}
	for name, text := range r.GetEntity() { // a map to a map
		q.Parameters[name] = text
	}
	for _, name := range []string{"entity", "at", "limit"} {
		if _, taken := q.Parameters[name]; taken {
			to := &v1.ValueLineage{}
			return answered(g, "GetValueLineage", func() (any, error) {
				return nil, usage("entity", "a column "+name+" cannot be given here", "selfsame lineage --entity takes it")
			}, to)
		}
	}
	q.Parameters["entity"] = r.GetEntityId()
	if r.At != nil {
		q.Parameters["at"] = strconv.FormatInt(r.GetAt(), 10)
	}
	if n := r.GetLimit(); n != 0 {
		q.Parameters["limit"] = strconv.Itoa(int(n))
	}
	return ofOne(ctx, g, "GetValueLineage", q, &v1.ValueLineage{})
}

// ListModels is a page of the versions of models.
func (g *GRPC) ListModels(ctx context.Context, r *v1.ListModelsRequest) (*v1.ListModelsResponse, error) {
	filter := map[string]string{"query": r.GetQuery(), "service": r.GetService(), "stage": r.GetStage(), "page_token": r.GetPageToken()}
	maps.DeleteFunc(filter, func(_, v string) bool { return v == "" })
	if n := r.GetPageSize(); n != 0 {
		filter["page_size"] = strconv.Itoa(int(n))
	}
	ask := func() (any, error) { return g.look(ctx, &v1.LookRequest{Kind: "models", Parameters: filter}) }
	return answered(g, "ListModels", ask, &v1.ListModelsResponse{})
}

// GetModel is the page of a version of a model.
func (g *GRPC) GetModel(ctx context.Context, r *v1.ModelRequest) (*v1.Model, error) {
	return ofOne(ctx, g, "GetModel", &v1.LookRequest{Kind: "models", Name: r.GetName()}, &v1.Model{})
}
