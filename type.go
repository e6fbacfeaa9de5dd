// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the outermost constructor of a Type.
type Kind uint8

// The kinds of values. Unknown is the type of an untyped NULL literal and of nothing that is stored.
const (
	Unknown Kind = iota
	Bool
	Int64
	Float64
	Decimal
	String
	Bytes
	Timestamp
	Date
	List
	Map
)

var kindNames = [...]string{"null", "bool", "int64", "float64", "decimal", "string", "bytes", "timestamp", "date", "list", "map"}

func (k Kind) String() string { return kindNames[k] }

// Type is the type of a field, an expression or a feature. The zero value is the type of an untyped NULL.
type Type struct {
	Kind      Kind
	Precision uint8 // decimal: total digits, 1 to 38
	Scale     uint8 // decimal: digits after the point, 0 to Precision
	Elem      *Type // list: the element; map: the value (a map's keys are strings)
}

// Scalar returns the type of a kind that has no parameters.
func Scalar(k Kind) Type { return Type{Kind: k} }

// ListOf returns the type of lists of elem.
func ListOf(elem Type) Type { return Type{Kind: List, Elem: &elem} }

// MapOf returns the type of maps from string to elem.
func MapOf(elem Type) Type { return Type{Kind: Map, Elem: &elem} }

// DecimalOf returns the type decimal(precision, scale).
func DecimalOf(precision, scale uint8) Type {
	return Type{Kind: Decimal, Precision: precision, Scale: scale}
}

// Equal reports whether two types are the same, parameters included.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind || t.Precision != u.Precision || t.Scale != u.Scale {
		return false
	}
	if t.Elem == nil || u.Elem == nil {
		return t.Elem == u.Elem
	}
	return t.Elem.Equal(*u.Elem)
}

// IsNumber reports whether values of the type are numbers: int64, float64 or decimal.
func (t Type) IsNumber() bool { return t.Kind == Int64 || t.Kind == Float64 || t.Kind == Decimal }

// String prints a type as ParseType reads it.
func (t Type) String() string {
	switch t.Kind {
	case Decimal:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case List:
		return "list<" + t.Elem.String() + ">"
	case Map:
		return "map<string," + t.Elem.String() + ">"
	}
	return t.Kind.String()
}

// ParseType reads a type as definitions write it: bool, int64, float64, decimal(p,s), string, bytes, timestamp, date,
// list<T>, map<string,T>. White space around parts is ignored.
func ParseType(s string) (Type, error) {
	s = strings.TrimSpace(s)
	for k := Bool; k <= Date; k++ {
		if k != Decimal && s == kindNames[k] {
			return Scalar(k), nil
		}
	}
	switch {
	case strings.HasPrefix(s, "decimal(") && strings.HasSuffix(s, ")"):
		p, q, ok := strings.Cut(s[len("decimal("):len(s)-1], ",")
		precision, err1 := strconv.ParseUint(strings.TrimSpace(p), 10, 8)
		scale, err2 := strconv.ParseUint(strings.TrimSpace(q), 10, 8)
		if !ok || err1 != nil || err2 != nil || precision < 1 || precision > 38 || scale > precision {
			return Type{}, fmt.Errorf("type %q: a decimal is decimal(p,s) with 1 <= p <= 38 and 0 <= s <= p", s)
		}
		return DecimalOf(uint8(precision), uint8(scale)), nil
	case strings.HasPrefix(s, "list<") && strings.HasSuffix(s, ">"):
		elem, err := ParseType(s[len("list<") : len(s)-1])
		if err != nil {
			return Type{}, err
		}
		return ListOf(elem), nil
	case strings.HasPrefix(s, "map<") && strings.HasSuffix(s, ">"):
		key, value, ok := strings.Cut(s[len("map<"):len(s)-1], ",")
		if !ok || strings.TrimSpace(key) != "string" {
			return Type{}, fmt.Errorf("type %q: a map is map<string,T>", s)
		}
		elem, err := ParseType(value)
		if err != nil {
			return Type{}, err
		}
		return MapOf(elem), nil
	}
	return Type{}, fmt.Errorf("unknown type %q: the types are bool, int64, float64, decimal(p,s), string, bytes, timestamp, date, list<T>, map<string,T>", s)
}
