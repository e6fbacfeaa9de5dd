// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/definition/canonical"
	"selfsame/registry"
	"selfsame/registry/registrytest"
	"selfsame/registry/replica"
	"selfsame/registry/sqlite"
)

func newStore(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// shop is a project whose one feature sums up a window.
func shop(window string) map[string][]byte {
	return map[string][]byte{"selfsame.yaml": []byte(`# größe <&> "quoted"
project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
views: {spend: {entity: user, source: orders, features: {total: sum(amount) over ` + window + `}}}
services: {shop: {features: [spend.total]}}
`)}
}

// lived is a registry with applies and acts of every kind.
func lived(t *testing.T) *sqlite.Store {
	t.Helper()
	s := newStore(t)
	l := registry.Over(s, ".")
	apply := func(window string) {
		t.Helper()
		if _, err := l.Apply(t.Context(), &registry.Change{Files: shop(window), Author: "ann", Message: "why <&>\x00\xff", Time: 1, Expect: registry.Newest}); err != nil {
			t.Fatal(err)
		}
	}
	apply("1d")
	apply("2d")
	for _, a := range []registry.Action{
		&registry.Staging{View: "spend", Feature: "total", Version: "1.0.0", Stage: registry.Deprecated, Successor: "spend.total@2", Until: 99, Reason: "<old>"},
		&registry.Model{Name: "fraud", Version: "5", Service: "shop", List: 1, Metrics: map[string]float64{"auc": 0.75}, Notes: "größe <&>"},
		&registry.Experiment{Service: "shop", Name: "first", Arms: []registry.Arm{{Name: "a", Version: 1, Share: 4000}, {Name: "b", Version: 2, Share: 6000}}},
		&registry.Run{ID: "00000000-0000-4000-8000-000000000001", Kind: "train", Service: "shop", List: 2, Rows: 3, Started: 1, Ended: 2},
	} {
		if r, err := l.Act(t.Context(), registry.By{Author: "bob", Time: 2}, a); err != nil || r == nil {
			t.Fatalf("%T: %v, %v", a, r, err)
		}
	}
	apply("3d")
	body, err := json.Marshal(registry.Impact{View: "spend", Feature: "total", From: "2.0.0", To: "3.0.0", Rows: 2, Changed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for id, a := range map[int64]registry.Act{8: {Kind: registry.KindImpact, Subject: "spend.total@3.0.0", Body: body}} {
		if err := s.Append(t.Context(), &registry.Record{ID: id, Author: "ann", Acts: []registry.Act{a}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func export(t *testing.T, from registry.Store, dir string) {
	t.Helper()
	if _, err := Write(t.Context(), from, dir); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func load(t *testing.T, s registry.Store) []*registry.Record {
	t.Helper()
	got, err := s.Load(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// contents reads the files of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range []string{HeadFile, recordsFile, textsFile} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(b)
	}
	return out
}

// TestRoundTrip exports a registry, imports it, and exports that: the same records, versions and bytes.
func TestRoundTrip(t *testing.T) {
	from, to, dir := lived(t), newStore(t), filepath.Join(t.TempDir(), "a", "b")
	export(t, from, dir)
	exported := open(t, dir)
	if got, err := replica.Copy(t.Context(), exported, to); err != nil || *got != (replica.Copied{Project: "shop", Records: 8}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if diff := cmp.Diff(load(t, from), load(t, to)); diff != "" {
		t.Errorf("records (-from +to):\n%s", diff)
	}
	var forms [2][]byte
	for i, s := range []registry.Store{from, to} {
		snapshot, err := registry.Over(s, ".").Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p, v, f, err := snapshot.Resolve("spend", "total", "1")
		if err != nil {
			t.Fatal(err)
		}
		if forms[i], err = canonical.Form(p, v, f); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(forms[0], forms[1]) {
		t.Errorf("an old version is\n%s\nand after the round trip\n%s", forms[0], forms[1])
	}
	again := filepath.Join(t.TempDir(), "again")
	export(t, to, again)
	export(t, to, again) // over itself
	if diff := cmp.Diff(contents(t, dir), contents(t, again)); diff != "" {
		t.Errorf("the files of the second export (-first +second):\n%s", diff)
	}
	if got, err := replica.Copy(t.Context(), exported, to); err != nil || got.Before != 8 || got.Records != 8 {
		t.Errorf("imported again: %+v, %v", got, err)
	}
}

// TestAnyRecord writes records with something in every field, as no ledger would make them.
func TestAnyRecord(t *testing.T) {
	from := newStore(t)
	for id := range int64(3) {
		r, texts := registrytest.Record(id + 1)
		if err := from.Append(t.Context(), r, texts); err != nil {
			t.Fatal(err)
		}
	}
	odd := &registry.Record{ID: 4, Author: "\xff", Message: `\q"no"`, Acts: []registry.Act{{Kind: "k", Subject: "\x00", Body: []byte("no JSON")}, {Kind: "k", Body: []byte("null")}, {Kind: "k", Body: []byte{}}},
		Files: []registry.FileRecord{{Path: "a\xff", Hash: canonical.Hash([]byte{0xff})}}}
	if err := from.Append(t.Context(), odd, map[string][]byte{canonical.Hash([]byte{0xff}): {0xff}}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	export(t, from, dir)
	s := open(t, dir)
	if diff := cmp.Diff(load(t, from), load(t, s)); diff != "" {
		t.Errorf("(-from +read):\n%s", diff)
	}
	if got, err := s.Texts(t.Context(), []string{odd.Files[0].Hash, canonical.Hash(nil)}); err != nil || len(got) != 2 || got[odd.Files[0].Hash][0] != 0xff {
		t.Errorf("%q, %v", got, err)
	}
}

// TestCopyGoesOn imports into the beginning of the same registry, and refuses every other one.
func TestCopyGoesOn(t *testing.T) {
	from := lived(t)
	dir := t.TempDir()
	export(t, from, dir)
	exported := open(t, dir)
	part := newStore(t)
	for _, r := range load(t, exported)[:3] {
		texts, err := exported.Texts(t.Context(), hashesOf(r))
		if err != nil {
			t.Fatal(err)
		}
		if err := part.Append(t.Context(), r, texts); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := replica.Copy(t.Context(), exported, part); err != nil || got.Before != 3 || got.Records != 8 {
		t.Errorf("the beginning: %+v, %v", got, err)
	}
	if err := part.Append(t.Context(), &registry.Record{ID: 9, Author: "eve"}, nil); err != nil {
		t.Fatal(err)
	}
	other := newStore(t)
	if _, err := registry.Over(other, ".").Apply(t.Context(), &registry.Change{Files: shop("9d"), Author: "eve", Expect: registry.Newest}); err != nil {
		t.Fatal(err)
	}
	for want, to := range map[string]registry.Store{"it is ahead: it has record 9": part, "its record 1 is by eve": other} {
		before := len(load(t, to))
		if _, err := replica.Copy(t.Context(), exported, to); selfsame.ClassOf(err) != selfsame.ClassChanged || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if after := len(load(t, to)); after != before {
			t.Errorf("%s: %d records are stored", want, after-before)
		}
	}
}

func hashesOf(r *registry.Record) (out []string) {
	for _, f := range r.Files {
		out = append(out, f.Hash)
	}
	for _, f := range r.Features {
		out = append(out, f.Hash)
	}
	return out
}

// TestDamage changes each file of an export.
func TestDamage(t *testing.T) {
	from := lived(t)
	for name, c := range map[string]struct{ file, old, new, want string }{
		"record":   {recordsFile, "ann", "eve", "its checksum differs"},
		"text":     {textsFile, "sum(amount)", "max(amount)", "its checksum differs"},
		"head":     {HeadFile, `"records": 8`, `"records": 9`, "says 9 records"},
		"newer":    {HeadFile, `"format": 1`, `"format": 2`, "format 2, and this selfsame reads up to 1"},
		"no head":  {HeadFile, `"format"`, `"tamrof"`, "is not one of an export"},
		"not JSON": {HeadFile, `{`, ``, "is not one of an export"},
	} {
		dir := t.TempDir()
		export(t, from, dir)
		path := filepath.Join(dir, c.file)
		was := contents(t, dir)[c.file]
		if !strings.Contains(was, c.old) {
			t.Fatalf("%s: no %s in %s", name, c.old, c.file)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(was, c.old, c.new, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	dir := t.TempDir()
	export(t, from, dir)
	was := contents(t, dir)
	texts := strings.Replace(was[textsFile], "sum(amount)", "max(amount)", 1)
	head := strings.Replace(was[HeadFile], canonical.Hash([]byte(was[textsFile])), canonical.Hash([]byte(texts)), 1)
	for name, text := range map[string]string{textsFile: texts, HeadFile: head} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "the text is not the one that sha256:") {
		t.Errorf("a text under another's hash: got %v", err)
	}
	if _, err := Open(t.TempDir()); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("an empty folder: got %v", err)
	}
}

// TestWriteRefuses leaves folders with other things in them alone.
func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), lived(t), dir); selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), "notes.txt") {
		t.Errorf("got %v", err)
	}
	if _, err := Write(t.Context(), newStore(t), filepath.Join(dir, "new")); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("an empty registry: got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); !os.IsNotExist(err) {
		t.Errorf("it left a folder: %v", err)
	}
	s := &Store{}
	if err := s.Append(context.Background(), &registry.Record{}, nil); selfsame.ClassOf(err) != selfsame.ClassUsage {
		t.Errorf("got %v", err)
	}
}
