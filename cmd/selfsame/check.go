// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/config"
	"selfsame/definition"
	"selfsame/definition/lint"
	"selfsame/node"
)

// checkFlags say what is printed beside mistakes.
type checkFlags struct {
	schema, lint, strict, json bool
}

func checkCommand() *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check [DIR]",
		Short: "check every definition of a project and print all mistakes at once",
		Long: `Check every definition of a project and print all mistakes at once, each with its file, line and column.

With --lint, say also what is allowed and seldom meant: docs/lints.md has the list.`,
		Args: atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return f.run(c, dir)
		},
	}
	c.Flags().BoolVar(&f.schema, "schema", false, "print the JSON Schema of definition files, for editors, and stop")
	c.Flags().BoolVar(&f.lint, "lint", false, "print what the lints find, too")
	c.Flags().BoolVar(&f.strict, "strict", false, "with --lint: exit code 7 where they find something")
	c.Flags().BoolVar(&f.json, "json", false, "with --lint: print the findings as JSON")
	config.Bind(c.Flags(), "data.dir", "registry.url")
	return c
}

func (f *checkFlags) run(c *cobra.Command, dir string) error {
	if f.schema {
		b, err := definition.JSONSchema()
		if err == nil {
			_, err = c.OutOrStdout().Write(b)
		}
		return err
	}
	if !f.lint && (f.strict || f.json) {
		return usage("check", "--strict and --json are about lints", "add --lint")
	}
	p, err := definition.Load(dir)
	if err != nil {
		return err
	}
	if !f.json {
		features := 0
		for _, v := range p.Views {
			features += len(v.Features)
		}
		fmt.Fprintf(c.OutOrStdout(), "project %s: %d entities, %d sources, %d views with %d features, %d services; no mistakes\n",
			p.Name, len(p.Entities), len(p.Sources), len(p.Views), features, len(p.Services))
	}
	if !f.lint {
		return nil
	}
	cfg, err := loadConfig(c, dir)
	if err != nil {
		return err
	}
	found, err := node.Lint(c.Context(), node.RegistryOf(cfg, dir))
	if err != nil {
		return err
	}
	if err := f.print(c, found); err != nil {
		return err
	}
	if f.strict && len(found) > 0 {
		return exitStatus(exitCodes[selfsame.ClassExpectation])
	}
	return nil
}

func (f *checkFlags) print(c *cobra.Command, found []lint.Finding) error {
	w := c.OutOrStdout()
	if f.json {
		return printJSON(w, append([]lint.Finding{}, found...))
	}
	for _, x := range found {
		fmt.Fprintf(w, "%s: %s: %s (%s)\n  hint: %s\n", x.Place, x.Ref, x.Message, x.Lint, x.Hint)
	}
	_, err := fmt.Fprintf(w, "%d findings of %d lints\n", len(found), len(lint.Rules))
	return err
}
