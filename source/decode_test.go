// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
)

func payments() *selfsame.Source {
	field := func(name string, k selfsame.Kind) selfsame.Field {
		return selfsame.Field{Name: name, Type: selfsame.Scalar(k)}
	}
	return &selfsame.Source{Name: "payments", EventTime: "at", ID: "txn_id", Timezone: "Europe/Berlin", Rename: map[string]string{"amt": "amount"},
		Schema: []selfsame.Field{
			field("txn_id", selfsame.String), field("user_id", selfsame.Int64), field("amount", selfsame.Float64), field("ok", selfsame.Bool),
			field("at", selfsame.Timestamp), {Name: "price", Type: selfsame.DecimalOf(6, 2)}, {Name: "tags", Type: selfsame.ListOf(selfsame.Scalar(selfsame.String))},
		}}
}

// text prints rows, one a line.
func rowsText(b *column.Batch) string {
	var s strings.Builder
	for i := range b.Rows {
		for k, c := range b.Columns {
			if k > 0 {
				s.WriteByte(' ')
			}
			switch v := c.Value(i); {
			case v.Status != selfsame.Present:
				s.WriteString("-")
			case v.Type.Kind == selfsame.String:
				fmt.Fprintf(&s, "%q", v.Str)
			case v.Type.Kind == selfsame.Float64:
				fmt.Fprintf(&s, "%g", v.Float)
			case v.Type.Kind == selfsame.Decimal:
				fmt.Fprintf(&s, "%d¢", v.Dec.Lo)
			case v.Type.Kind == selfsame.List:
				fmt.Fprintf(&s, "%d items", len(v.Elems))
			default:
				fmt.Fprintf(&s, "%d", v.Int)
			}
		}
		s.WriteByte('\n')
	}
	return s.String()
}

func badText(bad []BadRow) string {
	var s strings.Builder
	for _, b := range bad {
		fmt.Fprintf(&s, "%d: %s\n", b.Row, b)
	}
	return s.String()
}

func TestDecodeJSON(t *testing.T) {
	const good = `"x" 7 1.5 1 0 1234¢ 2 items` + "\n"
	row := `{"txn_id":"x","user_id":7,"amount":1.5,"ok":true,"at":"1970-01-01T00:00:00Z","price":12.34,"tags":["a","b"]}`
	for _, c := range []struct{ name, body, rows, bad, err string }{
		{"one object", row, good, "", ""},
		{"array", "[" + row + "," + row + "]", good + good, "", ""},
		{"empty array", " [ ] ", "", "", ""},
		{"lines", row + "\n\n" + row + "\n", good + good, "", ""},
		{"byte order mark", "\xEF\xBB\xBF" + row, good, "", ""},
		{"objects over lines", "{\n\"user_id\": 7}\n{\n\"user_id\": 8}", "- 7 - - - - -\n- 8 - - - - -\n", "", ""},
		{"no keys", "{}", "- - - - - - -\n", "", ""},
		{"renamed", `{"amt": 2}`, "- - 2 - - - -\n", "", ""},
		{"both names", `{"amt": 2, "amount": 3}`, "", "0: amount has a key that occurs twice: 3\n", ""},
		{"naive time", `{"at": "1970-01-01 01:00:00"}`, "- - - - 0 - -\n", "", ""},
		{"integer as text", `{"user_id": "9223372036854775807"}`, "- 9223372036854775807 - - - - -\n", "", ""},
		{"float as text", `{"amount": "Infinity"}` + "\n" + `{"amount": "NaN"}`, "- - +Inf - - - -\n- - - - - - -\n", "", ""},
		{"minus zero", `{"amount": -0.0}`, "- - 0 - - - -\n", "", ""},
		{"bad rows between good ones", row + "\n" + `{"user_id": 1.5}` + "\n" + row + "\n" + `{"user_id": 2` + "\n" + row,
			good + good + good, "1: user_id is not an integer: 1.5\n3: the row is not valid JSON: {\"user_id\": 2\n", ""},
		{"first line broken", `{"user_id": 2` + "\n" + row, good, "0: the row is not valid JSON: {\"user_id\": 2\n", ""},
		{"text after", row + " 7\n" + row, good, "0: the row has text after the object: " + row + " 7\n", ""},
		{"no object", "[7, " + row + "]", good, "0: the row is not a JSON object\n", ""},
		{"slip of the pen", `[{"amuont": 1}, {"user_id": 1}]`, "- 1 - - - - -\n", "0: amuont is no field of source payments; did you mean amount?: 1\n", ""},
		{"list in the middle", `[{"tags": ["a", 7], "user_id": 1}, {"tags": []}]`, "- - - - - - 0 items\n", "0: tags is not a string: [\"a\", 7]\n", ""},
		{"too precise", `{"price": 1.005}`, "", "0: price has more digits after the point than decimal(6,2): 1.005\n", ""},
		{"number as time", `{"at": 12}`, "", "0: at is a number without a time_format (s, ms or us): 12\n", ""},
		{"empty", " \n", "", "", "is empty"},
		{"array cut short", "[" + row + ",", "", "", "is not valid JSON"},
		{"array and more", "[" + row + "] 7", "", "", "has text after the array"},
		{"object cut short", "{\n\"user_id\": 7,\n", "", "", "is not valid JSON"},
	} {
		dst := column.NewBatch(payments().Schema, 0)
		bad, err := decodeJSON(payments(), []byte(c.body), dst)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || !errors.Is(err, selfsame.ErrSchemaMismatch) {
				t.Errorf("%s: got error %v, want %q", c.name, err, c.err)
			}
			continue
		}
		if err != nil || rowsText(dst) != c.rows || badText(bad) != c.bad || dst.Check() != nil {
			t.Errorf("%s: got\n%s%serror %v %v, want\n%s%s", c.name, rowsText(dst), badText(bad), err, dst.Check(), c.rows, c.bad)
		}
	}
}

func TestDecoderAppends(t *testing.T) {
	d, err := NewDecoder(payments())
	if err != nil {
		t.Fatal(err)
	}
	dst := column.NewBatch(payments().Schema, 0)
	for _, body := range []string{`{"user_id": 1}`, `[{"user_id": 2}, {"user_id": "x"}]`, `[{"user_id": 3}, {`, `{"ok": false, "user_id": 4}`} {
		if _, err := d.JSON([]byte(body), dst); (err != nil) != strings.HasSuffix(body, "{") {
			t.Fatalf("%s: %v", body, err)
		}
	}
	want := "- 1 - - - - -\n- 2 - - - - -\n- 4 - 0 - - -\n"
	if got := rowsText(dst); got != want || dst.Check() != nil {
		t.Errorf("got\n%s%v, want\n%s", got, dst.Check(), want)
	}
}

func TestDecoderMaxRows(t *testing.T) {
	d, err := NewDecoder(payments())
	if err != nil {
		t.Fatal(err)
	}
	d.MaxRows = 2
	dst := column.NewBatch(payments().Schema, 0)
	for body, want := range map[string]bool{"[{},{}]": true, "{}\n{}\n\n": true, "{\n}{}": true, "[{},{},{}]": false, "{}\n7\n{}": false, "{\n}{}{}": false} {
		dst.Reset()
		bad, err := d.JSON([]byte(body), dst)
		if (err == nil) != want || (err != nil && (dst.Rows > 0 || bad != nil || selfsame.ClassOf(err) != selfsame.ClassUsage || !errors.As(err, new(*tooMany)))) {
			t.Errorf("%q: got %d rows, error %v", body, dst.Rows, err)
		}
	}
	for n, want := range map[int]bool{2: true, 3: false} {
		f, c := wire("user_id", selfsame.Int64, make([]selfsame.Value, n)...)
		if _, err := d.Columns(wireBatch(n, f, c), dst); (err == nil) != want {
			t.Errorf("%d rows: got %v", n, err)
		}
	}
}

func wire(name string, k selfsame.Kind, values ...selfsame.Value) (selfsame.Field, *column.Column) {
	c := column.New(selfsame.Scalar(k), 0)
	for _, v := range values {
		v.Type = c.Type
		c.Append(v)
	}
	return selfsame.Field{Name: name, Type: c.Type}, c
}

func wireBatch(n int, add ...any) *column.Batch {
	b := &column.Batch{Rows: n}
	for i := 0; i < len(add); i += 2 {
		b.Fields, b.Columns = append(b.Fields, add[i].(selfsame.Field)), append(b.Columns, add[i+1].(*column.Column))
	}
	return b
}

func TestConformColumns(t *testing.T) {
	str := func(s string) selfsame.Value { return selfsame.Value{Str: s} }
	num := func(n int64) selfsame.Value { return selfsame.Value{Int: n} }
	null := selfsame.Value{Status: selfsame.Null}
	f1, c1 := wire("at", selfsame.String, str("1970-01-01T00:00:01Z"), null, str("soon"))
	f2, c2 := wire("amt", selfsame.Int64, num(1), num(1<<53+1), num(3))
	f3, c3 := wire("price", selfsame.Float64, selfsame.Value{Float: 1.5}, null, null)
	f4, c4 := wire("user_id", selfsame.String, str("12"), null, null)
	dst, bad, err := conformColumns(payments(), wireBatch(3, f1, c1, f2, c2, f3, c3, f4, c4))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := rowsText(dst), "- 12 1 - 1000000 150¢ -\n"; got != want || dst.Check() != nil {
		t.Errorf("got %q (%v), want %q", got, dst.Check(), want)
	}
	want := "1: amount is an integer that float64 does not hold exactly: 9007199254740993\n2: at is not a timestamp: \"soon\"\n"
	if got := badText(bad); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got, want := bad[1].Whole, `{"at":"soon","amt":3,"price":null,"user_id":null}`; got != want {
		t.Errorf("the whole row is %s, want %s", got, want)
	}
	f5, c5 := wire("amunt", selfsame.Int64, num(1))
	if _, _, err := conformColumns(payments(), wireBatch(1, f5, c5)); err == nil || !strings.Contains(err.Error(), "did you mean amount?") {
		t.Errorf("got %v, want an error that names amount", err)
	}
	if _, _, err := conformColumns(payments(), wireBatch(2, f5, c5)); err == nil {
		t.Error("a column of another length is taken")
	}
}

// decodeJSON decodes one body.
func decodeJSON(src *selfsame.Source, body []byte, dst *column.Batch) ([]BadRow, error) {
	d, err := NewDecoder(src)
	if err != nil {
		return nil, err
	}
	return d.JSON(body, dst)
}

// conformColumns conforms one batch of the wire, into a batch of its own.
func conformColumns(src *selfsame.Source, rows *column.Batch) (*column.Batch, []BadRow, error) {
	d, err := NewDecoder(src)
	if err != nil {
		return nil, nil, err
	}
	dst := column.NewBatch(src.Schema, rows.Rows)
	bad, err := d.Columns(rows, dst)
	if err != nil {
		return nil, nil, err
	}
	return dst, bad, nil
}

// TestWireKinds holds every kind of the wire against every declared type: a value, or a reason, never a panic.
func TestWireKinds(t *testing.T) {
	types := []selfsame.Type{selfsame.DecimalOf(20, 2), selfsame.ListOf(selfsame.Scalar(selfsame.Int64)), selfsame.MapOf(selfsame.Scalar(selfsame.String))}
	for k := selfsame.Bool; k <= selfsame.Date; k++ {
		if k != selfsame.Decimal {
			types = append(types, selfsame.Scalar(k))
		}
	}
	got := map[bool]int{}
	for _, from := range types {
		c := column.New(from, 1)
		v := selfsame.Value{Type: from, Str: "7", Int: 1, Float: 2}
		if from.Kind == selfsame.List || from.Kind == selfsame.Map {
			v.Elems, v.Keys = []selfsame.Value{{Type: *from.Elem, Int: 3, Str: "x"}}, []string{"k"}
		}
		c.Append(v)
		c.AppendStatus(selfsame.Null)
		for _, to := range types {
			src := &selfsame.Source{Name: "s", Schema: []selfsame.Field{{Name: "x", Type: to}}}
			dst, bad, err := conformColumns(src, &column.Batch{Fields: []selfsame.Field{{Name: "x", Type: from}}, Columns: []*column.Column{c}, Rows: 2})
			if err != nil || dst.Check() != nil || dst.Rows+len(bad) != 2 {
				t.Errorf("%s as %s: %d rows, %d bad, %v %v", from, to, dst.Rows, len(bad), err, dst.Check())
			}
			if from.Equal(to) && len(bad) > 0 {
				t.Errorf("%s as itself: %v", from, bad)
			}
			got[len(bad) == 0]++
		}
	}
	if got[true] < len(types) || got[false] == 0 {
		t.Errorf("got %d conversions and %d refusals", got[true], got[false])
	}
}

func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{`{"user_id":1}`, `[{"tags":["a"]},{"x":1}]`, "{\"a\":1}\n{\"ok\":true", `[{"at":"2020-01-01"}]`, "{\n}\n{", `{"tags":[1]}`, `{"price":1e400}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		dst := column.NewBatch(payments().Schema, 0)
		bad, err := decodeJSON(payments(), body, dst)
		if dst.Check() != nil {
			t.Fatalf("%q: %v", body, dst.Check())
		}
		if err != nil && (dst.Rows > 0 || len(bad) > 0) {
			t.Fatalf("%q: rows beside error %v", body, err)
		}
		for i, b := range bad {
			if b.Row < 0 || b.Row >= int64(dst.Rows+len(bad)) || (i > 0 && b.Row <= bad[i-1].Row) {
				t.Fatalf("%q: bad row %d of %d", body, b.Row, dst.Rows+len(bad))
			}
		}
	})
}

func BenchmarkDecodeJSON(b *testing.B) {
	var body bytes.Buffer
	const n = 1000
	for i := range n {
		fmt.Fprintf(&body, `{"txn_id":"t%08d","user_id":%d,"amount":%d.25,"ok":true,"at":"2024-05-01T10:%02d:%02d.123456Z"}`+"\n", i, i, i, i%60, i%60)
	}
	d, err := NewDecoder(payments())
	if err != nil {
		b.Fatal(err)
	}
	dst := column.NewBatch(payments().Schema, n)
	b.ReportAllocs()
	for b.Loop() {
		dst.Reset()
		if bad, err := d.JSON(body.Bytes(), dst); err != nil || len(bad) > 0 {
			b.Fatal(bad, err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "events/s")
}
