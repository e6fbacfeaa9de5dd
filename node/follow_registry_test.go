// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"selfsame"
	"selfsame/api"
	"selfsame/config"
	"selfsame/internal/postgresql"
	"selfsame/registry"
)

func TestMain(m *testing.M) { postgresql.Main(m) }

// member is one of several servers on one registry, each with a data directory of its own.
type member struct {
	*Live
	t     testing.TB
	notes chan string
	stop  func()
}

// join starts a server on the project and the registry at url. blind keeps it from being told of records.
func join(t testing.TB, project, data, url string, blind bool, poll time.Duration) *member {
	t.Helper()
	c := config.Default()
	c.Dir, c.Registry, c.RegistryPoll, c.JournalSample = data, url, poll, 0
	m := &member{t: t, notes: make(chan string, 100)}
	var err error
	m.Live, err = OpenLive(t.Context(), LiveConfig{Config: c, Project: project, Notify: func(note string) { m.notes <- note }})
	if err != nil {
		t.Fatal(err)
	}
	if blind {
		m.watcher = deaf{m.watcher}
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	m.stop = func() {
		stop()
		if err := errors.Join(<-done, m.Close()); err != nil {
			t.Error(err)
		}
		m.stop = func() {}
	}
	t.Cleanup(func() { m.stop() })
	return m
}

// deaf is a registry whose notifications get lost.
type deaf struct{ registry.Watcher }

func (deaf) Watch(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return ctx.Err()
}

// says waits for a note with a text in it.
func (m *member) says(want string) {
	m.t.Helper()
	for {
		select {
		case note := <-m.notes:
			if strings.Contains(note, want) {
				return
			}
		case <-m.t.Context().Done():
			m.t.Fatalf("it never said %q", want)
		}
	}
}

const sharedShop = `project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: int64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
views: {orders: {entity: user, source: orders, features: {n: count(*)}}}
services: {fraud: {features: [orders.n]}}
`

// sums is the project with another definition.
var sums = map[string][]byte{"selfsame.yaml": []byte(strings.Replace(sharedShop, "count(*)", "sum(amount)", 1))}

// asks reads the one feature, and checks the version that answered and its value.
func (m *member) asks(version string, want int64) {
	m.t.Helper()
	a, err := m.Features(m.t.Context(), &api.Question{Service: "fraud", EntityID: "u"})
	if err != nil {
		m.t.Fatal(err)
	}
	defer a.Release()
	if got := a.Columns[0].Values.Ints[0]; got != want || a.Columns[0].Reference != "orders.n@"+version {
		m.t.Errorf("%s is %d, want %d by version %s", a.Columns[0].Reference, got, want, version)
	}
}

func (m *member) pushes(id string, amount string) {
	m.t.Helper()
	body := `{"id":"` + id + `","user_id":"u","amount":` + amount + `,"at":"` + instantText(m.now()) + `"}`
	if got, err := m.Push(m.t.Context(), &api.EventBatch{Source: "orders", Body: []byte(body)}); err != nil || got.Fates[0] != api.Accepted {
		m.t.Fatalf("%+v, %v", got, err)
	}
}

func (m *member) scrape() string {
	w := httptest.NewRecorder()
	m.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// TestServersShareARegistry applies through one of two servers: the other serves it, told by the registry or by asking.
func TestServersShareARegistry(t *testing.T) {
	for name, c := range map[string]struct {
		blind bool
		poll  time.Duration
	}{"told": {false, time.Hour}, "asking": {true, 10 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			project, url := writeProject(t, map[string]string{"selfsame.yaml": sharedShop}), postgresql.URL(t)
			a := join(t, project, t.TempDir(), url, c.blind, c.poll)
			if first, err := a.ApplyFirst(t.Context()); err != nil || !first {
				t.Fatalf("%v, %v", first, err)
			}
			b := join(t, project, t.TempDir(), url, c.blind, c.poll)
			if first, err := b.ApplyFirst(t.Context()); err != nil || first {
				t.Fatalf("the second server applied: %v, %v", first, err)
			}
			for _, m := range []*member{a, b} {
				m.pushes("x", "5")
				m.asks("1.0.0", 1)
			}
			if _, err := a.Apply(t.Context(), &registry.Change{Files: sums, Author: "ann", Time: 2, Expect: 1}); err != nil {
				t.Fatal(err)
			}
			a.asks("2.0.0", 5)
			b.says("apply 2 by ann is served")
			b.asks("2.0.0", 5)
			if r, err := b.registry.Act(t.Context(), registry.By{Author: "bob", Time: 3}, &registry.Model{Name: "m", Version: "1", Service: "fraud", List: 1}); err != nil || r.ID != 3 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// TestRegistryAway stops the database: reads and pushes go on, applies are refused; a server that starts then serves what was applied, and both follow
// once it is back.
func TestRegistryAway(t *testing.T) {
	server := postgresql.Own(t)
	project, data := writeProject(t, map[string]string{"selfsame.yaml": sharedShop}), filepath.Join(t.TempDir(), "data")
	const poll = 10 * time.Millisecond
	a, b := join(t, project, data, server.URL(""), false, poll), join(t, project, t.TempDir(), server.URL(""), false, poll)
	if _, err := a.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.says("apply 1 by")
	a.pushes("x", "5")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	a.says("the registry is not followed")
	change := &registry.Change{Files: sums, Author: "ann", Time: 2, Expect: registry.Newest}
	refused := func(m *member) {
		t.Helper()
		_, err := m.Apply(t.Context(), change)
		if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "see that PostgreSQL runs") || strings.Contains(err.Error(), postgresql.Password) {
			t.Errorf("an apply while it is away: got %v", err)
		}
	}
	refused(a)
	a.pushes("y", "6")
	a.asks("1.0.0", 2)
	if text := a.scrape(); !strings.Contains(text, "selfsame_registry_following 0") || strings.Contains(text, "selfsame_registry_failures_total 0\n") {
		t.Error("the metrics do not show that the registry is not followed")
	}
	if err := a.Ready(); !strings.Contains(a.Behind(), "see that PostgreSQL runs") || strings.Contains(a.Behind(), postgresql.Password) {
		t.Errorf("behind: %q; ready: %v", a.Behind(), err)
	}
	a.stop()
	a = join(t, project, data, server.URL(""), false, poll)
	if first, err := a.ApplyFirst(t.Context()); err != nil || first {
		t.Errorf("a start while it is away: %v, %v", first, err)
	}
	a.pushes("z", "7")
	a.asks("1.0.0", 3)
	refused(a)
	c := config.Default()
	c.Dir, c.Registry = t.TempDir(), server.URL("")
	if l, err := OpenLive(t.Context(), LiveConfig{Config: c, Project: project}); !errors.Is(err, registry.ErrAway) || l != nil {
		t.Errorf("a first start while it is away: got %v", err)
	}
	reader, err := ReadRegistry(t.Context(), RegistryAt{URL: server.URL(""), Data: data, Project: project})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := reader.Snapshot(t.Context()); err != nil || s.Applied() != 1 {
		t.Errorf("read while it is away: %+v, %v", s, err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	a.says("the registry is not followed")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	a.says("the registry is followed again")
	if text := a.scrape(); !strings.Contains(text, "selfsame_registry_following 1") {
		t.Error("the metrics do not show that the registry is followed")
	}
	if why := a.Behind(); why != "" {
		t.Errorf("behind: %q", why)
	}
	if _, err := a.Apply(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	a.asks("2.0.0", 18)
	b.says("apply 2 by ann is served")
}

// TestAppliesWithoutAServer applies to a shared registry from a machine that serves nothing: no data directory is made.
func TestAppliesWithoutAServer(t *testing.T) {
	project, url := writeProject(t, map[string]string{"selfsame.yaml": sharedShop}), postgresql.URL(t)
	at := RegistryAt{URL: url, Data: filepath.Join(t.TempDir(), "none"), Project: project}
	to, err := OpenApplier(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := ApplyProject(t.Context(), to, &ChangeConfig{Project: project, Expect: registry.Newest}); err != nil || d.Apply != 1 {
		t.Fatalf("%+v, %v", d, err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	m := join(t, project, at.Data, url, false, time.Hour)
	m.asks("1.0.0", 0)
	p, err := m.pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, closing, err := p.Evidence(t.Context(), project)
	if err != nil || e.Definitions.ID() != 1 {
		t.Fatalf("what is served is made again from record %+v, %v", e, err)
	}
	if err := closing(); err != nil {
		t.Error(err)
	}
	if err := m.data.SetServer("127.0.0.1:1", "token"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url    string
		served bool
	}{{url, true}, {"", true}, {postgresql.URL(t), false}} {
		to, err := OpenApplier(t.Context(), RegistryAt{URL: c.url, Data: at.Data, Project: project})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := to.(*served); ok != c.served {
			t.Errorf("asked for %q, the server of the data directory answers: %t, want %t", config.Redact(c.url), ok, c.served)
		}
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}
}
