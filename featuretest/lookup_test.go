// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	compared := 0
	for i, e := range trainers()[1:3] {
		rapid.Check(t, func(rt *rapid.T) {
			picks := rapid.SliceOfN(rapid.Uint16(), 100, 300).Draw(rt, "picks")
			text := lookupCase(func(n int) int {
				if len(picks) == 0 {
					return 0
				}
				p := int(picks[0]) % n
				picks = picks[1:]
				return p
			})
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
