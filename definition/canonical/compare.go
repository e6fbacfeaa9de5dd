// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// decode reads a canonical form.
func decode(form []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(form))
	d.UseNumber()
	var out map[string]any
	return out, d.Decode(&out)
}

// Reads are the hashes of the features that a form reads; none where the text is no form.
func Reads(form []byte) []string {
	doc, err := decode(form)
	if err != nil {
		return nil
	}
	var out []string
	reads, _ := doc["reads"].(map[string]any)
	for _, r := range reads {
		if read, ok := r.(map[string]any); ok {
			if hash, ok := read["feature"].(string); ok {
				out = append(out, hash)
			}
		}
	}
	return out
}

// Forms finds forms by their hashes; nil: it is not known.
type Forms func(hash string) []byte

// Addition reports whether two forms differ only by what cannot change an existing value: a request field that may now be absent, in the
// feature or in one that it reads. was finds the forms that the first one reads, is those of the second.
func Addition(before, after []byte, was, is Forms) (bool, error) {
	a, err := decode(before)
	if err != nil {
		return false, err
	}
	b, err := decode(after)
	if err != nil {
		return false, err
	}
	if !moreOptional(a["request"], b["request"]) {
		return false, nil
	}
	more, err := readAdditions(a["reads"], b["reads"], was, is)
	if err != nil || !more {
		return false, err
	}
	for _, doc := range []map[string]any{a, b} {
		delete(doc, "request")
		delete(doc, "reads")
	}
	return reflect.DeepEqual(a, b), nil
}

// moreOptional reports whether request fields agree but for some that became optional.
func moreOptional(before, after any) bool {
	a, _ := before.([]any)
	b, _ := after.([]any)
	return slices.EqualFunc(a, b, func(x, y any) bool {
		f, _ := x.(map[string]any)
		g, _ := y.(map[string]any)
		return f["name"] == g["name"] && f["type"] == g["type"] && (f["optional"] == g["optional"] || g["optional"] == true)
	})
}

// readAdditions reports whether two lists of reads name the same features in the same roles, each equal or changed by an addition.
func readAdditions(before, after any, was, is Forms) (bool, error) {
	a, _ := before.(map[string]any)
	b, _ := after.(map[string]any)
	if len(a) != len(b) {
		return false, nil
	}
	for name, x := range a {
		f, _ := x.(map[string]any)
		g, _ := b[name].(map[string]any)
		if !reflect.DeepEqual(f["key"], g["key"]) {
			return false, nil
		}
		from, _ := f["feature"].(string)
		to, _ := g["feature"].(string)
		if from == to {
			continue
		}
		x, y := was(from), is(to)
		if x == nil || y == nil {
			return false, nil
		}
		if more, err := Addition(x, y, was, is); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// Difference is an entry of the canonical form (docs/format/canonical.md) that differs: its path and its texts, empty where it is absent.
type Difference struct {
	Entry  string `json:"entry"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Differences lists the entries that differ between two forms, in the order of their paths. Settings of sources are left out where the sources
// are others, and fields of a schema that came or went where anything else differs: they follow from the expressions that name them.
func Differences(before, after []byte) []Difference {
	a, errA := decode(before)
	b, errB := decode(after)
	if errA != nil || errB != nil {
		return nil
	}
	from, to := map[string]string{}, map[string]string{}
	flatten(from, "", a)
	flatten(to, "", b)
	paths := maps.Clone(from)
	maps.Copy(paths, to)
	var out, schema []Difference
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		x, inA := from[path]
		y, inB := to[path]
		switch {
		case x == y && inA == inB, from["sources"] != to["sources"] && strings.HasPrefix(path, "sources."):
		case inA != inB && strings.Contains(path, ".schema."):
			schema = append(schema, Difference{Entry: path, Before: x, After: y})
		default:
			out = append(out, Difference{Entry: path, Before: x, After: y})
		}
	}
	if len(out) == 0 {
		return schema
	}
	return out
}

// flatten writes the leaves of a document by their path. Entries of a list that have a name are found by it.
func flatten(out map[string]string, path string, v any) {
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			flatten(out, join(name), x)
		}
		return
	case []any:
		if byName(v) {
			var names []string
			for _, x := range v {
				entry := maps.Clone(x.(map[string]any))
				name := entry["name"].(string)
				delete(entry, "name")
				flatten(out, join(name), entry)
				names = append(names, name)
			}
			if path == "sources" {
				out[path] = strings.Join(names, ", ")
			}
			return
		}
	case string:
		out[path] = v
		return
	}
	b, err := json.Marshal(v)
	if err == nil {
		out[path] = string(b)
	}
}

// byName reports whether a list holds objects with a name each, every name once.
func byName(list []any) bool {
	seen := map[string]bool{}
	for _, x := range list {
		entry, ok := x.(map[string]any)
		if !ok {
			return false
		}
		name, ok := entry["name"].(string)
		if !ok || seen[name] {
			return false
		}
		seen[name] = true
	}
	return len(list) > 0
}
