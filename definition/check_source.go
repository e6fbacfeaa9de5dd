// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"slices"

	"selfsame"
	"selfsame/compute/zone"
	"selfsame/source"
)

// checkSource checks the settings of a source against its schema and each other.
func (l *loader) checkSource(s *selfsame.Source) {
	ref := "source " + s.Name
	l.fieldOf(s, "event_time", s.EventTime, selfsame.Timestamp)
	l.fieldOf(s, "arrival", s.Arrival, selfsame.Timestamp)
	l.fieldOf(s, "id", s.ID, selfsame.String, selfsame.Int64, selfsame.Bytes, selfsame.Decimal, selfsame.Date, selfsame.Timestamp)
	l.fieldOf(s, "order", s.Order, selfsame.Int64, selfsame.Timestamp, selfsame.Date, selfsame.Decimal, selfsame.String, selfsame.Bytes)
	l.fieldOf(s, "operation", s.Operation, selfsame.String)
	for _, name := range s.PrimaryKey {
		l.fieldOf(s, "primary_key", name, selfsame.String, selfsame.Int64, selfsame.Bytes, selfsame.Bool, selfsame.Decimal, selfsame.Date, selfsame.Timestamp)
	}
	fail := func(setting, message, hint string) { l.fail(s.At[setting], ref, message, hint) }
	switch {
	case s.Arrival != "" && s.KnowledgeDelay.Set:
		fail("knowledge_delay", "knowledge_delay stands beside arrival", "the arrival field says when a row became known: remove one of them")
	case s.Batch != nil && s.Push && s.ID == "" && len(s.PrimaryKey) == 0:
		fail("stream", "a source with batch and stream has no id", "an id tells a pushed row from its copy in the files: add id: and the field")
	}
	if len(s.PrimaryKey) > 0 && s.Operation == "" {
		fail("primary_key", "primary_key stands without operation", "name the field that says insert, delete or upsert, as in operation: op")
	}
	if s.Operation != "" && len(s.PrimaryKey) == 0 && s.ID == "" {
		fail("operation", "operation stands without primary_key or id", "upserts need primary_key; deletes need the id of the row that they cancel")
	}
	if s.EventTime == "" {
		for _, setting := range []string{"arrival", "knowledge_delay", "lateness", "skew", "corrections", "history", "order", "operation", "stream"} {
			if pos, ok := s.At[setting]; ok {
				l.fail(pos, ref, "a source without event_time has no "+setting, "name the field that says when a row happened, or remove "+setting)
			}
		}
	}
	l.checkZone(s)
	l.checkTimeFormat(s)
	l.checkRename(s)
	l.checkPartition(s)
}

// checkTimeFormat checks that the way in which times are written is one that can be read.
func (l *loader) checkTimeFormat(s *selfsame.Source) {
	_, err := source.ParseTimeFormat(s.TimeFormat)
	var e *selfsame.Error
	if errors.As(err, &e) {
		l.fail(s.At["time_format"], "source "+s.Name, e.Message, e.Hint)
	}
}

// fieldOf checks that a setting names a field of one of the kinds.
func (l *loader) fieldOf(s *selfsame.Source, setting, name string, kinds ...selfsame.Kind) {
	if name == "" || len(s.Schema) == 0 {
		return
	}
	ref := "source " + s.Name
	f := field(s.Schema, name)
	if f == nil {
		l.fail(s.At[setting], ref, setting+" names "+name+", which the schema does not have", suggest(name, fieldNames(s.Schema)))
		return
	}
	if f.Type.Kind == selfsame.Unknown || slices.Contains(kinds, f.Type.Kind) {
		return
	}
	hint := "it must be " + kinds[0].String()
	if setting == "event_time" || setting == "arrival" {
		hint = "declare it as timestamp; time_format says how it is written, and an ISO date is its first instant"
	} else if len(kinds) > 1 {
		var words []string
		for _, k := range kinds {
			words = append(words, k.String())
		}
		hint = "it must be one of " + joined(words)
	}
	l.fail(s.At[setting], ref, setting+" names "+name+", which is "+f.Type.String(), hint)
}

func field(fields []selfsame.Field, name string) *selfsame.Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

func fieldNames(fields []selfsame.Field) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Name
	}
	return out
}

func (l *loader) checkZone(s *selfsame.Source) {
	if s.Timezone == "" {
		return
	}
	if _, err := zone.Load(s.Timezone); err != nil {
		var e *selfsame.Error
		errors.As(err, &e)
		l.fail(s.At["timezone"], "source "+s.Name, e.Message, e.Hint)
	}
}

func (l *loader) checkRename(s *selfsame.Source) {
	taken := map[string]string{}
	for _, column := range sortedKeys(s.Rename) {
		name := s.Rename[column]
		if len(s.Schema) > 0 && field(s.Schema, name) == nil {
			l.fail(s.At["rename"], "source "+s.Name, "rename gives "+column+" the name "+name+", which the schema does not have", suggest(name, fieldNames(s.Schema)))
		}
		if other := taken[name]; other != "" {
			l.fail(s.At["rename"], "source "+s.Name, "rename gives the name "+name+" to both "+other+" and "+column, "")
		}
		taken[name] = column
	}
}

// checkPartition checks what the date of a folder means. A snapshot's event time is no column of the files: it is the first instant
// after the folder's date, in a field that event_time names.
func (l *loader) checkPartition(s *selfsame.Source) {
	if s.Batch == nil {
		return
	}
	ref := "source " + s.Name
	for _, column := range sortedKeys(s.Batch.Partition) {
		meaning := s.Batch.Partition[column]
		switch {
		case s.EventTime == "" && meaning == "event_time":
			l.fail(s.Batch.Pos, ref, "partition says event_time, and the source has none", "name the field that says when a row happened: event_time: …")
		case s.EventTime == "" && meaning == "snapshot":
			l.fail(s.Batch.Pos, ref, "partition says snapshot, and no field takes the snapshot's time",
				"add a timestamp field to the schema and name it, as in event_time: taken_at: it is the first instant after the folder's date")
		case meaning == "snapshot" && (column == s.EventTime || s.Rename[column] == s.EventTime):
			l.fail(s.At["event_time"], ref, "event_time names "+s.EventTime+", which holds the folder's date itself",
				"name another timestamp field: it takes the first instant after the folder's date")
		}
	}
}
