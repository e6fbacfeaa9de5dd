// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"

	"selfsame"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options(fs vfs.FS) Options {
	return Options{Name: "the thing", Format: Format{Kind: "thing", Version: 3}, FS: fs, Pebble: &pebble.Options{FormatMajorVersion: pebble.FormatNewest}}
}

// refused checks the class and the words of an error.
func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	var e *selfsame.Error
	if !errors.As(err, &e) || e.Class != selfsame.ClassResource || e.Hint == "" {
		t.Fatalf("got %v, want an error of class resource with a hint", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q does not say %q", err, w)
		}
	}
}

func TestOneOwner(t *testing.T) {
	for name, fs := range map[string]vfs.FS{"memory": vfs.NewMem(), "disk": nil} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d, err := Open(dir, options(fs))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(dir, options(fs))
			refused(t, err, "the thing", "in use by another process")
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if d, err = Open(dir, options(fs)); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFormats(t *testing.T) {
	fs := vfs.NewMem()
	write := func(dir, text string) {
		if err := fs.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := fs.Create(dir+"/"+formatFile, vfs.WriteCategoryUnspecified)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	for text, words := range map[string]string{
		"selfsame thing 4\n": "is of format 4, and this version of Selfsame reads up to 3", "selfsame other 1\n": "selfsame other 1",
		"": "FORMAT", "selfsame thing 4 unfinished\n": "is of format 4", "selfsame thing 0\n": "thing 0", "hello": "hello",
	} {
		write("some", text)
		_, err := Open("some", options(fs))
		refused(t, err, words)
	}
	write("some", "selfsame thing 2\n")
	d, err := Open("some", options(fs))
	if err != nil {
		t.Fatalf("an older format gives %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := fs.MkdirAll("foreign/photos", 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = Open("foreign", options(fs))
	refused(t, err, "is not empty")
	o := options(fs)
	o.ReadOnly = true
	if err := fs.MkdirAll("nothing", 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = Open("nothing", o)
	refused(t, err, "is not there")
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	fs := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			return &os.PathError{Op: "open", Path: op.Path, Err: syscall.EROFS}
		}
		return nil
	}))
	_, err := Open("dir", options(fs))
	refused(t, err, "cannot be made: read-only file system")
}

// full is a disk with so many bytes left.
type full struct {
	vfs.FS
	left uint64
}

func (f *full) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: f.left}, nil
}

func TestADiskThatIsNearlyFullPasses(t *testing.T) {
	fs := &full{vfs.NewMem(), DefaultReserve - 1}
	d, err := Open("dir", options(fs))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, d.Writable(), "no space left", "127 MiB are free")
	fs.left++
	if err := d.Writable(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNothingChangesAfterAFailure fails the n-th change of a database at work, whatever it is, for every n: no call panics or hangs, and the files stay as
// they were at that moment.
func TestNothingChangesAfterAFailure(t *testing.T) {
	for n := int64(0); ; n++ {
		mem := vfs.NewMem()
		w := &countdown{}
		d, err := Open("dir", Options{Name: "the thing", Format: Format{Kind: "thing", Version: 1}, FS: errorfs.Wrap(mem, w),
			Pebble: &pebble.Options{FormatMajorVersion: pebble.FormatNewest, MemTableSize: 16 << 10}})
		if err != nil {
			t.Fatal(err)
		}
		w.start(n)
		for i := 0; i < 60 && d.Err() == nil; i++ {
			if err := d.DB.Set([]byte{byte(i)}, make([]byte, 1000), pebble.Sync); err != nil {
				t.Fatalf("change %d: pebble is told %v", n, err)
			}
		}
		before := ""
		if d.Err() != nil {
			refused(t, d.Err(), "cannot be written any more", "injected")
			refused(t, d.Writable())
			w.stop()
			before = mem.String()
		}
		err = d.Close()
		if before == "" {
			if n < 30 {
				t.Fatalf("only %d changes were made", n)
			}
			w.stop()
			return // the work is shorter than n changes
		}
		refused(t, err, "injected")
		was := strings.Split(before, "\n") // a removal that had begun may end after the failure
		for line := range strings.Lines(mem.String()) {
			if !slices.Contains(was, strings.TrimSuffix(line, "\n")) {
				t.Fatalf("change %d failed, and later ones were made:\n%s\nbecame\n%s", n, before, mem.String())
			}
		}
	}
}

func TestCallsAreAwaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCalls("the thing")
		for range 2 {
			if err := c.Enter(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		closed := false
		go func() {
			if !c.Close() {
				t.Error("the first Close is not the first")
			}
			closed = true
		}()
		synctest.Wait()
		if err := c.Enter(t.Context()); selfsame.ClassOf(err) != selfsame.ClassResource || c.Close() {
			t.Errorf("while closing, a call gives %v", err)
		}
		c.Leave()
		synctest.Wait()
		if closed {
			t.Error("closed with a call at work")
		}
		c.Leave()
		synctest.Wait()
		if !closed {
			t.Error("not closed after the last call")
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Enter(canceled); selfsame.ClassOf(err) != selfsame.ClassCanceled {
			t.Errorf("a canceled call gives %v", err)
		}
	})
}

// TestDamageIsTold holds the text of an error about damaged files: one line, and what may be done.
func TestDamageIsTold(t *testing.T) {
	err := problem("the thing", "dir", "cannot be read", fmt.Errorf("block 7: checksum mismatch\n<corruption detail carrier>\n%w", pebble.ErrCorruption))
	text := err.Error()
	if selfsame.ClassOf(err) != selfsame.ClassInternal || !errors.Is(err, pebble.ErrCorruption) || !strings.Contains(text, "block 7: checksum mismatch; ") ||
		!strings.Contains(text, "restore") || strings.Contains(text, "carrier") {
		t.Errorf("got %q", text)
	}
}
