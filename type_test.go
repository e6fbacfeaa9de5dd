// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame_test

import (
	"strings"
	"testing"

	"selfsame"
)

func TestParseTypeReadsWhatStringPrints(t *testing.T) {
	text := selfsame.Scalar(selfsame.String)
	for in, want := range map[string]selfsame.Type{
		"bool": selfsame.Scalar(selfsame.Bool), "int64": selfsame.Scalar(selfsame.Int64), "float64": selfsame.Scalar(selfsame.Float64),
		"string": text, "bytes": selfsame.Scalar(selfsame.Bytes), "timestamp": selfsame.Scalar(selfsame.Timestamp), "date": selfsame.Scalar(selfsame.Date),
		"decimal(1,0)": selfsame.DecimalOf(1, 0), "decimal(38,38)": selfsame.DecimalOf(38, 38), " decimal( 10 , 2 ) ": selfsame.DecimalOf(10, 2),
		"list<string>": selfsame.ListOf(text), "list< list<decimal(5,2)> >": selfsame.ListOf(selfsame.ListOf(selfsame.DecimalOf(5, 2))),
		"map<string,int64>":                selfsame.MapOf(selfsame.Scalar(selfsame.Int64)),
		"map< string , map<string,date> >": selfsame.MapOf(selfsame.MapOf(selfsame.Scalar(selfsame.Date))),
	} {
		got, err := selfsame.ParseType(in)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v, %v, want %v", in, got, err, want)
			continue
		}
		if again, err := selfsame.ParseType(got.String()); err != nil || !again.Equal(got) {
			t.Errorf("%q prints as %q, which reads as %v, %v", in, got, again, err)
		}
	}
}

func TestParseTypeRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "unknown type",
		"int":               "the types are bool, int64",
		"null":              "unknown type",
		"Int64":             "unknown type",
		"decimal":           "unknown type",
		"decimal(10)":       "decimal(p,s)",
		"decimal(0,0)":      "1 <= p <= 38",
		"decimal(39,0)":     "1 <= p <= 38",
		"decimal(5,6)":      "0 <= s <= p",
		"decimal(5,-1)":     "0 <= s <= p",
		"decimal(294,2)":    "1 <= p <= 38", // 294 is 38 in eight bits
		"list<>":            "unknown type",
		"list<int>":         `"int"`,
		"list<int64":        "unknown type",
		"map<int64,string>": "map<string,T>",
		"map<string>":       "map<string,T>",
		"map<string,>":      "unknown type",
	} {
		if got, err := selfsame.ParseType(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want an error with %q", in, got, err, want)
		}
	}
}

func TestTypesDifferInTheirParameters(t *testing.T) {
	types := []selfsame.Type{{}, selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Timestamp), selfsame.DecimalOf(10, 2), selfsame.DecimalOf(10, 3), selfsame.DecimalOf(11, 2),
		selfsame.ListOf(selfsame.Scalar(selfsame.Int64)), selfsame.ListOf(selfsame.Scalar(selfsame.Date)), selfsame.MapOf(selfsame.Scalar(selfsame.Int64)),
		selfsame.ListOf(selfsame.ListOf(selfsame.Scalar(selfsame.Int64)))}
	for i, a := range types {
		for j, b := range types {
			if a.Equal(b) != (i == j) {
				t.Errorf("%s and %s: equal is %v", a, b, a.Equal(b))
			}
		}
	}
}

func TestStatusesHaveTheirWords(t *testing.T) {
	for s, want := range map[selfsame.Status]string{selfsame.Present: "present", selfsame.Null: "null", selfsame.NotFound: "not_found", selfsame.Expired: "expired",
		selfsame.ErrorOverflow: "error overflow", selfsame.ErrorMaxValues: "error max_values", selfsame.ErrorLength: "error length"} {
		if got := strings.TrimSpace(s.String() + " " + s.ErrorKind()); got != want || s.IsError() != strings.HasPrefix(want, "error") {
			t.Errorf("status %d is %q, an error: %v; want %q", s, got, s.IsError(), want)
		}
	}
}
