// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
)

// echo serves recorded bytes over net/http and grpc-go, whatever is asked: what the two libraries cost without a feature store.
func echo(args []string) error {
	flags := flag.NewFlagSet("echo", flag.ExitOnError)
	httpFile := flags.String("http", "", "body of each answer of HTTP")
	grpcFile := flags.String("grpc", "", "message of each answer of gRPC")
	if err := flags.Parse(args); err != nil {
		return err
	}
	body, err := os.ReadFile(*httpFile)
	if err != nil {
		return err
	}
	message, err := os.ReadFile(*grpcFile)
	if err != nil {
		return err
	}
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	rpc, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http   %s\ngrpc   %s\nready\n", web.Addr(), rpc.Addr())
	var group errgroup.Group
	group.Go(func() error { return http.Serve(web, echoHTTP(body)) })
	group.Go(func() error { return echoGRPC(message).Serve(rpc) })
	return group.Wait()
}

func echoHTTP(body []byte) http.Handler {
	length := strconv.Itoa(len(body))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", length)
		w.Write(body) // a caller that has gone away needs no answer
	})
}

func echoGRPC(message []byte) *grpc.Server {
	server := grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.NumStreamWorkers(uint32(2*runtime.GOMAXPROCS(0))))
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "selfsame.v1.Features", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "GetFeatures", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var n int
			if err := decode(&n); err != nil {
				return nil, err
			}
			return &message, nil
		}}}}, nil)
	return server
}
