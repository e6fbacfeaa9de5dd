// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package gendocs

import (
	"encoding/json"
	"os"
	"testing"

	"selfsame/config"
	"selfsame/definition"
)

func TestConfigPage(t *testing.T) {
	template, err := os.ReadFile("config.md")
	if err != nil {
		t.Fatal(err)
	}
	table := "\n" + head("setting", "flag", "variable", "default", "unit, bounds", "meaning")
	for _, s := range config.Settings() {
		table += row(code(s.Name), code("--"+s.Flag()), code(s.Env()), s.Default, s.Bounds, s.Doc)
	}
	page(t, "config.md", string(template)+table)
}

// TestSettingsMayStandInTheProjectFile holds the keys that the reader of definitions passes over to those that settings have.
func TestSettingsMayStandInTheProjectFile(t *testing.T) {
	raw, err := definition.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]struct {
			Ref string `json:"$ref"`
		}
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatal(err)
	}
	settings := 0
	for _, p := range schema.Properties {
		if p.Ref == "#/$defs/setting" {
			settings++
		}
	}
	for _, key := range config.Sections() {
		if schema.Properties[key].Ref != "#/$defs/setting" {
			t.Errorf("definitions do not know the key %s of settings", key)
		}
	}
	if settings != len(config.Sections()) {
		t.Errorf("definitions pass over %d keys, settings have %d", settings, len(config.Sections()))
	}
}
