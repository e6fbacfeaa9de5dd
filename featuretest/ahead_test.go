// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
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

// labelWindows are the windows of the matrix that look forward.
var labelWindows = []string{"next 2h", "next 3h closed left", "next 90m offset 30m", "next 1h closed both"}

// labelCase draws a case of windows that look forward, with the service that may not hold them.
func labelCase(seed uint64, shape Shape) string {
	return laggingLine.ReplaceAllString(Generate(rand.New(rand.NewPCG(seed, 77)).IntN, shape), "")
}

// labelRow runs a few seeds of one aggregate over all windows that look forward.
func labelRow(t *testing.T, aggregate string, k Knowledge) []MatrixCell {
	t.Helper()
	failed := map[string]bool{}
	shape := Shape{Aggregates: []string{aggregate}, Windows: labelWindows, Knowledge: k}
	for seed := range uint64(2) {
		text := strings.ReplaceAll(servedBlock.ReplaceAllString(labelCase(seed, shape), ""), "ask all", "ask v.*")
		compareWindows(t, shape, text, Batch{Options: batch.Options{Threads: 1}}, Oracle{}, failed)
	}
	var out []MatrixCell
	for _, w := range labelWindows {
		out = append(out, MatrixCell{Aggregate: aggregate, Window: w, Knowledge: k, Pass: !failed[w]})
	}
	return out
}

// unservedRow holds that a service refuses one aggregate over each window that looks forward, and that it says why.
func unservedRow(t *testing.T, aggregate string) []MatrixCell {
	t.Helper()
	var out []MatrixCell
	for _, w := range labelWindows {
		cell := MatrixCell{Aggregate: aggregate, Window: w, Online: true}
		s, err := Parse("generated.test", labelCase(1, Shape{Aggregates: []string{aggregate}, Windows: []string{w}, Knowledge: Known}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&Runner{Define: definition.Parse, Engine: Oracle{}}).Run(t.Context(), s)
		if err != nil && strings.Contains(err.Error(), "v.a0 cannot be served: the view v looks forward") {
			cell.Refused = err.Error()
		}
		out = append(out, cell)
	}
	return out
}
