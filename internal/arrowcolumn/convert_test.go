// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrowcolumn

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// converted appends an array to a column and tells what was reported.
func converted(t *testing.T, typ selfsame.Type, a arrow.Array) (c *column.Column, reports []string) {
	t.Helper()
	how := &source.Reading{}
	if why := Conforms(a.DataType(), typ, how); why != "" {
		t.Fatal(why)
	}
	c = column.New(typ, 0)
	cv := Converter{How: how, Rows: source.NewRows(how, "f"), Report: func(i int, text, why string) { reports = append(reports, fmt.Sprint(i, " ", why, " ", text)) }}
	cv.Append(c, a)
	if c.Len() != a.Len() {
		t.Fatalf("%d values of %d", c.Len(), a.Len())
	}
	return c, reports
}

// texts is an array of strings by the offsets of their bytes.
func texts(data string, offsets ...int32) arrow.Array {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes([]byte(data))}
	return array.NewStringData(array.NewData(arrow.BinaryTypes.String, len(offsets)-1, buffers, nil, 0, 0))
}

func TestStringsAreUTF8(t *testing.T) {
	text := selfsame.Scalar(selfsame.String)
	for _, c := range []struct {
		a    arrow.Array
		want string
	}{
		{texts("aéb", 0, 1, 3, 4), "[]"},
		{texts("a\xffb", 0, 1, 2, 3), `[1 is not valid UTF-8 "\xff"]`},
		{texts("aéb", 0, 2, 4), `[0 is not valid UTF-8 "a\xc3" 1 is not valid UTF-8 "\xa9b"]`}, // all of it is, and neither part
		{array.NewSlice(texts("\xffaé", 0, 1, 2, 4), 1, 3), "[]"},
	} {
		if _, got := converted(t, text, c.a); fmt.Sprint(got) != c.want {
			t.Errorf("got %v, want %s", got, c.want)
		}
		if _, got := converted(t, selfsame.Scalar(selfsame.Bytes), c.a); len(got) > 0 {
			t.Errorf("as bytes: got %v", got)
		}
	}
}

// TestDictionaryFaults: a bad value of a dictionary is reported for each row that has it, and for none where no row has.
func TestDictionaryFaults(t *testing.T) {
	indices := array.NewInt8Builder(memory.DefaultAllocator)
	indices.AppendValues([]int8{1, 0, 1, 2}, []bool{true, true, false, true})
	values := texts("2024-01-01soonlater", 0, 10, 14, 19)
	typ := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	a := array.NewDictionaryArray(typ, indices.NewArray(), values)
	c, got := converted(t, selfsame.Scalar(selfsame.Date), array.NewSlice(a, 0, 3))
	if want := "[0 is not a date soon]"; fmt.Sprint(got) != want || c.StatusAt(2) != selfsame.Null || c.Ints[1] != 19723 {
		t.Errorf("got %v, %v, want %s", got, c, want)
	}
}

// TestOffsetsAscend: offsets that go backwards are no values; readers turn the panic into an error about the file.
func TestOffsetsAscend(t *testing.T) {
	list := func(offsets ...int32) arrow.Array {
		values := texts("abc", 0, 1, 2, 3)
		return array.NewListData(array.NewData(arrow.ListOf(arrow.BinaryTypes.String), len(offsets)-1,
			[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets))}, []arrow.ArrayData{values.Data()}, 0, 0))
	}
	for _, a := range []arrow.Array{texts("abc", 0, 2, 1, 3), list(0, 2, 1, 3)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", a)
				}
			}()
			typ, _ := TypeOf(a.DataType())
			converted(t, typ, a)
		}()
	}
}
