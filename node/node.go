// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package node is the composition root: it puts adapters, drivers and definitions together into what the verbs of the command
// line do. It is the only room beside cmd and tests that imports an adapter.
package node

import (
	"context"
	"path/filepath"
	"strings"

	"selfsame"
	"selfsame/offline"
	offlinearrow "selfsame/offline/arrow"
	offlinecsv "selfsame/offline/csv"
	offlinejsonl "selfsame/offline/jsonl"
	offlineparquet "selfsame/offline/parquet"
	"selfsame/source"
	"selfsame/source/arrow"
	"selfsame/source/avro"
	"selfsame/source/csv"
	"selfsame/source/icalendar"
	"selfsame/source/jsonl"
	"selfsame/source/parquet"
)

// Version is the engine's version, recorded in manifests.
const Version = "0.1.0"

// formats are the file formats that sources are read from.
func formats() map[string]source.Format {
	return map[string]source.Format{"parquet": parquet.New(), "arrow": arrow.New(), "avro": avro.New(), "csv": csv.New(), "jsonl": jsonl.New(), "ics": icalendar.New()}
}

// creators are the file formats that are written.
var creators = map[string]offline.Creator{"parquet": offlineparquet.Create, "arrow": offlinearrow.Create, "csv": offlinecsv.Create, "jsonl": offlinejsonl.Create}

// outputFormat returns the format of an output file from its name.
func outputFormat(path string) (string, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".parquet", ".pq":
		return "parquet", nil
	case ".arrow", ".feather", ".ipc":
		return "arrow", nil
	case ".csv":
		return "csv", nil
	case ".jsonl", ".ndjson", ".json":
		return "jsonl", nil
	}
	return "", &selfsame.Error{Class: selfsame.ClassUsage, Ref: path, Message: "the name does not say which format to write",
		Hint: "end it with .parquet, .arrow, .csv or .jsonl"}
}

// openSource opens the history files of a source.
func openSource(ctx context.Context, dir string, s *selfsame.Source) (*source.Table, error) {
	if s.Batch == nil {
		return nil, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: s.Pos, Ref: "source " + s.Name, Message: "it has no history files to train from",
			Hint: "give it `batch: {path: …}`"}
	}
	return source.Open(ctx, source.Spec{Name: s.Name, Dir: dir, Batch: *s.Batch, Schema: s.Schema, EventTime: s.EventTime, Rename: s.Rename,
		Timezone: s.Timezone, TimeFormat: s.TimeFormat, Floor: s.Floor, KeepNaN: s.KeepNaN, SkipBad: s.SkipBad}, formats())
}

// instantText prints microseconds as RFC 3339, UTC.
func instantText(micros int64) string { return selfsame.Instant(micros).String() }
