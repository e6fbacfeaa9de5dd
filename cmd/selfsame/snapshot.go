// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"selfsame"
	"selfsame/definition"
	"selfsame/node"
)

func snapshotCommand() *cobra.Command {
	var f trainFlags
	var at string
	var version int
	c := &cobra.Command{
		Use:   "snapshot SERVICE|VIEW",
		Short: "compute the features of every entity at one moment, or at one moment after another",
		Example: `  selfsame snapshot user_spend --at 2024-12-12 --out today.parquet
  selfsame snapshot user_spend --start 2024-12-01 --end 2024-12-12 --every 1d --out tables`,
		Args: atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := f.asked(c, args, func(args []string) (*node.TrainConfig, error) { return f.snapshotConfig(args, at, c.Flags()) })
			if err != nil {
				return err
			}
			if err := f.pinLog(c, cfg); err != nil {
				return err
			}
			return f.recording(c, cfg, func() error {
				if at != "" {
					return train(c.Context(), cfg, &f, c.OutOrStdout(), c.ErrOrStderr())
				}
				return f.series(c, cfg, version)
			})
		},
	}
	f.register(c.Flags())
	c.Flags().StringVar(&at, "at", "", "the moment")
	c.Flags().StringVar(&f.fromManifest, "from-manifest", "", "make the snapshot of a manifest again, or say exactly which input changed")
	c.Flags().IntVar(&version, "version", 1, "of the table of a series: names the folder v{version}")
	for _, name := range []string{"rows", "entities", "events-of", "time", "cut-column", "rows-format", "omit", "timezone", "time-format", "label", "known-at", "partition-by"} {
		c.Flags().MarkHidden(name)
	}
	return c
}

// snapshotConfig checks the flags; args name a service or a view.
func (f *trainFlags) snapshotConfig(args []string, at string, fs *pflag.FlagSet) (*node.TrainConfig, error) {
	series := f.every != ""
	switch {
	case (at == "") == !series:
		return nil, usage("snapshot", "say when: --at T, or --start, --end and --every", "")
	case f.out == "" && !f.dryRun:
		return nil, usage("--out", "says where the features go", "a file, or with --every a folder")
	case (len(args) == 0) == (len(f.features) == 0):
		return nil, usage("snapshot", "name a service or a view, or features with --features", "")
	}
	cfg := &node.TrainConfig{Verb: "snapshot", Project: f.project, Out: f.out, Format: f.format, With: f.with, Flags: map[string]string{}}
	cfg.Request.Features, cfg.Request.Short = f.features, f.names == "short"
	if len(args) == 1 {
		p, err := definition.Load(f.project)
		if err != nil {
			return nil, err
		}
		switch {
		case p.Service(args[0]) != nil:
			cfg.Request.Service = args[0]
		case p.View(args[0]) != nil:
			cfg.Request.View = args[0]
		default:
			return nil, noSuchTarget(p, args[0])
		}
	}
	if err := f.setMode(cfg); err != nil {
		return nil, err
	}
	if err := f.setPhysics(cfg); err != nil {
		return nil, err
	}
	if err := f.setReport(cfg); err != nil {
		return nil, err
	}
	if at == "" {
		return cfg, nil
	}
	t, err := parseInstant("--at", at)
	cfg.Rows = node.RowsConfig{AllAt: &t}
	record(cfg, fs)
	return cfg, err
}

// noSuchTarget is the error of a name that is neither a service nor a view.
func noSuchTarget(p *selfsame.Project, name string) error {
	var known []string
	for _, s := range p.Services {
		known = append(known, s.Name)
	}
	for _, v := range p.Views {
		known = append(known, v.Name)
	}
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: name, Message: "no such service or view", Hint: "there are " + strings.Join(known, ", ")}
	if near := selfsame.Nearest(name, known); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

// series writes one snapshot after another.
func (f *trainFlags) series(c *cobra.Command, cfg *node.TrainConfig, version int) error {
	out := c.OutOrStdout()
	s := &node.SnapshotConfig{Train: *cfg, Dir: f.out, Version: version}
	s.Done = func(at int64, t *node.Trained) {
		when := valueText(selfsame.Value{Type: selfsame.Scalar(selfsame.Timestamp), Int: at})
		switch {
		case f.quiet:
		case t == nil:
			fmt.Fprintf(out, "%s  there already\n", when)
		default:
			fmt.Fprintf(out, "%s  %s entities\n", when, grouped(t.Manifest.Output.Rows))
		}
	}
	var err error
	if s.Start, err = parseInstant("--start", f.start); err != nil {
		return err
	}
	if s.End, err = parseInstant("--end", f.end); err != nil {
		return err
	}
	if s.Every, err = parseDuration("--every", f.every); err != nil {
		return err
	}
	if s.Start >= s.End {
		return usage("--end "+f.end, "not after --start "+f.start, "the moments are from --start, inclusive, to --end, exclusive")
	}
	if s.Every == 0 || s.Every%selfsame.DayLength != 0 {
		return usage("--every "+f.every, "folders are named by date, so the step is whole days", "e.g. 1d")
	}
	return node.Snapshots(c.Context(), s)
}
