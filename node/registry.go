// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"selfsame"
	"selfsame/definition"
	"selfsame/registry"
	"selfsame/registry/postgres"
	"selfsame/registry/sqlite"
)

// OpenRegistry opens the registry that is kept in a data directory. project is the folder from which the paths of sources count. It refuses definitions by which
// events that came in could not be read any more.
func OpenRegistry(ctx context.Context, data *Data, project string) (registry.Registry, error) {
	store, err := sqlite.Open(ctx, filepath.Join(data.Dir, registryFile))
	if err != nil {
		return nil, err
	}
	return &keeping{registry.Over(store, project), project}, nil
}

// Applier is the part of a registry that the verbs plan and apply need. A running server stands for its own.
type Applier interface {
	Plan(ctx context.Context, c *registry.Change) (*registry.Diff, error)
	Apply(ctx context.Context, c *registry.Change) (*registry.Diff, error)
	Close() error
}

// owned is a registry with the data directory that it is in.
type owned struct {
	registry.Registry
	data *Data
}

func (o *owned) Close() error { return errors.Join(o.Registry.Close(), o.data.Close()) }

// OpenApplier is the registry of the server that owns the data directory, where it serves from the one that is named, or opens that one. Where write is
// false, a directory without a registry is left as it is and stands for one in which nothing is applied.
func OpenApplier(ctx context.Context, at RegistryAt, write bool) (Applier, error) {
	if err := at.check(); err != nil {
		return nil, err
	}
	if address, token := FindServer(at.Data); address != "" && (!at.shared() || postgres.Place(at.URL) == serverRegistry(at.Data)) {
		return ServedApplier(dialServer(address, token)), nil
	}
	if at.shared() {
		store, err := postgres.Open(at.URL)
		if err != nil {
			return nil, err
		}
		return &keeping{registry.Over(store, at.Project), at.Project}, nil
	}
	if !write {
		if _, err := os.Stat(filepath.Join(at.Data, registryFile)); errors.Is(err, fs.ErrNotExist) {
			return registry.Empty(at.Project), nil
		}
	}
	data, err := OpenData(at.Data)
	if err != nil {
		return nil, err
	}
	r, err := OpenRegistry(ctx, data, at.Project)
	if err != nil {
		return nil, errors.Join(err, data.Close())
	}
	return &owned{Registry: r, data: data}, nil
}

// Asker asks a running server for verbs. Client is one.
type Asker interface {
	// Do sends a verb with its arguments and hands over the lines of the answer.
	Do(ctx context.Context, verb string, args any, line func([]byte) error) error
	Close() error
}

// ServedApplier is the registry of a running server. Mistakes in definitions are found before it is asked.
func ServedApplier(server Asker) Applier { return &served{server} }

type served struct{ Asker }

func (s *served) Plan(ctx context.Context, c *registry.Change) (*registry.Diff, error) {
	return s.ask(ctx, "plan", c)
}

func (s *served) Apply(ctx context.Context, c *registry.Change) (*registry.Diff, error) {
	return s.ask(ctx, "apply", c)
}

func (s *served) ask(ctx context.Context, verb string, c *registry.Change) (*registry.Diff, error) {
	if _, err := definition.Parse(c.Files, ""); err != nil {
		return nil, err
	}
	var d *registry.Diff
	err := s.Do(ctx, verb, c, func(line []byte) error { return json.Unmarshal(line, &d) })
	switch {
	case err != nil:
		return nil, err
	case d == nil:
		return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: verb, Message: "the server answered nothing"}
	}
	return d, nil
}

// ChangeConfig is who applies which project, and why.
type ChangeConfig struct {
	Project string // folder
	Author  string // empty: as git knows them, else the user's name
	Message string
	Expect  int64 // Diff.On of the plan that the author saw, or registry.Newest
}

// PlanProject says what applying a project would do.
func PlanProject(ctx context.Context, to Applier, cfg *ChangeConfig) (*registry.Diff, error) {
	c, err := readChange(ctx, cfg)
	if err != nil {
		return nil, err
	}
	d, err := to.Plan(ctx, c)
	return d, inProject(err, cfg.Project)
}

// ApplyProject applies a project: all of it or nothing.
func ApplyProject(ctx context.Context, to Applier, cfg *ChangeConfig) (*registry.Diff, error) {
	c, err := readChange(ctx, cfg)
	if err != nil {
		return nil, err
	}
	d, err := to.Apply(ctx, c)
	return d, inProject(err, cfg.Project)
}

// readChange reads the definition files of a project.
func readChange(ctx context.Context, cfg *ChangeConfig) (*registry.Change, error) {
	files, err := definition.ReadFiles(cfg.Project)
	if err != nil {
		return nil, err
	}
	c := &registry.Change{Files: files, Author: cfg.Author, Message: cfg.Message, Commit: gitCommit(ctx, cfg.Project), Engine: Version,
		Time: time.Now().UnixMicro(), Expect: cfg.Expect}
	if c.Author == "" {
		c.Author = author(ctx, cfg.Project)
	}
	return c, nil
}

// inProject makes the places of an error ones that a terminal or an editor can open.
func inProject(err error, dir string) error {
	var list definition.Errors
	var one *selfsame.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = definition.Errors{one}
	}
	for _, e := range list {
		if e.Pos.File != "" && !filepath.IsAbs(e.Pos.File) {
			e.Pos.File = filepath.Join(dir, e.Pos.File)
		}
	}
	return err
}

// git asks git about the repository that holds a folder. Without git or a repository the answer is empty.
func git(ctx context.Context, dir string, args ...string) string {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// author names whoever runs this.
func author(ctx context.Context, dir string) string {
	name, mail := git(ctx, dir, "config", "user.name"), git(ctx, dir, "config", "user.email")
	switch {
	case name != "" && mail != "":
		return name + " <" + mail + ">"
	case name != "":
		return name
	}
	for _, v := range []string{"USER", "LOGNAME"} {
		if user := os.Getenv(v); user != "" {
			return user
		}
	}
	return "unknown"
}

// gitCommit is the commit that a project's files are of, with -dirty where they differ from it.
func gitCommit(ctx context.Context, dir string) string {
	commit := git(ctx, dir, "rev-parse", "HEAD")
	if commit != "" && git(ctx, dir, "status", "--porcelain", "--", definition.ProjectFile, definition.FeaturesDir) != "" {
		commit += "-dirty"
	}
	return commit
}
