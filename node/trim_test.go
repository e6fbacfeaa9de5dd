// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
	"selfsame/api"
	"selfsame/audit"
	"selfsame/config"
)

// trimAll lets the log go of everything that is there: it is older than an hour by then.
func (w *liveWorld) trimAll() {
	w.t.Helper()
	w.live.Config.LogRetention = time.Hour
	if _, err := w.live.pin(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := w.live.trim(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if end, _ := w.live.log.End(); w.live.log.Begin() != end || end == 0 {
		w.t.Fatalf("the log begins at %d and ends at %d", w.live.log.Begin(), end)
	}
}

// TestTrimmingChangesNoAnswer: what the log has let go of is in every answer as before, in those that were given, of states that are built afterwards, after a
// restart, and where the online state is lost.
func TestTrimmingChangesNoAnswer(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 9))
			loaded := seed%2 == 1
			w := newLiveWorld(t, bank, bankFiles(r))
			w.pushAll(bankEvents(r, 6))
			if loaded {
				w.must("backfill", &LoadArgs{})
			}
			w.pushAll(bankEvents(r, 6))
			_, early := w.ask(nil)
			earlier := bitsOf(w.again(early, false))
			w.clock.Add(2 * selfsame.Hour)
			want, _ := w.ask(nil)
			w.trimAll()
			same := func(when string) {
				t.Helper()
				if got, _ := w.ask(nil); got != want {
					t.Errorf("%s\n%swant\n%s", when, got, want)
				}
				if got := bitsOf(w.again(early, false)); got != earlier {
					t.Errorf("%s: an earlier answer is now\n%swant\n%s", when, got, earlier)
				}
			}
			same("trimmed")
			w.close()
			w.open()
			same("after a restart")
			w.write("selfsame.yaml", strings.Replace(strings.Replace(bank, "services:",
				"  more: {entity: user, source: pays, where: x > 2, features: {n: count(*) over lifetime}}\n  often: {entity: user, source: taps, where: x > 3, features: {n: count(*) over lifetime}}\nservices:", 1),
				"[paid.*", "[paid.*, more.*, often.*", 1))
			if _, err := ApplyProject(t.Context(), w.live, &ChangeConfig{Project: w.project, Message: "more", Expect: -1}); err != nil {
				t.Fatal(err)
			}
			want, _ = w.ask(nil) // held to the archive, from its first row on
			w.pushAll(bankEvents(r, 8))
			w.clock.Add(2 * selfsame.Hour)
			want, _ = w.ask(nil)
			if !loaded { // what is loaded of history is known to the online state alone
				w.close()
				if err := os.RemoveAll(filepath.Join(w.data, onlineFolder)); err != nil {
					t.Fatal(err)
				}
				w.open()
				if got, _ := w.ask(nil); got != want {
					t.Errorf("without the online state\n%swant\n%s", got, want)
				}
			}
			w.pushAll(bankEvents(r, 5)) // copies, conflicts, deletes and versions of what is in the archive alone
			w.ask(nil)
			w.must("backfill", &LoadArgs{})
			w.ask(nil)
		})
	}
}

// TestTrimKeepsWhatIsYoung: events stay in the log for as long as log.retention says, refused ones for as long as refused.retention does; their numbers go on.
func TestTrimKeepsWhatIsYoung(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 10))))
	late := `{"k":"a","x":1,"at":"2023-03-01T00:00:00Z"}`
	w.push("taps", `{"k":"a","x":1,"at":"2024-03-01T00:00:00Z"}`)
	w.push("taps", late)
	w.clock.Add(2 * selfsame.Hour)
	w.push("taps", `{"k":"a","x":2,"at":"2024-03-01T00:00:00Z"}`)
	w.push("taps", late)
	w.live.Config.LogRetention, w.live.Config.RefusedRetention = time.Hour, time.Hour
	trimmed := func(begin, number int64) {
		t.Helper()
		if err := w.live.trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []int64
		err := w.live.eventsVerb(t.Context(), &EventsArgs{}, func(e any) error {
			got = append(got, e.(*RefusedEvent).Number)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if w.live.log.Begin() != begin || len(got) == 0 || got[0] != number {
			t.Errorf("the log begins at %d, want %d; refused are %v, want those from %d on", w.live.log.Begin(), begin, got, number)
		}
	}
	trimmed(0, 2) // not archived yet
	if _, err := w.live.pin(t.Context()); err != nil {
		t.Fatal(err)
	}
	trimmed(1, 2)
	w.clock.Add(2 * selfsame.Hour)
	if err := w.live.trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.close()
	w.open()
	w.push("taps", late)
	w.live.Config.LogRetention = 0 // for ever
	trimmed(2, 3)
}

// TestTrimHoldsTheArchiveToTheLog: where the archive does not hold what the log has, nothing goes, and it is said.
func TestTrimHoldsTheArchiveToTheLog(t *testing.T) {
	for _, damage := range []string{"a file is gone", "a file is another", "the archive is gone after the log was trimmed"} {
		t.Run(damage, func(t *testing.T) {
			w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 11))))
			w.push("taps", `{"k":"a","x":1,"at":"2024-03-01T00:00:00Z"}`)
			if _, err := w.live.pin(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.push("taps", `{"k":"b","x":2,"at":"2024-03-01T00:00:00Z"}`)
			w.clock.Add(2 * selfsame.Hour)
			if _, err := w.live.pin(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.live.Config.LogRetention = time.Hour
			files, err := filepath.Glob(filepath.Join(w.data, archiveFolder, "taps", "*", "*.parquet"))
			if err != nil || len(files) != 2 {
				t.Fatal(files, err)
			}
			switch damage {
			case "a file is gone":
				err = os.Remove(files[0])
			case "a file is another":
				var b []byte
				if b, err = os.ReadFile(files[0]); err == nil {
					err = os.WriteFile(files[1], b, 0o644)
				}
			default:
				w.trimAll()
				w.close()
				if err := os.RemoveAll(filepath.Join(w.data, archiveFolder)); err != nil {
					t.Fatal(err)
				}
				w.open()
				w.read(nil) // the online state has it all
				_, err := w.live.pin(t.Context())
				if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), "restore") {
					t.Errorf("the archive is gone: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := w.live.trim(t.Context()); err == nil {
				t.Error("trimmed")
			}
			if begin := w.live.log.Begin(); begin != 0 {
				t.Errorf("the log begins at %d", begin)
			}
		})
	}
}

// TestALostFileOfTheArchive: the start says so, and nobody reads around it.
func TestALostFileOfTheArchive(t *testing.T) {
	w := newLiveWorld(t, bank, bankFiles(rand.New(rand.NewPCG(1, 12))))
	for _, k := range []string{"a", "b"} {
		w.push("taps", `{"k":"`+k+`","x":1,"at":"2024-03-01T00:00:00Z"}`)
		if _, err := w.live.pin(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(w.data, archiveFolder, "taps", "*", "*.parquet"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	w.close()
	w.open()
	if got := w.noted(); !strings.Contains(got, "the archive is not whole") || !strings.Contains(got, files[0]) {
		t.Errorf("the start says %q", got)
	}
	w.read(nil) // the online state has it all
	pinned, err := w.live.pin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e, stop, err := pinned.Evidence(t.Context(), w.project)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	_, err = OpenArchive(t.Context(), filepath.Join(w.data, archiveFolder), pinned.Complete, e.Definitions.Project().Source("taps"))
	if selfsame.ClassOf(err) != selfsame.ClassResource || !strings.Contains(err.Error(), filepath.Base(files[0])) {
		t.Errorf("training, audits and explanations read the archive without %s: %v", files[0], err)
	}
}

// TestPowerCutAroundATrim: what a power cut leaves of log and online state, at any moment around a trim, answers alike.
func TestPowerCutAroundATrim(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 12))
			disk := vfs.NewCrashableMem()
			w := &liveWorld{t: t, project: t.TempDir(), data: filepath.Join(t.TempDir(), "data")}
			w.clock.Store(bankStart)
			w.write("selfsame.yaml", bank)
			for name, text := range bankFiles(r) {
				w.write(name, text)
			}
			if err := disk.MkdirAll(w.data, 0o755); err != nil {
				t.Fatal(err)
			}
			for dir := w.data; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
				d, err := disk.OpenDir(filepath.Dir(dir))
				if err == nil {
					err = errors.Join(d.Sync(), d.Close())
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			stop := w.openOn(disk, 0)
			if _, err := w.live.ApplyFirst(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.pushAll(bankEvents(r, 5))
			if err := w.live.store.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.pushAll(bankEvents(r, 4)) // of which the online state has nothing on the disk
			w.clock.Add(2 * selfsame.Hour)
			want, _ := w.ask(nil)
			if seed > 0 {
				w.trimAll()
			}
			left := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(seed%3) * 50, RNG: r})
			stop()
			defer w.openOn(left, 0)()
			if got, _ := w.ask(nil); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			w.pushAll(bankEvents(r, 4))
			w.ask(nil)
		})
	}
}

// TestAuditOfATrimmedLog: what was served is audited without a mismatch, and explained by the same events, before and after the log is trimmed and files of the
// archive are merged.
func TestAuditOfATrimmedLog(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 15))
	w := newLiveWorld(t, bank, bankFiles(r))
	w.must("backfill", &LoadArgs{})
	w.close()
	defer w.openOn(nil, 1)()
	ctx := t.Context()
	for range 9 {
		w.pushAll(bankEvents(r, 2))
		if _, err := w.live.Features(ctx, &api.Question{Service: "all", Rows: askedFor(), RequestID: fmt.Sprint("r", w.clock.Load())}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.live.pin(ctx); err != nil {
			t.Fatal(err)
		}
	}
	request := fmt.Sprint("r", w.clock.Load())
	look := func() (values int64, explained string) {
		t.Helper()
		p, err := w.live.pin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		e, done, err := p.Evidence(ctx, w.project)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		report, err := e.Audit(ctx, audit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if report.Mismatched != 0 || report.Unauditable != 0 || report.Requests != 9 {
			t.Errorf("the audit found %+v", report)
		}
		x, err := ExplainServed(ctx, e, &ServedQuestion{Request: request, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		return report.Values, string(text)
	}
	values, explained := look()
	merged := false
	w.clock.Add(2 * selfsame.Hour)
	for _, step := range []func(){
		func() { w.trimAll() },
		func() {
			if err := w.live.archive.Merge(ctx, readArchived, time.Now().Add(25*time.Hour)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		step()
		v, x := look()
		if merged { // the files have other names by then, and rows other places in them
			x, explained = placesInArchive.ReplaceAllString(x, ""), placesInArchive.ReplaceAllString(explained, "")
		}
		if merged = true; v != values || v == 0 || x != explained {
			t.Errorf("%d values were audited, before %d; explained by\n%s\nbefore\n%s", v, values, x, explained)
		}
	}
}

var placesInArchive = regexp.MustCompile(`"file":"date=[^"]*","row":[0-9]+,`)

// openOn opens the data directory with log and online state on a disk, nil for the machine's, and a share of what is served journalled.
func (w *liveWorld) openOn(disk vfs.FS, sample float64) (stop func()) {
	w.t.Helper()
	c := config.Default()
	c.Dir, c.JournalSample, c.JournalDurable = w.data, sample, sample > 0
	l, err := OpenLive(w.t.Context(), LiveConfig{Config: c, Project: w.project, Now: w.clock.Load, FS: disk})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	w.live = l
	return func() {
		end()
		if err := errors.Join(<-done, l.Close()); err != nil {
			w.t.Error(err)
		}
	}
}
