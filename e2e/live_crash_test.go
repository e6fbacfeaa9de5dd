// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	crashes = flag.Int("crashes", 10, "how often TestCrash kills the server")
	seed    = flag.Uint64("seed", 0, "of TestCrash; 0: the clock")
)

// crashProject counts each user's events over all time, and keeps the newest level of each.
const crashProject = `project: crash
entities:
  user: {key: {user_id: string}}
sources:
  orders:
    schema: {order_id: string, user_id: string, amount: int64, at: timestamp}
    event_time: at
    id: order_id
    stream: {push: true}
  levels:
    schema: {user_id: string, level: int64, op: string, at: timestamp}
    event_time: at
    operation: op
    primary_key: user_id
    stream: {push: true}
views:
  orders_of:
    entity: user
    source: orders
    features:
      n: count(*)
      total: sum(amount)
      recent: count(*) over [WINDOW]
      ids: count(distinct order_id)
  level_of:
    entity: user
    source: levels
    features: [level]
services:
  all: {features: [orders_of.*, level_of.level]}
`

// writeProject writes a project of one file, where its windows are as long as window.
func writeProject(t testing.TB, dir, text, window string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(strings.Replace(text, "WINDOW", window, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tally is what a user's features must show.
type tally struct{ n, total, level int64 }

func (a tally) plus(b tally) tally {
	return tally{a.n + b.n, a.total + b.total, max(a.level, b.level)}
}

// world is the model: what was acknowledged, and what was sent and has no answer.
type world struct {
	users []string

	mu    sync.Mutex // guards what follows
	known map[string]tally
	open  []*batch
	sent  int64 // events that were ever sent, for their ids
	acked int64
	reads int64
}

// batch is one push.
type batch struct {
	source string
	body   []byte
	events int
	adds   map[string]tally
}

func newWorld(users int) *world {
	w := &world{known: map[string]tally{}}
	for i := range users {
		w.users = append(w.users, fmt.Sprintf("u%d", i))
	}
	return w
}

// orders makes a batch of orders of one writer's users; it is open until it is settled.
func (w *world) orders(rng *rand.Rand, events int) *batch {
	b := &batch{source: "orders", events: events, adds: map[string]tally{}}
	var body bytes.Buffer
	w.mu.Lock()
	defer w.mu.Unlock()
	for range events {
		w.sent++
		user, amount := w.users[rng.IntN(len(w.users))], rng.Int64N(1000)
		fmt.Fprintf(&body, `{"order_id":"o%d","user_id":"%s","amount":%d,"at":"%s"}`+"\n", w.sent, user, amount, time.Now().UTC().Format(time.RFC3339))
		b.adds[user] = b.adds[user].plus(tally{n: 1, total: amount})
	}
	b.body = body.Bytes()
	w.open = append(w.open, b)
	return b
}

// levels makes a batch that sets one user's level to the next.
func (w *world) levels(user string, level int64) *batch {
	at := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	b := &batch{source: "levels", events: 1, adds: map[string]tally{user: {level: level}}}
	b.body = fmt.Appendf(nil, `{"user_id":"%s","level":%d,"op":"upsert","at":"%s"}`, user, level, at)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = append(w.open, b)
	return b
}

// settle notes that a batch was acknowledged.
func (w *world) settle(b *batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, o := range w.open {
		if o == b {
			w.open = append(w.open[:i], w.open[i+1:]...)
			break
		}
	}
	for user, t := range b.adds {
		w.known[user] = w.known[user].plus(t)
	}
	w.acked += int64(b.events)
}

// bounds returns, for each user, what must be there and what may be there beside.
func (w *world) bounds() (least, most map[string]tally) {
	w.mu.Lock()
	defer w.mu.Unlock()
	least, most = map[string]tally{}, map[string]tally{}
	for user, t := range w.known {
		least[user], most[user] = t, t
	}
	for _, b := range w.open {
		for user, t := range b.adds {
			most[user] = most[user].plus(t)
		}
	}
	return least, most
}

// push sends a batch. Every row must be accepted, or known already where the batch is sent again.
func (w *world) push(ctx context.Context, s *server, b *batch, again bool) error {
	r, err := s.push(ctx, b.source, b.body)
	if err != nil {
		return err
	}
	if r.Accepted+r.Duplicate+r.Superseded != b.events || (!again && r.Accepted != b.events) {
		return fmt.Errorf("%w: %d events of %s, sent again: %v: %+v", errWrong, b.events, b.source, again, r)
	}
	w.settle(b)
	return nil
}

// errWrong marks what a crash does not excuse.
var errWrong = errors.New("wrong")

// check reads users and holds the answer against what was acknowledged before the question.
func (w *world) check(ctx context.Context, s *server, users []string, exact bool) error {
	least, _ := w.bounds()
	got, err := s.read(ctx, "all", users)
	if err != nil {
		return err
	}
	_, most := w.bounds()
	for _, u := range users {
		have := tally{got[u]["orders_of__n"], got[u]["orders_of__total"], got[u]["level_of__level"]}
		low, high := least[u], most[u]
		if have.n < low.n || have.total < low.total || have.level < low.level {
			return fmt.Errorf("%w: of %s there is %+v, and %+v was acknowledged", errWrong, u, have, low)
		}
		if exact && (have.n > high.n || have.total > high.total || have.level > high.level) {
			return fmt.Errorf("%w: of %s there is %+v, and no more than %+v was sent", errWrong, u, have, high)
		}
		if ids := got[u]["orders_of__ids"]; ids != have.n {
			return fmt.Errorf("%w: of %s there are %d events with %d ids", errWrong, u, have.n, ids)
		}
	}
	w.mu.Lock()
	w.reads++
	w.mu.Unlock()
	return nil
}

// load writes and reads until the server is gone, and returns what no crash excuses.
func (w *world) load(ctx context.Context, s *server, seed uint64) error {
	var group sync.WaitGroup
	found := make(chan error, 4)
	worker := func(n uint64, step func(rng *rand.Rand) error) {
		rng := rand.New(rand.NewPCG(seed, n))
		group.Go(func() {
			for {
				if err := step(rng); err != nil {
					if errors.Is(err, errWrong) || strings.HasPrefix(err.Error(), "status ") {
						found <- err
					}
					return
				}
			}
		})
	}
	for n := range uint64(2) {
		worker(n, func(rng *rand.Rand) error {
			return w.push(ctx, s, w.orders(rng, 1+rng.IntN(30)), false)
		})
	}
	worker(2, func(rng *rand.Rand) error {
		user := w.users[rng.IntN(len(w.users))]
		_, most := w.bounds()
		return w.push(ctx, s, w.levels(user, most[user].level+1), false)
	})
	worker(3, func(rng *rand.Rand) error {
		from := rng.IntN(len(w.users))
		return w.check(ctx, s, w.users[from:min(from+5, len(w.users))], false)
	})
	group.Wait()
	close(found)
	return <-found
}

// TestCrash kills the server under load at random moments, again and again. After each restart no acknowledged event is lost and none counted twice, what
// had no answer is sent again and counts once, and in the end everything that was served is the same when it is computed again.
func TestCrash(t *testing.T) {
	began := *seed
	if began == 0 {
		began = uint64(time.Now().UnixNano())
	}
	rng := rand.New(rand.NewPCG(began, 0))
	t.Logf("-seed %d", began)
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	w := newWorld(40)
	early := 0
	for round := range *crashes {
		if rng.IntN(4) == 0 {
			early += crashWhileStarting(t, dir, rng)
		}
		if err := w.round(t, dir, round, rng); err != nil {
			t.Fatalf("round %d: %v", round, err)
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
	vectors := audit(t, dir)
	t.Logf("%d crashes under load, %d while starting: %d events acknowledged, %d reads checked, %d vectors audited", *crashes, early, w.acked, w.reads, vectors)
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// crashWhileStarting kills a server at once, and reports 1 where it was not yet ready.
func crashWhileStarting(t *testing.T, dir string, rng *rand.Rand) int {
	t.Helper()
	s, err := launch(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := time.NewTimer(time.Duration(rng.IntN(150)) * time.Millisecond)
	defer at.Stop()
	<-at.C
	s.kill()
	return 1 - len(s.out.ready)
}

// round starts the server, holds its state against the model, and kills it under load. In some rounds definitions change meanwhile.
func (w *world) round(t *testing.T, dir string, round int, rng *rand.Rand) error {
	s, err := open(dir)
	if err != nil {
		return err
	}
	defer s.kill()
	if err := w.recover(t.Context(), s); err != nil {
		return err
	}
	var apply *exec.Cmd
	if rng.IntN(3) == 0 {
		writeProject(t, dir, crashProject, fmt.Sprintf("%dh", 2+round))
		apply = exec.Command(binary, "apply", "--project", dir, "--yes")
		if err := apply.Start(); err != nil {
			return err
		}
	}
	at := time.AfterFunc(time.Duration(100+rng.IntN(900))*time.Millisecond, s.kill)
	defer at.Stop()
	err = w.load(t.Context(), s, rng.Uint64())
	if apply != nil {
		apply.Wait() // the crash may have ended it, or not
	}
	return err
}

// recover checks a server that has just started, and sends again what had no answer.
func (w *world) recover(ctx context.Context, s *server) error {
	if err := w.check(ctx, s, w.users, true); err != nil {
		return fmt.Errorf("after the start: %w", err)
	}
	w.mu.Lock()
	open := append([]*batch(nil), w.open...)
	w.mu.Unlock()
	for _, b := range open {
		if err := w.push(ctx, s, b, true); err != nil {
			return fmt.Errorf("sent again: %w", err)
		}
	}
	if err := w.check(ctx, s, w.users, true); err != nil {
		return fmt.Errorf("after sending again: %w", err)
	}
	return nil
}

// audit computes again what the server of dir has served, expects the same bits and returns the number of vectors.
func audit(t testing.TB, dir string) int64 {
	t.Helper()
	out, err := exec.Command(binary, "audit", "--project", dir, "--json").CombinedOutput()
	if err != nil {
		t.Fatalf("audit: %v\n%s", err, out)
	}
	var r struct{ Vectors, Audited, Mismatched, Unauditable int64 }
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("audit: %v\n%s", err, out)
	}
	if r.Audited == 0 || r.Audited != r.Vectors || r.Mismatched != 0 || r.Unauditable != 0 {
		t.Errorf("audit: %s", out)
	}
	return r.Audited
}
