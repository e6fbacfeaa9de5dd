// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/config"
	"selfsame/forecast"
)

const retentionProject = `project: shop
entities:
  user: {key: {user_id: string}}
sources:
  orders:
    schema: {id: string, user_id: string, amount: float64, status: string, at: timestamp}
    event_time: at
    id: id
    batch: {path: orders.csv}
    stream: {push: true}
    lateness: 1h
    corrections: 2d
    history: 3d
  users:
    schema: {user_id: string, city: string}
    batch: {path: users.csv}
views:
  wide:
    entity: user
    source: orders
    as_of: 1s
    features: {spend: sum(amount) over 10d, ever: count(*)}
  narrow:
    entity: user
    source: orders
    where: status = 'paid'
    features: {spend: sum(amount) over 1h}
  few:
    entity: user
    source: orders
    where: status = 'open'
    features: {last: sum(amount) over 3 rows}
  city:
    entity: user
    source: users
    features: [city]
  offline:
    entity: user
    source: orders
    online: false
    features: {spend: sum(amount) over 400d}
`

// retentionFolder writes a project with four days of orders: ten a day, half of them paid, of five users.
func retentionFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var orders, users strings.Builder
	orders.WriteString("id,user_id,amount,status,at\n")
	for i := range 41 {
		fmt.Fprintf(&orders, "o%d,u%d,1.5,%s,2024-01-%02dT%02d:00:00Z\n", i, i%5, []string{"paid", "done"}[i%2], 1+i/10, i%10*24/10)
	}
	users.WriteString("user_id,city\nu1,Rome\nu2,Oslo\n")
	for name, text := range map[string]string{"selfsame.yaml": retentionProject, "orders.csv": orders.String(), "users.csv": users.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRetention(t *testing.T) {
	dir := retentionFolder(t)
	got, err := Retention(context.Background(), dir, DefaultData(dir))
	if err != nil {
		t.Fatal(err)
	}
	const day = selfsame.DayLength
	want := map[string]forecast.Retained{
		"wide":   {Reach: 13*day + selfsame.Second, Window: "10d", Width: 10 * day, Settled: 2 * day, History: 3 * day, Lag: selfsame.Second, Folds: true},
		"narrow": {Reach: 5 * day, Window: "1h", Width: selfsame.Hour, Settled: 2 * day, History: 3 * day},
		"few":    {Reach: 5 * day, Settled: 2 * day, History: 3 * day, Newest: true},
		"city":   {Newest: true},
	}
	if len(got) != len(want) {
		t.Errorf("got %d views, want %d: a view that is not served keeps nothing", len(got), len(want))
	}
	for _, r := range got {
		w, ok := want[r.Views[0]]
		if !ok {
			t.Errorf("got view %s, want it left out", r.Views[0])
			continue
		}
		if r.Reach != w.Reach || r.Window != w.Window || r.Width != w.Width || r.History != w.History || r.Lag != w.Lag || r.Folds != w.Folds || r.Newest != w.Newest {
			t.Errorf("%s: got %+v, want %+v", r.Views[0], *r, w)
		}
	}
}

// TestRetentionOfWhatIsLookedUp: what rows in a window look up is kept as long as they are, and whoever plans is told for whom.
func TestRetentionOfWhatIsLookedUp(t *testing.T) {
	dir := t.TempDir()
	text := strings.Replace(retentionProject[:strings.Index(retentionProject, "views:")], "batch: {path: users.csv}", "batch: {path: users.csv}\n  cities:\n    schema: {user_id: string, city: string, at: timestamp}\n    event_time: at\n    lateness: 1h\n    corrections: 1h\n    stream: {push: true}", 1) + `views:
  city: {entity: user, source: cities, features: [city]}
  spend: {entity: user, source: orders, features: {rome: "sum(amount) filter (where city.city = 'Rome') over 10d"}}
  static: {entity: user, source: users, features: [city]}
  ever: {entity: user, source: orders, where: static.city = 'Oslo', features: {n: count(*)}}
`
	if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Retention(t.Context(), dir, DefaultData(dir))
	if err != nil {
		t.Fatal(err)
	}
	const day = selfsame.DayLength
	by := map[string]*forecast.Retained{}
	for _, r := range got {
		for _, name := range r.Views {
			by[name] = r
		}
	}
	if r := by["city"]; r.Reach != 13*day+selfsame.Hour || r.Asked != 13*day || !slices.Equal(r.AskedBy, []string{"spend"}) || !r.Newest {
		t.Errorf("city: %+v, want the history and the window of spend, then an hour", r)
	}
	if r := by["static"]; r.Reach != 0 {
		t.Errorf("static: %+v, want its rows", r)
	}
	// spend and ever keep the same rows; one window of them has no end.
	if r := by["spend"]; r != by["ever"] || r.Reach != -1 || r.Folds || r.Asked != 0 {
		t.Errorf("spend: %+v, want every row, shared with ever", r)
	}
}

func TestRetentionMeasures(t *testing.T) {
	dir := retentionFolder(t)
	got, err := Retention(context.Background(), dir, DefaultData(dir))
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*forecast.Retained{}
	for _, r := range got {
		by[r.Views[0]] = r
	}
	if m := by["wide"].Measured; len(m) != 1 || m[0].Sample != 41 || m[0].PerDay != 41.0/4 || m[0].Entities != 5 {
		t.Errorf("wide: got %+v, want 41 rows in 4 days of 5 users", m)
	}
	if m := by["narrow"].Measured; len(m) != 1 || m[0].PerDay != 21.0/4 {
		t.Errorf("narrow: got %+v, want its where to leave 21 rows in 4 days", m)
	}
	if m := by["few"].Measured; len(m) != 0 || by["few"].Bytes != 0 {
		t.Errorf("few: got %+v, want nothing to measure by: no row passes its where", m)
	}
	if m := by["city"].Measured; len(m) != 1 || m[0].PerDay != 0 || m[0].Entities != 2 {
		t.Errorf("city: got %+v, want 2 entities and no rate", m)
	}
	r := by["narrow"]
	if want := int64(r.Measured[0].PerDay * 5 * r.Measured[0].Bytes); r.Bytes != want {
		t.Errorf("narrow: got about %d bytes, want those of 5 days, %d", r.Bytes, want)
	}
}

func TestRetentionWithoutData(t *testing.T) {
	dir := retentionFolder(t)
	if err := os.Remove(filepath.Join(dir, "orders.csv")); err != nil {
		t.Fatal(err)
	}
	got, err := Retention(context.Background(), dir, DefaultData(dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(got[0].Measured) != 0 || got[0].Reach == 0 {
		t.Errorf("got %+v, want what is kept, and no measure without a file", *got[0])
	}
}

// A server that starts beside history files says which of them its views do not know.
func TestUnloaded(t *testing.T) {
	dir := retentionFolder(t)
	c := config.Default()
	c.Dir = DefaultData(dir)
	l, err := OpenLive(t.Context(), LiveConfig{Config: c, Project: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	if got := l.Unloaded(); len(got) != 0 {
		t.Errorf("got %v before anything is applied, want nothing", got)
	}
	if _, err := l.ApplyFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := l.Unloaded(), []string{"orders", "users"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	ignore := func(any) error { return nil }
	if err := l.materializeVerb(t.Context(), &LoadArgs{Views: []string{"city"}}, ignore); err != nil {
		t.Fatal(err)
	}
	if got, want := l.Unloaded(), []string{"orders"}; !slices.Equal(got, want) {
		t.Errorf("got %v after users are loaded, want %v", got, want)
	}
	if err := l.backfillVerb(t.Context(), &LoadArgs{}, ignore); err != nil {
		t.Fatal(err)
	}
	if got := l.Unloaded(); len(got) != 0 {
		t.Errorf("got %v after everything is loaded, want nothing", got)
	}
}
