// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"selfsame/config"
	"selfsame/forecast"
	"selfsame/node"
	"selfsame/registry"
)

// Exit codes of plan where there is something to do (docs/registry.md).
const (
	exitChanges  = 10 // nothing that can be read now changes
	exitBreaking = 11 // values change or go
)

// exitStatus ends the process with a code and says nothing.
type exitStatus int

func (s exitStatus) Error() string { return "exit status " + strconv.Itoa(int(s)) }

// registryFlags say which project, and where its registry is.
type registryFlags struct {
	project string
	data    string // the data directory; set by with
	json    bool
	draft   bool
}

func (f *registryFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.project, "project", ".", "folder of the project")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	config.Bind(c.Flags(), "data.dir", "registry.url")
}

func (f *registryFlags) registerDraft(c *cobra.Command) {
	c.Flags().BoolVar(&f.draft, "draft", false, "new versions are drafts: trained and read where they are named, pinned by no service until selfsame activate")
}

// with opens what applies definitions and closes it afterwards.
func (f *registryFlags) with(c *cobra.Command, do func(to node.Planner) error) (err error) {
	cfg, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	f.data = cfg.Dir
	to, err := node.OpenApplier(c.Context(), node.RegistryOf(cfg, f.project))
	if err != nil {
		return err
	}
	defer func() {
		if closing := to.Close(); err == nil {
			err = closing
		}
	}()
	return do(to)
}

// sampleFlags say on what values are compared.
type sampleFlags struct {
	rows    int
	timeout time.Duration
	file    string
	values  string
}

func (f *sampleFlags) register(c *cobra.Command) {
	c.Flags().IntVar(&f.rows, "sample", forecast.DefaultSampleRows, "how many pairs of a key and a moment both versions are computed for; 0: values are not compared")
	c.Flags().DurationVar(&f.timeout, "sample-timeout", forecast.DefaultSampleTimeout, "how long values are compared")
	c.Flags().StringVar(&f.file, "sample-rows", "", "file of label rows to compare on, in place of what is drawn from the newest events")
	c.Flags().StringVar(&f.values, "values", "changed", "changed: compare where values may change; all: also where they must not")
}

func (f *sampleFlags) args() (a forecast.SampleArgs, err error) {
	switch {
	case f.rows < 0:
		return a, usage("--sample", "a sample has 0 rows or more", "0 leaves the comparison out")
	case f.timeout <= 0:
		return a, usage("--sample-timeout", "the time is above 0", "e.g. --sample-timeout 2m; --sample 0 leaves the comparison out")
	case f.values != "changed" && f.values != "all":
		return a, usage("--values "+f.values, "no such choice", "say changed or all")
	}
	a = forecast.SampleArgs{Rows: f.rows, Timeout: f.timeout.Microseconds(), All: f.values == "all"}
	if f.file != "" { // a server stands in another folder
		a.File, err = filepath.Abs(f.file)
	}
	return a, err
}

// planFlags are the flags of plan as typed.
type planFlags struct {
	registryFlags
	sample sampleFlags
}

func planCommand() *cobra.Command {
	var f planFlags
	c := &cobra.Command{
		Use:   "plan",
		Short: "say what selfsame apply would change, what that does to values, and what serving then keeps on disk",
		Long: `Say what selfsame apply would change: versions of features, services, settings. Where values change, both versions are computed on a sample of recent history, and their
differences are shown. Then say who uses what changes, what has to be loaded and about how long that takes, and what serving keeps online of each view.

The exit code is 0 where nothing is to be done, 10 where no value that can be read now changes, and 11 where values change or go.`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return f.with(c, func(to node.Planner) error { return f.run(c, to) })
		},
	}
	f.register(c)
	f.sample.register(c)
	f.registerDraft(c)
	return c
}

func (f *planFlags) run(c *cobra.Command, to node.Planner) error {
	sample, err := f.sample.args()
	if err != nil {
		return err
	}
	d, err := node.ForecastProject(c.Context(), to, &node.ChangeConfig{Project: f.project, Draft: f.draft, Expect: registry.Newest}, sample)
	if err != nil {
		return err
	}
	kept, err := node.Retention(c.Context(), f.project, f.data)
	if err != nil {
		return err
	}
	if f.json {
		err = printJSON(c.OutOrStdout(), struct {
			*forecast.Forecast
			Retention []*forecast.Retained `json:"retention"`
		}{d, kept})
	} else {
		var b strings.Builder
		writeForecast(&b, d)
		writeRetention(&b, kept)
		_, err = io.WriteString(c.OutOrStdout(), b.String())
	}
	switch {
	case err != nil:
		return err
	case d.Breaking():
		return exitStatus(exitBreaking)
	case !d.Empty():
		return exitStatus(exitChanges)
	}
	return nil
}
