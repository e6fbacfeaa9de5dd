// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"selfsame/definition/canonical"
	"selfsame/definition/syntax"
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
		a, _ := syntax.Read("x", src)
		b, _ := syntax.Read("x", out)
		if !syntax.Same(a.Root, b.Root) {
			t.Errorf("%q becomes %q, which means something else", src, out)
		}
	})
}
