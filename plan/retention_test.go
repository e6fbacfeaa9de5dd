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
