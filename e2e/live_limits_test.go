// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// serveCrash serves the project of TestCrash, which is a small one, until the test ends.
func serveCrash(t *testing.T, args ...string) *server {
	t.Helper()
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	s, err := open(dir, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

// question asks for rows users of the service all.
func question(rows int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"format":"columns","columns":{"user_id":[`)
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"u%d"`, i)
	}
	b.WriteString(`]}}`)
	return b.Bytes()
}

const allPath = "/v1/services/all/features"

// TestSizesAreLimited sends one more of everything than is allowed: each refusal says which limit it is, and the server goes on.
func TestSizesAreLimited(t *testing.T) {
	s := serveCrash(t, "--request-max-rows", "10", "--request-max-bytes", "2KiB", "--ingest-max-events", "20", "--ingest-queue", "8KiB")
	w := newWorld(5)
	rng := rand.New(rand.NewPCG(3, 3))
	for _, c := range []struct {
		name, path string
		body       []byte
		status     int
		say        string
	}{
		{"as many rows as may be", allPath, question(10), http.StatusOK, ""},
		{"a row more", allPath, question(11), http.StatusRequestEntityTooLarge, "10"},
		{"bytes of a read", allPath, append(question(10), bytes.Repeat([]byte{' '}, 3<<10)...), http.StatusRequestEntityTooLarge, "2048"},
		{"as many events as may be", "/v1/events/orders", w.orders(rng, 20).body, http.StatusOK, ""},
		{"an event more", "/v1/events/orders", w.orders(rng, 21).body, http.StatusRequestEntityTooLarge, "20"},
		{"bytes of events", "/v1/events/orders", bytes.Repeat([]byte{' '}, 20<<10), http.StatusRequestEntityTooLarge, ""},
	} {
		a, err := s.ask(t.Context(), http.MethodPost, c.path, c.body)
		if err != nil || a.status != c.status || !strings.Contains(string(a.body), c.say) {
			t.Errorf("%s: got %+v %v, want status %d that says %q", c.name, a, err, c.status, c.say)
		} else if c.status != http.StatusOK && !strings.Contains(string(a.body), `"type":"usage"`) {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.HTTP+allPath, bytes.NewReader(question(10)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Selfsame-Timeout", "1ns")
	resp, err := s.client.Do(r)
	if err != nil || resp.StatusCode != http.StatusGatewayTimeout {
		t.Errorf("a deadline that has passed: got %v %v", resp, err)
	}
	resp.Body.Close()
}

// TestOverload asks for more than there is room for: what is refused says when to come again, the rest is answered rightly, and memory stays bounded.
func TestOverload(t *testing.T) {
	s := serveCrash(t, "--request-running", "1", "--request-waiting", "2", "--ingest-queue", "64KiB")
	w := newWorld(200)
	const clients, each = 32, 40
	var group sync.WaitGroup
	var answered, refused [2]atomic.Int64
	tried := func(kind int, a *reply, err error) bool {
		switch {
		case err != nil:
			t.Error(err)
		case a.status == http.StatusOK:
			answered[kind].Add(1)
			return true
		case a.status == http.StatusTooManyRequests && a.header.Get("Retry-After") != "" && strings.Contains(string(a.body), `"retry_after_ms":`):
			refused[kind].Add(1)
		default:
			t.Errorf("got %d %v %s", a.status, a.header, a.body)
		}
		return false
	}
	for n := range uint64(clients) {
		rng := rand.New(rand.NewPCG(4, n))
		group.Go(func() {
			for range each {
				a, err := s.ask(t.Context(), http.MethodPost, allPath, question(500))
				tried(0, a, err)
				b := w.orders(rng, 300)
				if a, err = s.ask(t.Context(), http.MethodPost, "/v1/events/orders", b.body); tried(1, a, err) {
					w.settle(b)
				}
			}
		})
	}
	group.Wait()
	for kind, name := range []string{"reads", "pushes"} {
		t.Logf("%s: %d answered, %d refused", name, answered[kind].Load(), refused[kind].Load())
		if answered[kind].Load() == 0 || refused[kind].Load() == 0 {
			t.Errorf("%s: %d answered and %d refused, want some of both", name, answered[kind].Load(), refused[kind].Load())
		}
	}
	// What was refused is not there, and can be sent again.
	w.open = nil
	if err := w.check(t.Context(), s, w.users, true); err != nil {
		t.Error(err)
	}
	counted, err := s.metric(t.Context(), "selfsame_refused_total")
	if want := refused[0].Load() + refused[1].Load(); err != nil || counted != float64(want) {
		t.Errorf("/metrics counts %v refusals %v, and there were %d", counted, err, want)
	}
	resident, err := s.metric(t.Context(), "process_resident_memory_bytes")
	if err != nil || resident > 512<<20 {
		t.Errorf("%v MiB resident %v after the overload, want at most 512", resident/(1<<20), err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// TestStalledClients holds what a thousand clients cost that stop in the middle of a header, of a body, or of reading their answers.
func TestStalledClients(t *testing.T) {
	s := serveCrash(t)
	w := newWorld(500)
	if err := w.push(t.Context(), s, w.orders(rand.New(rand.NewPCG(5, 5)), 2000), false); err != nil {
		t.Fatal(err)
	}
	// What serving itself needs is there before: buffers, the cache, room for garbage.
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for range 40 {
				if a, err := s.ask(t.Context(), http.MethodPost, allPath, question(500)); err != nil || (a.status != http.StatusOK && a.status != http.StatusTooManyRequests) {
					t.Errorf("%v %v", a, err)
				}
			}
		})
	}
	group.Wait()
	before, err := s.metric(t.Context(), "process_resident_memory_bytes")
	if err != nil {
		t.Fatal(err)
	}
	const clients = 1000
	asked := question(500)
	whole := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", allPath, len(asked), asked)
	stalled := [][]byte{
		[]byte("POST " + allPath + " HTTP/1.1\r\nHost: x\r\nX-Never-En"),
		fmt.Appendf(nil, "POST /v1/events/orders HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n[{\"order_id\":", 1<<20),
		bytes.Repeat(whole, 5),
	}
	most := before
	for i := range clients {
		c, err := net.Dial("tcp", s.HTTP)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.(*net.TCPConn).SetReadBuffer(4 << 10)
		c.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Write(stalled[i%len(stalled)]); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		if i%100 == 99 {
			now, err := s.metric(t.Context(), "process_resident_memory_bytes")
			if err != nil {
				t.Fatal(err)
			}
			most = max(most, now)
			patient(t, s, i+1)
		}
	}
	added := (most - before) / (1 << 20)
	t.Logf("%d stalled clients add %.1f MiB to %.1f MiB", clients, added, before/(1<<20))
	if added > 64 {
		t.Errorf("%d stalled clients add %.1f MiB, want at most 64", clients, added)
	}
}

// patient reads beside stalled clients, again where there is no room for a moment: a third of those clients have reads that run before they stall.
func patient(t *testing.T, s *server, stalled int) {
	t.Helper()
	var a *reply
	var err error
	for range 1000 {
		if a, err = s.ask(t.Context(), http.MethodPost, allPath, question(10)); err != nil || a.status != http.StatusTooManyRequests {
			break
		}
	}
	if err != nil || a.status != http.StatusOK {
		t.Errorf("a read beside %d stalled clients: %v %v", stalled, a, err)
	}
}
