// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"

	"github.com/spf13/cobra"
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
			f.project, f.rows, f.time, f.out = dir, filepath.Join(dir, "data", "labels.parquet"), "asked_at", filepath.Join(dir, "train.parquet")
			cfg, err := f.config([]string{"delay"}, c.Flags())
			if err != nil {
				return err
			}
			return train(c.Context(), cfg, &f, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f.register(c.Flags())
	for _, name := range []string{"project", "rows", "entities", "events-of", "time", "time-format", "out", "omit", "features"} {
		c.Flags().MarkHidden(name)
	}
	return c
}
