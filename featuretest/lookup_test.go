// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"selfsame/batch"
	"selfsame/definition"
)

// trainers are the engines that answer what only training has.
func trainers() []Engine {
	return []Engine{Oracle{}, Batch{Options: batch.Options{Threads: 1}}, Batch{Options: batch.Options{Threads: 3, Memory: 1 << 14}, Files: 3}, Stream{}}
}

// TestTrainingScripts puts the scripts of what only training has to the oracle, to the batch driver under two physics, and to the stream
// driver, which must leave it out and give the rest.
func TestTrainingScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "training", "*.test"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range trainers() {
			t.Run(fmt.Sprint(filepath.Base(file), "/", e.Name(), i), func(t *testing.T) {
				s, err := Parse(file, string(text))
				if err != nil {
					t.Fatal(err)
				}
				res, err := (&Runner{Define: definition.Parse, Engine: e}).Run(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range res.Failures {
					t.Error(f)
				}
				if _, all := e.(Batch); all && res.Open > 0 || res.Checked == 0 {
					t.Errorf("%d values were checked, %d not answered", res.Checked, res.Open)
				}
			})
		}
	}
}

// lookupCase draws a script: orders that look up profiles, rates of their shop and their own user's pace, each late, repeated, deleted or
// unknown now and then, in whatever order.
func lookupCase(draw func(n int) int) string {
	var b strings.Builder
	pick := func(words ...string) string { return words[draw(len(words))] }
	b.WriteString(`definitions
  entities:
    user: {key: {u: string}}
    shop: {key: {s: int64}}
    tier: {key: {tier: string}}
  sources:
    orders:
      schema: {id: string, u: string, s: int64, x: float64, op: string, at: timestamp, seen: timestamp}
      event_time: at
      arrival: seen
`)
	ided := draw(2) == 1
	if ided {
		b.WriteString("      id: id\n      operation: op\n")
	}
	b.WriteString("      batch: {path: o.jsonl}\n    profiles:\n      schema: {u: string, tier: string, w: float64, at: timestamp, seen: timestamp}\n      event_time: at\n" +
		pick("      arrival: seen\n", "", "      knowledge_delay: 3s\n") + "      batch: {path: p.jsonl}\n")
	b.WriteString("    rates:\n      schema: {s: int64, r: float64}\n      batch: {path: r.jsonl}\n  views:\n")
	b.WriteString("    profile:\n      entity: user\n      source: profiles\n      features: [tier, w]\n" + pick("", "      ttl: 9s\n", "      closed: left\n", "      as_of: 2s\n"))
	b.WriteString("    rate: {entity: shop, source: rates, features: [r]}\n")
	fmt.Fprintf(&b, "    pace: {entity: user, source: orders, features: {n: %q, sum: \"sum(x) over %ds\"}}\n", "count(*) "+pick("over 7s", "over 3 rows", "over session 4s", ""), 1+draw(12))
	args := []string{"profile.w", "rate.r", "pace.n", "pace.sum", "x + pace.n", "x * rate.r", "profile.w + x"}
	filters := []string{"", "", "profile.tier = 'a'", "pace.n > 1", "profile.w is null", "rate.r >= 2 and profile.tier <> 'b'"}
	body := func(n int) {
		for i := range n {
			filter := pick(filters...)
			if filter != "" {
				filter = " filter (where " + filter + ")"
			}
			fmt.Fprintf(&b, "        f%d: %s(%s)%s%s\n", i, pick("sum", "count", "max", "last", "first", "avg", "last", "count_distinct_of"), pick(args...), filter,
				pick("", " over 10s", " over 4 rows", " over 8s closed right", " over session 5s"))
		}
	}
	view := func(name, rest string, n int) {
		fmt.Fprintf(&b, "    %s:\n      source: orders\n%s      features:\n", name, rest)
		body(n)
	}
	view("spend", "      entity: user\n"+pick("", "      where: profile.tier is not null\n", "      as_of: 1s\n"), 3)
	view("by_tier", "      entity: tier\n      key: {tier: profile.tier}\n", 2)
	view("whole", pick("", "      where: pace.n < 3\n"), 2)
	fmt.Fprintf(&b, "    deep: {entity: user, source: orders, features: {top: \"max(spend.f0) over 20s\", all: \"count(spend.f1)\"}}\n")
	at := func() string { return fmt.Sprintf("2024-01-01T00:00:%02dZ", draw(25)) }
	seen := func(tau string) string {
		switch draw(6) {
		case 0:
			return "null"
		case 1, 2:
			return at()
		}
		return tau
	}
	b.WriteString("\nevents orders\n  id u s x op at seen\n")
	for i := range 3 + draw(9) {
		tau, op := at(), "insert"
		if ided && draw(6) == 0 {
			op = "delete"
		}
		fmt.Fprintf(&b, "  o%d %s %s %d %s %s %s\n", draw(i+2), pick("u1", "u1", "u2", "null"), pick("1", "2", "null"), draw(4), op, tau, seen(tau))
	}
	b.WriteString("\nevents profiles\n  u tier w at seen\n")
	for range 1 + draw(8) {
		tau := at()
		fmt.Fprintf(&b, "  %s %s %s %s %s\n", pick("u1", "u1", "u2"), pick("a", "b", "null"), pick("1", "2.5", "null"), tau, seen(tau))
	}
	b.WriteString("\nevents rates\n  s r\n  1 2\n  3 9\n\n")
	ask := "ask spend.*,by_tier.*,whole.*,deep.* " + pick("", "", "final", "as_of 2s") + "\n"
	known := draw(3) == 0 && !strings.ContainsAny(ask[len("ask spend.*,by_tier.*,whole.*,deep.* "):], "fa")
	b.WriteString(ask + "  u tier T" + map[bool]string{true: " K"}[known] + "\n")
	for range 1 + draw(8) {
		fmt.Fprintf(&b, "  %s %s %s", pick("u1", "u1", "u2", "null"), pick("a", "b", "null"), at())
		if known {
			b.WriteString(" " + at())
		}
		b.WriteString("\n")
	}
	return strings.ReplaceAll(b.String(), "count_distinct_of(", "count(distinct ")
}

// TestLookupsEqualOracle draws logs and views that look others up (P1, P2): what an event looks up is known where a row's cut knows it.
func TestLookupsEqualOracle(t *testing.T) {
	t.Parallel()
	compared := 0
	for i, e := range trainers()[1:3] {
		rapid.Check(t, func(rt *rapid.T) {
			text := lookupCase(choices(rt, 100))
			diff, n, err := Disagreement(context.Background(), definition.Parse, e, Oracle{}, text)
			if err != nil {
				rt.Fatalf("%d: %v\n%s", i, err, text)
			}
			if diff != "" {
				rt.Fatalf("batch and oracle differ\n%s", diff)
			}
			compared += n
		})
	}
	if compared < 1000 {
		t.Errorf("only %d values were compared", compared)
	}
}

// lookupSides holds the engines that answer at cuts to the oracle over one script, and returns how many values were compared.
func lookupSides(t *testing.T, seed uint64, counts map[string]int, text string) int {
	t.Helper()
	online, file := Stream{Seed: seed, Counts: counts}, Batch{Options: batch.Options{Threads: 1}, Files: 2}
	total, explanations := 0, 0
	for _, side := range []struct {
		name      string
		got, want Engine
	}{
		{"history", online, Oracle{}},
		{"live, batch", live{file, nil, false}, live{Oracle{}, nil, false}},
		{"live", live{online, nil, false}, live{Oracle{}, nil, false}},
		{"explained", explained{dir: t.TempDir(), rows: 1, done: &explanations}, Oracle{}},
		{"live, explained", live{explained{dir: t.TempDir(), rows: 1, done: &explanations}, nil, false}, live{Oracle{}, nil, false}},
	} {
		diff, n, err := Disagreement(t.Context(), definition.Parse, side.got, side.want, text)
		if err != nil {
			t.Fatalf("seed %d, %s: %v\n%s", seed, side.name, err, text)
		}
		if diff != "" {
			t.Errorf("seed %d, %s: the engine and the oracle differ\n%s", seed, side.name, diff)
		}
		total += n
	}
	return total
}

// servedLookups is lookupCase without what no online read has: a key that is looked up.
func servedLookups(seed uint64) string {
	text := lookupCase(rand.New(rand.NewPCG(seed, 17)).IntN)
	return strings.Replace(text, "ask spend.*,by_tier.*,", "ask spend.*,", 1)
}

// TestLookupsOnline holds the stream and request drivers, and batch in served mode, to the oracle (P2) with views that look others up: as the log tells it
// and with a part of it live, disturbed, at cuts by position and as of the past.
func TestLookupsOnline(t *testing.T) {
	t.Parallel()
	total, counts := 0, map[string]int{}
	for seed := uint64(1); seed <= 24 && !t.Failed(); seed++ {
		text := servedLookups(seed)
		if seed%3 == 0 { // versions of rows, which take each other's place
			text = strings.ReplaceAll(strings.Replace(text, "      id: id\n      operation: op\n", "      primary_key: [id]\n      operation: op\n", 1), " insert ", " upsert ")
		}
		total += lookupSides(t, seed, counts, text)
	}
	t.Log(total, "values,", counts)
	if total < 1500 {
		t.Errorf("only %d values were compared", total)
	}
}

// TestAuditOfLookups audits what the oracle would have served of views that look others up: nothing differs, and one changed value is found and explained.
func TestAuditOfLookups(t *testing.T) {
	for _, tamper := range []bool{false, true} {
		seen, dir := int64(0), t.TempDir()
		for seed := uint64(1); seed <= 12; seed++ {
			text := strings.Replace(servedLookups(seed), "\nevents orders\n", "  services:\n    s: {features: [spend.*, whole.*, deep.*]}\n\nevents orders\n", 1)
			text = strings.Replace(text, "ask spend.*,whole.*,deep.* ", "ask s ", 1)
			diff, _, err := Disagreement(t.Context(), definition.Parse, lively{audited{dir: dir, tamper: tamper, seen: &seen}, true}, lively{Oracle{}, true}, text)
			if err != nil || diff != "" {
				t.Fatalf("seed %d, tampered %v: %v\n%s\n%s", seed, tamper, err, diff, text)
			}
		}
		if seen < 100 {
			t.Errorf("only %d values were audited", seen)
		}
	}
}

// TestLookupsAreRetained draws the same with days for seconds, windows that end somewhere and events that settle soon: retention leaves what is looked up for
// as long as rows that look it up are in a window.
func TestLookupsAreRetained(t *testing.T) {
	t.Parallel()
	total, counts := 0, map[string]int{}
	second, moment := regexp.MustCompile(`\b(\d+)s\b`), regexp.MustCompile(`2024-01-01T00:00:(\d\d)Z`)
	bounded := strings.NewReplacer(" over 4 rows", " over 3d", " over 3 rows", " over 2d", "count(spend.f1)", "count(spend.f1) over 9d")
	unbounded := regexp.MustCompile(`(?m)(^ +f\d+: (?:[^o\n]|o[^v\n])*\))$`)
	settled := "      event_time: at\n      lateness: 2d\n      corrections: 2d\n      skew: 2d\n"
	for seed := uint64(1); seed <= 24 && !t.Failed(); seed++ {
		text := second.ReplaceAllString(servedLookups(seed), "${1}d")
		text = moment.ReplaceAllStringFunc(text, func(m string) string {
			return time.Date(2024, 1, 1+int(m[17]-'0')*10+int(m[18]-'0'), 0, 0, 0, 0, time.UTC).Format(time.RFC3339)
		})
		text = unbounded.ReplaceAllString(bounded.Replace(text), "$1 over 4d")
		text = strings.ReplaceAll(text, `n: "count(*) "`, `n: "count(*) over 3d"`)
		total += lookupSides(t, seed, counts, strings.ReplaceAll(text, "      event_time: at\n", settled))
	}
	t.Log(total, "values,", counts)
	if total < 1500 || counts["retention"] < 10 {
		t.Errorf("only %d values were compared, %v", total, counts)
	}
}
