// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"selfsame"
)

// schema is what this test reads of a schema.
type schema struct {
	Ref                  string             `yaml:"$ref"`
	Type                 any                `yaml:"type"`
	Enum                 []string           `yaml:"enum"`
	Required             []string           `yaml:"required"`
	Properties           map[string]*schema `yaml:"properties"`
	Items                *schema            `yaml:"items"`
	AdditionalProperties any                `yaml:"additionalProperties"`
}

type openAPI struct {
	Paths      map[string]map[string]any
	Components struct{ Schemas map[string]*schema }
}

func loadOpenAPI(t *testing.T) *openAPI {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var doc openAPI
	if err := yaml.Unmarshal(src, &doc); err != nil {
		t.Fatal(err)
	}
	return &doc
}

func TestOpenAPIHasEveryRoute(t *testing.T) {
	doc := loadOpenAPI(t)
	var got, want []string
	for path, methods := range doc.Paths {
		for m := range methods {
			got = append(got, strings.ToUpper(m)+" "+path)
		}
	}
	for _, r := range Routes() {
		want = append(want, r[0]+" "+r[1])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/openapi.yaml has %q, the server %q", got, want)
	}
	for name, keys := range map[string][]string{"question": questionKeys, "prediction": predictionKeys, "outcome": outcomeKeys} {
		described := slices.Sorted(maps.Keys(doc.Components.Schemas[name].Properties))
		if known := slices.Sorted(slices.Values(keys)); !slices.Equal(described, known) {
			t.Errorf("%s: docs/openapi.yaml has %q, the server %q", name, described, known)
		}
	}
	for f := Accepted; f <= Superseded; f++ {
		if doc.Components.Schemas["receipt"].Properties[f.String()] == nil {
			t.Errorf("docs/openapi.yaml does not know the fate %s", f)
		}
	}
	for class := range classes {
		if class != selfsame.ClassValue && !slices.Contains(doc.Components.Schemas["problem"].Properties["type"].Enum, string(class)) {
			t.Errorf("docs/openapi.yaml does not know the class %s", class)
		}
	}
}

// TestAnswersAreAsDescribed holds real answers to the schemas: no key that is not described, none that is required missing.
func TestAnswersAreAsDescribed(t *testing.T) {
	doc := loadOpenAPI(t)
	h := New((&store{}).options()).HTTP()
	for _, c := range []struct{ method, path, body, schema string }{
		{"POST", "/v1/features/online", `{"service":"a","entity":{"k":1},"timing":true,"event_times":true,"expired":true}`, "answer"},
		{"POST", "/v1/features/online", `{"service":"a","entity":{"k":1},"format":"columns","event_times":true}`, "answer"},
		{"POST", "/v1/events/clicks", `[{},{},{}]`, "receipt"},
		{"GET", "/v1/services", "", "services"},
		{"GET", "/v1/service", "", "problem"},
	} {
		w := call(h, c.method, c.path, c.body)
		var v any
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			t.Fatalf("%s: %v", w.Body, err)
		}
		for _, p := range doc.check(doc.Components.Schemas[c.schema], v, c.schema) {
			t.Errorf("%s %s: %s", c.method, c.path, p)
		}
	}
}

// check lists where a value is not as its schema describes it.
func (d *openAPI) check(s *schema, v any, at string) []string {
	if s == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return d.check(d.Components.Schemas[name], v, at)
	}
	var out []string
	if text, ok := v.(string); ok && s.Enum != nil && !slices.Contains(s.Enum, text) {
		out = append(out, at+" is "+text+", which is not described")
	}
	if list, ok := v.([]any); ok {
		for i, item := range list {
			out = append(out, d.check(s.Items, item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return out
	}
	for _, k := range s.Required {
		if _, ok := object[k]; !ok {
			out = append(out, at+" lacks "+k)
		}
	}
	for k, item := range object {
		if s.Properties == nil {
			continue
		}
		if s.Properties[k] == nil {
			out = append(out, at+"."+k+" is not described")
		}
		out = append(out, d.check(s.Properties[k], item, at+"."+k)...)
	}
	return out
}
