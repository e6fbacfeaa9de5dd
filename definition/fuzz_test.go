// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame/definition/canonical"
)

// corpus are the files of testdata, as seeds.
func corpus(f *testing.F) {
	f.Helper()
	for _, pattern := range []string{"testdata/*.yaml", "testdata/errors/*.yaml", "testdata/format/*.in"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: got %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	for _, s := range []string{"\x00", "a: \"\\", "a: 'x", "? [", "- -\n  - a", "a: |9\n x", "&a *a", "!!", "%YAML 9.9\n---\n", "a: \"\\x4\n", "{{{{{{{{{{", "\r0", "  ! \"00\"", "\xff\xfe"} {
		f.Add([]byte(s))
	}
}

// FuzzParse: no file makes a panic, and every refusal is Errors with places that print.
func FuzzParse(f *testing.F) {
	corpus(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := Parse(map[string][]byte{ProjectFile: src}, ".")
		if err == nil {
			for _, v := range p.Views {
				for i := range v.Features {
					if _, err := canonical.Form(p, v, &v.Features[i]); err != nil {
						t.Errorf("%s.%s: %v", v.Name, v.Features[i].Name, err)
					}
				}
				if _, err := FeatureTypes(p, v); err != nil {
					t.Errorf("%s: %v", v.Name, err)
				}
			}
			return
		}
		var list Errors
		if !errors.As(err, &list) || len(list) == 0 || err.Error() == "" {
			t.Errorf("got %T %v", err, err)
		}
	})
}

// FuzzFormat: what is formatted means the same, and formatting it again changes nothing.
func FuzzFormat(f *testing.F) {
	corpus(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := Format(src, ProjectFile)
		if err != nil {
			return
		}
		again, err := Format(out, ProjectFile)
		if err != nil {
			t.Fatalf("%q becomes %q, which is refused: %v", src, out, err)
		}
		if string(again) != string(out) {
			t.Errorf("%q becomes %q and then %q", src, out, again)
		}
		a, _ := read("x", src)
		b, _ := read("x", out)
		if !sameNode(a.root, b.root) {
			t.Errorf("%q becomes %q, which means something else", src, out)
		}
	})
}

// FuzzLocate: every byte of a scalar has a place in the source, in order.
func FuzzLocate(f *testing.F) {
	for _, s := range []string{"a b", "'it''s'", `"x\n\u00e9 y"`, "|\n a\n  b\n", ">-\n a\n b\n\n c\n", "a\n  b\n\n  c", "'a\n\n  b'", "\"a\\\n  b\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		file, errs := read("x", []byte("k: "+strings.ReplaceAll(s, "\r", "")))
		root := file.root
		if len(errs) > 0 || root == nil || root.get("k") == nil || root.get("k").form != scalar {
			return
		}
		n := root.get("k")
		places, _ := locate(n)
		if places == nil {
			return // the start of the scalar is the place then
		}
		if len(places) != len(n.text)+1 {
			t.Fatalf("%q: got %d places for %d bytes", s, len(places), len(n.text))
		}
		for i := 1; i < len(places); i++ {
			if later(places[i-1], places[i]) != places[i] && places[i-1] != places[i] {
				t.Errorf("%q: place %d is before the one before it", s, i)
			}
		}
	})
}
