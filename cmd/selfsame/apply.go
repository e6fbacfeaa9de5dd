// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"selfsame/forecast"
	"selfsame/node"
	"selfsame/registry"
)

// applyFlags are the flags of apply as typed.
type applyFlags struct {
	registryFlags
	sample          sampleFlags
	message, author string
	yes, dryRun     bool
}

func applyCommand() *cobra.Command {
	var f applyFlags
	c := &cobra.Command{
		Use:   "apply",
		Short: "make the definitions of a project the ones that are served: all of them or nothing",
		Example: `  selfsame apply --message "spend counts approved orders only"
  selfsame apply --yes --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return f.with(c, func(to node.Planner) error { return f.apply(c, to) })
		},
	}
	f.register(c)
	f.sample.register(c)
	f.registerDraft(c)
	c.Flags().StringVar(&f.message, "message", "", "why, in one line")
	c.Flags().StringVar(&f.author, "author", "", "who (default: as git knows you, else $USER)")
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask before values that are served change or go")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "print what would change, and stop")
	return c
}

func (f *applyFlags) apply(c *cobra.Command, to node.Planner) error {
	sample, err := f.sample.args()
	if err != nil {
		return err
	}
	cfg := &node.ChangeConfig{Project: f.project, Draft: f.draft, Author: f.author, Message: f.message, Expect: registry.Newest}
	d, err := node.ForecastProject(c.Context(), to, cfg, sample)
	if err != nil {
		return err
	}
	if f.dryRun || d.Empty() {
		return f.print(c.OutOrStdout(), d)
	}
	if !f.json {
		if err := f.print(c.OutOrStdout(), d); err != nil {
			return err
		}
	}
	if err := f.confirm(c, d.Diff); err != nil {
		return err
	}
	to, done, err := f.telling(c, to)
	if err != nil {
		return err
	}
	defer done()
	cfg.Expect, cfg.Impacts = d.On, d.Impacts
	if d.Diff, err = node.ApplyProject(c.Context(), to, cfg); err != nil {
		return err
	}
	if f.json {
		return f.print(c.OutOrStdout(), d)
	}
	if d.Apply == 0 { // somebody else did
		_, err = fmt.Fprintf(c.OutOrStdout(), "applied already\n")
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "applied as %d\n", d.Apply)
	return err
}

func (f *applyFlags) print(w io.Writer, d *forecast.Forecast) error {
	if f.json {
		return printJSON(w, d)
	}
	var b strings.Builder
	writeForecast(&b, d)
	_, err := io.WriteString(w, b.String())
	return err
}

// confirm asks before what is served changes. Where nobody can be asked, --yes has to say it.
func (f *applyFlags) confirm(c *cobra.Command, d *registry.Diff) error {
	if f.yes || !d.Breaking() {
		return nil
	}
	in, ok := c.InOrStdin().(*os.File)
	if f.json || !ok || !term.IsTerminal(int(in.Fd())) {
		return usage("apply", "values that are served change or go, and nobody can be asked", "look at selfsame plan, then say --yes")
	}
	fmt.Fprint(c.ErrOrStderr(), "values that are served change or go. apply? [y/N] ")
	line, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return usage("apply", "nothing is applied", "")
	}
	return nil
}
