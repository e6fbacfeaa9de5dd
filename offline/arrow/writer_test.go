// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrow

import (
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

// TestWriteErrorIsOurs holds that a file that cannot be written is named alone, without what the library was about to write into it.
func TestWriteErrorIsOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.arrow")
	fields := []selfsame.Field{{Name: "n", Type: selfsame.Scalar(selfsame.Int64)}}
	for _, rows := range []int{0, 3, batchRows} {
		w, err := Create(path, fields, offline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w.(*Writer).out.Discard()
		b := column.NewBatch(fields, rows)
		for range rows {
			b.Columns[0].AppendStatus(selfsame.Null)
		}
		b.Rows = rows
		err = w.Write(b)
		if closed := w.Close(); err == nil {
			err = closed
		}
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%d rows: %v", rows, err)
		}
	}
}
