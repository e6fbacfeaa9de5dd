// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/config"
	"selfsame/offline"
	offlineparquet "selfsame/offline/parquet"
)

// BenchmarkMaterialize loads rows of ten columns for many entities into the state of an as-of view, from Parquet to the switch.
func BenchmarkMaterialize(b *testing.B) {
	const rows, entities = 1_000_000, 200_000
	dir := b.TempDir()
	var schema, features []string
	for i := range 8 {
		schema = append(schema, fmt.Sprintf("c%d: float64", i))
		features = append(features, fmt.Sprintf("c%d", i))
	}
	text := fmt.Sprintf(`project: wide
entities: {user: {key: {k: string}}}
sources:
  wide:
    schema: {k: string, at: timestamp, %s}
    event_time: at
    batch: {path: wide.parquet}
views:
  newest: {entity: user, source: wide, features: [%s]}
services: {all: {features: [newest.*]}}
`, strings.Join(schema, ", "), strings.Join(features, ", "))
	if err := writeWhole(filepath.Join(dir, "selfsame.yaml"), []byte(text)); err != nil {
		b.Fatal(err)
	}
	writeWide(b, filepath.Join(dir, "wide.parquet"), rows, entities)
	c := config.Default()
	c.Dir = filepath.Join(b.TempDir(), "data")
	l, err := OpenLive(b.Context(), LiveConfig{Config: c, Project: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	if _, err := l.ApplyFirst(b.Context()); err != nil {
		b.Fatal(err)
	}
	var peak uint64
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	before := used.Utime.Nano() + used.Stime.Nano()
	for b.Loop() {
		err := l.Do(b.Context(), "backfill", []byte("{}"), func([]byte) error {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(peak)/(1<<20), "heap-MiB")
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err == nil {
		b.ReportMetric(float64(used.Utime.Nano()+used.Stime.Nano()-before)/float64(b.N)/rows, "cpu-ns/row")
	}
}

func writeWide(b *testing.B, path string, rows, entities int) {
	fields := []selfsame.Field{{Name: "k", Type: selfsame.Scalar(selfsame.String)}, {Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)}}
	for i := range 8 {
		fields = append(fields, selfsame.Field{Name: fmt.Sprintf("c%d", i), Type: selfsame.Scalar(selfsame.Float64)})
	}
	w, err := offlineparquet.Create(path, fields, offline.Options{})
	if err != nil {
		b.Fatal(err)
	}
	const step = 50_000
	for first := 0; first < rows; first += step {
		batch := column.NewBatch(fields, step)
		for i := first; i < first+step; i++ {
			batch.Columns[0].Append(selfsame.Value{Type: fields[0].Type, Str: fmt.Sprintf("user%07d", (i*7919)%entities)})
			batch.Columns[1].Append(selfsame.Value{Type: fields[1].Type, Int: bankStart + int64(i)*1000})
			for k := range 8 {
				batch.Columns[2+k].Append(selfsame.Value{Type: fields[2+k].Type, Float: float64(i*31+k) / 7})
			}
		}
		batch.Rows = step
		if err := w.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
