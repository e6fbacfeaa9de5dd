// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/source"
)

// scanDamaged reads a file that may be damaged. What it returns must be an error of the input or of its size, or nothing.
func scanDamaged(t *testing.T, path string, spec source.Spec) error {
	t.Helper()
	spec.Batch.Path = path
	_, _, _, err := read(t, spec, source.Want{})
	var e *selfsame.Error
	if err != nil && (!errors.As(err, &e) || e.Class != selfsame.ClassInput && e.Class != selfsame.ClassResource || !strings.Contains(err.Error(), filepath.Base(path))) {
		t.Fatalf("%s: got %v, want an error of the input, or of its size, that names the file", path, err)
	}
	if err != nil && strings.Contains(err.Error(), "runtime error") {
		t.Fatalf("%s: %v", path, err)
	}
	return err
}

func sampleFiles(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"*.parquet", "*.arrow", "*.feather", "*.avro", "*.csv*", "*json*"} {
		files, err := filepath.Glob(filepath.Join(samples, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(err, files)
		}
		out = append(out, files...)
	}
	return out
}

// TestFilesUnderOtherNames holds that a file whose name says another format is told apart by what it is.
func TestFilesUnderOtherNames(t *testing.T) {
	written := map[string]string{"parquet": "Parquet", "arrow": "Arrow", "avro": "Avro"}
	seen := map[string]bool{}
	for _, file := range sampleFiles(t) {
		is := source.FormatOf(file)
		if written[is] == "" || seen[is] {
			continue
		}
		seen[is] = true
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for says := range written {
			path := filepath.Join(t.TempDir(), "file."+says)
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if says == is {
				continue
			}
			var e *selfsame.Error
			if err := scanDamaged(t, path, source.Spec{}); !errors.As(err, &e) || !strings.Contains(e.Hint, "it begins as a file of "+written[is]) {
				t.Errorf("%s as %s: %v", is, says, err)
			}
		}
	}
	if len(seen) != len(written) {
		t.Errorf("samples of %v only", seen)
	}
}

func TestTruncatedFiles(t *testing.T) {
	for _, file := range sampleFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), filepath.Base(file))
		for i := range 16 {
			if err := os.WriteFile(path, data[:len(data)*i/16], 0o644); err != nil {
				t.Fatal(err)
			}
			err := scanDamaged(t, path, source.Spec{})
			if err == nil && slices.Contains([]string{"parquet", "arrow", "avro"}, source.FormatOf(file)) {
				t.Errorf("%s: %d/16 of the file is read without an error", file, i)
			}
		}
	}
}

func TestDamagedBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, file := range sampleFiles(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), filepath.Base(file))
		for range 60 {
			damaged := append([]byte{}, data...)
			for range 1 + r.IntN(4) {
				damaged[r.IntN(len(damaged))] = byte(r.Uint32())
			}
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			scanDamaged(t, path, source.Spec{SkipBad: true})
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	for _, ext := range []string{"parquet", "arrow", "avro", "csv", "jsonl"} {
		path := filepath.Join(dir, "folder."+ext)
		if err := os.Symlink(filepath.Join(dir, "gone"), path); err != nil {
			t.Fatal(err)
		}
		_, err := source.Open(t.Context(), source.Spec{Batch: selfsame.BatchSource{Path: path}}, formats)
		if selfsame.ClassOf(err) != selfsame.ClassInput || !strings.Contains(err.Error(), "folder."+ext) {
			t.Errorf("got %v", err)
		}
	}
}

func fuzzFormat(f *testing.F, ext, schemaText string) {
	for _, file := range sampleFiles(f) {
		if source.FormatOf(file) == ext {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x."+ext)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		scanDamaged(t, path, source.Spec{})
		for _, skip := range []bool{false, true} {
			scanDamaged(t, path, source.Spec{Schema: schema(t, schemaText), SkipBad: skip})
		}
	})
}

const fuzzSchema = "id int64; amount float64; at timestamp"

func FuzzCSV(f *testing.F)     { fuzzFormat(f, "csv", fuzzSchema) }
func FuzzJSONL(f *testing.F)   { fuzzFormat(f, "jsonl", fuzzSchema+"; tags list<string>") }
func FuzzAvro(f *testing.F)    { fuzzFormat(f, "avro", fuzzSchema+"; tags list<string>") }
func FuzzArrow(f *testing.F)   { fuzzFormat(f, "arrow", fuzzSchema+"; tags list<string>") }
func FuzzParquet(f *testing.F) { fuzzFormat(f, "parquet", fuzzSchema+"; tags list<string>") }
