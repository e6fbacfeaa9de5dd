// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"selfsame/config"
	"selfsame/definition"
	"selfsame/node"
)

func serveCommand() *cobra.Command {
	var project string
	c := &cobra.Command{
		Use:   "serve",
		Short: "take events in and serve features over HTTP and gRPC",
		Long: `Take events in and serve features over HTTP and gRPC. Log, online state, archive and journal are in the data directory, and so is the registry, unless --registry names a PostgreSQL
that many servers share. The first start applies the project's definitions. SIGTERM or Ctrl-C stops it cleanly: requests that run are answered, nothing that was acknowledged is lost.`,
		Example: `  selfsame serve
  selfsame serve --project shop --http 127.0.0.1:9000 --grpc off`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadConfig(c, project)
			if err != nil {
				return err
			}
			leaveRoom()
			return serveUntil(c.Context(), node.LiveConfig{Config: cfg, Project: project}, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&project, "project", ".", "folder of the project")
	config.Bind(c.Flags())
	return c
}

// loadConfig reads the settings of a command whose flags config.Bind made.
func loadConfig(c *cobra.Command, project string) (*config.Config, error) {
	file, err := os.ReadFile(filepath.Join(project, definition.ProjectFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return config.Load(config.Inputs{Project: project, Name: filepath.Join(project, definition.ProjectFile), File: file, Env: os.Environ(), Flags: c.Flags()})
}

// serveUntil serves until ctx ends.
func serveUntil(ctx context.Context, cfg node.LiveConfig, out, notes io.Writer) (err error) {
	for _, w := range cfg.Config.Warnings {
		fmt.Fprintf(notes, "selfsame: %s\n", w)
	}
	cfg.Notify = func(note string) { fmt.Fprintf(notes, "selfsame: %s\n", note) }
	s, err := node.OpenServer(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if first, err := s.ApplyFirst(ctx); err != nil {
		return err
	} else if first {
		fmt.Fprintf(out, "applied the definitions of %s\n", cfg.Project)
	}
	if names := s.Unloaded(); len(names) > 0 {
		fmt.Fprintf(notes, "selfsame: history files of %s are not loaded: views know pushed events only, until selfsame backfill\n", strings.Join(names, ", "))
	}
	for _, at := range [][2]string{{"http", s.HTTP}, {"grpc", s.GRPC}} {
		if at[1] != "" {
			fmt.Fprintf(out, "%s   %s\n", at[0], at[1])
		}
	}
	fmt.Fprintln(out, "ready")
	if err := s.Run(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	fmt.Fprintln(out, "stopped; everything acknowledged is stored")
	return nil
}
