// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package offline_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	offarrow "selfsame/offline/arrow"
	offcsv "selfsame/offline/csv"
	offjsonl "selfsame/offline/jsonl"
	offparquet "selfsame/offline/parquet"
	"selfsame/source"
	"selfsame/source/arrow"
	"selfsame/source/csv"
	"selfsame/source/jsonl"
	"selfsame/source/parquet"
)

var (
	formats  = map[string]source.Format{"parquet": parquet.New(), "arrow": arrow.New(), "csv": csv.New(), "jsonl": jsonl.New()}
	creators = map[string]offline.Creator{"parquet": offparquet.Create, "arrow": offarrow.Create, "csv": offcsv.Create, "jsonl": offjsonl.Create}
)

var everyType = []string{"bool", "int64", "float64", "decimal(7,3)", "decimal(18,0)", "decimal(38,10)", "string", "bytes", "timestamp", "date",
	"list<int64>", "list<list<string>>", "map<string,float64>", "list<map<string,list<int64>>>"}

func fieldsOf(t testing.TB) []selfsame.Field {
	t.Helper()
	var out []selfsame.Field
	for i, s := range everyType {
		typ, err := selfsame.ParseType(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, selfsame.Field{Name: fmt.Sprintf("c%d", i), Type: typ})
	}
	return out
}

// random returns a value of a type; about one in five is null.
func random(r *rand.Rand, t selfsame.Type) selfsame.Value {
	v := selfsame.Value{Type: t}
	if r.IntN(5) == 0 {
		v.Status = selfsame.Null
		return v
	}
	switch t.Kind {
	case selfsame.Bool:
		v.Int = int64(r.IntN(2))
	case selfsame.Int64:
		v.Int = []int64{r.Int64(), -r.Int64(), math.MaxInt64, math.MinInt64, 0, int64(r.IntN(9))}[r.IntN(6)]
	case selfsame.Float64:
		v.Float = []float64{r.NormFloat64(), 0, math.Inf(1), math.Inf(-1), 5e-324, math.MaxFloat64, float64(r.IntN(1000)) / 100}[r.IntN(7)]
	case selfsame.Decimal:
		n := r.Int64N(9_999_999)
		if t.Precision == 38 && r.IntN(2) == 0 {
			v.Dec = selfsame.Int128{Hi: r.Int64N(1 << 62), Lo: r.Uint64()}
		} else {
			v.Dec = selfsame.Int128{Lo: uint64(n)}
		}
		if r.IntN(2) == 0 {
			v.Dec.Hi, v.Dec.Lo = ^v.Dec.Hi, ^v.Dec.Lo
		}
	case selfsame.String:
		v.Str = []string{"", "a", "x,\"y\"\r\n", "é😀", strings.Repeat("long ", 30), " spaced "}[r.IntN(6)]
	case selfsame.Bytes:
		v.Str = []string{"", "\x00\xff", "abc"}[r.IntN(3)]
	case selfsame.Timestamp:
		v.Int = r.Int64N(1<<61) - 1<<60
	case selfsame.Date:
		v.Int = r.Int64N(1<<22) - 1<<21
	case selfsame.List, selfsame.Map:
		v.Elems = []selfsame.Value{}
		for i := range r.IntN(4) {
			v.Elems = append(v.Elems, random(r, *t.Elem))
			if t.Kind == selfsame.Map {
				v.Keys = append(v.Keys, fmt.Sprintf("k%d", i))
			}
		}
	}
	return v
}

func randomBatch(fields []selfsame.Field, rows int, seed uint64) *column.Batch {
	r := rand.New(rand.NewPCG(seed, 1))
	b := column.NewBatch(fields, rows)
	for i, f := range fields {
		for range rows {
			b.Columns[i].Append(random(r, f.Type))
		}
	}
	b.Rows = rows
	return b
}

// part returns rows [lo, hi) of a batch.
func part(b *column.Batch, lo, hi int) *column.Batch {
	out := column.NewBatch(b.Fields, hi-lo)
	for i, c := range out.Columns {
		c.AppendRange(b.Columns[i], lo, hi)
	}
	out.Rows = hi - lo
	return out
}

// write writes a batch in parts of the given size.
func write(t testing.TB, path string, b *column.Batch, size int, o offline.Options) {
	t.Helper()
	ext := strings.Split(filepath.Base(path), ".")[1]
	w, err := creators[ext](path, b.Fields, o)
	if err != nil {
		t.Fatal(err)
	}
	for lo := 0; lo < b.Rows; lo += size {
		if err := w.Write(part(b, lo, min(lo+size, b.Rows))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string, fields []selfsame.Field) *column.Batch {
	t.Helper()
	ctx := context.Background()
	table, err := source.Open(ctx, source.Spec{Batch: selfsame.BatchSource{Path: path}, Schema: fields, KeepNaN: true}, formats)
	if err != nil {
		t.Fatal(err)
	}
	w := source.Want{}
	for _, f := range fields {
		w.Fields = append(w.Fields, f.Name)
	}
	splits, _, err := table.Splits(w)
	if err != nil {
		t.Fatal(err)
	}
	out := column.NewBatch(fields, 0)
	for _, s := range splits {
		if err := table.Read(ctx, s, w, func(c *source.Chunk) error { out.Append(c.Batch); return c.Batch.Check() }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func text(c *column.Column, i int) string {
	return string(offline.AppendJSON(nil, c, i, offline.NoCast))
}

// push is what events become that are pushed: as JSON lines, or as columns of the wire.
func push(t testing.TB, how string, b *column.Batch) *column.Batch {
	t.Helper()
	d, err := source.NewDecoder(&selfsame.Source{Name: "s", Schema: b.Fields, KeepNaN: true})
	if err != nil {
		t.Fatal(err)
	}
	got := column.NewBatch(b.Fields, b.Rows)
	var bad []source.BadRow
	if how == "columns" {
		bad, err = d.Columns(b, got)
	} else {
		var body []byte
		for i := range b.Rows {
			body = append(column.AppendRowJSON(body, b, i), '\n')
		}
		bad, err = d.JSON(body, got)
	}
	if err != nil || len(bad) > 0 || got.Check() != nil {
		t.Fatal(how, err, bad, got.Check())
	}
	return got
}

// TestRoundTrip: what is written is read, and what is pushed is taken, value by value, of every type.
func TestRoundTrip(t *testing.T) {
	fields := fieldsOf(t)
	for _, name := range []string{"x.parquet", "x.arrow", "x.csv", "x.jsonl", "x.csv.gz", "x.jsonl.zst", "lines", "columns"} {
		for _, rows := range []int{0, 1, 700} {
			b := randomBatch(fields, rows, uint64(rows))
			var got *column.Batch
			switch {
			case strings.HasPrefix(name, "x."):
				path := filepath.Join(t.TempDir(), name)
				write(t, path, b, 97, offline.Options{})
				got = read(t, path, fields)
			case rows == 0: // a call without events is refused
				continue
			default:
				got = push(t, name, b)
			}
			if got.Rows != rows {
				t.Fatalf("%s: got %d rows, want %d", name, got.Rows, rows)
			}
			for k, f := range fields {
				for i := range rows {
					if g, w := text(got.Columns[k], i), text(b.Columns[k], i); g != w {
						t.Fatalf("%s: %s, row %d: got %s, want %s", name, f.Type, i, g, w)
					}
				}
			}
		}
	}
}

func TestBytesDependOnRowsOnly(t *testing.T) {
	fields := fieldsOf(t)
	b := randomBatch(fields, 50_000, 7)
	for _, how := range []string{"parquet zstd", "parquet snappy", "parquet none", "arrow zstd", "arrow none"} {
		ext, codec, _ := strings.Cut(how, " ")
		var want []byte
		for i, c := range []struct{ size, threads int }{{50_000, 1}, {50_000, 2}, {16_384, 2}, {9_999, 3}, {64, 4}} {
			path := filepath.Join(t.TempDir(), "x."+ext)
			write(t, path, b, c.size, offline.Options{Compression: codec, Threads: c.threads, RowGroupBytes: 4 << 20, PageBytes: 64 << 10})
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				want = got
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s: batches of %d rows, %d threads: other bytes", how, c.size, c.threads)
			}
		}
	}
}

func TestManyRowGroups(t *testing.T) {
	fields := fieldsOf(t)
	b := randomBatch(fields, 50_000, 9)
	path := filepath.Join(t.TempDir(), "x.parquet")
	write(t, path, b, 50_000, offline.Options{RowGroupBytes: 1 << 20, PageBytes: 32 << 10})
	table, err := source.Open(t.Context(), source.Spec{Batch: selfsame.BatchSource{Path: path}}, formats)
	if err != nil {
		t.Fatal(err)
	}
	splits, _, err := table.Splits(source.Want{Fields: []string{"c1"}})
	if err != nil || len(splits) != 4 {
		t.Fatalf("got %d row groups, want 4; %v", len(splits), err)
	}
	for i, f := range table.Fields() {
		if !f.Type.Equal(fields[i].Type) {
			t.Errorf("%s: inferred %s, want %s", f.Name, f.Type, fields[i].Type)
		}
	}
	got := read(t, path, fields)
	for k := range fields {
		for i := range b.Rows {
			if g, w := text(got.Columns[k], i), text(b.Columns[k], i); g != w {
				t.Fatalf("%s, row %d: got %s, want %s", fields[k].Type, i, g, w)
			}
		}
	}
}

func TestCasts(t *testing.T) {
	f := []selfsame.Field{{Name: "n", Type: selfsame.Scalar(selfsame.Int64)}, {Name: "x", Type: selfsame.Scalar(selfsame.Float64)}}
	b := column.NewBatch(f, 3)
	b.Columns[0].Ints, b.Columns[1].Floats, b.Rows = []int64{1, -5, math.MaxInt32}, []float64{0.1, 1e38, math.Inf(1)}, 3
	o := offline.Options{Casts: map[string]string{"n": "int32", "x": "float32"}}
	for _, name := range []string{"x.parquet", "x.arrow", "x.csv", "x.jsonl"} {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, b, 3, o)
		got := read(t, path, f)
		if got.Columns[0].Ints[2] != math.MaxInt32 || float32(got.Columns[1].Floats[0]) != float32(0.1) {
			t.Errorf("%s: got %v %v", name, got.Columns[0].Ints, got.Columns[1].Floats)
		}
		for column, value := range map[string]func(){"n": func() { b.Columns[0].Ints[1] = 1 << 31 }, "x": func() { b.Columns[1].Floats[1] = 1e39 }} {
			n, x := slices.Clone(b.Columns[0].Ints), slices.Clone(b.Columns[1].Floats)
			value()
			w, err := creators[strings.TrimPrefix(filepath.Ext(name), ".")](path+".2", f, o)
			if err != nil {
				t.Fatal(err)
			}
			err = w.Write(b)
			if e := w.Close(); err == nil {
				err = e
			}
			if err == nil || !strings.Contains(err.Error(), "column "+column+", row 1") || selfsame.ClassOf(err) != selfsame.ClassValue {
				t.Errorf("%s: got %v", name, err)
			}
			if _, err := os.Stat(path + ".2"); err == nil {
				t.Errorf("%s: a file was published", name)
			}
			b.Columns[0].Ints, b.Columns[1].Floats = n, x
		}
	}
	for _, casts := range []map[string]string{{"y": "float32"}, {"x": "int32"}, {"n": "int16"}} {
		if _, err := offparquet.Create(filepath.Join(t.TempDir(), "x"), f, offline.Options{Casts: casts}); selfsame.ClassOf(err) != selfsame.ClassUsage {
			t.Errorf("%v: got %v", casts, err)
		}
	}
}

// TestWrittenIsTheFile compares what a writer says of its file with the file.
func TestWrittenIsTheFile(t *testing.T) {
	b := randomBatch(fieldsOf(t), 20_000, 5)
	for _, c := range []struct {
		ext  string
		rows int
	}{{"parquet", 0}, {"parquet", 20_000}, {"arrow", 0}, {"arrow", 20_000}} {
		rows := c.rows
		path := filepath.Join(t.TempDir(), "x."+c.ext)
		w, err := creators[c.ext](path, b.Fields, offline.Options{RowGroupBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(part(b, 0, rows)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := source.Checksum(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		size, high, low := w.(offline.Summed).Written()
		if got := source.ChecksumText(high, low); got != want || size != info.Size() {
			t.Errorf("%s, %d rows: %d bytes and %s, want %d and %s", c.ext, rows, size, got, info.Size(), want)
		}
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	fields := fieldsOf(t)
	b := randomBatch(fields, 20_000, 3)
	for ext, create := range creators {
		dir := t.TempDir()
		w, err := create(filepath.Join(dir, "x."+ext), fields, offline.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		w.Abort()
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 0 {
			t.Errorf("%s: left %v, %v", ext, entries, err)
		}
		if _, err := create(filepath.Join(dir, "no", "x."+ext), fields, offline.Options{}); selfsame.ClassOf(err) != selfsame.ClassResource {
			t.Errorf("%s: got %v, want class resource", ext, err)
		}
	}
}

func TestPartitioned(t *testing.T) {
	fields := []selfsame.Field{{Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)}, {Name: "n", Type: selfsame.Scalar(selfsame.Int64)}}
	b := column.NewBatch(fields, 4)
	const day = 86_400_000_000
	b.Columns[0].Ints, b.Columns[1].Ints, b.Rows = []int64{0, -1, day, day - 1}, []int64{1, 2, 3, 4}, 4
	b.Columns[0].AppendStatus(selfsame.Null)
	b.Columns[1].Ints, b.Rows = append(b.Columns[1].Ints, 5), 5
	for ext, create := range creators {
		dir := filepath.Join(t.TempDir(), "out")
		w, err := offline.Partitioned(dir, "at", ext, fields, offline.Options{}, create)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(dir); err == nil {
			t.Fatal("the folder is there before Close")
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for date, want := range map[string]string{"1969-12-31": "2 2", "1970-01-01": "1 4 1 4", "1970-01-02": "3 3", "__HIVE_DEFAULT_PARTITION__": "5 5"} {
			got := read(t, filepath.Join(dir, "date="+date, "part-0."+ext), fields)
			if s := strings.Trim(fmt.Sprint(got.Columns[1].Ints), "[]"); s != want {
				t.Errorf("%s %s: got %s, want %s", ext, date, s, want)
			}
		}
		if _, err := offline.Partitioned(dir, "at", ext, fields, offline.Options{}, create); selfsame.ClassOf(err) != selfsame.ClassUsage {
			t.Errorf("a folder that is not empty: got %v", err)
		}
	}
}
