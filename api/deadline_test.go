// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A deadline behaves as context.WithTimeout does, whether or not somebody waits for it.
func TestDeadline(t *testing.T) {
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := withDeadline(t.Context(), time.Second)
			if at, ok := d.Deadline(); !ok || time.Until(at) != time.Second {
				t.Fatal(at, ok)
			}
			child, cancel := context.Background(), context.CancelFunc(func() {})
			if waits {
				child, cancel = context.WithCancel(d)
			}
			defer cancel()
			if d.Err() != nil {
				t.Fatal(d.Err())
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if !errors.Is(d.Err(), context.DeadlineExceeded) || waits && (!errors.Is(child.Err(), context.DeadlineExceeded) || !errors.Is(context.Cause(d), context.DeadlineExceeded)) {
				t.Fatal(d.Err(), child.Err())
			}
			<-d.Done()
			d.end()
		})
	}
}

// What comes first ends it: the caller, or its own end.
func TestDeadlineEnds(t *testing.T) {
	parent, leave := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	before, waiting := withDeadline(parent, time.Hour), withDeadline(parent, time.Hour)
	done := waiting.Done()
	leave(gone)
	<-done
	<-before.Done()
	for _, d := range []*deadline{before, waiting} {
		if !errors.Is(d.Err(), context.Canceled) || context.Cause(d) != gone {
			t.Error(d.Err(), context.Cause(d))
		}
		d.end()
	}
	for _, wait := range []bool{false, true} {
		d := withDeadline(t.Context(), time.Hour)
		if wait {
			d.Done()
		}
		d.end()
		<-d.Done()
		if !errors.Is(d.Err(), context.Canceled) {
			t.Error(d.Err())
		}
	}
	short, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if at, _ := withDeadline(short, time.Hour).Deadline(); time.Until(at) > time.Minute {
		t.Error("the caller's deadline is earlier:", at)
	}
}
