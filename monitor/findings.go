// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"fmt"
	"slices"
	"sort"
	"time"

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
		if !l.Holds {
			r.add(Error, "leak", l.Output, "an event used lies %s", distance(l.Time, "T"))
		}
	}
	if p.ahead > 0 {
		r.add(p.strictly(), "known_at", p.cfg.KnownAt, "later than T in %d rows", p.ahead)
	}
	for i := range p.features {
		if s := &p.features[i]; s.AUC >= p.cfg.AUC || (s.AUC > 0 && s.AUC <= 1-p.cfg.AUC) {
			r.add(Warning, "auc", s.Output, "alone it tells %s apart with an AUC of %.3f; does it know the outcome?", p.label, max(s.AUC, 1-s.AUC))
		}
	}
}

func (p *Profile) valueFindings(r *Report) {
	for i := range p.features {
		s := &p.features[i]
		e := p.plan.Outputs[i].Feature.Expect
		bound, level := p.cfg.Nulls, Warning
		if e != nil && e.Nulls >= 0 {
			bound = e.Nulls
		}
		if e != nil && e.Block {
			level = Error
		}
		if s.Missing() > bound {
			l := Warning
			if e != nil && e.Nulls >= 0 {
				l = level
			}
			r.add(l, "nulls", s.Output, "%.1f %% of rows have no value (bound %.1f %%)", 100*s.Missing(), 100*bound)
		}
		if s.below > 0 {
			r.add(level, "expect", s.Output, "%d values are below the declared minimum", s.below)
		}
		if s.above > 0 {
			r.add(level, "expect", s.Output, "%d values are above the declared maximum", s.above)
		}
	}
	p.ageFindings(r)
}

// ageFindings says once a view that its values are expired or not found in bulk.
func (p *Profile) ageFindings(r *Report) {
	said := map[string]bool{}
	for i := range p.features {
		s, v := &p.features[i], p.plan.Outputs[i].View
		if said[v.Name] || v.Kind != selfsame.AsOfView || s.Rows == 0 {
			continue
		}
		if float64(s.Expired)/float64(s.Rows) > p.cfg.Nulls {
			said[v.Name] = true
			r.add(Warning, "expired", v.Name, "%d of %d rows are expired: newest row %s, oldest age %s, ttl %s; ttl: %s would cover them",
				s.Expired, s.Rows, instant(s.newest), span(s.oldest), span(v.TTL.Micros), cover(s.oldest))
		}
		if float64(s.NotFound)/float64(s.Rows) > p.cfg.Nulls {
			said[v.Name] = true
			r.add(Warning, "not_found", v.Name, "%d of %d rows have no row at or before T", s.NotFound, s.Rows)
		}
	}
}

func instant(micros int64) string { return time.UnixMicro(micros).UTC().Format(time.RFC3339Nano) }

func span(micros int64) string {
	if micros >= selfsame.DayLength {
		return fmt.Sprintf("%.1fd", float64(micros)/float64(selfsame.DayLength))
	}
	return (time.Duration(micros) * time.Microsecond).String()
}

// cover rounds an age up to a duration as definitions write it.
func cover(micros int64) string {
	for _, u := range []struct {
		length int64
		word   string
	}{{selfsame.DayLength, "d"}, {selfsame.Hour, "h"}, {selfsame.Minute, "m"}, {selfsame.Second, "s"}} {
		if micros >= u.length {
			return fmt.Sprintf("%d%s", (micros+u.length-1)/u.length, u.word)
		}
	}
	return fmt.Sprintf("%dus", micros)
}

func (p *Profile) columnFindings(r *Report, checksums []string) {
	first := map[string]string{}
	for i := range p.features {
		s := &p.features[i]
		if s.constant && s.Rows > 1 {
			r.add(Warning, "constant", s.Output, "every row has the same value")
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
	if p.doubled > 0 {
		r.add(Info, "duplicate_rows", "", "%d label rows stand more than once; each is kept", p.doubled)
	}
	if p.noPast > 0 {
		r.add(level(p.noPast, p.rows, p.cfg.Nulls), "no_history", "", "%d rows find no event in any view", p.noPast)
	}
	for i, u := range p.plan.Uses {
		if missing := p.rows - res.Seen[i]; missing > 0 && u.Entity != nil {
			r.add(level(missing, p.rows, p.cfg.Nulls), "unseen_keys", u.View.Name, "%d rows have a key that its sources never hold in the range read", missing)
		}
	}
}

func level(n, of int64, bound float64) Level {
	if float64(n) > bound*float64(of) {
		return Warning
	}
	return Info
}

func (p *Profile) sourceFindings(r *Report) {
	for i := range r.Sources {
		s := &r.Sources[i]
		src := p.plan.Project.Source(s.Name)
		if src.EventTime == "" || s.Admitted == 0 || p.rows == 0 {
			continue
		}
		if p.maxAt > s.MaxTime && float64(p.maxAt-s.MaxTime) > float64(s.MaxTime-s.MinTime)/10 {
			r.add(Warning, "range", s.Name, "rows ask up to %s, the source ends %s", instant(p.maxAt), instant(s.MaxTime))
		}
		if p.minAt < s.MinTime {
			r.add(Info, "range", s.Name, "rows ask from %s, the source begins %s", instant(p.minAt), instant(s.MinTime))
		}
		if s.NaiveTimes > 0 {
			r.add(Warning, "naive_times", s.Name, "%d times have no zone and were read as UTC: declare `timezone:`", s.NaiveTimes)
		}
		if s.RepeatedTimes+s.SkippedTimes > 0 {
			r.add(Info, "clock_change", s.Name, "%d local times occur twice and were read as the earlier, %d do not occur and were read with the offset before the gap",
				s.RepeatedTimes, s.SkippedTimes)
		}
		if s.LateLoaded*2 > s.Admitted {
			r.add(Warning, "loaded_late", s.Name, "%d of %d rows became known more than a day after they happened, so as_of hides them; --mode final shows them", s.LateLoaded, s.Admitted)
		}
		if s.TwoTimes > 0 {
			r.add(Warning, "two_times", s.Name, "%d ids stand with more than one event time: a retry must repeat its event time; is a zone wrong?", s.TwoTimes)
		}
		for j := range i {
			p.compareHours(r, s, &r.Sources[j])
		}
	}
}

// compareHours remarks two sources whose hours of the day match best when one is shifted.
func (p *Profile) compareHours(r *Report, a, b *batch.SourceCounts) {
	if p.plan.Project.Source(b.Name).EventTime == "" || a.Admitted < 240 || b.Admitted < 240 {
		return
	}
	best, at, unshifted := -1.0, 0, 0.0
	for shift := range 24 {
		overlap := 0.0
		for h := range 24 {
			overlap += min(float64(a.ByHour[(h+shift)%24])/float64(a.Admitted), float64(b.ByHour[h])/float64(b.Admitted))
		}
		if shift == 0 {
			unshifted = overlap
		}
		if overlap > best {
			best, at = overlap, shift
		}
	}
	if at > 12 {
		at -= 24
	}
	if at != 0 && best > 0.95 && best > unshifted+0.1 {
		r.add(Warning, "hours", a.Name, "its hours of the day match those of %s best when shifted by %d hours: is a time zone wrong?", b.Name, at)
	}
}

// leastOfClass is how many rows of each class an AUC needs to say something.
const leastOfClass = 30

// auc is the area under the ROC curve of values against labels, ties halved; 0 where a class has too few rows.
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
	sort.Slice(pairs, func(i, j int) bool { return pairs[i].v < pairs[j].v })
	var pos, neg, area float64
	for i := 0; i < len(pairs); {
		var p, n float64
		j := i
		for ; j < len(pairs) && pairs[j].v == pairs[i].v; j++ {
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
	return area / (pos * neg)
}

func sortedKeys(m map[string]int64) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
