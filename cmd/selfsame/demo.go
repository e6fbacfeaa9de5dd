// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"selfsame/node"
)

// demoFlags are the flags of train that help shows for demo. The others work as there.
var demoFlags = []string{"dry-run", "memory", "quiet", "threads"}

func demoCommand() *cobra.Command {
	var f trainFlags
	var live demoLiveFlags
	c := &cobra.Command{
		Use:   "demo [DIR]",
		Short: "make a training set from the flights of 2013 that ship with the program, or serve live events and audit them",
		Long: `Make a training set from the flights of 2013 that ship with the program, in the folder DIR (default selfsame-demo).

With --live: serve the fraud example in this process on a simulated clock, push its events over HTTP, each at its own time, some of them late or twice, and read the
service over HTTP and gRPC all the while. Then compute every answer again from the log and compare the bits. DIR is selfsame-live by default.`,
		Example: `  selfsame demo
  selfsame demo --live
  selfsame demo --live out/live --seconds 30 --reads 5000`,
		Args: atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			dir := "selfsame-demo"
			if live.live {
				dir = "selfsame-live"
			}
			if len(args) == 1 {
				dir = args[0]
			}
			if live.live {
				return demoLive(c.Context(), &live, dir, c.OutOrStdout())
			}
			for _, name := range []string{"speed", "seconds", "reads"} {
				if c.Flags().Changed(name) {
					return usage("--"+name, "it belongs to --live", "selfsame demo --live --"+name+" "+c.Flags().Lookup(name).Value.String())
				}
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
	c.Flags().VisitAll(func(flag *pflag.Flag) { flag.Hidden = !slices.Contains(demoFlags, flag.Name) })
	c.Flags().BoolVar(&live.live, "live", false, "serve live events and audit what was served")
	c.Flags().Float64Var(&live.speed, "speed", 0, "with --live: how many times faster than the events happened (default: all of them within --seconds)")
	c.Flags().Float64Var(&live.seconds, "seconds", 10, "with --live: greatest length of the replay")
	c.Flags().IntVar(&live.reads, "reads", 1000, "with --live: reads a second, by four clients")
	return c
}
