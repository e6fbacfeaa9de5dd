// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"selfsame"
	"selfsame/journal"
	"selfsame/node"
)

// journalRows is the word of --rows for what was served.
const journalRows = "journal"

func (f *trainFlags) registerLog(fs *pflag.FlagSet) {
	fs.String("data", "", "data directory whose live events are read beside history (default .selfsame in the project, where there is one)")
	fs.BoolVar(&f.historyOnly, "history-only", false, "leave live events out")
}

// setJournal makes the rows what was served of the service, each at the cut that it was answered from.
func (f *trainFlags) setJournal(cfg *node.TrainConfig) error {
	switch {
	case cfg.Request.Service == "":
		return usage("--rows journal", "needs a service: its vectors are the rows", "e.g. selfsame train SERVICE --rows journal --out train.parquet")
	case f.historyOnly:
		return usage("--rows journal", "what was served comes from live events too", "leave --history-only out")
	case f.cut != "" || f.time != "":
		return usage("--rows journal", "each vector brings its own time and cut", "leave --time and --cut-column out")
	}
	cfg.Rows.File, cfg.Rows.Journal = "", &journal.RowsQuery{Service: cfg.Request.Service, Version: cfg.Request.Version}
	cfg.Mode.Served = true
	return nil
}

// pinLog makes the live log of the project's data directory part of a run, up to where it ends now.
func (f *trainFlags) pinLog(c *cobra.Command, cfg *node.TrainConfig) (err error) {
	settings, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	at := node.RegistryOf(settings, f.project)
	cfg.Registry = &at
	if f.historyOnly {
		return nil
	}
	dir := settings.Dir
	if !exists(dir) {
		if cfg.Rows.Journal == nil && filepath.Clean(dir) == filepath.Clean(node.DefaultData(f.project)) {
			return nil // the project was never served
		}
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "--data " + dir, Message: "there is no such data directory", Hint: "name the one of `selfsame serve`"}
	}
	ctx := c.Context()
	to, err := node.Dial(ctx, node.LiveConfig{Config: settings, Project: f.project})
	if err != nil {
		return err
	}
	defer func() {
		if closing := to.Close(); err == nil {
			err = closing
		}
	}()
	pinned, err := to.Pin(ctx)
	if err != nil {
		return err
	}
	cfg.Log, err = pinned.Log()
	return err
}

// evidenceOf opens what served values of a data directory are made again from. done ends it.
func (f *liveFlags) evidenceOf(c *cobra.Command, do func(e *node.Evidence) error) error {
	return f.with(c, func(to *node.Client) (err error) {
		pinned, err := to.Pin(c.Context())
		if err != nil {
			return err
		}
		e, done, err := pinned.Evidence(c.Context(), f.project)
		if err != nil {
			return err
		}
		defer func() {
			if closing := done(); err == nil {
				err = closing
			}
		}()
		return do(e)
	})
}
