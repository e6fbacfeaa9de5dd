// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Command selfsame is the feature store: one binary, one file a verb.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"selfsame"
)

func main() {
	code, err := profiled(os.Getenv(profileSetting), func() int { return run(os.Args[1:], os.Stdout, os.Stderr) })
	if err != nil {
		fmt.Fprintf(os.Stderr, "selfsame: %v\n", err)
		code = cmp.Or(code, exitCode(err))
	}
	os.Exit(code)
}

// run is main with its world as arguments: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGXFSZ) // a limit on the size of files is an error of the write, not the end of the process
	root := rootCommand(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "selfsame: stopped; nothing was published")
		return exitCodes[selfsame.ClassCanceled]
	}
	fmt.Fprintf(stderr, "selfsame: %v\n", err)
	return exitCode(err)
}

// exitCodes are documented in docs/errors.md.
var exitCodes = map[selfsame.ErrorClass]int{
	selfsame.ClassInternal: 1, selfsame.ClassUsage: 2, selfsame.ClassDefinition: 3, selfsame.ClassNotFound: 4, selfsame.ClassInput: 5,
	selfsame.ClassValue: 6, selfsame.ClassExpectation: 7, selfsame.ClassChanged: 8, selfsame.ClassResource: 9, selfsame.ClassCanceled: 130,
}

func exitCode(err error) int {
	var e *selfsame.Error
	if errors.As(err, &e) {
		return exitCodes[e.Class]
	}
	return 1
}

func usage(ref, message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Ref: ref, Message: message, Hint: hint}
}

func rootCommand(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:           "selfsame",
		Short:         "a feature store: one definition, the selfsame bits offline, in streaming and online",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(flagError)
	root.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		var verbs []string
		for _, v := range c.Commands() {
			verbs = append(verbs, v.Name())
		}
		return unknown(args[0], "no such verb", selfsame.Nearest(args[0], verbs), "see selfsame --help")
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	root.AddCommand(initCommand(), checkCommand(), fmtCommand(), trainCommand(), snapshotCommand(), testCommand(), explainCommand(), demoCommand(), planCommand(), applyCommand(), historyCommand(),
		exportCommand(), importCommand(), diffCommand(),
		serveCommand(), pushCommand(), eventsCommand(), getCommand(), auditCommand(), backfillCommand(), materializeCommand(), listCommand(), searchCommand(), showCommand(), lineageCommand(),
		deprecateCommand(), retireCommand(), activateCommand(), modelCommand(), experimentCommand(), versionCommand())
	return root
}

// flagError names the nearest flag where one does not exist.
func flagError(c *cobra.Command, err error) error {
	help := "see " + c.CommandPath() + " --help"
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return usage(c.Name(), err.Error(), help)
	}
	var flags []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			flags = append(flags, f.Name)
		}
	})
	return unknown(c.Name(), err.Error(), selfsame.Nearest(missing.GetSpecifiedName(), flags), help)
}

// unknown is the error of a name that does not exist, with the nearest that does.
func unknown(ref, message, near, help string) error {
	if near != "" {
		help = "did you mean " + near + "? " + help
	}
	return usage(ref, message, help)
}
