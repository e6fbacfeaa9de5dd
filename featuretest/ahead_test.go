// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"selfsame/batch"
	"selfsame/definition"
)

var (
	servedBlock = regexp.MustCompile(`(?m)^  services:\n.*\n`)
	laggingLine = regexp.MustCompile(`(?m)^      as_of: .*\n`)
)

// TestEveryAggregateLooksForward puts every aggregate over windows that look forward, under every kind of knowledge, to the batch driver
// and to the oracle.
func TestEveryAggregateLooksForward(t *testing.T) {
	windows := []string{"next 2h", "next 3h closed left", "next 90m offset 30m", "next 1h closed both"}
	for _, aggregate := range Aggregates {
		compared := 0
		for k := Known; k <= Retracted; k++ {
			for seed := range uint64(2) {
				rng := rand.New(rand.NewPCG(seed, 77))
				text := Generate(rng.IntN, Shape{Aggregates: []string{aggregate}, Windows: windows, Knowledge: k})
				text = laggingLine.ReplaceAllString(text, "")
				text = strings.ReplaceAll(servedBlock.ReplaceAllString(text, ""), "ask all", "ask v.*")
				diff, n, err := Disagreement(context.Background(), definition.Parse, Batch{Options: batch.Options{Threads: 1}}, Oracle{}, text)
				if err != nil {
					t.Fatalf("%s: %v\n%s", aggregate, err, text)
				}
				if diff != "" {
					t.Errorf("%s, seed %d: batch and oracle differ\n%s", aggregate, seed, diff)
				}
				compared += n
			}
		}
		if compared == 0 {
			t.Errorf("%s: nothing was compared", aggregate)
		}
	}
}
