// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"math"
	"math/bits"
	"strings"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/plan"
)

// Config is the settings of a profile. The zero value of a bound is its default.
type Config struct {
	Nulls   float64 // share of rows without a value above which a feature is remarked; default 0.1; negative: any at all
	AUC     float64 // at which one feature alone is remarked; default 0.95
	Label   string  // label column; empty: the only bool column of the rows, if there is one
	KnownAt string  // column that says when a row's own data became known; empty: feature_timestamp, if there is one
	Strict  bool    // rows that were known only after T are an error
}

const defaultKnownAt = "feature_timestamp"

// Check refuses a named column that the rows do not have, or that is of a type that cannot be what it is named for.
func (c Config) Check(rows []selfsame.Field) error {
	for _, n := range []struct {
		flag, name, kinds string
		fits              func(selfsame.Type) bool
	}{{"--label", c.Label, "bool, int64 or float64", isLabel}, {"--known-at", c.KnownAt, "timestamp or date", isTime}} {
		if n.name == "" {
			continue
		}
		var known []string
		var found *selfsame.Field
		for i, f := range rows {
			known = append(known, f.Name)
			if f.Name == n.name {
				found = &rows[i]
			}
		}
		e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: n.flag + " " + n.name}
		switch {
		case found == nil:
			e.Message, e.Hint = "the rows have no such column", "the rows have "+strings.Join(known, ", ")
			if near := selfsame.Nearest(n.name, known); near != "" {
				e.Hint = "did you mean " + near + "?"
			}
			return e
		case !n.fits(found.Type):
			e.Message, e.Hint = "the rows hold it as "+found.Type.String(), "name a column of "+n.kinds
			return e
		}
	}
	return nil
}

func isTime(t selfsame.Type) bool { return t.Kind == selfsame.Timestamp || t.Kind == selfsame.Date }

func isLabel(t selfsame.Type) bool {
	return t.Kind == selfsame.Bool || t.Kind == selfsame.Int64 || t.Kind == selfsame.Float64
}

// Profile takes the chunks of one run.
type Profile struct {
	cfg      Config
	plan     *plan.Plan
	rows     int64
	stride   int64 // one row in stride is sampled for the AUC
	features []featureState
	leak     []LeakProof
	label    string
	labels   []bool // of sampled rows
	labelled []bool
	seen     hashSet // of label rows
	doubled  int64
	noPast   int64 // rows for which no stored feature found an event
	ahead    int64 // rows whose KnownAt is later than T
	minAt    int64
	maxAt    int64
	buf      []byte
	hashes   []uint64
	past     []bool
	margins  map[traced]margins // of the chunk at hand
}

// traced are the series that a leak proof compares. Features of one window share them.
type traced struct{ newest, arrival, known *int64 }

// margins are what a chunk shows of such series.
type margins struct{ rows, time, knowledge int64 }

type featureState struct {
	FeatureProfile
	first    selfsame.Value // of the first row, to find constants
	constant bool
	sample   []float64
	sampled  []bool
	youngest int64 // least T - τ of an expired value
	oldest   int64 // greatest
	newest   int64 // τ of the newest row among expired ones
	below    int64 // values under expect.min
	above    int64 // values over expect.max
}

const sampleRows = 20_000

// NewProfile returns a profile of a run over the given number of rows.
func NewProfile(cfg Config, p *plan.Plan, rows int64) *Profile {
	if cfg.Nulls == 0 {
		cfg.Nulls = 0.1
	}
	cfg.Nulls = max(cfg.Nulls, 0)
	if cfg.AUC == 0 {
		cfg.AUC = 0.95
	}
	if cfg.KnownAt == "" {
		cfg.KnownAt = defaultKnownAt
	}
	pr := &Profile{cfg: cfg, plan: p, stride: max(1, rows/sampleRows), seen: newHashSet(rows), margins: map[traced]margins{}, minAt: selfsame.MaxTime, maxAt: selfsame.MinTime}
	for _, o := range p.Outputs {
		pr.features = append(pr.features, featureState{constant: true, newest: selfsame.MinTime, youngest: selfsame.MaxTime,
			FeatureProfile: FeatureProfile{Output: o.Name, Feature: o.Ref(), Type: o.Type.String()}})
		pr.leak = append(pr.leak, LeakProof{Output: o.Name, Time: selfsame.MinTime, Edge: edge(p, o), Holds: true})
	}
	return pr
}

// edge returns the greatest τ - T that an output's definition allows.
func edge(p *plan.Plan, o plan.Output) int64 {
	s := p.Slots[o.Slot]
	if s.Use < 0 {
		return 0
	}
	u := p.Uses[s.Use]
	if u.Spec.AsOf {
		if u.Spec.Closed == selfsame.ClosedLeft {
			return -1
		}
		return 0
	}
	e := selfsame.MinTime
	for _, c := range u.Features[s.Feature].Program.Slots() {
		w := u.Spec.Cells[c].Window
		newest := -w.Offset - 1
		if w.Closed == selfsame.ClosedRight || w.Closed == selfsame.ClosedBoth {
			newest++
		}
		e = max(e, newest)
	}
	return e
}

// Observe takes the next rows.
func (p *Profile) Observe(c *batch.Chunk) error {
	p.observeRows(c)
	for i, f := range c.Features.Columns {
		s := &p.features[i]
		s.Rows += int64(c.Rows)
		s.countStatuses(f, c.Rows)
		s.observeConstant(f, c.Rows)
		s.observeBounds(p.plan.Outputs[i].Feature.Expect, f, c.Rows)
		p.observeAges(i, f, c)
		p.observeLeak(i, c)
		p.observeSample(s, f, c)
	}
	p.rows += int64(c.Rows)
	return nil
}

// observeRows looks at the label rows themselves.
func (p *Profile) observeRows(c *batch.Chunk) {
	if p.rows == 0 {
		p.label = labelColumn(c.Labels, p.cfg.Label)
	}
	p.hashes = append(p.hashes[:0], make([]uint64, c.Rows)...)
	for _, col := range c.Labels.Columns {
		p.hashColumn(col)
	}
	// In a loop of their own the look-ups miss the cache side by side.
	for _, h := range p.hashes {
		if !p.seen.add(h) {
			p.doubled++
		}
	}
	for _, at := range c.At {
		p.minAt, p.maxAt = min(p.minAt, at), max(p.maxAt, at)
	}
	if k := c.Labels.Column(p.cfg.KnownAt); k != nil && isTime(k.Type) {
		unit := int64(1)
		if k.Type.Kind == selfsame.Date {
			unit = selfsame.DayLength
		}
		for i, at := range c.At {
			if k.StatusAt(i) == selfsame.Present && k.Ints[i]*unit > at {
				p.ahead++
			}
		}
	}
	if col := c.Labels.Column(p.label); p.label != "" && col != nil {
		for i := range c.Rows {
			if (p.rows+int64(i))%p.stride == 0 {
				p.labels = append(p.labels, col.StatusAt(i) == selfsame.Present && truth(col, i))
				p.labelled = append(p.labelled, col.StatusAt(i) == selfsame.Present)
			}
		}
	}
	p.observePast(c)
}

// hashColumn mixes the values of a column into the rows' hashes.
func (p *Profile) hashColumn(c *column.Column) {
	switch {
	case c.Status == nil && c.Type.Kind == selfsame.Float64:
		for i, v := range c.Floats {
			p.hashes[i] = mix(p.hashes[i], math.Float64bits(v))
		}
	case c.Status == nil && (c.Type.Kind == selfsame.Int64 || isTime(c.Type)):
		for i, v := range c.Ints {
			p.hashes[i] = mix(p.hashes[i], uint64(v))
		}
	default:
		for i := range p.hashes {
			p.buf = c.AppendFramed(p.buf[:0], i)
			p.hashes[i] = mix(p.hashes[i], xxh3.Hash(p.buf))
		}
	}
}

// mix returns a hash of a hash and a further value.
func mix(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9E3779B97F4A7C15, v^0xD1B54A32D192ED03)
	return hi ^ lo ^ bits.RotateLeft64(h, 29) + v
}

// hashSet is a set of hashes of a size known beforehand: open addressing, 0 is free.
type hashSet []uint64

func newHashSet(n int64) hashSet {
	size := int64(16)
	for size < 2*n {
		size *= 2
	}
	return make(hashSet, size)
}

// add puts h into the set and reports whether it was not there.
func (s hashSet) add(h uint64) bool {
	h |= 1 // 0 is free; one bit less does not matter for a count
	mask := uint64(len(s) - 1)
	for at := h >> 16 & mask; ; at = (at + 1) & mask {
		switch s[at] {
		case 0:
			s[at] = h
			return true
		case h:
			return false
		}
	}
}

// labelColumn returns the named column, or the only bool column of the rows.
func labelColumn(b *column.Batch, name string) string {
	if name != "" {
		return name
	}
	for _, f := range b.Fields {
		if f.Type.Kind == selfsame.Bool {
			if name != "" {
				return ""
			}
			name = f.Name
		}
	}
	return name
}

func truth(c *column.Column, i int) bool {
	switch c.Type.Kind {
	case selfsame.Bool:
		return c.Bools[i]
	case selfsame.Int64:
		return c.Ints[i] > 0
	case selfsame.Float64:
		return c.Floats[i] > 0
	}
	return false
}

// observePast counts rows for which no stored feature found any event.
func (p *Profile) observePast(c *batch.Chunk) {
	p.past = append(p.past[:0], make([]bool, c.Rows)...)
	timed := false
	clear(p.margins)
	for _, newest := range c.Newest {
		if len(newest) == 0 {
			continue
		}
		timed = true
		if _, done := p.margins[traced{newest: &newest[0]}]; done {
			continue
		}
		p.margins[traced{newest: &newest[0]}] = margins{}
		for i, t := range newest {
			if t != selfsame.MinTime {
				p.past[i] = true
			}
		}
	}
	if !timed {
		return
	}
	for _, has := range p.past {
		if !has {
			p.noPast++
		}
	}
}

func (s *featureState) countStatuses(f *column.Column, rows int) {
	if f.Status == nil {
		s.Present += int64(rows)
		return
	}
	var n, m [256]int64 // in two tables, as one increment waits for the one before
	for i := 1; i < len(f.Status); i += 2 {
		n[f.Status[i-1]]++
		m[f.Status[i]]++
	}
	if len(f.Status)%2 == 1 {
		n[f.Status[len(f.Status)-1]]++
	}
	for st := range n {
		n[st] += m[st]
	}
	s.Present += n[selfsame.Present]
	s.Null += n[selfsame.Null]
	s.NotFound += n[selfsame.NotFound]
	s.Expired += n[selfsame.Expired]
	s.Errors += n[selfsame.ErrorOverflow] + n[selfsame.ErrorMaxValues] + n[selfsame.ErrorLength]
}

// observeConstant compares values with the first until one differs.
func (s *featureState) observeConstant(f *column.Column, rows int) {
	if !s.constant || rows == 0 {
		return
	}
	first := column.New(f.Type, 1)
	if s.Rows == int64(rows) {
		s.first = f.Value(0)
	}
	first.Append(s.first)
	for i := range rows {
		if f.StatusAt(i) != first.StatusAt(0) || column.Compare(f, i, first, 0) != 0 {
			s.constant = false
			return
		}
	}
}

// observeBounds counts values outside the declared bounds. The bounds themselves are inside.
func (s *featureState) observeBounds(e *selfsame.Expectation, f *column.Column, rows int) {
	if e == nil || (e.Min == nil && e.Max == nil) {
		return
	}
	bound := func(v *selfsame.Value) *column.Column {
		if v == nil {
			return nil
		}
		c := column.New(f.Type, 1)
		c.Append(*v)
		return c
	}
	lo, hi := bound(e.Min), bound(e.Max)
	for i := range rows {
		if f.StatusAt(i) != selfsame.Present {
			continue
		}
		if lo != nil && column.Compare(f, i, lo, 0) < 0 {
			s.below++
		}
		if hi != nil && column.Compare(f, i, hi, 0) > 0 {
			s.above++
		}
	}
}

// observeAges looks at the rows whose value is expired.
func (p *Profile) observeAges(i int, f *column.Column, c *batch.Chunk) {
	if f.Status == nil || c.Newest[i] == nil {
		return
	}
	s := &p.features[i]
	for r, st := range f.Status {
		if st == selfsame.Expired {
			age := c.At[r] - c.Newest[i][r]
			s.youngest, s.oldest = min(s.youngest, age), max(s.oldest, age)
			s.newest = max(s.newest, c.Newest[i][r])
		}
	}
}

// observeLeak compares the newest contributing event with what the row may know.
func (p *Profile) observeLeak(i int, c *batch.Chunk) {
	newest, arrival, known := c.Newest[i], c.Arrival[i], c.Known[i]
	if len(newest) == 0 {
		return
	}
	l := &p.leak[i]
	if known != nil && l.Knowledge == nil {
		least := selfsame.MinTime
		l.Knowledge = &least
	}
	key := traced{newest: &newest[0], arrival: &arrival[0]}
	if known != nil {
		key.known = &known[0]
	}
	m, ok := p.margins[key]
	if !ok {
		m = marginsOf(newest, arrival, known, c.At)
		p.margins[key] = m
	}
	l.Rows += m.rows
	l.Time = max(l.Time, m.time)
	if known != nil {
		*l.Knowledge = max(*l.Knowledge, m.knowledge)
	}
	l.Holds = l.Time <= l.Edge && (l.Knowledge == nil || *l.Knowledge <= 0)
}

// marginsOf returns how many rows have an event, and the greatest τ - T and α - κ among them.
func marginsOf(newest, arrival, known, at []int64) margins {
	m := margins{time: selfsame.MinTime, knowledge: selfsame.MinTime}
	for r, tau := range newest {
		if tau == selfsame.MinTime {
			continue
		}
		m.rows++
		m.time = max(m.time, tau-at[r])
		if known != nil {
			m.knowledge = max(m.knowledge, arrival[r]-known[r])
		}
	}
	return m
}

// observeSample keeps the values of sampled rows as numbers.
func (p *Profile) observeSample(s *featureState, f *column.Column, c *batch.Chunk) {
	if p.label == "" {
		return
	}
	switch f.Type.Kind {
	case selfsame.Bool, selfsame.Int64, selfsame.Float64, selfsame.Timestamp, selfsame.Date:
	default:
		return
	}
	for i := int((p.stride - p.rows%p.stride) % p.stride); i < c.Rows; i += int(p.stride) {
		v := 0.0
		switch f.Type.Kind {
		case selfsame.Bool:
			if f.Bools[i] {
				v = 1
			}
		case selfsame.Float64:
			v = f.Floats[i]
		default:
			v = float64(f.Ints[i])
		}
		s.sample = append(s.sample, v)
		s.sampled = append(s.sampled, f.StatusAt(i) == selfsame.Present)
	}
}
