// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

// Source is where raw rows come from. Its zero settings are the defaults of the contract.
type Source struct {
	Name   string
	Schema []Field

	EventTime string // field; empty: the source is static
	Arrival   string // field that says when the row became known ("created"); empty: event time + KnowledgeDelay
	ID        string // idempotency field; empty: each row counts
	Order     string // tie-breaker field such as a sequence number
	Operation string // field holding insert | delete | upsert
	// PrimaryKey names the fields that identify a live row of an upsert source.
	PrimaryKey []string

	KnowledgeDelay Duration // added to the event time where there is no arrival field
	Lateness       Duration // admitted iff -Skew <= arrival - event time <= Lateness
	Skew           Duration
	Corrections    Duration // takes the place of Lateness for deletes and upserts
	History        Duration // how far back questions reach online

	Timezone   string // zone of naive timestamps; empty: UTC, undeclared
	TimeFormat string // "", s, ms, us or a strptime-like pattern
	Floor      bool   // precision: floor. Otherwise digits below a microsecond are refused
	KeepNaN    bool   // nan: keep. Otherwise NaN is read as null
	SkipBad    bool   // on_bad_row: skip. Otherwise a bad row stops the run

	Rename map[string]string // column in the file -> field
	Batch  *BatchSource      // history files; nil: none
	Push   bool              // stream: {push: true}

	Description string
	Owner       string
	Tags        map[string]string
	Pos         Pos
	At          map[string]Pos // place of each setting, by its name in YAML, for messages
}

// BatchSource names the files of a source's history.
type BatchSource struct {
	Path      string            // file, glob, folder, relative to the project, or object-store URL
	Format    string            // parquet, arrow, avro, csv, jsonl; empty: from the file name
	Partition map[string]string // Hive partition column -> "event_time" or "snapshot": what the folder's date means
	Pos       Pos
}

// Duration is an optional span of microseconds.
type Duration struct {
	Set    bool
	Micros int64
}

// Or returns the duration, or def where it is not set.
func (d Duration) Or(def int64) int64 {
	if d.Set {
		return d.Micros
	}
	return def
}
