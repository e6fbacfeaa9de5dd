// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"selfsame/node"
	"selfsame/registry"
	"selfsame/registry/catalogue"
)

func showCommand() *cobra.Command {
	var f catalogueFlags
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "show everything about a feature, view, entity, source, service or model",
		Long: `Show everything about one thing: view.feature (or a feature's bare name where one view only has it), or the name of a view, entity, source, service or model. Of a
feature: its definition, versions with who and why, what it reads, who uses it, its reads of the last 30 days by the journal, and what the last training set saw of it.
With a version, as view.feature@1 or fraud@1, a feature and a service are shown as they were under it.`,
		Args: exactlyOne,
		RunE: func(c *cobra.Command, args []string) error {
			return f.with(c, func(x *node.Catalogue) error {
				p, err := x.Page(c.Context(), args[0])
				if err != nil {
					return err
				}
				if f.json {
					return printJSON(c.OutOrStdout(), p)
				}
				var b strings.Builder
				writePage(&b, p)
				_, err = io.WriteString(c.OutOrStdout(), b.String())
				return err
			})
		},
	}
	f.register(c)
	return c
}

// writePage writes a page for a terminal.
func writePage(b *strings.Builder, p *catalogue.Page) {
	fmt.Fprintf(b, "%s %s", p.Kind, p.Name)
	if p.Version != "" && p.Kind != catalogue.Model {
		fmt.Fprintf(b, "  version %s", p.Version)
	}
	if p.Stage != "" && p.Stage != registry.Active {
		fmt.Fprintf(b, "  %s", p.Stage)
	}
	if p.Removed {
		b.WriteString("  removed")
	}
	b.WriteString("\n")
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "  %-12s %s\n", name, value)
		}
	}
	if p.Description != "" {
		fmt.Fprintf(b, "  %s\n", p.Description)
	}
	line("type", p.Type)
	line("owner", p.Owner)
	line("tags", tagsText(p.Tags))
	switch p.Kind {
	case catalogue.Feature, catalogue.View:
		line("entity", p.Entity)
		line("online", map[bool]string{false: "yes", true: "no"}[p.Offline])
		line("offline", "yes")
	}
	if len(p.Settings) > 0 {
		b.WriteString("definition\n")
		for _, s := range p.Settings {
			line(s.Name, s.Value)
		}
		line("hash", p.Hash)
	}
	writeFields(b, p)
	writeVersions(b, p)
	writeUse(b, p)
	if m := p.Model; m != nil {
		writeModel(b, m)
	}
	if s := p.Statistics; s != nil {
		fmt.Fprintf(b, "last training set, %s\n  %s rows, %.2f %% without a value\n", momentText(s.At), grouped(s.Rows), 100*s.Missing)
		if s.AUC > 0 {
			fmt.Fprintf(b, "  AUC alone against the label %.3f\n", s.AUC)
		}
	}
}

func tagsText(tags map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		parts = append(parts, k+"="+tags[k])
	}
	return strings.Join(parts, ", ")
}

func writeFields(b *strings.Builder, p *catalogue.Page) {
	if len(p.Fields) == 0 {
		return
	}
	b.WriteString(map[catalogue.Kind]string{catalogue.View: "features", catalogue.Entity: "key", catalogue.Source: "schema", catalogue.Service: "outputs"}[p.Kind] + "\n")
	name, kind := 0, 0
	for _, f := range p.Fields {
		name, kind = max(name, len(f.Name)), max(kind, len(f.Type))
	}
	for _, f := range p.Fields {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-*s  %-*s  %s", name, f.Name, kind, f.Type, f.Description), " ") + "\n")
	}
}

func writeVersions(b *strings.Builder, p *catalogue.Page) {
	if len(p.Versions)+len(p.Lists) > 0 {
		b.WriteString("versions\n")
	}
	for i := range p.Versions {
		v := &p.Versions[i]
		fmt.Fprintf(b, "  %-8s %s  %s  by %s, apply %d", v.Version.Version, stageText(v), momentText(v.Time), v.Author, v.Apply)
		if v.Message != "" {
			b.WriteString(": " + v.Message)
		}
		b.WriteString("\n")
		for _, d := range v.Differences {
			fmt.Fprintf(b, "           %s: %s -> %s\n", d.Entry, orDash(d.Before), orDash(d.After))
		}
		if v.Until != 0 {
			fmt.Fprintf(b, "           to be retired on %s\n", v.Until.Date())
		}
		if v.Reason != "" {
			fmt.Fprintf(b, "           %s\n", v.Reason)
		}
		if v.Successor != "" {
			fmt.Fprintf(b, "           use %s in its place\n", v.Successor)
		}
	}
	for _, v := range p.Lists {
		fmt.Fprintf(b, "  %-8d %-8s %s  by %s, apply %d: %d features\n", v.Version, v.Status, momentText(v.Time), v.Author, v.Apply, len(v.Entries))
	}
}

// stageText is a version's status, and its stage where it is not active.
func stageText(v *registry.VersionChange) string {
	text := string(v.Status)
	if v.Stage != "" && v.Stage != registry.Active {
		text += " " + string(v.Stage)
	}
	return fmt.Sprintf("%-8s", text)
}

func writeUse(b *strings.Builder, p *catalogue.Page) {
	if len(p.Reads) > 0 {
		fmt.Fprintf(b, "reads\n  %s\n", strings.Join(p.Reads, "\n  "))
	}
	used := len(p.Services) > 0
	if u := p.Users; u != nil {
		b.WriteString("used by\n")
		used = false
		for _, s := range u.Services {
			text := ""
			if s.Current {
				text = "  current"
			}
			if s.Experiment != "" {
				text += "  in experiment " + s.Experiment
			}
			fmt.Fprintf(b, "  service %s@%d%s\n", s.Name, s.Version, text)
		}
		for _, m := range u.Models {
			fmt.Fprintf(b, "  model %s@%s, by %s@%d\n", m.Name, m.Version, m.Service, m.ServiceVersion)
		}
		for _, r := range u.OnDemand {
			fmt.Fprintf(b, "  feature %s\n", r)
		}
		if len(u.Services)+len(u.Models)+len(u.OnDemand) == 0 {
			b.WriteString("  nobody\n")
		}
	}
	if used && p.Kind != catalogue.Model {
		fmt.Fprintf(b, "used by\n  services %s\n", strings.Join(p.Services, ", "))
	}
	if p.Newest != 0 {
		fmt.Fprintf(b, "freshness\n  newest event in files and archive %s\n", momentText(p.Newest))
	}
	if u := p.Usage; u != nil {
		fmt.Fprintf(b, "reads of the last 30 days\n  %s requests, %s rows", grouped(u.Requests), grouped(u.Rows))
		if u.Last != 0 {
			fmt.Fprintf(b, ", the last at %s", momentText(u.Last))
		}
		b.WriteString("\n")
	}
}

func writeModel(b *strings.Builder, m *registry.ModelRecord) {
	fmt.Fprintf(b, "pins\n  %s@%d\nregistered\n  %s by %s\n", m.Service, m.List, momentText(m.Registered), m.Author)
	if m.Manifest != "" {
		fmt.Fprintf(b, "training set\n  manifest %s\n", m.Manifest)
	}
	if len(m.Metrics) > 0 {
		b.WriteString("metrics\n")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Metrics)) {
		fmt.Fprintf(b, "  %-12s %g\n", name, m.Metrics[name])
	}
}
