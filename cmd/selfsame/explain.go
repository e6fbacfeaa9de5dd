// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"selfsame/batch"
	"selfsame/node"
)

func explainCommand() *cobra.Command {
	var f trainFlags
	var row, limit int
	var feature string
	var asJSON bool
	var request, prediction string
	c := &cobra.Command{
		Use:   "explain [SERVICE]",
		Short: "list the raw events that made one value, of a training set or served, and those that came near",
		Example: `  selfsame explain fraud --rows labels.csv --row 12 --feature user_spend__spend_7d
  selfsame explain --manifest train.parquet.manifest.json --row 12 --feature user_spend__spend_7d --json
  selfsame explain --request 6tvprqgwqqdhcsw673mj8kbd4m --feature user_spend.spend_7d
  selfsame explain --prediction 6tvprqgwqqdhcsw673mj8kbd4m`,
		Args: atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			if id := cmp.Or(request, prediction); id != "" {
				live := &liveFlags{project: f.project, json: asJSON}
				return explainServed(c, live, &node.ServedQuestion{Request: id, Row: row, Feature: feature, Limit: limit})
			}
			cfg := &node.ExplainConfig{Row: row, Feature: feature, Limit: limit}
			if err := f.explained(c, args, cfg); err != nil {
				return err
			}
			if err := f.pinLog(c, &cfg.Train); err != nil {
				return err
			}
			e, err := node.Explain(c.Context(), cfg)
			if err != nil {
				return err
			}
			if asJSON {
				b, err := json.MarshalIndent(e, "", "  ")
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", b)
				return err
			}
			return printExplanation(c.OutOrStdout(), e)
		},
	}
	f.register(c.Flags())
	c.Flags().StringVar(&f.fromManifest, "manifest", "", "manifest of the training set: takes its rows and flags, and compares the value in its file")
	c.Flags().StringVar(&request, "request", "", "id of a served request, instead of a training set")
	c.Flags().StringVar(&prediction, "prediction", "", "id of the request that a prediction was made from")
	c.Flags().IntVar(&row, "row", 0, "number of the row, from 0")
	c.Flags().StringVar(&feature, "feature", "", "output column, or view.feature")
	c.Flags().IntVar(&limit, "limit", 20, "greatest number of events listed for a window")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	for _, name := range []string{"out", "format", "compression", "row-group-bytes", "page-bytes", "partition-by", "with", "on-error", "memory", "label", "known-at",
		"warn-nulls", "warn-auc", "strict", "dry-run", "quiet"} {
		c.Flags().MarkHidden(name)
	}
	return c
}

// explained sets the run that cfg asks about.
func (f *trainFlags) explained(c *cobra.Command, args []string, cfg *node.ExplainConfig) error {
	switch {
	case cfg.Feature == "":
		return usage("explain", "name one feature with --feature", "an output column such as user_spend__spend_7d, or view.feature")
	case !c.Flags().Changed("row"):
		return usage("explain", "name one row with --row", "rows are numbered from 0")
	case cfg.Limit < 0:
		return usage("--limit", "at least 0", "")
	}
	f.dryRun = true // nothing is written
	if f.fromManifest == "" {
		if len(args) == 0 && len(f.features) == 0 {
			f.features = []string{strings.Replace(cfg.Feature, "__", ".", 1)} // no name holds two underscores
		}
		train, err := f.config(args, c.Flags())
		if err == nil {
			cfg.Train = *train
		}
		return err
	}
	m, err := batch.ReadManifest(f.fromManifest)
	if err != nil {
		return err
	}
	if m.Command.Verb != "train" {
		return usage(f.fromManifest, "it is the manifest of a "+m.Command.Verb, "explain takes those of train; for others name the service and --rows")
	}
	train, err := f.recorded(c, args, func(args []string) (*node.TrainConfig, error) { return f.config(args, c.Flags()) })
	if err == nil {
		cfg.Train = *train
	}
	return err
}

// printExplanation writes an explanation for a reader.
func printExplanation(w io.Writer, e *batch.Explanation) error {
	p := &explanationPrinter{done: map[*batch.Origin]bool{}}
	p.line("row %d, %s = %s", e.Row, e.Output, clip(e.Value.Value.String(), 60))
	p.line("  T       %s", e.At)
	p.line("  mode    %s", e.Mode)
	p.origin(e.Value)
	p.line("")
	p.line("recomputed over exactly these events: same bits")
	if c := e.File; c != nil {
		switch {
		case c.Value == nil:
			p.line("%s: not compared, %s", c.Path, c.Note)
		case c.Same:
			p.line("%s holds %s: same bits", c.Path, clip(c.Value.String(), 60))
		default:
			p.line("%s holds %s: DIFFERENT from the value explained", c.Path, clip(c.Value.String(), 60))
		}
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

type explanationPrinter struct {
	b    strings.Builder
	done map[*batch.Origin]bool
}

func (p *explanationPrinter) line(format string, args ...any) {
	p.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// origin prints a feature, then the features that it reads.
func (p *explanationPrinter) origin(o *batch.Origin) {
	if p.done[o] || o.Kind == "column" {
		return
	}
	p.done[o] = true
	p.line("")
	p.line("%s = %s", o.Name, clip(o.Value.String(), 60))
	p.line("  defined %s (%s, %s)", oneLine(o.Expression), o.Type, o.Kind)
	if o.Default {
		p.line("  default it took the place of a value that is not there")
	}
	if len(o.Key) > 0 {
		var keys []string
		for _, k := range o.Key {
			keys = append(keys, k.Name+" = "+k.Value.String())
		}
		text := strings.Join(keys, ", ")
		if o.NoEntity {
			text += ": a null names no entity, so nothing belongs to it"
		}
		p.line("  key     %s", text)
	}
	if o.Where != "" {
		p.line("  where   %s", oneLine(o.Where))
	}
	if o.Known != nil {
		p.line("  cut     %s: later arrivals are not known", *o.Known)
	}
	if o.Newest != nil {
		p.line("  newest  %s", *o.Newest)
	}
	for _, c := range o.Cells {
		p.cell(c)
	}
	if o.Version != nil {
		p.version(o.Version)
	}
	if len(o.Inputs) > 0 {
		p.inputs(o.Inputs)
	}
}

func (p *explanationPrinter) inputs(inputs []*batch.Origin) {
	p.line("")
	rows := [][]string{{"input", "value", "kind", "newest"}}
	for _, in := range inputs {
		row := []string{in.Name, clip(in.Value.String(), 60), in.Kind, ""}
		if in.Newest != nil {
			row[3] = in.Newest.String()
		}
		rows = append(rows, row)
	}
	p.table("  ", rows)
	for _, in := range inputs {
		p.origin(in)
	}
}

func (p *explanationPrinter) cell(c *batch.CellOrigin) {
	p.line("")
	p.line("  %s = %s", c.Call, clip(c.Value.String(), 60))
	p.line("    window  [%s, %s)", c.Lower, c.Upper)
	text := fmt.Sprintf("%d in the window, %d counted", c.Inside, c.Counted)
	if len(c.Events) > 1 {
		text += ", the newest first"
	}
	p.line("    events  %s", text)
	p.events("    ", c.Events, c.Arguments)
	if c.LeftOut > 0 {
		p.line("      and %d older; --limit lists more", c.LeftOut)
	}
	p.misses("    ", c.Misses, c.Arguments)
}

func (p *explanationPrinter) version(v *batch.VersionOrigin) {
	p.line("")
	p.line("  row     %s", strings.TrimSuffix(v.Outcome+": "+v.Why, ": "))
	if v.Row != nil {
		p.events("  ", []batch.Event{*v.Row}, v.Columns)
	}
	if v.Age != nil {
		text := v.Age.String()
		if v.TTL != nil {
			text += " of a ttl of " + v.TTL.String()
		}
		p.line("  age     %s", text)
	}
	p.misses("  ", v.Misses, v.Columns)
}

// events prints rows of sources as a table. Columns that say nothing are left out.
func (p *explanationPrinter) events(indent string, events []batch.Event, names []string) {
	if len(events) > 0 {
		p.table(indent+"  ", eventRows(events, names, nil))
	}
}

func (p *explanationPrinter) misses(indent string, misses []batch.Misses, names []string) {
	if len(misses) == 0 {
		return
	}
	p.line("%snear misses, the nearest first", indent)
	for _, m := range misses {
		count := strconv.Itoa(m.Count)
		if m.Count > len(m.Nearest) {
			count = fmt.Sprintf("%d of %d", len(m.Nearest), m.Count)
		}
		p.line("%s  %s: %s", indent, m.Reason.Title(), count)
		var events []batch.Event
		var texts []string
		for _, e := range m.Nearest {
			events, texts = append(events, e.Event), append(texts, e.Text)
		}
		p.table(indent+"    ", eventRows(events, names, texts))
	}
}

// eventRows lays events out, with a header. Columns that say nothing are left out: a source that all share, no arrival beside the time.
func eventRows(events []batch.Event, names, texts []string) [][]string {
	head := []string{"time", "arrival", "source", "id", "file", "row"}
	for _, n := range names {
		head = append(head, clip(n, 40))
	}
	if len(events) > 0 {
		for _, l := range events[0].LookedUp {
			head = append(head, clip(l.Name, 40))
		}
	}
	if texts != nil {
		head = append(head, "why")
	}
	rows := [][]string{head}
	tells := make([]bool, len(head))
	for i := range tells {
		tells[i] = i > 3
	}
	for i, e := range events {
		row := []string{"none", "null", e.Source, e.ID, e.File, strconv.FormatInt(e.Row, 10)}
		if e.Source == batch.OwnRow {
			row[5] = ""
		}
		if e.Time != nil {
			row[0] = e.Time.String()
		}
		if e.Arrival != nil {
			row[1] = e.Arrival.String()
		}
		if e.Delete {
			row[3] += " (delete)"
		}
		tells[0] = tells[0] || e.Time != nil
		tells[1] = tells[1] || (e.Time != nil && row[0] != row[1])
		tells[2] = tells[2] || e.Source != events[0].Source || e.Source == batch.OwnRow
		tells[3] = tells[3] || row[3] != ""
		for _, v := range e.Values {
			row = append(row, clip(v.String(), 40))
		}
		for _, l := range e.LookedUp {
			row = append(row, clip(l.Value.String(), 40))
		}
		if texts != nil {
			row = append(row, texts[i])
		}
		rows = append(rows, row)
	}
	for i, row := range rows {
		var kept []string
		for k, cell := range row {
			if tells[k] {
				kept = append(kept, cell)
			}
		}
		rows[i] = kept
	}
	return rows
}

// table prints rows with their columns aligned.
func (p *explanationPrinter) table(indent string, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for k, cell := range row {
			if k == len(widths) {
				widths = append(widths, 0)
			}
			widths[k] = max(widths[k], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		text := indent
		for k, cell := range row {
			text += cell + strings.Repeat(" ", widths[k]-utf8.RuneCountInString(cell)+2)
		}
		p.line("%s", text)
	}
}

// clip shortens a text to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
