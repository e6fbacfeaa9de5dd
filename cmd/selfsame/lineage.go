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

	"selfsame/lineage"
	"selfsame/node"
	"selfsame/registry/graph"
)

// lineageFlags are the flags of lineage as typed.
type lineageFlags struct {
	liveFlags
	up, down, columns bool
	at, format        string
	entity            []string
	limit             int
}

func lineageCommand() *cobra.Command {
	var f lineageFlags
	c := &cobra.Command{
		Use:   "lineage REF",
		Short: "show what something is made from and what is made from it, or where one value comes from",
		Long: `Show what something is made from and what is made from it: sources, views, features, services, models, training sets and other runs, in their applied versions. REF is
view.feature, view.feature@2, a view, a source, source.column, a service, model@version, the id of a run, or the path of a training set. --columns goes down to the columns
of sources and says what each is read for. With --entity it shows one value of a feature: the definition, the raw events, where they stand, and who reads it.`,
		Example: `  selfsame lineage user_spend.spend_7d
  selfsame lineage transactions.amount --down
  selfsame lineage fraud --up --columns --format mermaid
  selfsame lineage user_spend.spend_7d --entity user_123 --at 2024-12-12T10:30:45Z`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usage("lineage", "name one thing", "such as selfsame lineage view.feature")
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(f.entity) > 0 {
				return f.value(c, args[0])
			}
			return f.graph(c, args[0])
		},
	}
	f.register(c)
	fs := c.Flags()
	fs.BoolVar(&f.up, "up", false, "only what it is made from")
	fs.BoolVar(&f.down, "down", false, "only what is made from it: who breaks where it changes")
	fs.BoolVar(&f.columns, "columns", false, "by columns of sources in place of views")
	fs.StringVar(&f.at, "at", "", "the registry as it was then, or with --entity the moment T of the value: RFC 3339 or a date (default now)")
	fs.StringVar(&f.format, "format", "tree", strings.Join(lineage.Formats, ", "))
	fs.StringArrayVar(&f.entity, "entity", nil, "NAME=VALUE, a key or request field, or the value of the one key; repeat it for each")
	fs.IntVar(&f.limit, "limit", 20, "with --entity: greatest number of events listed for a window")
	return c
}

func (f *lineageFlags) moment() (*int64, error) {
	if f.at == "" {
		return nil, nil
	}
	at, err := parseInstant("--at", f.at)
	return &at, err
}

// graph prints what is above and below a thing.
func (f *lineageFlags) graph(c *cobra.Command, ref string) error {
	if c.Flags().Changed("limit") {
		return usage("--limit", "it is for the events of one value", "name the entity with --entity, or leave it out")
	}
	a := &graph.Args{Question: lineage.Question{Ref: ref, Columns: f.columns}}
	switch {
	case f.up && !f.down:
		a.Direction = lineage.Up
	case f.down && !f.up:
		a.Direction = lineage.Down
	}
	var err error
	if a.At, err = f.moment(); err != nil {
		return err
	}
	if f.json {
		f.format = "json"
	}
	if err := lineage.CheckFormat(f.format); err != nil {
		return err
	}
	if a.Run, err = node.FindTrainingSet(ref); err != nil {
		return err
	}
	cfg, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	answer, err := node.AskLineage(c.Context(), &node.LiveConfig{Config: cfg, Project: f.project}, a)
	if err != nil {
		return err
	}
	text, err := answer.Print(f.format)
	if err == nil {
		_, err = io.WriteString(c.OutOrStdout(), text)
	}
	return err
}

func printJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s\n", b)
	}
	return err
}

// value prints where one value comes from.
func (f *lineageFlags) value(c *cobra.Command, ref string) error {
	if f.up || f.down || f.columns || (f.format != "tree" && f.format != "json") {
		return usage("lineage", "--up, --down, --columns and --format are for graphs", "leave them out, or leave --entity out")
	}
	q := &lineage.ValueQuestion{Feature: ref, Entity: map[string]string{}, Limit: f.limit}
	for _, e := range f.entity {
		name, value, named := strings.Cut(e, "=")
		switch {
		case named && name != "":
			q.Entity[name] = value
		case q.EntityID != "" || e == "":
			return usage("--entity "+e, "it is not NAME=VALUE", "one of them may be the value of the one key; name the others")
		default:
			q.EntityID = e
		}
	}
	var err error
	if q.At, err = f.moment(); err != nil {
		return err
	}
	return f.with(c, func(to *node.Client) error {
		var v lineage.Value
		if err := to.Do(c.Context(), "value", q, func(b []byte) error { return json.Unmarshal(b, &v) }); err != nil {
			return err
		}
		if f.json || f.format == "json" {
			return printJSON(c.OutOrStdout(), &v)
		}
		return printValue(c.OutOrStdout(), &v)
	})
}

// printValue writes the lineage of a value for a reader.
func printValue(w io.Writer, v *lineage.Value) error {
	p := &explanationPrinter{}
	a := v.Answer
	p.line("%s = %s", v.Feature, clip(valueShown(v), 60))
	p.line("  T         %s", a.At)
	p.line("  computed  %s by selfsame %s, log below %d, registry %d", a.Computed, a.Engine, a.LogOffset, a.Record)
	p.lineageOf(v)
	p.line("")
	p.line("read by")
	p.line("  services  %s", orNone(a.Services))
	p.line("  models    %s", orNone(a.Models))
	for _, note := range a.Notes {
		p.line("note: %s", note)
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// valueShown is a value as text, its status where it is not present.
func valueShown(v *lineage.Value) string {
	if v.Status != "present" {
		if v.Error != "" {
			return v.Status + " (" + v.Error + ")"
		}
		return v.Status
	}
	return rawText(v.Value)
}

// rawText is a JSON value without the quotes of a string.
func rawText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// lineageOf prints the definition and events of a value, then of its inputs.
func (p *explanationPrinter) lineageOf(v *lineage.Value) {
	p.line("  status    %s", v.Status)
	if v.Default {
		p.line("            the declared default stands in the place of a value that is not there")
	}
	p.line("  defined   %s (%s, %s)", v.Expression, v.Type, v.Kind)
	if v.Where != "" {
		p.line("  where     %s", v.Where)
	}
	p.line("  version   %s, %s", v.Version, v.Hash)
	if a := v.Applied; a != nil {
		p.line("  applied   %s by %s as %d", a.Time, a.Author, a.Record)
	}
	for _, k := range v.Key {
		p.line("  key       %s = %s", k.Name, rawText(k.Value))
	}
	if v.Known != nil {
		p.line("  cut       %s: later arrivals are not known", *v.Known)
	}
	if v.EventTime != nil {
		p.line("  newest    %s", *v.EventTime)
	}
	for i := range v.Windows {
		p.window(&v.Windows[i])
	}
	if r := v.Row; r != nil {
		p.line("  row       %s", strings.TrimSuffix(r.Outcome+": "+r.Why, ": "))
		if r.Row != nil {
			p.table("    ", lineageRows([]lineage.Event{*r.Row}))
		}
	}
	for _, r := range v.Read {
		p.line("  read      %s", readText(&r))
	}
	for _, in := range v.Inputs {
		p.line("")
		p.line("%s = %s", in.Feature, clip(valueShown(in), 60))
		if in.Kind == string(lineage.Request) {
			p.line("  given by the question")
			continue
		}
		p.lineageOf(in)
	}
}

func (p *explanationPrinter) window(w *lineage.Window) {
	text := w.Status
	if w.Status == "present" {
		text = rawText(w.Value)
	}
	p.line("  %s = %s", w.Call, clip(text, 60))
	p.line("    window  [%s, %s): %d events, %d counted", w.Lower, w.Upper, w.Inside, w.Counted)
	if len(w.Events) > 0 {
		p.table("    ", lineageRows(w.Events))
	}
	if w.LeftOut > 0 {
		p.line("    and %s older; --limit lists more", grouped(int64(w.LeftOut)))
	}
}

// lineageRows lays events out, with a header. Columns that say nothing are left out.
func lineageRows(events []lineage.Event) [][]string {
	rows := [][]string{{"id", "time", "arrival", "source", "file", "row", "offset"}}
	tells := []bool{false, false, false, true, true, true, false}
	for _, e := range events {
		row := []string{e.ID, "", "", e.Source, e.File, strconv.FormatInt(e.Row, 10), ""}
		if e.Time != nil {
			row[1] = e.Time.String()
		}
		if e.Arrival != nil && (e.Time == nil || *e.Arrival != *e.Time) {
			row[2] = e.Arrival.String()
		}
		if e.Offset != nil {
			row[6] = strconv.FormatInt(*e.Offset, 10)
		}
		for i, cell := range row {
			tells[i] = tells[i] || cell != ""
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

// readText says where events stand.
func readText(r *lineage.FileRead) string {
	events := grouped(int64(r.Events)) + " events"
	if r.Events == 1 {
		events = "1 event"
	}
	if r.First != nil {
		return fmt.Sprintf("%s: log offsets %d to %d, %s", r.Source, *r.First, *r.Last, events)
	}
	return fmt.Sprintf("%s: %s, %s, %s", r.Source, r.File, sizeText(r.Size), events)
}
