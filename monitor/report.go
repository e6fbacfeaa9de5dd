// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package monitor watches values: it profiles a training set while it is written and says what a careful reader would ask about it.
//
// A Profile is fed the chunks of one run in row order, by one goroutine; Report then gives the findings. CountArms splits what a journal has of an experiment
// by its arms. It changes no value.
package monitor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"selfsame"
	"selfsame/batch"
)

// Level is how much a finding matters.
type Level string

// The levels. An error blocks publication.
const (
	Info    Level = "info"
	Warning Level = "warning"
	Error   Level = "error"
)

// Finding is one thing to know about a training set.
type Finding struct {
	Level   Level  `json:"level"`
	Check   string `json:"check"`             // a name of the closed list in docs/report.md
	Subject string `json:"subject,omitempty"` // feature, view, source or column
	Text    string `json:"text"`
}

// FeatureProfile is what was seen of one output.
type FeatureProfile struct {
	Output   string  `json:"output"`
	Feature  string  `json:"feature"`
	Type     string  `json:"type"`
	Rows     int64   `json:"rows"`
	Present  int64   `json:"present"`
	Null     int64   `json:"null"`
	NotFound int64   `json:"not_found"`
	Expired  int64   `json:"expired"`
	Errors   int64   `json:"error"`
	AUC      float64 `json:"auc,omitempty"` // of the feature alone against the label, whichever way round, on a sample: 0.5 to 1; 0: not computed
}

// Missing is the share of rows without a value, 0 to 1.
func (f *FeatureProfile) Missing() float64 {
	if f.Rows == 0 {
		return 0
	}
	return float64(f.Rows-f.Present) / float64(f.Rows)
}

// LeakProof is the newest contributing event of a feature over all rows, against what each row may know. Both margins are at most
// the edge that the definition declares, or something is wrong in the engine.
type LeakProof struct {
	Output    string `json:"output"`
	Rows      int64  `json:"rows"`                 // rows with a contributing event
	Time      int64  `json:"newest_minus_t_us"`    // greatest τ - T; MinTime where no event contributed
	Knowledge *int64 `json:"arrival_minus_cut_us"` // greatest α - κ; null in final mode
	Edge      int64  `json:"edge_us"`              // greatest τ - T that the definition allows
	Holds     bool   `json:"holds"`
}

// Report is the validation report of a training set.
type Report struct {
	Rows     int64                `json:"rows"`
	Findings []Finding            `json:"findings"`
	Features []FeatureProfile     `json:"features"`
	Leak     []LeakProof          `json:"leak_proof"`
	Sources  []batch.SourceCounts `json:"sources"`
}

// Worst returns the greatest level of any finding, Info where there is none.
func (r *Report) Worst() Level {
	worst := Info
	for _, f := range r.Findings {
		if f.Level == Error || (f.Level == Warning && worst == Info) {
			worst = f.Level
		}
	}
	return worst
}

// Encode returns the report as indented JSON.
func (r *Report) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}

// Print writes the report for a reader at a terminal.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "validation report: %d rows, %d features\n", r.Rows, len(r.Features))
	for _, s := range r.Sources {
		fmt.Fprintf(w, "  source %-16s %d rows: %s\n", s.Name, s.Rows, fates(&s))
	}
	r.printLeak(w)
	if len(r.Findings) == 0 {
		fmt.Fprintln(w, "  nothing to remark")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "  %-7s %s\n", f.Level, f)
	}
}

// String is the finding without its level: subject: text [check].
func (f Finding) String() string {
	if f.Subject == "" {
		return fmt.Sprintf("%s [%s]", f.Text, f.Check)
	}
	return fmt.Sprintf("%s: %s [%s]", f.Subject, f.Text, f.Check)
}

// fates says what became of a source's rows: the verdicts first, then what befell some of the admitted ones.
func fates(s *batch.SourceCounts) string {
	type fate struct {
		n    int64
		word string
	}
	list := func(fates []fate) []string {
		var parts []string
		for _, f := range fates {
			if f.n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", f.n, f.word))
			}
		}
		return parts
	}
	verdicts := append([]string{fmt.Sprintf("%d admitted", s.Admitted)}, list([]fate{{s.Late, "late"}, {s.Early, "early"}, {s.Schema, "schema"}})...)
	of := list([]fate{{s.Duplicate, "duplicate"}, {s.Conflict, "conflict"}, {s.Superseded, "superseded"}, {s.NullArrival, "without arrival"}})
	for _, v := range sortedKeys(s.NoEntity) {
		of = append(of, fmt.Sprintf("%d no_entity in %s", s.NoEntity[v], v))
	}
	text := strings.Join(verdicts, ", ")
	if len(of) > 0 {
		text += "; of the admitted " + strings.Join(of, ", ")
	}
	return text
}

// printLeak sums the leak proof up in one line; a feature that breaks it is a finding of its own.
func (r *Report) printLeak(w io.Writer) {
	if len(r.Leak) == 0 {
		return
	}
	newest, known, measured, broken := selfsame.MinTime, selfsame.MinTime, 0, 0
	for _, l := range r.Leak {
		if l.Rows > 0 {
			measured++
			newest = max(newest, l.Time)
		}
		if l.Knowledge != nil && l.Rows > 0 {
			known = max(known, *l.Knowledge)
		}
		if !l.Holds {
			broken++
		}
	}
	switch {
	case broken > 0:
		fmt.Fprintf(w, "  leak proof: BROKEN for %d of %d features that used events\n", broken, measured)
		return
	case measured == 0:
		fmt.Fprintf(w, "  leak proof: no feature used an event\n")
		return
	}
	fmt.Fprintf(w, "  leak proof: holds for all %d features that used events; the newest event used is %s", measured, distance(newest, "T"))
	if known != selfsame.MinTime {
		fmt.Fprintf(w, ", the last one to become known %s", distance(known, "the cut"))
	}
	fmt.Fprintln(w)
}

// distance says how far before or after something a moment lies.
func distance(micros int64, of string) string {
	switch {
	case micros == selfsame.MinTime:
		return "long before " + of
	case micros < 0:
		return fmt.Sprintf("%s before %s", batch.Span(-micros), of)
	case micros == 0:
		return "at " + of
	default:
		return fmt.Sprintf("%s after %s", batch.Span(micros), of)
	}
}
