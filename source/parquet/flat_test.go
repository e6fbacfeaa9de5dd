// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"selfsame/source"
)

const flatRows = 9_000

// flatRecord is columns as a flatReader takes them: with and without nulls, with few and with many values.
func flatRecord() arrow.RecordBatch {
	r := rand.New(rand.NewPCG(8, 9))
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "key", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "at", Type: arrow.FixedWidthTypes.Timestamp_us, Nullable: true}, {Name: "ms", Type: arrow.FixedWidthTypes.Timestamp_ms},
		{Name: "amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "size", Type: arrow.PrimitiveTypes.Uint64, Nullable: true},
		{Name: "none", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "one", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range flatRows {
		b.Field(0).(*array.Int64Builder).Append(r.Int64())
		b.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(i * 1000))
		b.Field(6).AppendNull()
		b.Field(7).(*array.Int64Builder).Append(42)
		for k, add := range map[int]func(){
			1: func() { b.Field(1).(*array.Int64Builder).Append(r.Int64N(300)) },
			2: func() { b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(r.Int64())) },
			4: func() { b.Field(4).(*array.Float64Builder).Append(float64(r.IntN(5000)) / 100) },
			5: func() { b.Field(5).(*array.Uint64Builder).Append(r.Uint64()) },
		} {
			if i > flatRows/2 && r.IntN(k+1) == 0 { // the first half has no nulls: runs, then single levels
				b.Field(k).AppendNull()
			} else {
				add()
			}
		}
	}
	return b.NewRecordBatch()
}

// TestFlatColumnsAsTheLibraryReadsThem writes the forms that pages have and compares both ways to read them.
func TestFlatColumnsAsTheLibraryReadsThem(t *testing.T) {
	rec := flatRecord()
	defer rec.Release()
	for name, options := range map[string][]parquet.WriterProperty{
		"dictionary": {parquet.WithDictionaryDefault(true), parquet.WithCompression(compress.Codecs.Snappy)},
		"plain":      {parquet.WithDictionaryDefault(false), parquet.WithDataPageSize(1000)},
		"fallback":   {parquet.WithDictionaryDefault(true), parquet.WithDictionaryPageSizeLimit(8_000), parquet.WithBatchSize(500), parquet.WithDataPageSize(2000)},
		"version 2":  {parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Zstd), parquet.WithDataPageSize(3000)},
		"old":        {parquet.WithVersion(parquet.V1_0), parquet.WithDictionaryDefault(true)},
	} {
		path := filepath.Join(t.TempDir(), "x.parquet")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := pqarrow.NewFileWriter(rec.Schema(), f, parquet.NewWriterProperties(options...), pqarrow.DefaultWriterProps())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		opened, err := Format{}.Open(t.Context(), path, &source.Reading{})
		if err != nil {
			t.Fatal(err)
		}
		compareReaders(t, name, opened.(*Reader))
	}
}

func compareReaders(t *testing.T, name string, r *Reader) {
	t.Helper()
	fr, closer, err := r.open()
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	for i, field := range r.manifest.Fields {
		leaves := map[int]bool{field.ColIndex: true}
		mine, err := r.reader(context.Background(), fr, 0, i, leaves)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := mine.(*flatReader); !ok {
			t.Errorf("%s: column %s is read by %T", name, field.Field.Name, mine)
		}
		library, err := fr.GetFieldReader(context.Background(), i, leaves, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		theirs := &arrowReader{reader: library}
		for row, n := 0, int64(1); row < flatRows; n = n*2 + 1 {
			n = min(n, int64(flatRows-row))
			got, err := mine.next(n)
			if err != nil {
				t.Fatalf("%s, column %s, row %d: %v", name, field.Field.Name, row, err)
			}
			want, err := theirs.next(n)
			if err != nil {
				t.Fatal(err)
			}
			at := 0
			for _, w := range want {
				part := array.NewSlice(got[0], int64(at), int64(at+w.Len()))
				if !array.Equal(part, w) {
					t.Fatalf("%s, column %s, rows from %d: got %v, want %v", name, field.Field.Name, row+at, part, w)
				}
				at += w.Len()
				part.Release()
			}
			row += got[0].Len()
			mine.release()
			theirs.release()
		}
		mine.close()
		theirs.close()
	}
}

// TestHybridEnds holds that numbers cut short, and headers that promise too much, are errors.
func TestHybridEnds(t *testing.T) {
	packed := binary.AppendUvarint(nil, 2<<1|1) // 16 numbers of 12 bits
	packed = append(packed, make([]byte, 24)...)
	for _, c := range []struct {
		data  []byte
		width int
		n     int
		fails bool
	}{
		{packed, 12, 16, false}, {packed[:len(packed)-1], 12, 16, true}, {packed[:len(packed)-12], 12, 8, false}, {packed, 12, 17, true},
		{nil, 3, 1, true}, {[]byte{0x10}, 9, 8, true}, {[]byte{0x10, 1, 0}, 9, 8, false}, {[]byte{0x10, 1, 0}, 9, 9, true},
		{[]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}, 1, 1, true}, {[]byte{0, 0, 0, 0}, 1, 1, true},
		{[]byte{0x03}, 0, 8, false},
	} {
		var h hybrid
		if err := h.open(c.data, c.width); err != nil {
			t.Fatal(err)
		}
		if err := h.read(make([]uint32, c.n)); (err != nil) != c.fails {
			t.Errorf("%x, %d numbers of %d bits: %v", c.data, c.n, c.width, err)
		}
	}
	var h hybrid
	if err := h.open(nil, 33); err == nil {
		t.Error("33 bits are opened")
	}
}

// TestOldLevels reads levels whose bits stand the other way round.
func TestOldLevels(t *testing.T) {
	var h hybrid
	h.openBits([]byte{0b1011_0000, 0b1000_0000}, 9)
	got := make([]uint32, 9)
	if err := h.read(got); err != nil || fmt.Sprint(got) != "[1 0 1 1 0 0 0 0 1]" {
		t.Errorf("%v, %v", got, err)
	}
}
