// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"selfsame"
	"selfsame/batch"
)

// preview keeps a few rows of a training set and prints them, a feature a line and a row a column.
type preview struct {
	rows  []int // row numbers to keep, ascending
	names []string
	cells [][]string // per kept row

	labels int // how many of the names are of label columns
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
		p.labels = len(c.Labels.Fields)
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

// previewLabels and previewFeatures bound the lines of a preview.
const previewLabels, previewFeatures = 8, 20

// print writes the rows that fit in width columns.
func (p *preview) print(w io.Writer, width int) {
	if len(p.cells) == 0 {
		return
	}
	lines := append(firsts(p.labels, previewLabels), spread(p.names[p.labels:], p.labels, previewFeatures)...)
	name := len("preview")
	for _, i := range lines {
		name = max(name, utf8.RuneCountInString(p.names[i])+2)
	}
	var rows, widths []int
	left := width - name
	for r, cells := range p.cells {
		col := len("row " + grouped(int64(p.rows[r])))
		for _, i := range lines {
			col = max(col, utf8.RuneCountInString(cells[i]))
		}
		if left -= col + 2; left < 0 && len(rows) > 0 {
			break
		}
		rows, widths = append(rows, r), append(widths, col)
	}
	fmt.Fprintf(w, "%-*s", name, "preview")
	for k, r := range rows {
		fmt.Fprintf(w, "  %*s", widths[k], "row "+grouped(int64(p.rows[r])))
	}
	fmt.Fprintln(w)
	for _, i := range lines {
		fmt.Fprintf(w, "  %-*s", name-2, p.names[i])
		for k, r := range rows {
			fmt.Fprintf(w, "  %*s", widths[k], p.cells[r][i])
		}
		fmt.Fprintln(w)
	}
	if n := len(p.names) - len(lines); n > 0 {
		fmt.Fprintf(w, "  and %d more columns\n", n)
	}
}

// firsts returns the numbers from 0 to n, at most limit of them, with the last: labels often come last.
func firsts(n, limit int) []int {
	var out []int
	for i := range min(n, limit) {
		out = append(out, i)
	}
	if n > limit {
		out[limit-1] = n - 1
	}
	return out
}

// spread chooses at most limit of the features, about as many of every view, and returns their numbers counted from first.
func spread(names []string, first, limit int) []int {
	var views []string
	rank := make([]int, len(names)) // within the view
	count := map[string]int{}
	for i, n := range names {
		view, _, _ := strings.Cut(n, "__")
		if count[view] == 0 {
			views = append(views, view)
		}
		rank[i] = count[view]
		count[view]++
	}
	each := max(1, limit/max(1, len(views)))
	if len(names) <= limit {
		each = len(names)
	}
	var out []int
	for i := range names {
		if rank[i] < each && len(out) < limit {
			out = append(out, first+i)
		}
	}
	return out
}

// cellText prints a value in at most 20 characters, a float64 with six digits.
func cellText(v selfsame.Value) string {
	if v.Status == selfsame.Present && v.Type.Kind == selfsame.Float64 {
		return strconv.FormatFloat(v.Float, 'g', 6, 64)
	}
	s := strings.ToValidUTF8(valueText(v), "�")
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

// columnsOf returns the width of a terminal, and 120 for anything else.
func columnsOf(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 120
	}
	if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
		return n
	}
	return 80
}
