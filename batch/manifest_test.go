// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"selfsame"
	"selfsame/source"
)

func TestChanges(t *testing.T) {
	then := Input{Name: "e", Files: []source.File{{Name: "a", Size: 1, Checksum: "x"}, {Name: "b", Size: 2, Checksum: "y"}, {Name: "c", Size: 3, Checksum: "z"}, {Name: "d", Size: 4, Checksum: "w"}}}
	now := Input{Name: "other", Path: "elsewhere", Files: []source.File{{Name: "0", Size: 1, Checksum: "x"}, {Name: "a", Path: "/moved/a", Size: 1, Checksum: "x", Rows: 7}, {Name: "b", Size: 3, Checksum: "y"}, {Name: "d", Size: 4, Checksum: "v"}, {Name: "e"}}}
	want := []InputChange{{"e", "b", "has another size"}, {"e", "c", "is gone"}, {"e", "d", "has other bytes"}, {"e", "0", "is new"}, {"e", "e", "is new"}}
	if got := Changes(then, now); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Changes(then, then); got != nil {
		t.Errorf("nothing changed, and yet %v", got)
	}
}

func TestSnapshotNamesTheInputs(t *testing.T) {
	file := func(name string, size int64, sum string) Input {
		return Input{Name: "e", Path: "p", Files: []source.File{{Path: "q", Name: name, Size: size, Checksum: sum, Rows: 3}}}
	}
	base := Snapshot(Input{Name: "rows"}, []Input{file("a", 1, "x")})
	moved := file("a", 1, "x")
	moved.Path, moved.Files[0].Path, moved.Files[0].Rows = "r", "s", -1
	if got := Snapshot(Input{Name: "rows", Path: "z"}, []Input{moved}); got != base {
		t.Error("where the files stand changes the snapshot")
	}
	seen := map[string]bool{base: true}
	for i, in := range [][]Input{{file("b", 1, "x")}, {file("a", 2, "x")}, {file("a", 1, "y")}, {file("a", 1, "x"), file("a", 1, "x")}, {}, {{Name: "ea", Files: file("", 1, "x").Files}}} {
		if s := Snapshot(Input{Name: "rows"}, in); seen[s] {
			t.Errorf("inputs %d have the snapshot of others", i)
		} else {
			seen[s] = true
		}
	}
}

func TestManifestRoundTrip(t *testing.T) {
	m := &Manifest{Format: ManifestFormat, Engine: Engine{"1", "2"}, Project: "p", Command: Command{Verb: "train", Service: "s", Features: []string{"v.a"}, Flags: map[string]string{"z": "1", "a": "<&>"}},
		Features: []FeatureRecord{{Output: "v__a", Feature: "v.a", Type: "list<int64>", Version: "1.0.0", Hash: "h"}}, Rows: Input{Name: "rows", Path: "r", Files: []source.File{{Name: "r", Size: 5, Checksum: "x", Rows: -1}}},
		Sources: []Input{{Name: "e", Files: []source.File{{Name: "a"}}}}, Snapshot: "sn", Counts: []SourceCounts{{Name: "e", Rows: 1, NoEntity: map[string]int64{"v": 1}, MinTime: selfsame.MaxTime, MaxTime: selfsame.MinTime}},
		Output: Output{Path: "o", Rows: 1 << 60, Columns: []ColumnRecord{{"a", "int64", "c"}}, ValuesChecksum: "v", FileChecksum: "f", FileSize: 9}}
	first, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.json")
	if err := os.WriteFile(path, first, 0o644); err != nil {
		t.Fatal(err)
	}
	back, err := ReadManifest(path)
	if err != nil || !reflect.DeepEqual(back, m) {
		t.Fatalf("%v\n got %+v\nwant %+v", err, back, m)
	}
	if again, _ := back.Encode(); !bytes.Equal(again, first) {
		t.Errorf("written again it is\n%s", again)
	}
}

func TestManifestsThatAreNone(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]selfsame.ErrorClass{"": selfsame.ClassInput, "{": selfsame.ClassInput, "[]": selfsame.ClassInput, "{}": selfsame.ClassInput,
		`{"format": "selfsame.training-set/2"}`: selfsame.ClassInput} {
		path := filepath.Join(dir, "m.json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadManifest(path); err == nil || selfsame.ClassOf(err) != want || !strings.Contains(err.Error(), "m.json") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := ReadManifest(filepath.Join(dir, "nowhere")); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("no file: %v", err)
	}
}
