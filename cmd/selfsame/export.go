// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"selfsame/node"
)

func exportCommand() *cobra.Command {
	var f registryFlags
	var out string
	c := &cobra.Command{
		Use:   "export --out DIR",
		Short: "write everything that was ever applied into files that can be read, kept and imported",
		Long: `Write the whole registry into a folder: every apply, and what was recorded beside definitions, as lines of JSON, and every text that they name. An earlier export in
the folder is replaced. Equal registries are equal bytes. A server may run meanwhile.`,
		Example: `  selfsame export --out exported
  selfsame export --out exported --registry "$REGISTRY_URL"`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return usage("--out", "is missing", "name the folder that is written")
			}
			cfg, err := loadConfig(c, f.project)
			if err != nil {
				return err
			}
			w, err := node.ExportRegistry(c.Context(), node.RegistryOf(cfg, f.project), out)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(c.OutOrStdout(), w)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "exported %d records and %d texts of project %s to %s\n", w.Records, w.Texts, w.Project, w.Folder)
			return err
		},
	}
	f.register(c)
	c.Flags().StringVar(&out, "out", "", "folder to write")
	return c
}
