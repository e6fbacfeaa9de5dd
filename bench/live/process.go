// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that this program started.
type process struct {
	cmd        *exec.Cmd
	http, grpc string // addresses
	started    time.Duration
	drained    chan struct{}
}

// start runs a command that prints its addresses and then "ready".
func start(log io.Writer, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(name, args...), drained: make(chan struct{})}
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), " ")
		switch key {
		case "http":
			p.http = strings.TrimSpace(value)
		case "grpc":
			p.grpc = strings.TrimSpace(value)
		case "ready":
			p.started = time.Since(begin)
			go func() {
				defer close(p.drained)
				io.Copy(io.Discard, out)
			}()
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s ended before it was ready: %w", name, p.cmd.Wait())
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the process and waits for it.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-p.drained
	p.cmd.Wait() // an echo server knows no clean end
	return nil
}

// cpuOf is the CPU time of a process, 0 where pid is 0.
func cpuOf(pid int) time.Duration {
	if pid == 0 {
		return 0
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// residentOf is the memory of a process in bytes.
func residentOf(pid int) int64 { return numberOf(pid, "status", "VmRSS:") << 10 }

// writtenBy is what a process has written to files, in bytes.
func writtenBy(pid int) int64 { return numberOf(pid, "io", "write_bytes:") }

// numberOf reads a number that /proc tells of a process, 0 where there is none.
func numberOf(pid int, file, name string) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}
