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
	"google.golang.org/grpc/metadata"
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
	modelOverGRPC(t, wire.NewRegistryClient(c))
	jobOverGRPC(t, wire.NewJobsClient(c))
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

// modelOverGRPC registers a model twice with one key, and asks where a value comes from, which names it.
func modelOverGRPC(t *testing.T, r wire.RegistryClient) {
	t.Helper()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "idempotency-key", "k")
	for i, replayed := range []int{0, 1} {
		var header metadata.MD
		m, err := r.RegisterModel(ctx, &wire.RegisterModelRequest{Name: "m", Version: "1", Service: "all", Metrics: map[string]float64{"auc": 0.5}, Author: "ann"}, grpc.Header(&header))
		if err != nil || m.Record != 2 || m.Model.GetServiceVersion() != 1 || m.Model.GetMetrics()["auc"] != 0.5 || len(header.Get("idempotency-replayed")) != replayed {
			t.Errorf("time %d: %v, %v, %v", i, m, header, err)
		}
	}
	page, err := r.GetModel(t.Context(), &wire.ModelRequest{Name: "m@1"})
	list, listErr := r.ListModels(t.Context(), &wire.ListModelsRequest{Service: "all"})
	if err != nil || listErr != nil || page.Model.GetAuthor() != "ann" || page.Services[0] != "all" || len(list.Models) != 1 || list.Models[0].Name != page.Name {
		t.Errorf("%v, %v; %v, %v", page, err, list, listErr)
	}
	features, err := r.ListFeatures(t.Context(), &wire.ListFeaturesRequest{Service: "all"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range features.Features {
		v, err := r.GetValueLineage(t.Context(), &wire.ValueLineageRequest{Name: f.Name, EntityId: "u1"})
		if f.View == "level_of" { // nobody has pushed a level
			if err != nil || v.Status != "not_found" || v.Row.GetOutcome() != "not_found" {
				t.Errorf("%s: %v, %v", f.Name, v, err)
			}
			continue
		}
		if err != nil || v.Status != "present" || v.GetValue().GetKind() == nil || len(v.GetWindows()) == 0 || len(v.Windows[0].GetEvents()) != 2 || v.Windows[0].Events[0].Offset == nil ||
			v.GetAnswer().GetModels()[0] != "m@1" || time.Since(time.UnixMicro(v.Answer.At)) > time.Hour {
			t.Errorf("%s: %v, %v", f.Name, v, err)
		}
	}
}

// jobOverGRPC makes a training set that is answered at once, and one that fails.
func jobOverGRPC(t *testing.T, jobs wire.JobsClient) {
	t.Helper()
	j, err := jobs.Start(t.Context(), &wire.StartJobRequest{Json: []byte(`{"service": "all", "rows": [{"user_id": "u1", "event_time": "2024-05-01T10:00:00Z"}]}`)})
	if err != nil || j.Status != "done" || j.Rows != 1 || j.Values[0].GetObject().GetEntries()["user_id"].GetText() != "u1" {
		t.Fatalf("%v, %v", j, err)
	}
	again, err := jobs.Get(t.Context(), &wire.JobRequest{Id: j.Id})
	list, listErr := jobs.List(t.Context(), &wire.ListJobsRequest{})
	if err != nil || listErr != nil || again.Manifest.GetObject() == nil || again.Created == 0 || len(list.Jobs) != 1 || list.Jobs[0].Id != j.Id {
		t.Errorf("%v, %v; %v, %v", again, err, list, listErr)
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
