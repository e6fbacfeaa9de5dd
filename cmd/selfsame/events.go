// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"selfsame/node"
)

func eventsCommand() *cobra.Command {
	var f liveFlags
	var args node.EventsArgs
	var readmit bool
	c := &cobra.Command{
		Use:   "events",
		Short: "list pushed events that were refused, and take late ones in after all",
		Long: `List pushed events that were refused: late, early, schema or conflict, with the reason and the event as it came. With --readmit the late and early ones among them are
appended anew: they are known from now on, and what was known before does not change. Taken in twice they count once where the source declares an id, and twice where it does not.`,
		Example: `  selfsame events --verdict late
  selfsame events --verdict late --source transactions --readmit`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return f.with(c, func(to *node.Client) error {
				if readmit {
					return to.Do(c.Context(), "readmit", &args, func(b []byte) error { return printReadmitted(c, b, f.json) })
				}
				n := 0
				err := to.Do(c.Context(), "events", &args, func(b []byte) error {
					n++
					return printRefused(c, b, f.json)
				})
				if err == nil && n == 0 && !f.json {
					fmt.Fprintln(c.ErrOrStderr(), "no event was refused")
				}
				return err
			})
		},
	}
	f.register(c)
	c.Flags().StringVar(&args.Verdict, "verdict", "", "late, early, schema or conflict (default all)")
	c.Flags().StringVar(&args.Source, "source", "", "events of one source (default all)")
	c.Flags().Int64Var(&args.After, "after", 0, "events with a greater number")
	c.Flags().IntVar(&args.Limit, "limit", 0, "at most so many (default all)")
	c.Flags().BoolVar(&readmit, "readmit", false, "take the late and early ones in")
	return c
}

func printRefused(c *cobra.Command, b []byte, asJSON bool) error {
	if asJSON {
		_, err := fmt.Fprintf(c.OutOrStdout(), "%s\n", b)
		return err
	}
	var e struct {
		Number                       int64
		Source, Verdict, Reason, Row string
		Arrived                      string
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%d  %s  %s  %s  %s\n   %s\n", e.Number, e.Arrived, e.Source, e.Verdict, e.Reason, e.Row)
	return err
}

func printReadmitted(c *cobra.Command, b []byte, asJSON bool) error {
	if asJSON {
		_, err := fmt.Fprintf(c.OutOrStdout(), "%s\n", b)
		return err
	}
	var r node.Readmitted
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%d events taken in again", r.Events)
	for _, fate := range slices.Sorted(maps.Keys(r.Fates)) {
		fmt.Fprintf(c.OutOrStdout(), ", %d %s", r.Fates[fate], fate)
	}
	fmt.Fprintln(c.OutOrStdout())
	return nil
}
