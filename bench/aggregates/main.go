// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Command aggregates measures every aggregation of the language on keys with few and with many events: events per second offline, bytes of state, and
// microseconds of a read online. `make bench-aggregates` runs it and writes its table into docs/benchmarks.md.
//
// Each runs as its example in the reference says, over 30 days, on events that are spread evenly over 40 days. Offline is the sweep that training uses, on
// one thread and from memory, of rows whose T are spread over the last ten days. Online is the entity that a server evaluates: one read after another of the
// same events, and reads each of which finds one event more.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfsame/compute/aggregate"
)

func main() {
	sizes := flag.String("sizes", "100,10000,1000000", "events a key")
	only := flag.String("only", "", "aggregations, by name; empty: all")
	lasts := flag.Duration("for", 200*time.Millisecond, "how long each figure is measured, at least")
	write := flag.String("write", "", "the page whose table is replaced; empty: the table is printed")
	flag.Parse()
	if err := run(*sizes, *only, *lasts, *write); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(sizes, only string, lasts time.Duration, write string) error {
	var histories []*history
	for _, s := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < leastEvents {
			return fmt.Errorf("%q is not a number of events, at least %d", s, leastEvents)
		}
		histories = append(histories, newHistory(n, 100_000))
	}
	var lines []line
	for _, f := range aggregate.All() {
		if only != "" && !slices.Contains(strings.Split(only, ","), f.Name) {
			continue
		}
		l := line{name: strings.Replace(f.Name, "(distinct)", "(distinct x)", 1)}
		for _, h := range histories {
			m, err := measure(f, h, lasts)
			if err != nil {
				return fmt.Errorf("%s of %d events: %w", f.Name, h.events, err)
			}
			l.call, l.figures = m.call, append(l.figures, m)
			fmt.Fprintf(os.Stderr, "%-24s %8d events: %s\n", f.Name, h.events, strings.Join(m.texts(), "  "))
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return fmt.Errorf("there is no aggregation %s", only)
	}
	if write == "" {
		fmt.Print(table(histories, lines))
		return nil
	}
	return replace(write, table(histories, lines))
}

// line is an aggregation with its figures at each size.
type line struct {
	name, call string
	figures    []figures
}

// figures are what was measured of one aggregation at one size.
type figures struct {
	call      string
	perSecond float64 // events, offline
	state     int     // bytes
	again     time.Duration
	after     time.Duration // a read that finds one event more
	refused   bool          // the value is an error: more than max_values
}

func (f *figures) texts() []string {
	state := grouped(float64(f.state))
	if f.refused {
		state = "max_values"
	}
	return []string{grouped(rounded(f.perSecond)), state, micros(f.again), micros(f.after)}
}

// table renders a row for each aggregation; the columns of one figure stand next to each other.
func table(histories []*history, lines []line) string {
	var b strings.Builder
	head := []string{"aggregation"}
	for _, figure := range []string{"events/s offline", "bytes of state", "read, µs", "read after an event, µs"} {
		for _, h := range histories {
			head = append(head, figure+", "+grouped(float64(h.events))+" events")
		}
	}
	row := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	row(head)
	b.WriteString("|---" + strings.Repeat("|---:", len(head)-1) + "|\n")
	for _, l := range lines {
		cells := []string{"`" + l.call + "`"}
		for i := range l.figures[0].texts() {
			for k := range l.figures {
				cells = append(cells, l.figures[k].texts()[i])
			}
		}
		row(cells)
	}
	return b.String()
}

const begin, end = "<!-- begin aggregates -->\n", "<!-- end aggregates -->\n"

// replace puts the table between the markers of a page.
func replace(path, table string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no lines %s and %s", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(path, []byte(before+begin+table+end+after), 0o644)
}

// rounded keeps three digits: the others are noise.
func rounded(x float64) float64 {
	step := 1.0
	for x/step >= 1000 {
		step *= 10
	}
	return float64(int64(x/step+0.5)) * step
}

func micros(d time.Duration) string {
	us := float64(d.Nanoseconds()) / 1000
	if us < 100 {
		return strconv.FormatFloat(us, 'f', 1, 64)
	}
	return grouped(rounded(us))
}

// grouped writes a whole number with commas.
func grouped(x float64) string {
	s := strconv.FormatInt(int64(x), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// middle is the median of times.
func middle(times []time.Duration) time.Duration {
	slices.SortFunc(times, func(a, b time.Duration) int { return cmp.Compare(a, b) })
	return times[len(times)/2]
}
