// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"selfsame"
	"selfsame/definition/syntax"
)

// ProjectFile is the name of the file that makes a folder a project.
const ProjectFile = "selfsame.yaml"

// FeaturesDir is the folder of a project whose *.yaml files, at any depth, hold its definitions.
const FeaturesDir = "features"

// Load reads and checks the project in a folder: selfsame.yaml and features/**/*.yaml. The error is Errors, holding all
// mistakes at once; a folder that cannot be read at all is a *selfsame.Error.
func Load(dir string) (*selfsame.Project, error) {
	files, err := ReadFiles(dir)
	if err != nil {
		return nil, err
	}
	p, err := Parse(files, dir)
	if errs, ok := err.(Errors); ok { // places that a terminal or an editor can open
		for _, e := range errs {
			e.Pos.File = filepath.Join(dir, e.Pos.File)
		}
	}
	return p, err
}

// Parse is Load from memory: files by their path below dir, with slashes. Places in errors name these paths, as they are.
func Parse(files map[string][]byte, dir string) (*selfsame.Project, error) {
	return NewReader(dir).Parse(files)
}

// ReadFiles reads the definition files of a project's folder, by their path below it, with slashes: what Parse takes. The error is a *selfsame.Error.
func ReadFiles(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	main := filepath.Join(dir, ProjectFile)
	src, err := os.ReadFile(main)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Message: "there is no " + ProjectFile + " in " + dir,
			Hint: "run it in a project's folder, name one with --project, or make one with selfsame init"}
	case err != nil:
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Message: "read the project", Err: err}
	}
	files[ProjectFile] = src
	root := filepath.Join(dir, FeaturesDir)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isDefinition(path) {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)] = src
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Message: "read the definitions", Err: err}
	}
	return files, nil
}

// isDefinition tells the files that are read. A .yml file is among them so that it can be reported rather than left out.
func isDefinition(path string) bool {
	ext := filepath.Ext(path)
	return (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(filepath.Base(path), ".")
}

// loader carries one reading of a project.
type loader struct {
	p         *selfsame.Project
	errs      Errors
	documents map[string]*document
	only      []string // views that are wanted, and no service; nil: everything is

	// broken: a file could not be read whole, so that a name that is not found may well be defined in it.
	broken bool

	document *document // that is read; nil: the project is put together
	current  *part     // of document

	parts  map[string]*part        // what the project is made of, by "view x"
	drafts map[string][]draft      // features as written, by view
	places map[string]selfsame.Pos // place of each definition, by "view x"

	before, still, checked map[string]*checked // views: of another project, those of them that are as they were, and those of this one
	*typing
}

func newLoader(dir string) *loader {
	l := &loader{p: &selfsame.Project{Dir: dir}, documents: map[string]*document{}, parts: map[string]*part{}, drafts: map[string][]draft{}, places: map[string]selfsame.Pos{},
		checked: map[string]*checked{}}
	l.typing = newTyping(l.p)
	return l
}

// fail keeps one mistake.
func (l *loader) fail(pos selfsame.Pos, ref, message, hint string) {
	e := &selfsame.Error{Class: selfsame.ClassDefinition, Pos: pos, Ref: ref, Message: message, Hint: hint}
	if d := l.documents[pos.File]; d != nil {
		e.Excerpt = d.file.Excerpt(pos)
	}
	l.errs = append(l.errs, e)
}

// missing keeps the mistake of a name that nothing has. Where a file is broken the name may be in it, and nothing is said.
func (l *loader) missing(pos selfsame.Pos, ref, what, name string, known []string) {
	if !l.broken {
		l.fail(pos, ref, "there is no "+what+" "+name, suggest(name, known))
	}
}

// project puts the model together from all files, each of which read gives.
func (l *loader) project(files map[string][]byte, read func(name string, src []byte) *document) {
	names := slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		if (a == ProjectFile) != (b == ProjectFile) {
			if a == ProjectFile {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		if strings.HasSuffix(name, ".yml") {
			l.fail(selfsame.Pos{File: name}, "", "a definition file ends in .yaml", "rename it to "+strings.TrimSuffix(name, ".yml")+".yaml")
			l.broken = true
			continue
		}
		l.take(read(name, files[name]))
	}
	if l.p.Name == "" && !l.broken && !l.placed("project") {
		l.fail(selfsame.Pos{File: ProjectFile}, "", "the project has no name", "begin "+ProjectFile+" with a line such as project: shop")
	}
}

// placed reports whether a thing was met already, by its kind and name.
func (l *loader) placed(what string) bool {
	_, ok := l.places[what]
	return ok
}

// definitions reads one file.
func (l *loader) definitions(f *syntax.File) {
	if f.Root == nil || f.Root.Bad || f.Root.Empty {
		return
	}
	keys := fileKeys
	if f.Name == ProjectFile {
		keys = projectKeys
	}
	o := l.object(f.Root, "", "the file", keys)
	if n := o.vals["project"]; n != nil {
		if f.Name != ProjectFile {
			l.fail(n.Start, "project", "the project is named in "+ProjectFile+" only", "remove the line")
		} else {
			l.document.project, l.document.name = n, o.text("project")
			if !n.Bad {
				l.name(n, "", l.document.name)
			}
		}
	}
	for _, p := range o.entries("entities") {
		l.part("entity", p, l.entity)
	}
	for _, p := range o.entries("sources") {
		l.part("source", p, l.source)
	}
	for _, p := range o.entries("views") {
		l.part("view", p, l.view)
	}
	for _, p := range o.entries("services") {
		l.part("service", p, l.service)
	}
}
