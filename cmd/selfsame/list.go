// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/config"
	"selfsame/node"
	"selfsame/registry"
	"selfsame/registry/catalogue"
)

// catalogueFlags say where to look and for what.
type catalogueFlags struct {
	project string
	json    bool
	filter  catalogue.Filter
	stage   string
}

func (f *catalogueFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.project, "project", ".", "folder of the project")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	config.Bind(c.Flags(), "data.dir", "registry.url")
}

func (f *catalogueFlags) filters(c *cobra.Command) {
	f.register(c)
	c.Flags().StringVar(&f.filter.Owner, "owner", "", "only what this owner answers for")
	c.Flags().StringVar(&f.filter.Tag, "tag", "", "only what has this tag: NAME or NAME=VALUE")
	c.Flags().StringVar(&f.filter.Entity, "entity", "", "only what describes this entity")
	c.Flags().StringVar(&f.filter.View, "view", "", "only what is of this view")
	c.Flags().StringVar(&f.filter.Source, "source", "", "only what reads this source")
	c.Flags().StringVar(&f.filter.Service, "service", "", "only what this service reads")
	c.Flags().StringVar(&f.stage, "stage", "", "only versions of this stage: draft, active, deprecated or retired")
	c.Flags().BoolVar(&f.filter.Unused, "unused", false, "only features and services that the journal of the last 30 days does not show")
}

// with opens the catalogue and closes it afterwards.
func (f *catalogueFlags) with(c *cobra.Command, do func(x *node.Catalogue) error) error {
	cfg, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	x, err := node.OpenCatalogue(c.Context(), node.RegistryOf(cfg, f.project))
	if err != nil {
		return err
	}
	defer x.Close() // it was only read
	return do(x)
}

func listCommand() *cobra.Command {
	var f catalogueFlags
	c := &cobra.Command{
		Use:   "list [features|views|entities|sources|services|models]",
		Short: "list what is applied, or, where nothing is, what the project's files define",
		Args:  atMostOne,
		RunE: func(c *cobra.Command, args []string) error {
			kind := "features"
			if len(args) == 1 {
				kind = args[0]
			}
			var err error
			if f.filter.Kind, err = kindOf(kind); err != nil {
				return err
			}
			return f.list(c)
		},
	}
	f.filters(c)
	return c
}

func searchCommand() *cobra.Command {
	var f catalogueFlags
	c := &cobra.Command{
		Use:   "search WORD...",
		Short: "find features and other things by their names, descriptions, owners, tags and expressions",
		Long:  `Find features and other things by their names, descriptions, owners, tags and expressions. All words must be found; the best matches of names come first.`,
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.filter.Words = strings.Join(args, " ")
			return f.list(c)
		},
	}
	f.filters(c)
	return c
}

// kindOf reads a kind, in the singular or the plural.
func kindOf(text string) (catalogue.Kind, error) {
	var known []string
	for _, k := range catalogue.Kinds {
		plural := string(k) + "s"
		if k == catalogue.Entity {
			plural = "entities"
		}
		if text == string(k) || text == plural {
			return k, nil
		}
		known = append(known, plural)
	}
	return "", unknown(text, "no such kind of things", selfsame.Nearest(text, known), "there are "+strings.Join(known, ", "))
}

func (f *catalogueFlags) list(c *cobra.Command) error {
	f.filter.Stage = registry.Stage(f.stage)
	if f.stage != "" && !slices.Contains(registry.Stages, f.filter.Stage) {
		return usage("--stage", f.stage+" is no stage", "the stages are draft, active, deprecated and retired")
	}
	return f.with(c, func(x *node.Catalogue) error {
		items, err := x.Find(f.filter)
		if err != nil {
			return err
		}
		if f.json {
			return printJSON(c.OutOrStdout(), items)
		}
		if len(items) == 0 {
			return nothingFound(c.OutOrStdout(), x, f.filter.Words)
		}
		return writeItems(c.OutOrStdout(), items, f.filter.Kind == "")
	})
}

func nothingFound(w io.Writer, x *node.Catalogue, words string) error {
	text := "nothing found"
	for _, word := range strings.Fields(words) {
		if near := x.Nearest(word); near != "" && near != word {
			text += "; " + word + ": did you mean " + near + "?"
		}
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// writeItems prints a table of items, with their kinds where they are of several.
func writeItems(w io.Writer, items []catalogue.Item, mixed bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	used := slices.ContainsFunc(items, func(it catalogue.Item) bool { return it.Usage != nil })
	columns := []string{"name", "version", "type", "owner"}
	if mixed {
		columns = append([]string{"kind"}, columns...)
	}
	if used {
		columns = append(columns, "reads")
	}
	fmt.Fprintln(t, strings.ToUpper(strings.Join(append(columns, "description"), "\t")))
	for i := range items {
		it := &items[i]
		version := it.Version
		if it.Stage != "" && it.Stage != registry.Active {
			version += " " + string(it.Stage)
		}
		if it.Removed {
			version += ", removed"
		}
		cells := []string{it.Name, orDash(version), orDash(it.Type), orDash(it.Owner)}
		if mixed {
			cells = append([]string{string(it.Kind)}, cells...)
		}
		if used {
			reads := "-"
			if it.Usage != nil {
				reads = grouped(it.Usage.Requests)
			}
			cells = append(cells, reads)
		}
		fmt.Fprintln(t, strings.Join(append(cells, orDash(it.Description)), "\t"))
	}
	return t.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// momentText is a moment in seconds, in UTC.
func momentText(t selfsame.Instant) string {
	return time.UnixMicro(int64(t)).UTC().Format(time.RFC3339)
}
