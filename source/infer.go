// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"strconv"

	"selfsame"
)

// Guess narrows the type of a text column by its values. The zero Guess has seen none.
type Guess struct {
	not  uint8 // types that some value excludes
	seen bool
}

const (
	notInt uint8 = 1 << iota
	notFloat
	notBool
	notTime
)

// See takes a value into account.
func (g *Guess) See(b []byte, how *Reading) {
	g.seen = true
	if g.not&notInt == 0 && !plainInt(b) {
		g.not |= notInt
	}
	if g.not&notFloat == 0 && !plainFloat(b) {
		g.not |= notFloat
	}
	if g.not&notBool == 0 && !plainBool(b) {
		g.not |= notBool
	}
	if g.not&notTime == 0 && !plainTime(b, how) {
		g.not |= notTime
	}
}

// Type returns the narrowest type that holds every value: int64, float64, bool, timestamp or string; Unknown where no value was seen.
func (g *Guess) Type() selfsame.Type {
	switch {
	case !g.seen:
		return selfsame.Type{}
	case g.not&notInt == 0:
		return selfsame.Scalar(selfsame.Int64)
	case g.not&notFloat == 0:
		return selfsame.Scalar(selfsame.Float64)
	case g.not&notBool == 0:
		return selfsame.Scalar(selfsame.Bool)
	case g.not&notTime == 0:
		return selfsame.Scalar(selfsame.Timestamp)
	}
	return selfsame.Scalar(selfsame.String)
}

// plainInt reports whether text is an integer that is written as int64 values are: 007 is not.
func plainInt(b []byte) bool {
	digits := bytes.TrimPrefix(b, []byte("-"))
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && len(b) > 1) {
		return false
	}
	_, err := strconv.ParseInt(text(b), 10, 64)
	return err == nil
}

// plainFloat reports whether text is a decimal number, nan or an infinity. An integer counts where float64 holds it exactly.
func plainFloat(b []byte) bool {
	if numberLen(bytes.TrimPrefix(b, []byte("+"))) == len(bytes.TrimPrefix(b, []byte("+"))) && len(b) > 0 {
		if bytes.ContainsAny(b, ".eE") {
			_, err := strconv.ParseFloat(text(b), 64)
			return err == nil
		}
		n, err := strconv.ParseInt(text(b), 10, 64)
		return err == nil && n <= 1<<53 && n >= -1<<53
	}
	switch text(bytes.TrimPrefix(b, []byte("-"))) {
	case "nan", "NaN", "NAN", "inf", "Inf", "INF", "Infinity", "infinity":
		return true
	}
	return len(b) > 1 && b[0] == '.' && numberLen(append([]byte("0"), b...)) == len(b)+1
}

func plainBool(b []byte) bool {
	switch text(b) {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return true
	}
	return false
}

// plainTime reports whether text is a timestamp of the declared format, or an ISO one. Numbers are not taken for times.
func plainTime(b []byte, how *Reading) bool {
	var m moment
	if how.Time.parts != nil {
		return how.Time.pattern(b, &m) && (how.Floor || m.nanos%1000 == 0)
	}
	return iso(b, &m) && (how.Floor || m.nanos%1000 == 0)
}
