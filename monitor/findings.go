// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"selfsame"
	"selfsame/batch"
)

// Report closes the profile. checksums are those of the feature columns, in the plan's order: equal ones are duplicate columns.
func (p *Profile) Report(res *batch.Result, checksums []string) *Report {
	r := &Report{Rows: p.rows, Leak: p.leak, Sources: res.Sources}
	for i := range p.features {
		s := &p.features[i]
		if p.label != "" && len(s.sample) > 0 {
			s.AUC = auc(s.sample, s.sampled, p.labels, p.labelled)
		}
		r.Features = append(r.Features, s.FeatureProfile)
	}
	p.leakFindings(r)
	p.valueFindings(r)
	p.columnFindings(r, checksums)
	p.rowFindings(r, res)
	p.sourceFindings(r)
	evaluationFindings(r, res)
	sort.SliceStable(r.Findings, func(i, j int) bool { return rank(r.Findings[i].Level) < rank(r.Findings[j].Level) })
	return r
}

func rank(l Level) int { return slices.Index([]Level{Error, Warning, Info}, l) }

func (r *Report) add(l Level, check, subject, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{Level: l, Check: check, Subject: subject, Text: fmt.Sprintf(format, args...)})
}

// strictly is Error under --strict, else Warning.
func (p *Profile) strictly() Level {
	if p.cfg.Strict {
		return Error
	}
	return Warning
}

func (p *Profile) leakFindings(r *Report) {
	for _, l := range p.leak {
		if l.Time > l.Edge {
			r.add(Error, "leak", l.Output, "an event used lies %s: a fault in the engine, please report it", distance(l.Time, "T"))
		}
		if l.Knowledge != nil && *l.Knowledge > 0 {
			r.add(Error, "leak", l.Output, "an event used became known %s: a fault in the engine, please report it", distance(*l.Knowledge, "the cut"))
		}
	}
	if p.ahead > 0 {
		r.add(p.strictly(), "known_at", p.cfg.KnownAt, "later than T in %d rows: what these rows hold was not known yet when they ask; is it their time that is wrong (--time)?", p.ahead)
	}
	for i := range p.features {
		if s := &p.features[i]; s.AUC >= p.cfg.AUC {
			r.add(Warning, "auc", s.Output, "alone it tells %s apart with an AUC of %.3f; does it know the outcome?", p.label, s.AUC)
		}
	}
}

func (p *Profile) valueFindings(r *Report) {
	for i := range p.features {
		s := &p.features[i]
		e := p.plan.Outputs[i].Feature.Expect
		bound, level := p.nullsBound(i), Warning
		if e != nil && e.Block {
			level = Error
		}
		if s.Missing() > bound {
			l := Warning
			if e != nil && e.Nulls >= 0 {
				l = level
			}
			if s.Present == 0 {
				r.add(l, "nulls", s.Output, "no row has a value (%s)", s.missingText())
				continue
			}
			r.add(l, "nulls", s.Output, "%.4g %% of rows have no value (%s), more than %.4g %%; where that is right, declare it: `expect: {nulls: %.0f%%}`",
				100*s.Missing(), s.missingText(), 100*bound, math.Ceil(100*s.Missing()))
		}
		if s.below > 0 {
			r.add(level, "expect", s.Output, "%d values are below the declared minimum %s", s.below, batch.Show(*e.Min))
		}
		if s.above > 0 {
			r.add(level, "expect", s.Output, "%d values are above the declared maximum %s", s.above, batch.Show(*e.Max))
		}
	}
	p.ageFindings(r)
}

// nullsBound is the share of rows without a value above which output i is remarked.
func (p *Profile) nullsBound(i int) float64 {
	if e := p.plan.Outputs[i].Feature.Expect; e != nil && e.Nulls >= 0 {
		return e.Nulls
	}
	return p.cfg.Nulls
}

// missingText counts the rows without a value by their status.
func (f *FeatureProfile) missingText() string {
	var parts []string
	for _, c := range []struct {
		n    int64
		word string
	}{{f.Null, "null"}, {f.NotFound, "not_found"}, {f.Expired, "expired"}, {f.Errors, "error"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	return strings.Join(parts, ", ")
}

// ageFindings says once a view that its values are expired or not found in bulk.
func (p *Profile) ageFindings(r *Report) {
	said := map[string]bool{}
	for i := range p.features {
		s, v := &p.features[i], p.plan.Outputs[i].View
		if said[v.Name] || v.Kind != selfsame.AsOfView || s.Rows == 0 {
			continue
		}
		if share(s.Expired, s.Rows) > p.cfg.Nulls {
			said[v.Name] = true
			r.add(Warning, "expired", v.Name, "%d of %d rows are expired: newest row %s, %s, ttl %s; ttl: %s would cover them",
				s.Expired, s.Rows, selfsame.Instant(s.newest), ages(s.youngest, s.oldest), batch.Span(v.TTL.Micros), Cover(s.oldest))
		}
		if share(s.NotFound, s.Rows) > p.cfg.Nulls {
			said[v.Name] = true
			what := "find no row of their key at or before T; does the source begin too late, or is a key written otherwise?"
			if p.static(i) {
				what = "have a key that the table does not hold; is a key written otherwise?"
			}
			r.add(Warning, "not_found", v.Name, "%d of %d rows %s", s.NotFound, s.Rows, what)
		}
	}
}

// static reports whether output i is of a table without event times.
func (p *Profile) static(i int) bool {
	use := p.plan.Slots[p.plan.Outputs[i].Slot].Use
	return use >= 0 && p.plan.Uses[use].Spec.Static
}

func share(n, of int64) float64 { return float64(n) / float64(of) }

func ages(least, greatest int64) string {
	if least == greatest {
		return fmt.Sprintf("age %s", batch.Span(least))
	}
	return fmt.Sprintf("ages from %s to %s", batch.Span(least), batch.Span(greatest))
}

// Cover rounds an age up to a duration as definitions write it.
func Cover(micros int64) string {
	for _, u := range []struct {
		length int64
		word   string
	}{{selfsame.DayLength, "d"}, {selfsame.Hour, "h"}, {selfsame.Minute, "m"}, {selfsame.Second, "s"}} {
		if micros >= u.length {
			n := micros / u.length
			if micros%u.length != 0 {
				n++
			}
			return fmt.Sprintf("%d%s", n, u.word)
		}
	}
	return fmt.Sprintf("%dus", micros)
}

func (p *Profile) columnFindings(r *Report, checksums []string) {
	if p.rows < 2 {
		return // one row says nothing about others
	}
	first := map[string]string{}
	for i := range p.features {
		s := &p.features[i]
		if s.constant && s.Present == 0 && s.Missing() > p.nullsBound(i) {
			continue // nulls says so
		}
		if s.constant {
			r.add(Warning, "constant", s.Output, "every row has the same value: %s", batch.Show(s.first))
			continue
		}
		if other, ok := first[checksums[i]]; ok {
			r.add(Warning, "duplicate_column", s.Output, "equal to %s in every row", other)
			continue
		}
		first[checksums[i]] = s.Output
	}
}

func (p *Profile) rowFindings(r *Report, res *batch.Result) {
	if p.rows == 0 {
		r.add(Warning, "no_rows", "", "no row asks: the file of rows is empty, or --start and --end leave none")
	}
	if p.doubled > 0 {
		r.add(Info, "duplicate_rows", "", "%d label rows stand more than once; each is kept", p.doubled)
	}
	if p.noPast > 0 {
		r.add(level(p.noPast, p.rows, p.cfg.Nulls), "no_history", "", "%d of %d rows find no event in any view", p.noPast, p.rows)
	}
	for i, u := range p.plan.Uses {
		missing := p.rows - res.Seen[i]
		if missing == 0 || u.Entity == nil {
			continue
		}
		l := level(missing, p.rows, p.cfg.Nulls)
		if l == Warning && u.Spec.Static {
			continue // not_found says so
		}
		// Views that miss the same rows by the same key are told in one line.
		text := fmt.Sprintf("%d of %d rows have a key (%s) that its sources never hold in the range read", missing, p.rows, strings.Join(u.Key, ", "))
		if same := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Check == "unseen_keys" && f.Text == text }); same >= 0 {
			r.Findings[same].Subject += ", " + u.View.Name
			continue
		}
		r.add(l, "unseen_keys", u.View.Name, "%s", text)
	}
}

func level(n, of int64, bound float64) Level {
	if share(n, of) > bound {
		return Warning
	}
	return Info
}

// evaluationFindings says what expressions could not evaluate: values that became null without a word, rows that were left out.
func evaluationFindings(r *Report, res *batch.Result) {
	for i := range r.Sources {
		s := &r.Sources[i]
		for _, v := range sortedKeys(s.FailedCasts) {
			r.add(Warning, "failed_casts", v, "%d values of source %s could not be cast and are null", s.FailedCasts[v], s.Name)
		}
		for _, v := range sortedKeys(s.WhereError) {
			r.add(Warning, "where_error", v, "%d rows of source %s are left out because `where` overflows on them", s.WhereError[v], s.Name)
		}
	}
	for _, f := range sortedKeys(res.FailedCasts) {
		r.add(Warning, "failed_casts", f, "%d values could not be cast and are null", res.FailedCasts[f])
	}
}

func (p *Profile) sourceFindings(r *Report) {
	for i := range r.Sources {
		s := &r.Sources[i]
		src := p.plan.Project.Source(s.Name)
		if src.EventTime == "" || p.rows == 0 {
			continue
		}
		if s.NaiveTimes > 0 {
			r.add(Warning, "naive_times", s.Name, "%d times have no zone and were read as UTC: declare `timezone:`", s.NaiveTimes)
		}
		if s.RepeatedTimes+s.SkippedTimes > 0 {
			r.add(Info, "clock_change", s.Name, "%d local times occur twice and were read as the earlier, %d do not occur and were read with the offset before the gap",
				s.RepeatedTimes, s.SkippedTimes)
		}
		if s.TwoTimes > 0 {
			r.add(Warning, "two_times", s.Name, "%d ids stand with more than one event time: a retry must repeat its event time; is the zone wrong (%s)?", s.TwoTimes, zoneText(src))
		}
		if s.Admitted == 0 {
			r.add(Warning, "range", s.Name, "none of the %d rows that were read is admitted: its features know nothing", s.Rows)
			continue
		}
		if p.maxAt > s.MaxTime && float64(p.maxAt)-float64(s.MaxTime) > (float64(s.MaxTime)-float64(s.MinTime))/10 {
			r.add(Warning, "range", s.Name, "rows ask up to %s, the source ends %s: is newer data missing?", selfsame.Instant(p.maxAt), selfsame.Instant(s.MaxTime))
		}
		if p.minAt < s.MinTime {
			r.add(Info, "range", s.Name, "rows ask from %s, the source begins %s", selfsame.Instant(p.minAt), selfsame.Instant(s.MinTime))
		}
		if s.LateLoaded*2 > s.Admitted && !p.final() && !src.KnowledgeDelay.Set { // a declared delay is meant
			r.add(Warning, "loaded_late", s.Name, "%d of %d rows became known more than a day after they happened, so as_of hides them; --mode final shows them", s.LateLoaded, s.Admitted)
		}
		for j := range i {
			p.compareHours(r, s, &r.Sources[j])
		}
	}
}

// final reports whether some output used events without asking when they became known: no cut hides anything then.
func (p *Profile) final() bool {
	return slices.ContainsFunc(p.leak, func(l LeakProof) bool { return l.Rows > 0 && l.Knowledge == nil })
}

func zoneText(s *selfsame.Source) string {
	if s.Timezone == "" {
		return "no timezone declared"
	}
	return "timezone: " + s.Timezone
}

// compareHours remarks two sources whose hours of the day match best when one is shifted.
func (p *Profile) compareHours(r *Report, a, b *batch.SourceCounts) {
	first, second := p.plan.Project.Source(a.Name), p.plan.Project.Source(b.Name)
	if second.EventTime == "" || a.Admitted < leastForHours || b.Admitted < leastForHours {
		return
	}
	best, at, unshifted := -1.0, 0, 0.0
	for shift := range 24 {
		overlap := 0.0
		for h := range 24 {
			overlap += min(share(a.ByHour[(h+shift)%24], a.Admitted), share(b.ByHour[h], b.Admitted))
		}
		if shift == 0 {
			unshifted = overlap
		}
		if overlap > best {
			best, at = overlap, shift
		}
	}
	way := "later"
	if at > 12 {
		at, way = 24-at, "earlier"
	}
	if at != 0 && best > 0.95 && best > unshifted+0.1 {
		r.add(Warning, "hours", a.Name, "its hours of the day match those of %s when they are taken as %d hours %s: is a zone wrong (%s: %s; %s: %s)?",
			b.Name, at, way, a.Name, zoneText(first), b.Name, zoneText(second))
	}
}

// leastForHours is how many rows of each source a comparison of hours needs to say something.
const leastForHours = 240

// leastOfClass is how many rows of each class an AUC needs to say something.
const leastOfClass = 30

// auc is the area under the ROC curve of values against labels, ties halved, or one minus it where the values run the other way: 0.5 to 1,
// and 0 where a class has too few rows. NaN ranks above +Inf.
func auc(values []float64, present, labels, labelled []bool) float64 {
	type pair struct {
		v float64
		y bool
	}
	var pairs []pair
	for i, v := range values {
		if present[i] && i < len(labels) && labelled[i] {
			pairs = append(pairs, pair{v, labels[i]})
		}
	}
	order := func(a, b pair) int { return -cmp.Compare(-a.v, -b.v) } // NaN is the least of -v
	slices.SortFunc(pairs, order)
	var pos, neg, area float64
	for i := 0; i < len(pairs); {
		var p, n float64
		j := i
		for ; j < len(pairs) && order(pairs[j], pairs[i]) == 0; j++ {
			if pairs[j].y {
				p++
			} else {
				n++
			}
		}
		area += float64(p * (neg + n/2))
		pos, neg = pos+p, neg+n
		i = j
	}
	if pos < leastOfClass || neg < leastOfClass {
		return 0
	}
	a := area / (pos * neg)
	return max(a, 1-a)
}

func sortedKeys(m map[string]int64) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
