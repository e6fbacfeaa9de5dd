// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// writeWide writes a project with many features over a window of some days.
func writeWide(t *testing.T, dir string, features, days int) {
	t.Helper()
	var b strings.Builder
	b.WriteString("project: wide\nentities:\n  user: {key: {user_id: string}}\nsources:\n" +
		"  orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}\nviews:\n  spend:\n    entity: user\n    source: orders\n    features:\n")
	for i := range features {
		fmt.Fprintf(&b, "      f%03d: sum(amount) filter (where amount > %d.0) over %dd\n", i, i, days)
	}
	b.WriteString("services:\n  risk: {features: [spend.*]}\n")
	if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ran is a process that ended.
type ran struct {
	code        int
	out, errors string
}

func runVerb(ctx context.Context, args ...string) ran {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	return ran{exitCode(err), out.String(), errs.String()}
}

// planned is what plan says of the registry, in short.
type planned struct {
	On       int64
	Features []struct{ From, To string }
}

func planWide(t *testing.T, dir, data string) planned {
	t.Helper()
	r := runVerb(t.Context(), "plan", "--project", dir, "--data", data, "--sample", "0", "--json")
	var p planned
	if err := json.Unmarshal([]byte(r.out), &p); err != nil {
		t.Fatalf("plan: %v, exit code %d\n%s", err, r.code, r.errors)
	}
	return p
}

// TestKilledApply kills applies of many features at random moments. Afterwards the registry holds all of the change or nothing of it, and the next
// apply works.
func TestKilledApply(t *testing.T) {
	t.Parallel()
	const features, kills = 100, 20
	dir, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	writeWide(t, dir, features, 1)
	started := time.Now()
	if r := runVerb(t.Context(), "apply", "--project", dir, "--data", data, "--yes", "--sample", "0"); r.code != 0 {
		t.Fatalf("apply: %+v", r)
	}
	whole := time.Since(started)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	applied, killed, on := 0, 0, int64(1)
	for i := range kills {
		writeWide(t, dir, features, i+2)
		moment := time.Duration(random.Int64N(int64(whole) * 5 / 4))
		ctx, stop := context.WithTimeout(t.Context(), moment)
		r := runVerb(ctx, "apply", "--project", dir, "--data", data, "--yes", "--sample", "0")
		stop()
		if r.code == -1 {
			killed++
		}
		p := planWide(t, dir, data)
		switch {
		case p.On == on && len(p.Features) == features && r.code != 0:
		case p.On == on+1 && len(p.Features) == 0:
			applied++
		default:
			t.Fatalf("seed %d, kill %d after %s: got apply %d with %d features to change, want %d with all of %d, or the next with none; %+v",
				seed, i, moment, p.On, len(p.Features), on, features, r)
		}
		on = p.On
		started := time.Now()
		if r := runVerb(t.Context(), "apply", "--project", dir, "--data", data, "--yes", "--sample", "0"); r.code != 0 {
			t.Fatalf("seed %d, the apply after kill %d: %+v", seed, i, r)
		} else if strings.Contains(r.out, "applied as") {
			on, whole = on+1, time.Since(started)
		}
	}
	if on != kills+1 || killed == 0 {
		t.Errorf("seed %d: got %d applies and %d kills, want %d applies and some kills", seed, on, killed, kills+1)
	}
	t.Logf("of %d applies %d were killed, %d were whole then", kills, killed, applied)
}

var appliedAs = regexp.MustCompile(`(?m)^applied as (\d+)$`)

// TestAppliesOfManyProcesses applies from many processes at once: the same change is applied once, and of several changes each stands on the one that it was
// planned on or is refused.
func TestAppliesOfManyProcesses(t *testing.T) {
	t.Parallel()
	const processes = 6
	data := filepath.Join(t.TempDir(), "data")
	same := t.TempDir()
	writeWide(t, same, 20, 1)
	together := func(dir func(i int) string) []ran {
		done := make(chan ran)
		for i := range processes {
			go func() {
				done <- runVerb(t.Context(), "apply", "--project", dir(i), "--data", data, "--yes", "--sample", "0", "--author", fmt.Sprintf("author%d", i))
			}()
		}
		var all []ran
		for range processes {
			all = append(all, <-done)
		}
		return all
	}
	var as []string
	for _, r := range together(func(int) string { return same }) {
		if m := appliedAs.FindStringSubmatch(r.out); m != nil {
			as = append(as, m[1])
		}
		if r.code != 0 {
			t.Errorf("one change: %+v", r)
		}
	}
	if !slices.Equal(as, []string{"1"}) {
		t.Errorf("one change was applied as %v, want once", as)
	}
	var dirs []string
	for i := range processes {
		dirs = append(dirs, t.TempDir())
		writeWide(t, dirs[i], 20, i+2)
	}
	as = nil
	for _, r := range together(func(i int) string { return dirs[i] }) {
		m := appliedAs.FindStringSubmatch(r.out)
		switch {
		case r.code == 0 && m != nil:
			as = append(as, m[1])
		case r.code == 8 && strings.Contains(r.errors, "came between") && strings.Contains(r.errors, "by author"):
		default:
			t.Errorf("several changes: %+v", r)
		}
	}
	slices.Sort(as)
	want := []string{"2", "3", "4", "5", "6", "7"}[:len(as)]
	if len(as) == 0 || !slices.Equal(as, want) {
		t.Errorf("several changes were applied as %v", as)
	}
	if p := planWide(t, same, data); p.On != int64(1+len(as)) {
		t.Errorf("got %d applies, want %d", p.On, 1+len(as))
	}
}
