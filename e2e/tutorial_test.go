// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTutorialRuns does what docs/getting-started.md says in one folder: a block whose first line names a file is written there, sh blocks
// are run, and what the block of text behind one shows is in its output, line for line.
func TestTutorialRuns(t *testing.T) {
	const page = "docs/getting-started.md"
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(dir, "bin", "selfsame")); err != nil {
		t.Fatal(err)
	}
	said, ran, shown := "", 0, 0
	for _, b := range blocks(t, page) {
		first, _, _ := strings.Cut(b.text, "\n")
		switch name, named := strings.CutPrefix(first, "# "); {
		case b.language == "sh":
			cmd := exec.Command("sh", "-eu", "-c", b.text)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s:%d: %v\n%s\n%s", page, b.line, err, b.text, out)
			}
			said = string(out)
			ran++
		case b.language == "text":
			for line := range strings.Lines(b.text) {
				shown++
				if !strings.Contains(said, strings.TrimSuffix(line, "\n")) {
					t.Errorf("%s:%d: the command before does not print %q:\n%s", page, b.line, line, said)
				}
			}
		case named:
			if err := os.WriteFile(filepath.Join(dir, name), []byte(b.text), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s:%d: a block that is neither a command, nor its output, nor a file", page, b.line)
		}
	}
	if ran == 0 || shown == 0 {
		t.Errorf("%s holds %d commands and %d lines of output", page, ran, shown)
	}
}
