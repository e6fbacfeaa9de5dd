// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/api"
	"selfsame/config"
	"selfsame/registry"
)

const shopOrders = `project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, amount: int64, at: timestamp}, event_time: at, id: id, batch: {path: orders.csv}, stream: {push: true}}}
views: {orders: {entity: user, source: orders, where: amount / (amount - 3) > 0, features: {n: count(*)}}}
services: {fraud: {features: [orders.n]}}
`

// running opens a data directory of a project, with settings changed, and runs it until the test ends.
func running(t *testing.T, project string, change ...func(*config.Config)) *Live {
	t.Helper()
	c := config.Default()
	c.Dir = filepath.Join(t.TempDir(), "data")
	for _, f := range change {
		f(c)
	}
	l, err := OpenLive(t.Context(), LiveConfig{Config: c, Project: project})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-done, l.Close()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// TestApplyAgain applies definitions whose states cannot be built, for a history file is away; once it is back the same apply makes them live.
func TestApplyAgain(t *testing.T) {
	project := writeProject(t, map[string]string{"selfsame.yaml": shopOrders, "orders.csv": "id,user_id,amount,at\na,u,1,2024-03-01T00:00:00Z\nb,u,5,2024-03-02T00:00:00Z\n"})
	l := running(t, project)
	if _, err := l.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Do(t.Context(), "backfill", []byte("{}"), func([]byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	change := &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(strings.Replace(shopOrders, "amount / (amount - 3) > 0", "amount > 0", 1))},
		Author: "ann", Time: 2, Expect: registry.Newest}
	file := filepath.Join(project, "orders.csv")
	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Apply(t.Context(), change); err == nil {
		t.Fatal("definitions whose history is away were applied without a word")
	}
	if why := l.Behind(); !strings.Contains(why, "what is applied is not served: ") || !strings.Contains(why, "orders.csv") {
		t.Errorf("behind: %q", why)
	}
	if err := os.Rename(file+".away", file); err != nil {
		t.Fatal(err)
	}
	if d, err := l.Apply(t.Context(), change); err != nil || d.Apply != 0 {
		t.Fatalf("%+v, %v", d, err)
	}
	if why := l.Behind(); why != "" {
		t.Errorf("behind: %q", why)
	}
	a, err := l.Features(t.Context(), &api.Question{Service: "fraud", EntityID: "u"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Release()
	if got := a.Columns[0].Values.Ints[0]; got != 2 || !strings.HasPrefix(a.Columns[0].Reference, "orders.n@2.") {
		t.Errorf("%s: %d events, want 2 by the second version", a.Columns[0].Reference, got)
	}
}

// TestStoresThatAreNotThere names stores of other versions: what is meant for them is not kept elsewhere in silence, and no password is shown.
func TestStoresThatAreNotThere(t *testing.T) {
	for _, set := range []func(c *config.Config, url string){
		func(c *config.Config, url string) { c.Registry = url }, func(c *config.Config, url string) { c.Online = url }, func(c *config.Config, url string) { c.Offline = url }} {
		c := config.Default()
		c.Dir = t.TempDir()
		set(c, "redis://app:s3cret@h/0")
		l, err := OpenLive(t.Context(), LiveConfig{Config: c, Project: t.TempDir()})
		if l != nil || selfsame.ClassOf(err) != selfsame.ClassUsage || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}

// TestSkippedRowsAreCounted holds the counts of rows that a view leaves out.
func TestSkippedRowsAreCounted(t *testing.T) {
	l := running(t, writeProject(t, map[string]string{"selfsame.yaml": strings.Replace(shopOrders, "batch: {path: orders.csv}, ", "", 1)}))
	if _, err := l.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := instantText(l.now())
	body := `{"id":"a","user_id":null,"amount":5,"at":"` + now + `"}
{"id":"b","user_id":"u","amount":9223372036854775807,"at":"` + now + `"}
{"id":"c","user_id":"u","amount":-9223372036854775807,"at":"` + now + `"}`
	got, err := l.Push(t.Context(), &api.EventBatch{Source: "orders", Body: []byte(body)})
	if err != nil || got.Fates[0] != api.Accepted {
		t.Fatalf("%+v, %v", got, err)
	}
	w := httptest.NewRecorder()
	l.metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`selfsame_view_skipped_total{source="orders",view="orders",why="no_entity"} 1`, `selfsame_view_skipped_total{source="orders",view="orders",why="where_error"} 1`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

// TestReadmitMoreThanACallHolds readmits more events than one call may bring.
func TestReadmitMoreThanACallHolds(t *testing.T) {
	l := running(t, writeProject(t, map[string]string{"selfsame.yaml": strings.Replace(shopOrders, "batch: {path: orders.csv}, ", "", 1)}),
		func(c *config.Config) { c.IngestEvents = 2 })
	if _, err := l.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		body := `{"id":"` + id + `","user_id":"u","amount":5,"at":"2001-01-01T00:00:00Z"}`
		if got, err := l.Push(t.Context(), &api.EventBatch{Source: "orders", Body: []byte(body)}); err != nil || got.Fates[0] != api.Late {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	var last string
	if err := l.Do(t.Context(), "readmit", []byte("{}"), func(b []byte) error { last = string(b); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := `{"events":5,"fates":{"accepted":5}}`; last != want {
		t.Errorf("got %s, want %s", last, want)
	}
}

// TestAppliesBuildWhatIsNewOnce applies changes of one view's features: a state is built once where a column is new, and not at all else.
func TestAppliesBuildWhatIsNewOnce(t *testing.T) {
	text := strings.NewReplacer("batch: {path: orders.csv}, ", "", "where: amount / (amount - 3) > 0, ", "", "n: count(*)", "n: count(*), a: sum(amount), b: max(amount + 1)").Replace(shopOrders)
	l := running(t, writeProject(t, map[string]string{"selfsame.yaml": text}))
	if _, err := l.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := l.driver.States().List()[0].ID
	for i, c := range []struct {
		old, new string
		built    uint32 // states, by then
	}{
		{"max(amount + 1)", "max(amount + 5)", 1}, {"n: count(*)", "n: count(*) over 3d", 1}, {"sum(amount)", "sum(amount) over 7d", 1}, {"a: sum(amount) over 7d, ", "", 1},
		{"max(amount + 5)", "max(amount + 5), c: min(amount - 1)", 2},
	} {
		text = strings.Replace(text, c.old, c.new, 1)
		_, err := l.Apply(t.Context(), &registry.Change{Files: map[string][]byte{"selfsame.yaml": []byte(strings.Replace(text, "orders.n]", "orders.b]", 1))},
			Author: "ann", Time: int64(i + 2), Expect: registry.Newest})
		if err != nil {
			t.Fatal(err)
		}
		if states := l.driver.States().List(); len(states) != 1 || states[0].ID != first+c.built {
			t.Errorf("%s: %d states, the first has number %d, want %d", c.new, len(states), states[0].ID, first+c.built)
		}
	}
}
