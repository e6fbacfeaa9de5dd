// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfsame/forecast"
	"selfsame/registry"
)

// writeConsequences says below a feature who uses it and what becomes of its values.
func writeConsequences(b *strings.Builder, f *forecast.Forecast, c *registry.FeatureChange) {
	for i := range f.Users {
		if u := &f.Users[i]; u.View == c.View && u.Feature == c.Feature {
			if text := usersText(&u.Users, c.Services); text != "" {
				fmt.Fprintf(b, "      used by %s\n", text)
			}
		}
	}
	for i := range f.Impacts {
		if m := &f.Impacts[i]; m.View == c.View && m.Feature == c.Feature {
			writeImpact(b, m, "      ")
		}
	}
}

// usersText names users beside the applied services whose answers change: those are told.
func usersText(u *registry.Users, told []string) string {
	var out []string
	for _, s := range u.Services {
		if s.Current && slices.Contains(told, s.Name) {
			continue
		}
		text := fmt.Sprintf("service %s@%d", s.Name, s.Version)
		if s.Experiment != "" {
			text += " (experiment " + s.Experiment + ")"
		}
		out = append(out, text)
	}
	for _, m := range u.Models {
		out = append(out, fmt.Sprintf("model %s@%s (by %s@%d)", m.Name, m.Version, m.Service, m.ServiceVersion))
	}
	return strings.Join(append(out, u.OnDemand...), ", ")
}

// writeImpact says what becomes of the values of a feature.
func writeImpact(b *strings.Builder, m *registry.Impact, indent string) {
	fmt.Fprintf(b, "%svalues  %s of %s differ (%s)\n", indent, grouped(m.Changed), grouped(m.Rows), percent(m.Changed, m.Rows))
	if m.Changed == 0 || m.Before == nil || m.After == nil {
		return
	}
	table := [][3]string{{"", "before", "after"}, {"none", percent(m.Before.Nulls, m.Rows), percent(m.After.Nulls, m.Rows)}}
	if m.Before.Errors+m.After.Errors > 0 {
		table = append(table, [3]string{"errors", percent(m.Before.Errors, m.Rows), percent(m.After.Errors, m.Rows)})
	}
	table = append(table, [3]string{"distinct", grouped(m.Before.Distinct), grouped(m.After.Distinct)})
	if m.Before.Mean != nil || m.After.Mean != nil {
		table = append(table, [3]string{"mean", meanText(m.Before.Mean), meanText(m.After.Mean)})
	}
	if len(m.Before.Quantiles)+len(m.After.Quantiles) > 0 {
		for i, name := range []string{"least", "25%", "50%", "75%", "95%", "greatest"} {
			table = append(table, [3]string{name, quantileText(m.Before.Quantiles, i), quantileText(m.After.Quantiles, i)})
		}
	}
	var width [3]int
	for _, row := range table {
		for i, text := range row {
			width[i] = max(width[i], len(text))
		}
	}
	for _, row := range table {
		fmt.Fprintf(b, "%s  %-*s  %*s  %*s\n", indent, width[0], row[0], width[1], row[1], width[2], row[2])
	}
	fmt.Fprintf(b, "%slargest differences\n", indent)
	for _, e := range m.Examples {
		var key []string
		for _, name := range slices.Sorted(maps.Keys(e.Key)) {
			key = append(key, name+" "+e.Key[name])
		}
		fmt.Fprintf(b, "%s  %s at %s: %s -> %s\n", indent, strings.Join(key, ", "), e.At, e.Before, e.After)
	}
}

// percent is a share in per cent, and never 0% of something or 100% of not all.
func percent(n, of int64) string {
	share := 100 * float64(n) / float64(max(of, 1))
	switch {
	case n > 0 && share < 0.1:
		return "<0.1%"
	case n < of && share > 99.9:
		return ">99.9%"
	}
	return strconv.FormatFloat(share, 'f', 1, 64) + "%"
}

func numberText(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

func meanText(mean *float64) string {
	if mean == nil {
		return "-"
	}
	return numberText(*mean)
}

func quantileText(list []float64, i int) string {
	if i >= len(list) {
		return "-"
	}
	return numberText(list[i])
}

// writeDue says which deprecated versions were to be retired by now, and what stands on them still.
func writeDue(b *strings.Builder, due []forecast.Due) {
	title := "to be retired"
	for i := range due {
		d := &due[i]
		fmt.Fprintf(b, "%s  %s  since %s", heading(&title), d.Ref, d.Until)
		if d.Successor != "" {
			fmt.Fprintf(b, ", use %s", d.Successor)
		}
		if text := usersText(&d.Users, nil); text != "" {
			fmt.Fprintf(b, "; used by %s", text)
		}
		b.WriteString("\n")
	}
}

// writeLoads says which online states have to be built.
func writeLoads(b *strings.Builder, f *forecast.Forecast) {
	title := "to be loaded"
	for _, l := range f.Loads {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s  %s\n", strings.Join(l.Views, ", "), loadText(&l))
	}
	title = "served by the rows that are there"
	if len(f.Shared) > 0 {
		fmt.Fprintf(b, "%s  %s\n", heading(&title), strings.Join(f.Shared, ", "))
	}
	title = "kept online no more"
	if len(f.Released) > 0 {
		fmt.Fprintf(b, "%s  %s\n", heading(&title), strings.Join(f.Released, ", "))
	}
}

func loadText(l *forecast.Load) string {
	var parts []string
	history := int64(0)
	for _, s := range l.Sources {
		about := ""
		if s.About {
			about = "about "
		}
		if s.Rows > 0 {
			parts = append(parts, fmt.Sprintf("%s%s rows of %s", about, grouped(s.Rows), s.Name))
		}
		if s.Live > 0 {
			parts = append(parts, fmt.Sprintf("%s live events of %s", grouped(s.Live), s.Name))
		}
		history += s.Rows
	}
	took := time.Duration(l.Seconds * float64(time.Second)).Round(time.Second)
	text := strings.Join(parts, ", ") + ", about " + took.String()
	if took < time.Second {
		text = strings.Join(parts, ", ") + ", under a second"
	}
	if l.Run == "" {
		text += fmt.Sprintf(" (by a guess of %s rows/s: no load is recorded)", grouped(int64(l.Rate)))
	} else {
		text += fmt.Sprintf(" (by the %s rows/s of the last load)", grouped(int64(l.Rate)))
	}
	if history > 0 && !l.Applied {
		text += ": selfsame backfill"
	}
	return text
}

// writeCompared says on what values were compared, and which were not.
func writeCompared(b *strings.Builder, v *forecast.Compared) {
	if v == nil {
		return
	}
	title := "values compared"
	for _, s := range v.Samples {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s\n      %s rows from %s, at moments from %s to %s, %s\n", strings.Join(s.Features, ", "), grouped(int64(s.Rows)), strings.Join(s.From, " and "),
			s.Since, s.Until, s.Mode)
		for _, n := range s.Notes {
			fmt.Fprintf(b, "      %s\n", n)
		}
	}
	title = "values not compared"
	for _, n := range v.Left {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s.%s: %s\n", n.View, n.Feature, n.Why)
	}
}
