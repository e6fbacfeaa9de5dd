// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"selfsame/monitor"
	"selfsame/node"
	"selfsame/registry"
)

func experimentCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "experiment",
		Short: "split the requests of a service between its versions by a stable hash of a key",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(experimentStartCommand(), experimentShowCommand(), experimentEndCommand())
	return c
}

func experimentStartCommand() *cobra.Command {
	var f actFlags
	var e registry.Experiment
	var arms []string
	c := &cobra.Command{
		Use:   "start SERVICE",
		Short: "start one",
		Long: `Split the requests of a service between its versions: each row goes to an arm by a stable hash of its key, so that a key is always in the same arm. Answers and the journal
name the arm. A request that names a version of the service is not part of it.

The arm of a key can be computed anywhere: in an expression it is bucket('NAME:' || key, 10000), against the shares of the arms added up in their order.`,
		Example: `  selfsame experiment start fraud --name ticket_90d --arm control=1:90 --arm new=2:10 --key user_id`,
		Args:    oneName("experiment start", "a service", "fraud --name ticket --arm control=1:90 --arm new=2:10"),
		RunE: func(c *cobra.Command, args []string) error {
			e.Service = args[0]
			if e.Name == "" {
				return usage("--name", "says what the experiment is called: it is part of the hash", "e.g. --name ticket_90d")
			}
			for _, text := range arms {
				arm, err := armOf(text)
				if err != nil {
					return err
				}
				e.Arms = append(e.Arms, arm)
			}
			return f.act(c, &node.ActArgs{Experiment: &e}, func(w io.Writer, out *node.Acted) {
				printExperiment(w, out.Experiment)
				if out.Record == 0 {
					fmt.Fprintln(w, "  it runs already: nothing to do")
				}
			})
		},
	}
	f.register(c)
	c.Flags().StringVar(&e.Name, "name", "", "of the experiment; another name deals the keys anew")
	c.Flags().StringArrayVar(&arms, "arm", nil, "NAME=VERSION:PERCENT, such as control=1:90; the first is also that of rows without a key")
	c.Flags().StringSliceVar(&e.Key, "key", nil, "columns of the request that are hashed (default the keys of the service)")
	return c
}

// armOf reads NAME=VERSION:PERCENT.
func armOf(text string) (registry.Arm, error) {
	fail := func(message string) (registry.Arm, error) {
		return registry.Arm{}, usage("--arm "+text, message, "NAME=VERSION:PERCENT, such as control=1:90")
	}
	name, rest, ok := strings.Cut(text, "=")
	number, share, split := strings.Cut(rest, ":")
	if !ok || !split {
		return fail("it does not say which version gets which share")
	}
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil || version < 1 {
		return fail(number + " is not a version of a service")
	}
	per, err := strconv.ParseFloat(strings.TrimSuffix(share, "%"), 64)
	parts := math.Round(per * registry.Parts / 100)
	if err != nil || !(per > 0 && per <= 100) || math.Abs(parts-per*registry.Parts/100) > 1e-6 {
		return fail(share + " is not a share: per cent above 0, in steps of 0.01")
	}
	return registry.Arm{Name: name, Version: version, Share: int64(parts)}, nil
}

func printExperiment(w io.Writer, e *registry.Experiment) {
	fmt.Fprintf(w, "experiment %s on %s, by %s\n", e.Name, e.Service, strings.Join(e.Key, ", "))
	for _, a := range e.Arms {
		fmt.Fprintf(w, "  %-10s version %d  %s\n", a.Name, a.Version, shareText(a.Share))
	}
}

func experimentShowCommand() *cobra.Command {
	var f actFlags
	c := &cobra.Command{
		Use:   "show [SERVICE]",
		Short: "show those that run, with what the journal has of each arm",
		Long: `Show the experiments that run, or the one on a service. The journal of the data directory says of each arm how many requests and rows it answered, how many of these rows have a
prediction and an outcome, and the means of those that are numbers; an outcome that is true counts as 1.`,
		Example: `  selfsame experiment show
  selfsame experiment show fraud --json`,
		Args: atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := f.live(c)
			if err != nil {
				return err
			}
			list, err := node.Experiments(c.Context(), cfg, strings.Join(args, ""))
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(c.OutOrStdout(), list)
			}
			return printArms(c.OutOrStdout(), list)
		},
	}
	f.registerRead(c)
	return c
}

// printArms prints experiments, each with a table of its arms.
func printArms(w io.Writer, list []monitor.Experiment) error {
	if len(list) == 0 {
		_, err := io.WriteString(w, "no experiment runs\n")
		return err
	}
	mean := func(m *float64) string {
		if m == nil {
			return "-"
		}
		return strconv.FormatFloat(*m, 'g', 6, 64)
	}
	for _, e := range list {
		fmt.Fprintf(w, "experiment %s on %s, by %s\n", e.Name, e.Service, strings.Join(e.Key, ", "))
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "  ARM\tVERSION\tSHARE\tREQUESTS\tROWS\tPREDICTIONS\tMEAN SCORE\tOUTCOMES\tMEAN OUTCOME")
		for _, a := range e.Arms {
			fmt.Fprintf(t, "  %s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Name, a.Version, shareText(a.Share), grouped(a.Requests), grouped(a.Rows), grouped(a.Predictions), mean(a.Score),
				grouped(a.Outcomes), mean(a.Outcome))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// shareText is a share of the keys in per cent.
func shareText(parts int64) string {
	return strconv.FormatFloat(float64(parts)/(registry.Parts/100), 'f', -1, 64) + "%"
}

func experimentEndCommand() *cobra.Command {
	var f actFlags
	var e registry.Experiment
	c := &cobra.Command{
		Use:     "end SERVICE",
		Short:   "end the one that runs on a service: requests are answered by its applied version again",
		Example: "  selfsame experiment end fraud",
		Args:    oneName("experiment end", "a service", "fraud"),
		RunE: func(c *cobra.Command, args []string) error {
			e.Service, e.Ended = args[0], true
			return f.act(c, &node.ActArgs{Experiment: &e}, func(w io.Writer, out *node.Acted) {
				if out.Record == 0 {
					fmt.Fprintf(w, "no experiment runs on %s: nothing to do\n", e.Service)
				} else {
					fmt.Fprintf(w, "the experiment on %s has ended: its applied version answers\n", e.Service)
				}
			})
		},
	}
	f.register(c)
	c.Flags().StringVar(&e.Name, "name", "", "refuse to end another one than this")
	return c
}
