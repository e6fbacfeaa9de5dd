// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"selfsame/node"
	"selfsame/registry"
)

func diffCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "say in what two registries or environments differ",
		Long: `Say in what two registries differ: features, services and models that one of them has not, or has in another version, with another definition or stage. Each side is a data
directory, a folder that selfsame export wrote, the URL of a PostgreSQL, or the folder of a project, whose files are taken as if they were applied to the other side.

The exit code is 0 where nothing differs, and 10 where something does.`,
		Example: `  selfsame diff staging/.selfsame "$REGISTRY_URL"
  selfsame diff . exported --json`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("diff", "two sides are needed", "selfsame diff A B: each a data directory, an export, a project or postgres://…")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			d, err := node.CompareRegistries(c.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(c.OutOrStdout(), d)
			} else {
				var b strings.Builder
				writeComparison(&b, d)
				_, err = io.WriteString(c.OutOrStdout(), b.String())
			}
			if err == nil && !d.Same {
				return exitStatus(exitChanges)
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// writeComparison writes in what two registries differ.
func writeComparison(b *strings.Builder, d *node.RegistryComparison) {
	for _, s := range []struct {
		letter string
		side   node.RegistrySide
	}{{"a", d.A}, {"b", d.B}} {
		fmt.Fprintf(b, "%s  %s  ", s.letter, s.side.Place)
		switch {
		case s.side.Records > 0:
			fmt.Fprintf(b, "project %s, %d records\n", s.side.Project, s.side.Records)
		case s.side.Project != "":
			fmt.Fprintf(b, "files of project %s\n", s.side.Project)
		default:
			b.WriteString("nothing is applied\n")
		}
	}
	if d.Same {
		b.WriteString("the same\n")
		return
	}
	title := "features"
	for _, f := range d.Features {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s  %s\n", f.Name, featureApart(&f))
	}
	title = "services"
	for _, s := range d.Services {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s  %s\n", s.Name, serviceApart(&s))
		for _, part := range []struct {
			word string
			list []string
		}{{"only in a", s.OnlyA}, {"only in b", s.OnlyB}, {"another definition", s.Changed}} {
			if len(part.list) > 0 {
				fmt.Fprintf(b, "      %s: %s\n", part.word, strings.Join(part.list, ", "))
			}
		}
	}
	title = "models"
	for _, m := range d.Models {
		b.WriteString(heading(&title))
		fmt.Fprintf(b, "  %s  %s\n", m.Name, modelApart(&m))
	}
}

func featureApart(f *registry.FeatureDifference) string {
	switch {
	case f.B == nil:
		return "only in a: " + f.A.Version
	case f.A == nil:
		return "only in b: " + f.B.Version
	}
	why := "another definition"
	switch {
	case f.A.Hash != f.B.Hash:
	case f.A.Version != f.B.Version:
		why = "the same definition"
	default:
		return fmt.Sprintf("%s is %s in a, %s in b", f.A.Version, f.A.Stage, f.B.Stage)
	}
	return fmt.Sprintf("a %s, b %s: %s", f.A.Version, f.B.Version, why)
}

func serviceApart(s *registry.ServiceDifference) string {
	switch {
	case s.B == nil:
		return fmt.Sprintf("only in a: version %d", s.A.Version)
	case s.A == nil:
		return fmt.Sprintf("only in b: version %d", s.B.Version)
	case s.A.Hash == s.B.Hash:
		return fmt.Sprintf("a version %d, b version %d: the same outputs", s.A.Version, s.B.Version)
	}
	return fmt.Sprintf("a version %d, b version %d: other outputs", s.A.Version, s.B.Version)
}

func modelApart(m *registry.ModelDifference) string {
	text := func(s *registry.ModelSide) string {
		t := fmt.Sprintf("%s@%d", s.Service, s.List)
		if s.Retired {
			t += ", retired"
		}
		return t
	}
	switch {
	case m.B == nil:
		return "only in a: " + text(m.A)
	case m.A == nil:
		return "only in b: " + text(m.B)
	}
	return fmt.Sprintf("a %s, b %s", text(m.A), text(m.B))
}
