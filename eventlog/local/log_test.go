// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"selfsame"
	"selfsame/eventlog"
	"selfsame/eventlog/eventlogtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLogInMemory(t *testing.T) {
	eventlogtest.Run(t, func(*testing.T) eventlogtest.Place {
		fs := vfs.NewMem()
		return func(now func() int64) (eventlog.Log, error) { return Open("log", Options{FS: fs, Now: now}) }
	})
}

func TestLogOnDisk(t *testing.T) {
	eventlogtest.Run(t, func(t *testing.T) eventlogtest.Place {
		dir := t.TempDir()
		return func(now func() int64) (eventlog.Log, error) { return Open(dir, Options{Now: now, Reserve: -1}) }
	})
}

// TestReadingOnly opens what a crash left without recovering it: its rows are there, and nothing on the disk changes.
func TestReadingOnly(t *testing.T) {
	fs := vfs.NewCrashableMem()
	if _, err := Open("log", Options{FS: fs, ReadOnly: true}); selfsame.ClassOf(err) != selfsame.ClassResource {
		t.Errorf("a log that is not there gives %v", err)
	}
	l, err := Open("log", Options{FS: fs, Now: func() int64 { return eventlogtest.Start }})
	if err != nil {
		t.Fatal(err)
	}
	one := []*eventlog.Append{eventlogtest.Row("a", eventlogtest.Start)}
	if err := l.Append(context.Background(), one, 0); err != nil {
		t.Fatal(err)
	}
	left := fs.CrashClone(vfs.CrashCloneCfg{})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	before := left.String()
	if l, err = Open("log", Options{FS: left, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if got, err := eventlogtest.Lines(l, 0, 9); err != nil || len(got) != 1 {
		t.Errorf("it holds %q, %v", got, err)
	}
	for _, err := range []error{l.Append(context.Background(), one, 0), l.Refuse(context.Background(), nil), l.Trim(context.Background(), 1)} {
		if selfsame.ClassOf(err) != selfsame.ClassResource {
			t.Errorf("writing gives %v", err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if after := left.String(); after != before {
		t.Errorf("the files\n%s\nbecame\n%s", before, after)
	}
}
