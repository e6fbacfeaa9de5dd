// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"selfsame"
)

// load reads a file, an environment and a command line.
func load(t *testing.T, file string, env []string, args ...string) (*Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	Bind(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Load(Inputs{Project: "shop", File: []byte(file), Env: env, Flags: flags})
}

func TestDefaults(t *testing.T) {
	c, err := load(t, "project: shop\nviews: {}\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Dir != filepath.Join("shop", ".selfsame") || c.HTTP != "127.0.0.1:8620" || c.GRPC != "127.0.0.1:8621" || c.CacheBytes != 256<<20 ||
		c.JournalSample != 1 || c.Threads < 1 || c.Insecure || c.ArchiveEvery != 10*time.Minute {
		t.Errorf("got %+v", c)
	}
}

func TestPrecedence(t *testing.T) {
	file := "project: shop\ndata: {dir: /file}\nrequest: {max_rows: 10}\ncache:\n  bytes: 1MiB\n"
	env := []string{"SELFSAME_DATA_DIR=/env", "SELFSAME_REQUEST_MAX_ROWS=20", "SELFSAME_WARM=", "HOME=/x"}
	c, err := load(t, file, env, "--data", "/flag")
	if err != nil {
		t.Fatal(err)
	}
	if c.Dir != "/flag" || c.RequestRows != 20 || c.CacheBytes != 1<<20 || c.Warm != 0 {
		t.Errorf("got dir %s, rows %d, cache %d, warm %d; want the flag's, the environment's, the file's, the default", c.Dir, c.RequestRows, c.CacheBytes, c.Warm)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	file := "project: shop\nhttp:\n  adr: 1\narchive:\n  every: 2 parsecs\nwarm: [1]\njournal: {sample: 1.5}\nonline: {url: \"reddis://u:secret@h/0\"}\nthreads: -1\n"
	_, err := load(t, file, []string{"SELFSAME_CACHE_BYTES=lots", "SELFSAME_REGISTRY_URL=postgres://${DB_USER}@h/x"}, "--http", "0.0.0.0:8620", "--grpc", "here")
	var first *selfsame.Error
	if !errors.As(err, &first) || first.Class != selfsame.ClassUsage {
		t.Fatalf("got %v, want problems of class usage", err)
	}
	for _, want := range []string{
		"selfsame.yaml:3:3: there is no setting http.adr\n  hint: did you mean http.addr?",
		"selfsame.yaml:5:3: archive.every: 2 parsecs is not a duration",
		"selfsame.yaml:6:1: warm: is not a single value",
		"journal.sample: 1.5 is not a number from 0 to 1",
		"threads: -1 is less than 1",
		"SELFSAME_CACHE_BYTES: lots is not a size such as 256MiB",
		"SELFSAME_REGISTRY_URL: ${DB_USER} is not in the environment",
		"--http: 0.0.0.0:8620 can be reached from other machines, and there is no access control",
		"--grpc: here is not host:port",
		"online.url: reddis://u:xxxxx@h/0 names no store that Selfsame knows\n  hint: did you mean redis:?",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got\n%v\nwant in it %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("a password is shown: %v", err)
	}
}

func TestLoopbackRule(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true, "127.9.9.9:0": true, "off": true, "[::ffff:127.0.0.1]:1": true,
		":1": false, "0.0.0.0:1": false, "192.168.1.2:1": false, "example.com:1": false, "[::]:1": false,
	} {
		if _, err := load(t, "", nil, "--http", addr); (err == nil) != ok {
			t.Errorf("%s: got %v", addr, err)
		}
		if _, err := load(t, "", nil, "--http", addr, "--insecure"); err != nil {
			t.Errorf("%s, insecure: got %v", addr, err)
		}
	}
	if _, err := load(t, "", nil, "--http", "127.0.0.1:1", "--grpc", "127.0.0.1:1"); err == nil {
		t.Error("two listeners on one address are taken")
	}
}

func TestSecrets(t *testing.T) {
	c, err := load(t, "online: {url: \"redis://app:${PW}@h:6379/0?token=t1\"}", []string{"PW=s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Online != "redis://app:s3cret@h:6379/0?token=t1" {
		t.Errorf("got %s", c.Online)
	}
	for _, line := range c.Lines() {
		if strings.Contains(line, "s3cret") || strings.Contains(line, "t1") {
			t.Errorf("a secret is shown: %s", line)
		}
	}
	if got := Redact("postgres:host=h password=x?"); got != "postgres:…" {
		t.Errorf("got %s", got)
	}
}

// TestLinesReadBack holds that what a process prints of its settings is read back as the same settings.
func TestLinesReadBack(t *testing.T) {
	c, err := load(t, "", nil, "--data", "/d", "--ingest-queue", "3kib", "--archive-every", "90s", "--journal-durable", "--journal-sample", "0.25")
	if err != nil {
		t.Fatal(err)
	}
	var env []string
	for _, line := range c.Lines() {
		name, value, _ := strings.Cut(line, "=")
		i := slices.IndexFunc(Settings(), func(s Setting) bool { return s.Name == name })
		s := Settings()[i]
		env = append(env, s.Env()+"="+value)
	}
	again, err := load(t, "", env)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(again.Lines(), "\n"), strings.Join(c.Lines(), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if c.IngestQueue != 3<<10 || c.ArchiveEvery != 90*time.Second || !c.JournalDurable || c.JournalSample != 0.25 {
		t.Errorf("got %+v", c)
	}
}

func TestUnknownVariableIsTold(t *testing.T) {
	c, err := load(t, "", []string{"SELFSAME_DATA_DRI=/x", "SELFSAME_PORT_8620_TCP_PROTO=tcp"})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "did you mean SELFSAME_DATA_DIR?") {
		t.Errorf("got %q", c.Warnings)
	}
}

func TestSettingsAreDescribed(t *testing.T) {
	names, flags := map[string]bool{}, map[string]bool{}
	for _, s := range Settings() {
		if s.Name == "" || s.Default == "" || s.Bounds == "" || s.Doc == "" || names[s.Name] || flags[s.Flag()] {
			t.Errorf("setting %s, flag %s: something is missing or met twice: %+v", s.Name, s.Flag(), s)
		}
		names[s.Name], flags[s.Flag()] = true, true
	}
	if _, err := load(t, "data: {dir: x", nil); err == nil || !strings.Contains(err.Error(), "is not YAML") {
		t.Errorf("got %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{"data: {dir: x}", "a: 1", "warm: 1\nwarm: 2", "log: {log: {log: 1}}", "online.url: ${X", "- 1", "http: &a {addr: *a}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := Load(Inputs{File: file})
		if (c == nil) == (err == nil) {
			t.Fatalf("%q: got %v and %v", file, c, err)
		}
	})
}

// TestDirIsRelative holds from where a data directory counts: that of the file from the project, one that was typed from the working folder.
func TestDirIsRelative(t *testing.T) {
	file := []byte("data: {dir: state}\n")
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	Bind(flags, "data.dir")
	if err := flags.Parse([]string{"--data", "typed"}); err != nil {
		t.Fatal(err)
	}
	for want, in := range map[string]Inputs{
		filepath.Join("shop", ".selfsame"): {Project: "shop"},
		filepath.Join("shop", "state"):     {Project: "shop", File: file},
		"there":                            {Project: "shop", File: file, Env: []string{"SELFSAME_DATA_DIR=there"}},
		"typed":                            {Project: "shop", File: file, Env: []string{"SELFSAME_DATA_DIR=there"}, Flags: flags},
	} {
		c, err := Load(in)
		if err != nil || c.Dir != want {
			t.Errorf("got %v %v, want %s", c, err, want)
		}
	}
}

// TestLineageSettings holds where events go: a file of the project's from its folder, the server that other tools name too.
func TestLineageSettings(t *testing.T) {
	file := []byte("lineage: {file: events.jsonl, url: \"http://a\"}\n")
	for _, c := range []struct {
		in        Inputs
		file, url string
	}{
		{Inputs{Project: "shop"}, "", ""},
		{Inputs{Project: "shop", File: file}, filepath.Join("shop", "events.jsonl"), "http://a"},
		{Inputs{Project: "shop", File: file, Env: []string{"OPENLINEAGE_URL=http://b", "SELFSAME_LINEAGE_FILE=e"}}, "e", "http://b"},
		{Inputs{Project: "shop", Env: []string{"OPENLINEAGE_URL=http://b", "SELFSAME_LINEAGE_URL=http://c"}}, "", "http://c"},
		{Inputs{Project: "shop", Env: []string{"OPENLINEAGE_URL="}}, "", ""},
	} {
		got, err := Load(c.in)
		if err != nil || got.LineageFile != c.file || got.LineageURL != c.url {
			t.Errorf("%v: got %v, %v, want %q and %q", c.in.Env, got, err, c.file, c.url)
		}
	}
}
