// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"selfsame"
	"selfsame/forecast"
	"selfsame/offline"
	"selfsame/registry"
)

// valuesProject has a view over windows, one of newest rows and one on demand.
const valuesProject = `project: shop
entities: {user: {key: {user_id: string}}}
sources:
  orders: {schema: {id: string, user_id: string, amount: float64, at: timestamp}, event_time: at, id: id, batch: {path: orders.csv}}
  profiles: {schema: {user_id: string, city: string, score: int64, at: timestamp}, event_time: at, batch: {path: profiles.csv}}
views:
  spend:
    entity: user
    source: orders
    features: {total: sum(amount) over 1d, n: count(*) over 1d, life: max(amount)}
  profile:
    entity: user
    source: profiles
    ttl: 20d
    features: {city: city, score: score}
  ratio:
    request: {amount: float64}
    features: {r: amount / spend.total, scaled: spend.total * 2.0}
services:
  risk: {features: [spend.*, profile.*, ratio.*]}
`

// valuesChanged changes the values of every view.
var valuesChanged = strings.NewReplacer("sum(amount) over 1d", "sum(amount) filter (where amount > 10.0) over 2d", "ttl: 20d", "ttl: 1d", "count(*) over 1d", "count(*) over 3d",
	"max(amount)", "max(amount) over 2d", "score: score", "score: CAST(score AS float64)").Replace(valuesProject)

// valuesDir writes a project and its history.
func valuesDir(t *testing.T, text string) string {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 7))
	orders, profiles := "id,user_id,amount,at\n", "user_id,city,score,at\n"
	at := selfsame.DayLength * 19000
	for i := range 2500 {
		at += r.Int64N(20 * selfsame.Minute)
		orders += fmt.Sprintf("o%d,u%d,%.2f,%s\n", i, r.IntN(40), r.NormFloat64()*30, instantText(at))
		if i%5 == 0 {
			profiles += fmt.Sprintf("u%d,%s,%d,%s\n", r.IntN(40), []string{"oslo", "", "bern"}[r.IntN(3)], r.IntN(100), instantText(at))
		}
	}
	return writeProject(t, map[string]string{"selfsame.yaml": text, "orders.csv": orders, "profiles.csv": profiles})
}

// forecasted applies one text and plans another.
func forecasted(t *testing.T, dir, before, after string, sample forecast.SampleArgs) *forecast.Forecast {
	t.Helper()
	to, err := OpenApplier(t.Context(), RegistryAt{Data: filepath.Join(t.TempDir(), "data"), Project: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, text := range []string{before, after} {
		if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if text == after {
			break
		}
		if _, err := ApplyProject(t.Context(), to, &ChangeConfig{Project: dir, Author: "ann", Expect: registry.Newest}); err != nil {
			t.Fatal(err)
		}
	}
	f, err := ForecastProject(t.Context(), to, &ChangeConfig{Project: dir, Expect: registry.Newest}, sample)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// trained computes a feature for the rows of examples, by the definitions of a text.
func trained(t *testing.T, dir, text, ref string, rows []registry.ImpactExample) []string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	labels := "event_time"
	for _, name := range []string{"user_id", "amount"} {
		if _, ok := rows[0].Key[name]; ok {
			labels += "," + name
		}
	}
	names := strings.Split(labels, ",")[1:]
	for _, e := range rows {
		labels += "\n" + e.At.String()
		for _, name := range names {
			labels += "," + e.Key[name]
		}
	}
	put(t, dir, "labels.csv", labels+"\n")
	out := filepath.Join(dir, "out.csv")
	made(t, &TrainConfig{Verb: "train", Project: dir, Request: Request{Features: []string{ref}}, Out: out, With: []string{"status"}, Write: offline.Options{},
		Rows: RowsConfig{File: filepath.Join(dir, "labels.csv"), Start: selfsame.MinTime, End: selfsame.MaxTime}})
	in, err := csv.NewReader(strings.NewReader(get(t, out))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Replace(ref, ".", "__", 1)
	value, status := slices.Index(in[0], name), slices.Index(in[0], name+"__status")
	if value < 0 || status < 0 {
		t.Fatalf("columns %v", in[0])
	}
	var got []string
	for _, row := range in[1:] {
		text := row[value]
		if row[status] != "present" {
			text = row[status]
		}
		got = append(got, text)
	}
	return got
}

// TestForecastValuesAreThoseOfTrain holds every example against training sets by the old and by the new definitions.
func TestForecastValuesAreThoseOfTrain(t *testing.T) {
	dir := valuesDir(t, valuesProject)
	f := forecasted(t, dir, valuesProject, valuesChanged, forecast.SampleArgs{Rows: 400})
	want := []string{"profile.city", "profile.score", "ratio.r", "ratio.scaled", "spend.life", "spend.n", "spend.total"}
	var got []string
	for i := range f.Impacts {
		m := &f.Impacts[i]
		ref := m.View + "." + m.Feature
		got = append(got, ref)
		if m.Rows != 400 || m.Changed == 0 || m.Changed == m.Rows || len(m.Examples) != 5 || m.From != "1.0.0" || m.To != "2.0.0" {
			t.Errorf("%s: got %d of %d, %d examples, %s -> %s", ref, m.Changed, m.Rows, len(m.Examples), m.From, m.To)
		}
		var before, after []string
		for _, e := range m.Examples {
			before, after = append(before, e.Before), append(after, e.After)
		}
		if diff := cmp.Diff(trained(t, dir, valuesProject, ref, m.Examples), before); diff != "" {
			t.Errorf("%s before: -train +plan\n%s", ref, diff)
		}
		if diff := cmp.Diff(trained(t, dir, valuesChanged, ref, m.Examples), after); diff != "" {
			t.Errorf("%s after: -train +plan\n%s", ref, diff)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("compared: -want +got\n%s", diff)
	}
	for _, s := range f.Values.Samples {
		if s.Mode != "as_of 0s" || len(s.From) != 1 {
			t.Errorf("got sample %+v", s)
		}
	}
}

func TestForecastIsTheSameFromTheSameFiles(t *testing.T) {
	dir := valuesDir(t, valuesProject)
	first := forecasted(t, dir, valuesProject, valuesChanged, forecast.SampleArgs{Rows: 100})
	second := forecasted(t, dir, valuesProject, valuesChanged, forecast.SampleArgs{Rows: 100})
	if diff := cmp.Diff(first, second, cmpopts.IgnoreFields(forecast.Compared{}, "Seconds")); diff != "" {
		t.Errorf("-first +second\n%s", diff)
	}
	// More events change which rows are drawn, and nothing else is read twice.
	for _, s := range first.Values.Samples {
		if s.Rows != 100 {
			t.Errorf("got %d rows, want 100", s.Rows)
		}
	}
}

// TestForecastWhereNothingMayChange compares versions with one form: no row differs.
func TestForecastWhereNothingMayChange(t *testing.T) {
	dir := valuesDir(t, valuesProject)
	words := strings.Replace(valuesProject, "total: sum(amount) over 1d", "total: {value: sum(amount) over 1d, description: of a day}", 1)
	if f := forecasted(t, dir, valuesProject, words, forecast.SampleArgs{Rows: 50}); f.Values != nil || len(f.Impacts) != 0 {
		t.Errorf("got %+v", f.Values)
	}
	f := forecasted(t, dir, valuesProject, words, forecast.SampleArgs{Rows: 50, All: true})
	if len(f.Impacts) != 1 || f.Impacts[0].Changed != 0 || f.Impacts[0].Rows != 50 || f.Impacts[0].Examples != nil {
		t.Errorf("got %+v", f.Impacts)
	}
}

// lefts are the reasons for which values were not compared, by feature.
func lefts(f *forecast.Forecast) map[string]string {
	out := map[string]string{}
	if f.Values != nil {
		for _, n := range f.Values.Left {
			out[n.View+"."+n.Feature] = n.Why
		}
	}
	return out
}

func TestForecastSaysWhatItDidNotCompare(t *testing.T) {
	changed := strings.Replace(valuesProject, "sum(amount) over 1d", "sum(amount) over 2d", 1)
	for _, c := range []struct {
		name, before, after string
		sample              forecast.SampleArgs
		want                map[string]string
	}{
		{"off", valuesProject, changed, forecast.SampleArgs{}, map[string]string{}},
		{"time", valuesProject, changed, forecast.SampleArgs{Rows: 10, Timeout: 1},
			map[string]string{"ratio.r": "cut: not done within 1µs", "ratio.scaled": "cut: not done within 1µs", "spend.total": "cut: not done within 1µs"}},
		{"key of another type", valuesProject, strings.Replace(strings.ReplaceAll(valuesProject, "user_id: string", "user_id: int64"), "project: shop", "project: shop # ids are numbers", 1),
			forecast.SampleArgs{Rows: 10}, map[string]string{"spend.total": "the two versions cannot be asked for together", "spend.n": "the two", "spend.life": "the two", "profile.city": "the two",
				"profile.score": "the two", "ratio.r": "the two", "ratio.scaled": "the two"}},
		{"request fields", strings.Replace(valuesProject, "amount: float64}\n    features: {r: amount", "basket: float64}\n    features: {r: basket", 1),
			strings.Replace(valuesProject, "amount: float64}\n    features: {r: amount", "basket: float64}\n    features: {r: 2.0 * basket", 1), forecast.SampleArgs{Rows: 10},
			map[string]string{"ratio.r": "it needs request fields basket, and neither the journal nor a source"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := lefts(forecasted(t, valuesDir(t, c.before), c.before, c.after, c.sample))
			if len(got) != len(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			for ref, why := range c.want {
				if !strings.HasPrefix(got[ref], why) {
					t.Errorf("%s: got %q, want %q", ref, got[ref], why)
				}
			}
		})
	}
}

// TestForecastOnLabelRows compares on the rows of a file, which bring what no source has.
func TestForecastOnLabelRows(t *testing.T) {
	before := strings.Replace(valuesProject, "amount: float64}\n    features: {r: amount", "basket: float64}\n    features: {r: basket", 1)
	after := strings.Replace(before, "r: basket", "r: 2.0 * basket", 1)
	dir := valuesDir(t, before)
	put(t, dir, "rows.csv", "user_id,basket,event_time\nu1,4,2022-01-20T00:00:00Z\nu2,1,2022-01-20T00:00:00Z\nu1,4,2022-01-20T00:00:00Z\nnobody,2,2022-01-21T00:00:00Z\n")
	f := forecasted(t, dir, before, after, forecast.SampleArgs{Rows: 10, File: filepath.Join(dir, "rows.csv")})
	if len(f.Impacts) != 1 || f.Impacts[0].Rows != 3 || f.Impacts[0].Changed != 2 || f.Impacts[0].Before.Nulls != 1 || f.Impacts[0].Examples[0].Key["basket"] == "" {
		t.Fatalf("got %+v, left %v", f.Impacts, lefts(f))
	}
}

// TestForecastOfWhatWasLoadedLate looks at what is known now where history came with yesterday's arrival.
func TestForecastOfWhatWasLoadedLate(t *testing.T) {
	before := strings.Replace(valuesProject, "amount: float64, at: timestamp}, event_time: at", "amount: float64, at: timestamp, created: timestamp}, event_time: at, arrival: created", 1)
	dir := valuesDir(t, before)
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(get(t, filepath.Join(dir, "orders.csv"))), "\n") {
		if i == 0 {
			b.WriteString(line + ",created\n")
		} else {
			b.WriteString(line + ",2030-01-01T00:00:00Z\n")
		}
	}
	put(t, dir, "orders.csv", b.String())
	f := forecasted(t, dir, before, strings.Replace(before, "sum(amount) over 1d", "sum(amount) over 2d", 1), forecast.SampleArgs{Rows: 100})
	for _, s := range f.Values.Samples {
		if s.Mode != "final" || !strings.Contains(strings.Join(s.Notes, "; "), "known more than a day after") {
			t.Errorf("got %+v", s)
		}
	}
	if m := f.Impacts[len(f.Impacts)-1]; m.Feature != "total" || m.Changed == 0 {
		t.Errorf("got %+v", m)
	}
}

func TestForecastLoads(t *testing.T) {
	dir := valuesDir(t, valuesProject)
	f := forecasted(t, dir, valuesProject, strings.NewReplacer("sum(amount) over 1d", "sum(amount) over 2d", "ttl: 20d", "ttl: 5d").Replace(valuesProject), forecast.SampleArgs{})
	if diff := cmp.Diff([]string{"spend"}, f.Shared); diff != "" {
		t.Errorf("shared: -want +got\n%s", diff)
	}
	want := []forecast.Load{{Views: []string{"profile"}, Sources: []forecast.LoadSource{{Name: "profiles", Rows: 500, About: true}}, Rate: 250_000, Seconds: 500. / 250_000}}
	if diff := cmp.Diff(want, f.Loads); diff != "" {
		t.Errorf("loads: -want +got\n%s", diff)
	}
	f = forecasted(t, dir, valuesProject, strings.Replace(valuesProject, "source: profiles\n", "source: profiles\n    online: false\n", 1), forecast.SampleArgs{})
	if diff := cmp.Diff([]string{"profile"}, f.Released); diff != "" || len(f.Loads) != 0 {
		t.Errorf("released: %+v, -want +got\n%s", f.Loads, diff)
	}
	var users []string
	for _, u := range forecasted(t, dir, valuesProject, valuesChanged, forecast.SampleArgs{}).Users {
		users = append(users, fmt.Sprintf("%s.%s@%s %v %v", u.View, u.Feature, u.Version, u.Services, u.OnDemand))
	}
	if len(users) != 7 || users[6] != "spend.total@1.0.0 [{risk 1 true }] [ratio.r@1.0.0 ratio.scaled@1.0.0]" {
		t.Errorf("users: got %q", users)
	}
}

// TestForecastTellsOfLints tells what lints find in what comes or changes, and not of the rest.
func TestForecastTellsOfLints(t *testing.T) {
	dir := valuesDir(t, valuesProject)
	told := func(after string) []string {
		var out []string
		for _, x := range forecasted(t, dir, valuesProject, after, forecast.SampleArgs{}).Lints {
			if !strings.HasPrefix(x.Place, filepath.Join(dir, "selfsame.yaml")+":") {
				t.Errorf("%s %s: got place %s", x.Lint, x.Ref, x.Place)
			}
			out = append(out, x.Lint+" "+x.Ref)
		}
		return out
	}
	if got := told(valuesProject + "# the end\n"); got != nil {
		t.Errorf("nothing changes: got %q", got)
	}
	// spend.total is the same as spend.twice, which the diff says.
	got := told(strings.NewReplacer("n: count(*) over 1d", "n: count(*) over 1d, twice: sum(amount) over 1d", "ttl: 20d", "closed: left").Replace(valuesProject))
	want := []string{"no-description view spend", "no-owner view spend", "no-description view profile", "no-owner view profile", "no-ttl view profile"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := told(strings.Replace(valuesProject, "life: max(amount)", "life: {value: max(amount), description: ever, owner: ann}", 1)); got != nil {
		t.Errorf("what has words, but for others: got %q", got)
	}
}
