// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package openlineage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"selfsame"
	"selfsame/lineage/openlineage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, o openlineage.Options) *openlineage.Emitter {
	t.Helper()
	e, err := openlineage.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func ended(t *testing.T, e *openlineage.Emitter) {
	t.Helper()
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// collector is a server that keeps what is posted.
type collector struct {
	mu   sync.Mutex // guards what follows
	got  []string
	keys []string
	path string
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got, c.keys, c.path = append(c.got, string(b)), append(c.keys, r.Header.Get("Authorization")), r.URL.Path
	w.WriteHeader(http.StatusCreated)
}

// TestEmit hands events to a file and a server, in their order.
func TestEmit(t *testing.T) {
	var c collector
	server := httptest.NewServer(&c)
	defer server.Close()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	for run := range 2 {
		e := open(t, openlineage.Options{File: path, URL: server.URL, Key: "secret"})
		for i := range 50 {
			b := fmt.Appendf(nil, `{"n":%d}`, run*50+i)
			e.Emit(b)
			b[1] = 'x' // the memory is the caller's
		}
		ended(t, e)
		ended(t, e)
		if e.Lost() != 0 {
			t.Errorf("%d events are lost", e.Lost())
		}
		e.Emit([]byte("{}"))
		if e.Lost() != 2 {
			t.Errorf("after the end: %d are lost, want 2", e.Lost())
		}
	}
	var want strings.Builder
	for i := range 100 {
		fmt.Fprintf(&want, "{\"n\":%d}\n", i)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != want.String() {
		t.Errorf("the file: got\n%s\nwant\n%s", b, &want)
	}
	if got := strings.Join(c.got, "\n") + "\n"; got != want.String() || c.path != "/api/v1/lineage" || c.keys[0] != "Bearer secret" {
		t.Errorf("the server at %s with %s: got\n%s\nwant\n%s", c.path, c.keys[0], got, &want)
	}
}

// TestEmitNeverWaits emits to a server that does not answer: what does not fit the queue is lost at once, the rest when closing gives up.
func TestEmitNeverWaits(t *testing.T) {
	asked, hold := make(chan bool, 1), make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		select {
		case asked <- true:
		default:
		}
		<-hold
	}))
	defer server.Close()
	defer close(hold)
	var told atomic.Int64
	e := open(t, openlineage.Options{URL: server.URL, Lost: func(error) { told.Add(1) }})
	e.Emit([]byte("{}"))
	<-asked // it is on its way: the queue is empty
	for range 1500 {
		e.Emit([]byte("{}"))
	}
	if e.Lost() != 500 || told.Load() != 1 {
		t.Errorf("%d are lost and %d told, want 500 and 1", e.Lost(), told.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Close(ctx); err != nil {
		t.Error(err)
	}
	if e.Lost() != 1501 {
		t.Errorf("%d are lost, want all 1501", e.Lost())
	}
}

// TestLossIsToldOnce fails some events in a row: the first is told, and the first after one that arrived.
func TestLossIsToldOnce(t *testing.T) {
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if i := n.Add(1); i != 4 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	var told []string
	e := open(t, openlineage.Options{URL: server.URL + "/my/path", Lost: func(err error) { told = append(told, err.Error()) }})
	for range 6 {
		e.Emit([]byte("{}"))
	}
	ended(t, e)
	if want := "the server of lineage answers 503 Service Unavailable"; e.Lost() != 5 || len(told) != 2 || told[0] != want {
		t.Errorf("%d are lost, told %q", e.Lost(), told)
	}
}

// TestAway posts to nobody: the error names no URL, which may hold a password.
func TestAway(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	told := make(chan error, 1)
	e := open(t, openlineage.Options{URL: strings.Replace(server.URL, "http://", "http://me:secret@", 1) + "/hook?key=secret", Lost: func(err error) { told <- err }})
	e.Emit([]byte("{}"))
	ended(t, e)
	if err := <-told; e.Lost() != 1 || strings.Contains(err.Error(), "secret") {
		t.Errorf("%d are lost, told %v", e.Lost(), err)
	}
}

func TestOpen(t *testing.T) {
	e, err := openlineage.Open(openlineage.Options{})
	if e != nil || err != nil {
		t.Errorf("nothing is named: got %v, %v", e, err)
	}
	e.Emit(nil) // does nothing
	if err := e.Close(t.Context()); err != nil || e.Lost() != 0 {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(t.TempDir(), "none", "events.jsonl")
	for _, c := range []struct {
		o     openlineage.Options
		class selfsame.ErrorClass
	}{
		{openlineage.Options{File: path}, selfsame.ClassResource},
		{openlineage.Options{URL: "localhost:5000"}, selfsame.ClassUsage},
		{openlineage.Options{File: filepath.Join(t.TempDir(), "e"), URL: "ftp://x"}, selfsame.ClassUsage},
		{openlineage.Options{URL: "http://"}, selfsame.ClassUsage},
	} {
		var shown *selfsame.Error
		if e, err := openlineage.Open(c.o); e != nil || !errors.As(err, &shown) || shown.Class != c.class {
			t.Errorf("%+v: got %v, want class %s", c.o, err, c.class)
		}
	}
	for in, want := range map[string]string{"http://h:5000": "http://h:5000/api/v1/lineage", "https://h/": "https://h/api/v1/lineage", "http://h/x/y?k=1": "http://h/x/y?k=1"} {
		if got, err := openlineage.Target(in); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", in, got, err, want)
		}
	}
}
