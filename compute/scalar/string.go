// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
)

// Bounds of what one value may become, so that an expression cannot ask for any amount of memory a row: what lpad, rpad and repeat make, in code points,
// and what replace and list_join make, in bytes.
const (
	maxPadded = 10000
	maxJoined = 16 << 20
)

// stringFunctions is the section string of the reference. Positions count code points from 1. A byte that is not UTF-8 counts as one
// code point and stays as it is. Case follows the simple mapping of one rune to one rune of the Unicode tables of the Go release that built the engine.
var stringFunctions = []Function{
	{Name: "length", Group: "string", Params: "s", Summary: "The number of code points of a string, of bytes of a bytes value.",
		Example: "length('añb')", Result: "3", Bind: choose("length", "s",
			overload{args: takes(stringType), result: intType, kernel: eachLength(utf8.RuneCount)},
			overload{args: takes(selfsame.Scalar(selfsame.Bytes)), result: intType, kernel: eachLength(func(b []byte) int { return len(b) })})},
	textFunction("lower", "s", "s in lower case, rune by rune.", "lower('Ab')", "ab", takes(stringType), 0, func(dst []byte, a textArgs) []byte {
		return mapRunes(dst, a.str(0), unicode.ToLower)
	}),
	textFunction("upper", "s", "s in upper case, rune by rune.", "upper('Ab')", "AB", takes(stringType), 0, func(dst []byte, a textArgs) []byte {
		return mapRunes(dst, a.str(0), unicode.ToUpper)
	}),
	textFunction("trim", "s, chars", "s without the code points in chars (default: a space) at either end.", "trim('  a ')", "a",
		takes(stringType, stringType), 1, func(dst []byte, a textArgs) []byte {
			return append(dst, trimRight(trimLeft(a.str(0), a.chars()), a.chars())...)
		}),
	textFunction("ltrim", "s, chars", "s without the code points in chars (default: a space) at its start.", "ltrim('xxax', 'x')", "ax",
		takes(stringType, stringType), 1, func(dst []byte, a textArgs) []byte { return append(dst, trimLeft(a.str(0), a.chars())...) }),
	textFunction("rtrim", "s, chars", "s without the code points in chars (default: a space) at its end.", "rtrim('xaxx', 'x')", "xa",
		takes(stringType, stringType), 1, func(dst []byte, a textArgs) []byte { return append(dst, trimRight(a.str(0), a.chars())...) }),
	textFunction("substr", "s, start, n", "The n code points of s from position start on, or all from there; positions before 1 hold none. Null for a negative n.",
		"substr('feature', 2, 3)", "eat", takes(stringType, intType, intType), 1, substr),
	textFunction("left", "s, n", "The first n code points of s; with a negative n, all but the last -n.", "left('feature', 4)", "feat",
		takes(stringType, intType), 0, func(dst []byte, a textArgs) []byte {
			s := a.str(0)
			return append(dst, s[:runeOffset(s, fromEnd(s, a.num(1)))]...)
		}),
	textFunction("right", "s, n", "The last n code points of s; with a negative n, all but the first -n.", "right('feature', 4)", "ture",
		takes(stringType, intType), 0, func(dst []byte, a textArgs) []byte {
			s := a.str(0)
			n := a.num(1)
			if n >= 0 {
				return append(dst, s[runeOffset(s, max(0, int64(utf8.RuneCount(s))-n)):]...)
			}
			return append(dst, s[runeOffset(s, -max(n, -1<<62)):]...)
		}),
	{Name: "concat", Group: "string", Params: "s, …", Summary: "Its strings, two or more, one after the other; null where one is null.",
		Example: "concat('a', 'b', 'c')", Result: "abc", Bind: bindConcat},
	textFunction("replace", "s, from, to", "s with every from, from the left and without overlap, replaced by to; s where from is empty. Null beyond 16 MiB.",
		"replace('a-b-c', '-', '+')", "a+b+c", takes(stringType, stringType, stringType), 0, replace),
	textFunction("reverse", "s", "The code points of s in reverse order.", "reverse('abc')", "cba", takes(stringType), 0, reverse),
	textFunction("repeat", "s, n", "s n times, nothing for n < 1; null beyond 10,000 code points.", "repeat('ab', 3)", "ababab",
		takes(stringType, intType), 0, repeat),
	textFunction("split_part", "s, separator, n", "Part n, from 1, of s cut at each separator; from the end for a negative n; empty beyond. Null for n = 0.",
		"split_part('a.b.c', '.', 2)", "b", takes(stringType, stringType, intType), 0, splitPart),
	textFunction("lpad", "s, n, fill", "s filled at its start with fill (default: a space) to n code points, or cut to its first n; null beyond 10,000.",
		"lpad('7', 3, '0')", "007", takes(stringType, intType, stringType), 1, lpad),
	textFunction("rpad", "s, n, fill", "s filled at its end with fill (default: a space) to n code points, or cut to its first n; null beyond 10,000.",
		"rpad('7', 3, '.')", "7..", takes(stringType, intType, stringType), 1, rpad),
	{Name: "strpos", Group: "string", Params: "s, part", Summary: "The position, from 1, of the first part in s; 0 where there is none.",
		Example: "strpos('feature', 'ture')", Result: "4", Bind: choose("strpos", "s, part",
			overload{args: takes(stringType, stringType), result: intType, kernel: evalStrpos})},
	testFunction("starts_with", "s, prefix", "Whether s begins with prefix.", "starts_with('feature', 'fea')", bytes.HasPrefix),
	testFunction("ends_with", "s, suffix", "Whether s ends with suffix.", "ends_with('feature', 'ture')", bytes.HasSuffix),
	testFunction("contains", "s, part", "Whether part is in s.", "contains('feature', 'eat')", bytes.Contains),
}

// textArgs is one row of a string function's arguments.
type textArgs struct {
	columns []*column.Column
	row     int
}

func (a textArgs) str(i int) []byte { return a.columns[i].Str(a.row) }
func (a textArgs) num(i int) int64  { return a.columns[i].Ints[a.row] }

// chars is the second argument, a space where it is left out.
func (a textArgs) chars() []byte { return a.strOr(1, space) }

func (a textArgs) strOr(i int, def []byte) []byte {
	if i < len(a.columns) {
		return a.str(i)
	}
	return def
}

var space = []byte{' '}

// textFunction is a function to a string: f appends its value for one row to dst, or returns nil, which is null.
func textFunction(name, params, summary, example, result string, args []selfsame.Type, optional int, f func(dst []byte, a textArgs) []byte) Function {
	kernel := func(out *column.Column, columns []*column.Column, rows int, _ []int64, skip []bool) {
		if out.Bytes == nil {
			out.Bytes = make([]byte, 0, 16*rows) // f returns nil for null, and only for null
		}
		for i := range rows {
			if skipped(skip, i) {
				out.AppendStatus(selfsame.Present)
				continue
			}
			b := f(out.Bytes, textArgs{columns, i})
			if b == nil {
				out.AppendStatus(selfsame.Null)
				continue
			}
			out.Bytes = b
			out.AppendBytes(nil)
		}
	}
	return Function{Name: name, Group: "string", Params: params, Summary: summary, Example: example, Result: result,
		Bind: choose(name, params, overload{args: args, optional: optional, result: stringType, kernel: kernel})}
}

func testFunction(name, params, summary, example string, f func(s, part []byte) bool) Function {
	kernel := func(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
		out.Resize(rows)
		for i := range rows {
			out.Bools[i] = f(args[0].Str(i), args[1].Str(i))
		}
	}
	return Function{Name: name, Group: "string", Params: params, Summary: summary, Example: example, Result: "true",
		Bind: choose(name, params, overload{args: takes(stringType, stringType), result: boolType, kernel: kernel})}
}

func eachLength(f func([]byte) int) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
		out.Resize(rows)
		for i := range rows {
			out.Ints[i] = int64(f(args[0].Str(i)))
		}
	}
}

func bindConcat(args []Arg) (*Bound, error) {
	types := make([]selfsame.Type, len(args))
	for i := range types {
		types[i] = stringType
	}
	kernel := func(out *column.Column, columns []*column.Column, rows int, _ []int64, _ []bool) {
		for i := range rows {
			for _, c := range columns {
				out.Bytes = append(out.Bytes, c.Str(i)...)
			}
			out.AppendBytes(nil)
		}
	}
	o := overload{args: types, result: stringType, kernel: kernel}
	if len(args) < 2 || !o.accepts(args, sameType) {
		return nil, misfit("concat", "s, …", args, []overload{{args: takes(stringType, stringType)}})
	}
	return o.bound(args)
}

func evalStrpos(out *column.Column, args []*column.Column, rows int, _ []int64, _ []bool) {
	out.Resize(rows)
	for i := range rows {
		s := args[0].Str(i)
		out.Ints[i] = 0
		if at := bytes.Index(s, args[1].Str(i)); at >= 0 {
			out.Ints[i] = int64(utf8.RuneCount(s[:at])) + 1
		}
	}
}

func mapRunes(dst, s []byte, f func(rune) rune) []byte {
	for len(s) > 0 {
		if s[0] < utf8.RuneSelf {
			dst = append(dst, byte(f(rune(s[0]))))
			s = s[1:]
			continue
		}
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			dst = append(dst, s[0])
		} else {
			dst = utf8.AppendRune(dst, f(r))
		}
		s = s[n:]
	}
	return dst
}

// inSet reports whether the code point is one of set.
func inSet(set, point []byte) bool {
	for len(set) > 0 {
		_, n := utf8.DecodeRune(set)
		if bytes.Equal(set[:n], point) {
			return true
		}
		set = set[n:]
	}
	return false
}

func trimLeft(s, set []byte) []byte {
	for len(s) > 0 {
		_, n := utf8.DecodeRune(s)
		if !inSet(set, s[:n]) {
			break
		}
		s = s[n:]
	}
	return s
}

func trimRight(s, set []byte) []byte {
	for len(s) > 0 {
		_, n := utf8.DecodeLastRune(s)
		if !inSet(set, s[len(s)-n:]) {
			break
		}
		s = s[:len(s)-n]
	}
	return s
}

// runeOffset returns the byte at which code point n, from 0, of s begins: 0 for n <= 0, len(s) beyond the end.
func runeOffset(s []byte, n int64) int {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		if s[at] < utf8.RuneSelf {
			at++
			continue
		}
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return at
}

// fromEnd turns a negative count into one from the start.
func fromEnd(s []byte, n int64) int64 {
	if n < 0 {
		return int64(utf8.RuneCount(s)) + n
	}
	return n
}

func substr(dst []byte, a textArgs) []byte {
	s, start := a.str(0), a.num(1)
	if len(a.columns) > 2 {
		n := a.num(2)
		if n < 0 {
			return nil
		}
		if start < 1 { // the positions before 1 count, and hold nothing
			n = max(0, n+max(start, math.MinInt64+1)-1) // n >= 0 and start < 1: no overflow
			start = 1
		}
		s = s[runeOffset(s, start-1):]
		return append(dst, s[:runeOffset(s, n)]...)
	}
	return append(dst, s[runeOffset(s, max(start, 1)-1):]...)
}

func replace(dst []byte, a textArgs) []byte {
	s, from, to := a.str(0), a.str(1), a.str(2)
	if len(from) == 0 {
		return append(dst, s...)
	}
	for start := len(dst); ; {
		at := bytes.Index(s, from)
		if at < 0 {
			return append(dst, s...)
		}
		if len(dst)-start > maxJoined {
			return nil
		}
		dst = append(append(dst, s[:at]...), to...)
		s = s[at+len(from):]
	}
}

func reverse(dst []byte, a textArgs) []byte {
	for s := a.str(0); len(s) > 0; {
		_, n := utf8.DecodeLastRune(s)
		dst = append(dst, s[len(s)-n:]...)
		s = s[:len(s)-n]
	}
	return dst
}

func repeat(dst []byte, a textArgs) []byte {
	s, n := a.str(0), a.num(1)
	if points := int64(utf8.RuneCount(s)); points == 0 {
		return dst
	} else if n > maxPadded/points {
		return nil
	}
	for range n {
		dst = append(dst, s...)
	}
	return dst
}

func splitPart(dst []byte, a textArgs) []byte {
	s, sep, n := a.str(0), a.str(1), a.num(2)
	switch {
	case n == 0:
		return nil
	case len(sep) == 0:
		if n == 1 || n == -1 {
			return append(dst, s...)
		}
		return dst
	case n < 0:
		for ; n < -1; n++ {
			at := bytes.LastIndex(s, sep)
			if at < 0 {
				return dst
			}
			s = s[:at]
		}
		if at := bytes.LastIndex(s, sep); at >= 0 {
			s = s[at+len(sep):]
		}
		return append(dst, s...)
	}
	for ; n > 1; n-- {
		at := bytes.Index(s, sep)
		if at < 0 {
			return dst
		}
		s = s[at+len(sep):]
	}
	if at := bytes.Index(s, sep); at >= 0 {
		s = s[:at]
	}
	return append(dst, s...)
}

// fill appends fill, again and again, to n code points.
func fill(dst, pad []byte, n int64) []byte {
	for n > 0 {
		p := pad
		for ; n > 0 && len(p) > 0; n-- {
			_, size := utf8.DecodeRune(p)
			dst = append(dst, p[:size]...)
			p = p[size:]
		}
	}
	return dst
}

// padding returns s cut to n code points and how many are to be filled; ok is false beyond the bound.
func padding(a textArgs) (s, pad []byte, missing int64, ok bool) {
	s, pad = a.str(0), a.strOr(2, space)
	n := max(0, a.num(1))
	if n > maxPadded {
		return nil, nil, 0, false
	}
	s = s[:runeOffset(s, n)]
	if len(pad) > 0 {
		missing = n - int64(utf8.RuneCount(s))
	}
	return s, pad, missing, true
}

func lpad(dst []byte, a textArgs) []byte {
	s, pad, missing, ok := padding(a)
	if !ok {
		return nil
	}
	return append(fill(dst, pad, missing), s...)
}

func rpad(dst []byte, a textArgs) []byte {
	s, pad, missing, ok := padding(a)
	if !ok {
		return nil
	}
	return fill(append(dst, s...), pad, missing)
}
