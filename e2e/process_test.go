// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// interrupt PATTERN COMMAND… starts a command, sends SIGINT once a file matches PATTERN (with a + before it: one that is not empty) and
// expects exit code 130. The test fails where the command ends before.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt PATTERN COMMAND...")
	}
	cmd := exec.Command(args[1], args[2:]...)
	if args[1] == "selfsame" {
		cmd.Path, cmd.Err = binary, nil
	}
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "TMPDIR="+ts.Getenv("TMPDIR"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if written(ts, args[0]) {
			break
		}
		select {
		case err := <-ended:
			ts.Fatalf("it ended before a file matched %s: %v\n%s", args[0], err, out.String())
		case <-time.After(time.Millisecond):
		}
	}
	ts.Check(cmd.Process.Signal(syscall.SIGINT))
	if got := exitCode(<-ended); got != 130 {
		ts.Fatalf("got exit code %d, want 130\n%s", got, out.String())
	}
	if !strings.Contains(out.String(), "stopped; nothing was published") {
		ts.Fatalf("got %s, want a line that says that nothing was published", out.String())
	}
}

// written reports whether a file matches a pattern of interrupt.
func written(ts *testscript.TestScript, pattern string) bool {
	pattern, full := strings.CutPrefix(pattern, "+")
	found, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	for _, path := range found {
		if info, err := os.Stat(path); err == nil && (!full || info.Size() > 0) {
			return true
		}
	}
	return false
}

// starved BLOCKS CODE COMMAND… runs a command that may write files of at most BLOCKS times 512 bytes, and expects the exit code.
func starved(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: starved BLOCKS CODE COMMAND...")
	}
	script := `ulimit -f "$1"; shift; exec "$@"`
	shell := append([]string{args[1], "sh", "-c", script, "sh", args[0]}, args[2:]...)
	exits(ts, false, shell)
}

// full DIR CODE COMMAND… runs a command while DIR is a file system of 256 KiB, and expects the exit code. Where mounting is not
// permitted, a limit on the size of files takes its place.
func full(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: full DIR CODE COMMAND...")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", dir).CombinedOutput(); err != nil {
		ts.Logf("no small file system here (%v %s)", err, out)
		starved(ts, false, append([]string{"512"}, args[1:]...))
		return
	}
	ts.Defer(func() { ts.Check(exec.Command("umount", dir).Run()) })
	exits(ts, false, args[1:])
}
