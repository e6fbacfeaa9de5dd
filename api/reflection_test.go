// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// reflected is a client that knows of a server what reflection tells.
type reflected struct {
	t      *testing.T
	conn   *grpc.ClientConn
	stream reflectionv1.ServerReflection_ServerReflectionInfoClient
}

func (r *reflected) ask(q *reflectionv1.ServerReflectionRequest) *reflectionv1.ServerReflectionResponse {
	r.t.Helper()
	if err := r.stream.Send(q); err != nil {
		r.t.Fatal(err)
	}
	a, err := r.stream.Recv()
	if err != nil || a.GetErrorResponse() != nil {
		r.t.Fatalf("%v: %v %v", q, a, err)
	}
	return a
}

// service is the descriptor of a service.
func (r *reflected) service(name string) protoreflect.ServiceDescriptor {
	r.t.Helper()
	set := &descriptorpb.FileDescriptorSet{}
	for _, b := range r.ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name}}).
		GetFileDescriptorResponse().GetFileDescriptorProto() {
		file := &descriptorpb.FileDescriptorProto{}
		if err := proto.Unmarshal(b, file); err != nil {
			r.t.Fatal(err)
		}
		set.File = append(set.File, file)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		r.t.Fatal(err)
	}
	d, err := files.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return d.(protoreflect.ServiceDescriptor)
}

// call calls a method with a message, and ends the stream of one that has one.
func (r *reflected) call(m protoreflect.MethodDescriptor, in proto.Message) (*dynamicpb.Message, error) {
	path := "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
	out := dynamicpb.NewMessage(m.Output())
	if !m.IsStreamingClient() && !m.IsStreamingServer() {
		return out, r.conn.Invoke(r.t.Context(), path, in, out)
	}
	s, err := r.conn.NewStream(r.t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, path)
	if err != nil {
		return nil, err
	}
	if err := s.SendMsg(in); err != nil {
		return nil, err
	}
	if err := s.CloseSend(); err != nil {
		return nil, err
	}
	return out, s.RecvMsg(out)
}

// TestReflection lists the services of a server, calls every method with what reflection tells of it, and reads values from an answer.
func TestReflection(t *testing.T) {
	s := &store{}
	o := s.options()
	o.Registry, o.Changes, o.Jobs = &index{}, &ledger{}, &shelf{}
	r := &reflected{t: t, conn: dial(t, o)}
	var err error
	if r.stream, err = reflectionv1.NewServerReflectionClient(r.conn).ServerReflectionInfo(t.Context()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range r.ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}).GetListServicesResponse().GetService() {
		names = append(names, s.GetName())
	}
	want := []string{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", "selfsame.v1.Events", "selfsame.v1.Features", "selfsame.v1.Jobs",
		"selfsame.v1.Predictions", "selfsame.v1.Registry"}
	if !slices.Equal(names, want) {
		t.Errorf("services: got %q", names)
	}
	for _, name := range names {
		if !strings.HasPrefix(name, "selfsame.") {
			continue
		}
		methods := r.service(name).Methods()
		for i := range methods.Len() {
			m := methods.Get(i)
			if _, err := r.call(m, dynamicpb.NewMessage(m.Input())); status.Code(err) == codes.Unimplemented || status.Code(err) == codes.Internal {
				t.Errorf("%s: %v", m.FullName(), err)
			}
		}
	}
	m := r.service("selfsame.v1.Features").Methods().ByName("GetFeatures")
	in := dynamicpb.NewMessage(m.Input())
	in.Set(m.Input().Fields().ByName("service"), protoreflect.ValueOfString("a"))
	out, err := r.call(m, in)
	if err != nil {
		t.Fatal(err)
	}
	columns := out.Get(m.Output().Fields().ByName("columns")).List()
	name := m.Output().Fields().ByName("columns").Message().Fields().ByName("name")
	if n := out.Get(m.Output().Fields().ByName("rows")).Int(); n != 2 || columns.Len() < 10 || columns.Get(0).Message().Get(name).String() != "f0" {
		t.Errorf("%d rows, %d columns", n, columns.Len())
	}
}
