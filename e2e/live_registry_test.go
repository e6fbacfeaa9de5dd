// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"selfsame/internal/postgresql"
)

// together is a project for servers on one registry.
const together = `project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: int64, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
views: {spend: {entity: user, source: orders, features: {n: count(*) over 1d}}}
services: {risk: {features: [spend.n]}}
`

// member is one of several servers on one registry.
type member struct {
	*server
	t    *testing.T
	data string
}

// join starts a server of its own data directory on the project in dir; the registry is in the environment.
func join(t *testing.T, dir, data string) *member {
	t.Helper()
	s, err := open(dir, "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	return &member{s, t, data}
}

// serves asks until the server serves an apply, and returns how long that took.
func (m *member) serves(apply float64) time.Duration {
	m.t.Helper()
	begin := time.Now()
	for {
		at, err := m.metric(m.t.Context(), "selfsame_applied_definitions")
		if err != nil {
			m.t.Fatal(err)
		}
		if at == apply {
			return time.Since(begin)
		}
	}
}

// counts pushes an event and reads what the service says of its user.
func (m *member) counts(id string, column string, want int64) {
	m.t.Helper()
	event := fmt.Sprintf(`{"id":%q,"user_id":"u","amount":5,"at":%q}`, id, time.Now().UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano))
	if r, err := m.push(m.t.Context(), "orders", []byte(event)); err != nil || r.Accepted != 1 {
		m.t.Fatalf("%+v, %v", r, err)
	}
	got, err := m.read(m.t.Context(), "risk", []string{"u"})
	if err != nil {
		m.t.Fatal(err)
	}
	if v, ok := got["u"][column]; !ok || v != want {
		m.t.Errorf("%s is %d (%v), want %d", column, v, got, want)
	}
}

// TestServersOnOneRegistry runs two servers on one PostgreSQL. What is applied through one, or from a machine that serves nothing, both serve; while the
// database is away they go on, one of them restarted, and applies are refused; then they follow again.
func TestServersOnOneRegistry(t *testing.T) {
	db := postgresql.Own(t)
	t.Setenv("SELFSAME_REGISTRY_URL", db.URL("shop"))
	dir := t.TempDir()
	define := func(feature string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(strings.Replace(together, "n: count(*) over 1d", feature, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	apply := func(data string) (string, int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), binary, "apply", "--yes", "--author", "ann", "--data", data)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), exitCode(err)
	}
	define("n: count(*) over 1d")
	a := join(t, dir, t.TempDir())
	defer func() { a.kill() }()
	b := join(t, dir, t.TempDir())
	defer b.kill()
	a.counts("1", "spend__n", 1)
	b.counts("1", "spend__n", 1)

	define("n: sum(amount) over 1d")
	if out, code := apply(a.data); code != 0 {
		t.Fatalf("through a server: %d, %s", code, out)
	}
	t.Logf("after %v the other server serves what was applied through the first", b.serves(2))
	define("n: max(amount) over 1d")
	if out, code := apply(filepath.Join(t.TempDir(), "none")); code != 0 {
		t.Fatalf("from elsewhere: %d, %s", code, out)
	}
	t.Logf("after %v and %v both serve what was applied elsewhere", a.serves(3), b.serves(3))

	if err := db.Stop(); err != nil {
		t.Fatal(err)
	}
	a.counts("2", "spend__n", 5)
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	a = join(t, dir, a.data)
	a.counts("3", "spend__n", 5)
	b.counts("3", "spend__n", 5)
	define("n: count(*) over 2d")
	for _, data := range []string{a.data, filepath.Join(t.TempDir(), "none")} {
		if out, code := apply(data); code != 9 || !strings.Contains(out, "see that PostgreSQL runs") || strings.Contains(out, postgresql.Password) {
			t.Errorf("while it is away: %d, %s", code, out)
		}
	}
	if err := db.Start(); err != nil {
		t.Fatal(err)
	}
	if out, code := apply(b.data); code != 0 {
		t.Fatalf("once it is back: %d, %s", code, out)
	}
	b.counts("4", "spend__n", 3)
	t.Logf("after %v the restarted server serves what was applied once it is back", a.serves(4))
	a.counts("4", "spend__n", 4)
	for _, m := range []*member{a, b} {
		if said := m.out.String(); strings.Contains(said, postgresql.Password) {
			t.Errorf("the password is in what the server says:\n%s", said)
		}
		if err := m.stop(); err != nil {
			t.Error(err)
		}
	}
}
