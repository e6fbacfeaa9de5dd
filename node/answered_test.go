// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"selfsame"
	"selfsame/api"
	"selfsame/config"
)

// TestNoEntrySlipsUnderAnAnswerBeforeTheStart: an entry gets an α above every T that was answered, though the clock was set back between two processes, and
// though the one before was killed.
func TestNoEntrySlipsUnderAnAnswerBeforeTheStart(t *testing.T) {
	for _, killed := range []bool{false, true} {
		w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 7))))
		w.push("taps", `{"k":"a","x":1,"at":"2024-03-01T00:00:00Z"}`)
		w.clock.Add(selfsame.Hour)
		_, a := w.read(nil)
		if a.At < w.clock.Load() {
			t.Fatalf("T is %d", a.At)
		}
		var left []byte
		if killed {
			left = w.contents(answeredFile)
		}
		w.close()
		if killed {
			w.writeData(answeredFile, left)
		}
		w.clock.Add(-30 * selfsame.Minute)
		w.open()
		r, err := w.live.Push(t.Context(), &api.EventBatch{Source: "taps", Body: []byte(`{"k":"a","x":2,"at":"2024-03-01T00:00:00Z"}`)})
		if err != nil {
			t.Fatal(err)
		}
		if r.Arrival <= a.At || r.Arrival > a.At+2*simulatedStep || !killed && r.Arrival != a.At+1 {
			t.Errorf("killed %v: α is %d µs after T", killed, r.Arrival-a.At)
		}
		w.close()
	}
}

func (w *liveWorld) contents(name string) []byte {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.data, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *liveWorld) writeData(name string, b []byte) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.data, name), b, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// TestAnsweredIsWrittenAhead: the file holds every time that note was told, a record that is torn leaves the one before, and what was written ahead is taken back
// at the end.
func TestAnsweredIsWrittenAhead(t *testing.T) {
	dir := t.TempDir()
	open := func() *answered {
		t.Helper()
		a, err := openAnswered(dir, answeredStep, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	read := func() int64 {
		t.Helper()
		a := open()
		defer a.file.Close()
		return a.before
	}
	if a := open(); a.before != selfsame.MinTime || a.Close(selfsame.MinTime) != nil {
		t.Errorf("a new file says %d", a.before)
	}
	a := open()
	r := rand.New(rand.NewPCG(2, 2))
	last := bankStart
	a.note(last)
	for range 200 {
		at := last - selfsame.Minute + r.Int64N(2*selfsame.Minute)
		last = max(last, at)
		a.note(at)
		a.ahead.Wait()
		if got := read(); got < last || got > last+answeredStep {
			t.Fatalf("the file says %d after %d", got, last)
		}
	}
	path := filepath.Join(dir, answeredFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	newest := int(a.number%2) * answeredRecord
	torn := append([]byte(nil), whole...)
	torn[newest+9] ^= 1
	if err := os.WriteFile(path, torn, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := read(); got == a.until.Load() || got == selfsame.MinTime {
		t.Errorf("a torn record leaves %d", got)
	}
	torn[answeredRecord-newest+9] ^= 1
	if err := os.WriteFile(path, torn, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openAnswered(dir, answeredStep, nil); selfsame.ClassOf(err) != selfsame.ClassInternal {
		t.Errorf("two damaged records: %v", err)
	}
	clear(torn[:answeredRecord])
	if err := os.WriteFile(path, torn, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != selfsame.MinTime {
		t.Errorf("the first record of all, torn, gives %d", got)
	}
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(last); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != last {
		t.Errorf("closed at %d, want %d", got, last)
	}
}

// TestWriteFaultIsSeen: after a write that failed /metrics has it and the server is not ready, though it answers reads.
func TestWriteFaultIsSeen(t *testing.T) {
	var broken atomic.Bool
	disk := errorfs.Wrap(vfs.Default, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if broken.Load() && op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return errors.New("input/output error")
		}
		return nil
	}))
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 8))))
	w.close()
	c := config.Default()
	c.Dir, c.JournalSample = w.data, 0
	l, err := OpenLive(t.Context(), LiveConfig{Config: c, Project: w.project, Now: w.clock.Load, FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- l.loop.Run(l.quit) }()
	l.ready.Store(true)
	look := func(want string) error {
		t.Helper()
		page := httptest.NewRecorder()
		l.metrics.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
		if !strings.Contains(page.Body.String(), "selfsame_write_fault "+want+"\n") {
			t.Errorf("selfsame_write_fault is not %s", want)
		}
		return l.Ready()
	}
	if err := look("0"); err != nil {
		t.Error(err)
	}
	broken.Store(true)
	if _, err := l.Push(t.Context(), &api.EventBatch{Source: "taps", Body: []byte(`{"k":"a","x":1,"at":"2024-03-01T00:00:00Z"}`)}); err == nil {
		t.Error("a push that cannot be written is answered")
	}
	if err := look("1"); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("ready: %v", err)
	}
	w.live = l
	w.read(nil)
	broken.Store(false)
	l.giveUp()
	<-ran // its error is that of the write
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("closed with %v", err)
	}
}
