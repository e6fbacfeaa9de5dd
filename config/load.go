// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"

	"selfsame"
)

// Inputs are where settings come from.
type Inputs struct {
	Project string         // folder of the project; data.dir is relative to it, unless a flag or a variable gives it: then to the working folder
	Name    string         // of the file, for messages; empty: selfsame.yaml
	File    []byte         // selfsame.yaml; nil: none. Keys that are no settings are the definitions' and are passed over
	Env     []string       // NAME=value, as os.Environ
	Flags   *pflag.FlagSet // with Bind's flags; nil: none. Only those that were given count
}

// Problems is every problem of the settings. errors.As finds the first of them as *selfsame.Error.
type Problems []*selfsame.Error

// Error is one problem after the other.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, e := range p {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems.
func (p Problems) Unwrap() []error {
	out := make([]error, len(p))
	for i, e := range p {
		out[i] = e
	}
	return out
}

// Bind declares a flag for each of the named settings, all of them where no name is given. Values are read by Load. It panics on a name that is none.
func Bind(flags *pflag.FlagSet, names ...string) {
	list := settings(&Config{})
	for _, s := range list {
		if len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		usage := s.Doc + " (" + s.Name + ")"
		switch {
		case s.Name == "insecure" || s.Name == "journal.durable":
			flags.Bool(s.Flag(), false, plain(usage))
		default:
			flags.String(s.Flag(), s.def, plain(usage))
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(list, func(s Setting) bool { return s.Name == name }) {
			panic("config: there is no setting " + name)
		}
	}
}

// plain drops the marks of code that pflag would take for the name of the value.
func plain(s string) string { return strings.ReplaceAll(s, "`", "") }

// loading is one Load.
type loading struct {
	in       Inputs
	c        *Config
	settings []Setting
	env      map[string]string
	problems Problems
	given    map[string]selfsame.Pos // settings that the file gives
	from     map[string]string       // where each setting that was given came from, for messages
}

// Load reads the settings. The error is Problems: everything that is wrong, of class usage.
func Load(in Inputs) (*Config, error) {
	if in.Name == "" {
		in.Name = "selfsame.yaml"
	}
	l := &loading{in: in, c: Default(), env: map[string]string{}, given: map[string]selfsame.Pos{}, from: map[string]string{}}
	l.settings = settings(l.c)
	for _, kv := range in.Env {
		name, value, _ := strings.Cut(kv, "=")
		l.env[name] = value
	}
	l.file()
	l.environment()
	l.flags()
	l.validate()
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	if l.c.Threads == 0 {
		l.c.Threads = runtime.GOMAXPROCS(0)
	}
	l.inProject("data.dir", &l.c.Dir)
	l.inProject("lineage.file", &l.c.LineageFile)
	if l.c.Dir == "" {
		l.c.Dir = filepath.Join(in.Project, ".selfsame")
	}
	return l.c, nil
}

// inProject makes a path that the project's file gives relative to the project.
func (l *loading) inProject(name string, path *string) {
	if where := l.from[name]; *path != "" && !filepath.IsAbs(*path) && !strings.HasPrefix(where, "--") && !strings.HasPrefix(where, "SELFSAME_") {
		*path = filepath.Join(l.in.Project, *path)
	}
}

func (l *loading) problem(pos selfsame.Pos, ref, message, hint string) {
	l.problems = append(l.problems, &selfsame.Error{Class: selfsame.ClassUsage, Pos: pos, Ref: ref, Message: message, Hint: hint})
}

// set reads one setting. where names the place for messages: a flag, a variable, or the key of a file.
func (l *loading) set(s *Setting, value, where string, pos selfsame.Pos) {
	expanded, missing := l.expand(value)
	if missing != "" {
		l.problem(pos, where, "${"+missing+"} is not in the environment", "set "+missing+", or write the value")
		return
	}
	if why := s.set(expanded); why != "" {
		shown := value
		if strings.HasSuffix(s.Name, ".url") {
			shown = Redact(value)
		}
		l.problem(pos, where, shown+" "+why, "it is "+s.Doc+": "+plain(s.Bounds))
		return
	}
	l.from[s.Name] = where
	l.given[s.Name] = pos
}

// expand replaces ${NAME} by variables of the environment.
func (l *loading) expand(s string) (out, missing string) {
	var b strings.Builder
	for {
		at := strings.Index(s, "${")
		end := strings.IndexByte(s[max(at, 0):], '}')
		if at < 0 || end < 0 {
			b.WriteString(s)
			return b.String(), ""
		}
		name := s[at+2 : at+end]
		value, ok := l.env[name]
		if !ok {
			return "", name
		}
		b.WriteString(s[:at] + value)
		s = s[at+end+1:]
	}
}

// file reads the settings of selfsame.yaml.
func (l *loading) file() {
	if len(l.in.File) == 0 {
		return
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(l.in.File, &doc); err != nil {
		l.problem(selfsame.Pos{File: l.in.Name}, "", "is not YAML: "+strings.TrimPrefix(err.Error(), "yaml: "), "")
		return
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return
	}
	sections := Sections()
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if slices.Contains(sections, key.Value) {
			l.node(key.Value, key, value)
		}
	}
}

// node reads the value of a key, or those of the keys below it.
func (l *loading) node(name string, key, value *yaml.Node) {
	pos := selfsame.Pos{File: l.in.Name, Line: key.Line, Column: key.Column}
	s := l.find(name)
	switch {
	case value.Kind == yaml.MappingNode && s == nil:
		for i := 0; i+1 < len(value.Content); i += 2 {
			l.node(name+"."+value.Content[i].Value, value.Content[i], value.Content[i+1])
		}
	case s == nil:
		l.problem(pos, "", "there is no setting "+name, l.near(name))
	case value.Kind != yaml.ScalarNode:
		l.problem(pos, name, "is not a single value", "it is "+s.Doc+": "+plain(s.Bounds))
	default:
		if _, twice := l.given[name]; twice {
			l.problem(pos, name, "is given twice", "remove one")
			return
		}
		l.set(s, value.Value, name, pos)
	}
}

func (l *loading) find(name string) *Setting {
	for i := range l.settings {
		if l.settings[i].Name == name {
			return &l.settings[i]
		}
	}
	return nil
}

func (l *loading) near(name string) string {
	names := make([]string, len(l.settings))
	for i, s := range l.settings {
		names[i] = s.Name
	}
	section, _, _ := strings.Cut(name, ".")
	if near := selfsame.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n != section && !strings.HasPrefix(n, section+".") })
	return "known: " + strings.Join(names, ", ")
}

// Sections are the keys of selfsame.yaml that hold settings.
func Sections() []string {
	var out []string
	for _, s := range Settings() {
		if section, _, _ := strings.Cut(s.Name, "."); !slices.Contains(out, section) {
			out = append(out, section)
		}
	}
	return out
}

// openLineageURL is the variable by which other tools name the server of lineage.
const openLineageURL = "OPENLINEAGE_URL"

// environment reads SELFSAME_ variables. One that is near a setting's and none is told, as a slip of the pen must not be silent.
func (l *loading) environment() {
	var names []string
	for i := range l.settings {
		s := &l.settings[i]
		names = append(names, s.Env())
		if value, ok := l.env[s.Env()]; ok && value != "" {
			l.set(s, value, s.Env(), selfsame.Pos{})
		}
	}
	if value := l.env[openLineageURL]; value != "" && l.env["SELFSAME_LINEAGE_URL"] == "" {
		l.set(l.find("lineage.url"), value, openLineageURL, selfsame.Pos{})
	}
	for _, kv := range l.in.Env {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "SELFSAME_") || slices.Contains(names, name) {
			continue
		}
		rest := strings.TrimPrefix(name, "SELFSAME_")
		for _, known := range names {
			if selfsame.Nearest(rest, []string{strings.TrimPrefix(known, "SELFSAME_")}) != "" {
				l.c.Warnings = append(l.c.Warnings, name+" is no setting; did you mean "+known+"?")
				break
			}
		}
	}
}

func (l *loading) flags() {
	if l.in.Flags == nil {
		return
	}
	for i := range l.settings {
		s := &l.settings[i]
		if f := l.in.Flags.Lookup(s.Flag()); f != nil && f.Changed {
			l.set(s, f.Value.String(), "--"+s.Flag(), selfsame.Pos{})
		}
	}
}
