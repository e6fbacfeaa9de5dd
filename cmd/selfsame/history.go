// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"selfsame/config"
	"selfsame/node"
	"selfsame/registry"
)

// historyFlags are the flags of history as typed.
type historyFlags struct {
	project, since, until string
	runs, json            bool
}

func historyCommand() *cobra.Command {
	var f historyFlags
	c := &cobra.Command{
		Use:   "history [REF]",
		Short: "list every change of anything, the newest first: by whom, when and why, and what it did to values",
		Long: `List every change that the registry has recorded, the newest first: versions of features and services, stages, models and experiments, with author, time, message and commit, and
what it did to values where the plan of the apply looked at them.

REF is a feature, also with a version, a view for all its features, a service or a model: only its changes are listed, and those of values in full.`,
		Example: `  selfsame history
  selfsame history user_spend.total --since 2025-06-01
  selfsame history --until 2025-06-01T12:00:00Z --json`,
		Args: atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			a := node.PastArgs{Runs: f.runs}
			if len(args) == 1 {
				a.Ref = args[0]
			}
			return f.run(c, &a)
		},
	}
	c.Flags().StringVar(&f.project, "project", ".", "folder of the project")
	c.Flags().StringVar(&f.since, "since", "", "from this instant or date on")
	c.Flags().StringVar(&f.until, "until", "", "before this instant or date")
	c.Flags().BoolVar(&f.runs, "runs", false, "list training sets, snapshots and loads too")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	config.Bind(c.Flags(), "data.dir", "registry.url")
	return c
}

func (f *historyFlags) run(c *cobra.Command, a *node.PastArgs) (err error) {
	for _, t := range []struct {
		flag, text string
		to         *int64
	}{{"--since", f.since, &a.Since}, {"--until", f.until, &a.Until}} {
		if t.text == "" {
			continue
		}
		if *t.to, err = parseInstant(t.flag, t.text); err != nil {
			return err
		}
	}
	cfg, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	list, err := node.Past(c.Context(), node.RegistryOf(cfg, f.project), a)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(c.OutOrStdout(), append([]registry.HistoryEntry{}, list...))
	}
	var b strings.Builder
	writeHistory(&b, list, a.Ref != "")
	_, err = io.WriteString(c.OutOrStdout(), b.String())
	return err
}

// writeHistory writes changes for a reader: a paragraph for each record.
func writeHistory(b *strings.Builder, list []registry.HistoryEntry, full bool) {
	if len(list) == 0 {
		b.WriteString("no changes\n")
	}
	record := int64(0)
	for i := range list {
		e := &list[i]
		if e.Record != record {
			record = e.Record
			fmt.Fprintf(b, "%d  %s  %s", e.Record, e.Time, e.Author)
			if e.Commit != "" {
				fmt.Fprintf(b, "  commit %s", shortCommit(e.Commit))
			}
			b.WriteString("\n")
			if e.Message != "" {
				fmt.Fprintf(b, "    %s\n", e.Message)
			}
		}
		fmt.Fprintf(b, "  %s %s  %s\n", e.Kind, e.Subject, changeText(e))
		switch {
		case e.Impact == nil:
		case full:
			writeImpact(b, e.Impact, "      ")
		default:
			fmt.Fprintf(b, "      %s\n", impactText(e.Impact))
		}
	}
}

// shortCommit is a commit as people name it, and whether the files differed from it.
func shortCommit(commit string) string {
	hash, dirty, _ := strings.Cut(commit, "-")
	if len(hash) > 10 {
		hash = hash[:10]
	}
	if dirty != "" {
		return hash + "-" + dirty
	}
	return hash
}

// changeText says what became of what an entry is about.
func changeText(e *registry.HistoryEntry) string {
	text := e.From + " -> " + e.To
	switch {
	case e.Kind == registry.HistoryFile && e.To == "":
		return "removed"
	case e.Kind == registry.HistoryFile:
		return "changed"
	case e.From == "" && e.To == "":
		text = ""
	case e.From == e.To:
		text = e.To
	case e.From == "":
		text = e.To
	case e.To == "":
		text = e.From + ", ended"
		if e.Kind == registry.HistoryFeature || e.Kind == registry.HistoryService {
			text = e.From + ", removed"
		}
	}
	note := e.Note
	if e.Kind == registry.HistoryFeature && e.To != "" {
		note = foundText(registry.Found(e.Note))
	}
	if text != "" && note != "" {
		text += ": "
	}
	return text + note
}

// impactText is what a change did to values, in a line.
func impactText(m *registry.Impact) string {
	text := fmt.Sprintf("values  %s of %s differ (%s)", grouped(m.Changed), grouped(m.Rows), percent(m.Changed, m.Rows))
	if m.Changed == 0 || m.Before == nil || m.After == nil {
		return text
	}
	if m.Before.Mean != nil && m.After.Mean != nil {
		text += ", mean " + meanText(m.Before.Mean) + " -> " + meanText(m.After.Mean)
	}
	if m.Before.Nulls != m.After.Nulls {
		text += ", none " + percent(m.Before.Nulls, m.Rows) + " -> " + percent(m.After.Nulls, m.Rows)
	}
	return text
}
