// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"selfsame/node"
)

func backfillCommand() *cobra.Command {
	var f liveFlags
	c := &cobra.Command{
		Use:   "backfill [VIEW]...",
		Short: "build online state from the history files of the sources, and go on from there with the pushed events",
		Long: `Build online state from the history files of the sources, and go on from there with the pushed events: none is missed and none counts twice. Without a VIEW
every served view whose sources have history files is built. The states are built beside those that are served and switched to at once, after the expectations of the
features have been held to the new values. A run that is stopped changes nothing.`,
		Example: `  selfsame backfill
  selfsame backfill user_spend --json`,
		RunE: func(c *cobra.Command, views []string) error {
			return f.load(c, "backfill", &node.LoadArgs{Views: views})
		},
	}
	f.register(c)
	return c
}

// load asks for a verb that brings history in and prints what it says.
func (f *liveFlags) load(c *cobra.Command, verb string, args *node.LoadArgs) error {
	return f.with(c, func(to *node.Client) error {
		return to.Do(c.Context(), verb, args, func(b []byte) error {
			if f.json {
				_, err := fmt.Fprintf(c.OutOrStdout(), "%s\n", b)
				return err
			}
			return printLoad(c.OutOrStdout(), c.ErrOrStderr(), b)
		})
	})
}

// loadLine is node.LoadLine as it is read.
type loadLine struct {
	Progress *node.LoadProgress `json:"progress"`
	Note     string             `json:"note"`
	Done     *struct {
		Snapshot string `json:"snapshot"`
		Partial  bool   `json:"partial"`
		Nothing  bool   `json:"nothing"`
		Views    []struct {
			View   string `json:"view"`
			Rows   int64  `json:"rows"`
			Newest string `json:"newest"`
		} `json:"views"`
		Sources []map[string]any `json:"sources"`
		Ranges  []struct {
			Source string `json:"source"`
			From   string `json:"from"`
			To     string `json:"to"`
		} `json:"ranges"`
		Seconds float64 `json:"seconds"`
	} `json:"done"`
}

func printLoad(out, notes io.Writer, b []byte) error {
	var l loadLine
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	switch {
	case l.Progress != nil:
		fmt.Fprintf(notes, "%s  %s rows, %s rows/s\n", l.Progress.View, grouped(l.Progress.Rows), grouped(int64(l.Progress.Rate)))
	case l.Note != "":
		fmt.Fprintln(out, l.Note)
	case l.Done != nil && l.Done.Nothing:
		fmt.Fprintf(out, "nothing to do: snapshot %s is loaded\n", l.Done.Snapshot)
	case l.Done != nil:
		l.print(out)
	}
	return nil
}

// loadCounts are the fates of rows that are printed where there are any.
var loadCounts = []string{"late", "early", "schema", "duplicate", "conflict", "superseded", "null_arrival", "ids_with_two_times"}

func (l *loadLine) print(out io.Writer) {
	d := l.Done
	var rows int64
	for _, s := range d.Sources {
		count := func(name string) int64 { n, _ := s[name].(float64); return int64(n) }
		fmt.Fprintf(out, "source %s: %s rows, %s admitted", s["name"], grouped(count("rows")), grouped(count("admitted")))
		for _, name := range loadCounts {
			if n := count(name); n > 0 {
				fmt.Fprintf(out, ", %s %s", grouped(n), strings.ReplaceAll(name, "_", " "))
			}
		}
		fmt.Fprintln(out)
	}
	for _, v := range d.Views {
		rows += v.Rows
		fmt.Fprintf(out, "view %s: %s rows", v.View, grouped(v.Rows))
		if v.Newest != "" && v.Newest != "-infinity" {
			fmt.Fprintf(out, ", newest %s", v.Newest)
		}
		fmt.Fprintln(out)
	}
	for _, r := range d.Ranges {
		fmt.Fprintf(out, "source %s is loaded in part, from %s to %s: answers say stale\n", r.Source, r.From, r.To)
	}
	fmt.Fprintf(out, "loaded %s rows in %.1fs, %s rows/s\n  snapshot %s\n", grouped(rows), d.Seconds, grouped(int64(float64(rows)/max(d.Seconds, 0.001))), d.Snapshot)
}
