// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"selfsame/node"
	"selfsame/registry"
)

func activateCommand() *cobra.Command {
	var f actFlags
	c := &cobra.Command{
		Use:   "activate REF",
		Short: "make a draft one that services may pin, or take a deprecation or a retirement back",
		Long: `Make a version of a feature an active one: a draft may then be pinned by services, a deprecated one warns no more, and a retired one is read again, from a state that is built
anew from history and log. What services pin does not change until the next selfsame apply.`,
		Example: `  selfsame activate user_spend.avg_ticket@2`,
		Args:    oneReference("activate"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.act(c, &node.ActArgs{Staging: &registry.Staging{Stage: registry.Active}, Ref: args[0]}, printStaging)
		},
	}
	f.register(c)
	return c
}
