// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	v1 "selfsame/api/selfsamev1"
)

// listening serves HTTP on loopback until the test ends, and checks that it ends well.
func listening(t *testing.T, o Options) (addr string, h *HTTP) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h = New(o).HTTP()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Serve ended with %v", err)
		}
	})
	return l.Addr().String(), h
}

// TestStalledClients holds what a thousand clients cost that stop in the middle of a request, a third of them behind a large announced body,
// and that others are served beside them.
func TestStalledClients(t *testing.T) {
	s := &store{}
	o := s.options()
	o.HeaderTimeout = time.Minute
	o.ShutdownWithin = time.Millisecond
	addr, h := listening(t, o)
	before := inUse()
	const clients = 1000
	heads := []string{
		"POST /v1/events/clicks HTTP/1.1\r\nHost: x\r\nX-Filler: ",
		"POST /v1/events/clicks HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n" + strings.Repeat("x", 30<<10),
		"POST /v1/services/fraud/features HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
	}
	for i := range clients {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, heads[i%len(heads)]); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for i := range 20 {
		r, err := client.Post("http://"+addr+"/v1/features/online", "application/json", strings.NewReader(question))
		if err != nil || r.StatusCode != 200 {
			t.Fatalf("request %d beside stalled ones: %v %v", i, r, err)
		}
		r.Body.Close()
	}
	if added := inUse() - before; added > 64<<20 {
		t.Errorf("%d stalled clients add %d MiB", clients, added>>20)
	} else {
		t.Logf("%d stalled clients add %d MiB", clients, added>>20)
	}
	if left := h.purse.left.Load(); left < 0 {
		t.Errorf("the bound of bodies is overdrawn by %d", -left)
	}
}

// TestStalledGRPCClients holds what a thousand connections cost that say hello and nothing more, every other one with the start of a large message.
func TestStalledGRPCClients(t *testing.T) {
	s := &store{}
	o := s.options()
	o.ShutdownWithin = time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New(o).GRPC().Serve(ctx, l) }()
	before := inUse()
	var block bytes.Buffer
	fields := hpack.NewEncoder(&block)
	for _, f := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", "/selfsame.v1.Features/GetFeatures"}, {":authority", "x"}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
		fields.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	message := append([]byte{0, 0, 0x3f, 0xff, 0xff}, make([]byte, 10<<10)...) // 4 MiB are announced
	for i := range 1000 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, http2.ClientPreface)
		framer := http2.NewFramer(c, c)
		framer.WriteSettings()
		if i%2 == 0 {
			framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
			framer.WriteData(1, false, message)
		}
		if _, err := framer.ReadFrame(); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
	}
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range 20 {
		if _, err := v1.NewFeaturesClient(conn).GetFeatures(t.Context(), &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Service{Service: "a"}}); err != nil {
			t.Fatalf("request %d beside stalled ones: %v", i, err)
		}
	}
	if added := inUse() - before; added > 64<<20 {
		t.Errorf("1000 stalled clients add %d MiB", added>>20)
	} else {
		t.Logf("1000 stalled clients add %d MiB", added>>20)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// inUse is the memory that the process holds: heap and stacks.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestConnectionsAreBounded lets two connections in; a third waits until one of them ends.
func TestConnectionsAreBounded(t *testing.T) {
	s := &store{}
	o := s.options()
	o.Connections = 2
	addr, _ := listening(t, o)
	ask := func(c net.Conn) error {
		fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			r.Body.Close()
		}
		return err
	}
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for _, c := range conns[:2] {
		if err := ask(c); err != nil {
			t.Fatal(err)
		}
	}
	conns[2].SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if err := ask(conns[2]); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("a third connection is served: %v", err)
	}
	conns[0].Close()
	conns[2].SetReadDeadline(time.Now().Add(time.Minute))
	r, err := http.ReadResponse(bufio.NewReader(conns[2]), nil)
	if err != nil || r.StatusCode != 200 {
		t.Errorf("after one has ended: %v %v", r, err)
	}
}

// TestServeEndsAfterRequests holds that a request that runs is answered when serving ends.
func TestServeEndsAfterRequests(t *testing.T) {
	s := &store{hold: make(chan struct{}), in: make(chan struct{}, 1)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New(s.options()).HTTP().Serve(ctx, l) }()
	answered := make(chan error, 1)
	go func() {
		r, err := http.Post("http://"+l.Addr().String()+"/v1/features/online", "application/json", strings.NewReader(question))
		if err == nil {
			_, err = io.Copy(io.Discard, r.Body)
			r.Body.Close()
		}
		answered <- err
	}()
	<-s.in
	cancel()
	close(s.hold)
	if err := <-answered; err != nil {
		t.Errorf("the request that ran: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// Each server ends without an error where it is told to before it began.
func TestServeEndsBeforeItBegan(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 {
		wire := New((&store{}).options())
		for name, serve := range map[string]func(context.Context, net.Listener) error{"HTTP": wire.HTTP().Serve, "gRPC": wire.GRPC().Serve} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			if err := serve(ctx, l); err != nil {
				t.Errorf("%s: got %v, want nil", name, err)
			}
		}
	}
}
