// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package csv

import (
	"bytes"
	"io"

	"selfsame/source"
)

// field is a field of the current record: [lo, hi) of the record, inside the quotes where it is quoted.
type field struct {
	lo, hi  int
	quoted  bool
	doubled bool // holds doubled quotes
}

// tokenizer splits a file into records and fields. What it returns is valid until the next record.
type tokenizer struct {
	w      *source.Window
	width  int   // fields of a row; of a file with one column an empty line is a row
	line   int64 // of the record's start, from 1
	after  int64 // line of the next record
	record []byte
	fields []field
	fault  string // why the record is malformed
	arena  []byte
	used   int // of the window by the record
}

func newTokenizer(r io.Reader, path string) (*tokenizer, error) {
	w, err := source.NewWindow(r, path)
	if err != nil {
		return nil, err
	}
	return &tokenizer{w: w, after: 1}, nil
}

// next moves to the next record. It reports false at the end of the file.
func (t *tokenizer) next() (bool, error) {
	t.w.Consume(t.used)
	t.used = 0
	for {
		n, ok := t.scan(t.w.Bytes(), t.w.Done())
		if ok {
			t.used = n
			blank := len(t.fields) == 1 && !t.fields[0].quoted && t.fields[0].lo == t.fields[0].hi
			if n > 0 && blank && t.width != 1 {
				t.w.Consume(n)
				t.used = 0
				continue
			}
			return n > 0, nil
		}
		if err := t.w.Fill(); err != nil {
			return false, err
		}
	}
}

// scan splits the record that b begins with and returns its length with its line end; ok is false where b ends inside it and more is to come.
// At the end of the file the length is 0.
func (t *tokenizer) scan(b []byte, last bool) (n int, ok bool) {
	if len(b) == 0 {
		return 0, last
	}
	t.fields, t.fault, t.arena, t.line = t.fields[:0], "", t.arena[:0], t.after
	lines := int64(0)
	at := 0
	for {
		var f field
		var end int
		if at < len(b) && b[at] == '"' {
			f, end, ok = t.quoted(b, at, last)
			lines += int64(bytes.Count(b[at:end], []byte{'\n'}))
		} else {
			f, end, ok = unquoted(b, at, last)
		}
		if !ok {
			return 0, false
		}
		t.fields = append(t.fields, f)
		if end < len(b) && b[end] == ',' {
			at = end + 1
			if at == len(b) && !last {
				return 0, false
			}
			continue
		}
		if end < len(b) { // a line end
			end++
			lines++
		}
		t.record = b[:end]
		t.after = t.line + lines
		return end, true
	}
}

// unquoted reads a field up to the comma or the line end. A carriage return before the line end is not part of it.
func unquoted(b []byte, at int, last bool) (field, int, bool) {
	for i := at; i < len(b); i++ {
		switch b[i] {
		case ',':
			return field{lo: at, hi: i}, i, true
		case '\n':
			hi := i
			if hi > at && b[hi-1] == '\r' {
				hi--
			}
			return field{lo: at, hi: hi}, i, true
		}
	}
	hi := len(b)
	if hi > at && b[hi-1] == '\r' {
		hi--
	}
	return field{lo: at, hi: hi}, len(b), last
}

// quoted reads a field in quotes. What follows the closing quote is a fault of the record.
func (t *tokenizer) quoted(b []byte, at int, last bool) (field, int, bool) {
	f := field{lo: at + 1, quoted: true}
	for i := at + 1; ; {
		k := bytes.IndexByte(b[i:], '"')
		if k < 0 {
			if !last {
				return f, len(b), false
			}
			t.fault = "has a quote that is not closed"
			f.hi = len(b)
			return f, len(b), true
		}
		i += k
		if i+1 == len(b) && !last {
			return f, len(b), false
		}
		if i+1 < len(b) && b[i+1] == '"' {
			f.doubled = true
			i += 2
			continue
		}
		f.hi = i
		rest, end, ok := unquoted(b, i+1, last)
		if rest.lo < rest.hi && t.fault == "" {
			t.fault = "has text after a closing quote"
		}
		return f, end, ok
	}
}

// text returns the contents of field i.
func (t *tokenizer) text(i int) []byte {
	f := t.fields[i]
	b := t.record[f.lo:f.hi]
	if !f.doubled {
		return b
	}
	from := len(t.arena)
	for len(b) > 0 {
		k := bytes.IndexByte(b, '"')
		if k < 0 {
			t.arena = append(t.arena, b...)
			break
		}
		t.arena = append(t.arena, b[:k+1]...)
		b = b[min(k+2, len(b)):]
	}
	return t.arena[from:]
}
