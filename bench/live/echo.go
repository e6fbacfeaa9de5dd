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
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// echo serves recorded bytes over net/http and grpc-go, whatever is asked: what the two libraries cost without a feature store.
func echo(args []string) error {
	flags := flag.NewFlagSet("echo", flag.ExitOnError)
	httpFile := flags.String("http", "", "body of each answer of HTTP")
	grpcFile := flags.String("grpc", "", "message of each answer of gRPC")
	burn := flags.Duration("burn", 0, "CPU time that each answer takes beyond its own")
	budget := flags.Float64("budget", 0, "answers a second; the others are refused unread; 0: no bound")
	if err := flags.Parse(args); err != nil {
		return err
	}
	admit := newAdmission(*burn, *budget)
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
	group.Go(func() error { return http.Serve(web, echoHTTP(body, admit)) })
	group.Go(func() error { return echoGRPC(message, admit).Serve(rpc) })
	return group.Wait()
}

// admission lets so many answers a second through, and makes each cost more.
type admission struct {
	burn   time.Duration
	speed  float64 // of spin, rounds a nanosecond
	mu     sync.Mutex
	rate   float64 // a nanosecond; 0: no bound
	left   float64 // guarded by mu
	filled time.Time
}

func newAdmission(burn time.Duration, budget float64) *admission {
	a := &admission{burn: burn, rate: budget / float64(time.Second), filled: time.Now()}
	const rounds = 100_000
	for range 50 { // other work on the machine makes some slower, and none faster
		begin := time.Now()
		spin(rounds)
		a.speed = max(a.speed, rounds/float64(time.Since(begin)))
	}
	return a
}

// spin takes CPU time in proportion to n.
func spin(n int) {
	x := uint64(n) | 1
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	if x == 0 { // never, which the compiler does not know
		panic("spin")
	}
}

// admit reports whether there is room for an answer, and spends what it costs.
func (a *admission) admit() bool {
	if a.rate > 0 && !a.take() {
		return false
	}
	if a.burn > 0 {
		spin(int(float64(a.burn) * a.speed))
	}
	return true
}

// take takes one of the answers that a second has. At most those of ten milliseconds are saved up.
func (a *admission) take() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	a.left = min(a.left+float64(now.Sub(a.filled))*a.rate, float64(10*time.Millisecond)*a.rate+1)
	a.filled = now
	if a.left < 1 {
		return false
	}
	a.left--
	return true
}

func echoHTTP(body []byte, a *admission) http.Handler {
	length, kind := []string{strconv.Itoa(len(body))}, []string{"application/json"}
	none, after := []string{"0"}, []string{"1"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		if !a.admit() {
			header["Content-Length"], header["Retry-After"] = none, after
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		header["Content-Type"], header["Content-Length"] = kind, length
		w.Write(body) // a caller that has gone away needs no answer
	})
}

func echoGRPC(message []byte, a *admission) *grpc.Server {
	refusal := status.Error(codes.ResourceExhausted, "busy")
	server := grpc.NewServer(grpc.ForceServerCodecV2(raw{}), grpc.NumStreamWorkers(uint32(2*runtime.GOMAXPROCS(0))))
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "selfsame.v1.Features", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "GetFeatures", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			if !a.admit() {
				return nil, refusal
			}
			var n int
			if err := decode(&n); err != nil {
				return nil, err
			}
			return &message, nil
		}}}}, nil)
	return server
}
