// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"selfsame/batch"
)

// progress tells how far a run is: one line rewritten in place on a terminal, a plain line every few seconds elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	quiet    bool
	started  time.Time

	mu    sync.Mutex
	rows  map[batch.Stage]int64
	total map[batch.Stage]int64 // 0: not known
	last  time.Time
	stage batch.Stage
	over  bool
}

func newProgress(out io.Writer, quiet bool) *progress {
	f, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && term.IsTerminal(int(f.Fd())), quiet: quiet, started: time.Now(),
		rows: map[batch.Stage]int64{}, total: map[batch.Stage]int64{}, last: time.Now()}
}

// expect sets how many rows a stage has.
func (p *progress) expect(s batch.Stage, rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total[s] = rows
}

// add is batch.Options.Progress.
func (p *progress) add(s batch.Stage, rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	n, total := p.rows[p.stage], p.total[p.stage]
	line := fmt.Sprintf("%-8s %s rows, %s rows/s", p.stage, grouped(n), grouped(int64(float64(n)/time.Since(p.started).Seconds())))
	if total > 0 && n <= total {
		share := float64(n) / float64(total)
		line = fmt.Sprintf("%-8s %3.0f %%  %s of %s rows", p.stage, 100*share, grouped(n), grouped(total))
		if p.terminal {
			line = fmt.Sprintf("%-8s %s %s", p.stage, bar(share), strings.TrimSpace(line[8:]))
		}
		if left := time.Duration(float64(time.Since(p.started)) * (1 - share) / share); share > 0 && left > time.Second {
			line += fmt.Sprintf(", about %s left", left.Round(time.Second))
		}
	}
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
	} else {
		fmt.Fprintln(p.out, line)
	}
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

func bar(share float64) string {
	const width = 30
	out := make([]rune, width)
	for i := range out {
		out[i] = '░'
		if float64(i) < share*width {
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
