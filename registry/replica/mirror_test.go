// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package replica

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"selfsame"
	"selfsame/registry"
	"selfsame/registry/registrytest"
	"selfsame/registry/sqlite"
)

// book is a registry under test, and the project that is applied to it.
type book struct {
	t *testing.T
	registry.Registry
}

// spend is a project with a feature of one view and a service of it.
func spend(feature, service string) string {
	return `project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
views: {spend: {entity: user, source: orders, features: {` + feature + `}}}
services: {fraud: {features: [` + service + `]}}
`
}

func (b *book) change(text string) *registry.Change {
	return &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(text)}, Author: "ann", Expect: registry.Newest}
}

func (b *book) apply(text string) {
	b.t.Helper()
	if _, err := b.Apply(b.t.Context(), b.change(text)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) snapshot() *registry.Snapshot {
	b.t.Helper()
	s, err := b.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// far is a store that can be away.
type far struct {
	registry.Store
	away atomic.Bool
}

func (f *far) here() error {
	if f.away.Load() {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: "far", Err: registry.ErrAway}
	}
	return nil
}

func (f *far) Load(ctx context.Context, after int64) ([]*registry.Record, error) {
	if err := f.here(); err != nil {
		return nil, err
	}
	return f.Store.Load(ctx, after)
}

func (f *far) Append(ctx context.Context, r *registry.Record, texts map[string][]byte) error {
	if err := f.here(); err != nil {
		return err
	}
	return f.Store.Append(ctx, r, texts)
}

func (f *far) Texts(ctx context.Context, hashes []string) (map[string][]byte, error) {
	if err := f.here(); err != nil {
		return nil, err
	}
	return f.Store.Texts(ctx, hashes)
}

func stored(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestMirrorConformance holds a mirror against the contract of a store: each has a copy of its own.
func TestMirrorConformance(t *testing.T) {
	folders := map[string]string{}
	registrytest.Run(t, func(t *testing.T, name string) registry.Store {
		if folders[t.Name()] == "" {
			folders[t.Name()] = t.TempDir()
		}
		return NewMirror(stored(t, filepath.Join(folders[t.Name()], name)), stored(t, filepath.Join(t.TempDir(), "copy")), func(err error) { t.Error(err) })
	})
}

// TestMirrorAway follows a registry, restarts while it is away, and goes on when it is back.
func TestMirrorAway(t *testing.T) {
	dir := t.TempDir()
	from := &far{Store: stored(t, filepath.Join(dir, "from"))}
	fails := func(err error) { t.Errorf("not copied: %v", err) }
	b := &book{t: t, Registry: registry.Over(NewMirror(from, stored(t, filepath.Join(dir, "copy")), fails), ".")}
	b.apply(spend("total: sum(amount) over 1d", "spend.total"))
	b.apply(spend("total: sum(amount) over 2d", "spend.total"))
	want := b.snapshot()
	from.away.Store(true)
	if _, err := b.Snapshot(t.Context()); !errors.Is(err, registry.ErrAway) {
		t.Errorf("a registry that is away: got %v", err)
	}
	if _, _, _, err := want.Resolve("spend", "total", "1"); err != nil {
		t.Errorf("an old version while it is away: %v", err)
	}
	again := &book{t: t, Registry: registry.Over(NewMirror(from, stored(t, filepath.Join(dir, "copy")), fails), ".")}
	s := again.snapshot()
	if diff := cmp.Diff(want.Records(), s.Records()); diff != "" {
		t.Errorf("a start while it is away (-before +after):\n%s", diff)
	}
	if _, _, _, err := s.Resolve("spend", "total", "1"); err != nil {
		t.Errorf("an old version after a start while it is away: %v", err)
	}
	if _, err := again.Apply(t.Context(), again.change(spend("total: sum(amount) over 3d", "spend.total"))); !errors.Is(err, registry.ErrAway) {
		t.Errorf("an apply while it is away: got %v", err)
	}
	from.away.Store(false)
	b.apply(spend("total: sum(amount) over 3d", "spend.total"))
	if got := again.snapshot(); got.ID() != 3 {
		t.Errorf("when it is back: record %d, want 3", got.ID())
	}
}

// TestMirrorOfAnother refuses a registry that is not the one that was copied.
func TestMirrorOfAnother(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *book {
		fails := func(err error) { t.Errorf("not copied: %v", err) }
		return &book{t: t, Registry: registry.Over(NewMirror(stored(t, filepath.Join(dir, name)), stored(t, filepath.Join(dir, "copy")), fails), ".")}
	}
	b := open("one")
	b.apply(spend("total: sum(amount) over 1d", "spend.total"))
	b.snapshot()
	for _, name := range []string{"empty", "two"} {
		if name == "two" {
			other := &book{t: t, Registry: registry.Over(stored(t, filepath.Join(dir, name)), ".")}
			other.apply(spend("total: sum(amount) over 2d", "spend.total"))
		}
		if _, err := open(name).Snapshot(t.Context()); selfsame.ClassOf(err) != selfsame.ClassResource || errors.Is(err, registry.ErrAway) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestMirrorOfARestoredCopy serves what it read, refuses to apply, and takes nothing of a registry that went on from an older copy of itself.
func TestMirrorOfARestoredCopy(t *testing.T) {
	dir := t.TempDir()
	older := stored(t, filepath.Join(dir, "older"))
	from := &far{Store: stored(t, filepath.Join(dir, "from"))}
	b := &book{t: t, Registry: registry.Over(NewMirror(from, stored(t, filepath.Join(dir, "copy")), func(err error) { t.Errorf("not copied: %v", err) }), ".")}
	b.apply(spend("total: sum(amount) over 1d", "spend.total"))
	if _, err := Copy(t.Context(), from, older); err != nil {
		t.Fatal(err)
	}
	b.apply(spend("total: sum(amount) over 2d", "spend.total"))
	b.snapshot()
	from.Store = older
	if _, err := b.Apply(t.Context(), b.change(spend("total: sum(amount) over 3d", "spend.total"))); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "record 3 does not follow") {
		t.Errorf("an apply to the older copy: got %v", err)
	}
	if _, err := b.Act(t.Context(), registry.By{Author: "ann"}, &registry.Model{Name: "m", Version: "1", Service: "fraud"}); selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("an act on the older copy: got %v", err)
	}
	if s := b.snapshot(); s.ID() != 2 {
		t.Errorf("got record %d, want 2", s.ID())
	}
	other := &book{t: t, Registry: registry.Over(older, ".")}
	for _, window := range []string{"4d", "5d"} {
		other.apply(spend("total: sum(amount) over "+window, "spend.total"))
	}
	if s, err := b.Snapshot(t.Context()); selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "record 2 differs") {
		t.Errorf("records of another past: got %+v, %v", s, err)
	}
}

// TestMirrorFull goes on without a copy that takes nothing.
func TestMirrorFull(t *testing.T) {
	full := &far{Store: stored(t, filepath.Join(t.TempDir(), "copy"))}
	failed := 0
	m := NewMirror(stored(t, filepath.Join(t.TempDir(), "from")), loads{full}, func(error) { failed++ })
	full.away.Store(true)
	b := &book{t: t, Registry: registry.Over(m, ".")}
	b.apply(spend("total: sum(amount) over 1d", "spend.total"))
	b.apply(spend("total: sum(amount) over 2d", "spend.total"))
	if s := b.snapshot(); s.ID() != 2 || failed != 1 {
		t.Errorf("record %d, %d failures told, want one", s.ID(), failed)
	}
	full.away.Store(false)
	b.snapshot()
	full.away.Store(true)
	b.apply(spend("total: sum(amount) over 3d", "spend.total"))
	if s := b.snapshot(); s.ID() != 3 || failed != 2 {
		t.Errorf("record %d, %d failures told, want one more", s.ID(), failed)
	}
}

// loads is a far store that can be read while it is away.
type loads struct{ *far }

func (l loads) Load(ctx context.Context, after int64) ([]*registry.Record, error) {
	return l.Store.Load(ctx, after)
}

func (l loads) Texts(ctx context.Context, hashes []string) (map[string][]byte, error) {
	return l.Store.Texts(ctx, hashes)
}
