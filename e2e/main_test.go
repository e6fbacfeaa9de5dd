// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e runs the real binary as a user would: sessions in testdata/*.txtar, and every block of the README.
package e2e

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"selfsame/internal/postgresql"
)

var rewrite = flag.Bool("rewrite", false, "write the outputs of the binary into the sessions; review the difference")

// binary is the command under test, built once.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "selfsame-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "selfsame")
	build := exec.Command("go", "build", "-o", binary, "selfsame/cmd/selfsame")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", out, err)
		return 1
	}
	code := m.Run()
	if err := postgresql.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func TestSessions(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       *rewrite,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+env.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":     exits,
			"show":      show,
			"convert":   convert,
			"printed":   printed,
			"edit":      edit,
			"shorten":   shorten,
			"generate":  generate,
			"interrupt": interrupt,
			"starved":   starved,
			"full":      full,
			"count":     count,
			"shop":      shop,
			"serve":     serve,
			"shutdown":  shutdown,
			"crash":     crash,
			"ask":       ask,
			"listening": listening,
			"timed":     timed,

			"postgresql": database,
		},
	})
}

// exits CODE COMMAND… runs a command that must end with the exit code. Its output is compared as that of exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := exitCode(ts.Exec(args[1], args[2:]...))
	if got != want {
		ts.Fatalf("got exit code %d, want %d", got, want)
	}
}

// exitCode is the code of a process that ended, -1 where it did not start or was killed.
func exitCode(err error) int {
	var e *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.ExitCode()
	}
	return -1
}
