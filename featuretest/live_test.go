// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
)

// lively asks an engine a case of which a part came live: equal cases become equal ones.
type lively struct {
	Engine
	served bool // rows ask at cuts of online reads, instead of the mode
}

// Ask makes part of the logs live and asks.
func (l lively) Ask(ctx context.Context, c *Case) (*Answer, error) {
	h := fnv.New64()
	for _, s := range c.Project.Sources {
		for _, row := range c.Logs[s.Name] {
			for _, v := range row {
				h.Write([]byte(Format(v)))
			}
		}
	}
	rng := rand.New(rand.NewPCG(h.Sum64(), uint64(len(c.Rows))))
	live := *c
	ends := enliven(&live, rng)
	if l.served {
		live.Rows = slices.Clone(c.Rows)
		for i := range live.Rows {
			live.Rows[i].Known, live.Rows[i].Served = nil, someCut(rng, &live, ends)
		}
		live.Mode = Mode{}
	}
	return l.Engine.Ask(ctx, &live)
}

// enliven gives rows of the logs a place in one live log, and returns the offsets at which its groups end.
func enliven(c *Case, rng *rand.Rand) []int64 {
	c.Live = map[string][]Entry{}
	type place struct {
		source string
		row    int
	}
	var log []place
	for _, s := range c.Project.Sources {
		if s.EventTime == "" {
			continue
		}
		share := rng.IntN(5) // 0: all history
		at := fieldOf(s, s.EventTime)
		for i, row := range c.Logs[s.Name] {
			c.Live[s.Name] = append(c.Live[s.Name], Entry{Offset: -1})
			op := fieldOf(s, s.Operation)
			admitted := row[at].Status == selfsame.Present && (op < 0 || operates(s, row[op].Str))
			if admitted && rng.IntN(4) < share {
				log = append(log, place{s.Name, i})
			}
		}
	}
	rng.Shuffle(len(log), func(i, j int) { log[i], log[j] = log[j], log[i] })
	alpha := int64(1_711_843_200_000_000) // 2024-03-31
	ends := []int64{0}
	for offset, p := range log {
		if offset > 0 && rng.IntN(3) > 0 {
			ends = append(ends, int64(offset))
			alpha += []int64{1, 1, selfsame.Hour, 2*selfsame.Hour + 1}[rng.IntN(4)]
		}
		c.Live[p.source][p.row] = Entry{Offset: int64(offset), Alpha: alpha}
	}
	return append(ends, int64(len(log)))
}

func fieldOf(s *selfsame.Source, name string) int {
	return slices.IndexFunc(s.Schema, func(f selfsame.Field) bool { return f.Name == name })
}

func someCut(rng *rand.Rand, c *Case, ends []int64) *Served {
	s := &Served{Offset: ends[rng.IntN(len(ends))], History: rng.IntN(5) > 0, Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	s.Past = rng.IntN(4) == 0
	if rng.IntN(4) == 0 {
		s.Lower = 1_711_843_200_000_000 + selfsame.Hour
		s.Upper = s.Lower + selfsame.DayLength
	}
	return s
}

// TestLiveLogAgainstOracle holds batch over history and archive to the oracle, by arrival and at cuts of online reads.
func TestLiveLogAgainstOracle(t *testing.T) {
	t.Parallel()
	for _, served := range []bool{false, true} {
		compared, dir := 0, t.TempDir()
		rapid.Check(t, func(rt *rapid.T) {
			text := Generate(choices(rt, 300), Shape{})
			got := lively{Batch{Options: batch.Options{Threads: 2, SpillDir: dir}, Files: 2}, served}
			diff, n, err := Disagreement(context.Background(), definition.Parse, got, lively{Oracle{}, served}, text)
			if err != nil {
				rt.Fatalf("%v\n%s", err, text)
			}
			if diff != "" {
				rt.Fatalf("served %v: batch and the oracle differ\n%s", served, diff)
			}
			compared += n
		})
		if compared < 100 {
			t.Fatalf("served %v: only %d values were compared", served, compared)
		}
	}
}
