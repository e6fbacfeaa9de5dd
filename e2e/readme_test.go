// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"selfsame/definition"
)

const (
	root        = ".."
	readmeLines = 150
)

// block is a fenced block of a page.
type block struct {
	language string
	line     int
	text     string
}

// blocks returns the fenced blocks of a page.
func blocks(t *testing.T, path string) []block {
	t.Helper()
	var out []block
	open := false
	for i, line := range strings.Split(string(read(t, path)), "\n") {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open:
			open = false
		case fence:
			open = true
			out = append(out, block{language: language, line: i + 1})
		case open:
			out[len(out)-1].text += line + "\n"
		}
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReadmeRuns runs every sh block of the README in one folder after another. The lines that call make are checked against the
// Makefile: they would run this test.
func TestReadmeRuns(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, filepath.Join(dir, "bin", "selfsame")); err != nil {
		t.Fatal(err)
	}
	targets := makeTargets(t)
	ran := 0
	for _, b := range blocks(t, "README.md") {
		if b.language != "sh" {
			continue
		}
		var script bytes.Buffer
		for line := range strings.Lines(b.text) {
			words := strings.Fields(line)
			if len(words) > 1 && words[0] == "make" {
				if !slices.Contains(targets, words[1]) {
					t.Errorf("README.md:%d: the Makefile has no target %s", b.line, words[1])
				}
				continue
			}
			ran += min(len(words), 1)
			script.WriteString(line)
		}
		cmd := exec.Command("sh", "-eu", "-c", script.String())
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("README.md:%d: %v\n%s\n%s", b.line, err, script.String(), out)
		}
	}
	if ran == 0 {
		t.Error("README.md holds no command to run")
	}
}

func makeTargets(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllSubmatch(read(t, "Makefile"), -1) {
		out = append(out, string(m[1]))
	}
	return out
}

// TestReadmeDefinitions checks every yaml block of the README, and that the first is the project that init writes.
func TestReadmeDefinitions(t *testing.T) {
	seen := 0
	for _, b := range blocks(t, "README.md") {
		if b.language != "yaml" {
			continue
		}
		seen++
		if _, err := definition.Parse(map[string][]byte{"selfsame.yaml": []byte(b.text)}, "README.md"); err != nil {
			t.Errorf("README.md:%d: %v", b.line, err)
		}
		if starter := read(t, "examples/starter/selfsame.yaml"); seen == 1 && !bytes.HasSuffix(starter, []byte(b.text)) {
			t.Errorf("README.md:%d: the block is not what init writes, examples/starter/selfsame.yaml", b.line)
		}
	}
	if seen == 0 {
		t.Error("README.md holds no definition")
	}
}

func TestReadmeIsShort(t *testing.T) {
	if n := bytes.Count(read(t, "README.md"), []byte("\n")); n > readmeLines {
		t.Errorf("README.md has %d lines, more than %d: move something to docs/", n, readmeLines)
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks follows every relative link of the README and of the pages below docs.
func TestLinks(t *testing.T) {
	followed := 0
	for _, page := range pages(t) {
		for i, line := range strings.Split(string(read(t, page)), "\n") {
			for _, m := range link.FindAllStringSubmatch(line, -1) {
				target, anchor, _ := strings.Cut(m[1], "#")
				if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
					continue
				}
				followed++
				path := filepath.Join(filepath.Dir(page), target)
				if target == "" {
					path = page
				}
				if _, err := os.Stat(filepath.Join(root, path)); err != nil {
					t.Errorf("%s:%d: the link %s leads nowhere", page, i+1, m[1])
				} else if anchor != "" && !slices.Contains(anchors(t, path), anchor) {
					t.Errorf("%s:%d: %s has no heading #%s", page, i+1, path, anchor)
				}
			}
		}
	}
	if followed < 20 {
		t.Errorf("followed %d links: the test looks in the wrong place", followed)
	}
}

// pages are the README and the pages below docs.
func pages(t *testing.T) []string {
	t.Helper()
	out := []string{"README.md"}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".md") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		out = append(out, rel)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var notAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchors are the anchors that GitHub gives to the headings of a page.
func anchors(t *testing.T, path string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(string(read(t, path))) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			title = strings.ToLower(notAnchor.ReplaceAllString(strings.TrimSpace(title), ""))
			out = append(out, strings.ReplaceAll(title, " ", "-"))
		}
	}
	return out
}
