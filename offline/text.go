// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// TextFile is a text output: a File behind a buffer, packed where its name ends with .gz or .zst.
type TextFile struct {
	*File
	pack io.WriteCloser // nil: plain
	Buf  []byte         // appended to by the format; Flush writes it
}

// NewTextFile creates the temporary file for the target path.
func NewTextFile(path string) (*TextFile, error) {
	f, err := NewFile(path)
	if err != nil {
		return nil, err
	}
	t := &TextFile{File: f, Buf: make([]byte, 0, 1<<20)}
	switch {
	case strings.HasSuffix(path, ".gz"):
		t.pack = gzip.NewWriter(f)
	case strings.HasSuffix(path, ".zst"):
		if t.pack, err = zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1)); err != nil {
			f.Discard()
			return nil, err
		}
	}
	return t, nil
}

// Flush writes the buffer where it holds more than limit bytes.
func (t *TextFile) Flush(limit int) error {
	if len(t.Buf) <= limit {
		return nil
	}
	var w io.Writer = t.File
	if t.pack != nil {
		w = t.pack
	}
	_, err := w.Write(t.Buf)
	t.Buf = t.Buf[:0]
	return err
}

// Finish writes what is left and publishes the file.
func (t *TextFile) Finish() error {
	err := t.Flush(0)
	if err == nil && t.pack != nil {
		err = t.pack.Close()
	}
	if err != nil {
		t.Discard()
		return err
	}
	return t.Publish()
}

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

// AppendValue appends present value i of a column as text: numbers, times and strings bare, bytes in base64, lists and maps as JSON.
func AppendValue(b []byte, c *column.Column, i int, cast Cast) []byte {
	switch c.Type.Kind {
	case selfsame.Bool:
		return strconv.AppendBool(b, c.Bools[i])
	case selfsame.Int64:
		if cast == Float32 {
			return AppendFloat(b, float64(float32(c.Ints[i])), 32)
		}
		return strconv.AppendInt(b, c.Ints[i], 10)
	case selfsame.Float64:
		if cast == Float32 {
			return AppendFloat(b, c.Floats[i], 32)
		}
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
	return AppendJSON(b, c, i, cast)
}

// AppendJSON appends value i of a column as JSON. NaN and infinities are strings, as JSON has no such numbers.
func AppendJSON(b []byte, c *column.Column, i int, cast Cast) []byte {
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
		return append(AppendValue(append(b, '"'), c, i, cast), '"')
	case selfsame.List, selfsame.Map:
		return appendNested(b, c, i)
	}
	return AppendValue(b, c, i, cast)
}

func appendNested(b []byte, c *column.Column, i int) []byte {
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
		b = AppendJSON(b, c.Elems, j, NoCast)
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

// CheckCasts returns the error of the first value of a batch that its cast cannot hold. first is the row of the batch's first row.
func CheckCasts(b *column.Batch, casts []Cast, first int64) error {
	for k, cast := range casts {
		if cast == NoCast {
			continue
		}
		c := b.Columns[k]
		for i := range b.Rows {
			if c.StatusAt(i) != selfsame.Present {
				continue
			}
			switch {
			case cast == Int32 && !FitsInt32(c.Ints[i]):
				return CastError(b.Fields[k].Name, first+int64(i), fmt.Sprint(c.Ints[i]), "int32")
			case cast == Float32 && c.Type.Kind == selfsame.Float64 && !FitsFloat32(c.Floats[i]):
				return CastError(b.Fields[k].Name, first+int64(i), fmt.Sprint(c.Floats[i]), "float32")
			}
		}
	}
	return nil
}
