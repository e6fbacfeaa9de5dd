// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"selfsame/node"
)

func demoCommand() *cobra.Command {
	var f trainFlags
	c := &cobra.Command{
		Use:   "demo [DIR]",
		Short: "make a training set from the flights of 2013 that ship with the program",
		Args:  atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			dir := "selfsame-demo"
			if len(args) == 1 {
				dir = args[0]
			}
			if !exists(filepath.Join(dir, "selfsame.yaml")) {
				if err := writeExample("flights", dir); err != nil {
					return err
				}
			}
			for name, value := range map[string]string{"project": dir, "rows": filepath.Join(dir, "data", "labels.parquet"), "time": "asked_at",
				"out": filepath.Join(dir, "train.parquet")} { // set as on the command line: the manifest records them
				if err := c.Flags().Set(name, value); err != nil {
					return err
				}
			}
			cfg, err := f.config([]string{"delay"}, c.Flags())
			if err != nil {
				return err
			}
			if err := train(c.Context(), cfg, &f, c.OutOrStdout(), c.ErrOrStderr()); err != nil || f.quiet || f.dryRun {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "now try\n  selfsame explain --manifest %s --row 112258 --feature dest_arrivals__landings_3h\n  selfsame check %s\n",
				node.ManifestPath(f.out), dir)
			return nil
		},
	}
	f.register(c.Flags())
	for _, name := range []string{"project", "rows", "entities", "events-of", "time", "time-format", "out", "omit", "features"} {
		c.Flags().MarkHidden(name)
	}
	return c
}
