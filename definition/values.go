// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"selfsame"
	"selfsame/definition/syntax"
)

var (
	percentPattern = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,9})?%$`)
	integerPattern = regexp.MustCompile(`^[-+]?[0-9]+$`)
	numberPattern  = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
	decimalPattern = regexp.MustCompile(`^[-+]?([0-9]+)(\.([0-9]+))?$`)
)

// percent reads a share such as 1% as 0.01; -1 where the key is not there.
func (l *loader) percent(o object, key string) float64 {
	s, ok := l.scalarText(o.vals[key], o.ref, key)
	if !ok {
		return -1
	}
	if percentPattern.MatchString(s) {
		if share, ok := new(big.Rat).SetString(strings.TrimSuffix(s, "%")); ok && share.Cmp(big.NewRat(100, 1)) <= 0 {
			f, _ := share.Quo(share, big.NewRat(100, 1)).Float64()
			return f
		}
	}
	l.fail(o.vals[key].Pos, o.ref, key+": "+s+" is not a share", "write a percentage between 0% and 100%, such as 1%")
	return -1
}

// value reads a scalar, list or map as a value of a type. The error says what would be right.
func value(n *syntax.Node, t selfsame.Type) (selfsame.Value, error) {
	v := selfsame.Value{Type: t}
	switch {
	case t.Kind == selfsame.List:
		return listValue(n, v)
	case t.Kind == selfsame.Map:
		return mapValue(n, v)
	case n.Form != syntax.Scalar:
		return v, fmt.Errorf("it is %s", n.Form)
	case n.Plain() && (n.Text == "null" || n.Text == "~"):
		return v, fmt.Errorf("null is what there is without it")
	}
	var err error
	switch t.Kind {
	case selfsame.Bool:
		if n.Text != "true" && n.Text != "false" {
			return v, fmt.Errorf("write true or false")
		}
		if n.Text == "true" {
			v.Int = 1
		}
	case selfsame.Int64:
		v.Int, err = integer(n.Text)
	case selfsame.Float64:
		v.Float, err = number(n.Text)
	case selfsame.Decimal:
		v.Dec, err = decimal(n.Text, t)
	case selfsame.String, selfsame.Bytes:
		v.Str = n.Text
		if t.Kind == selfsame.String && !utf8.ValidString(n.Text) {
			return v, fmt.Errorf("it is not UTF-8")
		}
	case selfsame.Timestamp:
		v.Int, err = timestamp(n.Text)
	case selfsame.Date:
		v.Int, err = date(n.Text)
	default:
		return v, fmt.Errorf("it has no type")
	}
	return v, err
}

func listValue(n *syntax.Node, v selfsame.Value) (selfsame.Value, error) {
	if n.Form != syntax.Sequence {
		return v, fmt.Errorf("write a list such as []")
	}
	v.Elems = []selfsame.Value{}
	for _, item := range n.Items {
		e, err := value(item, *v.Type.Elem)
		if err != nil {
			return v, err
		}
		v.Elems = append(v.Elems, e)
	}
	return v, nil
}

func mapValue(n *syntax.Node, v selfsame.Value) (selfsame.Value, error) {
	if n.Form != syntax.Mapping {
		return v, fmt.Errorf("write a map such as {}")
	}
	pairs := slices.Clone(n.Pairs)
	slices.SortFunc(pairs, func(a, b syntax.Pair) int { return strings.Compare(a.Key.Text, b.Key.Text) })
	v.Elems, v.Keys = []selfsame.Value{}, []string{}
	for _, p := range pairs {
		e, err := value(p.Val, *v.Type.Elem)
		if err != nil {
			return v, err
		}
		v.Elems, v.Keys = append(v.Elems, e), append(v.Keys, p.Key.Text)
	}
	return v, nil
}

func integer(s string) (int64, error) {
	if !integerPattern.MatchString(s) {
		return 0, fmt.Errorf("write a whole number")
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("it does not fit int64")
	}
	return n, nil
}

func number(s string) (float64, error) {
	if !numberPattern.MatchString(s) {
		return 0, fmt.Errorf("write a number")
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("it does not fit float64")
	}
	if f == 0 {
		f = 0 // -0 is stored as +0
		return f, nil
	}
	return f, nil
}

func decimal(s string, t selfsame.Type) (selfsame.Int128, error) {
	m := decimalPattern.FindStringSubmatch(s)
	if m == nil {
		return selfsame.Int128{}, fmt.Errorf("write a number")
	}
	fraction := strings.TrimRight(m[3], "0")
	if len(fraction) > int(t.Scale) {
		return selfsame.Int128{}, fmt.Errorf("it has more than %d digits after the point", t.Scale)
	}
	digits := strings.TrimLeft(m[1]+fraction+strings.Repeat("0", int(t.Scale)-len(fraction)), "0")
	if len(digits) > int(t.Precision) {
		return selfsame.Int128{}, fmt.Errorf("it does not fit %s", t)
	}
	n, _ := new(big.Int).SetString("0"+digits, 10)
	if strings.HasPrefix(s, "-") {
		n.Neg(n)
	}
	hi := new(big.Int).Rsh(n, 64) // floors, as two's complement does
	lo := new(big.Int).Sub(n, new(big.Int).Lsh(hi, 64))
	return selfsame.Int128{Hi: hi.Int64(), Lo: lo.Uint64()}, nil
}

func timestamp(s string) (int64, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t.Nanosecond()%1000 != 0 {
			return 0, fmt.Errorf("it has digits below a microsecond")
		}
		return t.UnixMicro(), nil
	}
	return 0, fmt.Errorf("write a time such as 2024-01-31T12:00:00Z")
}

func date(s string) (int64, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("write a date such as 2024-01-31")
	}
	days := t.Unix() / 86400
	if t.Unix()%86400 != 0 && t.Unix() < 0 {
		days--
	}
	return days, nil
}

// ordered reports whether values of the type have a least and a greatest, for expectations.
func ordered(t selfsame.Type) bool {
	switch t.Kind {
	case selfsame.Int64, selfsame.Float64, selfsame.Decimal, selfsame.String, selfsame.Timestamp, selfsame.Date:
		return true
	}
	return false
}

// less compares two values of one ordered type.
func less(a, b selfsame.Value) bool {
	switch a.Type.Kind {
	case selfsame.Float64:
		return a.Float < b.Float
	case selfsame.Decimal:
		return a.Dec.Hi < b.Dec.Hi || a.Dec.Hi == b.Dec.Hi && a.Dec.Lo < b.Dec.Lo
	case selfsame.String:
		return a.Str < b.Str
	}
	return a.Int < b.Int
}
