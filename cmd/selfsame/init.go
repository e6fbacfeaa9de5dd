// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/examples"
)

func initCommand() *cobra.Command {
	var example string
	c := &cobra.Command{
		Use:   "init DIR",
		Short: "write a project that runs as it is",
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return usage("init", "name the folder to write", "selfsame init myproject")
			case len(args) > 1:
				return usage("init", "names more than one folder", "selfsame init "+args[0]+" --example fraud: which project is written says --example")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := writeExample(example, args[0]); err != nil {
				return err
			}
			run := map[string]string{
				"starter": "selfsame train shop --project %[1]s --rows %[1]s/data/labels.csv --out %[1]s/train.csv",
				"fraud":   "selfsame train fraud --project %[1]s --rows %[1]s/data/labels.csv --out %[1]s/train.parquet",
				"flights": "selfsame train delay --project %[1]s --rows %[1]s/data/labels.parquet --time asked_at --out %[1]s/train.parquet",
			}[example]
			fmt.Fprintf(c.OutOrStdout(), "wrote %s; now try\n  selfsame check %s\n  "+run+"\n", args[0], args[0], args[0])
			return nil
		},
	}
	c.Flags().StringVar(&example, "example", "starter", "starter, fraud or flights")
	return c
}

// writeExample writes an example into dir, which must not hold a project yet.
func writeExample(example, dir string) error {
	if _, err := fs.Stat(examples.Files, example); err != nil {
		return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "--example " + example, Message: "no such example", Hint: "starter, fraud or flights"}
	}
	if exists(filepath.Join(dir, "selfsame.yaml")) {
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: dir, Message: "holds a project already", Hint: "name another folder"}
	}
	return fs.WalkDir(examples.Files, example, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(example, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, rel)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		b, err := examples.Files.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, b, 0o644)
	})
}
