// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package avro

import (
	"math"
	"math/big"
	"slices"
	"time"
	"unicode/utf8"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// value appends decoded values to columns.
type value struct {
	how   *source.Reading
	rows  *source.Rows
	local bool // its timestamps have no zone
}

// append appends v, whose type is readable as the column's, or says why it cannot be read; then something of it may have been appended.
func (x value) append(c *column.Column, v any) string {
	switch v := v.(type) {
	case nil:
		c.AppendStatus(selfsame.Null)
	case bool:
		c.Append(selfsame.Value{Type: c.Type, Int: map[bool]int64{true: 1}[v]})
	case int32:
		return x.integer(c, int64(v))
	case int64:
		return x.integer(c, v)
	case float32:
		source.AppendFloat(c, float64(v), x.how.KeepNaN)
	case float64:
		source.AppendFloat(c, v, x.how.KeepNaN)
	case string:
		return x.text(c, []byte(v))
	case []byte:
		return x.text(c, v)
	case *big.Rat:
		return x.decimal(c, v)
	case time.Time:
		return x.moment(c, v)
	case []any:
		for _, e := range v {
			if why := x.append(c.Elems, e); why != "" {
				return why
			}
		}
		finish(c)
	case map[string]any:
		return x.entries(c, v)
	default:
		return "is of no type that is read"
	}
	return ""
}

func (x value) integer(c *column.Column, v int64) string {
	out := selfsame.Value{Type: c.Type, Int: v}
	switch c.Type.Kind {
	case selfsame.Float64:
		if out.Float = float64(v); out.Float >= math.MaxInt64 || int64(out.Float) != v {
			return "loses digits as float64"
		}
	case selfsame.Decimal:
		var why string
		if out.Dec, why = source.Rescale(big.NewInt(v), 0, c.Type); why != "" {
			return why
		}
	case selfsame.Timestamp:
		var why string
		if out.Int, why = scaled(v, x.how.Time.Unit(), 1, x.how.Floor); why != "" {
			return why
		}
	}
	c.Append(out)
	return ""
}

func scaled(count, unit, per int64, floor bool) (int64, string) {
	v, why := source.Scale(count, unit, per, floor)
	return v, string(why)
}

func (x value) decimal(c *column.Column, v *big.Rat) string {
	digits, _ := v.FloatPrec() // behind the point
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	unscaled := power.Div(power.Mul(power, v.Num()), v.Denom())
	if c.Type.Kind == selfsame.Int64 {
		if digits > 0 || !unscaled.IsInt64() {
			return "is beyond int64"
		}
		c.Append(selfsame.Value{Type: c.Type, Int: unscaled.Int64()})
		return ""
	}
	d, why := source.Rescale(unscaled, digits, c.Type)
	if why == "" {
		c.Append(selfsame.Value{Type: c.Type, Dec: d})
	}
	return why
}

// text appends a string or bytes; text becomes a date or timestamp where the field is one.
func (x value) text(c *column.Column, b []byte) string {
	switch c.Type.Kind {
	case selfsame.Bytes:
		c.AppendBytes(b)
	case selfsame.String:
		if !utf8.Valid(b) {
			return "is not valid UTF-8"
		}
		c.AppendBytes(b)
	default:
		return source.AppendText(c, b, x.how, x.rows)
	}
	return ""
}

// moment appends a date or a timestamp. A date is the midnight in UTC that it begins with.
func (x value) moment(c *column.Column, t time.Time) string {
	seconds := t.Unix()
	if c.Type.Kind == selfsame.Date {
		c.Append(selfsame.Value{Type: c.Type, Int: (seconds - (seconds%86400+86400)%86400) / 86400})
		return ""
	}
	micros, why := scaled(seconds, selfsame.Second, 1, x.how.Floor)
	if why != "" {
		return why
	}
	rest, why := scaled(int64(t.Nanosecond()), 1, 1000, x.how.Floor)
	if why != "" {
		return why
	}
	if micros > math.MaxInt64-rest {
		return "is out of the range of timestamps"
	}
	if micros += rest; x.local {
		micros = source.Naive(micros, x.how, x.rows)
	}
	c.Append(selfsame.Value{Type: c.Type, Int: micros})
	return ""
}

// entries appends a map with its keys in byte order.
func (x value) entries(c *column.Column, m map[string]any) string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if !utf8.ValidString(key) {
			return "has a key that is not valid UTF-8"
		}
		c.Keys.AppendBytes([]byte(key))
		if why := x.append(c.Elems, m[key]); why != "" {
			return why
		}
	}
	finish(c)
	return ""
}

// finish ends the list or map whose elements were appended.
func finish(c *column.Column) {
	c.Offsets = append(c.Offsets, uint32(c.Elems.Len()))
	if c.Status != nil {
		c.Status = append(c.Status, selfsame.Present)
	}
}
