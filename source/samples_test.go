// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	"selfsame/source"
	"selfsame/source/arrow"
	"selfsame/source/avro"
	"selfsame/source/csv"
	"selfsame/source/jsonl"
	"selfsame/source/parquet"
)

var formats = map[string]source.Format{"parquet": parquet.New(), "arrow": arrow.New(), "avro": avro.New(), "csv": csv.New(), "jsonl": jsonl.New()}

const samples = "../testdata/samples"

// schema reads "name type, name type, …" into fields.
func schema(t testing.TB, s string) []selfsame.Field {
	t.Helper()
	var out []selfsame.Field
	for _, f := range strings.Split(s, "; ") {
		name, typ, _ := strings.Cut(f, " ")
		parsed, err := selfsame.ParseType(typ)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, selfsame.Field{Name: name, Type: parsed})
	}
	return out
}

// read returns every row of a table as one batch, and the bad rows.
func read(t testing.TB, spec source.Spec, want source.Want) (*column.Batch, []source.BadRow, []source.Position, error) {
	t.Helper()
	ctx := context.Background()
	table, err := source.Open(ctx, spec, formats)
	if err != nil {
		return nil, nil, nil, err
	}
	if want.Fields == nil {
		for _, f := range table.Fields() {
			want.Fields = append(want.Fields, f.Name)
		}
	}
	splits, _, err := table.Splits(want)
	if err != nil {
		return nil, nil, nil, err
	}
	var all *column.Batch
	var bad []source.BadRow
	var pos []source.Position
	for _, s := range splits {
		err := table.Read(ctx, s, want, func(c *source.Chunk) error {
			if err := c.Batch.Check(); err != nil {
				t.Fatal(err)
			}
			if all == nil {
				all = column.NewBatch(slices.Clone(c.Batch.Fields), 0)
			}
			all.Append(c.Batch)
			bad = append(bad, c.Bad...)
			for i := range c.Batch.Rows {
				if c.Pos != nil {
					pos = append(pos, c.Pos[i])
				} else {
					pos = append(pos, c.First+int64(i))
				}
			}
			return nil
		})
		if err != nil {
			return all, bad, pos, err
		}
	}
	return all, bad, pos, nil
}

// show is a column as a JSON list.
func show(c *column.Column) string {
	var b []byte
	for i := range c.Len() {
		if i > 0 {
			b = append(b, ' ')
		}
		b = offline.AppendJSON(b, c, i, offline.NoCast)
	}
	return string(b)
}

const sampleSchema = "id int64; user string; amount float64; qty int64; ok bool; day date; price decimal(10,2); tags list<string>; at timestamp"

// sampleRows is the table of scripts/make_samples.py.
var sampleRows = map[string]string{
	"id":     `1 2 3 4 9007199254740993`,
	"user":   `"ann" "bob" null "" "ann"`,
	"amount": `1.5 0 null 1e+300 0.1`,
	"qty":    `1 2 3 null -5`,
	"ok":     `true false null true false`,
	"day":    `"2024-12-01" "1960-02-29" null "2000-01-01" "2024-02-29"`,
	"price":  `12.34 -0.01 null 99999999.99 0.00`,
	"tags":   `["a","b"] [] null ["c",null] ["d"]`,
	"at":     `"2024-12-01T00:00:00.000000Z" "2024-12-01T23:59:59.999999Z" "1969-12-31T23:59:59.500000Z" null "2025-03-30T01:30:00.000000Z"`,
}

const millis = `"2024-12-01T00:00:00.000000Z" "2024-12-01T23:59:59.999000Z" "1969-12-31T23:59:59.500000Z" null "2025-03-30T01:30:00.000000Z"`

func TestSamples(t *testing.T) {
	cases := []struct {
		file     string
		zone     string
		without  string            // columns that the file does not have
		differs  map[string]string // what the writer made of a column
		declared map[string]string // field -> type, where it is another one
	}{
		{file: "pandas_ns_category.parquet"},
		{file: "pandas_naive_ms.parquet", zone: "Europe/Berlin", differs: map[string]string{"at": millis}},
		{file: "pandas.csv", without: "tags", differs: map[string]string{"user": `"ann" "bob" null null "ann"`}},
		{file: "pandas.csv.gz", without: "tags", differs: map[string]string{"user": `"ann" "bob" null null "ann"`}},
		{file: "pandas.jsonl"},
		{file: "pyarrow_dictionary.parquet"},
		{file: "pyarrow_v2_delta.parquet"},
		{file: "pyarrow_int96.parquet", without: "id"},
		{file: "polars.parquet"},
		{file: "polars.csv", without: "tags"},
		{file: "polars.ndjson"},
		{file: "pandas.feather"},
		{file: "pyarrow_zstd.arrow"},
		{file: "pyarrow_dictionary_lz4.arrow"},
		{file: "polars.arrow"},
		{file: "fastavro_deflate.avro"},
		{file: "fastavro_snappy.avro", differs: map[string]string{"at": millis}},
		{file: "duckdb.parquet"},
		{file: "duckdb.csv", without: "tags"},
		{file: "spark_int96.parquet"},
		{file: "spark_timestamp_micros.parquet"},
		{file: "spark_timestamp_millis.parquet", differs: map[string]string{"at": millis}},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			fields := slices.DeleteFunc(schema(t, sampleSchema), func(f selfsame.Field) bool { return f.Name == c.without })
			b, bad, _, err := read(t, source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: c.file}, Schema: fields, Timezone: c.zone}, source.Want{})
			if err != nil || len(bad) > 0 {
				t.Fatal(err, bad)
			}
			for i, f := range fields {
				want, ok := c.differs[f.Name]
				if !ok {
					want = sampleRows[f.Name]
				}
				if got := show(b.Columns[i]); got != want {
					t.Errorf("%s\n got %s\nwant %s", f.Name, got, want)
				}
			}
		})
	}
}

func TestArrowTypes(t *testing.T) {
	fields := "s timestamp; ms timestamp; us timestamp; ns timestamp; berlin timestamp; date64 date; i8 int64; i16 int64; u8 int64; u16 int64; u32 int64; u64 int64; " +
		"f16 float64; f32 float64; large string; dict string; bin bytes; fixed bytes; deep list<list<int64>>; largelist list<int64>; map map<string,int64>; big decimal(38,3); none float64"
	whole := `"2024-12-01T00:00:00.000000Z" "2024-12-01T23:59:59.000000Z" "1969-12-31T23:59:59.000000Z" null "2025-03-30T01:30:00.000000Z"`
	want := map[string]string{
		"s": whole, "ms": whole, "us": sampleRows["at"], "ns": sampleRows["at"], "berlin": sampleRows["at"], "date64": sampleRows["day"],
		"i8": "0 1 127 null 100", "i16": "0 1 127 null 100", "u8": "0 1 127 null 100", "u16": "0 1 127 null 100",
		"u32": "4294967295 0 1 null 2", "u64": "9223372036854775807 0 1 null 2", "f16": "0.5 -2 0 null 65504", "f32": "0.5 16777216 0 null 0.25",
		"large": sampleRows["user"], "dict": sampleRows["user"], "bin": `"AAE=" "" null "eA==" "/w=="`, "fixed": `"YWI=" "Y2Q=" null "ZWY=" "Z2g="`,
		"deep": "[[1,2],[]] [] null [null,[3,null]] [[4]]", "largelist": "[1] [] null [2,3] [4]",
		"map": `{"a":2,"b":1} {} null {"z":null} {"k":5}`, "big": "12345678901234567890123456.789 -0.001 null 0.000 1.000", "none": "null null null null null",
	}
	for _, c := range []struct {
		file     string
		declared bool
	}{{"pyarrow_types.parquet", true}, {"pyarrow_types.parquet", false}, {"pyarrow_types.arrow", true}, {"pyarrow_types.arrow", false}} {
		spec := source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: c.file}}
		if c.declared {
			spec.Schema = schema(t, fields)
		}
		b, _, _, err := read(t, spec, source.Want{})
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Fields) != len(want) {
			t.Errorf("got %d columns, want %d", len(b.Fields), len(want))
		}
		for i, f := range b.Fields {
			if got := show(b.Columns[i]); got != want[f.Name] {
				t.Errorf("%s, declared %v, %s %s\n got %s\nwant %s", c.file, c.declared, f.Name, f.Type, got, want[f.Name])
			}
		}
	}
}

func TestColumnsWithoutAType(t *testing.T) {
	for file, homeless := range map[string][]string{"pyarrow_homeless.parquet": {"struct", "time", "wide", "intmap"}, "pyarrow_homeless.arrow": {"struct", "duration", "time", "wide", "intmap"}} {
		spec := source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: file}}
		for _, name := range homeless {
			_, err := source.Open(context.Background(), spec, formats)
			if err == nil || selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), "column "+name) {
				t.Fatalf("%s: got %v, want an error that names column %s", file, err, name)
			}
			spec.Omit = append(spec.Omit, name)
		}
		b, _, _, err := read(t, spec, source.Want{})
		if err != nil || len(b.Columns) != 6-len(homeless) || show(b.Columns[0]) != "1" {
			t.Fatalf("%s: got %v, %v", file, b, err)
		}
	}
}

// TestArrowLayouts reads what only Arrow files have: views, dictionaries of numbers, narrow decimals, lists of one length, over record batches that begin anywhere.
func TestArrowLayouts(t *testing.T) {
	want := map[string]string{
		"view": sampleRows["user"], "bview": `"YQ==" "bG9uZ2VyIHRoYW4gdHdlbHZlIGJ5dGVz" null "" "eA=="`, "pair": "[1,2] [3,4] null [5,null] [6,7]",
		"dec32": "1.25 null -0.01 0.00 9.00", "dec64": "1.25 null -0.01 0.00 9.00", "days": sampleRows["day"],
		"maps": `{"a":null,"b":[1]} {} null {"z":[2,null]} {"k":[]}`,
	}
	b, _, _, err := read(t, source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: "pyarrow_views.arrow"}}, source.Want{})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range b.Fields {
		if got := show(b.Columns[i]); got != want[f.Name]+" "+want[f.Name] {
			t.Errorf("%s %s\n got %s\nwant it twice %s", f.Name, f.Type, got, want[f.Name])
		}
	}
	if len(b.Fields) != len(want) {
		t.Errorf("%d columns, want %d", len(b.Fields), len(want))
	}
}

// TestAvroTypes reads the types that only Avro has, and what cannot be read.
func TestAvroTypes(t *testing.T) {
	fields := "i int64; f float64; enum string; uuid string; bytes bytes; fixed bytes; fixdec decimal(20,4); local timestamp; nanos timestamp; maps map<string,list<int64>>; none string"
	want := map[string]string{"i": "-2147483648 7", "f": "0.5 null", "enum": `"B" "A"`, "uuid": `"12345678-1234-5678-1234-567812345678" "00000000-0000-0000-0000-000000000000"`,
		"bytes": `"AP8=" ""`, "fixed": `"YWI=" "Y2Q="`, "fixdec": "-1234567890123456.7891 0.0001", "local": `"2024-07-01T10:30:00.000007Z" "1969-12-31T22:59:59.999999Z"`,
		"nanos": `"2024-07-01T12:30:00.000001Z" "1969-12-31T23:59:59.999999Z"`, "maps": `{"a":[],"b":[1,null]} {}`, "none": "null null"}
	spec := source.Spec{Dir: samples, Batch: selfsame.BatchSource{Path: "fastavro_types.avro"}, Timezone: "Europe/Berlin"}
	for _, name := range []string{"time", "either", "record", "wide"} {
		_, err := source.Open(t.Context(), spec, formats)
		if selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), "column "+name) {
			t.Fatalf("got %v, want an error that names column %s", err, name)
		}
		spec.Omit = append(spec.Omit, name)
	}
	for range 2 {
		b, _, _, err := read(t, spec, source.Want{})
		if err != nil || len(b.Fields) != len(want) {
			t.Fatal(b, err)
		}
		for i, f := range b.Fields {
			if got := show(b.Columns[i]); got != want[f.Name] {
				t.Errorf("%s %s\n got %s\nwant %s", f.Name, f.Type, got, want[f.Name])
			}
		}
		spec.Schema, spec.Omit = schema(t, fields), nil
	}
}

// TestAvroLosses: a value that does not fit its field is a bad row.
func TestAvroLosses(t *testing.T) {
	for field, want := range map[string]string{"long float64": "loses digits", "price decimal(10,2)": "more digits after the point", "ns timestamp": "digits below a microsecond", "far timestamp": "out of the range", "text timestamp": "not a timestamp"} {
		spec := source.Spec{Dir: samples, Batch: selfsame.BatchSource{Path: "fastavro_losses.avro"}, Schema: schema(t, field)}
		_, _, _, err := read(t, spec, source.Want{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "row 1") {
			t.Errorf("%s: got %v, want %s", field, err, want)
		}
		spec.SkipBad = true
		if b, bad, _, err := read(t, spec, source.Want{}); err != nil || b.Rows != 2 || len(bad) != 1 || bad[0].Row != 1 {
			t.Errorf("%s: got %v, %v, %v", field, b, bad, err)
		}
	}
	spec := source.Spec{Dir: samples, Batch: selfsame.BatchSource{Path: "fastavro_losses.avro"}, Schema: schema(t, "price float64")}
	if _, _, _, err := read(t, spec, source.Want{}); err == nil || !strings.Contains(err.Error(), "without loss: declare decimal(10,3)") {
		t.Errorf("got %v", err)
	}
}

// TestArrowOfOtherKinds refuses what looks like an Arrow file, by its name.
func TestArrowOfOtherKinds(t *testing.T) {
	for file, want := range map[string]string{"pyarrow_stream.arrow": "it is a stream of Arrow", "feather_v1.feather": "it is Feather version 1"} {
		_, err := source.Open(t.Context(), source.Spec{Dir: samples, Batch: selfsame.BatchSource{Path: file}}, formats)
		if selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", file, err)
		}
	}
}

func TestLosses(t *testing.T) {
	cases := []struct {
		field     string
		floor     bool
		want      string // column under the skip policy
		reason    string // of row 0
		badRows   []int64
		knownType bool
	}{
		{field: "ns timestamp", want: `"1970-01-01T00:00:00.000001Z" "1970-01-01T00:00:00.000000Z"`, reason: "digits below a microsecond", badRows: []int64{0, 2, 3}},
		{field: "ns timestamp", floor: true, want: `"1970-01-01T00:00:00.000000Z" "1970-01-01T00:00:00.000001Z" "1970-01-01T00:00:00.000001Z" "1969-12-31T23:59:59.999999Z" "1970-01-01T00:00:00.000000Z"`},
		{field: "u64 int64", want: "1 2 3 4", reason: "beyond int64", badRows: []int64{0}},
		{field: "far timestamp", want: `"1970-01-01T00:00:00.000000Z" "1970-01-01T00:00:00.001000Z" "1970-01-01T00:00:00.002000Z" "1970-01-01T00:00:00.003000Z"`, reason: "range", badRows: []int64{0}},
		{field: "i64 float64", want: "1 2 3 4", reason: "loses digits", badRows: []int64{0}},
		{field: "i64 decimal(20,2)", want: "9007199254740993.00 1.00 2.00 3.00 4.00"},
		{field: "price decimal(10,2)", want: "1.23 null 0.00 1.00", reason: "more digits after the point", badRows: []int64{0}},
		{field: "price decimal(12,5)", want: "1.23900 1.23000 null 0.00000 1.00000"},
		{field: "text timestamp", want: `"2024-12-01T00:00:00.000000Z" "2024-12-01T00:00:00.000000Z" null "2024-12-01T00:00:00.000000Z" "2024-12-01T00:00:00.000001Z"`},
	}
	for _, c := range cases {
		t.Run(c.field, func(t *testing.T) {
			spec := source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: "pyarrow_losses.parquet"}, Schema: schema(t, c.field), Floor: c.floor}
			_, _, _, err := read(t, spec, source.Want{})
			if c.reason == "" && err != nil {
				t.Fatal(err)
			}
			if c.reason != "" {
				name, _, _ := strings.Cut(c.field, " ")
				for _, part := range []string{c.reason, "row 0", "column " + name, "pyarrow_losses.parquet"} {
					if err == nil || !strings.Contains(err.Error(), part) {
						t.Errorf("got %v, want %q in it", err, part)
					}
				}
			}
			spec.SkipBad = true
			b, bad, pos, err := read(t, spec, source.Want{})
			if err != nil {
				t.Fatal(err)
			}
			if got := show(b.Columns[0]); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			var rows []int64
			for _, b := range bad {
				rows = append(rows, b.Row)
			}
			if !slices.Equal(rows, c.badRows) || len(pos)+len(bad) != 5 {
				t.Errorf("bad rows %v, want %v; positions %v", rows, c.badRows, pos)
			}
		})
	}
}

func TestTypesThatDoNotFit(t *testing.T) {
	for file, field := range map[string]string{"polars.parquet": "price float64", "duckdb.parquet": "user int64", "pyarrow_v2_delta.parquet": "amount int64", "spark_int96.parquet": "at int64"} {
		spec := source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: file}, Schema: schema(t, field)}
		_, _, _, err := read(t, spec, source.Want{})
		if err == nil || selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), "without loss: declare") {
			t.Errorf("%s as %s: got %v", file, field, err)
		}
	}
}

func TestInferText(t *testing.T) {
	b, _, _, err := read(t, source.Spec{Dir: samples, Batch: selfsame.BatchSource{Path: "polars.csv"}}, source.Want{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range b.Fields {
		got[f.Name] = f.Type.String()
	}
	want := map[string]string{"id": "int64", "user": "string", "amount": "float64", "qty": "int64", "ok": "bool", "day": "timestamp", "price": "float64", "at": "timestamp"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestHive(t *testing.T) {
	fields := schema(t, "id int64; at timestamp; date date")
	spec := source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: "hive", Partition: map[string]string{"date": "event_time"}}, Schema: fields, EventTime: "at"}
	b, bad, _, err := read(t, spec, source.Want{})
	if err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	if got, want := show(b.Columns[0]), "3 1 2 9007199254740993"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := show(b.Columns[2]), `"1969-12-31" "2024-12-01" "2024-12-01" "2025-03-30"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	table, err := source.Open(context.Background(), spec, formats)
	if err != nil {
		t.Fatal(err)
	}
	const dec2 = int64(1733097600_000000)
	splits, pruned, err := table.Splits(source.Want{Fields: []string{"id"}, Lower: 0, Upper: dec2})
	if err != nil || len(splits) != 1 || pruned.FilesByPartition != 2 || pruned.Files != 3 {
		t.Errorf("got %v, %+v, %v", splits, pruned, err)
	}
}

func TestSnapshotFolders(t *testing.T) {
	spec := source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: "hive", Partition: map[string]string{"date": "snapshot"}},
		Schema: schema(t, "id int64; known timestamp"), EventTime: "known", Timezone: "America/New_York"}
	b, _, _, err := read(t, spec, source.Want{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(b.Columns[1]), `"1970-01-01T05:00:00.000000Z" "2024-12-02T05:00:00.000000Z" "2024-12-02T05:00:00.000000Z" "2025-03-31T04:00:00.000000Z"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFolderDateIsChecked(t *testing.T) {
	// In New York the rows of 2024-12-01 00:00 UTC and 2025-03-30 01:30 UTC happened the day before, the others on the folder's date.
	spec := source.Spec{Name: "s", Dir: samples, Batch: selfsame.BatchSource{Path: "hive", Partition: map[string]string{"date": "event_time"}},
		Schema: schema(t, "id int64; at timestamp"), EventTime: "at", Timezone: "America/New_York"}
	for _, fields := range [][]string{{"id", "at"}, {"id"}} {
		b, bad, pos, err := read(t, spec, source.Want{Fields: fields})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := show(b.Columns[0]), "3 2"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if len(bad) != 2 || bad[0].Reason != source.ReasonSchema || bad[0].Row != 0 || bad[0].Field != "at" {
			t.Errorf("bad %+v", bad)
		}
		if want := []source.Position{0, 1<<40 + 1}; !slices.Equal(pos, want) {
			t.Errorf("positions %v, want %v", pos, want)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	cases := []struct {
		name string
		spec source.Spec
		want string
	}{
		{"glob", source.Spec{Batch: selfsame.BatchSource{Path: "nothing*.parquet"}}, "no file matches"},
		{"missing", source.Spec{Batch: selfsame.BatchSource{Path: "polar.parquet"}}, "polars.parquet"},
		{"bucket", source.Spec{Batch: selfsame.BatchSource{Path: "s3://bucket/x.parquet"}}, "not supported in this version"},
		{"column", source.Spec{Batch: selfsame.BatchSource{Path: "polars.parquet"}, Schema: schema(t, "amuont float64")}, "did you mean amount"},
		{"renamed", source.Spec{Batch: selfsame.BatchSource{Path: "polars.parquet"}, Schema: schema(t, "x float64"), Rename: map[string]string{"amounts": "x"}}, `no column "amounts"`},
		{"not parquet", source.Spec{Batch: selfsame.BatchSource{Path: "pandas.csv", Format: "parquet"}}, "not readable as Parquet"},
		{"zone", source.Spec{Batch: selfsame.BatchSource{Path: "polars.parquet"}, Timezone: "Europe/Berlon"}, "Europe/Berlin"},
		{"format", source.Spec{Batch: selfsame.BatchSource{Path: "polars.parquet"}, TimeFormat: "%Q"}, "time_format"},
		{"meaning", source.Spec{Batch: selfsame.BatchSource{Path: "hive", Partition: map[string]string{"date": "x"}}}, "event_time or snapshot"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Dir = samples
			_, err := source.Open(context.Background(), c.spec, formats)
			var e *selfsame.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
			if class := selfsame.ClassOf(err); class != selfsame.ClassInput && class != selfsame.ClassDefinition {
				t.Errorf("got class %s", class)
			}
		})
	}
}

func TestChecksums(t *testing.T) {
	table, err := source.Open(context.Background(), source.Spec{Dir: samples, Batch: selfsame.BatchSource{Path: filepath.Join("hive", "**", "*.parquet")}}, formats)
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Checksums(context.Background()); err != nil {
		t.Fatal(err)
	}
	for i, f := range table.Files() {
		if len(f.Checksum) != len("xxh3:")+32 || (i > 0 && f.Name <= table.Files()[i-1].Name) || f.Size == 0 {
			t.Errorf("file %d: %+v", i, f)
		}
	}
}

func TestKeepNaN(t *testing.T) {
	for _, keep := range []bool{false, true} {
		b, _, _, err := read(t, source.Spec{Dir: "testdata", Batch: selfsame.BatchSource{Path: "nan.csv"}, Schema: schema(t, "x float64"), KeepNaN: keep}, source.Want{})
		if err != nil {
			t.Fatal(err)
		}
		want := `null 0 "Infinity"`
		if keep {
			want = `"NaN" 0 "Infinity"`
		}
		if got := show(b.Columns[0]); got != want || math.Signbit(b.Columns[0].Floats[1]) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
