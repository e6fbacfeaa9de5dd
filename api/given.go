// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"strconv"

	"selfsame"
	"selfsame/column"
)

// given builds the rows of a question from JSON. Columns take their kind from the first value that is there; whole numbers beside others
// become float64. Its memory is used again.
type given struct {
	batch  column.Batch
	spare  []*column.Column // of scalar kinds, emptied
	next   int              // column whose name is expected
	maxRow int
}

func (g *given) reset(maxRows int) {
	for _, c := range g.batch.Columns {
		if k := c.Type.Kind; k != selfsame.List && k != selfsame.Unknown && len(g.spare) < 64 && cap(c.Bytes) < 64<<10 {
			c.Reset()
			g.spare = append(g.spare, c)
		}
	}
	g.batch.Fields, g.batch.Columns, g.batch.Rows = g.batch.Fields[:0], g.batch.Columns[:0], 0
	g.next, g.maxRow = 0, maxRows
}

// column returns a column of a scalar kind, used before where there is one.
func (g *given) column(k selfsame.Kind) *column.Column {
	for i := len(g.spare) - 1; i >= 0; i-- {
		if c := g.spare[i]; c.Type.Kind == k {
			g.spare[i] = g.spare[len(g.spare)-1]
			g.spare = g.spare[:len(g.spare)-1]
			return c
		}
	}
	return column.New(selfsame.Scalar(k), 4)
}

// maxColumns bounds the columns of a request: names are looked up one after the other.
const maxColumns = 1000

var errColumns = tooLarge("the request has more than 1000 keys and fields", "ask for less at once")

// place returns the place of the column of that name, made where it is not there yet; -1 where there are too many.
func (g *given) place(name []byte) int {
	n := len(g.batch.Fields)
	if g.next < n && g.batch.Fields[g.next].Name == string(name) {
		g.next++
		return g.next - 1
	}
	for i := range g.batch.Fields {
		if g.batch.Fields[i].Name == string(name) {
			g.next = i + 1
			return i
		}
	}
	if n >= maxColumns {
		return -1
	}
	g.next = n + 1
	if n < cap(g.batch.Fields) { // names mostly are those of the request before
		g.batch.Fields = g.batch.Fields[:n+1]
	} else {
		g.batch.Fields = append(g.batch.Fields, selfsame.Field{})
	}
	if f := &g.batch.Fields[n]; f.Name != string(name) {
		f.Name = string(name)
	}
	g.batch.Columns = append(g.batch.Columns, column.New(selfsame.Type{}, 0))
	return n
}

// row reads one object as the next row. path names it for messages.
func (g *given) row(s *scanner, path string) error {
	at := g.batch.Rows
	if at >= g.maxRow {
		return g.tooMany()
	}
	g.next = 0
	err := s.members(func(key []byte) error {
		i := g.place(key)
		if i < 0 {
			return errColumns
		}
		name := g.batch.Fields[i].Name
		c := g.batch.Columns[i]
		if c.Len() > at {
			return usage(place(path, at)+"."+name, "the key occurs twice", "")
		}
		for c.Len() < at {
			c.AppendStatus(selfsame.Null)
		}
		return g.value(s, i, func() string { return place(path, at) + "." + name })
	})
	if err != nil {
		return err
	}
	g.batch.Rows++
	return nil
}

func place(path string, row int) string {
	if path == "rows" {
		return "rows[" + strconv.Itoa(row) + "]"
	}
	return path
}

func (g *given) tooMany() error {
	return tooLarge("the request has more than "+strconv.Itoa(g.maxRow)+" rows", "ask in several requests, or raise request.max_rows")
}

// value reads one value into column i.
func (g *given) value(s *scanner, i int, where func() string) error {
	c, err := g.push(s, g.batch.Columns[i], where, 0)
	g.batch.Columns[i] = c
	return err
}

// columns reads an object of lists.
func (g *given) columns(s *scanner) error {
	first := true
	return s.members(func(key []byte) error {
		i := g.place(key)
		if i < 0 {
			return errColumns
		}
		name := g.batch.Fields[i].Name
		if g.batch.Columns[i].Len() > 0 {
			return usage("columns."+name, "the key occurs twice", "")
		}
		n := 0
		err := s.items(func(k int) error {
			if n++; n > g.maxRow {
				return g.tooMany()
			}
			return g.value(s, i, func() string { return "columns." + name + "[" + strconv.Itoa(k) + "]" })
		})
		if err != nil {
			return err
		}
		if !first && n != g.batch.Rows {
			return usage("columns."+name, "has "+strconv.Itoa(n)+" values, the column before has "+strconv.Itoa(g.batch.Rows), "")
		}
		first, g.batch.Rows = false, n
		return nil
	})
}

// finish gives every column a value a row.
func (g *given) finish() *column.Batch {
	for i, c := range g.batch.Columns {
		for c.Len() < g.batch.Rows {
			c.AppendStatus(selfsame.Null)
		}
		g.batch.Fields[i].Type = c.Type
	}
	return &g.batch
}

// become makes a column of kind k from one that holds nothing but nulls, or from whole numbers or the names of what is not finite.
func (g *given) become(c *column.Column, k selfsame.Kind) *column.Column {
	out := g.column(k)
	for i := range c.Len() {
		switch {
		case c.StatusAt(i) != selfsame.Present:
			out.AppendStatus(selfsame.Null)
		case c.Type.Kind == selfsame.Int64:
			appendFloat(out, float64(c.Ints[i]))
		default:
			v, _ := strconv.ParseFloat(view(c.Str(i)), 64)
			appendFloat(out, v)
		}
	}
	return out
}

// notFinite reports whether a text is the name of a number that JSON has no form for.
func notFinite(text string) bool { return text == "NaN" || text == "Infinity" || text == "-Infinity" }

// onlyNotFinite reports whether the values of a column of texts are such names.
func onlyNotFinite(c *column.Column) bool {
	for i := range c.Len() {
		if c.StatusAt(i) == selfsame.Present && !notFinite(view(c.Str(i))) {
			return false
		}
	}
	return true
}

func appendFloat(c *column.Column, v float64) {
	c.Floats = append(c.Floats, v)
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
}

// push appends the next value to c, or to the column that c has to become.
func (g *given) push(s *scanner, c *column.Column, where func() string, depth int) (*column.Column, error) {
	kind, whole := selfsame.Unknown, false
	var text []byte
	switch b := s.peek(); {
	case b == 'n' && s.word("null"):
		c.AppendStatus(selfsame.Null)
		return c, nil
	case b == 't' && s.word("true"), b == 'f' && s.word("false"):
		kind = selfsame.Bool
		text = s.b[s.at-1-btoi(b == 'f')-3 : s.at]
	case b == '"':
		kind = selfsame.String
		var ok bool
		if text, ok = s.text(); !ok {
			return c, s.malformed("a string")
		}
	case b == '[':
		return g.list(s, c, where, depth)
	case b == '{':
		return c, usage(where(), "is an object; keys and request fields are single values or lists", "")
	default:
		if text, whole = s.number(); text == nil {
			return c, s.malformed("a value")
		}
		kind = selfsame.Float64
	}
	return g.scalar(c, kind, text, whole, where)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// scalar appends a value that is not null.
func (g *given) scalar(c *column.Column, kind selfsame.Kind, text []byte, whole bool, where func() string) (*column.Column, error) {
	var n int64
	if whole {
		var err error
		if n, err = strconv.ParseInt(view(text), 10, 64); err == nil && c.Type.Kind != selfsame.Float64 {
			kind = selfsame.Int64
		}
	}
	number := func(k selfsame.Kind) bool { return k == selfsame.Int64 || k == selfsame.Float64 }
	if kind == selfsame.String && number(c.Type.Kind) && notFinite(view(text)) {
		kind = selfsame.Float64
	}
	if c.Type.Kind == selfsame.String && number(kind) && onlyNotFinite(c) {
		kind, c = selfsame.Float64, g.become(c, selfsame.Float64)
	}
	switch has := c.Type.Kind; {
	case has == kind:
	case has == selfsame.Unknown, has == selfsame.Int64 && kind == selfsame.Float64:
		c = g.become(c, kind)
	default:
		return c, usage(where(), "is "+article(kind)+", the values before are "+has.String(), "give a field the same type in all rows")
	}
	switch kind {
	case selfsame.Bool:
		c.Bools = append(c.Bools, text[0] == 't')
	case selfsame.Int64:
		c.Ints = append(c.Ints, n)
	case selfsame.String:
		c.AppendBytes(text)
		return c, nil
	default:
		v, err := strconv.ParseFloat(view(text), 64)
		if err != nil {
			return c, usage(where(), "is beyond float64: "+string(bytes.Clone(text)), "")
		}
		c.Floats = append(c.Floats, v)
	}
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
	return c, nil
}

func article(k selfsame.Kind) string {
	if k == selfsame.Int64 {
		return "an int64"
	}
	return "a " + k.String()
}

// list appends a list of scalars or lists.
func (g *given) list(s *scanner, c *column.Column, where func() string, depth int) (*column.Column, error) {
	if depth >= maxDepth {
		return c, usage(where(), "is nested too deep", "")
	}
	switch c.Type.Kind {
	case selfsame.List:
	case selfsame.Unknown:
		out := column.New(selfsame.ListOf(selfsame.Type{}), 0)
		for range c.Len() {
			out.AppendStatus(selfsame.Null)
		}
		c = out
	default:
		return c, usage(where(), "is a list, the values before are "+c.Type.Kind.String(), "give a field the same type in all rows")
	}
	err := s.items(func(int) error {
		elems, err := g.push(s, c.Elems, where, depth+1)
		c.Elems = elems
		return err
	})
	if err != nil {
		return c, err
	}
	c.Type = selfsame.ListOf(c.Elems.Type)
	c.Offsets = append(c.Offsets, uint32(c.Elems.Len()))
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
	return c, nil
}
