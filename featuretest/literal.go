// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"selfsame"
)

// Same reports whether two values have one status and one bit pattern.
func Same(a, b selfsame.Value) bool {
	if a.Status != selfsame.Present || b.Status != selfsame.Present {
		return a.Status == b.Status
	}
	if !a.Type.Equal(b.Type) || len(a.Elems) != len(b.Elems) {
		return false
	}
	for i := range a.Elems {
		if !Same(a.Elems[i], b.Elems[i]) || len(a.Keys) > 0 && a.Keys[i] != b.Keys[i] {
			return false
		}
	}
	return a.Int == b.Int && math.Float64bits(a.Float) == math.Float64bits(b.Float) && a.Dec == b.Dec && a.Str == b.Str
}

// Format prints a value as scripts write it: floats as the shortest text that reads back to the same bits, a value that is not
// there as its status.
func Format(v selfsame.Value) string {
	if v.Status.IsError() {
		return "error(" + v.Status.ErrorKind() + ")"
	}
	if v.Status != selfsame.Present {
		return v.Status.String()
	}
	switch v.Type.Kind {
	case selfsame.Bool:
		return strconv.FormatBool(v.Int != 0)
	case selfsame.Float64:
		s := strconv.FormatFloat(v.Float, 'g', -1, 64)
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
		return s
	case selfsame.Timestamp:
		return formatTime(v.Int)
	case selfsame.Date:
		return time.Unix(v.Int*86400, 0).UTC().Format("2006-01-02")
	case selfsame.Decimal:
		return formatDecimal(v)
	case selfsame.String, selfsame.Bytes:
		return formatText(v.Str)
	case selfsame.List, selfsame.Map:
		var parts []string
		for i, e := range v.Elems {
			s := Format(e)
			if v.Type.Kind == selfsame.Map {
				s = formatText(v.Keys[i]) + ":" + s
			}
			parts = append(parts, s)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return strconv.FormatInt(v.Int, 10)
}

func formatDecimal(v selfsame.Value) string {
	r := rat(v)
	return r.FloatString(int(v.Type.Scale))
}

var bareText = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

// formatText leaves quotes out where a word cannot be read as anything else.
func formatText(s string) string {
	if _, reserved := statusWords[s]; bareText.MatchString(s) && !reserved {
		return s
	}
	return strconv.Quote(s)
}

// formatTime prints microseconds as RFC 3339 in UTC, out of its years as @microseconds.
func formatTime(t int64) string {
	at := time.UnixMicro(t).UTC()
	if y := at.Year(); y < 1 || y > 9999 {
		return "@" + strconv.FormatInt(t, 10)
	}
	return at.Format("2006-01-02T15:04:05.999999Z")
}

var statusWords = map[string]selfsame.Status{"null": selfsame.Null, "not_found": selfsame.NotFound, "expired": selfsame.Expired,
	"error(overflow)": selfsame.ErrorOverflow, "error(max_values)": selfsame.ErrorMaxValues, "error(length)": selfsame.ErrorLength}

// parseValue reads a cell of a table as a value of type t. A quoted cell is never a status word.
func parseValue(cell string, t selfsame.Type) (selfsame.Value, error) {
	if s, ok := statusWords[cell]; ok {
		return selfsame.Value{Type: t, Status: s}, nil
	}
	v := selfsame.Value{Type: t}
	var err error
	switch t.Kind {
	case selfsame.Bool:
		var b bool
		if b, err = strconv.ParseBool(cell); b {
			v.Int = 1
		}
	case selfsame.Int64:
		v.Int, err = strconv.ParseInt(cell, 10, 64)
	case selfsame.Float64:
		v.Float, err = strconv.ParseFloat(cell, 64)
	case selfsame.Timestamp:
		v.Int, err = parseTime(cell)
	case selfsame.Date:
		var d time.Time
		d, err = time.Parse("2006-01-02", cell)
		v.Int = floorDays(d.Unix())
	case selfsame.Decimal:
		err = parseDecimal(cell, &v)
	case selfsame.String, selfsame.Bytes:
		v.Str = cell
		if strings.HasPrefix(cell, `"`) {
			v.Str, err = strconv.Unquote(cell)
		}
	case selfsame.List:
		err = parseList(cell, &v)
	case selfsame.Map:
		err = parseMap(cell, &v)
	default:
		err = fmt.Errorf("scripts cannot write values of this type")
	}
	if err != nil {
		return v, fmt.Errorf("%q is not a %s", cell, t)
	}
	return v, nil
}

func floorDays(seconds int64) int64 {
	d := seconds / 86400
	if seconds%86400 < 0 {
		d--
	}
	return d
}

func parseDecimal(cell string, v *selfsame.Value) error {
	r, ok := new(big.Rat).SetString(cell)
	if !ok {
		return strconv.ErrSyntax
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Type.Scale)), nil)))
	if !r.IsInt() {
		return strconv.ErrRange
	}
	v.Dec = int128(r.Num())
	return nil
}

func parseList(cell string, v *selfsame.Value) error {
	if !strings.HasPrefix(cell, "[") || !strings.HasSuffix(cell, "]") {
		return strconv.ErrSyntax
	}
	v.Elems = []selfsame.Value{}
	for _, part := range splitOutside(cell[1:len(cell)-1], ',') {
		e, err := parseValue(strings.TrimSpace(part), *v.Type.Elem)
		if err != nil {
			return err
		}
		v.Elems = append(v.Elems, e)
	}
	return nil
}

// parseMap reads what Format prints: ["a":1,"b":2].
func parseMap(cell string, v *selfsame.Value) error {
	if !strings.HasPrefix(cell, "[") || !strings.HasSuffix(cell, "]") {
		return strconv.ErrSyntax
	}
	v.Elems = []selfsame.Value{}
	for _, part := range splitOutside(cell[1:len(cell)-1], ',') {
		pair := splitOutside(part, ':')
		if len(pair) < 2 {
			return strconv.ErrSyntax
		}
		key, err := parseValue(strings.TrimSpace(pair[0]), selfsame.Scalar(selfsame.String))
		if err != nil {
			return err
		}
		e, err := parseValue(strings.TrimSpace(strings.Join(pair[1:], ":")), *v.Type.Elem)
		if err != nil {
			return err
		}
		v.Keys, v.Elems = append(v.Keys, key.Str), append(v.Elems, e)
	}
	return nil
}

// splitOutside splits s at sep outside quotes and brackets.
func splitOutside(s string, sep rune) []string {
	var out []string
	depth, quoted, start := 0, false, 0
	for i, r := range s {
		switch {
		case r == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case quoted:
		case r == '[' || r == '{' || r == '(':
			depth++
		case r == ']' || r == '}' || r == ')':
			depth--
		case r == sep && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	if strings.TrimSpace(s) != "" {
		out = append(out, s[start:])
	}
	return out
}

var timeSteps = regexp.MustCompile(`[+-][0-9]+(?:us|ms|[smhdw])$`)

// parseTime reads RFC 3339, an ISO date, or @microseconds, each with durations behind it: 2024-01-10-30d-1us.
func parseTime(s string) (int64, error) {
	if m := timeSteps.FindString(s); m != "" {
		base, err := parseTime(s[:len(s)-len(m)])
		n, unit := splitDuration(m[1:])
		if m[0] == '-' {
			n = -n
		}
		return plus(base, n*unit), err
	}
	if strings.HasPrefix(s, "@") {
		return strconv.ParseInt(s[1:], 10, 64)
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMicro(), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time", s)
}
