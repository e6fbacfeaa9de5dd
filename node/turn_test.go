// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"selfsame"
	"selfsame/api"
	"selfsame/registry"
)

// TestTurn waits for work with and without a deadline: whoever does not get the turn is told what has it, since when, and how far that is.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := newTurn()
		if !turn.try("a backfill") || turn.try("a trim") {
			t.Fatal("it has two holders, or none")
		}
		turn.read(3000)
		refused := func(err error, class selfsame.ErrorClass, want ...string) {
			t.Helper()
			for _, part := range append(want, "apply", "a backfill has changed live states since 00:00:00", "has read 3000 ") {
				if selfsame.ClassOf(err) != class || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v; want %s and %q", err, class, part)
				}
			}
		}
		began := time.Now()
		refused(turn.takeSoon(t.Context(), "apply"), selfsame.ClassResource, "within 30s", "for 30s", "(100 a second)", "try again")
		if waited := time.Since(began); waited != ownWithin {
			t.Errorf("it waited for %v", waited)
		}
		turn.expect(9000)
		refused(turn.takeSoon(t.Context(), "apply"), selfsame.ClassResource)
		if want := "has read 3000 of about 9000 rows (50 a second): about 2m0s more"; !strings.HasSuffix(turn.held(), want) {
			t.Errorf("got %s, want %s", turn.held(), want)
		}
		turn.expect(0)
		soon, cancel := context.WithTimeout(t.Context(), 70*time.Second)
		defer cancel()
		refused(turn.takeSoon(soon, "apply"), selfsame.ClassCanceled, "for 2m10s")
		broken := errors.New("the caller left")
		if err := turn.take(t.Context(), "a materialization", func(string) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		told, got := make(chan string, 1), make(chan error, 1)
		go func() {
			got <- turn.take(t.Context(), "a materialization", func(why string) error { told <- why; return nil })
		}()
		if why := <-told; !strings.HasPrefix(why, "waits: a backfill has changed live states") {
			t.Errorf("told %q", why)
		}
		turn.end()
		if err := <-got; err != nil || !strings.HasPrefix(turn.held(), "a materialization has changed") {
			t.Errorf("%v; %s", err, turn.held())
		}
	})
}

// TestApplyDuringALoad: an apply, a stage and a retry while a load runs say what they wait for and change nothing; a further load says it and goes on when it may.
func TestApplyDuringALoad(t *testing.T) {
	w := newLiveWorld(t, till, map[string]string{"pays.csv": "k,x,id,at\n"})
	w.live.applying.patience = time.Millisecond
	w.live.applying.try("a backfill")
	w.live.applying.read(12)
	before := w.live.snapshot.Load().ID()
	w.write("selfsame.yaml", strings.Replace(till, "sum(x)", "min(x)", 1))
	_, applied := ApplyProject(t.Context(), w.live, &ChangeConfig{Project: w.project, Expect: registry.Newest})
	_, staged := w.act(&ActArgs{Staging: &registry.Staging{Stage: registry.Retired}, Ref: "paid.s@1"})
	for _, err := range []error{applied, staged} {
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "a backfill has changed live states since") || !strings.Contains(err.Error(), "12 rows") {
			t.Errorf("got %v", err)
		}
	}
	r, a := httptest.NewRequest("POST", "/v1/features?yes=true", strings.NewReader("views:\n  paid: {entity: user, source: pays, features: {s: min(x)}}\n")), httptest.NewRecorder()
	api.New(w.live.options("")).HTTP().ServeHTTP(a, r)
	if a.Code != 503 || !strings.Contains(a.Body.String(), "a backfill has changed live states since") {
		t.Errorf("over HTTP: %d %s", a.Code, a.Body)
	}
	if s, err := w.live.registry.Snapshot(t.Context()); err != nil || s.ID() != before {
		t.Errorf("%d records, want %d; %v", s.ID(), before, err)
	}
	told := make(chan string)
	done := make(chan error, 1)
	go func() {
		done <- w.live.backfillVerb(t.Context(), &LoadArgs{}, func(v any) error {
			if line := v.(LoadLine); line.Note != "" {
				told <- line.Note
			}
			return nil
		})
	}()
	if note := <-told; !strings.HasPrefix(note, "waits: a backfill has changed live states since") {
		t.Errorf("told %q", note)
	}
	// Who cannot load waits for nothing.
	silent := func(v any) error { t.Errorf("told %v", v); return nil }
	if err := w.live.backfillVerb(t.Context(), &LoadArgs{Views: []string{"none"}}, silent); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("got %v", err)
	}
	if err := w.live.materializeVerb(t.Context(), &LoadArgs{Views: []string{"paid"}}, silent); selfsame.ClassOf(err) != selfsame.ClassUsage {
		t.Errorf("got %v", err)
	}
	w.live.applying.end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
