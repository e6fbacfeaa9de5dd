// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestStopAnswersWhatRuns stops a server while a request is half sent: it is answered, and what it brought is there after the restart.
func TestStopAnswersWhatRuns(t *testing.T) {
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	s, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	w := newWorld(3)
	b := w.orders(rand.New(rand.NewPCG(1, 1)), 20)
	c, err := net.Dial("tcp", s.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	half := len(b.body) / 2
	// The server says that it wants the body: then the request is inside.
	fmt.Fprintf(c, "POST /v1/events/orders HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(b.body))
	in := bufio.NewReader(c)
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q %v, want 100 Continue", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	c.Write(b.body[:half])
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until it takes no one else
		other, err := net.Dial("tcp", s.HTTP)
		if err != nil {
			break
		}
		other.Close()
	}
	c.Write(b.body[half:])
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("the request that ran has no answer: %v\n%s", err, s.out)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"accepted":20,`) {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	w.settle(b)
	if code := exitCode(s.end()); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.out)
	}
	again, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer again.kill()
	if err := w.check(t.Context(), again, w.users, true); err != nil {
		t.Error(err)
	}
	if err := again.stop(); err != nil {
		t.Error(err)
	}
}

// TestStopUnderLoad stops a server with SIGTERM while writers and readers are busy: all that was acknowledged is there.
func TestStopUnderLoad(t *testing.T) {
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	w := newWorld(40)
	for round := range uint64(3) {
		s, err := open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer s.kill()
		if err := w.recover(t.Context(), s); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		stopped := make(chan error, 1)
		go func() {
			for { // some are acknowledged first
				w.mu.Lock()
				acked := w.acked
				w.mu.Unlock()
				if acked > int64(round+1)*500 {
					break
				}
				if _, err := s.metric(context.Background(), "selfsame_applied_offset"); err != nil {
					break
				}
			}
			stopped <- s.stop()
		}()
		// A server that stops may refuse with 503: what it refuses it has not taken.
		if err := w.load(t.Context(), s, round); err != nil && !strings.HasPrefix(err.Error(), "status 503") {
			t.Errorf("round %d: %v", round, err)
		}
		if err := <-stopped; err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}
	s, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	if err := w.recover(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if w.acked < 1500 {
		t.Errorf("only %d events were acknowledged", w.acked)
	}
}

// TestApplyWhileServing applies ten changes of definitions while readers read and a writer writes: no read fails, and none shows values that were not there.
func TestApplyWhileServing(t *testing.T) {
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	s, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	w := newWorld(20)
	var done atomic.Bool
	var group sync.WaitGroup
	loop := func(step func() error) {
		group.Go(func() {
			for !done.Load() {
				if err := step(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	rng := rand.New(rand.NewPCG(2, 2))
	loop(func() error { return w.push(t.Context(), s, w.orders(rng, 20), false) })
	for range 2 {
		loop(func() error { return w.check(t.Context(), s, w.users, true) })
	}
	for i := range 10 {
		text := crashProject
		if i%2 == 1 { // another state, beside another window
			text = strings.Replace(text, "    source: orders\n", "    source: orders\n    where: amount >= 0\n", 1)
		}
		writeProject(t, dir, text, fmt.Sprintf("%dh", 2+i))
		if out, err := exec.Command(binary, "apply", "--project", dir, "--yes").CombinedOutput(); err != nil {
			t.Errorf("apply %d: %v\n%s", i, err, out)
		} else if want := fmt.Sprintf("applied as %d\n", i+2); !strings.HasSuffix(string(out), want) {
			t.Errorf("apply %d: got %s, want %s", i, out, want)
		}
	}
	done.Store(true)
	group.Wait()
	if err := w.check(t.Context(), s, w.users, true); err != nil {
		t.Error(err)
	}
	if w.reads < 10 {
		t.Errorf("only %d reads", w.reads)
	}
	t.Logf("%d reads and %d events while definitions changed ten times", w.reads, w.acked)
	audit(t, dir)
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
