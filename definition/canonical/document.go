// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"selfsame"
)

// document is a JSON object of the canonical form: entries are written in the byte order of their names.
type document map[string]any

func (d document) set(name string, v any) { d[name] = v }

// append writes the document without white space. Values are document, []any, string, int64, bool.
func (d document) append(b []byte) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(d)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		b = appendAny(b, d[name])
	}
	return append(b, '}')
}

func appendAny(b []byte, v any) []byte {
	switch v := v.(type) {
	case document:
		return v.append(b)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendAny(b, e)
		}
		return append(b, ']')
	case string:
		return appendString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	}
	return append(b, "null"...)
}

// appendString writes a JSON string: only quotes, backslashes and control characters are escaped, the latter as \u00xx.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func list(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}

// value is a default: int64, timestamp, date and bool as themselves, float64 as its shortest text that reads back, decimal as
// 32 hex digits of its unscaled value, bytes and strings that are not UTF-8 in hex.
func value(v selfsame.Value) any {
	switch v.Type.Kind {
	case selfsame.Bool:
		return v.Int != 0
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		return v.Int
	case selfsame.Float64:
		return strconv.FormatFloat(v.Float, 'g', -1, 64)
	case selfsame.Decimal:
		return "0x" + hex16(uint64(v.Dec.Hi)) + hex16(v.Dec.Lo)
	case selfsame.List:
		out := make([]any, len(v.Elems))
		for i, e := range v.Elems {
			out[i] = value(e)
		}
		return out
	case selfsame.Map:
		d := document{}
		for i, k := range v.Keys {
			d.set(k, value(v.Elems[i]))
		}
		return d
	}
	if v.Type.Kind == selfsame.Bytes || !utf8.ValidString(v.Str) {
		return "0x" + hex.EncodeToString([]byte(v.Str))
	}
	return v.Str
}

func hex16(n uint64) string {
	s := strconv.FormatUint(n, 16)
	return "0000000000000000"[len(s):] + s
}
