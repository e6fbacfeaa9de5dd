// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"selfsame/compute/zone"
	"selfsame/node"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the versions of the engine and of its zone database",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			fmt.Fprintf(c.OutOrStdout(), "selfsame %s\nzone database %s\n", node.Version, zone.Version())
			return nil
		},
	}
}

// noArgs refuses arguments.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(args[0], "unexpected argument", "see "+c.CommandPath()+" --help")
	}
	return nil
}

// atMostOne takes no argument or one.
func atMostOne(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(args[1], "unexpected argument", "see "+c.CommandPath()+" --help")
	}
	return nil
}

// exactlyOne takes one argument.
func exactlyOne(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(c.Name(), "what to show is missing", "see "+c.CommandPath()+" --help")
	}
	return atMostOne(c, args)
}
