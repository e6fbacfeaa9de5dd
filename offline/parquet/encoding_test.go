// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	theirs "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	"selfsame/offline/parquet"
)

// shapes are columns that are encoded in different ways: value i of each, false where it is null, and the encodings of its pages.
var shapes = []struct {
	name      string
	value     func(i int) (float64, bool)
	encodings string
}{
	{"constant", func(int) (float64, bool) { return 7, true }, "dictionary"},
	{"few", func(i int) (float64, bool) { return float64(i * i % 1009), i%3 > 0 }, "dictionary"},
	{"random", func(i int) (float64, bool) { return math.Sqrt(float64(i)), i%7 > 0 }, "plain"},
	{"ascending", func(i int) (float64, bool) { return float64(i) - 1e5, true }, "plain"},
	{"descending", func(i int) (float64, bool) { return -float64(i), true }, "plain"},
	{"outgrown", func(i int) (float64, bool) { return float64(max(i-140_000, i%10)), true }, "dictionary plain"},
	{"growing", func(i int) (float64, bool) { return float64(max(i-8_000, i%10)), true }, "plain"},
	{"nulls", func(int) (float64, bool) { return 0, false }, "plain"},
	{"late", func(i int) (float64, bool) { return float64(i), i > 40_000 && i != 50_000 }, "plain"},
	{"noNumber", func(i int) (float64, bool) {
		if i%2 == 0 {
			return math.NaN(), true
		}
		return float64(i % 5), true
	}, "dictionary"},
	{"zeros", func(int) (float64, bool) { return 0, true }, "dictionary"},
}

const shapeRows = 300_000

func shaped() *column.Batch {
	var fields []selfsame.Field
	for _, s := range shapes {
		fields = append(fields, selfsame.Field{Name: s.name, Type: selfsame.Scalar(selfsame.Float64)})
	}
	b := column.NewBatch(fields, shapeRows)
	for k, s := range shapes {
		for i := range shapeRows {
			if v, ok := s.value(i); ok {
				b.Columns[k].Append(selfsame.Value{Type: fields[k].Type, Float: v})
			} else {
				b.Columns[k].AppendStatus(selfsame.Null)
			}
		}
	}
	b.Rows = shapeRows
	return b
}

func publish(t *testing.T, b *column.Batch, o offline.Options) *file.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	w, err := parquet.Create(path, b.Fields, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// TestShapes reads columns of every encoding with another library, value by value.
func TestShapes(t *testing.T) {
	b := shaped()
	for _, o := range []offline.Options{{}, {Compression: "snappy", PageBytes: 10_000}, {Compression: "none", RowGroupBytes: 3 << 20}} {
		r := publish(t, b, o)
		for k, s := range shapes {
			row := 0
			for g := range r.NumRowGroups() {
				c, err := r.RowGroup(g).Column(k)
				if err != nil {
					t.Fatal(err)
				}
				levels, values := make([]int16, 1000), make([]float64, 1000)
				for in := c.(*file.Float64ColumnChunkReader); in.HasNext(); {
					n, _, err := in.ReadBatch(int64(len(levels)), values, levels, nil)
					if err != nil {
						t.Fatal(err)
					}
					at := 0
					for i := range n {
						want, ok := s.value(row)
						if ok != (levels[i] == 1) {
							t.Fatalf("%s, row %d: level %d", s.name, row, levels[i])
						}
						if ok {
							if math.Float64bits(values[at]) != math.Float64bits(want) {
								t.Fatalf("%s, row %d: got %v, want %v", s.name, row, values[at], want)
							}
							at++
						}
						row++
					}
				}
			}
			if row != shapeRows {
				t.Errorf("%s has %d rows", s.name, row)
			}
		}
	}
}

func TestEncodingIsChosenByHowValuesRepeat(t *testing.T) {
	r := publish(t, shaped(), offline.Options{})
	for k, s := range shapes {
		c, err := r.MetaData().RowGroup(0).ColumnChunk(k)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, e := range c.EncodingStats() {
			switch {
			case e.Encoding == theirs.Encodings.RLEDict:
				kinds = append(kinds, "dictionary")
			case fmt.Sprint(e.PageType) == "DATA_PAGE":
				kinds = append(kinds, "plain")
			}
		}
		slices.Sort(kinds)
		if got := strings.Join(kinds, " "); got != s.encodings || c.HasDictionaryPage() != strings.Contains(got, "dictionary") {
			t.Errorf("%s: got %q, want %q; a dictionary: %v", s.name, got, s.encodings, c.HasDictionaryPage())
		}
	}
}

// TestBoundsHold compares the statistics of chunks and pages with the values.
func TestBoundsHold(t *testing.T) {
	r := publish(t, shaped(), offline.Options{PageBytes: 100_000})
	index, err := r.GetPageIndexReader().RowGroup(0)
	if err != nil {
		t.Fatal(err)
	}
	orders := map[string]metadata.BoundaryOrder{"ascending": metadata.Ascending, "descending": metadata.Descending, "random": metadata.Ascending}
	for k, s := range shapes {
		places, err := index.GetOffsetIndex(k)
		if err != nil {
			t.Fatal(err)
		}
		bounds, err := index.GetColumnIndex(k)
		if err != nil {
			t.Fatal(err)
		}
		if want, ok := orders[s.name]; ok && bounds.GetBoundaryOrder() != want {
			t.Errorf("%s: order %v, want %v", s.name, bounds.GetBoundaryOrder(), want)
		}
		pages := places.GetPageLocations()
		if s.name != "nulls" && len(pages) < 3 {
			t.Errorf("%s has %d pages", s.name, len(pages))
		}
		var nulls int64
		for p, place := range pages {
			end := int64(shapeRows)
			if p+1 < len(pages) {
				end = pages[p+1].FirstRowIndex
			}
			low, high, absent := extent(s.value, int(place.FirstRowIndex), int(end))
			nulls += absent
			if got := bounds.GetNullCounts()[p]; got != absent {
				t.Errorf("%s, page %d: %d nulls, want %d", s.name, p, got, absent)
			}
			if empty := absent == end-place.FirstRowIndex; empty != bounds.GetNullPages()[p] {
				t.Errorf("%s, page %d: empty %v", s.name, p, !empty)
			} else if !empty && (decoded(bounds.GetMinValues()[p]) != low || decoded(bounds.GetMaxValues()[p]) != high) {
				t.Errorf("%s, page %d: from %v to %v, want %v to %v", s.name, p, decoded(bounds.GetMinValues()[p]), decoded(bounds.GetMaxValues()[p]), low, high)
			}
		}
		c, err := r.MetaData().RowGroup(0).ColumnChunk(k)
		if err != nil {
			t.Fatal(err)
		}
		stats, err := c.Statistics()
		if err != nil || stats.NullCount() != nulls {
			t.Errorf("%s: %v, %v", s.name, stats, err)
		}
	}
}

func extent(value func(int) (float64, bool), lo, hi int) (low, high float64, nulls int64) {
	low, high = math.Inf(1), math.Inf(-1)
	for i := lo; i < hi; i++ {
		v, ok := value(i)
		switch {
		case !ok:
			nulls++
		case v == v:
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high, nulls
}

func decoded(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// TestLongTexts holds that a stripe of long values becomes several pages, and that values beyond the longest bound have none.
func TestLongTexts(t *testing.T) {
	f := []selfsame.Field{{Name: "s", Type: selfsame.Scalar(selfsame.String)}}
	b := column.NewBatch(f, 0)
	text := func(i int) string { return strings.Repeat(string(rune('a'+i%26)), i%6000) + fmt.Sprint(i) }
	for b.Rows = range 3000 {
		b.Columns[0].AppendBytes([]byte(text(b.Rows)))
	}
	b.Rows++
	r := publish(t, b, offline.Options{PageBytes: 100_000})
	c, err := r.RowGroup(0).Column(0)
	if err != nil {
		t.Fatal(err)
	}
	in := c.(*file.ByteArrayColumnChunkReader)
	values, levels := make([]theirs.ByteArray, b.Rows), make([]int16, b.Rows)
	row := 0
	for in.HasNext() {
		n, _, err := in.ReadBatch(int64(b.Rows), values, levels, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if got, want := string(values[i]), text(row); got != want {
				t.Fatalf("row %d: got %d bytes, want %d", row, len(got), len(want))
			}
			row++
		}
	}
	index, err := r.GetPageIndexReader().RowGroup(0)
	if err != nil {
		t.Fatal(err)
	}
	places, err := index.GetOffsetIndex(0)
	if err != nil || len(places.GetPageLocations()) < 20 || row != 3000 {
		t.Errorf("%d rows, %v", row, err)
	}
}
