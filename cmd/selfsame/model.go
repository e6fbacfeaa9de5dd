// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/batch"
	"selfsame/node"
	"selfsame/registry"
)

func modelCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "model",
		Short: "the models that were made, each with the version of a service that it pins",
		Args:  noArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(modelRegisterCommand(), modelListCommand(), modelShowCommand(), modelRetireCommand())
	return c
}

func modelRegisterCommand() *cobra.Command {
	var f actFlags
	var m registry.Model
	var service, manifest string
	var metrics []string
	c := &cobra.Command{
		Use:   "register NAME",
		Short: "register a version of a model, or add metrics and notes to one",
		Long: `Register a version of a model with the version of a service that it takes its features from. While it is registered, no version of a feature that it pins can be retired. The
manifest of its training set is held against the service: a model that was trained on other definitions than it pins is refused.

A version keeps its service and its training set. Registering it again adds metrics and notes.`,
		Example: `  selfsame model register fraud --version 5 --service fraud@1 --manifest train.parquet.manifest.json --metric auc=0.93
  selfsame model register fraud --version 5 --notes "in production since 1 June"`,
		Args: oneName("model register", "a model", "fraud --version 5 --service fraud@1"),
		RunE: func(c *cobra.Command, args []string) error {
			m.Name = args[0]
			if m.Version == "" {
				return usage("--version", "says which version of the model", "e.g. --version 5")
			}
			a := &node.ActArgs{Model: &m}
			if err := pinOf(&m, service); err != nil {
				return err
			}
			if err := metricsOf(&m, metrics); err != nil {
				return err
			}
			if manifest != "" {
				if err := trainedOn(a, manifest); err != nil {
					return err
				}
			}
			pinned := m.List != 0
			return f.act(c, a, func(w io.Writer, out *node.Acted) { printRegistered(w, out, pinned || service == "") })
		},
	}
	f.register(c)
	c.Flags().StringVar(&m.Version, "version", "", "of the model")
	c.Flags().StringVar(&service, "service", "", "that it takes its features from: S@N for version N, S for the applied one")
	c.Flags().StringVar(&manifest, "manifest", "", "manifest of its training set")
	c.Flags().StringArrayVar(&metrics, "metric", nil, "NAME=NUMBER, such as auc=0.93; may be given several times")
	c.Flags().StringVar(&m.Notes, "notes", "", "whatever a reader should know")
	return c
}

// oneName is the check of a verb that takes one name.
func oneName(verb, what, example string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(verb, fmt.Sprintf("it takes %s, not %d arguments", what, len(args)), "selfsame "+verb+" "+example)
		}
		return nil
	}
}

// serviceRef reads S or S@N.
func serviceRef(flag, text string) (name string, version int64, err error) {
	name, number, pinned := strings.Cut(text, "@")
	if pinned {
		version, err = strconv.ParseInt(number, 10, 64)
		if err != nil || version < 1 {
			return "", 0, usage(flag+" "+text, number+" is not a version of a service", "a whole number, such as "+name+"@1; without it the applied one is taken")
		}
	}
	return name, version, nil
}

func pinOf(m *registry.Model, service string) (err error) {
	m.Service, m.List, err = serviceRef("--service", service)
	return err
}

func metricsOf(m *registry.Model, metrics []string) error {
	for _, text := range metrics {
		name, number, ok := strings.Cut(text, "=")
		v, err := strconv.ParseFloat(number, 64)
		if !ok || name == "" || err != nil || v-v != 0 {
			return usage("--metric "+text, "it is not NAME=NUMBER", "e.g. --metric auc=0.93")
		}
		if m.Metrics == nil {
			m.Metrics = map[string]float64{}
		}
		m.Metrics[name] = v
	}
	return nil
}

// trainedOn reads the manifest of a training set.
func trainedOn(a *node.ActArgs, path string) error {
	m, err := batch.ReadManifest(path)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Message: "cannot be read", Err: err}
	}
	if name, _, _ := strings.Cut(m.Command.Service, "@"); a.Model.Service == "" {
		a.Model.Service = name
	} else if name != "" && name != a.Model.Service {
		return usage("--manifest "+path, "its training set is of service "+name+", and the model is to pin "+a.Model.Service, "name the service that it was trained with")
	}
	a.Model.Manifest, a.Trained = fmt.Sprintf("sha256:%x", sha256.Sum256(b)), node.TrainedAs(m.Features)
	return nil
}

func printRegistered(w io.Writer, out *node.Acted, pinned bool) {
	m := out.Model
	fmt.Fprintf(w, "model %s@%s pins %s@%d", m.Name, m.Version, m.Service, m.List)
	if !pinned {
		fmt.Fprint(w, ", the applied version")
	}
	fmt.Fprintln(w)
	if out.Record == 0 {
		fmt.Fprintln(w, "  it was registered so: nothing to do")
	}
}

func modelListCommand() *cobra.Command {
	var f actFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "list the models",
		Args:  noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return f.models(c, func(w io.Writer, models []registry.ModelRecord) error {
				if f.json {
					return printJSON(w, models)
				}
				if len(models) == 0 {
					_, err := io.WriteString(w, "no models\n")
					return err
				}
				t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
				for _, m := range models {
					fmt.Fprintf(t, "%s@%s\t%s@%d\t%s\t%s%s\n", m.Name, m.Version, m.Service, m.List, m.Registered.Date(), metricsText(m.Metrics), retiredText(m.Retired))
				}
				return t.Flush()
			})
		},
	}
	f.registerRead(c)
	return c
}

// models hands over the models that are registered.
func (f *actFlags) models(c *cobra.Command, do func(w io.Writer, models []registry.ModelRecord) error) error {
	cfg, err := f.live(c)
	if err != nil {
		return err
	}
	out, err := node.Act(c.Context(), cfg, &node.ActArgs{})
	if err != nil {
		return err
	}
	if out.Models == nil {
		out.Models = []registry.ModelRecord{}
	}
	return do(c.OutOrStdout(), out.Models)
}

func metricsText(metrics map[string]float64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(metrics)) {
		parts = append(parts, name+"="+strconv.FormatFloat(metrics[name], 'g', -1, 64))
	}
	return strings.Join(parts, " ")
}

func retiredText(retired bool) string {
	if retired {
		return "  retired"
	}
	return ""
}

func modelShowCommand() *cobra.Command {
	var f actFlags
	c := &cobra.Command{
		Use:     "show NAME[@VERSION]",
		Short:   "show a model: what it pins, its training set, metrics and notes",
		Example: "  selfsame model show fraud@5",
		Args:    oneName("model show", "a model", "fraud@5"),
		RunE: func(c *cobra.Command, args []string) error {
			return f.models(c, func(w io.Writer, models []registry.ModelRecord) error {
				found, err := modelsNamed(models, args[0])
				if err != nil {
					return err
				}
				if f.json {
					return printJSON(w, found)
				}
				for i := range found {
					printModel(w, &found[i])
				}
				return nil
			})
		},
	}
	f.registerRead(c)
	return c
}

// modelsNamed are the versions of a model, or the one that is named.
func modelsNamed(models []registry.ModelRecord, text string) ([]registry.ModelRecord, error) {
	var found []registry.ModelRecord
	var known []string
	for _, m := range models {
		known = append(known, m.Name, m.Ref())
		if m.Name == text || m.Ref() == text {
			found = append(found, m)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "model " + text, Message: "there is no such model", Hint: "see selfsame model list"}
	if near := selfsame.Nearest(text, known); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return nil, e
}

func printModel(w io.Writer, m *registry.ModelRecord) {
	fmt.Fprintf(w, "%s@%s%s\n  pins        %s@%d\n  registered  %s by %s\n", m.Name, m.Version, retiredText(m.Retired), m.Service, m.List, m.Registered.Date(), m.Author)
	for _, line := range [][2]string{{"manifest", m.Manifest}, {"training", m.Training}, {"metrics", metricsText(m.Metrics)}, {"notes", m.Notes}} {
		if line[1] != "" {
			fmt.Fprintf(w, "  %-11s %s\n", line[0], line[1])
		}
	}
}

func modelRetireCommand() *cobra.Command {
	var f actFlags
	c := &cobra.Command{
		Use:     "retire NAME@VERSION",
		Short:   "say that a version of a model is used no more: it pins nothing then",
		Example: "  selfsame model retire fraud@5",
		Args:    oneName("model retire", "a version of a model", "fraud@5"),
		RunE: func(c *cobra.Command, args []string) error {
			name, version, ok := strings.Cut(args[0], "@")
			if !ok {
				return usage(args[0], "it names no version of a model", "e.g. "+args[0]+"@5; see selfsame model show "+args[0])
			}
			return f.act(c, &node.ActArgs{Model: &registry.Model{Name: name, Version: version, Retired: true}}, func(w io.Writer, out *node.Acted) {
				fmt.Fprintf(w, "model %s is retired: it pins nothing any more\n", out.Model.Ref())
				if out.Record == 0 {
					fmt.Fprintln(w, "  it was already: nothing to do")
				}
			})
		},
	}
	f.register(c)
	return c
}
