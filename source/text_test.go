// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// readText reads text as a file of a format and returns the columns.
func readText(t testing.TB, name, text string, spec source.Spec) (*column.Batch, []source.BadRow, []source.Position, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	spec.Batch.Path = path
	return read(t, spec, source.Want{})
}

func TestCSV(t *testing.T) {
	cases := []struct{ name, schema, text, want string }{
		{"plain", "a int64; b string", "a,b\n1,x\n2,y\n", `1 2 | "x" "y"`},
		{"no last line end", "a int64; b string", "a,b\n1,x\n2,y", `1 2 | "x" "y"`},
		{"crlf and mark", "a int64; b string", "\xef\xbb\xbfa,b\r\n1,x\r\n2,\"y\"\r\n", `1 2 | "x" "y"`},
		{"null and empty", "a string; b string", "a,b\n,\"\"\n\"\",\n", `null "" | "" null`},
		{"quotes", "a string; b string", "a,b\n\"x,\"\"y\"\"\",\"line\nbreak\r\n\"\n", `"x,\"y\"" | "line\nbreak\u000d\n"`},
		{"blank lines", "a int64; b int64", "a,b\n\n1,2\n\n\n3,4\n\n", `1 3 | 2 4`},
		{"one column", "a int64", "a\n1\n\n2\n", `1 null 2`},
		{"other order", "b int64", "a,b\nx,1\ny,2\n", `1 2`},
		{"spaces", "a int64; b string", "a,b\n 1 , x \n", `1 | " x "`},
		{"types", "a bool; b float64; c decimal(5,2); d date; e bytes", "a,b,c,d,e\ntrue,1e3,1.5,2024-02-29,AQI=\nF,-0,-999.99,0001-01-01,\n", `true false | 1000 0 | 1.50 -999.99 | "2024-02-29" "0001-01-01" | "AQI=" null`},
		{"nested", "a list<int64>; b map<string,float64>", "a,b\n\"[1, null,3]\",\"{\"\"z\"\":1,\"\"a\"\":null}\"\n[],{}\n", `[1,null,3] [] | {"a":null,"z":1} {}`},
		{"header only", "a int64", "a\n", ``},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, _, _, err := readText(t, "x.csv", c.text, source.Spec{Schema: schema(t, c.schema)})
			if err != nil {
				t.Fatal(err)
			}
			if got := showAll(b); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func showAll(b *column.Batch) string {
	if b == nil {
		return ""
	}
	var out []string
	for _, c := range b.Columns {
		out = append(out, show(c))
	}
	return strings.Join(out, " | ")
}

func TestBadCSVRows(t *testing.T) {
	text := "a,b\n1,\"x\ny\"\n2\n3,y,z\nfour,y\n5,\"y\"z\n6,ok\n\"7,never closed\n8,x\n"
	spec := source.Spec{Schema: schema(t, "a int64; b string")}
	_, _, _, err := readText(t, "x.csv", text, spec)
	if err == nil || !strings.Contains(err.Error(), "x.csv:4: row 1: has 1 fields where the header has 2") || selfsame.ClassOf(err) != selfsame.ClassInput {
		t.Errorf("got %v", err)
	}
	spec.SkipBad = true
	b, bad, pos, err := readText(t, "x.csv", text, spec)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := showAll(b), `1 6 | "x\ny" "ok"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := []source.BadRow{
		{Row: 1, Line: 4, Reason: "has 1 fields where the header has 2", Text: "2"},
		{Row: 2, Line: 5, Reason: "has 3 fields where the header has 2", Text: "3,y,z"},
		{Row: 3, Line: 6, Field: "a", Reason: "is not a number", Text: "four,y"},
		{Row: 4, Line: 7, Reason: "has text after a closing quote", Text: `5,"y"z`},
		{Row: 6, Line: 9, Reason: "has a quote that is not closed", Text: "\"7,never closed\n8,x"},
	}
	if len(bad) != len(want) {
		t.Fatalf("got %+v", bad)
	}
	for i, w := range want {
		w.File = bad[i].File
		if bad[i] != w {
			t.Errorf("got %+v, want %+v", bad[i], w)
		}
	}
	if len(pos) != 2 || pos[0] != 0 || pos[1] != 5 {
		t.Errorf("positions %v", pos)
	}
}

func TestCSVHeaders(t *testing.T) {
	for text, want := range map[string]string{"": "no header row", "a,a\n1,2\n": "twice", "\xff\xfea\x00": "UTF-16", "amount\n1\n": "did you mean amount"} {
		_, _, _, err := readText(t, "x.csv", text, source.Spec{Schema: schema(t, "amuont int64")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q in it", text, err, want)
		}
	}
}

func TestTimeFormats(t *testing.T) {
	cases := []struct{ format, zone, text, want string }{
		{"", "", "2024-12-01", "2024-12-01T00:00:00.000000Z"},
		{"", "", "2024-12-01T10:11", "2024-12-01T10:11:00.000000Z"},
		{"", "", "2024-12-01 10:11:12.5+0130", "2024-12-01T08:41:12.500000Z"},
		{"", "", "2024-12-01T24:00:00Z", "2024-12-02T00:00:00.000000Z"},
		{"", "", "2024-12-01T10:11:12.123456000", "2024-12-01T10:11:12.123456Z"},
		{"", "", "2024-12-01T10:11:12.1234567", "has digits below a microsecond"},
		{"", "", "2024-12-01T10:11:12.1234560001", "has digits below a microsecond"},
		{"", "", "2023-02-29", "is not a timestamp"},
		{"", "", "2024-12-01T25:00", "is not a timestamp"},
		{"", "", "01/02/2024", "is not a timestamp"},
		{"", "", "-000044-03-15T12:00:00Z", "-0044-03-15T12:00:00.000000Z"},
		{"", "Europe/Berlin", "2024-10-27T02:30", "2024-10-27T00:30:00.000000Z"},
		{"", "Europe/Berlin", "2024-03-31T02:30", "2024-03-31T01:30:00.000000Z"},
		{"", "Europe/Berlin", "2024-03-31T02:30Z", "2024-03-31T02:30:00.000000Z"},
		{"s", "", "1", "1970-01-01T00:00:01.000000Z"},
		{"s", "Europe/Berlin", "1.25", "1970-01-01T00:00:01.250000Z"},
		{"s", "", "1.0000001", "has digits below a microsecond"},
		{"ms", "", "-1", "1969-12-31T23:59:59.999000Z"},
		{"ms", "", "9223372036854775807", "is out of the range of timestamps"},
		{"us", "", "9223372036854775807", "+294247-01-10T04:00:54.775807Z"},
		{"us", "", "2024-01-01", "is not a timestamp"},
		{"%d/%m/%Y %H:%M", "", "01/02/2024 03:04", "2024-02-01T03:04:00.000000Z"},
		{"%m/%d/%y %I:%M %p", "", "1/2/99 12:30 am", "1999-01-02T00:30:00.000000Z"},
		{"%Y-%m-%dT%H:%M:%S.%f%z", "", "2024-01-02T03:04:05.678+02:00", "2024-01-02T01:04:05.678000Z"},
		{"%d %b %Y", "America/New_York", "4 Jul 2024", "2024-07-04T04:00:00.000000Z"},
		{"%d %b %Y", "", "31 Jun 2024", "is not a timestamp of the form %d %b %Y"},
		{"%Y%j", "", "2024366", "2024-12-31T00:00:00.000000Z"},
		{"%s", "", "-5", "1969-12-31T23:59:55.000000Z"},
	}
	for _, c := range cases {
		b, _, _, err := readText(t, "x.csv", "t\n"+c.text+"\n", source.Spec{Schema: schema(t, "t timestamp"), TimeFormat: c.format, Timezone: c.zone})
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = showAll(b)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%q as %q in %q: got %s, want %s", c.text, c.format, c.zone, got, c.want)
		}
	}
}

func TestNaiveTimesAreCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte("t\n2024-10-27T02:30\n2024-03-31T02:30\n2024-01-01\n2024-10-27T02:45\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	table, err := source.Open(t.Context(), source.Spec{Batch: selfsame.BatchSource{Path: path}, Schema: schema(t, "t timestamp"), Timezone: "Europe/Berlin"}, formats)
	if err != nil {
		t.Fatal(err)
	}
	err = table.Read(t.Context(), source.Split{}, source.Want{Fields: []string{"t"}}, func(c *source.Chunk) error {
		if c.Repeated != 2 || c.Skipped != 1 {
			t.Errorf("got %d repeated and %d skipped, want 2 and 1", c.Repeated, c.Skipped)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestJSONLines(t *testing.T) {
	text := `{"id": 9007199254740993, "x": 1.5, "s": "a\u00e9\ud83d\ude00\n", "l": [[1],[]], "m": {"b":1,"a":null}, "more": {"q":[1,{"z":null}]}}

{"s":null,"id":-1}` + "\r\n" + `  {"t":"2024-12-01T00:00:00Z","d":"2024-12-01","p":"1.25","x":2,"b":true} `
	b, _, _, err := readText(t, "x.jsonl", text, source.Spec{Schema: schema(t, "id int64; x float64; s string; l list<list<int64>>; m map<string,int64>; t timestamp; d date; p decimal(5,2); b bool")})
	if err != nil {
		t.Fatal(err)
	}
	want := `9007199254740993 -1 null | 1.5 null 2 | "aé😀\n" null null | [[1],[]] null null | {"a":null,"b":1} null null | ` +
		`null null "2024-12-01T00:00:00.000000Z" | null null "2024-12-01" | null null 1.25 | null null true`
	if got := showAll(b); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestBadJSONLines(t *testing.T) {
	lines := []struct{ text, reason string }{
		{`{"a":1,"l":[1,2]}`, ""},
		{`{"a":1`, "is not valid JSON"},
		{`[1]`, "is not a JSON object"},
		{`{"a":"1"}`, "is not a number"},
		{`{"a":1.5}`, "is not an integer"},
		{`{"a":9223372036854775808}`, "is beyond int64"},
		{`{"a":1,"a":2}`, "has a key that occurs twice"},
		{`{"l":[1,2,"x"]}`, "is not a number"},
		{`{"a":01}`, "is not valid JSON"},
		{`{"a":1} x`, "has text after the object"},
		{`{"l":` + strings.Repeat("[", 300) + `}`, "is not"},
		{`{"x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`, "is nested more than 200 deep"},
		{`{"a":2,"l":[3]}`, ""},
	}
	text := ""
	for _, l := range lines {
		text += l.text + "\n"
	}
	b, bad, _, err := readText(t, "x.jsonl", text, source.Spec{Schema: schema(t, "a int64; l list<int64>"), SkipBad: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := showAll(b), `1 2 | [1,2] [3]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	k := 0
	for i, l := range lines {
		if l.reason == "" {
			continue
		}
		if k >= len(bad) || bad[k].Line != int64(i+1) || !strings.Contains(bad[k].Reason, l.reason) {
			t.Fatalf("line %d: got %+v, want %q", i+1, bad, l.reason)
		}
		k++
	}
}

func TestInference(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"x.csv", "a\n1\n-2\n", "a int64"},
		{"x.csv", "a\n007\n12\n", "a string"},
		{"x.csv", "a\n1\n2.5\n\n", "a float64"},
		{"x.csv", "a\n9007199254740993\n0.5\n", "a string"},
		{"x.csv", "a\n99999999999999999999\n", "a string"},
		{"x.csv", "a,b\n,1\n,2\n", "a string; b int64"},
		{"x.csv", "a\ntrue\nFalse\n", "a bool"},
		{"x.csv", "a\n2024-01-01\n2024-01-01 10:00\n", "a timestamp"},
		{"x.csv", "a,b\n\"\",x\n1,y\n", "a string; b string"},
		{"x.jsonl", `{"a":1,"b":[1,2.5],"c":{"k":"v"},"d":null}` + "\n" + `{"e":"2024-01-01T00:00:00Z","a":3}`, "a int64; b list<float64>; c map<string,string>; d string; e timestamp"},
	}
	for _, c := range cases {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		table, err := source.Open(t.Context(), source.Spec{Batch: selfsame.BatchSource{Path: path}}, formats)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		var got []string
		for _, f := range table.Fields() {
			got = append(got, f.Name+" "+f.Type.String())
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%q: got %s, want %s", c.text, s, c.want)
		}
	}
}
