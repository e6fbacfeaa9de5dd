// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// Decoder conforms pushed rows to the declared schema of a source, by the rules that its files are read by. Its memory is used again
// for each call: one goroutine at a time.
type Decoder struct {
	MaxRows int // of one call; 0: no bound

	src    *selfsame.Source
	how    *Reading
	rows   *Rows
	json   *JSON
	keys   []string       // what a row may be keyed by, beside columnOf
	places []int          // the field of each key
	known  map[string]int // key -> place in keys

	dst    *column.Batch
	at     int   // row of dst that is read
	order  []int // keys of the row before, by place in keys
	next   int   // place in order of the key that is expected
	field  string
	value  []byte // the value that is read
	member func(key, value []byte) ([]byte, string)
}

// NewDecoder returns a decoder for a source. Errors are of class definition.
func NewDecoder(src *selfsame.Source) (*Decoder, error) {
	d := &Decoder{src: src, how: &Reading{Floor: src.Floor, KeepNaN: src.KeepNaN, SkipBad: true, Declared: true, QuotedInts: true}, known: map[string]int{}}
	var err error
	if d.how.Time, err = ParseTimeFormat(src.TimeFormat); err != nil {
		return nil, err
	}
	if src.Timezone != "" && src.Timezone != "UTC" {
		if d.how.Zone, err = zone.Load(src.Timezone); err != nil {
			return nil, err
		}
	}
	d.rows = NewRows(d.how, "")
	d.json = NewJSON(d.how, d.rows)
	d.member = d.read
	for i, f := range src.Schema {
		for name, field := range src.Rename {
			if field == f.Name {
				d.name(name, i)
			}
		}
		if _, taken := src.Rename[f.Name]; !taken {
			d.name(f.Name, i)
		}
	}
	return d, nil
}

// name lets a row say name for field i of the schema.
func (d *Decoder) name(name string, i int) {
	if _, ok := d.known[name]; ok {
		return
	}
	d.known[name] = len(d.keys)
	d.keys, d.places = append(d.keys, name), append(d.places, i)
}

// JSON appends the rows of a body to dst, a batch of the source's schema: one object, an array of objects, or JSON lines. A key is a
// field's name or the column it is renamed from; a key that is missing is null. Rows that cannot be read as declared are returned,
// numbered from 0 among all rows of the body, in order, and are not in dst; the others are, in order. An error concerns the whole
// body: dst is as it was before.
func (d *Decoder) JSON(body []byte, dst *column.Batch) ([]BadRow, error) {
	d.dst = dst
	before := dst.Rows
	d.rows.Reset()
	body = bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
	var why string
	switch rest := d.json.Space(body); {
	case len(rest) == 0:
		why = "is empty"
	case rest[0] == '[':
		why = d.array(rest)
	case isLines(d.json, rest):
		why = d.lines(rest)
	default:
		why = d.objects(rest)
	}
	d.dst = nil
	if why == whyMany {
		truncate(dst, before)
		return nil, d.tooMany()
	}
	if why != "" {
		truncate(dst, before)
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: "events of source " + d.src.Name, Message: "the body " + why, Err: selfsame.ErrSchemaMismatch,
			Hint: "send one JSON object, an array of objects, or one object a line"}
	}
	return d.rows.bad, nil
}

func (d *Decoder) tooMany() error {
	return &tooMany{&selfsame.Error{Class: selfsame.ClassUsage, Ref: "events of source " + d.src.Name, Message: "the call holds more than " + itoa(int64(d.MaxRows)) + " events",
		Hint: "send them in several calls, or raise ingest.max_events"}}
}

// tooMany is the refusal of a call that holds more than MaxRows.
type tooMany struct{ err *selfsame.Error }

func (t *tooMany) Error() string { return t.err.Error() }
func (t *tooMany) Unwrap() error { return t.err }

// TooLarge tells the wire that the size is what is wrong.
func (t *tooMany) TooLarge() bool { return true }

// Zones returns how many naive times of the last call occur twice in the source's zone, how many not at all, and how many were read
// as UTC because no zone is declared.
func (d *Decoder) Zones() (repeated, skipped, undeclared int64) {
	return d.rows.Repeated, d.rows.Skipped, d.rows.Undeclared
}

// isLines reports whether a body holds a row a line, rather than objects that span lines.
func isLines(j *JSON, b []byte) bool {
	line, rest, _ := bytes.Cut(b, []byte{'\n'})
	if rest = j.Space(rest); len(rest) == 0 || rest[0] == '{' {
		return true
	}
	after, why := j.Skip(line)
	return why == "" && len(j.Space(after)) == 0
}

// array reads an array of objects.
func (d *Decoder) array(b []byte) string {
	n := int64(0)
	rest, why := d.json.Items(b, func(value []byte) ([]byte, string) {
		if d.full(n) {
			return value, whyMany
		}
		rest, why := d.row(value, n)
		n++
		return rest, why
	})
	if why == "" && len(d.json.Space(rest)) > 0 {
		why = "has text after the array"
	}
	return why
}

// objects reads objects one after the other, white space between them.
func (d *Decoder) objects(b []byte) string {
	for n := int64(0); ; n++ {
		if b = d.json.Space(b); len(b) == 0 {
			return ""
		}
		if d.full(n) {
			return whyMany
		}
		var why string
		if b, why = d.row(b, n); why != "" {
			return why
		}
	}
}

// lines reads a row a line: one that is no JSON is a bad row too.
func (d *Decoder) lines(b []byte) string {
	for n := int64(0); len(b) > 0; {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		b = rest
		if line = d.json.Space(line); len(line) == 0 {
			continue
		}
		if d.full(n) {
			return whyMany
		}
		at := d.dst.Rows
		after, why := d.row(line, n)
		if why == "" && len(d.json.Space(after)) > 0 {
			why = "has text after the object"
		}
		if why != "" {
			if d.dst.Rows > at {
				truncate(d.dst, at)
			}
			text := string(bytes.TrimSpace(line))
			d.rows.Report(BadRow{Row: n, Reason: why, Text: text, Whole: text})
			d.rows.bad = dedupeLast(d.rows.bad)
		}
		n++
	}
	return ""
}

// full reports whether a call may have no row beyond n.
func (d *Decoder) full(n int64) bool { return d.MaxRows > 0 && n >= int64(d.MaxRows) }

const whyMany = "holds more rows than one call may"

// dedupeLast drops the last fault where the one before is about the same row.
func dedupeLast(bad []BadRow) []BadRow {
	if n := len(bad); n > 1 && bad[n-1].Row == bad[n-2].Row {
		return bad[:n-1]
	}
	return bad
}

// row reads the object that b begins with, as row n, and returns what follows it; or why it is no JSON.
func (d *Decoder) row(b []byte, n int64) ([]byte, string) {
	d.at, d.next, d.field, d.value = d.dst.Rows, 0, "", nil
	rest, why := d.json.Members(b, d.member)
	if why == "" {
		for _, c := range d.dst.Columns {
			if c.Len() == d.at {
				c.AppendStatus(selfsame.Null)
			}
		}
		d.dst.Rows++
		return rest, ""
	}
	truncate(d.dst, d.at)
	after, malformed := d.json.Skip(b)
	if malformed != "" {
		return b, malformed
	}
	d.rows.Report(BadRow{Row: n, Field: d.field, Reason: why, Text: d.excerpt(), Whole: string(b[:len(b)-len(after)])})
	return after, ""
}

// excerpt is the text of the value that was read last.
func (d *Decoder) excerpt() string {
	rest, why := d.json.Skip(d.value)
	if why != "" {
		return ""
	}
	return string(d.value[:len(d.value)-len(rest)])
}

// read appends the value of one key. Rows mostly have their keys in the order of the row before.
func (d *Decoder) read(key, value []byte) ([]byte, string) {
	var k int
	if d.next < len(d.order) && d.keys[d.order[d.next]] == string(key) {
		k = d.order[d.next]
	} else {
		var ok bool
		if k, ok = d.known[string(key)]; !ok {
			d.field, d.value = shorten(string(key)), value
			return value, d.unknown(d.field)
		}
		d.order = append(d.order[:d.next], k)
	}
	d.next++
	c := d.dst.Columns[d.places[k]]
	if c.Len() > d.at {
		d.field, d.value = d.keys[k], value
		return value, "has a key that occurs twice"
	}
	rest, why := d.json.Value(c, value)
	if why != "" {
		d.field, d.value = d.keys[k], value
	}
	return rest, why
}

// unknown says that a key is none of the source's. A row is refused for it, as it is mostly a slip of the pen.
func (d *Decoder) unknown(name string) string {
	why := "is no field of source " + d.src.Name
	if near := selfsame.Nearest(name, d.keys); near != "" {
		return why + "; did you mean " + near + "?"
	}
	return why
}

// truncate drops the rows of a batch from n on, and values of a row that was not finished.
func truncate(b *column.Batch, n int) {
	for _, c := range b.Columns {
		TruncateColumn(c, n)
	}
	b.Rows = n
}

// String is a sentence about a bad row, without its place.
func (b BadRow) String() string {
	s := b.Reason
	if b.Field != "" {
		s = b.Field + " " + s
	} else if s != "" {
		s = "the row " + s
	}
	if b.Text != "" {
		s += ": " + b.Text
	}
	return s
}
