// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"strconv"

	"selfsame"
	"selfsame/definition/syntax"
)

func quoted(s string) string { return strconv.Quote(s) }

func (l *loader) source(p syntax.Pair) {
	ref := "source " + p.Key.Text
	o := l.object(p.Val, ref, "a source", sourceKeys)
	if !l.define(p) {
		return
	}
	s := &selfsame.Source{Name: p.Key.Text, Pos: p.Key.Start, Description: o.text("description"), Owner: o.text("owner"), Tags: o.strings("tags"),
		EventTime: o.text("event_time"), Arrival: o.text("arrival"), ID: o.text("id"), Order: o.text("order"), Operation: o.text("operation"),
		KnowledgeDelay: o.duration("knowledge_delay"), Lateness: o.duration("lateness"), Skew: o.duration("skew"),
		Corrections: o.duration("corrections"), History: o.duration("history"),
		Timezone: o.text("timezone"), TimeFormat: o.text("time_format"),
		Floor: o.word("precision", "floor") != "", KeepNaN: o.word("nan", "to_null", "keep") == "keep",
		SkipBad: o.word("on_bad_row", "fail", "skip") == "skip", Rename: o.strings("rename"), At: o.places()}
	for _, n := range o.names("primary_key") {
		s.PrimaryKey = append(s.PrimaryKey, n.Text)
	}
	if o.has("schema") {
		s.Schema = l.fields(o, "schema", false)
	} else if !p.Val.Bad {
		l.fail(p.Key.Start, ref, "a source has a schema", "add one such as schema: {user_id: string, amount: float64, at: timestamp}")
	}
	if n := o.vals["batch"]; n != nil {
		s.Batch = l.batch(n, ref)
	}
	if n := o.vals["stream"]; n != nil {
		s.Push = l.object(n, ref, "stream", streamKeys).boolean("push", false)
	}
	if !p.Val.Bad && !o.has("batch") && !o.has("stream") {
		l.fail(p.Key.Start, ref, "a source has batch or stream", "add one such as batch: {path: data/"+s.Name+".parquet} or stream: {push: true}")
	}
	l.current.source = s
}

func (l *loader) batch(n *syntax.Node, ref string) *selfsame.BatchSource {
	o := l.object(n, ref, "batch", batchKeys)
	b := &selfsame.BatchSource{Path: o.text("path"), Format: o.word("format", "parquet", "arrow", "avro", "csv", "jsonl", "ics"), Partition: o.strings("partition"), Pos: n.Start}
	if !o.has("path") && !n.Bad {
		l.fail(n.Start, ref, "batch has no path", "add the file, glob or folder, such as path: data/events/*.parquet")
	}
	for _, p := range o.entries("partition") {
		if v := p.Val.Text; !p.Val.Bad && p.Val.Form == syntax.Scalar && v != "event_time" && v != "snapshot" {
			l.fail(p.Val.Pos, ref, "partition: "+v+" is not one of event_time, snapshot", suggest(v, []string{"event_time", "snapshot"}))
		}
	}
	if len(b.Partition) > 1 {
		l.fail(o.pos("partition"), ref, "partition names more than one folder date", "name the one that is the date; the others are columns")
	}
	return b
}
