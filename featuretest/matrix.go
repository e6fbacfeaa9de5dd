// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"fmt"
	"slices"
	"strings"
)

// MatrixCell is the outcome of one aggregate over one window under one kind of knowledge.
type MatrixCell struct {
	Aggregate string
	Window    string
	Knowledge Knowledge
	Online    bool   // asked of the stream and request drivers, under every kind of knowledge
	Refused   string // the refusal, where the definition is refused by name
	Pass      bool
}

// Matrix renders docs/matrix.md: a row per aggregate, a column per window, in a cell the kinds of knowledge that pass.
func Matrix(cells []MatrixCell) string {
	marks := map[[2]string][]string{}
	var aggregates, windows []string
	for _, c := range cells {
		if !slices.Contains(aggregates, c.Aggregate) {
			aggregates = append(aggregates, c.Aggregate)
		}
		if !slices.Contains(windows, c.Window) {
			windows = append(windows, c.Window)
		}
		mark := "**fails**"
		switch {
		case c.Refused != "" && c.Online:
			mark = "-"
		case c.Refused != "":
			mark = "refused"
		case c.Pass && c.Online:
			mark = "O"
		case c.Pass:
			mark = strings.ToUpper(c.Knowledge.String()[:1])
		}
		key := [2]string{c.Aggregate, c.Window}
		marks[key] = append(marks[key], mark)
	}
	var b strings.Builder
	b.WriteString("# The matrix\n\nAggregate × window × knowledge. Every letter is a passing case in which the batch driver gave the oracle's bits:\n" +
		"B events known at once, L late, out of order and repeated ones, R deleted and superseded ones. O: the stream and request drivers gave them too,\n" +
		"for events of all three kinds that were pushed, backfilled or both. -: serving it is refused by name. Written by\n" +
		"`go test ./featuretest -run TestMatrix -rewrite`.\n\n")
	header := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	head := []string{"aggregate"}
	for _, w := range windows {
		head = append(head, "`"+w+"`")
	}
	header(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, a := range aggregates {
		row := []string{"`" + a + "`"}
		for _, w := range windows {
			row = append(row, strings.Join(slices.Compact(marks[[2]string{a, w}]), ""))
		}
		header(row)
	}
	return b.String()
}
