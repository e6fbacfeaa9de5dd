// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"selfsame/compute/expr"
	"selfsame/definition/lint"
	"selfsame/forecast"
	"selfsame/registry"
)

// writeForecast writes a diff and what it does for a reader.
func writeForecast(b *strings.Builder, f *forecast.Forecast) {
	d := f.Diff
	if d.Empty() {
		fmt.Fprintf(b, "project %s: nothing to do", d.Project)
		if len(d.Files) > 0 {
			fmt.Fprintf(b, "; only comments or layout differ in %s", strings.Join(d.Files, ", "))
		}
		b.WriteString("\n")
		writeWarnings(b, d)
		writeDue(b, f.Due)
		return
	}
	fmt.Fprintf(b, "project %s, against ", d.Project)
	if d.On == 0 {
		b.WriteString("nothing: this is the first apply\n")
	} else {
		fmt.Fprintf(b, "apply %d\n", d.On)
	}
	width := 0
	for i := range d.Features {
		width = max(width, len(d.Features[i].View)+1+len(d.Features[i].Feature))
	}
	for _, effect := range []registry.Effect{registry.Added, registry.Compatible, registry.Behaviour, registry.Gone} {
		title := string(effect)
		for i := range d.Features {
			if d.Features[i].Effect == effect {
				b.WriteString(heading(&title))
				writeFeature(b, &d.Features[i], width)
				writeConsequences(b, f, &d.Features[i])
			}
		}
	}
	title := "services"
	for i := range d.Services {
		b.WriteString(heading(&title))
		writeService(b, &d.Services[i])
	}
	title = "definitions"
	for _, o := range d.Others {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s %s  ", o.Kind, o.Name)
		if o.Effect == registry.Compatible {
			fmt.Fprintf(b, "%s\n", strings.Join(o.Settings, ", "))
		} else {
			fmt.Fprintf(b, "%s\n", o.Effect)
		}
	}
	writeWarnings(b, d)
	writeDue(b, f.Due)
	writeLints(b, f.Lints)
	writeLoads(b, f)
	writeCompared(b, f.Values)
}

// writeWarnings says what services answer with although it is deprecated, or in place of what is applied.
func writeWarnings(b *strings.Builder, d *registry.Diff) {
	title := "warnings"
	for _, w := range d.Warnings {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s\n", w)
	}
}

// shownLints is the greatest number of lines about lints.
const shownLints = 10

// writeLints shows what lints find in what comes or changes.
func writeLints(b *strings.Builder, found []lint.Finding) {
	title, show := "lints", len(found)
	if show > shownLints {
		show = shownLints - 1
	}
	for _, x := range found[:show] {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s: %s: %s (%s)\n", x.Place, x.Ref, x.Message, x.Lint)
	}
	if more := len(found) - show; more > 0 {
		fmt.Fprintf(b, "  and %d more: selfsame check --lint\n", more)
	}
}

// heading is a title before the first line of its list, and nothing before the others.
func heading(title *string) string {
	if *title == "" {
		return ""
	}
	text := *title + "\n"
	*title = ""
	return text
}

func writeFeature(b *strings.Builder, f *registry.FeatureChange, width int) {
	name := f.View + "." + f.Feature
	fmt.Fprintf(b, "  %-*s  ", width, name)
	switch {
	case f.Effect == registry.Gone:
		fmt.Fprintf(b, "%s stays readable as %s@%s\n", f.From, name, f.From)
	case f.From == f.To:
		fmt.Fprintf(b, "%s stays: %s\n", f.To, foundText(f.Found))
	case f.From == "":
		fmt.Fprintf(b, "%s%s\n", f.To, restoredText(f.Restored))
	case f.Restored:
		fmt.Fprintf(b, "%s -> %s%s\n", f.From, f.To, restoredText(true))
	default:
		fmt.Fprintf(b, "%s -> %s: %s\n", f.From, f.To, foundText(f.Found))
	}
	switch {
	case f.Stage == registry.Draft:
		b.WriteString("      a draft: no service pins it until selfsame activate\n")
	case f.Stage == registry.Deprecated, f.Stage == registry.Retired:
		fmt.Fprintf(b, "      it is %s\n", f.Stage)
	}
	if f.Proposed != "" {
		fmt.Fprintf(b, "      named by its author; without a name it is %s\n", f.Proposed)
	}
	switch {
	case f.RenamedFrom != "":
		fmt.Fprintf(b, "      the definition of %s, which goes: a new name\n", f.RenamedFrom)
	case f.RenamedTo != "":
		fmt.Fprintf(b, "      its definition comes again as %s: a new name\n", f.RenamedTo)
	case len(f.Equal) > 0:
		fmt.Fprintf(b, "      the same as %s: use that\n", versionsText(f.Equal))
	}
	for _, d := range f.Differences {
		fmt.Fprintf(b, "      %s: %s -> %s\n", d.Entry, entryText(d.Entry, d.Before), entryText(d.Entry, d.After))
	}
	if len(f.Services) > 0 {
		fmt.Fprintf(b, "      answers of %s change\n", strings.Join(f.Services, ", "))
	}
}

func restoredText(restored bool) string {
	if restored {
		return ": that version again"
	}
	return ""
}

// foundText says in words what was found.
func foundText(f registry.Found) string {
	return map[registry.Found]string{registry.FoundNone: "the same definition", registry.FoundPatch: "description, owner, tags or expectations",
		registry.FoundMinor: "an addition that changes no existing value", registry.FoundMajor: "another definition", registry.FoundNew: "new"}[f]
}

// entryText writes a text of a canonical form as definitions write it: durations in their units, hashes cut.
func entryText(entry, text string) string {
	if text == "" {
		return "none"
	}
	if short, ok := strings.CutPrefix(text, "sha256:"); ok && len(short) > 12 {
		return "definition " + short[:12]
	}
	switch entry[strings.LastIndexByte(entry, '.')+1:] {
	case "ttl", "as_of", "lateness", "skew", "corrections", "knowledge_delay":
		if micros, err := strconv.ParseInt(text, 10, 64); err == nil {
			return expr.DurationText(micros)
		}
	}
	return text
}

func writeService(b *strings.Builder, s *registry.ServiceChange) {
	fmt.Fprintf(b, "  %s  ", s.Name)
	switch {
	case s.Effect == registry.Gone:
		fmt.Fprintf(b, "removed; version %d stays readable\n", s.From)
	case s.From == 0:
		fmt.Fprintf(b, "version %d%s\n", s.To, restoredText(s.Restored))
	default:
		fmt.Fprintf(b, "version %d -> %d%s\n", s.From, s.To, restoredText(s.Restored))
	}
	for _, part := range []struct {
		word string
		list []string
	}{{"added", s.Added}, {"changed", s.Changed}, {"removed", s.Removed}} {
		if len(part.list) > 0 {
			fmt.Fprintf(b, "      %s: %s\n", part.word, strings.Join(part.list, ", "))
		}
	}
	if s.Order {
		b.WriteString("      outputs stand in another order\n")
	}
}

// versionsText writes view.feature@1.1.0 as people say it.
func versionsText(refs []string) string {
	out := make([]string, len(refs))
	for i, r := range refs {
		name, version, _ := strings.Cut(r, "@")
		out[i] = name + " (version " + version + ")"
	}
	return strings.Join(out, " and ")
}
