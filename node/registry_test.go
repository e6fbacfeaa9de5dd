// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"selfsame"
	"selfsame/config"
	"selfsame/forecast"
	"selfsame/lineage"
	"selfsame/registry"
	"selfsame/registry/graph"
)

const smallProject = `project: shop
entities: {user: {key: {user_id: string}}}
sources: {orders: {schema: {id: string, user_id: string, at: timestamp}, event_time: at, id: id, stream: {push: true}}}
views: {orders: {entity: user, source: orders, features: {n: count(*) over 1d}}}
`

// runGit runs git in a folder, as a user of the test's own.
func runGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Ann", "-c", "user.email=ann@example.org"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestApplyProjectRecordsWhoAndWhat(t *testing.T) {
	dir := writeProject(t, map[string]string{"selfsame.yaml": smallProject})
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("USER", "annie")
	apply := func(cfg *ChangeConfig) *registry.Record {
		t.Helper()
		data := openData(t, DefaultData(dir))
		defer closeData(t, data)
		r, err := OpenRegistry(t.Context(), data, dir)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		cfg.Project, cfg.Expect = dir, registry.Newest
		if _, err := ApplyProject(t.Context(), r, cfg); err != nil {
			t.Fatal(err)
		}
		s, err := r.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s.Newest()
	}
	change := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if r := apply(&ChangeConfig{}); r.Author != "annie" || r.Commit != "" || r.Engine != Version || r.Time == 0 {
		t.Errorf("without git: got %+v", r)
	}
	runGit(t, dir, "init", "-q")
	runGit(t, dir, "config", "user.name", "Ann")
	runGit(t, dir, "config", "user.email", "ann@example.org")
	runGit(t, dir, "add", ".")
	runGit(t, dir, "commit", "-q", "-m", "first")
	change(strings.Replace(smallProject, "1d", "2d", 1))
	r := apply(&ChangeConfig{Message: "two days"})
	if r.Author != "Ann <ann@example.org>" || len(r.Commit) < 40 || !strings.HasSuffix(r.Commit, "-dirty") || r.Message != "two days" {
		t.Errorf("with changes that are not committed: got %+v", r)
	}
	change(strings.Replace(smallProject, "1d", "3d", 1))
	runGit(t, dir, "commit", "-q", "-a", "-m", "second")
	if r := apply(&ChangeConfig{Author: "bob"}); r.Author != "bob" || strings.Contains(r.Commit, "dirty") || len(r.Commit) < 40 {
		t.Errorf("committed: got %+v", r)
	}
	tracked, err := exec.Command("git", "-C", dir, "ls-files", "--others", "--exclude-standard").Output()
	if err != nil || len(tracked) != 0 {
		t.Errorf("git sees files of the data directory: %s %v", tracked, err)
	}
}

// planProject says what applying a project would do to definitions.
func planProject(ctx context.Context, to Planner, cfg *ChangeConfig) (*registry.Diff, error) {
	f, err := ForecastProject(ctx, to, cfg, forecast.SampleArgs{})
	if err != nil {
		return nil, err
	}
	return f.Diff, nil
}

func TestOpenApplierLeavesNothingBehind(t *testing.T) {
	dir := writeProject(t, map[string]string{"selfsame.yaml": smallProject})
	data := DefaultData(dir)
	plan := func() *registry.Diff {
		t.Helper()
		to, err := OpenApplier(t.Context(), RegistryAt{Data: data, Project: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer to.Close()
		d, err := planProject(t.Context(), to, &ChangeConfig{Project: dir, Expect: registry.Newest})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := plan(); len(d.Features) != 1 {
		t.Errorf("got %+v, want one new feature", d)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("a plan made the data directory: %v", err)
	}
	to, err := OpenApplier(t.Context(), RegistryAt{Data: data, Project: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ApplyProject(t.Context(), to, &ChangeConfig{Project: dir}); err != nil {
		t.Fatal(err)
	}
	if d := plan(); !d.Empty() {
		t.Errorf("beside one that is open: got %+v, want nothing to do", d)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	// Another process has the directory: a plan needs it not, an apply waits.
	other := openData(t, data)
	if d := plan(); !d.Empty() {
		t.Errorf("beside another process: got %+v, want nothing to do", d)
	}
	if to, err = OpenApplier(t.Context(), RegistryAt{Data: data, Project: dir}); err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(strings.Replace(smallProject, "1d", "2d", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := readChange(t.Context(), &ChangeConfig{Project: dir, Expect: registry.Newest})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := to.Apply(stopped, c); selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("beside another process, stopped: got %v", err)
	}
	applied := make(chan error)
	go func() {
		_, err := to.Apply(t.Context(), c)
		applied <- err
	}()
	closeData(t, other)
	if err := <-applied; err != nil {
		t.Errorf("once the other process is done: got %v", err)
	}
}

// wire is a server as its verbs see it: arguments and answers go through JSON.
type wire struct {
	registry.Registry
	verbs []string
}

func (w *wire) Do(ctx context.Context, verb string, args any, line func([]byte) error) error {
	w.verbs = append(w.verbs, verb)
	body, err := json.Marshal(args)
	if err != nil {
		return err
	}
	var c registry.Change
	if err := json.Unmarshal(body, &c); err != nil {
		return err
	}
	do := map[string]func(context.Context, *registry.Change) (*registry.Diff, error){"plan": w.Plan, "apply": w.Apply}[verb]
	d, err := do(ctx, &c)
	if err != nil {
		return err
	}
	answer, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return line(answer)
}

// TestReadingLeavesNothingBehind reads a registry in every way: the data directory holds what it held, and where there was none there is none.
func TestReadingLeavesNothingBehind(t *testing.T) {
	dir := writeProject(t, map[string]string{"selfsame.yaml": smallProject + "services: {s: {features: [orders.n]}}\n"})
	at := RegistryAt{Data: DefaultData(dir), Project: dir}
	c := config.Default()
	cfg := &LiveConfig{Config: c, Project: dir}
	files := func() string {
		entries, err := os.ReadDir(at.Data)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return strings.Join(names, " ")
	}
	read := func(applied bool) {
		t.Helper()
		before := files()
		for name, do := range map[string]func() error{
			"show": func() error {
				x, err := OpenCatalogue(t.Context(), at)
				if err != nil {
					return err
				}
				_, err = x.Page(t.Context(), "orders.n")
				return errors.Join(err, x.Close())
			},
			"history": func() error { _, err := Past(t.Context(), at, &PastArgs{}); return err },
			"lineage": func() error {
				_, err := AskLineage(t.Context(), cfg, &graph.Args{Question: lineage.Question{Ref: "orders.n"}})
				return err
			},
			"lint":        func() error { _, err := Lint(t.Context(), at); return err },
			"export":      func() error { _, err := ExportRegistry(t.Context(), at, t.TempDir()); return err },
			"diff":        func() error { _, err := CompareRegistries(t.Context(), at.Data, dir); return err },
			"experiments": func() error { _, err := Experiments(t.Context(), cfg, ""); return err },
			"plan": func() error {
				to, err := OpenApplier(t.Context(), at)
				if err != nil {
					return err
				}
				_, err = planProject(t.Context(), to, &ChangeConfig{Project: dir, Expect: registry.Newest})
				return errors.Join(err, to.Close())
			},
		} {
			if err := do(); err != nil && (applied || selfsame.ClassOf(err) != selfsame.ClassNotFound) {
				t.Errorf("%s: %v", name, err)
			}
			if after := files(); after != before {
				t.Errorf("%s: the directory held %q and holds %q", name, before, after)
			}
		}
	}
	read(false)
	to, err := OpenApplier(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ApplyProject(t.Context(), to, &ChangeConfig{Project: dir}); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	read(true)
}

func TestServedApplier(t *testing.T) {
	dir := writeProject(t, map[string]string{"selfsame.yaml": smallProject})
	data := openData(t, DefaultData(dir))
	defer closeData(t, data)
	r, err := OpenRegistry(t.Context(), data, dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Registry: r}
	to := ServedApplier(w)
	defer to.Close()
	cfg := &ChangeConfig{Project: dir, Author: "ann", Message: "<&>", Expect: registry.Newest}
	planned, err := planProject(t.Context(), to, cfg)
	if err != nil || planned.On != 0 || len(planned.Features) != 1 {
		t.Fatalf("plan: got %+v, %v", planned, err)
	}
	cfg.Expect = planned.On
	if d, err := ApplyProject(t.Context(), to, cfg); err != nil || d.Apply != 1 {
		t.Fatalf("apply: got %+v, %v", d, err)
	}
	s, err := r.Snapshot(t.Context())
	if err != nil || s.Newest().Author != "ann" || s.Newest().Message != "<&>" || s.Project().View("orders") == nil {
		t.Errorf("what the server stored: got %+v, %v", s.Newest(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(strings.Replace(smallProject, "count", "cuont", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := planProject(t.Context(), to, cfg); err == nil || !strings.HasPrefix(err.Error(), filepath.Join(dir, "selfsame.yaml")+":4:") || len(w.verbs) != 2 {
		t.Errorf("a mistake: got %v after the verbs %v; want its place, and that the server is not asked", err, w.verbs)
	}
}

func TestPlacesOfRefusedChanges(t *testing.T) {
	for text, want := range map[string]string{
		strings.Replace(smallProject, "count(*)", "cuont(*)", 1):                              "there is no function cuont",
		smallProject + "services: {s: {features: [orders.n@4]}}\n":                            "orders.n has no version 4",
		strings.Replace(smallProject, "count(*) over 1d", "{value: count(*), version: 1}", 1): "is not a version",
	} {
		dir := writeProject(t, map[string]string{"selfsame.yaml": text})
		_, err := planProject(t.Context(), &unserved{at: RegistryAt{Data: filepath.Join(dir, "none"), Project: dir}}, &ChangeConfig{Project: dir})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), filepath.Join(dir, "selfsame.yaml")+":") {
			t.Errorf("got %v, want %q with a place in %s", err, want, dir)
		}
	}
	if _, err := planProject(t.Context(), nil, &ChangeConfig{Project: t.TempDir()}); selfsame.ClassOf(err) != selfsame.ClassNotFound {
		t.Errorf("no project: got %v", err)
	}
}
