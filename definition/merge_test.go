// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"strings"
	"testing"

	"selfsame/definition"
)

func TestMerge(t *testing.T) {
	for name, c := range map[string]struct{ file, over, want string }{
		"one of two": {"views:\n  a:\n    entity: e\n    # of a\n\n  # of b\n  b:\n    entity: f\n", "views: {a: {entity: g}}", "views:\n    # of a\n\n  # of b\n  b:\n    entity: f\n"},
		"the last":   {"project: p\nviews:\n  a: {entity: e}\n# end\n", "views: {a: {entity: g}}", "project: p\n# end\n"},
		"flow":       {"project: p\nviews: {a: {entity: e}, b: {entity: f}}\n", "views: {a: {entity: g}}", "project: p\nviews: {b: {entity: f}}\n"},
		"flow, all":  {"project: p\nviews: {a: {entity: e}}\nservices: {}\n", "views: {a: {entity: g}}", "project: p\nservices: {}\n"},
		"JSON":       {`{"project": "p", "views": {"a": {"entity": "e"}, "b": {"entity": "f"}}}`, `{"views": {"b": {"entity": "g"}}}`, `{"project": "p", "views": {"a": {"entity": "e"}}}` + "\n"},
		"other kind": {"views:\n  a: {entity: e}\n", "sources: {a: {}}", "views:\n  a: {entity: e}\n"},
		"nothing":    {"views:\n  a: {entity: e}\n", "views: {a: {entity: f}}", ""},
		"block text": {"views:\n  a:\n    description: |\n      one\n      # two\n    entity: e\n  b: {entity: f}\n", "views: {a: {}}", "views:\n  b: {entity: f}\n"},
		"CRLF":       {"views:\r\n  a: {entity: e}\r\n  b: {entity: f}\r\n", "views: {a: {}}", "views:\r\n  b: {entity: f}\r\n"},
		"empty":      {"", "views: {a: {}}", ""},
	} {
		out, err := definition.Merge(map[string][]byte{"features/x.yaml": []byte(c.file)}, "features/new.yaml", []byte(c.over))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(out["features/x.yaml"]); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
		if _, there := out["features/x.yaml"]; there != (c.want != "" || c.file == "") {
			t.Errorf("%s: the file is there: %v", name, there)
		}
		if string(out["features/new.yaml"]) != c.over {
			t.Errorf("%s: the file that is laid over is %q", name, out["features/new.yaml"])
		}
	}
}

func TestMergeOfWhatCannotBeRead(t *testing.T) {
	_, err := definition.Merge(map[string][]byte{}, "body", []byte("views:\n  a: [\n"))
	if err == nil || !strings.Contains(err.Error(), "body:") {
		t.Errorf("got %v", err)
	}
}
