// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"selfsame"
	"selfsame/node"
)

// demoLiveFlags are the flags of demo --live as typed.
type demoLiveFlags struct {
	live    bool
	speed   float64
	seconds float64
	reads   int
}

// demoReaders is how many clients read.
const demoReaders = 4

func (f *demoLiveFlags) check() error {
	switch {
	case !(f.seconds > 0):
		return usage(fmt.Sprintf("--seconds %v", f.seconds), "not a length of time", "say how many seconds to replay for, such as 10")
	case f.speed < 0:
		return usage(fmt.Sprintf("--speed %v", f.speed), "time runs forward", "say how many times faster than real time, such as 100000; 0 fits all events into --seconds")
	case f.reads < 0:
		return usage(fmt.Sprintf("--reads %d", f.reads), "not a rate", "say how many reads a second, 0 for none")
	}
	return nil
}

// demoLive serves the fraud example, replays its events, reads all the while, and audits what was served.
func demoLive(ctx context.Context, f *demoLiveFlags, dir string, out io.Writer) error {
	if err := f.check(); err != nil {
		return err
	}
	if !exists(filepath.Join(dir, "selfsame.yaml")) {
		if err := writeExample("fraud", dir); err != nil {
			return err
		}
	}
	show := newDemoShow(out)
	cfg := &node.DemoConfig{Project: dir, Service: "fraud", Rows: filepath.Join("data", "labels.csv"), Fields: []string{"user_id", "merchant_id", "amount", "lat", "lon"},
		Speed: f.speed, For: time.Duration(f.seconds * float64(time.Second)), Reads: f.reads, Readers: demoReaders,
		Begun: func(p *node.DemoPlan) { show.begin(p, f.reads) }, Told: show.second, Notify: show.note}
	if f.reads == 0 {
		cfg.Readers = 0
	}
	report, err := node.Demo(ctx, cfg)
	show.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "pushed %s events in %.1fs: %s\n", grouped(report.Events), report.Took.Seconds(), fateText(report.Fates))
	if report.Left > 0 {
		fmt.Fprintf(out, "the time was over before %s further events; --seconds gives more\n", grouped(int64(report.Left)))
	}
	if l := report.Latency; l.Reads > 0 {
		fmt.Fprintf(out, "read %s vectors: p50 %s ms, p99 %s ms, greatest %s ms\n", grouped(int64(l.Reads)), millis(l.P50), millis(l.P99), millis(l.Max))
	}
	fmt.Fprintln(out, "audit: what was served, computed again from the log by the engine that makes training sets")
	if err := report.Audit.WriteText(out); err != nil {
		return err
	}
	if !report.Audit.Passed() {
		return &selfsame.Error{Class: selfsame.ClassExpectation, Ref: "audit", Message: fmt.Sprintf("%d values were served otherwise than the batch engine gives them", report.Audit.Mismatched),
			Hint: "please report it with the lines above"}
	}
	fmt.Fprintf(out, "now try\n  selfsame audit --project %[1]s --gap\n  selfsame events --project %[1]s --verdict late --limit 3\n  selfsame train fraud --project %[1]s --rows journal --out %[1]s/train.parquet\n  selfsame serve --project %[1]s\n", dir)
	return nil
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/1000) }

// fateText lists what became of events.
func fateText(fates map[string]int64) string {
	var parts []string
	for _, f := range fateOrder {
		if n := fates[f]; n > 0 {
			parts = append(parts, grouped(n)+" "+f)
		}
	}
	return strings.Join(parts, ", ")
}

// demoShow is the picture of a live demonstration: on a terminal one line that changes, elsewhere a line a second.
type demoShow struct {
	out      io.Writer
	terminal bool
	events   int64 // at the last line
	open     bool  // the line is not ended
}

func newDemoShow(out io.Writer) *demoShow {
	f, ok := out.(*os.File)
	return &demoShow{out: out, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

func (s *demoShow) begin(p *node.DemoPlan, reads int) {
	fmt.Fprintf(s.out, "serving on http %s, grpc %s, on a simulated clock\n", p.HTTP, p.GRPC)
	fmt.Fprintf(s.out, "replaying %s events of %s to %s, %s times faster than they happened; reading %s times a second\n", grouped(int64(p.Events)), demoDay(p.First),
		demoDay(p.Last), grouped(int64(p.Speed)), grouped(int64(reads)))
}

func demoDay(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.DateOnly) }

func (s *demoShow) second(d *node.DemoSecond) {
	seconds := max(d.Interval.Seconds(), 0.001)
	line := fmt.Sprintf("%s  %s events/s  %s reads/s  p50 %s ms  p99 %s ms  %s", time.UnixMicro(d.At).UTC().Format("2006-01-02 15:04"), padded(float64(d.Events-s.events)/seconds, 6),
		padded(float64(d.Latency.Reads)/seconds, 7), millis(d.Latency.P50), millis(d.Latency.P99), fateText(d.Fates))
	s.events = d.Events
	if !s.terminal {
		fmt.Fprintln(s.out, line)
		return
	}
	width := 80
	if w, _, err := term.GetSize(int(s.out.(*os.File).Fd())); err == nil && w > 0 {
		width = w
	}
	fmt.Fprintf(s.out, "\r\x1b[K%s", cut(line, width))
	s.open = true
}

func padded(v float64, width int) string { return fmt.Sprintf("%*s", width, grouped(int64(v))) }

func (s *demoShow) note(note string) {
	s.end()
	fmt.Fprintf(s.out, "note: %s\n", note)
}

// end ends the line that changes.
func (s *demoShow) end() {
	if s.open {
		fmt.Fprintln(s.out)
		s.open = false
	}
}
