// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"selfsame"
	"selfsame/eventlog"
	"selfsame/eventlog/eventlogtest"
)

// diary is what was asked of a log: the rows of every append, and how many of the appends were acknowledged.
type diary struct {
	rows  []string // as eventlogtest.Lines
	ends  []int    // of the rows, one an append
	acked int      // appends
}

// append draws an append and notes what a log that takes it holds.
func (d *diary) append(l *Log, rng *rand.Rand) error {
	group := eventlogtest.Group(rng, eventlogtest.Start)
	if rng.IntN(8) == 0 {
		group = append(group, eventlogtest.Rows(strings.Repeat("long", 500), eventlogtest.Start, 20))
	}
	err := l.Append(context.Background(), group, 0)
	var scratch eventlog.Decoder
	for _, a := range group {
		if a.Admitted != nil {
			b, e := scratch.Decode(eventlog.AppendBlock(nil, a.Admitted))
			if e != nil {
				return e
			}
			d.rows = append(d.rows, eventlogtest.LinesOf(b)...)
		}
	}
	d.ends = append(d.ends, len(d.rows))
	if err == nil {
		d.acked = len(d.ends)
	}
	return err
}

// check opens what is left on fs: every append that was acknowledged is there, the others whole or not at all.
func (d *diary) check(fs vfs.FS) error {
	l, err := Open("log", Options{FS: fs})
	if err != nil {
		return err
	}
	got, err := eventlogtest.Lines(l, 0, selfsame.MaxTime)
	if err == nil && (len(got) > len(d.rows) || !slices.Equal(got, d.rows[:len(got)])) {
		err = fmt.Errorf("the log holds %q, want a beginning of %q", got, d.rows)
	}
	if err == nil && len(got) < (append([]int{0}, d.ends...))[d.acked] {
		err = fmt.Errorf("%d rows are left of the %d acknowledged", len(got), d.ends[d.acked-1])
	}
	if err == nil && len(got) > 0 && !slices.Contains(d.ends, len(got)) {
		err = fmt.Errorf("%d rows are left, part of an append: %v", len(got), d.ends)
	}
	return errors.Join(err, l.Close())
}

// TestAcknowledgedIsThereAfterACrash cuts the power at random moments (L1).
func TestAcknowledgedIsThereAfterACrash(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(31, seed))
		fs := vfs.NewCrashableMem()
		l, err := Open("log", Options{FS: fs, Now: func() int64 { return eventlogtest.Start }})
		if err != nil {
			t.Fatal(err)
		}
		d := &diary{}
		for step := range 60 {
			if err := d.append(l, rng); err != nil {
				t.Fatal(err)
			}
			if rng.IntN(10) == 0 {
				left := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(3) * 50, RNG: rng})
				if err := d.check(left); err != nil {
					t.Fatalf("seed %d, step %d: %v", seed, step, err)
				}
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// faults fails changes: the one after the first n and, where sticky, all that follow.
type faults struct {
	n      atomic.Int64
	sticky bool
	err    error
}

func (f *faults) String() string { return "faults" }

func (f *faults) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
		if n := f.n.Add(-1); n == -1 || n < 0 && f.sticky {
			return f.err
		}
	}
	return nil
}

// TestARefusingDisk fails each change in turn, once or for ever: an append that was refused may be there or not, one that was acknowledged is there,
// whether the process or the machine ends.
func TestARefusingDisk(t *testing.T) {
	refusals := 0
	const opening = 40 // the first faults come while the log is opened
	for n := range 90 {
		rng := rand.New(rand.NewPCG(32, uint64(n)))
		disk := vfs.NewCrashableMem()
		f := &faults{sticky: n%2 == 0, err: []error{syscall.ENOSPC, syscall.EROFS, syscall.EIO}[n%3]}
		f.n.Store(int64(n * 2))
		if n >= opening {
			f.n.Store(1 << 40)
		}
		d := &diary{}
		l, err := Open("log", Options{FS: errorfs.Wrap(disk, f), Now: func() int64 { return eventlogtest.Start }})
		if n >= opening {
			f.n.Store(int64(n - opening))
		}
		for range 60 {
			if err != nil {
				break
			}
			err = d.append(l, rng)
		}
		if err == nil && !f.sticky { // the one change was a removal, or another that may fail
			if err := l.Close(); err != nil {
				t.Fatalf("change %d: %v", n, err)
			}
			l = nil
		} else if selfsame.ClassOf(err) != selfsame.ClassResource || !errors.Is(err, f.err) {
			t.Fatalf("change %d: a failing disk gives %v", n, err)
		}
		power := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: n % 3 * 50, RNG: rng})
		if l != nil {
			refusals++
			refuses(t, l, d, f.err)
		}
		for name, left := range map[string]vfs.FS{"the machine": power, "the process": disk} {
			if err := d.check(left); err != nil {
				t.Fatalf("change %d, %s ends: %v", n, name, err)
			}
		}
	}
	if refusals < 20 {
		t.Errorf("only %d of the faults met an open log", refusals)
	}
}

// refuses checks that a log whose disk failed takes nothing any more, still reads, and says so when it is closed.
func refuses(t *testing.T, l *Log, d *diary, want error) {
	t.Helper()
	end, _ := l.End()
	if err := l.Append(context.Background(), []*eventlog.Append{eventlogtest.Row("a", eventlogtest.Start)}, 0); !errors.Is(err, want) {
		t.Errorf("after a refusal, an append gives %v", err)
	}
	if err := l.Refuse(context.Background(), []eventlog.Refused{{Reason: "late"}}); !errors.Is(err, want) {
		t.Errorf("after a refusal, the side log gives %v", err)
	}
	if next, _ := l.End(); next != end || d.acked > 0 && int(next) != d.ends[d.acked-1] {
		t.Errorf("after a refusal, the log ends at %d, and %v were acknowledged", next, d.ends[:d.acked])
	}
	if got, err := eventlogtest.Lines(l, 0, end); err != nil || len(got) != int(end) {
		t.Errorf("after a refusal, reading gives %d rows of %d, %v", len(got), end, err)
	}
	if err := l.Close(); !errors.Is(err, want) {
		t.Errorf("after a refusal, closing gives %v", err)
	}
}

// TestDamagedFilesAreFound changes bytes of what was acknowledged: opening or reading says so with class internal, or every row is as it was.
func TestDamagedFilesAreFound(t *testing.T) {
	for _, closed := range []bool{false, true} { // a log that was not closed is in Pebble's own log
		fs := vfs.NewCrashableMem()
		l, err := Open("log", Options{FS: fs, Now: func() int64 { return eventlogtest.Start }})
		if err != nil {
			t.Fatal(err)
		}
		d, rng := &diary{}, rand.New(rand.NewPCG(33, 0))
		for range 20 {
			if err := d.append(l, rng); err != nil {
				t.Fatal(err)
			}
		}
		left := fs.CrashClone(vfs.CrashCloneCfg{})
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if closed {
			left = fs.CrashClone(vfs.CrashCloneCfg{})
		}
		found := 0
		for range 40 {
			clone := left.CrashClone(vfs.CrashCloneCfg{})
			what := damage(t, clone, rng, closed)
			err := d.check(clone)
			switch {
			case selfsame.ClassOf(err) == selfsame.ClassInternal && err != nil && strings.Contains(err.Error(), "damaged"):
				found++
			case err != nil:
				t.Errorf("closed %v, %s: %v", closed, what, err)
			}
		}
		if found < 20 {
			t.Errorf("closed %v: only %d of 40 damages were found", closed, found)
		}
	}
}

// damage changes one byte of the largest file that holds rows.
func damage(t *testing.T, fs vfs.FS, rng *rand.Rand, closed bool) string {
	t.Helper()
	name := newest(t, fs, map[bool]string{false: ".log", true: ".sst"}[closed])
	info, err := fs.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	at := rng.Int64N(info.Size() * 3 / 4)
	if !flip(t, fs, name, at) {
		t.Fatalf("%s has no byte %d", name, at)
	}
	return fmt.Sprintf("byte %d of %s", at, name)
}

// newest is the largest file with an extension.
func newest(t *testing.T, fs vfs.FS, ext string) string {
	t.Helper()
	names, err := fs.List("log")
	if err != nil {
		t.Fatal(err)
	}
	name, size := "", int64(0)
	for _, n := range names {
		if info, err := fs.Stat("log/" + n); err == nil && strings.HasSuffix(n, ext) && info.Size() > size {
			name, size = "log/"+n, info.Size()
		}
	}
	return name
}

// flip changes a byte of a file; it reports whether there is one.
func flip(t *testing.T, fs vfs.FS, name string, at int64) bool {
	t.Helper()
	f, err := fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	n, err := f.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if n == 1 {
		b[0] ^= 0x55
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return n == 1
}

func TestAMissingBlockIsFound(t *testing.T) {
	fs := vfs.NewMem()
	l, err := Open("log", Options{FS: fs, Now: func() int64 { return eventlogtest.Start }})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := l.Append(context.Background(), []*eventlog.Append{eventlogtest.Rows("a", eventlogtest.Start, 4)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := l.BlockAt(context.Background(), 6); err != nil || b.First != 4 || b.Next() != 8 {
		t.Errorf("the block at 6: %+v, %v", b, err)
	}
	for _, offset := range []int64{-1, 12} {
		if _, err := l.BlockAt(context.Background(), offset); err == nil {
			t.Errorf("offset %d gives no error", offset)
		}
	}
	if err := l.dir.DB.Delete(key(spaceBlocks, 4), nil); err != nil {
		t.Fatal(err)
	}
	for from := range int64(8) {
		if _, err := eventlogtest.Lines(l, from, 12); err == nil || selfsame.ClassOf(err) != selfsame.ClassInternal || !strings.Contains(err.Error(), "offset") {
			t.Errorf("reading from %d past a missing block gives %v", from, err)
		}
	}
	if _, err := l.BlockAt(context.Background(), 6); selfsame.ClassOf(err) != selfsame.ClassInternal || err == nil {
		t.Errorf("a missing block gives %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamageBeforeTheLastAppendIsFound changes bytes of a log of three small appends that was not closed. Only of the last can a change not be told
// from the torn end of an append that nobody was told of.
func TestDamageBeforeTheLastAppendIsFound(t *testing.T) {
	fs := vfs.NewCrashableMem()
	l, err := Open("log", Options{FS: fs, Now: func() int64 { return eventlogtest.Start }})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := l.Append(context.Background(), []*eventlog.Append{eventlogtest.Row("a", eventlogtest.Start)}, 0); err != nil {
			t.Fatal(err)
		}
	}
	left := fs.CrashClone(vfs.CrashCloneCfg{})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	found, lost := 0, 0
	for at := int64(0); ; at += 7 {
		clone := left.CrashClone(vfs.CrashCloneCfg{})
		if !flip(t, clone, newest(t, clone, ".log"), at) {
			break
		}
		l, err := Open("log", Options{FS: clone})
		if err != nil {
			if selfsame.ClassOf(err) != selfsame.ClassInternal || !strings.Contains(err.Error(), "damaged at byte") {
				t.Fatalf("byte %d: %v", at, err)
			}
			found++
			continue
		}
		next, _ := l.End()
		if next < 2 || lost > 0 && next == 3 {
			t.Errorf("byte %d changed: %d of 3 rows are left and nothing is said", at, next)
		}
		if next == 2 {
			lost++
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found < 2*lost-2 || lost == 0 {
		t.Errorf("%d damages were found, %d were taken for a torn end", found, lost)
	}
}
