// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"selfsame/batch"
	"selfsame/node"
)

// progress tells how far a run is: one line rewritten in place on a terminal, a plain line every few seconds elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	quiet    bool
	started  time.Time

	mu    sync.Mutex
	begun map[batch.Stage]time.Time
	rows  map[batch.Stage]int64
	total map[batch.Stage]int64 // 0: not known
	last  time.Time
	stage batch.Stage
	over  bool
}

func newProgress(out io.Writer, quiet bool) *progress {
	f, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && term.IsTerminal(int(f.Fd())), quiet: quiet, started: time.Now(),
		begun: map[batch.Stage]time.Time{}, rows: map[batch.Stage]int64{}, total: map[batch.Stage]int64{}, last: time.Now()}
}

// expect sets how many rows a stage has.
func (p *progress) expect(s batch.Stage, rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total[s] = rows
}

// plan sets how many rows the stages of a run have, as far as its files say.
func (p *progress) plan(run *node.Prepared) error {
	reads, err := run.Reads()
	if err != nil {
		return err
	}
	var n int64
	for _, r := range reads {
		if r.Rows < 0 {
			n = 0
			break
		}
		n += r.Rows
	}
	rows := int64(run.Rows.Batch.Rows)
	p.expect(batch.StageRead, n)
	p.expect(batch.StageCompute, rows*int64(len(run.Plan.Uses)))
	p.expect(batch.StageWrite, rows)
	return nil
}

// add is batch.Options.Progress.
func (p *progress) add(s batch.Stage, rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.begun[s]; !ok {
		p.begun[s] = time.Now()
	}
	p.rows[s] += rows
	p.stage = s
	interval := 5 * time.Second
	if p.terminal {
		interval = 100 * time.Millisecond
	}
	if p.quiet || p.over || time.Since(p.last) < interval {
		return
	}
	p.last = time.Now()
	p.print()
}

func (p *progress) print() {
	width := 0 // not known
	if p.terminal {
		width = 80
		if w, _, err := term.GetSize(int(p.out.(*os.File).Fd())); err == nil && w > 0 {
			width = w
		}
	}
	line := stageLine(p.stage, p.rows[p.stage], p.total[p.stage], time.Since(p.begun[p.stage]), width)
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
	} else {
		fmt.Fprintln(p.out, line)
	}
}

// stageLine says how far a stage is after a time: how many rows of how many (total 0: not known), how many a second, and how long the
// rest will take. On a terminal of width columns (0: none) it begins with a bar and is cut to one line.
func stageLine(s batch.Stage, n, total int64, after time.Duration, width int) string {
	rate := float64(n) / max(after.Seconds(), 0.001)
	line := fmt.Sprintf("%-8s", s)
	if total <= 0 || n > total {
		line += fmt.Sprintf(" %s rows, %s rows/s", grouped(n), grouped(int64(rate)))
		return cut(line, width)
	}
	share := float64(n) / float64(total)
	if width > 0 {
		line += " " + bar(share, min(30, max(8, width-70)))
	}
	line += fmt.Sprintf(" %3.0f %%  %s of %s rows, %s rows/s", 100*share, grouped(n), grouped(total), grouped(int64(rate)))
	if left := time.Duration(float64(total-n) / max(rate, 1) * float64(time.Second)); left > time.Second {
		line += fmt.Sprintf(", %s left", left.Round(time.Second))
	}
	return cut(line, width)
}

// cut shortens a line to less than width columns, where there is a width.
func cut(line string, width int) string {
	if r := []rune(line); width > 0 && len(r) >= width {
		return string(r[:width-1])
	}
	return line
}

// stop clears the line. Later calls of add print nothing.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal && !p.over && !p.quiet {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	p.over = true
}

func bar(share float64, width int) string {
	out := make([]rune, width)
	for i := range out {
		out[i] = '░'
		if float64(i) < share*float64(width) {
			out[i] = '█'
		}
	}
	return string(out)
}

// grouped prints an integer with commas.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
