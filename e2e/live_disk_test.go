// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"go.uber.org/goleak"

	"selfsame/config"
	"selfsame/node"
)

// faults fails changes of the disk: the one after the first n and, where sticky, all that follow.
type faults struct {
	left   atomic.Int64
	sticky bool
	err    error
}

func (f *faults) String() string { return "faults" }

func (f *faults) MaybeError(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite || op.Kind == errorfs.OpRemove || op.Kind == errorfs.OpFilePreallocate {
		return nil
	}
	if n := f.left.Add(-1); n == -1 || n < 0 && f.sticky {
		return f.err
	}
	return nil
}

// never is more changes than a test makes.
const never = 1 << 40

// inside runs a server in this process, over a disk of the test's. stop ends it and returns what Run and Close said.
func inside(t *testing.T, dir string, disk vfs.FS) (s *server, stop func() error, err error) {
	t.Helper()
	cfg := config.Default()
	cfg.HTTP, cfg.GRPC = "127.0.0.1:0", config.Off
	n, err := node.OpenServer(t.Context(), node.LiveConfig{Config: cfg, Project: dir, FS: disk})
	if err != nil {
		return nil, nil, err
	}
	if _, err := n.ApplyFirst(t.Context()); err != nil {
		return nil, nil, errors.Join(err, n.Close())
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	s = &server{HTTP: n.HTTP, client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
	return s, func() error {
		s.client.CloseIdleConnections()
		cancel()
		return errors.Join(<-ended, n.Close())
	}, nil
}

// TestFaultsOfTheDisk lets each write, sync and rename fail in turn, once or for ever, at the start and under load. Whatever is refused says so; what was
// acknowledged is there when the disk is well again, and what had no answer counts once.
func TestFaultsOfTheDisk(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	met := 0
	for n := range 36 {
		dir := t.TempDir()
		writeProject(t, dir, crashProject, "1h")
		f := &faults{sticky: n%2 == 0, err: []error{syscall.EIO, syscall.ENOSPC, syscall.EROFS}[n%3]}
		opening := n < 12
		f.left.Store(never)
		if opening {
			f.left.Store(int64(n * 4))
		}
		w := newWorld(8)
		rng := rand.New(rand.NewPCG(6, uint64(n)))
		s, stop, err := inside(t, dir, errorfs.Wrap(vfs.Default, f))
		if err == nil {
			if !opening {
				f.left.Store(int64(n - 12))
			}
			err = pushUntilRefused(t, w, s, rng)
			if closing := stop(); err == nil && closing != nil {
				err = closing
			}
		}
		if err != nil {
			met++
			if !strings.Contains(err.Error(), f.err.Error()) {
				t.Errorf("fault %d: %v does not say %v", n, err, f.err)
			}
		}
		s, stop, err = inside(t, dir, nil)
		if err != nil {
			t.Fatalf("fault %d: when the disk is well again: %v", n, err)
		}
		if err := w.recover(t.Context(), s); err != nil {
			t.Errorf("fault %d: %v", n, err)
		}
		if err := stop(); err != nil {
			t.Errorf("fault %d: %v", n, err)
		}
	}
	t.Logf("%d of 36 faults were met", met)
	if met < 18 {
		t.Errorf("only %d faults were met", met)
	}
}

// pushUntilRefused pushes until a push is refused, at most 40 times, and returns the refusal. Reads go on behind it.
func pushUntilRefused(t *testing.T, w *world, s *server, rng *rand.Rand) error {
	t.Helper()
	for range 40 {
		err := w.push(t.Context(), s, w.orders(rng, 5), false)
		if errors.Is(err, errWrong) {
			t.Error(err)
		}
		if err == nil {
			continue
		}
		if !strings.HasPrefix(err.Error(), "status 503: ") {
			t.Errorf("a push that the disk refuses: %v", err)
		}
		if err := w.push(t.Context(), s, w.orders(rng, 5), false); err == nil {
			t.Error("a push is taken behind one that the disk refused")
		}
		if err := w.check(t.Context(), s, w.users, true); err != nil {
			t.Errorf("a read behind a push that the disk refused: %v", err)
		}
		return err
	}
	return nil
}

// tmpfs mounts a small file system on dir until the test ends, and reports whether that is permitted here.
func tmpfs(t *testing.T, dir, size string) bool {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		t.Logf("no file systems of our own here: %v %s", err, out)
		return false
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	return true
}

func remount(t *testing.T, dir, option string) {
	t.Helper()
	if out, err := exec.Command("mount", "-o", "remount,"+option, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
}

// TestDiskFull fills the disk under a server: pushes are refused and say why, reads go on, and with more room everything is there. Where no file system may be
// mounted, a limit on the size of files takes the place of the full disk.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	data := filepath.Join(dir, "data")
	mounted := tmpfs(t, data, "192m")
	command := []string{"serve", "--http", "127.0.0.1:0", "--grpc", "off", "--data", data}
	cmd := exec.Command(binary, command...)
	if !mounted {
		cmd = exec.Command("sh", append([]string{"-c", `ulimit -f 2048; exec "$@"`, "sh", binary}, command...)...)
	}
	s, err := launchAs(cmd, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	if err := s.wait(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(20)
	rng := rand.New(rand.NewPCG(7, 7))
	var refusal error
	for i := 0; refusal == nil; i++ {
		if refusal = w.push(t.Context(), s, w.orders(rng, 5000), false); i > 2000 {
			t.Fatal("the disk does not fill")
		}
	}
	t.Logf("after %d events: %v", w.acked, refusal)
	if !strings.HasPrefix(refusal.Error(), "status 503: ") || !strings.Contains(refusal.Error(), `"type":"resource"`) {
		t.Errorf("got %v, want a refusal of class resource", refusal)
	}
	if err := w.check(t.Context(), s, w.users, true); err != nil {
		t.Errorf("a read on a full disk: %v", err)
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.end() // with which code depends on what it could still write
	if mounted {
		remount(t, data, "size=700m")
	}
	again, err := open(dir, "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	defer again.kill()
	if err := w.recover(t.Context(), again); err != nil {
		t.Error(err)
	}
	if err := again.stop(); err != nil {
		t.Error(err)
	}
}

// TestDiskReadOnly starts a server where nothing can be written, and lets a disk become read-only under a server.
func TestDiskReadOnly(t *testing.T) {
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	data := filepath.Join(dir, "data")
	if !tmpfs(t, data, "400m") {
		if runtime.GOOS != "linux" {
			return
		}
		// /proc takes no files of anyone: the nearest to a read-only disk that is everywhere.
		s, err := open(dir, "--data", "/proc/selfsame")
		if err == nil {
			s.kill()
		}
		refusedToStart(t, err)
		return
	}
	s, err := open(dir, "--data", data)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(20)
	rng := rand.New(rand.NewPCG(8, 8))
	if err := w.push(t.Context(), s, w.orders(rng, 100), false); err != nil {
		t.Fatal(err)
	}
	s.kill()
	remount(t, data, "ro")
	s, err = open(dir, "--data", data)
	if err == nil {
		s.kill()
	}
	refusedToStart(t, err)
	remount(t, data, "rw")
	if s, err = open(dir, "--data", data); err != nil {
		t.Fatal(err)
	}
	if err := w.recover(t.Context(), s); err != nil {
		t.Error(err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// refusedToStart expects a server that has said what it cannot do, with a place, and no stack.
func refusedToStart(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, errNotReady) || !strings.Contains(err.Error(), "exit status 9\n") || !strings.Contains(err.Error(), "\nselfsame: ") || strings.Contains(err.Error(), "goroutine ") {
		t.Errorf("got %v, want a refusal of class resource", err)
	}
}

// TestDamageIsFound changes bytes of the log and the online state of a server that is down. The next one refuses to start, or refuses to answer, or every value is as it
// was: none is wrong.
func TestDamageIsFound(t *testing.T) {
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	w := newWorld(20)
	rng := rand.New(rand.NewPCG(9, 9))
	data := filepath.Join(dir, ".selfsame")
	for _, clean := range []bool{true, false} {
		s, err := open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if err := w.push(t.Context(), s, w.orders(rng, 200), false); err != nil {
				t.Fatal(err)
			}
		}
		if clean {
			err = s.stop()
		} else {
			s.kill()
		}
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, folder := range []string{"log", "online"} {
			for range 6 {
				found += damage(t, w, dir, filepath.Join(data, folder), rng)
			}
		}
		t.Logf("closed cleanly %v: %d of 12 damages were told", clean, found)
		if found == 0 {
			t.Error("no damage was told")
		}
	}
}

// damage changes a byte of the largest file of a folder in a copy of the project, and reports 1 where that is told.
func damage(t *testing.T, w *world, dir, folder string, rng *rand.Rand) int {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(dir, folder)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(copied, rel))
	if err != nil {
		t.Fatal(err)
	}
	var path string
	var size int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Size() > size {
			path, size = filepath.Join(copied, rel, e.Name()), info.Size()
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := rng.Int64N(size)
	b[at] ^= 1 << rng.IntN(8)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := open(copied)
	if err == nil {
		defer s.kill()
		err = w.check(t.Context(), s, w.users, true)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errWrong), strings.Contains(err.Error(), "goroutine "), strings.Contains(err.Error(), "panic"):
		t.Errorf("byte %d of %d of %s: %v", at, size, path, err)
		return 0
	}
	return 1
}

// TestStateIsRebuilt takes the online state and the archive away from a server that is down: the next one builds both from the log.
func TestStateIsRebuilt(t *testing.T) {
	dir := t.TempDir()
	writeProject(t, dir, crashProject, "1h")
	s, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	w := newWorld(20)
	rng := rand.New(rand.NewPCG(13, 13))
	for range 10 {
		if err := w.push(t.Context(), s, w.orders(rng, 200), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.check(t.Context(), s, w.users, true); err != nil {
		t.Fatal(err)
	}
	before := audit(t, dir)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"online", "archive"} {
		if err := os.RemoveAll(filepath.Join(dir, ".selfsame", folder)); err != nil {
			t.Fatal(err)
		}
	}
	if s, err = open(dir); err != nil {
		t.Fatal(err)
	}
	defer s.kill()
	if err := w.check(t.Context(), s, w.users, true); err != nil {
		t.Error(err)
	}
	if after := audit(t, dir); after != before+int64(len(w.users)) {
		t.Errorf("%d vectors audited, then %d", before, after)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
