// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package textual

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// edits is the definition of the distance of Levenshtein, without a table.
func edits(a, b []rune) int {
	switch {
	case len(a) == 0:
		return len(b)
	case len(b) == 0:
		return len(a)
	}
	replace := edits(a[1:], b[1:])
	if a[0] != b[0] {
		replace++
	}
	return min(replace, 1+edits(a[1:], b), 1+edits(a, b[1:]))
}

func TestLevenshtein(t *testing.T) {
	var c Comparer
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.SampledFrom([]rune("abé")), 0, 6, -1)
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, ok := c.Levenshtein([]byte(a), []byte(b)); !ok || got != edits([]rune(a), []rune(b)) {
			t.Fatalf("%q, %q: %d", a, b, got)
		}
		x, _ := c.JaroWinkler([]byte(a), []byte(b))
		if x < 0 || x > 1 || a == b && x != 1 {
			t.Fatalf("%q, %q: similarity %v", a, b, x)
		}
	})
	if got, _ := c.Levenshtein([]byte("\xff\xfe"), []byte("\xff�")); got != 1 {
		t.Errorf("bytes that are not UTF-8 are alike: %d", got)
	}
}

func TestPathErrors(t *testing.T) {
	for _, s := range []string{"$.", "$..a", "$[", "$[]", "$['a'", "$['a'x", "$[-1]", "$[1", "$.a*", "$[*]", "$.a b", "$[99999999999]", "$x'"} {
		if _, err := ParsePath(s); err == nil {
			t.Errorf("%s is a path", s)
		}
	}
}

// FuzzFind reads any document with any path: nothing panics, what is found is JSON, and a path of one name agrees with encoding/json.
func FuzzFind(f *testing.F) {
	for _, doc := range []string{`{"a": [1, {"b": "\ud83d\ude00\n"}], "a": 2}`, `[]`, `[[], {}, "x"]`, ` {"" : null } `, `"\ud83d"`, `-1e5`, `{"é": "é"}`} {
		for _, path := range []string{"$", "$.a", "$.a[1].b", "$['']", "[2]"} {
			f.Add([]byte(doc), path)
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		value, ok := p.Find(doc)
		if ok && !json.Valid(value) {
			t.Fatalf("%q at %s: %q", doc, s, value)
		}
		if ok {
			n := 0
			Elements(value, func(e []byte) {
				if n++; !json.Valid(e) {
					t.Fatalf("%q: element %q", value, e)
				}
			})
			var text string
			if got, present := AppendScalar(nil, value); present && value[0] == '"' && utf8.Valid(value) && (json.Unmarshal(value, &text) != nil || text != string(got)) {
				t.Fatalf("%q is %q, want %q", value, got, text)
			}
		}
		if len(p.steps) != 1 || p.steps[0].name == nil || !utf8.Valid(doc) {
			return
		}
		var members map[string]json.RawMessage
		want, there := []byte(nil), false
		if json.Unmarshal(doc, &members) == nil {
			want, there = members[string(p.steps[0].name)]
		}
		if there != ok || !bytes.Equal(want, value) {
			t.Fatalf("%q at %s: %q %v, want %q %v", doc, s, value, ok, want, there)
		}
	})
}

// FuzzAddress feeds any text to the functions of addresses: nothing panics, what is there stays in front, and results are in lower case.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"https://u:p@Host:1/p?q=%41+b#f", "a://[::1", "://", "a://?&&=&%", "a@B", "@", "x://%", "http://a@/"} {
		f.Add([]byte(s), []byte("q"))
	}
	f.Fuzz(func(t *testing.T, s, name []byte) {
		for _, part := range []func(dst []byte) ([]byte, bool){
			func(dst []byte) ([]byte, bool) { return AppendHost(dst, s) },
			func(dst []byte) ([]byte, bool) { return AppendQueryParam(dst, s, name) },
			func(dst []byte) ([]byte, bool) { return AppendDomain(dst, s) },
		} {
			b, ok := part([]byte("before"))
			if !strings.HasPrefix(string(b), "before") || !ok && len(b) != 6 {
				t.Fatalf("%q: %q %v", s, b, ok)
			}
		}
		if path, ok := URLPath(s); ok && len(path) > 0 && path[0] != '/' {
			t.Fatalf("%q: path %q", s, path)
		}
	})
}
