// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/config"
	"selfsame/node"
	"selfsame/registry"
)

// actFlags are the flags of what is recorded beside definitions.
type actFlags struct {
	project, author, message string
	json                     bool
}

func (f *actFlags) register(c *cobra.Command) {
	f.registerRead(c)
	c.Flags().StringVar(&f.author, "author", "", "who (default: as git knows you, else $USER)")
	c.Flags().StringVar(&f.message, "message", "", "why, in one line")
}

// registerRead registers the flags of a verb that records nothing.
func (f *actFlags) registerRead(c *cobra.Command) {
	c.Flags().StringVar(&f.project, "project", ".", "folder of the project")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	config.Bind(c.Flags(), "data.dir", "registry.url")
}

// live is where the registry is that the settings name.
func (f *actFlags) live(c *cobra.Command) (*node.LiveConfig, error) {
	cfg, err := loadConfig(c, f.project)
	if err != nil {
		return nil, err
	}
	return &node.LiveConfig{Config: cfg, Project: f.project}, nil
}

// act records an action and prints what then stands.
func (f *actFlags) act(c *cobra.Command, a *node.ActArgs, text func(w io.Writer, out *node.Acted)) error {
	cfg, err := f.live(c)
	if err != nil {
		return err
	}
	a.By.Author, a.By.Message = f.author, f.message
	out, err := node.Act(c.Context(), cfg, a)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(c.OutOrStdout(), out)
	}
	text(c.OutOrStdout(), out)
	for _, w := range out.Warnings {
		fmt.Fprintln(c.OutOrStdout(), "warning:", w)
	}
	return nil
}

func deprecateCommand() *cobra.Command {
	var f actFlags
	var until string
	var g registry.Staging
	c := &cobra.Command{
		Use:   "deprecate REF",
		Short: "warn whoever reads a version of a feature",
		Long: `Warn whoever reads a version of a feature: answers, training reports and plans that use it carry a warning with its successor and the day on which it is to be retired.
Values do not change. selfsame activate takes it back.`,
		Example: `  selfsame deprecate user_spend.avg_ticket@1 --until 2026-12-01 --successor user_spend.avg_ticket@2 --reason "counts refunds"`,
		Args:    oneReference("deprecate"),
		RunE: func(c *cobra.Command, args []string) error {
			if until != "" {
				t, err := parseInstant("--until", until)
				if err != nil {
					return err
				}
				g.Until = selfsame.Instant(t)
			}
			g.Stage = registry.Deprecated
			return f.act(c, &node.ActArgs{Staging: &g, Ref: args[0]}, printStaging)
		},
	}
	f.register(c)
	c.Flags().StringVar(&until, "until", "", "day on which it is to be retired, such as 2026-12-01")
	c.Flags().StringVar(&g.Successor, "successor", "", "reference to use in its place")
	c.Flags().StringVar(&g.Reason, "reason", "", "why, for whoever is warned")
	return c
}

// oneReference is the check of a verb that takes a version of a feature.
func oneReference(verb string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return usage(verb, "name a version of a feature", "selfsame "+verb+" view.feature@1")
		case 1:
			return nil
		}
		return usage(verb, fmt.Sprintf("it takes one version of a feature, not %d", len(args)), "selfsame "+verb+" view.feature@1, once for each")
	}
}

func printStaging(w io.Writer, out *node.Acted) {
	g := out.Staging
	fmt.Fprintf(w, "%s.%s@%s is %s", g.View, g.Feature, g.Version, stageWords(g.Stage))
	if g.Until != 0 {
		fmt.Fprintf(w, ", to be retired on %s", g.Until.Date())
	}
	if g.Successor != "" {
		fmt.Fprintf(w, ": use %s", g.Successor)
	}
	fmt.Fprintln(w)
	if g.Reason != "" {
		fmt.Fprintf(w, "  %s\n", g.Reason)
	}
	if out.Record == 0 {
		fmt.Fprintln(w, "  it was already: nothing to do")
	}
	printUsers(w, out.Users)
}

// stageWords is a stage in a sentence.
func stageWords(s registry.Stage) string {
	if s == registry.Draft {
		return "a draft"
	}
	return string(s)
}

// printUsers lists who stands on a version: what is current, pinned by a model or part of an experiment.
func printUsers(w io.Writer, u *registry.Users) {
	if u == nil {
		return
	}
	title := "  used by\n"
	line := func(format string, args ...any) {
		fmt.Fprint(w, title)
		fmt.Fprintf(w, "    "+format+"\n", args...)
		title = ""
	}
	for _, s := range u.Services {
		switch {
		case s.Current:
			line("service %s@%d, the applied one", s.Name, s.Version)
		case s.Experiment != "":
			line("service %s@%d, an arm of experiment %s", s.Name, s.Version, s.Experiment)
		}
	}
	for _, m := range u.Models {
		line("model %s@%s, which pins %s@%d", m.Name, m.Version, m.Service, m.ServiceVersion)
	}
	for _, ref := range u.OnDemand {
		line("%s, which reads it", ref)
	}
}
