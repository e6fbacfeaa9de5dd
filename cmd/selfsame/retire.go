// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"selfsame/node"
	"selfsame/registry"
)

func retireCommand() *cobra.Command {
	var f actFlags
	g := registry.Staging{Stage: registry.Retired}
	c := &cobra.Command{
		Use:   "retire REF",
		Short: "end a version of a feature: it is neither trained nor read any more, and its state goes",
		Long: `End a version of a feature: it is neither trained nor read any more, and its online state goes, but for what other versions share. It is refused while something uses it: an
applied service, a model that pins a version of a service with it, an experiment, another feature that reads it; the error names each and what to do.

Audits and explanations of what was served go on. selfsame activate brings it back: its state is built anew from history and log.`,
		Example: `  selfsame retire user_spend.avg_ticket@1 --successor user_spend.avg_ticket@2`,
		Args:    oneReference("retire"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.act(c, &node.ActArgs{Staging: &g, Ref: args[0]}, printStaging)
		},
	}
	f.register(c)
	c.Flags().StringVar(&g.Successor, "successor", "", "reference that the errors of later reads name")
	c.Flags().StringVar(&g.Reason, "reason", "", "why, for whoever reads it later")
	return c
}
