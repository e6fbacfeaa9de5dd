// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrow

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/source"
)

// TestLargeBatch refuses a record batch that would take too much memory, before it takes any.
func TestLargeBatch(t *testing.T) {
	sample, err := os.ReadFile("../../testdata/samples/pyarrow_types.arrow")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("../../testdata/samples/pyarrow_types.arrow")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	blocks, err := readBlocks(f)
	if err != nil || len(blocks) != 1 {
		t.Fatal(blocks, err)
	}
	body := func(n int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }
	tail := sample[blocks[0].offset+int64(blocks[0].meta)+blocks[0].body:]
	at := bytes.LastIndex(tail, body(blocks[0].body))
	if at < 0 {
		t.Fatal("the footer does not say how long the body is")
	}
	const size = batchBytes + 8
	tail = append(append(bytes.Clone(tail[:at]), body(size)...), tail[at+8:]...)
	path := filepath.Join(t.TempDir(), "large.arrow")
	large, err := os.Create(path) // with a hole
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	if _, err := large.Write(sample[:blocks[0].offset+int64(blocks[0].meta)]); err != nil {
		t.Fatal(err)
	}
	if _, err := large.WriteAt(tail, blocks[0].offset+int64(blocks[0].meta)+size); err != nil {
		t.Fatal(err)
	}
	_, err = New().Open(t.Context(), path, &source.Reading{})
	if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "record batch 0 has 1073741832 bytes") || !strings.Contains(err.Error(), "large.arrow") {
		t.Errorf("got %v", err)
	}
}

// TestUnpackedSize refuses a packed column that says it is large, before memory is taken for it.
func TestUnpackedSize(t *testing.T) {
	sample, err := os.ReadFile("../../testdata/samples/pyarrow_zstd.arrow")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bomb.arrow")
	if err := os.WriteFile(path, sample, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	blocks, err := readBlocks(f)
	if err != nil {
		t.Fatal(err)
	}
	first := blocks[0].offset + int64(blocks[0].meta)
	for _, size := range []int64{1 << 40, -7} {
		if _, err := f.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(size)), first); err != nil {
			t.Fatal(err)
		}
		table, err := source.Open(t.Context(), source.Spec{Batch: selfsame.BatchSource{Path: path}}, map[string]source.Format{"arrow": New()})
		if err != nil {
			t.Fatal(err)
		}
		err = table.Read(t.Context(), source.Split{}, source.Want{Fields: []string{"id"}}, func(*source.Chunk) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "bomb.arrow") || size > 0 && selfsame.ClassOf(err) != selfsame.ClassResource {
			t.Errorf("%d bytes: got %v", size, err)
		}
	}
}
