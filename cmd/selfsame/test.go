// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
	"selfsame/featuretest"
)

func testCommand() *cobra.Command {
	var project string
	var rewrite bool
	c := &cobra.Command{
		Use:   "test [FILE|DIR]...",
		Short: "run scenario scripts (*.test): definitions, events with their times, and the values expected of them",
		Long: `Every script is put to the engine of training sets and, its events replayed as they became known, to the one of live serving: a value that
differs from what is expected, or between the two, fails.`,
		Example: `  selfsame test                       every script of the project in this folder
  selfsame test tests/orders.test --rewrite   write what the engine answers into the script, to be read`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{cmp.Or(project, ".")}
			}
			files, err := scriptFiles(args)
			if err != nil {
				return err
			}
			run := &scripts{project: project, loaded: map[string]*selfsame.Project{},
				runner: featuretest.Runner{Define: definition.Parse, Engine: featuretest.Batch{Options: batch.Options{Threads: runtime.GOMAXPROCS(0)}}},
				online: featuretest.Stream{}}
			if rewrite {
				return run.rewrite(c, files)
			}
			return run.check(c, files)
		},
	}
	c.Flags().StringVar(&project, "project", "", "folder of the project that scripts without definitions ask (default: the one they lie in)")
	c.Flags().BoolVar(&rewrite, "rewrite", false, "write the engine's answers into the scripts")
	return c
}

// scriptFiles lists the scripts below the arguments, in order.
func scriptFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		err := filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (path == arg || strings.HasSuffix(path, ".test")) {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: arg, Message: "cannot be read", Err: errors.Unwrap(err)}
		}
	}
	if len(files) == 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: strings.Join(args, ", "), Message: "no scripts (*.test) there", Hint: "docs/scenarios.md shows one"}
	}
	return files, nil
}

// scripts runs scripts, each against the project that it asks.
type scripts struct {
	project string                       // of every script; empty: the one that a script lies in
	loaded  map[string]*selfsame.Project // by folder
	runner  featuretest.Runner
	online  featuretest.Engine // every script is put to it too
}

// runnerOf returns the runner of a script.
func (s *scripts) runnerOf(script string) (*featuretest.Runner, error) {
	r := s.runner
	dir := s.project
	if dir == "" {
		dir = projectOf(script)
	}
	if dir == "" {
		return &r, nil // the script has definitions of its own, or says that it has none
	}
	if s.loaded[dir] == nil {
		p, err := definition.Load(dir)
		if err != nil {
			return nil, err
		}
		s.loaded[dir] = p
	}
	r.Project = s.loaded[dir]
	return &r, nil
}

// projectOf returns the nearest folder at or above a script's that holds a project, as absolute path; empty: none does.
func projectOf(script string) string {
	path, err := filepath.Abs(script)
	if err != nil {
		return ""
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, definition.ProjectFile)) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

func parseScript(path string) (*featuretest.Script, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Message: "cannot be read", Err: errors.Unwrap(err)}
	}
	return featuretest.Parse(path, string(text))
}

func (run *scripts) check(c *cobra.Command, files []string) error {
	failed, out := 0, c.OutOrStdout()
	for _, f := range files {
		s, err := parseScript(f)
		if err != nil {
			return err
		}
		r, err := run.runnerOf(f)
		if err != nil {
			return err
		}
		res, err := r.Run(c.Context(), s)
		if err != nil {
			return err
		}
		r.Engine = run.online
		online, err := r.Run(c.Context(), s)
		if err != nil {
			return err
		}
		word := "ok  "
		if len(res.Failures)+len(online.Failures) > 0 {
			word = "FAIL"
		}
		fmt.Fprintf(out, "%s %s: %d values checked\n", word, f, res.Checked)
		for _, x := range res.Failures {
			fmt.Fprintf(out, "  %s\n", x)
		}
		for _, x := range differing(online.Failures, res.Failures) {
			fmt.Fprintf(out, "  %s (%s)\n", x, run.online.Name())
			failed++
		}
		failed += len(res.Failures)
	}
	if failed > 0 {
		return &selfsame.Error{Class: selfsame.ClassExpectation, Ref: "test", Message: fmt.Sprintf("%d expectations are not met", failed)}
	}
	return nil
}

// differing returns the failures of list that are not among those of other.
func differing(list, other []featuretest.Failure) []featuretest.Failure {
	return slices.DeleteFunc(slices.Clone(list), func(f featuretest.Failure) bool { return slices.Contains(other, f) })
}

func (run *scripts) rewrite(c *cobra.Command, files []string) error {
	for _, f := range files {
		s, err := parseScript(f)
		if err != nil {
			return err
		}
		r, err := run.runnerOf(f)
		if err != nil {
			return err
		}
		text, err := featuretest.Rewrite(c.Context(), r, s)
		if err != nil {
			return err
		}
		if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
			return &selfsame.Error{Class: selfsame.ClassResource, Ref: f, Message: "cannot be written", Err: errors.Unwrap(err)}
		}
		fmt.Fprintln(c.OutOrStdout(), "wrote", f)
	}
	return nil
}
