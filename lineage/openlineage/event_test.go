// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package openlineage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"selfsame/lineage"
	"selfsame/lineage/openlineage"
)

var rewrite = flag.Bool("rewrite", false, "write the golden events")

// spec is the schema that testdata/spec.json writes down: what OpenLineage 2-0-2 and the facets used here demand of an event.
func spec(t testing.TB) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(filepath.Join("testdata", "spec.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// work has every facet.
func work() *openlineage.Work {
	file := openlineage.File("/tmp/labels.csv")
	file.Fields = []openlineage.Field{{Name: "user_id", Type: "string"}, {Name: "amount", Type: "float64"}}
	source := openlineage.Source("shop", "orders")
	source.URI, source.Version, source.Files, source.Bytes = "file:///tmp/orders.csv", "xxh3:12", 2, 900
	view := openlineage.View("shop", "spend")
	out := openlineage.File("/tmp/train.parquet")
	out.Rows, out.Bytes, out.Version = 12, 345, "xxh3:34"
	of := func(name string, r ...lineage.Role) openlineage.From {
		return openlineage.From{Namespace: source.Namespace, Name: source.Name, Field: name, Roles: r, Aggregate: true}
	}
	out.Fields = []openlineage.Field{
		{Name: "user_id", Type: "string", From: []openlineage.From{{Namespace: "file", Name: file.Name, Field: "user_id", Roles: []lineage.Role{lineage.RoleValue}, Same: true}}},
		{Name: "spend__total", Type: "float64", Description: "of a user", From: []openlineage.From{of("amount", lineage.RoleValue, lineage.RoleFilter), of("at", lineage.RoleEventTime),
			of("user_id", lineage.RoleKey), of("op", lineage.RoleOperation), of("seq", lineage.RoleOrder), of("id", lineage.RoleID, lineage.RolePrimaryKey),
			of("status", lineage.RoleWhere), of("loaded", lineage.RoleArrival)}},
		{Name: "spend__ratio", Type: "float64", From: []openlineage.From{{Namespace: "file", Name: file.Name, Field: "amount", Roles: []lineage.Role{lineage.RoleValue}}}},
	}
	return &openlineage.Work{ID: "01a1ff70-96e0-73fe-bef0-58f9d6074da6", Kind: "train", Name: "risk", Namespace: "shop", Engine: "0.1.0",
		Inputs: []openlineage.Dataset{file, source}, Outputs: []openlineage.Dataset{out, view}}
}

// valid checks an event against the schema.
func valid(t testing.TB, s *jsonschema.Schema, event []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%v\n%s", err, event)
	}
}

// TestEvents holds the events of one piece of work to files and to the schema.
func TestEvents(t *testing.T) {
	s := spec(t)
	w := work()
	for name, make := range map[string]func() ([]byte, error){
		"start":    func() ([]byte, error) { return w.Start(1_700_000_000_000_000) },
		"complete": func() ([]byte, error) { return w.Done(1_700_000_001_500_000, nil) },
		"fail":     func() ([]byte, error) { return w.Done(1_700_000_002_000_001, errors.New("disk full")) },
		"empty": func() ([]byte, error) {
			return (&openlineage.Work{ID: w.ID, Kind: "apply", Namespace: "shop", Engine: "1"}).Start(0)
		},
	} {
		event, err := make()
		if err != nil {
			t.Fatal(err)
		}
		valid(t, s, event)
		var shown bytes.Buffer
		if err := json.Indent(&shown, event, "", "  "); err != nil {
			t.Fatal(err)
		}
		shown.WriteByte('\n')
		path := filepath.Join("testdata", name+".json")
		if *rewrite {
			if err := os.WriteFile(path, shown.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(shown.Bytes(), want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, &shown, want)
		}
	}
}

// TestSchemaRefuses changes a valid event in one place after the other: the schema that events are held against sees each.
func TestSchemaRefuses(t *testing.T) {
	s := spec(t)
	event, err := work().Done(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(e map[string]any){
		"no run":           func(e map[string]any) { delete(e, "run") },
		"no job":           func(e map[string]any) { delete(e, "job") },
		"no producer":      func(e map[string]any) { delete(e, "producer") },
		"no schema URL":    func(e map[string]any) { delete(e, "schemaURL") },
		"a kind":           func(e map[string]any) { e["eventType"] = "END" },
		"a time":           func(e map[string]any) { e["eventTime"] = "2024-01-01" },
		"an id":            func(e map[string]any) { e["run"].(map[string]any)["runId"] = "7" },
		"no namespace":     func(e map[string]any) { delete(e["job"].(map[string]any), "namespace") },
		"a nameless input": func(e map[string]any) { delete(e["inputs"].([]any)[0].(map[string]any), "name") },
		"a facet's producer": func(e map[string]any) {
			delete(e["run"].(map[string]any)["facets"].(map[string]any)["processing_engine"].(map[string]any), "_producer")
		},
		"a field": func(e map[string]any) { delete(facetOf(e, "schema")["fields"].([]any)[0].(map[string]any), "name") },
		"a column": func(e map[string]any) {
			f := facetOf(e, "columnLineage")["fields"].(map[string]any)["spend__total"].(map[string]any)["inputFields"].([]any)[0].(map[string]any)
			delete(f, "field")
		},
		"a transformation": func(e map[string]any) {
			f := facetOf(e, "columnLineage")["fields"].(map[string]any)["spend__total"].(map[string]any)["inputFields"].([]any)[0].(map[string]any)
			delete(f["transformations"].([]any)[0].(map[string]any), "type")
		},
		"a version": func(e map[string]any) { delete(facetOf(e, "version"), "datasetVersion") },
		"a count": func(e map[string]any) {
			e["outputs"].([]any)[0].(map[string]any)["outputFacets"].(map[string]any)["outputStatistics"].(map[string]any)["rowCount"] = 1.5
		},
	} {
		var e map[string]any
		if err := json.Unmarshal(event, &e); err != nil {
			t.Fatal(err)
		}
		change(e)
		if s.Validate(e) == nil {
			t.Errorf("%s: the schema does not see it", name)
		}
	}
}

// facetOf is a facet of the first output.
func facetOf(e map[string]any, name string) map[string]any {
	return e["outputs"].([]any)[0].(map[string]any)["facets"].(map[string]any)[name].(map[string]any)
}
