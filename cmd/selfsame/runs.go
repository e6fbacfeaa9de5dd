// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"selfsame/batch"
	"selfsame/node"
)

// notes prints what a user should know of work that goes on all the same.
func notes(w io.Writer) func(note string) {
	return func(note string) { fmt.Fprintf(w, "selfsame: %s\n", note) }
}

// recording runs what writes training sets, tells of it, and records it in the registry, where anything is applied. That it cannot be told or recorded is
// said and fails nothing.
func (f *trainFlags) recording(c *cobra.Command, cfg *node.TrainConfig, run func() error) error {
	if f.dryRun {
		return run()
	}
	settings, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	say := notes(c.ErrOrStderr())
	if cfg.Events, err = node.OpenEvents(settings, say); err != nil {
		return err
	}
	var made []*batch.Manifest
	id, started := "", time.Now().UnixMicro()
	cfg.Made = func(t *node.Trained) {
		if id == "" {
			id = t.ID
		}
		made = append(made, t.Manifest)
	}
	failed := run()
	if len(made) > 0 {
		set, err := node.RunOf(id, started, made...)
		if err == nil {
			err = node.RecordRun(c.Context(), &node.LiveConfig{Config: settings, Project: f.project}, set)
		}
		if err != nil {
			say("the run is not recorded: " + err.Error())
		}
	}
	if err := node.CloseEvents(cfg.Events); err != nil {
		say("lineage events are lost: " + err.Error())
	}
	return failed
}

// telling makes the applies of this process known where the settings name who is told. done ends it.
func (f *registryFlags) telling(c *cobra.Command, to node.Planner) (told node.Planner, done func(), err error) {
	settings, err := loadConfig(c, f.project)
	if err != nil {
		return nil, nil, err
	}
	say := notes(c.ErrOrStderr())
	events, err := node.OpenEvents(settings, say)
	if err != nil {
		return nil, nil, err
	}
	return node.TellApplies(to, events, say), func() {
		if err := node.CloseEvents(events); err != nil {
			say("lineage events are lost: " + err.Error())
		}
	}, nil
}
