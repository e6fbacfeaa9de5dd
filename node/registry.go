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
	return &keeping{registry.Over(store, project)}, nil
}

// Applier is the part of a registry that the verb apply needs. A running server stands for its own.
type Applier interface {
	Apply(ctx context.Context, c *registry.Change) (*registry.Diff, error)
	Close() error
}

// OpenApplier is the registry of the server that owns the data directory, where it serves from the one that is named, or that one. Nobody else is kept from
// the directory meanwhile: it is owned, and made where there is none, for as long as an apply takes.
func OpenApplier(ctx context.Context, at RegistryAt) (Planner, error) {
	if err := at.check(); err != nil {
		return nil, err
	}
	u := &unserved{at: at}
	if server := u.server(); server != nil {
		return server, nil
	}
	if at.shared() {
		return u, nil
	}
	return u, checkFormat(at.Data)
}

// unserved is a registry that no server has, or that is shared. It is used by one goroutine at a time.
type unserved struct {
	at     RegistryAt
	opened registry.Registry // to read; nil: there was none yet
}

// server is the registry of the server that owns the data directory and serves from this one, nil for none.
func (u *unserved) server() Planner {
	address, token := FindServer(u.at.Data)
	if address == "" || u.at.shared() && postgres.Place(u.at.URL) != serverRegistry(u.at.Data) {
		return nil
	}
	return ServedApplier(dialServer(address, token))
}

// read returns what is applied: an empty registry where the directory has none.
func (u *unserved) read(ctx context.Context) (registry.Registry, error) {
	if u.opened != nil {
		return u.opened, nil
	}
	var store registry.Store
	var err error
	if u.at.shared() {
		store, err = postgres.Open(u.at.URL)
	} else {
		store, err = u.at.openFile(ctx)
	}
	switch {
	case err != nil:
		return nil, err
	case store == nil:
		return registry.Empty(u.at.Project), nil
	}
	u.opened = &keeping{registry.Over(store, u.at.Project)}
	return u.opened, nil
}

func (u *unserved) Close() error {
	if u.opened == nil {
		return nil
	}
	return u.opened.Close()
}

// Apply owns the directory while it applies. Where a server began meanwhile, that one applies.
func (u *unserved) Apply(ctx context.Context, c *registry.Change) (d *registry.Diff, err error) {
	err = u.write(ctx, func(r registry.Registry) error { d, err = r.Apply(ctx, c); return err }, func(p Planner) error { d, err = p.Apply(ctx, c); return err })
	return d, err
}

// write opens the registry and owns the directory meanwhile, unless the registry is elsewhere. Where another process has the directory for a moment it waits;
// where a server began meanwhile, that one is asked.
func (u *unserved) write(ctx context.Context, own func(registry.Registry) error, served func(Planner) error) (err error) {
	if u.at.shared() {
		r, err := u.read(ctx)
		if err != nil {
			return err
		}
		return own(r)
	}
	data, err := openDataWithin(ctx, u.at.Data, ownWithin)
	if err != nil {
		if server := u.server(); server != nil {
			return served(server)
		}
		return err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	r, err := OpenRegistry(ctx, data, u.at.Project)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return own(r)
}

// Asker asks a running server for verbs. Client is one.
type Asker interface {
	// Do sends a verb with its arguments and hands over the lines of the answer.
	Do(ctx context.Context, verb string, args any, line func([]byte) error) error
	Close() error
}

// ServedApplier is the registry of a running server. Mistakes in definitions are found before it is asked.
func ServedApplier(server Asker) Planner { return &served{server} }

type served struct{ Asker }

func (s *served) Apply(ctx context.Context, c *registry.Change) (*registry.Diff, error) {
	return ask[registry.Diff](ctx, s, "apply", c, c)
}

// ask asks for a verb about a change that answers with one line.
func ask[T any](ctx context.Context, s *served, verb string, c *registry.Change, args any) (*T, error) {
	if _, err := definition.Parse(c.Files, ""); err != nil {
		return nil, err
	}
	var answer *T
	err := s.Do(ctx, verb, args, func(line []byte) error { return json.Unmarshal(line, &answer) })
	switch {
	case err != nil:
		return nil, err
	case answer == nil:
		return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: verb, Message: "the server answered nothing"}
	}
	return answer, nil
}

// ChangeConfig is who applies which project, and why.
type ChangeConfig struct {
	Project string // folder
	Author  string // empty: as git knows them, else the user's name
	Message string
	Expect  int64             // Diff.On of the plan that the author saw, or registry.Newest
	Impacts []registry.Impact // that the plan found; they are kept with the apply
	Draft   bool              // new versions are drafts
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
		Time: time.Now().UnixMicro(), Expect: cfg.Expect, Impacts: cfg.Impacts, Draft: cfg.Draft}
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
