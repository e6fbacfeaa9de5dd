// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"selfsame/compute/expr"
	"selfsame/config"
	"selfsame/node"
	"selfsame/registry"
)

// Exit codes of plan where there is something to do (docs/registry.md).
const (
	exitChanges  = 10 // nothing that can be read now changes
	exitBreaking = 11 // values change or go
)

// exitStatus ends the process with a code and says nothing.
type exitStatus int

func (s exitStatus) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// registryFlags say which project, and where its registry is.
type registryFlags struct {
	project string
	data    string // the data directory; set by with
	json    bool
}

func (f *registryFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.project, "project", ".", "folder of the project")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	config.Bind(c.Flags(), "data.dir", "registry.url")
}

// with opens what applies definitions and closes it afterwards.
func (f *registryFlags) with(c *cobra.Command, write bool, do func(to node.Applier) error) (err error) {
	cfg, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	f.data = cfg.Dir
	to, err := node.OpenApplier(c.Context(), node.RegistryOf(cfg, f.project), write)
	if err != nil {
		return err
	}
	defer func() {
		if closing := to.Close(); err == nil {
			err = closing
		}
	}()
	return do(to)
}

func planCommand() *cobra.Command {
	var f registryFlags
	c := &cobra.Command{
		Use:   "plan",
		Short: "say what selfsame apply would change, and what serving then keeps on disk",
		Long: `Say what selfsame apply would change: versions of features, services, settings. Then say what serving keeps online of each view: how far back rows stay, why, and, by
the rows of history files or of the archive, about how many bytes that takes.

The exit code is 0 where nothing is to be done, 10 where no value that can be read now changes, and 11 where values change or go.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return f.with(c, false, func(to node.Applier) error {
				d, err := node.PlanProject(c.Context(), to, &node.ChangeConfig{Project: f.project, Expect: registry.Newest})
				if err != nil {
					return err
				}
				kept, err := node.Retention(c.Context(), f.project, f.data)
				if err != nil {
					return err
				}
				if err := f.printPlan(c.OutOrStdout(), d, kept); err != nil {
					return err
				}
				switch {
				case d.Breaking():
					return exitStatus(exitBreaking)
				case !d.Empty():
					return exitStatus(exitChanges)
				}
				return nil
			})
		},
	}
	f.register(c)
	return c
}

func (f *registryFlags) print(w io.Writer, d *registry.Diff) error {
	if f.json {
		b, err := json.MarshalIndent(d, "", "  ")
		if err == nil {
			_, err = fmt.Fprintf(w, "%s\n", b)
		}
		return err
	}
	var b strings.Builder
	writeDiff(&b, d)
	_, err := io.WriteString(w, b.String())
	return err
}

// printPlan prints a diff and what retention keeps.
func (f *registryFlags) printPlan(w io.Writer, d *registry.Diff, kept []*node.Retained) error {
	if f.json {
		b, err := json.MarshalIndent(struct {
			*registry.Diff
			Retention []*node.Retained `json:"retention"`
		}{d, kept}, "", "  ")
		if err == nil {
			_, err = fmt.Fprintf(w, "%s\n", b)
		}
		return err
	}
	var b strings.Builder
	writeDiff(&b, d)
	writeRetention(&b, kept)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeRetention says what is kept online.
func writeRetention(b *strings.Builder, kept []*node.Retained) {
	var all int64
	title := "kept online"
	for _, r := range kept {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s  %s\n", strings.Join(r.Views, ", "), keptText(r))
		for _, m := range r.Measured {
			fmt.Fprintf(b, "      %s: %s%.0f bytes each, %s entities, by %s rows\n", m.Source, rateText(m.PerDay), m.Bytes, grouped(m.Entities), grouped(m.Sample))
		}
		if r.Bytes > 0 {
			fmt.Fprintf(b, "      about %s\n", sizeText(r.Bytes))
		}
		all += r.Bytes
	}
	if all > 0 {
		fmt.Fprintf(b, "  about %s in all, before compression; log and archive keep every event\n", sizeText(all))
	}
}

func rateText(perDay float64) string {
	switch {
	case perDay == 0:
		return ""
	case perDay < 10:
		return strconv.FormatFloat(perDay, 'f', 1, 64) + " rows a day, "
	}
	return grouped(int64(perDay)) + " rows a day, "
}

// keptText says in words which rows stay.
func keptText(r *node.Retained) string {
	switch {
	case r.Reach < 0:
		return "every row"
	case r.Reach == 0:
		return "the row of each entity"
	}
	why := []string{"window " + r.Window}
	if r.Width < r.Settled {
		why[0] = "lateness and corrections " + expr.DurationText(r.Settled)
	}
	if r.History > 0 {
		why = append(why, "history "+expr.DurationText(r.History))
	}
	if r.Lag > 0 {
		why = append(why, "lag "+expr.DurationText(r.Lag))
	}
	text := "rows of the last " + expr.DurationText(r.Reach) + " (" + strings.Join(why, ", ") + ")"
	if r.Newest {
		text += "; the newest of each entity at any age"
	}
	if r.Folds {
		text += "; older ones folded into a state for each lifetime window"
	}
	return text
}

// writeDiff writes a diff for a reader.
func writeDiff(b *strings.Builder, d *registry.Diff) {
	if d.Empty() {
		fmt.Fprintf(b, "project %s: nothing to do", d.Project)
		if len(d.Files) > 0 {
			fmt.Fprintf(b, "; only comments or layout differ in %s", strings.Join(d.Files, ", "))
		}
		b.WriteString("\n")
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
	if f.Proposed != "" {
		fmt.Fprintf(b, "      named by its author; without a name it is %s\n", f.Proposed)
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
