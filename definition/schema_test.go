// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func TestSchemaIsCurrent(t *testing.T) {
	got, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "schema.json", string(got))
}

// TestSchemaAcceptsShop validates the example of docs/definitions.md, read by YAML's own typing as editors read it.
func TestSchemaAcceptsShop(t *testing.T) {
	s := loadSchema(t)
	if problems := s.validate(s.root, decodeYAML(t, shopSource(t)), "shop"); len(problems) > 0 {
		t.Errorf("got %q, want no problem", problems)
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := loadSchema(t)
	for _, src := range []string{
		"entitiess: {}",
		"entities: {user: {keyy: {id: string}}}",
		"entities: {User: {key: {id: string}}}",
		"entities: {user: {key: {id: varchar}}}",
		"sources: {s: {schema: {a: string}, lateness: 1 hour}}",
		"sources: {s: {nan: drop}}",
		"views: {v: {features: {a: {default: 0}}}}",
		"views: {v: {features: 3}}",
		"views: {v: {max_values: 0}}",
		"services: {s: {features: [{vieww: a}]}}",
	} {
		if problems := s.validate(s.root, decodeYAML(t, []byte(src)), "file"); len(problems) == 0 {
			t.Errorf("%s: got no problem", src)
		}
	}
}

func decodeYAML(t *testing.T, src []byte) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(src, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// validator knows the part of JSON Schema that the schema uses; it fails on any other word.
type validator struct{ root, defs map[string]any }

func loadSchema(t *testing.T) *validator {
	t.Helper()
	src, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	root := map[string]any{}
	dec := json.NewDecoder(bytes.NewReader(src))
	if err := dec.Decode(&root); err != nil {
		t.Fatal(err)
	}
	return &validator{root: root, defs: root["$defs"].(map[string]any)}
}

func (s *validator) validate(schema, v any, path string) []string {
	if schema == false {
		return []string{path + " is not allowed"}
	}
	rules, ok := schema.(map[string]any)
	if !ok {
		return nil // true
	}
	var out []string
	object, isObject := v.(map[string]any)
	for word, rule := range rules {
		switch word {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			name := strings.TrimPrefix(rule.(string), "#/$defs/")
			out = append(out, s.validate(s.defs[name], v, path)...)
		case "type":
			if !typed(rule.(string), v) {
				out = append(out, fmt.Sprintf("%s is a %T, not a %s", path, v, rule))
			}
		case "enum":
			if !slices.Contains(rule.([]any), v) {
				out = append(out, fmt.Sprintf("%s is %v", path, v))
			}
		case "pattern":
			if text, ok := v.(string); ok && !regexp.MustCompile(rule.(string)).MatchString(text) {
				out = append(out, path+" is "+text)
			}
		case "minimum":
			if n, ok := v.(int); ok && float64(n) < rule.(float64) {
				out = append(out, path+" is too small")
			}
		case "anyOf":
			if !slices.ContainsFunc(rule.([]any), func(r any) bool { return len(s.validate(r, v, path)) == 0 }) {
				out = append(out, path+" fits no form")
			}
		case "items":
			items, _ := v.([]any)
			for i, item := range items {
				out = append(out, s.validate(rule, item, fmt.Sprintf("%s[%d]", path, i))...)
			}
		case "required":
			for _, name := range rule.([]any) {
				if _, ok := object[name.(string)]; isObject && !ok {
					out = append(out, path+" lacks "+name.(string))
				}
			}
		case "propertyNames":
			for name := range object {
				out = append(out, s.validate(rule, name, path+" key")...)
			}
		case "properties", "additionalProperties":
			out = append(out, s.members(rules, word, object, path)...)
		default:
			out = append(out, "the test does not know "+word)
		}
	}
	return out
}

func (s *validator) members(rules map[string]any, word string, object map[string]any, path string) []string {
	var out []string
	properties, _ := rules["properties"].(map[string]any)
	for name, v := range object {
		rule, named := properties[name]
		if named == (word == "properties") {
			if !named {
				rule = rules[word]
			}
			out = append(out, s.validate(rule, v, path+"."+name)...)
		}
	}
	return out
}

func typed(name string, v any) bool {
	switch v.(type) {
	case map[string]any:
		return name == "object"
	case []any:
		return name == "array"
	case string:
		return name == "string"
	case bool:
		return name == "boolean"
	case int:
		return name == "integer" || name == "number"
	case float64:
		return name == "number"
	}
	return false
}

func TestSchemaIsNamedByDocs(t *testing.T) {
	doc, err := os.ReadFile("../docs/definitions.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range [][]key{fileKeys, entityKeys, sourceKeys, batchKeys, streamKeys, viewKeys, inputKeys, featureKeys, expectKeys, serviceKeys, entryKeys} {
		for _, k := range keys {
			if !strings.Contains(string(doc), "`"+k.name+"`") {
				t.Errorf("docs/definitions.md does not describe `%s`", k.name)
			}
		}
	}
}
