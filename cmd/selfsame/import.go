// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"selfsame/node"
)

func importCommand() *cobra.Command {
	var f registryFlags
	c := &cobra.Command{
		Use:   "import DIR",
		Short: "take what selfsame export wrote into a registry: the same ids, versions and bytes",
		Long: `Take what selfsame export wrote into the registry of a data directory, or into a shared one. It must be empty, or hold the beginning of what is imported: then the rest is
appended. Any other registry is refused and left alone. No server may own the data directory meanwhile.`,
		Example: `  selfsame import exported
  selfsame import exported --registry "$REGISTRY_URL"`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("import", "the folder is missing", "selfsame import DIR, with what selfsame export wrote")
			}
			return atMostOne(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := loadConfig(c, f.project)
			if err != nil {
				return err
			}
			n, err := node.ImportRegistry(c.Context(), node.RegistryOf(cfg, f.project), args[0])
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(c.OutOrStdout(), n)
			}
			text := fmt.Sprintf("imported %d records of project %s\n", n.Records-n.Before, n.Project)
			if n.Records == n.Before {
				text = fmt.Sprintf("nothing to do: all %d records of project %s are there\n", n.Records, n.Project)
			}
			_, err = fmt.Fprint(c.OutOrStdout(), text)
			return err
		},
	}
	f.register(c)
	return c
}
