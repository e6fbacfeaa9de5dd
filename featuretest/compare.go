// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"strings"
)

// Disagreement puts every question of a script to two engines and returns what differs, or "" where they agree in every bit and
// status. It ends with the script, the expected values those of want, so that it can be kept as a scenario. Outputs that one
// engine cannot answer are not compared; compared says how many values were.
func Disagreement(ctx context.Context, define Definer, got, want Engine, text string) (differences string, compared int, err error) {
	s, err := Parse("generated.test", text)
	if err != nil {
		return "", 0, err
	}
	var out []string
	r := &Runner{Define: define, Engine: want}
	err = r.each(ctx, s, func(_ *Scenario, _ *question, c *Case, a *Answer, askErr error) error {
		if askErr != nil {
			return askErr
		}
		b, err := got.Ask(ctx, c)
		if err != nil {
			out = append(out, fmt.Sprintf("%s: %v", got.Name(), err))
			return nil
		}
		compared += len(a.Outputs) * len(c.Rows)
		out = append(out, Differences(c, b, a)...)
		return nil
	}, &Result{})
	if err != nil || len(out) == 0 {
		return "", compared, err
	}
	kept, err := Rewrite(ctx, r, s)
	if err != nil {
		return "", compared, err
	}
	return strings.Join(out, "\n") + "\n\n" + kept, compared, nil
}

// Rewrite returns the script's text with the engine's answers as expected values. Tables of questions without expectations get
// every output of the engine.
func Rewrite(ctx context.Context, r *Runner, s *Script) (string, error) {
	lines := append([]string(nil), s.lines...)
	err := r.each(ctx, s, func(_ *Scenario, q *question, c *Case, a *Answer, askErr error) error {
		if askErr != nil || q.fails != "" {
			return askErr
		}
		return q.table.rewrite(lines, c, a)
	}, &Result{})
	return strings.Join(lines, "\n"), err
}

// rewrite replaces the lines of a table of questions.
func (t *table) rewrite(lines []string, c *Case, a *Answer) error {
	names := t.header[t.given:]
	if len(names) == 0 {
		names = a.Outputs
	}
	var known []string
	for _, o := range c.outputs() {
		known = append(known, o.name)
	}
	grid := [][]string{append(append([]string{}, t.header[:t.given]...), append([]string{"|"}, names...)...)}
	for i, tr := range t.rows {
		if i > 0 && t.rows[i-1].line == tr.line {
			return fmt.Errorf("line %d: a repeated row of questions cannot be rewritten", tr.line)
		}
		row := append(append([]string{}, tr.cells[:t.given]...), "|")
		for j, name := range names {
			cell := "null"
			if t.given+j < len(tr.cells) {
				cell = tr.cells[t.given+j]
			}
			if at := indexOf(a.Outputs, resolveOutput(name, known)); at >= 0 {
				cell = Format(a.Rows[i][at])
			}
			row = append(row, cell)
		}
		grid = append(grid, row)
	}
	width := make([]int, len(grid[0]))
	for _, row := range grid {
		for j, cell := range row {
			width[j] = max(width[j], len([]rune(cell)))
		}
	}
	for i, row := range grid {
		var b strings.Builder
		for j, cell := range row {
			b.WriteString("  " + cell + strings.Repeat(" ", width[j]-len([]rune(cell))))
		}
		line := t.headerLine
		if i > 0 {
			line = t.rows[i-1].line
		}
		lines[line-1] = strings.TrimRight(b.String(), " ")
	}
	return nil
}
