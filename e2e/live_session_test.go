// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// servers holds the running server of each session.
var servers sync.Map // *testscript.TestScript -> *server

// serve PROJECT ARGS… starts a server on a project and waits until it is ready. Arguments SELFSAME_NAME=VALUE are its environment. A session
// has one at a time; it is killed where the session leaves it running.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: serve PROJECT ARGS...")
	}
	s, err := command(ts, args)
	ts.Check(err)
	ts.Check(s.wait())
	if _, running := servers.Swap(ts, s); running {
		s.kill()
		ts.Fatalf("a server runs already")
	}
	ts.Defer(func() {
		if left, ok := servers.LoadAndDelete(ts); ok {
			left.(*server).kill()
		}
	})
}

// command starts the server that serve asks for.
func command(ts *testscript.TestScript, args []string) (*server, error) {
	cmd := exec.Command(binary, "serve", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--project", args[0])
	cmd.Env = os.Environ()
	for _, a := range args[1:] {
		if strings.HasPrefix(a, "SELFSAME_") {
			cmd.Env = append(cmd.Env, a)
		} else {
			cmd.Args = append(cmd.Args, a)
		}
	}
	return launchAs(cmd, ts.MkAbs("."))
}

func running(ts *testscript.TestScript) *server {
	s, ok := servers.Load(ts)
	if !ok {
		ts.Fatalf("no server runs")
	}
	return s.(*server)
}

// shutdown ends the server with SIGTERM and expects that it stops cleanly.
func shutdown(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: shutdown")
	}
	s := running(ts)
	servers.Delete(ts)
	ts.Check(s.stop())
}

// crash ends the server with SIGKILL.
func crash(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: crash")
	}
	s := running(ts)
	servers.Delete(ts)
	s.kill()
}

// ask STATUS METHOD PATH [BODY] sends a request to the server and expects the status. BODY is a file, or the text itself. In the body and the path,
// {now}, {-90m} and {+1h} are times before and after the session's first request. The answer is compared as the output of exec; what differs from run to run
// stands as its name.
func ask(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: ask STATUS METHOD PATH [BODY]")
	}
	var body string
	if len(args) == 4 {
		if _, err := os.Stat(ts.MkAbs(args[3])); err == nil {
			body = ts.ReadFile(args[3])
		} else {
			body = args[3]
		}
	}
	at := sessionTime(ts)
	a, err := running(ts).ask(context.Background(), args[1], at.fill(ts, args[2]), []byte(at.fill(ts, body)))
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), at.plain(string(a.body)))
	for _, name := range []string{"Allow", "Retry-After"} {
		if v := a.header.Get(name); v != "" {
			fmt.Fprintf(ts.Stdout(), "%s: %s\n", name, v)
		}
	}
	if got := fmt.Sprint(a.status); got != args[0] {
		ts.Fatalf("got %s %s, want %s\n%s", got, http.StatusText(a.status), args[0], a.body)
	}
}

// timed FILE writes the times of a file that ask would fill in.
func timed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: timed FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(sessionTime(ts).fill(ts, ts.ReadFile(args[0]))), 0o644))
}

// clock is the moment of a session: that of its first use.
type clock time.Time

const clockVariable = "SESSION_TIME"

func sessionTime(ts *testscript.TestScript) clock {
	if text := ts.Getenv(clockVariable); text != "" {
		t, err := time.Parse(time.RFC3339, text)
		ts.Check(err)
		return clock(t)
	}
	now := time.Now().UTC().Truncate(time.Second)
	ts.Setenv(clockVariable, now.Format(time.RFC3339))
	return clock(now)
}

var marks = regexp.MustCompile(`\{(now|[+-]\d+[smh])\}`)

// fill writes times for marks.
func (c clock) fill(ts *testscript.TestScript, text string) string {
	return marks.ReplaceAllStringFunc(text, func(mark string) string {
		var d time.Duration
		if word := strings.Trim(mark, "{}"); word != "now" {
			var err error
			d, err = time.ParseDuration(word)
			ts.Check(err)
		}
		return time.Time(c).Add(d).Format(time.RFC3339)
	})
}

var (
	moment   = regexp.MustCompile(`20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z`)
	changing = []struct {
		pattern *regexp.Regexp
		name    string
	}{
		{regexp.MustCompile(`"(request_id|cut)":"[^"]*"`), `"$1":"…"`},
		{regexp.MustCompile(`sha256:[0-9a-f]{64}`), `sha256:…`},
		{regexp.MustCompile(`"(queue|cache|read|compute|encode)":[0-9.e-]+`), `"$1":…`},
		{regexp.MustCompile(`\b(\d+d)?(\d+h)?\d+m\d+\.\d+s\b`), `…`},
		{regexp.MustCompile(`[0-9.]+:\d+`), `ADDRESS`},
		{regexp.MustCompile(`process \d+`), `process PID`},
	}
)

// plain names times by their distance from the session's, and what changes from run to run by what it is.
func (c clock) plain(text string) string {
	text = moment.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return s
		}
		switch d := t.Sub(time.Time(c)); {
		case d == 0:
			return "{now}"
		case d > 0 && d < 30*time.Minute:
			return "{soon}"
		case d%time.Second == 0 && d.Abs() < 1000*time.Hour:
			return fmt.Sprintf("{%+ds}", int64(d/time.Second))
		}
		return s
	})
	for _, v := range changing {
		text = v.pattern.ReplaceAllString(text, v.name)
	}
	return text
}

// listening VARIABLE names the address of the server's HTTP.
func listening(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listening VARIABLE")
	}
	ts.Setenv(args[0], running(ts).HTTP)
}
