// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"selfsame/node"
)

func materializeCommand() *cobra.Command {
	var f liveFlags
	var start, end string
	var incremental bool
	c := &cobra.Command{
		Use:   "materialize [VIEW]...",
		Short: "load history files into the online state of as-of views, whole or a range of event times",
		Long: `Load history files into the online state of as-of views, whole or a range of event times. Without a VIEW every served as-of view whose sources have history files
is loaded. Ranges may come in any order, and again: rows are versions by their event time, so that an older one never hides a newer one. As long as a part of the
history is not loaded, answers say stale.`,
		Example: `  selfsame materialize
  selfsame materialize user_profile --start 2024-01-01 --end 2024-02-01
  selfsame materialize --incremental`,
		RunE: func(c *cobra.Command, views []string) error {
			args := &node.LoadArgs{Views: views, Incremental: incremental}
			for _, bound := range []struct {
				flag, text string
				to         **int64
			}{{"--start", start, &args.Start}, {"--end", end, &args.End}} {
				if bound.text == "" {
					continue
				}
				t, err := parseInstant(bound.flag, bound.text)
				if err != nil {
					return err
				}
				*bound.to = &t
			}
			return f.load(c, "materialize", args)
		},
	}
	f.register(c)
	c.Flags().StringVar(&start, "start", "", "first event time to load, inclusive: RFC 3339 or a date, UTC (default the first there is)")
	c.Flags().StringVar(&end, "end", "", "event time to load up to, exclusive (default the last there is; now with --incremental)")
	c.Flags().BoolVar(&incremental, "incremental", false, "go on where the last load of the sources ended, and load files that are new")
	return c
}
