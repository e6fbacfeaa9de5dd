// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"selfsame"
	"selfsame/batch"
	"selfsame/journal"
)

// MismatchesListed is how many mismatches a report lists; it counts all of them.
const MismatchesListed = 100

// Report is what an audit found. Its JSON is what `selfsame audit --json` prints.
type Report struct {
	First       selfsame.Instant `json:"first,omitempty"` // time of writing of the first record
	Last        selfsame.Instant `json:"last,omitempty"`
	Next        string           `json:"next"` // position to go on from
	Requests    int64            `json:"requests"`
	Vectors     int64            `json:"vectors"`
	Audited     int64            `json:"audited"`
	Unauditable int64            `json:"unauditable"`
	Values      int64            `json:"values"` // compared
	Mismatched  int64            `json:"mismatched"`
	Services    []*ServiceReport `json:"services"`
	Reasons     []Reason         `json:"unauditable_reasons,omitempty"`
	Mismatches  []Mismatch       `json:"mismatches,omitempty"` // the first MismatchesListed
	// Gap says what late data would have changed: values that `final`, what is known now, gives otherwise. No part of the pass mark.
	Gap []Gap `json:"late_data_gap,omitempty"`

	explained int
}

// ServiceReport is the part of one version of a service; the empty name is that of references.
type ServiceReport struct {
	Service     string `json:"service"`
	Version     int64  `json:"version"`
	Vectors     int64  `json:"vectors"`
	Audited     int64  `json:"audited"`
	Unauditable int64  `json:"unauditable"`
	Values      int64  `json:"values"`
	Mismatched  int64  `json:"mismatched"`
}

// Reason is why vectors could not be audited.
type Reason struct {
	Reason  string `json:"reason"`
	Vectors int64  `json:"vectors"`
	Request string `json:"request"` // one of them
}

// Mismatch is a value that batch gives otherwise than it was served.
type Mismatch struct {
	Request        string           `json:"request"`
	Row            int              `json:"row"`
	Service        string           `json:"service,omitempty"`
	ServiceVersion int64            `json:"service_version,omitempty"`
	Output         string           `json:"output"`
	Feature        string           `json:"feature"`
	Version        string           `json:"version,omitempty"`
	Hash           string           `json:"hash,omitempty"`
	At             selfsame.Instant `json:"at"`
	Cut            string           `json:"cut"`
	Offset         int64            `json:"offset"` // of the cut
	Served         batch.Shown      `json:"served"`
	Again          batch.Shown      `json:"again"`
	// Explanation lists the events of the value that batch gives, and those that were near.
	Explanation *batch.Origin `json:"explanation,omitempty"`
}

// Gap is one output of a service.
type Gap struct {
	Service string `json:"service"`
	Output  string `json:"output"`
	Values  int64  `json:"values"`
	Differ  int64  `json:"differ"`
}

// Passed reports whether no value was otherwise. An audit of nothing, or of what is unauditable, passes too: see Audited.
func (r *Report) Passed() bool { return r.Mismatched == 0 }

func (r *Report) service(s *journal.Shape) *ServiceReport {
	for _, x := range r.Services {
		if x.Service == s.Service && x.Version == s.Version {
			return x
		}
	}
	x := &ServiceReport{Service: s.Service, Version: s.Version}
	r.Services = append(r.Services, x)
	return x
}

func (r *Report) unauditable(s *ServiceReport, reason, request string, vectors int64) {
	r.Unauditable += vectors
	s.Unauditable += vectors
	for i := range r.Reasons {
		if r.Reasons[i].Reason == reason {
			r.Reasons[i].Vectors += vectors
			return
		}
	}
	r.Reasons = append(r.Reasons, Reason{reason, vectors, request})
}

func (r *Report) gap(service, output string, values, differ int64) {
	for i := range r.Gap {
		if g := &r.Gap[i]; g.Service == service && g.Output == output {
			g.Values, g.Differ = g.Values+values, g.Differ+differ
			return
		}
	}
	r.Gap = append(r.Gap, Gap{service, output, values, differ})
}

// finish sums up and sorts.
func (r *Report) finish() {
	r.Audited = r.Vectors - r.Unauditable
	slices.SortFunc(r.Services, func(a, b *ServiceReport) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Version, b.Version))
	})
	slices.SortStableFunc(r.Reasons, func(a, b Reason) int { return cmp.Compare(b.Vectors, a.Vectors) })
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	p := &printer{w: w}
	p.line("%d vectors of %d requests: %d audited, %d unauditable", r.Vectors, r.Requests, r.Audited, r.Unauditable)
	p.line("%d values compared, %d mismatches", r.Values, r.Mismatched)
	for _, s := range r.Services {
		name := fmt.Sprintf("%s version %d", s.Service, s.Version)
		if s.Service == "" {
			name = "references"
		}
		p.line("  %s: %d vectors audited, %d mismatches, %d unauditable", name, s.Audited, s.Mismatched, s.Unauditable)
	}
	for _, x := range r.Reasons {
		p.line("unauditable, %d vectors (request %s is one): %s", x.Vectors, x.Request, x.Reason)
	}
	for i := range r.Mismatches {
		m := &r.Mismatches[i]
		p.line("MISMATCH request %s row %d, %s (%s@%s): served %s, batch gives %s", m.Request, m.Row, m.Output, m.Feature, m.Version, m.Served, m.Again)
		p.line("  T %s, cut at offset %d (%s), definition %s", m.At, m.Offset, m.Cut, m.Hash)
	}
	if more := r.Mismatched - int64(len(r.Mismatches)); more > 0 {
		p.line("and %d more mismatches", more)
	}
	for _, g := range r.Gap {
		if g.Differ > 0 {
			p.line("late data: %s %s is otherwise by now for %d of %d values", g.Service, g.Output, g.Differ, g.Values)
		}
	}
	p.line("go on with --from %s", r.Next)
	return p.err
}

type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
