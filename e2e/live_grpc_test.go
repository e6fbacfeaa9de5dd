// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	wire "selfsame/api/selfsamev1"
)

// TestGRPC pushes, reads, joins and checks health over gRPC, and holds the codes and details of refusals.
func TestGRPC(t *testing.T) {
	s := serveCrash(t)
	c, err := grpc.NewClient(s.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if h, err := grpc_health_v1.NewHealthClient(c).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil || h.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health: %v %v", h, err)
	}
	pushOverGRPC(t, c)
	features := wire.NewFeaturesClient(c)
	for _, form := range []wire.Form{wire.Form_COLUMNS, wire.Form_PACKED} {
		a, err := features.GetFeatures(t.Context(), &wire.GetFeaturesRequest{What: &wire.GetFeaturesRequest_Service{Service: "all"}, RequestId: "r1", Form: form, Timing: true,
			Rows: []*wire.Column{{Name: "user_id", Strings: [][]byte{[]byte("u1"), []byte("u9")}}}})
		if err != nil {
			t.Fatal(err)
		}
		if a.Rows != 2 || a.Version != 1 || a.RequestId != "r1" || a.Cut == "" || a.Stale || len(a.Milliseconds) < 4 {
			t.Errorf("%v: got %v", form, a)
		}
		got := a.GetPacked().GetInts()
		if form == wire.Form_COLUMNS {
			got = append(a.Columns[0].Ints, a.Columns[1].Ints...)
		}
		if fmt.Sprint(got[:4]) != "[2 0 30 0]" {
			t.Errorf("%v: got n and total %v of u1 and u9, want [2 0 30 0]", form, got)
		}
	}
	p := wire.NewPredictionsClient(c)
	if _, err := p.Predict(t.Context(), &wire.PredictRequest{RequestId: "r1", Model: "m", ModelVersion: "1", Score: &wire.Scalar{Value: &wire.Scalar_Number{Number: 0.5}}}); err != nil {
		t.Error(err)
	}
	if _, err := p.Outcome(t.Context(), &wire.OutcomeRequest{RequestId: "r1", Label: &wire.Scalar{Value: &wire.Scalar_Flag{Flag: true}}}); err != nil {
		t.Error(err)
	}
	refusedOverGRPC(t, features)
	askedOverGRPC(t, wire.NewRegistryClient(c))
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// askedOverGRPC asks what is applied: a page of features, each with its own page, its versions and its lineage.
func askedOverGRPC(t *testing.T, r wire.RegistryClient) {
	t.Helper()
	list, err := r.ListFeatures(t.Context(), &wire.ListFeaturesRequest{PageSize: 1})
	if err != nil || len(list.Features) != 1 || list.Total < 2 || list.NextPageToken == "" {
		t.Fatalf("a page: %v, %v", list, err)
	}
	name := list.Features[0].Name
	f, err := r.GetFeature(t.Context(), &wire.FeatureRequest{Name: name + "@1"})
	if err != nil || f.Name != name || f.Version != "1.0.0" || f.Type != "int64" || f.Usage == nil || len(f.Settings) == 0 || len(f.Users.GetServices()) == 0 {
		t.Errorf("%s: %v, %v", name, f, err)
	}
	v, err := r.ListVersions(t.Context(), &wire.FeatureRequest{Name: name})
	if err != nil || len(v.Versions) != 1 || v.Versions[0].Hash != f.GetHash() || time.Since(time.UnixMicro(v.Versions[0].Time)) > time.Hour {
		t.Errorf("versions: %v, %v", v, err)
	}
	l, err := r.GetLineage(t.Context(), &wire.LineageRequest{Name: name, Direction: "up", Columns: true})
	if err != nil || l.Root != "feature/"+name+"@1.0.0" || len(l.Nodes) < 3 || len(l.Edges) < 2 {
		t.Errorf("lineage: %v, %v", l, err)
	}
	if _, err := r.GetFeature(t.Context(), &wire.FeatureRequest{Name: name + "@9"}); status.Code(err) != codes.NotFound {
		t.Errorf("a version that there is not: %v", err)
	}
}

// pushOverGRPC sends three messages on one stream: events, one of them a copy; a source that is not there; more events.
func pushOverGRPC(t *testing.T, c *grpc.ClientConn) {
	t.Helper()
	stream, err := wire.NewEventsClient(c).Push(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UnixMicro()
	orders := func(source string, ids ...string) *wire.PushRequest {
		r := &wire.PushRequest{Source: source, Fields: []*wire.Column{{Name: "order_id"}, {Name: "user_id"}, {Name: "amount"}, {Name: "at", Type: "timestamp"}}}
		for _, id := range ids {
			r.Fields[0].Strings = append(r.Fields[0].Strings, []byte(id))
			r.Fields[1].Strings = append(r.Fields[1].Strings, []byte("u1"))
			r.Fields[2].Ints = append(r.Fields[2].Ints, 15)
			r.Fields[3].Ints = append(r.Fields[3].Ints, at)
		}
		return r
	}
	for _, c := range []struct {
		send  *wire.PushRequest
		fates string
		class string
	}{
		{orders("orders", "a", "a"), "[ACCEPTED DUPLICATE]", ""},
		{orders("order", "b"), "[]", "not_found"},
		{orders("orders", "b"), "[ACCEPTED]", ""},
	} {
		if err := stream.Send(c.send); err != nil {
			t.Fatal(err)
		}
		got, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got.Fate) != c.fates || got.GetProblem().GetClass() != c.class {
			t.Errorf("got %v, want the fates %s and the problem %q", got, c.fates, c.class)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Error(err)
	}
}

// refusedOverGRPC holds what is told of questions that cannot be answered.
func refusedOverGRPC(t *testing.T, features wire.FeaturesClient) {
	t.Helper()
	users := []*wire.Column{{Name: "user_id", Strings: [][]byte{[]byte("u1")}}}
	future := time.Now().Add(time.Hour).UnixMicro()
	for _, c := range []struct {
		ask    *wire.GetFeaturesRequest
		code   codes.Code
		reason string
		hint   string
	}{
		{&wire.GetFeaturesRequest{What: &wire.GetFeaturesRequest_Service{Service: "al"}, Rows: users}, codes.NotFound, "not_found", "did you mean all?"},
		{&wire.GetFeaturesRequest{What: &wire.GetFeaturesRequest_Service{Service: "all"}}, codes.InvalidArgument, "usage", ""},
		{&wire.GetFeaturesRequest{What: &wire.GetFeaturesRequest_Service{Service: "all"}, Rows: users, At: &future}, codes.InvalidArgument, "usage", ""},
	} {
		_, err := features.GetFeatures(t.Context(), c.ask)
		if status.Code(err) != c.code {
			t.Errorf("%v: got %v, want %v", c.ask, err, c.code)
			continue
		}
		var info *errdetails.ErrorInfo
		for _, d := range status.Convert(err).Details() {
			if i, ok := d.(*errdetails.ErrorInfo); ok {
				info = i
			}
		}
		if info.GetReason() != c.reason || !strings.Contains(info.GetMetadata()["hint"], c.hint) {
			t.Errorf("%v: details %v", c.ask, info)
		}
	}
}
