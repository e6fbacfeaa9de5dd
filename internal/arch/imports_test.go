// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arch

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// imports is the import table of the architecture: a room, and the rooms it may import. A room's sub-rooms (adapters, suites)
// may import the room itself and what the room may; `adapters` below may import more. The root package may be imported by all.
var imports = map[string][]string{
	"": {},

	// Shapes and the core.
	"column":            {"compute/zone"},
	"compute/exact":     {},
	"compute/zone":      {},
	"compute/transcend": {},
	"compute/geodesy":   {"compute/transcend"},
	"compute/textual":   {},
	"compute/scalar":    {"column", "compute/exact", "compute/geodesy", "compute/textual", "compute/transcend", "compute/zone"},
	"compute/operator":  {"column", "compute/exact", "compute/zone"},
	"compute/expr":      {"column", "compute/exact", "compute/operator", "compute/scalar", "compute/zone"},
	"compute/aggregate": {"column", "compute/exact", "compute/transcend", "compute/zone"},
	"compute/window":    {"column", "compute/zone"},
	"compute/pit":       {"column", "compute/aggregate", "compute/window"},
	"compute":           {},

	// Contracts and definitions.
	"config":     {},
	"source":     {"column", "compute/zone"},
	"offline":    {"column", "compute/zone"},
	"online":     {"column"},
	"eventlog":   {"column"},
	"journal":    {"column"},
	"plan":       {"column", "compute/expr", "compute/aggregate", "compute/window", "compute/pit"},
	"definition": {"definition/syntax", "definition/canonical", "column", "plan", "compute/expr", "compute/scalar", "compute/aggregate", "compute/window", "compute/exact", "compute/zone", "source"},
	"lineage":    {"plan"},
	"registry":   {"plan", "definition", "definition/canonical", "lineage", "config"},

	"definition/syntax":    {},
	"definition/canonical": {"plan", "compute/expr"},
	"definition/lint":      {"compute/expr", "plan", "definition", "definition/canonical"},
	"registry/graph":       {"lineage", "plan", "definition", "registry"},
	"registry/catalogue":   {"column", "compute/expr", "plan", "definition", "registry"},

	// Drivers.
	"batch":   {"column", "compute/expr", "compute/aggregate", "compute/window", "compute/pit", "compute/zone", "compute/exact", "source", "offline", "eventlog", "plan", "definition", "registry"},
	"stream":  {"column", "compute/expr", "compute/aggregate", "compute/window", "compute/pit", "online", "eventlog", "plan", "definition", "registry"},
	"request": {"column", "compute/expr", "compute/aggregate", "compute/window", "compute/pit", "online", "plan", "definition", "registry"},
	"monitor": {"column", "compute/exact", "batch", "journal", "offline", "plan", "definition", "registry"},

	"forecast": {"column", "compute/expr", "compute/window", "online", "batch", "stream", "journal", "source", "plan", "definition/lint", "registry"},

	// Above the drivers.
	"offline/archive": {"column", "eventlog", "offline"},
	"ingest":          {"column", "eventlog", "stream", "source"},
	"materialize":     {"column", "source", "batch", "stream", "offline", "online", "eventlog", "plan", "definition", "registry", "config"},
	"serve":           {"column", "source", "request", "online", "journal", "plan", "definition", "registry", "monitor", "config"},
	"audit":           {"column", "batch", "journal", "online", "source", "plan", "definition", "registry"},
	"api":             {"column"},
	"client":          {"api"},
	"ui":              {},
}

// core rooms use the standard library and the identity hash only.
var core = []string{"", "column", "plan", "compute"}

const identityHash = "github.com/zeebo/xxh3"

// above rooms put the others together: they may import every room, adapters included, but not each other upward.
var above = map[string][]string{
	"featuretest": {"cmd", "node", "e2e", "bench"},
	"node":        {"cmd", "e2e", "bench"},
	"cmd":         {"e2e"},
	"e2e":         {},
	"bench":       {"cmd", "e2e"},
	"internal":    {"cmd", "node", "e2e", "bench", "featuretest"},
	"examples":    {"e2e"},
	"docs":        {"e2e"},
	"scripts":     {"cmd", "node", "e2e", "bench", "featuretest"},
}

// owner is the longest room of the table that holds a path.
func owner(path string) (string, bool) {
	best, found := "", path == ""
	for room := range imports {
		if room != "" && within(path, room) && len(room) > len(best) {
			best, found = room, true
		}
	}
	return best, found
}

func within(path, room string) bool {
	return path == room || strings.HasPrefix(path, room+"/")
}

func top(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

func imported(f *file) []string {
	var out []string
	for _, spec := range f.ast.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			out = append(out, path)
		}
	}
	return out
}

func TestImportTable(t *testing.T) {
	for _, f := range production(parse(t)) {
		if below, ok := above[top(f.room)]; ok {
			for _, path := range imported(f) {
				if to, ours := strings.CutPrefix(path, module+"/"); ours && slices.Contains(below, top(to)) {
					t.Errorf("%s imports %s, which stands above it: turn the dependency round", f.path, to)
				}
			}
			continue
		}
		room, ok := owner(f.room)
		if !ok {
			t.Errorf("%s: room %s is not in the import table: add it to internal/arch with the rooms it may import (architecture.md, section 3)", f.path, f.room)
			continue
		}
		for _, path := range imported(f) {
			to, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			target, known := owner(to)
			adapter := known && to != target // a sub-room: an adapter or a suite
			switch {
			case within(to, "internal") || within(to, f.room):
			case f.room != room && target == room && !adapter: // an adapter imports its contract
			case !known:
				t.Errorf("%s imports %s: only cmd, node, tests and benchmarks may", f.path, to)
			case adapter && target == room:
				t.Errorf("%s imports %s: adapters do not know each other; move what they share into %s", f.path, to, room)
			case adapter && target != "compute":
				t.Errorf("%s imports adapter %s: only node, cmd and tests may; take the contract of %s instead", f.path, to, target)
			case !slices.Contains(imports[room], target):
				t.Errorf("%s: %s may not import %s: move the code to the room that owns it, or let the caller pass it in (architecture.md, section 3)", f.path, room, target)
			}
		}
	}
}

func TestCoreUsesTheStandardLibrary(t *testing.T) {
	for _, f := range production(parse(t)) {
		inCore := slices.ContainsFunc(core, func(room string) bool {
			return f.room == room || room != "" && within(f.room, room)
		})
		if !inCore {
			continue
		}
		for _, path := range imported(f) {
			domain := strings.Contains(top(path), ".")
			if domain && path != identityHash {
				t.Errorf("%s imports %s: the core uses the standard library and %s only; put the adapter in another room", f.path, path, identityHash)
			}
			if f.room == "" && path == identityHash {
				t.Errorf("%s imports %s: the root package uses the standard library only", f.path, path)
			}
		}
	}
}

func TestNoLoggerBelowServe(t *testing.T) {
	for _, f := range production(parse(t)) {
		switch top(f.room) {
		case "node", "cmd", "serve", "api", "e2e", "bench", "client", "ui":
			continue
		}
		for _, path := range imported(f) {
			if path == "log" || path == "log/slog" || strings.Contains(path, "prometheus") {
				t.Errorf("%s imports %s: return an error or report through a hook; node turns hooks into logs and metrics", f.path, path)
			}
		}
	}
}
