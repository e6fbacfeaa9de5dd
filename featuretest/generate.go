// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Shape fixes a part of a generated script; what it leaves empty is drawn.
type Shape struct {
	Aggregates []string  // texts of aggregate calls without `over`, as in Aggregates
	Windows    []string  // texts after `over`, as in Windows
	Knowledge  Knowledge // how events come to be known
	Most       int       // the greatest number of events of a source and of questions; 0: 12 and 6
}

// Knowledge is how the events of a generated source come to be known.
type Knowledge int

// The kinds of knowledge. The zero value is drawn.
const (
	AnyKnowledge Knowledge = iota
	Known                  // at once
	Late                   // after their event time, out of order, some beyond the bound, some twice
	Retracted              // deleted and superseded too
)

func (k Knowledge) String() string { return [...]string{"any", "batch", "late", "retraction"}[k] }

// Aggregates are calls of every aggregate over the fields of generated sources.
var Aggregates = []string{
	"count(*)", "count(xf)", "count(distinct xi)", "count(distinct s)", "sum(xi)", "sum(xf)", "sum(d)", "avg(xi)", "avg(xf)", "avg(d)",
	"variance(xf)", "variance_pop(xi)", "stddev(xi)", "stddev_pop(xf)", "min(xi)", "min(xf)", "max(s)", "max(d)", "first(xi)", "last(s)",
	"first(xf, 3)", "last(xi, 3)", "nth_last(xf, 2)", "arg_min(s, xi)", "arg_max(xi, xf)", "bool_and(b)", "bool_or(b)",
	"percentile_cont(xf, 0.9)", "percentile_cont(xi, 0.25)", "percentile_disc(xf, 0.5)", "percentile_disc(xi, 0.1)", "median(xf)",
	"time_since_first(xi)", "time_since_last(xf)", "max(xi * 2)", "mode(s)", "mode(xf)",
	"skewness(xf)", "skewness_pop(d)", "kurtosis(xi)", "kurtosis_pop(xf)", "covar_samp(xf, xi)", "covar_pop(d, xi)", "corr(xf, d)",
	"regr_slope(xi, xf)", "regr_intercept(xf, xi)", "geometric_mean(xf)", "geometric_mean(d)", "bit_and(xi)", "bit_or(xi)", "bit_xor(xi)",
	"mean_gap()", "mean_gap(xf)", "max_gap()", "max_gap(xi)", "active_days()", "active_days(s, 'Europe/Berlin')", "streak(b)", "longest_streak(b)",
	"drawdown(xi)", "drawdown(xf)", "drawdown(d)",
	"count_by(s)", "sum_by(xi, s)", "sum_by(d, s)", "avg_by(xf, s)", "min_by(xf, s)", "max_by(s, s)",
	"top_k(s, 2)", "top_k(xf, 3)", "top_k_counts(xi, 2)", "mode_count(s)", "top_ratio(xf)", "entropy(s)", "collect_distinct(xf)", "count_distinct_upto(s, 2)",
	"collect(xi)", "string_agg(s, ', ')", "last_distinct(xf, 2)", "sample(xf, 2)", "approx_count_distinct(s)", "approx_percentile(xf, 0.9)", "approx_percentile(d, 0.5)",
	"decayed_sum(xi, half_life 2h, step 30m)", "decayed_sum(xf, half_life 1h, step 1h)",
	"decayed_sum(d, half_life 1d, step 1h)", "decayed_avg(xf, half_life 2h, step 1h)", "decayed_avg(d, half_life 1h, step 20m)",
	"first(s, 3) respect nulls", "last(xf) respect nulls", "last(xi, 2) respect nulls", "nth_last(b, 2) respect nulls", "approx_top_k(s, 2, 'a', 'é', 'c')", "approx_top_k(xi, 1, 1, 2, 3)",
	"vector_sum(v)", "vector_avg(v)", "vector_min(v)", "vector_max(v)",
}

// Windows are the forms of windows with the widths of generated times.
var Windows = []string{
	"lifetime", "1h", "2h closed right", "1d closed both", "2h closed neither", "1d offset 1h", "2h hop 1h", "1d hop 7m closed both",
	"2h every 1h", "1d every 1d", "1w every 1w", "2h every 1h offset 90m closed right", "3 rows", "2 rows within 2h",
	"2 rows offset 1 rows", "3 rows within 1d offset 2 rows", "2 rows offset 1h", "session 1h",
	"session 2h max 90m", "today", "this week in 'Europe/Berlin'", "this month", "this year in 'America/New_York'",
	"lifetime with request", "2h closed neither with request", "1d hop 7m with request", "2 rows within 2h with request", "session 1h with request",
	"today with request", "len up to 1d", "len up to 2h closed both", "len up to 1d closed neither with request",
}

var filters = []string{"", "", "", " filter (where b)", " filter (where xi > 0)", " filter (where s = 'a' and xf is not null)", " filter (where xf >= 1.0)"}

// generator draws a script. pick(n) is a number in [0, n).
type generator struct {
	pick      func(n int) int
	knowledge Knowledge
	most      int
	intKey    bool
	id        bool
	upserts   bool
	order     bool
	arrival   bool
	sources   int
	request   bool // some window counts the row that asks
	chosen    bool // some window has its length from it
}

// Generate draws a script: definitions, logs and questions without expected values. Equal picks give equal scripts.
func Generate(pick func(n int) int, shape Shape) string {
	g := &generator{pick: pick, knowledge: shape.Knowledge, most: shape.Most}
	if g.knowledge == AnyKnowledge {
		g.knowledge = Knowledge(1 + pick(3))
	}
	g.intKey, g.order, g.sources = pick(2) == 0, pick(2) == 0, 1+pick(4)/3
	g.upserts = g.knowledge == Retracted && pick(2) == 0
	if slices.ContainsFunc(shape.Windows, asksRow) && pick(2) == 0 { // such windows are of one source, in which no row takes the place of another
		g.sources, g.upserts = 1, false
	}
	g.id = g.knowledge == Retracted || pick(2) == 0
	g.arrival = g.knowledge != Known
	var b strings.Builder
	g.definitions(&b, shape)
	for i := range g.sources {
		g.events(&b, sourceNames[i])
	}
	g.questions(&b)
	return b.String()
}

var sourceNames = []string{"e", "f"}

const withRequest = " with request"

func asksRow(window string) bool { return strings.HasSuffix(window, withRequest) }

func chooses(window string) bool { return strings.HasPrefix(window, "len up to ") }

func (g *generator) chance(percent int) bool { return g.pick(100) < percent }

func (g *generator) oneOf(texts ...string) string { return texts[g.pick(len(texts))] }

func (g *generator) definitions(b *strings.Builder, shape Shape) {
	key := "string"
	if g.intKey {
		key = "int64"
	}
	fmt.Fprintf(b, "definitions\n  entities:\n    thing: {key: {k: %s}}\n    pair: {key: {s: string, k: %s}}\n  sources:\n", key, key)
	settings := g.settings()
	for i := range g.sources {
		if g.order && i > 0 && g.chance(30) {
			settings = strings.Replace(settings, "      order: seq\n", "", 1)
		}
		fmt.Fprintf(b, "    %s:\n      schema:\n        k: %s\n", sourceNames[i], key)
		b.WriteString("        xi: int64\n        xf: float64\n        s: string\n        b: bool\n        d: decimal(10,2)\n        v: list<float64>\n        at: timestamp\n")
		b.WriteString(settings)
	}
	list := strings.Join(sourceNames[:g.sources], ", ")
	fmt.Fprintf(b, "  views:\n    v:\n      entity: thing\n      source: [%s]\n", list)
	if g.chance(25) {
		fmt.Fprintf(b, "      where: %s\n", g.oneOf("b", "xi > 0", "s is not null", "xf < 2.0"))
	}
	if g.chance(20) {
		fmt.Fprintf(b, "      as_of: %s\n", g.oneOf("1us", "1h"))
	}
	if g.chance(20) {
		b.WriteString("      max_values: 3\n")
	}
	if g.chance(20) {
		fmt.Fprintf(b, "      season: %s\n", g.oneOf("hour(now(), 'Europe/Berlin')", "is_weekend(now())", "day_of_week(now()) * 24 + hour(now())", "date(now(), 'America/New_York')"))
	}
	b.WriteString("      features:\n")
	g.features(b, shape)
	fmt.Fprintf(b, "    r:\n      entity: thing\n      source: [%s]\n", list)
	if g.chance(60) {
		fmt.Fprintf(b, "      ttl: %s\n", g.oneOf("1us", "1h", "2h", "1d"))
	}
	if g.chance(40) {
		b.WriteString("      closed: left\n")
	}
	if g.chance(25) {
		b.WriteString("      where: xi is not null\n")
	}
	b.WriteString("      features:\n        xi: {value: xi, default: 5}\n        xf: xf\n        s: s\n        b: b\n        d: d\n")
	fmt.Fprintf(b, "    c:\n      entity: pair\n      source: [%s]\n      features:\n        n: {value: \"sum(xi) over [1d]\", default: -1}\n        last: last(xf, 2)\n", list)
	fmt.Fprintf(b, "    w:\n      source: [%s]\n      features:\n        n: count(*) over [2h, 2 rows]\n        last: last(s, 3)\n", list)
	b.WriteString("  services:\n    all: {features: [\"v.*\", \"r.*\", \"c.*\", \"w.*\"]}\n\n")
}

// settings are the lines of a source below its first fields: more fields, then what they mean.
func (g *generator) settings() string {
	var fields, lines strings.Builder
	set := func(text string) { lines.WriteString("      " + text + "\n") }
	set("event_time: at")
	if g.id && !g.upserts {
		fields.WriteString("        id: string\n")
		set("id: id")
	}
	if g.order {
		fields.WriteString("        seq: int64\n")
		set("order: seq")
	}
	if g.knowledge == Retracted {
		fields.WriteString("        op: string\n")
		set("operation: op")
	}
	if g.upserts {
		fields.WriteString("        pk: int64\n")
		set("primary_key: [pk]")
	}
	if g.arrival {
		fields.WriteString("        seen: timestamp\n")
		set("arrival: seen")
		if g.chance(50) {
			set("lateness: " + g.oneOf("1h", "1d"))
		}
		if g.chance(50) {
			set("skew: " + g.oneOf("0s", "1h"))
		}
		if g.chance(50) {
			set("corrections: " + g.oneOf("2h", "1d"))
		}
	} else if g.chance(30) {
		set("knowledge_delay: " + g.oneOf("1us", "1h"))
	}
	if g.chance(30) {
		set("nan: keep")
	}
	set("batch: {path: data.parquet}")
	return fields.String() + lines.String()
}

func (g *generator) features(b *strings.Builder, shape Shape) {
	n := 0
	one := func(aggregate, window string) {
		if g.sources > 1 || g.upserts {
			window = strings.TrimSuffix(window, withRequest)
		}
		g.request, g.chosen = g.request || asksRow(window), g.chosen || chooses(window)
		fmt.Fprintf(b, "        a%d: \"%s%s over %s\"\n", n, aggregate, g.oneOf(filters...), window)
		n++
	}
	if shape.Aggregates == nil {
		for range 1 + g.pick(5) {
			windows := shape.Windows
			if windows == nil {
				windows = Windows
			}
			one(g.oneOf(Aggregates...), g.oneOf(windows...))
		}
		return
	}
	for _, a := range shape.Aggregates {
		for _, w := range shape.Windows {
			one(a, w)
		}
	}
}

func (g *generator) events(b *strings.Builder, source string) {
	header := []string{"k", "xi", "xf", "s", "b", "d", "v", "at"}
	if g.id && !g.upserts {
		header = append(header, "id")
	}
	if g.order {
		header = append(header, "seq")
	}
	if g.knowledge == Retracted {
		header = append(header, "op")
	}
	if g.upserts {
		header = append(header, "pk")
	}
	if g.arrival {
		header = append(header, "seen")
	}
	fmt.Fprintf(b, "events %s\n  %s\n", source, strings.Join(header, "  "))
	for range 1 + g.pick(cmp.Or(g.most, 12)) {
		at := g.time()
		var row []string
		for _, h := range header {
			row = append(row, g.cell(h, at))
		}
		fmt.Fprintf(b, "  %s\n", strings.Join(row, "  "))
	}
	b.WriteString("\n")
}

// time is an instant of a coarse grid with a microsecond now and then, so that edges are met.
func (g *generator) time() string {
	t := "2024-03-31"
	if g.chance(10) {
		t = g.oneOf("1969-12-31", "2024-03-30", "2024-04-01")
	}
	if h := g.pick(5); h > 0 {
		t += fmt.Sprintf("+%dh", h)
	}
	if g.chance(30) {
		t += g.oneOf("-1us", "+1us", "+30m", "+1d", "-1d")
	}
	return t
}

func (g *generator) key() string {
	if g.intKey {
		return g.oneOf("1", "1", "2", "-9223372036854775808")
	}
	return g.oneOf("u", "u", "w", `""`)
}

// cell draws the value of a field; at is the row's event time.
func (g *generator) cell(field, at string) string {
	switch field {
	case "len":
		return g.oneOf("1h", "1h", "90m", "2h", "1d", "1us", "30m", "25h", "0s", "-1h", "x", "null")
	case "at":
		if g.chance(3) {
			return "null"
		}
		return at
	case "seen":
		return g.oneOf(at, at, at+"+1us", at+"+1h", at+"+1h+1us", at+"+1d", at+"-1us", at+"-1h", g.time(), "null")
	case "id":
		return g.oneOf("i1", "i2", "i3", "i4", "i5", "null")
	case "op":
		if g.chance(4) {
			return g.oneOf("null", "replace", "upsert")
		}
		if g.upserts {
			return g.oneOf("upsert", "upsert", "upsert", "delete")
		}
		return g.oneOf("insert", "insert", "insert", "delete")
	case "pk":
		return g.oneOf("1", "2", "3")
	case "seq":
		return g.oneOf("1", "2", "3", "4", "null")
	case "k":
		if g.chance(3) {
			return "null"
		}
		return g.key()
	}
	if g.chance(15) {
		return "null"
	}
	rare := g.chance(10)
	switch {
	case field == "xi" && rare:
		return g.oneOf("9223372036854775807", "-9223372036854775808", "9007199254740993", "4611686018427387904")
	case field == "xi":
		return g.oneOf("0", "1", "2", "3", "-1", "7")
	case field == "xf" && rare:
		return g.oneOf("+Inf", "-Inf", "NaN", "1.7976931348623157e308", "5e-324")
	case field == "xf":
		return g.oneOf("0.0", "-0.0", "0.1", "0.2", "0.3", "1", "1e16", "-1e16", "2.5")
	case field == "s":
		return g.oneOf("a", "b", `""`, `"a b"`, "é")
	case field == "v" && rare:
		return g.oneOf("[]", "[1.5]", "[1,2,3]", "[+Inf,1]", "[-Inf,NaN]")
	case field == "v":
		return g.oneOf("[0.1,0.2]", "[-0.0,1e16]", "[2.5,-1e16]", "[null,7]", "[1,null]")
	case field == "b":
		return g.oneOf("true", "false")
	}
	return g.oneOf("0.10", "0.20", "-3.33", "99999999.99")
}

func (g *generator) questions(b *strings.Builder) {
	header, cut := "k  s", g.chance(25)
	var own []string // further fields of the row that asks
	if g.request {
		own = []string{"xi", "xf", "b", "d", "v"}
	}
	if g.chosen {
		own = append(own, "len")
	}
	header = strings.Join(append([]string{header}, append(own, "T")...), "  ")
	mode := g.oneOf("", "", " as_of 1h", " as_of 1us", " final")
	if cut {
		header, mode = header+"  K", ""
	}
	fmt.Fprintf(b, "ask all%s\n  %s\n", mode, header)
	for range 1 + g.pick(cmp.Or(g.most, 6)) {
		key := g.key()
		if g.chance(5) {
			key = "null"
		}
		fmt.Fprintf(b, "  %s  %s", key, g.cell("s", ""))
		for _, field := range own {
			b.WriteString("  " + g.cell(field, ""))
		}
		b.WriteString("  " + g.time())
		if cut {
			fmt.Fprintf(b, "  %s", g.time())
		}
		b.WriteString("\n")
	}
}
