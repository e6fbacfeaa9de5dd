// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"io"
	"selfsame/compute/expr"
	"strings"
)

// Print writes the plan for a reader: each use with its key, source, columns and cells, then the on-demand features.
func (p *Plan) Print(w io.Writer) {
	fmt.Fprintf(w, "plan of %s: %d outputs from %d views\n", p.Name, len(p.Outputs), len(p.Uses))
	for _, u := range p.Uses {
		u.print(w)
	}
	for _, f := range p.OnDemand {
		fmt.Fprintf(w, "  on demand  %s.%s %s\n", f.View.Name, f.Name, f.Type)
	}
}

func (u *Use) print(w io.Writer) {
	fmt.Fprintf(w, "  %-9s %s by %s\n", u.View.Kind, u.View.Name, u.by())
	for _, s := range u.Sources {
		var fields []string
		for _, i := range s.Fields {
			fields = append(fields, s.Source.Schema[i].Name)
		}
		fmt.Fprintf(w, "    reads    %s (%s)\n", s.Source.Name, strings.Join(fields, ", "))
	}
	for i, e := range u.lookups.entries {
		fmt.Fprintf(w, "    looks up %s as of each event: %s.%s\n", e.As, u.Lookup.Outputs[i].View.Name, u.Lookup.Outputs[i].Feature.Name)
	}
	if u.View.Season != nil {
		fmt.Fprintf(w, "    season   %s\n", u.View.Season.Text)
	}
	if u.View.Where != nil {
		fmt.Fprintf(w, "    where    %s\n", u.View.Where.Text)
	}
	if u.Spec.AsOf {
		ttl := "no ttl"
		if u.Spec.TTL >= 0 {
			ttl = fmt.Sprintf("ttl %s", expr.DurationText(u.Spec.TTL))
		}
		if u.Spec.Static {
			ttl = "static"
		}
		fmt.Fprintf(w, "    newest   row of %s (%s)\n", strings.Join(u.columnTexts, ", "), ttl)
	}
	for _, text := range u.windowTexts() {
		fmt.Fprintf(w, "    cell     %s\n", text)
	}
}

// by is what fills the key, without its season.
func (u *Use) by() string {
	var texts []string
	for i, f := range u.Fill {
		if u.Entity.Key[i].Name != SeasonField {
			texts = append(texts, f.Text)
		}
	}
	if texts == nil {
		return "the whole world"
	}
	return strings.Join(texts, ", ")
}

// windowTexts are the aggregate calls of the cells in order; calls that differ in their windows alone are one text.
func (u *Use) windowTexts() []string {
	var texts []string
	at := map[string]int{}
	for _, text := range u.cellTexts {
		i := strings.LastIndex(text, " over ")
		if i < 0 {
			texts = append(texts, text)
			continue
		}
		k, ok := at[text[:i]]
		if !ok {
			at[text[:i]] = len(texts)
			texts = append(texts, text)
			continue
		}
		texts[k] += ", " + text[i+len(" over "):]
	}
	return texts
}

// Summary writes a line for each view: its key, what it reads and how many features it gives.
func (p *Plan) Summary(w io.Writer) {
	fmt.Fprintf(w, "plan of %s: %d outputs from %d views\n", p.Name, len(p.Outputs), len(p.Uses))
	for _, u := range p.Uses {
		var sources []string
		for _, s := range u.Sources {
			sources = append(sources, s.Source.Name)
		}
		fmt.Fprintf(w, "  %-9s %s by %s: %s of %s\n", u.View.Kind, u.View.Name, u.by(), features(len(u.Features)), strings.Join(sources, ", "))
	}
	if n := len(p.OnDemand); n > 0 {
		fmt.Fprintf(w, "  on demand %s\n", features(n))
	}
}

func features(n int) string {
	if n == 1 {
		return "1 feature"
	}
	return fmt.Sprintf("%d features", n)
}
