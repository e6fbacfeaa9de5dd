// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/definition"
)

func fmtCommand() *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt [FILE|DIR]...",
		Short: "lay out definition files in the canonical way, comments kept",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			files, err := definitionFiles(args)
			if err != nil {
				return err
			}
			differ := 0
			for _, f := range files {
				changed, err := formatFile(f, check)
				if err != nil {
					return err
				}
				if changed {
					differ++
					fmt.Fprintln(c.OutOrStdout(), f)
				}
			}
			if check && differ > 0 {
				return &selfsame.Error{Class: selfsame.ClassDefinition, Message: fmt.Sprintf("%d files are not in canonical layout", differ), Hint: "run selfsame fmt"}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing; fail where a file would change")
	return c
}

// definitionFiles lists the definition files below the arguments.
func definitionFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: arg, Err: err}
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		if main := filepath.Join(arg, "selfsame.yaml"); exists(main) {
			files = append(files, main)
		}
		err = filepath.WalkDir(filepath.Join(arg, "features"), func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".yaml") {
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func formatFile(path string, check bool) (changed bool, err error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return false, &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Err: err}
	}
	out, err := definition.Format(src, path)
	if err != nil || bytes.Equal(src, out) || check {
		return err == nil && !bytes.Equal(src, out), err
	}
	return true, os.WriteFile(path, out, 0o644)
}
