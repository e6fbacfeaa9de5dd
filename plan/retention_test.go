// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"selfsame"
	"selfsame/definition"
	"selfsame/plan"
)

// TestHorizonOfWhatIsLookedUp: what rows in some window look up stays as long as they do.
func TestHorizonOfWhatIsLookedUp(t *testing.T) {
	const text = `
project: p
entities:
  user: {key: {k: string}}
sources:
  s:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    stream: {push: true}
    lateness: 1h
    corrections: 1h
    history: 1d
  r:
    schema: {k: string, y: int64, at: timestamp}
    event_time: at
    stream: {push: true}
    lateness: 2h
    corrections: 1h
views:
  newest: {entity: user, source: r, as_of: 1m, features: [y]}
  pace: {entity: user, source: s, features: {n: count(*) over 3h}}
  deep: {entity: user, source: s, features: {n: max(pace.n) over 5d, y: max(newest.y) over 2d}}
  top: {entity: user, source: s, where: newest.y > 0, features: {n: "max(deep.n) over %s"}}
`
	const day, hour, minute = selfsame.DayLength, selfsame.Hour, selfsame.Minute
	now := int64(1_718_454_600_000_000)
	for window, want := range map[string]map[string]int64{
		// top reaches a day of history and its window, deep its own from there, in the same rows, and pace its three hours from there.
		"10d":              {"top": 16 * day, "pace": 16*day + 3*hour, "newest": 11*day + minute + 2*hour},
		"8 rows within 1d": {"top": 7 * day, "pace": 7*day + 3*hour, "newest": 2*day + minute + 2*hour},
		"lifetime":         {"top": -1, "pace": -1, "newest": -1},
		"8 rows":           {"top": -1, "pace": -1, "newest": -1},
	} {
		p, err := definition.Parse(map[string][]byte{"selfsame.yaml": fmt.Appendf(nil, text, window)}, ".")
		if err != nil {
			t.Fatal(err)
		}
		pl, err := plan.Build(p, plan.Request{View: "top"})
		if err != nil {
			t.Fatal(err)
		}
		byBase := map[string][]*plan.Use{}
		for _, u := range pl.LiveUses() {
			byBase[u.Base()] = append(byBase[u.Base()], u)
		}
		for _, uses := range byBase {
			union, _, _, err := plan.Union(uses)
			if err != nil {
				t.Fatal(err)
			}
			s := plan.State{Use: union}
			got := now - s.Horizon(now)
			if s.Horizon(now) == selfsame.MinTime {
				got = -1
			}
			if name := union.View.Name; got != want[name] {
				t.Errorf("over %s: rows of %s of the last %dm stay, want %dm", window, name, got/minute, want[name]/minute)
			}
		}
		if len(byBase) != len(want) {
			t.Errorf("%d states, want %d: top and deep keep the same rows", len(byBase), len(want))
		}
	}
}

// TestHorizon: what must stay follows from the definitions.
func TestHorizon(t *testing.T) {
	const text = `
project: p
entities:
  user: {key: {k: string}}
sources:
  s:
    schema: {k: string, x: int64, at: timestamp}
    event_time: at
    stream: {push: true}
    %s
views:
  v: {entity: user, source: s, %s}
`
	const day, hour = selfsame.DayLength, selfsame.Hour
	now := int64(1_718_454_600_000_000) // 2024-06-15T12:30:00Z
	for _, c := range []struct {
		source, view string
		back         int64
	}{
		{"description: a", "features: {n: count(*) over 1h}", 30 * day},
		{"description: a", "features: {n: count(*) over 90d}", 90 * day},
		{"{lateness: 1h, corrections: 2h}", "features: {n: count(*) over 1h}", 2 * hour},
		{"{lateness: 3h, corrections: 2h}", "features: {n: count(*) over 1h}", 3 * hour},
		{"{lateness: 1h, corrections: 2h}", "features: {n: count(*) over 1d offset 1h}", 25 * hour},
		{"{lateness: 1h, corrections: 2h, history: 7d}", "features: {n: count(*) over 1d}", 8 * day},
		{"{lateness: 1h, corrections: 2h, history: 7d}", "as_of: 1h, features: {n: count(*) over 1d}", 8*day + hour},
		{"{lateness: 1h, corrections: 1h}", "features: {n: count(*) over lifetime}", hour},
		{"{lateness: 1h, corrections: 1h}", "features: {n: max(x) over 3 rows}", hour},
		{"{lateness: 1h, corrections: 1h}", "features: {n: max(x) over 3 rows within 2d}", 2 * day},
		{"{lateness: 1h, corrections: 1h}", "features: {n: count(*) over today}", 12*hour + hour/2},
		{"{lateness: 1h, corrections: 1h}", "features: {n: count(*) over 2h hop 1h}", 2*hour + hour/2},
		{"{lateness: 1h, corrections: 1h}", "features: {n: count(*) over session 1h}", day},
		{"{lateness: 1h, corrections: 1h, history: 1d}", "ttl: 90d, features: {x: x}", day + hour},
	} {
		settings := strings.ReplaceAll(strings.Trim(c.source, "{}"), ", ", "\n    ")
		p, err := definition.Parse(map[string][]byte{"selfsame.yaml": fmt.Appendf(nil, text, settings, c.view)}, ".")
		if err != nil {
			t.Fatal(err)
		}
		pl, err := plan.Build(p, plan.Request{View: "v"})
		if err != nil {
			t.Fatal(err)
		}
		s := plan.State{Use: pl.Uses[0]}
		if got := now - s.Horizon(now); got != c.back {
			t.Errorf("%s, %s: rows of the last %dh stay, want %dh", c.source, c.view, got/hour, c.back/hour)
		}
	}
}
