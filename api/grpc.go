// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
)

// GRPC serves selfsame.proto, health and reflection.
type GRPC struct {
	*Wire
	v1.UnimplementedPredictionsServer
	v1.UnimplementedRegistryServer
	server    *grpc.Server
	health    *health.Server
	codec     *codec
	questions sync.Pool // of *questionMessage
}

// GRPC returns the server of gRPC. Every message that it writes is one of selfsame.proto.
func (w *Wire) GRPC() *GRPC {
	g := &GRPC{Wire: w, health: health.NewServer(), codec: &codec{}}
	g.questions.New = func() any { return &questionMessage{limit: w.o.MaxBytes, rows: w.o.MaxRows} }
	g.server = grpc.NewServer(
		grpc.ForceServerCodecV2(g.codec),
		grpc.MaxRecvMsgSize(int(max(w.o.MaxBytes, w.o.MaxEventBytes))),
		grpc.MaxConcurrentStreams(1000),
		grpc.MaxHeaderListSize(16<<10),
		grpc.ConnectionTimeout(w.o.HeaderTimeout),
		grpc.ReadBufferSize(8<<10),
		grpc.WriteBufferSize(64<<10),
		grpc.NumStreamWorkers(uint32(16*runtime.GOMAXPROCS(0))), // a call that finds none free grows a stack of its own
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 10 * time.Minute, Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	g.server.RegisterService(&featuresDesc, g)
	g.server.RegisterService(&eventsDesc, g)
	v1.RegisterPredictionsServer(g.server, g)
	v1.RegisterRegistryServer(g.server, g)
	v1.RegisterJobsServer(g.server, &grpcJobs{g: g})
	healthv1.RegisterHealthServer(g.server, readiness{g.health, w.o.Health})
	reflection.Register(g.server)
	return g
}

// readiness is the health service: a server that is not ready does not serve.
type readiness struct {
	*health.Server
	ready Health
}

// Check answers for one service, or for the whole server.
func (r readiness) Check(ctx context.Context, in *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if r.ready != nil && r.ready.Ready() != nil {
		return &healthv1.HealthCheckResponse{Status: healthv1.HealthCheckResponse_NOT_SERVING}, nil
	}
	return r.Server.Check(ctx, in)
}

// Serve answers requests of a listener until ctx is done; then those that run may finish within ShutdownWithin. It returns nil where it was
// ended by ctx.
func (g *GRPC) Serve(ctx context.Context, l net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- g.server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	g.health.Shutdown()
	late := time.AfterFunc(g.o.ShutdownWithin, g.server.Stop)
	g.server.GracefulStop()
	late.Stop()
	if err := <-ended; !errors.Is(err, grpc.ErrServerStopped) { // stopped before it began to serve
		return err
	}
	return nil
}

var featuresDesc = grpc.ServiceDesc{
	ServiceName: "selfsame.v1.Features", HandlerType: (*any)(nil), Metadata: "selfsame.proto",
	Methods: []grpc.MethodDesc{{MethodName: "GetFeatures", Handler: func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		return srv.(*GRPC).features(ctx, decode)
	}}},
}

var eventsDesc = grpc.ServiceDesc{
	ServiceName: "selfsame.v1.Events", HandlerType: (*any)(nil), Metadata: "selfsame.proto",
	Streams: []grpc.StreamDesc{{StreamName: "Push", ServerStreams: true, ClientStreams: true, Handler: func(srv any, stream grpc.ServerStream) error {
		return srv.(*GRPC).events(stream)
	}}},
}

// grpcCall is one request of gRPC, for the hooks.
type grpcCall struct {
	route   string
	started time.Time
	rows    int
	in, out int64
}

// done turns an outcome into a status, tells the hooks, and stops a panic.
func (g *GRPC) done(c *grpcCall, err *error) {
	if v := recover(); v != nil {
		*err = fault(v)
	}
	if *err == error(errBusy) {
		*err = refusalStatus()
	}
	if *err != nil {
		// What is a status already is gRPC's own word, such as that the client went away.
		if _, told := (*err).(interface{ GRPCStatus() *status.Status }); !told && problemOf(*err).class == selfsame.ClassInternal && g.o.Hooks.Failed != nil {
			g.o.Hooks.Failed(c.route, *err)
		}
		*err = Status(*err)
	}
	if g.o.Hooks.Request != nil {
		g.o.Hooks.Request(RequestReport{Protocol: "grpc", Route: c.route, Status: int(status.Code(*err)), Took: time.Since(c.started), Rows: c.rows, In: c.in, Out: c.out})
	}
}

// Status is an error as gRPC tells it: the code of the table, the class as the reason, mistakes with their places, and how long to wait where repeating helps. An error that is
// a status already stays one.
func Status(err error) error {
	if own, ok := err.(interface{ GRPCStatus() *status.Status }); ok && own.GRPCStatus() != nil {
		return err
	}
	p := problemOf(err)
	s := status.New(p.fault.Code, p.message)
	info := &errdetails.ErrorInfo{Reason: string(p.class), Domain: "selfsame"}
	if p.ref != "" || p.hint != "" {
		info.Metadata = map[string]string{"ref": p.ref, "hint": p.hint}
	}
	details := []protoadapt.MessageV1{info}
	if len(p.list) > 0 {
		bad := &errdetails.BadRequest{}
		for _, e := range p.list[:min(len(p.list), mostViolations)] {
			bare := *e
			bare.Pos = selfsame.Pos{}
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: e.Pos.String(), Description: bare.Error()})
		}
		details = append(details, bad)
	}
	if p.retry > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(p.retry)})
	}
	if with, err := s.WithDetails(details...); err == nil {
		s = with
	}
	return s.Err()
}

// mostViolations bounds how many mistakes a status lists: it travels as a header, which clients bound.
const mostViolations = 10

// refusalStatus is the status of a read for which there is no room. It is made once: a refusal must cost less than an answer.
var refusalStatus = sync.OnceValue(func() error { return Status(errBusy) })

// within gives a context the server's timeout where the caller has set none.
func (g *GRPC) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	d := withDeadline(ctx, g.o.Timeout)
	return d, d.end
}

// features answers GetFeatures.
func (g *GRPC) features(ctx context.Context, decode func(any) error) (out any, err error) {
	call := &grpcCall{route: "GetFeatures", started: time.Now()}
	defer g.done(call, &err)
	if g.o.Features == nil {
		return nil, absent("reads")
	}
	if g.gate.full() {
		return nil, errBusy
	}
	m := g.questions.Get().(*questionMessage)
	defer g.questions.Put(m)
	m.asked.reset(m.rows)
	if err := decode(m); err != nil {
		return nil, err
	}
	if m.err != nil {
		return nil, m.err
	}
	call.in = m.bytes
	q, err := m.asked.finish("")
	if err != nil {
		return nil, err
	}
	ctx, cancel := g.within(ctx)
	defer cancel()
	if err := g.gate.enter(ctx); err != nil {
		return nil, err
	}
	return g.answer(ctx, m, q, call)
}

// answer puts the question and encodes the answer, inside the gate.
func (g *GRPC) answer(ctx context.Context, m *questionMessage, q *Question, call *grpcCall) (*written, error) {
	defer g.gate.leave()
	q.Received = int64(call.started.Sub(begun))
	q.Timing = m.asked.timing || g.o.Hooks.Steps != nil
	a, err := g.o.Features.Features(ctx, q)
	if err != nil {
		return nil, err
	}
	defer a.Release()
	call.rows = a.Rows
	encoding := time.Now()
	out := g.codec.write(func(p *protoWriter) { p.answer(a, &m.asked, encoding) })
	call.out = int64(out.buf.Len())
	g.o.Hooks.read("grpc", a, time.Since(encoding))
	return out, nil
}

// parse reads PushRequest.
func (m *eventsMessage) parse(b []byte) error {
	m.source, m.rows.Fields, m.rows.Columns, m.rows.Rows = "", m.rows.Fields[:0], m.rows.Columns[:0], 0
	err := protoFields(b, func(n protowire.Number, _ protowire.Type, _ uint64, body []byte) error {
		switch n {
		case 1:
			m.source = string(body)
		case 2:
			return protoColumn(&m.rows, body)
		}
		return nil
	})
	if err == nil {
		err = rowsOf(&m.rows)
	}
	return err
}

// events takes events in, one message after the other. A message that is refused does not end the stream.
func (g *GRPC) events(stream grpc.ServerStream) (err error) {
	total := &grpcCall{route: "Push", started: time.Now()}
	defer g.done(total, &err)
	if g.o.Events == nil {
		return absent("events")
	}
	m := &eventsMessage{}
	for {
		switch err := stream.RecvMsg(m); {
		case err == io.EOF:
			return nil
		case stream.Context().Err() != nil:
			return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "the caller has left the stream", Err: err}
		case err != nil:
			return err
		}
		total.in += m.bytes
		total.rows += m.rows.Rows
		receipt, err := g.push(stream.Context(), m)
		if stream.Context().Err() != nil {
			return err
		}
		answer := g.codec.write(func(p *protoWriter) {
			if err == nil {
				p.receipt(receipt)
				return
			}
			p.problem(problemOf(err))
		})
		if err != nil && g.o.Hooks.Failed != nil && problemOf(err).class == selfsame.ClassInternal {
			g.o.Hooks.Failed(total.route, err)
		}
		total.out += int64(answer.buf.Len())
		if err := stream.SendMsg(answer); err != nil {
			return err
		}
	}
}

// push stores the events of one message.
func (g *GRPC) push(ctx context.Context, m *eventsMessage) (*Receipt, error) {
	if m.err != nil {
		return nil, m.err
	}
	if m.source == "" {
		return nil, usage("source", "the message names none", "")
	}
	if m.rows.Rows == 0 {
		return nil, usage("fields", "the message holds no events", "")
	}
	if g.o.MaxEvents > 0 && m.rows.Rows > g.o.MaxEvents {
		return nil, tooLarge("the message holds more events than one call may", "send it in several messages, or raise ingest.max_events")
	}
	ctx, cancel := context.WithTimeout(ctx, g.o.Timeout)
	defer cancel()
	receipt, err := g.o.Events.Push(ctx, &EventBatch{Source: m.source, Rows: &m.rows})
	if err == nil {
		g.o.Hooks.pushed(m.source, receipt.count(), m.bytes)
	}
	return receipt, err
}

// Predict stores a prediction.
func (g *GRPC) Predict(ctx context.Context, r *v1.PredictRequest) (out *v1.PredictResponse, err error) {
	defer g.done(&grpcCall{route: "Predict", started: time.Now(), rows: 1}, &err)
	if g.o.Predictions == nil {
		return nil, absent("predictions and outcomes")
	}
	score, err := scalarOf(r.GetScore(), r.GetRequestId(), "score")
	if err != nil {
		return nil, err
	}
	ctx, cancel := g.within(ctx)
	defer cancel()
	p := &Prediction{RequestID: r.GetRequestId(), Row: int(r.GetRow()), Model: r.GetModel(), ModelVersion: r.GetModelVersion(), Score: score, At: r.GetAt()}
	return &v1.PredictResponse{}, g.o.Predictions.Predict(ctx, p)
}

// Outcome stores an outcome.
func (g *GRPC) Outcome(ctx context.Context, r *v1.OutcomeRequest) (out *v1.OutcomeResponse, err error) {
	defer g.done(&grpcCall{route: "Outcome", started: time.Now(), rows: 1}, &err)
	if g.o.Predictions == nil {
		return nil, absent("predictions and outcomes")
	}
	label, err := scalarOf(r.GetLabel(), r.GetRequestId(), "label")
	if err != nil {
		return nil, err
	}
	ctx, cancel := g.within(ctx)
	defer cancel()
	return &v1.OutcomeResponse{}, g.o.Predictions.Outcome(ctx, &Outcome{RequestID: r.GetRequestId(), Row: int(r.GetRow()), Label: label, At: r.GetAt()})
}

func scalarOf(s *v1.Scalar, requestID, name string) (selfsame.Value, error) {
	if requestID == "" {
		return selfsame.Value{}, usage("request_id", "there is none", "give that of the answer which the model was given")
	}
	switch v := s.GetValue().(type) {
	case *v1.Scalar_Number:
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: v.Number}, nil
	case *v1.Scalar_Text:
		return selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: v.Text}, nil
	case *v1.Scalar_Flag:
		return selfsame.Value{Type: selfsame.Scalar(selfsame.Bool), Int: int64(btoi(v.Flag))}, nil
	}
	return selfsame.Value{}, usage(name, "there is none", "")
}
