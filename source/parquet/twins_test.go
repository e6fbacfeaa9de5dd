// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	offpq "selfsame/offline/parquet"
	"selfsame/source"
)

// A file with two columns of one name is refused where the name is read, inferred or declared, and only there.
func TestTwinColumns(t *testing.T) {
	dir := t.TempDir()
	fields := []selfsame.Field{{Name: "user", Type: scalar(selfsame.Int64)}, {Name: "x", Type: scalar(selfsame.Int64)}, {Name: "x", Type: scalar(selfsame.Int64)}}
	w, err := offpq.Create(filepath.Join(dir, "twins.parquet"), fields, offline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(fields, 1)
	for i, c := range b.Columns {
		c.Ints = append(c.Ints, int64(i))
	}
	b.Rows = 1
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	spec := source.Spec{Name: "s", Dir: dir, Batch: selfsame.BatchSource{Path: "twins.parquet"}}
	for _, declared := range [][]selfsame.Field{nil, fields[:2]} {
		spec.Schema = declared
		_, err := source.Open(context.Background(), spec, formats)
		if selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), "column x: the file has 2 columns of this name") {
			t.Errorf("declared %v: got %v", declared, err)
		}
	}
	spec.Schema = fields[:1]
	if _, err := source.Open(context.Background(), spec, formats); err != nil {
		t.Errorf("the twins are not read, yet: %v", err)
	}
	spec.Schema, spec.Omit = nil, []string{"x"}
	if _, err := source.Open(context.Background(), spec, formats); err != nil {
		t.Errorf("the twins are left out, yet: %v", err)
	}
}
