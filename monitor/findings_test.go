// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/batch"
)

// TestAUCCountsPairs compares with the share of pairs (a true one, a false one) in which the true one has the greater value, ties halved.
func TestAUCCountsPairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	pool := []float64{math.Inf(-1), -1, 0, math.Copysign(0, -1), 0.5, 1, 2, 3, math.Inf(1), math.NaN()}
	rank := func(x float64) float64 { // of NaN: above +Inf
		if i := slices.Index(pool[:9], x); i >= 0 {
			return pool[:9][i]
		}
		return math.NaN()
	}
	above := func(x, y float64) float64 {
		switch {
		case math.IsNaN(x) && math.IsNaN(y), x == y:
			return 0.5
		case math.IsNaN(x), x > y:
			return 1
		}
		return 0
	}
	for range 200 {
		n := 60 + rng.IntN(100)
		values, present, labels, labelled := make([]float64, n), make([]bool, n), make([]bool, n), make([]bool, n)
		var wins, pairs float64
		var pos, neg int
		for i := range n {
			values[i], present[i], labels[i], labelled[i] = rank(pool[rng.IntN(len(pool))]), rng.IntN(20) > 0, rng.IntN(2) == 0, rng.IntN(20) > 0
		}
		for i := range n {
			if !present[i] || !labelled[i] {
				continue
			}
			if !labels[i] {
				neg++
				continue
			}
			pos++
			for j := range n {
				if present[j] && labelled[j] && !labels[j] {
					wins, pairs = wins+above(values[i], values[j]), pairs+1
				}
			}
		}
		want := max(wins/pairs, 1-wins/pairs)
		if pos < leastOfClass || neg < leastOfClass {
			want = 0
		}
		if got := auc(values, present, labels, labelled); got != want {
			t.Fatalf("got %v, want %v of %v pairs", got, want, pairs)
		}
	}
}

func aucOf(positives, negatives int, value func(y bool, i int) float64) float64 {
	var values []float64
	var labels []bool
	for i := range positives + negatives {
		y := i < positives
		values, labels = append(values, value(y, i)), append(labels, y)
	}
	all := slices.Repeat([]bool{true}, len(values))
	return auc(values, all, labels, all)
}

func TestAUCOfSeparatedClasses(t *testing.T) {
	apart := func(y bool, _ int) float64 {
		if y {
			return 1
		}
		return 0
	}
	if got := aucOf(30, 30, apart); got != 1 {
		t.Errorf("values that are the label: %v, want 1", got)
	}
	if got := aucOf(30, 30, func(y bool, i int) float64 { return -apart(y, i) }); got != 1 {
		t.Errorf("values that are the opposite of the label: %v, want 1", got)
	}
	if got := aucOf(30, 30, func(bool, int) float64 { return math.NaN() }); got != 0.5 {
		t.Errorf("NaN everywhere: %v, want 0.5", got)
	}
	if a, b := aucOf(29, 500, apart), aucOf(500, 29, apart); a != 0 || b != 0 {
		t.Errorf("too few of a class: %v and %v, want 0: not computed", a, b)
	}
}

func TestAUCIsRemarkedFromItsBoundOn(t *testing.T) {
	p := planOf(t, "v.a")
	for _, reversed := range []bool{false, true} {
		for wrong, want := range map[int][]string{
			0: {"warning v__a: alone it tells late apart with an AUC of 1.000; does it know the outcome? [auc]"},
			4: {"warning v__a: alone it tells late apart with an AUC of 0.950; does it know the outcome? [auc]"}, // 0.95 exactly
			5: nil,
		} {
			c := rowsAt(p, 80) // 40 true, 40 false; the value errs in some of the true ones, which tie with nothing
			y := make([]bool, 80)
			for i := range y {
				y[i] = i%2 == 0
				v := float64(i + 1)
				switch {
				case y[i] && i/2 < wrong/2:
					v = -float64(i + 1)
				case y[i] && wrong%2 == 1 && i/2 == wrong/2:
					v = -float64(i + 1)
				case y[i]:
					v += 1000
				}
				if reversed {
					v = -v
				}
				c.Features.Columns[0].Floats[i] = v
			}
			c.Labels.Fields = append(c.Labels.Fields, selfsame.Field{Name: "late", Type: selfsame.Scalar(selfsame.Bool)})
			labels := rowsAt(p, 80).Labels.Columns[0]
			labels.Type, labels.Floats, labels.Bools = selfsame.Scalar(selfsame.Bool), nil, y
			c.Labels.Columns = append(c.Labels.Columns, labels)
			r := reportOf(t, Config{}, p, nil, c)
			wants(t, r, want...)
			if r := reportOf(t, Config{AUC: 1.01}, p, nil, c); len(r.Findings) > 0 {
				t.Errorf("a bound that nothing reaches: %v", r.Findings)
			}
		}
	}
}

// TestLeakProofEdges moves the newest event of every feature to the edge that its definition declares, and one microsecond beyond.
func TestLeakProofEdges(t *testing.T) {
	edges := map[string]int64{
		"edges__left": -1, "edges__right": 0, "edges__both": 0, "edges__neither": -1, "edges__shifted": -day - 1, "edges__shifted_both": -day, "edges__hops": -1, "edges__tail": 0,
		"edges__rows": -1, "edges__session": -1, "edges__today": -1, "edges__ever": -1, "edges__mixed": 0, "latest__x": 0, "strict__x": -1,
	}
	p := planOf(t, "edges", "latest", "strict")
	at := rowsAt(p, 3)
	beyond := rowsAt(p, 3)
	for i, o := range p.Outputs {
		edge, ok := edges[strings.TrimSuffix(strings.TrimSuffix(o.Name, "_7d"), "_3_rows")]
		if !ok {
			t.Fatalf("no edge of %s is known", o.Name)
		}
		at.Newest[i] = []int64{never, jan10 + edge, jan10 - 40*day}
		beyond.Newest[i] = []int64{never, jan10 + edge + 1, jan10 - 40*day}
		at.Arrival[i], beyond.Arrival[i] = repeat(jan10, 3), repeat(jan10, 3)
	}
	r := reportOf(t, Config{}, p, nil, at)
	wants(t, r, "warning 1 of 3 rows find no event in any view [no_history]")
	for i, l := range r.Leak {
		if !l.Holds || l.Time != l.Edge || l.Rows != 2 || *l.Knowledge != 0 {
			t.Errorf("%s at its edge: %+v", p.Outputs[i].Name, l)
		}
	}
	r = reportOf(t, Config{}, p, nil, beyond)
	for i, l := range r.Leak {
		if l.Holds {
			t.Errorf("%s beyond its edge: %+v", p.Outputs[i].Name, l)
		}
	}
	if len(r.Findings) != len(p.Outputs)+1 || r.Worst() != Error {
		t.Errorf("%d features leak, %d findings", len(p.Outputs), len(r.Findings))
	}
	var b strings.Builder
	r.Print(&b)
	if !strings.Contains(b.String(), "leak proof: BROKEN for 15 of 15 features that used events\n") {
		t.Errorf("the printed report does not say so:\n%s", b.String())
	}
}

func TestLeakProofOfKnowledge(t *testing.T) {
	p := planOf(t, "v.a", "other")
	c := rowsAt(p, 2)
	c.Known[0] = repeat(jan10-hour, 2) // a lag: the arrival is at the cut
	wants(t, reportOf(t, Config{}, p, nil, c))
	c.Arrival[0] = []int64{jan10 - hour + 1, jan10 - hour}
	r := reportOf(t, Config{}, p, nil, c)
	wants(t, r, "error v__a: an event used became known 1µs after the cut: a fault in the engine, please report it [leak]")
	if r.Leak[1].Holds != true || r.Leak[0].Holds {
		t.Errorf("leak proofs %+v", r.Leak)
	}
	c.Newest[0][0] = jan10
	wants(t, reportOf(t, Config{}, p, nil, c), "error v__a: an event used lies at T: a fault in the engine, please report it [leak]",
		"error v__a: an event used became known 1µs after the cut: a fault in the engine, please report it [leak]")
	c.Newest[0][0], c.Known[0] = jan10-1, nil // final mode: no cut
	r = reportOf(t, Config{}, p, nil, c)
	wants(t, r)
	if r.Leak[0].Knowledge != nil || *r.Leak[1].Knowledge != -hour {
		t.Errorf("leak proofs %+v", r.Leak)
	}
}

func TestOnDemandFeaturesAreNotMeasured(t *testing.T) {
	p := planOf(t, "asked.twice")
	c := rowsAt(p, 3)
	c.Newest[0], c.Arrival[0], c.Known[0] = nil, nil, nil
	r := reportOf(t, Config{}, p, nil, c)
	wants(t, r)
	var b strings.Builder
	r.Print(&b)
	if !strings.Contains(b.String(), "leak proof: no feature used an event\n") {
		t.Error(b.String())
	}
}

func TestSourceFindings(t *testing.T) {
	p := planOf(t, "v.a")
	of := func(change func(*batch.SourceCounts)) *batch.Result {
		res := resultOf(p, 20)
		change(&res.Sources[0])
		return res
	}
	for _, c := range []struct {
		name   string
		change func(*batch.SourceCounts)
		want   []string
	}{
		{"ends a tenth of its length early", func(s *batch.SourceCounts) { s.MinTime, s.MaxTime = jan10-110*day, jan10-10*day }, nil},
		{"and one microsecond", func(s *batch.SourceCounts) { s.MinTime, s.MaxTime = jan10-110*day, jan10-10*day-1 },
			[]string{"warning e: rows ask up to 2024-01-10T00:00:00Z, the source ends 2023-12-30T23:59:59.999999Z: is newer data missing? [range]"}},
		{"begins at the first question", func(s *batch.SourceCounts) { s.MinTime, s.MaxTime = jan10, jan10+day }, nil},
		{"begins after it", func(s *batch.SourceCounts) { s.MinTime, s.MaxTime = jan10+1, jan10+day },
			[]string{"info e: rows ask from 2024-01-10T00:00:00Z, the source begins 2024-01-10T00:00:00.000001Z [range]"}},
		{"has nothing", func(s *batch.SourceCounts) {
			s.Admitted, s.Late, s.MinTime, s.MaxTime = 0, 100, selfsame.MaxTime, selfsame.MinTime
		},
			[]string{"warning e: none of the 100 rows that were read is admitted: its features know nothing [range]"}},
		{"half is loaded late", func(s *batch.SourceCounts) { s.LateLoaded = 50 }, nil},
		{"more is", func(s *batch.SourceCounts) { s.LateLoaded = 51 },
			[]string{"warning e: 51 of 100 rows became known more than a day after they happened, so as_of hides them; --mode final shows them [loaded_late]"}},
		{"naive times", func(s *batch.SourceCounts) { s.NaiveTimes = 1 }, []string{"warning e: 1 times have no zone and were read as UTC: declare `timezone:` [naive_times]"}},
		{"clocks that change", func(s *batch.SourceCounts) { s.RepeatedTimes, s.SkippedTimes = 2, 1 },
			[]string{"info e: 2 local times occur twice and were read as the earlier, 1 do not occur and were read with the offset before the gap [clock_change]"}},
		{"casts and conditions", func(s *batch.SourceCounts) {
			s.FailedCasts, s.WhereError = map[string]int64{"w": 2, "v": 1}, map[string]int64{"v": 3}
		}, []string{"warning v: 1 values of source e could not be cast and are null [failed_casts]", "warning w: 2 values of source e could not be cast and are null [failed_casts]",
			"warning v: 3 rows of source e are left out because `where` overflows on them [where_error]"}},
		{"two times", func(s *batch.SourceCounts) { s.TwoTimes = 3 },
			[]string{"warning e: 3 ids stand with more than one event time: a retry must repeat its event time; is the zone wrong (no timezone declared)? [two_times]"}},
		{"the ends of time", func(s *batch.SourceCounts) { s.MinTime, s.MaxTime = selfsame.MinTime, selfsame.MaxTime }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			wants(t, reportOf(t, Config{}, p, of(c.change), rowsAt(p, 20)), c.want...)
		})
	}
	final := rowsAt(p, 20)
	final.Known[0] = nil
	wants(t, reportOf(t, Config{}, p, of(func(s *batch.SourceCounts) { s.LateLoaded = 100 }), final)) // nothing is hidden
}

// TestHoursNameTheZone is worked example 13: a source declared in the wrong zone is named.
func TestHoursNameTheZone(t *testing.T) {
	p := planOf(t, "v.a", "other")
	office := [24]int64{8: 30, 9: 60, 10: 50, 11: 40, 12: 20, 13: 40, 14: 50, 15: 60, 16: 50, 17: 30}
	shifted := func(by int) (out [24]int64) {
		for h, n := range office {
			out[(h+by+24)%24] = n
		}
		return out
	}
	res := func(second [24]int64, rows int64) *batch.Result {
		r := resultOf(p, 20)
		for i, hours := range [][24]int64{office, second} {
			r.Sources[i].ByHour, r.Sources[i].Admitted = hours, rows
		}
		return r
	}
	text := func(hours, way string) string {
		return "warning f: its hours of the day match those of e when they are taken as " + hours + " hours " + way +
			": is a zone wrong (f: timezone: America/New_York; e: no timezone declared)? [hours]"
	}
	wants(t, reportOf(t, Config{}, p, res(shifted(5), 430), rowsAt(p, 20)), text("5", "later"))
	wants(t, reportOf(t, Config{}, p, res(shifted(-5), 430), rowsAt(p, 20)), text("5", "earlier"))
	wants(t, reportOf(t, Config{}, p, res(shifted(12), 430), rowsAt(p, 20)), text("12", "later"))
	wants(t, reportOf(t, Config{}, p, res(office, 430), rowsAt(p, 20)))
	flat := [24]int64{}
	for h := range flat {
		flat[h] = 18
	}
	wants(t, reportOf(t, Config{}, p, res(flat, 432), rowsAt(p, 20)))
	wants(t, reportOf(t, Config{}, p, res(shifted(5), 239), rowsAt(p, 20))) // too few to say
}

func TestFindingsStandByLevel(t *testing.T) {
	p := planOf(t, "bounded", "v.a")
	c := rowsAt(p, 20)
	c.Features.Columns[0].Floats = slices.Repeat([]float64{17}, 20)
	c.Labels.Columns[0].Floats[0] = c.Labels.Columns[0].Floats[1]
	c.Labels.Columns[0].Floats[2] = c.Labels.Columns[0].Floats[1]
	wants(t, reportOf(t, Config{}, p, nil, c), "error bounded__a: 20 values are below the declared minimum 18 [expect]",
		"warning bounded__a: every row has the same value: 17 [constant]", "info 2 label rows stand more than once; each is kept [duplicate_rows]")
}

func TestWorst(t *testing.T) {
	for _, c := range []struct {
		levels []Level
		want   Level
	}{{nil, Info}, {[]Level{Info}, Info}, {[]Level{Warning, Info}, Warning}, {[]Level{Error, Warning}, Error}, {[]Level{Warning, Error, Info}, Error}} {
		r := &Report{}
		for _, l := range c.levels {
			r.Findings = append(r.Findings, Finding{Level: l})
		}
		if got := r.Worst(); got != c.want {
			t.Errorf("%v: %s, want %s", c.levels, got, c.want)
		}
	}
}

func TestEveryFateIsPrinted(t *testing.T) {
	r := &Report{Sources: []batch.SourceCounts{{Name: "e", Rows: 45, Admitted: 9, Late: 1, Early: 2, Schema: 3, Duplicate: 4, Conflict: 5, Superseded: 6, NullArrival: 7,
		NoEntity: map[string]int64{"w": 8, "v": 9}}}}
	var b strings.Builder
	r.Print(&b)
	want := "45 rows: 9 admitted, 1 late, 2 early, 3 schema; of the admitted 4 duplicate, 5 conflict, 6 superseded, 7 without arrival, 9 no_entity in v, 8 no_entity in w\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestReportIsJSONWithEveryPart(t *testing.T) {
	p := planOf(t, "v", "latest")
	c := rowsAt(p, 20)
	lose(c, 2, 4, selfsame.Expired)
	b, err := reportOf(t, Config{}, p, nil, c).Encode()
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if f := back.Features[2]; f.Expired != 4 || f.Present != 16 || f.Rows != 20 || f.Feature != "latest.x" || f.Missing() != 0.2 {
		t.Errorf("%+v", f)
	}
	if l := back.Leak[0]; l.Edge != -1 || l.Time != -hour || *l.Knowledge != -hour || !l.Holds || l.Rows != 20 {
		t.Errorf("%+v", l)
	}
	if len(back.Findings) != 2 || back.Sources[0].Admitted != 100 {
		t.Errorf("%+v", back)
	}
}

// TestChecksAreDocumented holds the closed list of checks to docs/report.md.
func TestChecksAreDocumented(t *testing.T) {
	code, err := os.ReadFile("findings.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, call := range strings.Split(string(code), "r.add(")[1:] {
		name := strings.Split(call, `"`)[1]
		if found++; !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("check %s is not in docs/report.md", name)
		}
	}
	if found < 20 {
		t.Errorf("only %d checks were found", found)
	}
}
