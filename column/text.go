// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"selfsame"
	"selfsame/compute/zone"
)

// AppendTime appends an instant as RFC 3339 with microseconds, in UTC.
func AppendTime(b []byte, t int64) []byte {
	const day = int64(86_400_000_000)
	date, rest := t/day, t%day
	if rest < 0 {
		date, rest = date-1, rest+day
	}
	b = append(AppendDate(b, date), 'T')
	seconds := rest / 1_000_000
	b = append(pad(b, seconds/3600, 2), ':')
	b = append(pad(b, seconds/60%60, 2), ':')
	b = append(pad(b, seconds%60, 2), '.')
	return append(pad(b, rest%1_000_000, 6), 'Z')
}

// AppendDate appends a date as YYYY-MM-DD; years of more than four digits have a sign.
func AppendDate(b []byte, date int64) []byte {
	y, m, d := zone.Civil(date)
	switch {
	case y < 0:
		b = append(b, '-')
		y = -y
	case y > 9999:
		b = append(b, '+')
	}
	b = append(pad(b, y, 4), '-')
	b = append(pad(b, int64(m), 2), '-')
	return pad(b, int64(d), 2)
}

func pad(b []byte, v int64, width int) []byte {
	var digits [20]byte
	s := strconv.AppendInt(digits[:0], v, 10)
	for n := len(s); n < width; n++ {
		b = append(b, '0')
	}
	return append(b, s...)
}

// AppendDecimal appends an unscaled value with scale digits after the point.
func AppendDecimal(b []byte, v selfsame.Int128, scale uint8) []byte {
	n := new(big.Int).SetInt64(v.Hi)
	n.Lsh(n, 64).Add(n, new(big.Int).SetUint64(v.Lo))
	if n.Sign() < 0 {
		b = append(b, '-')
		n.Abs(n)
	}
	s := n.String()
	for len(s) <= int(scale) {
		s = "0" + s
	}
	b = append(b, s[:len(s)-int(scale)]...)
	if scale > 0 {
		b = append(append(b, '.'), s[len(s)-int(scale):]...)
	}
	return b
}

// AppendFloat appends the shortest text that reads back as v. bits is 64, or 32 for a column cast to float32.
func AppendFloat(b []byte, v float64, bits int) []byte {
	switch {
	case v != v:
		return append(b, "NaN"...)
	case math.IsInf(v, 1):
		return append(b, "Infinity"...)
	case math.IsInf(v, -1):
		return append(b, "-Infinity"...)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, bits)
}

// AppendText appends present value i of a column as text: numbers, times and strings bare, bytes in base64, lists and maps as JSON.
func AppendText(b []byte, c *Column, i int) []byte {
	switch c.Type.Kind {
	case selfsame.Bool:
		return strconv.AppendBool(b, c.Bools[i])
	case selfsame.Int64:
		return strconv.AppendInt(b, c.Ints[i], 10)
	case selfsame.Float64:
		return AppendFloat(b, c.Floats[i], 64)
	case selfsame.Decimal:
		return AppendDecimal(b, c.Decimals[i], c.Type.Scale)
	case selfsame.String:
		return append(b, c.Str(i)...)
	case selfsame.Bytes:
		return base64.StdEncoding.AppendEncode(b, c.Str(i))
	case selfsame.Timestamp:
		return AppendTime(b, c.Ints[i])
	case selfsame.Date:
		return AppendDate(b, c.Ints[i])
	}
	return AppendJSON(b, c, i)
}

// AppendJSON appends value i of a column as JSON. NaN and infinities are strings, as JSON has no such numbers.
func AppendJSON(b []byte, c *Column, i int) []byte {
	if c.StatusAt(i) != selfsame.Present || c.Type.Kind == selfsame.Unknown {
		return append(b, "null"...)
	}
	switch c.Type.Kind {
	case selfsame.Float64:
		if v := c.Floats[i]; v != v || math.IsInf(v, 0) {
			return append(AppendFloat(append(b, '"'), v, 64), '"')
		}
	case selfsame.String:
		return AppendQuoted(b, c.Str(i))
	case selfsame.Bytes, selfsame.Timestamp, selfsame.Date:
		return append(AppendText(append(b, '"'), c, i), '"')
	case selfsame.List, selfsame.Map:
		return appendNested(b, c, i)
	}
	return AppendText(b, c, i)
}

func appendNested(b []byte, c *Column, i int) []byte {
	open, end := byte('['), byte(']')
	if c.Keys != nil {
		open, end = '{', '}'
	}
	b = append(b, open)
	for j := int(c.Offsets[i]); j < int(c.Offsets[i+1]); j++ {
		if j > int(c.Offsets[i]) {
			b = append(b, ',')
		}
		if c.Keys != nil {
			b = append(AppendQuoted(b, c.Keys.Str(j)), ':')
		}
		b = AppendJSON(b, c.Elems, j)
	}
	return append(b, end)
}

// AppendQuoted appends a JSON string. Bytes that are not UTF-8 become U+FFFD.
func AppendQuoted(b, s []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for len(s) > 0 {
		switch c := s[0]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRune(s)
			b = utf8.AppendRune(b, r)
			s = s[n:]
			continue
		}
		s = s[1:]
	}
	return append(b, '"')
}

// AppendRowJSON appends row i of a batch as a JSON object of every field, null where a value is not there.
func AppendRowJSON(b []byte, rows *Batch, i int) []byte {
	b = append(b, '{')
	for k, f := range rows.Fields {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(AppendQuoted(b, []byte(f.Name)), ':')
		b = AppendJSON(b, rows.Columns[k], i)
	}
	return append(b, '}')
}
