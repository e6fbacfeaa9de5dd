// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"selfsame/definition"
)

func checkCommand() *cobra.Command {
	var schema bool
	c := &cobra.Command{
		Use:   "check [DIR]",
		Short: "check every definition of a project and print all mistakes at once",
		Args:  atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			if schema {
				b, err := definition.JSONSchema()
				if err == nil {
					_, err = c.OutOrStdout().Write(b)
				}
				return err
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			p, err := definition.Load(dir)
			if err != nil {
				return err
			}
			features := 0
			for _, v := range p.Views {
				features += len(v.Features)
			}
			fmt.Fprintf(c.OutOrStdout(), "project %s: %d entities, %d sources, %d views with %d features, %d services; no mistakes\n",
				p.Name, len(p.Entities), len(p.Sources), len(p.Views), features, len(p.Services))
			return nil
		},
	}
	c.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of definition files, for editors, and stop")
	return c
}
