// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"cmp"
	"context"
	"flag"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
	"selfsame/eventlog"
)

var (
	triangleFor  = flag.Duration("triangle", 0, "draw triangle cases for so long, beyond the fixed ones")
	triangleFrom = flag.Uint64("triangle.from", 1, "the first seed of the triangle")
	triangleSeed = flag.Uint64("triangle.seed", 0, "draw the triangle case of this seed alone, and say what happens")
)

// live asks an engine a case of which a part came live, in an order and at times that a log allows: equal cases become equal ones.
type live struct {
	Engine
	kept *int // rows that had to stay history; nil: nobody asks
	// served makes every row ask at a moment in which its cut is that of a running server, or as of a past one.
	served bool
}

// Ask makes part of the logs live and asks at cuts.
func (l live) Ask(ctx context.Context, c *Case) (*Answer, error) {
	h := fnv.New64()
	for _, s := range c.Project.Sources {
		for _, row := range c.Logs[s.Name] {
			for _, v := range row {
				h.Write([]byte(Format(v)))
			}
		}
	}
	d := &drawing{c: *c, rng: rand.New(rand.NewPCG(h.Sum64(), uint64(len(c.Rows)))), served: l.served}
	d.draw()
	if l.kept != nil {
		*l.kept += d.refused
	}
	return l.Engine.Ask(ctx, &d.c)
}

// drawing gives rows of a case places in one live log.
type drawing struct {
	c       Case
	rng     *rand.Rand
	served  bool
	ends    []int64 // offsets at which groups end, 0 first
	stamps  []int64 // α of the group that begins at each
	refused int
}

type candidate struct {
	source   *selfsame.Source
	row      int
	tau, due int64
	deletes  bool
}

func (d *drawing) draw() {
	d.c.Live = map[string][]Entry{}
	var log []candidate
	for _, s := range d.c.Project.Sources {
		d.c.Live[s.Name] = make([]Entry, len(d.c.Logs[s.Name]))
		share := d.rng.IntN(5) // 0: all history
		for i, row := range d.c.Logs[s.Name] {
			d.c.Live[s.Name][i].Offset = -1
			if s.EventTime == "" {
				continue // files alone have it
			}
			op, at := fieldOf(s, s.Operation), row[fieldOf(s, s.EventTime)]
			if at.Status == selfsame.Present && (op < 0 || operates(s, row[op].Str)) && d.rng.IntN(4) < share {
				late := []int64{-30 * selfsame.Second, 0, 1, selfsame.Hour, 3 * selfsame.Hour}[d.rng.IntN(5)]
				log = append(log, candidate{s, i, at.Int, at.Int + late, op >= 0 && row[op].Str != "insert"})
			}
		}
	}
	slices.SortStableFunc(log, func(a, b candidate) int { return cmp.Compare(a.due, b.due) })
	d.place(log)
	if d.rng.IntN(3) == 0 {
		d.forgetArrivals()
	}
	d.ask()
}

// forgetArrivals makes history whose arrival nobody knows of what is not in the log: a copy in the log counts in its place, whenever it comes.
func (d *drawing) forgetArrivals() {
	logs := map[string][][]selfsame.Value{}
	for _, s := range d.c.Project.Sources {
		at := fieldOf(s, s.Arrival)
		for i, row := range d.c.Logs[s.Name] {
			if at >= 0 && s.Arrival != "" && d.c.Live[s.Name][i].Offset < 0 {
				row = slices.Clone(row)
				row[at] = selfsame.Value{Type: row[at].Type, Status: selfsame.Null}
			}
			logs[s.Name] = append(logs[s.Name], row)
		}
	}
	d.c.Logs = logs
}

// place stamps the rows that the log takes.
func (d *drawing) place(log []candidate) {
	for _, list := range d.c.Live {
		for i := range list {
			list[i] = Entry{Offset: -1}
		}
	}
	d.ends, d.stamps, d.refused = []int64{0}, nil, 0
	alpha, offset := int64(selfsame.MinTime), int64(0)
	var last *selfsame.Source // in the log
	for _, e := range log {
		if last == nil || d.rng.IntN(3) > 0 || d.served && last != e.source {
			alpha = max(alpha+1, e.due)
		}
		bound := e.source.Lateness.Or(eventlog.DefaultLateness)
		if e.deletes {
			bound = e.source.Corrections.Or(eventlog.DefaultCorrections)
		}
		if alpha-e.tau > bound || e.tau-alpha > e.source.Skew.Or(eventlog.DefaultSkew) {
			d.refused++
			continue
		}
		if n := len(d.stamps); n == 0 || d.stamps[n-1] != alpha {
			if n > 0 {
				d.ends = append(d.ends, offset)
			}
			d.stamps = append(d.stamps, alpha)
		}
		d.c.Live[e.source.Name][e.row] = Entry{Offset: offset, Alpha: alpha}
		offset, last = offset+1, e.source
	}
	if offset > 0 {
		d.ends = append(d.ends, offset)
	}
}

// answerable reports whether a read of a cut can have asked as of a T: no entry slips under a T that was answered.
func (d *drawing) answerable(offset, at int64) bool {
	for _, list := range d.c.Live {
		for _, e := range list {
			if e.Offset >= offset && e.Alpha <= at {
				return false
			}
		}
	}
	return true
}

// ask gives the rows cuts by position, or leaves them those by arrival.
func (d *drawing) ask() {
	d.c.Rows = slices.Clone(d.c.Rows)
	if d.served {
		d.askServed()
		return
	}
	if d.rng.IntN(3) == 0 {
		return
	}
	d.c.Mode = Mode{}
	for i := range d.c.Rows {
		s := &Served{Offset: d.ends[d.rng.IntN(len(d.ends))], History: d.rng.IntN(5) > 0, Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
		s.Past = d.rng.IntN(3) == 0 && d.answerable(s.Offset, d.c.Rows[i].At)
		if d.rng.IntN(6) == 0 {
			s.Lower = 1_711_843_200_000_000 + selfsame.Hour
			s.Upper = s.Lower + selfsame.DayLength
		}
		d.c.Rows[i].Known, d.c.Rows[i].Served = nil, s
	}
}

// askServed gives each row a cut and a T between its last entry and the next, or the last cut and a T of the past.
func (d *drawing) askServed() {
	d.c.Mode = Mode{}
	for i := range d.c.Rows {
		row := &d.c.Rows[i]
		g := d.rng.IntN(len(d.ends))
		row.Known, row.Served = nil, &Served{Offset: d.ends[g], Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
		after := []int64{0, 0, 1, selfsame.Minute, selfsame.Hour, selfsame.DayLength}[d.rng.IntN(6)]
		switch {
		case len(d.stamps) == 0:
		case g == 0:
			row.At = d.stamps[0] - 1 - after
		case g == len(d.stamps):
			row.At = d.stamps[g-1] + after
		default:
			row.At = min(d.stamps[g-1]+after, d.stamps[g]-1)
		}
		if d.rng.IntN(4) == 0 {
			row.Served.Offset, row.Served.Past = d.ends[len(d.ends)-1], true
		}
	}
}

// TestTriangleServed holds a running server to the oracle: the third side of the triangle.
func TestTriangleServed(t *testing.T) {
	t.Parallel()
	total, asked, why := 0, map[string]int{}, map[string]int{}
	e := &server{count: asked}
	for seed := *triangleFrom; seed < *triangleFrom+40 && !t.Failed(); seed++ {
		e.seed = seed
		text := Generate(rand.New(rand.NewPCG(seed, 9)).IntN, Shape{Most: 4 + int(seed%5)*6})
		diff, n, err := Disagreement(t.Context(), e.define, live{e, nil, true}, live{Oracle{}, nil, true}, text)
		switch {
		case err != nil:
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		case strings.HasPrefix(diff, "request: declined: "):
			reason, _, _ := strings.Cut(diff, "\n")
			why[reason]++
		case diff != "":
			t.Errorf("seed %d: the server and the oracle differ\n%s", seed, diff)
		}
		total += n
	}
	t.Log(total, "values,", asked, why)
	for _, what := range []string{"pushed", "HTTP, rows", "HTTP, columns", "gRPC"} {
		if asked[what] == 0 {
			t.Errorf("%s: never", what)
		}
	}
	if total < 1500 || len(why) > 0 {
		t.Errorf("%d values were compared, %v", total, why)
	}
}

// TestTriangle holds batch and the stream and request drivers to the oracle and so to each other (P2): random definitions, random logs, random
// questions and cuts, the stream disturbed.
func TestTriangle(t *testing.T) {
	t.Parallel()
	if *triangleSeed != 0 {
		triangle(t, *triangleSeed, map[string]int{})
		return
	}
	total, counts, dead := 0, map[string]int{}, time.Now().Add(*triangleFor)
	for seed := max(1, *triangleFrom); seed < *triangleFrom+40 || *triangleFor > 0 && time.Now().Before(dead); seed++ {
		total += triangle(t, seed, counts)
		if t.Failed() {
			break
		}
	}
	t.Log(total, "values,", counts)
	for _, what := range []string{"applied late", "compaction", "crash", "loads", "pushed", "retention", "retention at the end", "states built again", "trimmed"} {
		if counts[what] == 0 {
			t.Errorf("%s never happened", what)
		}
	}
	if total < 2000 {
		t.Errorf("only %d values were compared", total)
	}
	if counts["kept as history"] > counts["pushed"] {
		t.Errorf("%v: most rows could not be pushed", maps.Clone(counts))
	}
}

// triangle compares one case, as it is and with a part of it live.
func triangle(t *testing.T, seed uint64, counts map[string]int) int {
	t.Helper()
	text := Generate(rand.New(rand.NewPCG(seed, 8)).IntN, Shape{Most: 4 + int(seed%5)*6})
	online := Stream{Seed: seed, Counts: counts}
	file := Batch{Options: batch.Options{Threads: 1}, Files: 2}
	kept, total := 0, 0
	for _, side := range []struct {
		name      string
		got, want Engine
	}{
		{"history", online, Oracle{}},
		{"live, batch", live{file, nil, false}, live{Oracle{}, nil, false}},
		{"live", live{online, &kept, false}, live{Oracle{}, nil, false}},
	} {
		diff, n, err := Disagreement(t.Context(), definition.Parse, side.got, side.want, text)
		if err != nil {
			t.Fatalf("seed %d, %s: %v\n%s", seed, side.name, err, text)
		}
		if diff != "" {
			t.Errorf("seed %d, %s: %s and the oracle differ (run it alone with -triangle.seed=%d)\n%s", seed, side.name, side.got.Name(), seed, diff)
		}
		total += n
	}
	counts["kept as history"] += kept
	return total
}
