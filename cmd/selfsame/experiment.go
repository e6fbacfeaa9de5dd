// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"selfsame"
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
		fmt.Fprintf(w, "  %-10s version %d  %s%%\n", a.Name, a.Version, strconv.FormatFloat(float64(a.Share)/(registry.Parts/100), 'f', -1, 64))
	}
}

func experimentShowCommand() *cobra.Command {
	var f actFlags
	c := &cobra.Command{
		Use:   "show [SERVICE]",
		Short: "show those that run",
		Args:  atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			return f.running(c, func(w io.Writer, list []registry.Experiment) error {
				shown := []registry.Experiment{}
				for _, e := range list {
					if len(args) == 0 || e.Service == args[0] {
						shown = append(shown, e)
					}
				}
				if len(args) == 1 && len(shown) == 0 {
					return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "service " + args[0], Message: "no experiment runs on it", Hint: "see selfsame experiment show"}
				}
				if f.json {
					return writeIndented(w, shown)
				}
				for i := range shown {
					printExperiment(w, &shown[i])
				}
				return nil
			})
		},
	}
	f.registerRead(c)
	return c
}

// running hands over the experiments that run.
func (f *actFlags) running(c *cobra.Command, do func(w io.Writer, list []registry.Experiment) error) error {
	cfg, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	out, err := node.Act(c.Context(), &node.LiveConfig{Config: cfg, Project: f.project}, &node.ActArgs{})
	if err != nil {
		return err
	}
	return do(c.OutOrStdout(), out.Experiments)
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
