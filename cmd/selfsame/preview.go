// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
)

// preview keeps a few rows of a training set and prints them, a feature a line and a row a column.
type preview struct {
	rows  []int // row numbers to keep, ascending
	names []string
	cells [][]string // per kept row
}

// newPreview keeps four rows spread over a set of n.
func newPreview(n int) *preview {
	p := &preview{}
	for _, r := range []int{0, n / 3, 2 * n / 3, n - 1} {
		if r >= 0 && (len(p.rows) == 0 || r > p.rows[len(p.rows)-1]) {
			p.rows = append(p.rows, r)
		}
	}
	return p
}

// Observe is node.Observer.
func (p *preview) Observe(c *batch.Chunk) error {
	if p.names == nil {
		for _, f := range append(append([]selfsame.Field(nil), c.Labels.Fields...), c.Features.Fields...) {
			p.names = append(p.names, f.Name)
		}
	}
	for _, r := range p.rows {
		if r < c.First || r >= c.First+c.Rows {
			continue
		}
		var cells []string
		for _, col := range append(append(c.Labels.Columns[:0:0], c.Labels.Columns...), c.Features.Columns...) {
			cells = append(cells, cellText(col.Value(r-c.First)))
		}
		p.cells = append(p.cells, cells)
	}
	return nil
}

func (p *preview) print(w io.Writer) {
	if len(p.cells) == 0 {
		return
	}
	width := 0
	for _, n := range p.names {
		width = max(width, len(n))
	}
	fmt.Fprintf(w, "preview%s", strings.Repeat(" ", max(0, width-5)))
	for _, r := range p.rows {
		fmt.Fprintf(w, "  %20s", "row "+grouped(int64(r)))
	}
	fmt.Fprintln(w)
	for i, n := range p.names {
		fmt.Fprintf(w, "  %-*s", width, n)
		for _, cells := range p.cells {
			fmt.Fprintf(w, "  %20s", cells[i])
		}
		fmt.Fprintln(w)
	}
}

// cellText prints a value in at most 20 characters.
func cellText(v selfsame.Value) string {
	s := valueText(v)
	if r := []rune(s); len(r) > 20 {
		return string(r[:19]) + "…"
	}
	return s
}

func valueText(v selfsame.Value) string {
	if v.Status != selfsame.Present {
		return v.Status.String()
	}
	switch v.Type.Kind {
	case selfsame.Bool:
		return strconv.FormatBool(v.Int != 0)
	case selfsame.Int64:
		return strconv.FormatInt(v.Int, 10)
	case selfsame.Float64:
		return strconv.FormatFloat(v.Float, 'g', -1, 64)
	case selfsame.Timestamp:
		return time.UnixMicro(v.Int).UTC().Format("2006-01-02T15:04:05.999999")
	case selfsame.Date:
		return time.Unix(v.Int*86400, 0).UTC().Format(time.DateOnly)
	case selfsame.String, selfsame.Bytes:
		return v.Str
	}
	var parts []string
	for i, e := range v.Elems {
		text := valueText(e)
		if v.Keys != nil {
			text = v.Keys[i] + ": " + text
		}
		parts = append(parts, text)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
