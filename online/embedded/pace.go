// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame/internal/shift"
)

// pace says which compactions run, as Pebble's own scheduler does, and makes each rest three times as long as it worked, a moment at a time: nobody waits for one, and
// readers and writers wait for the processor that it has. Where so much is applied that fronts wait for each other it rests as long as it worked: what it leaves undone
// every flush and every look at the database pays for. Where Pebble would run a second one beside it the database has fallen behind, and none rests; nor does one that
// a closing store waits for.
//
// It serves one database at a time.
type pace struct {
	disk  *flushes               // nil: nothing is flushed
	db    pebble.DBForCompaction // set by Register, before any other call
	asked chan struct{}          // there may be something to grant
	stop  chan struct{}          // closed by Unregister
	ended chan struct{}          // the granter has ended

	mu      sync.Mutex // guards what follows; taken after those of the database
	running int
	refused bool // since the last reservation
	closed  bool
}

// grantTick is how often the granter looks by itself: Pebble does not say when more may run because somebody waits for a compaction.
const grantTick = 100 * time.Millisecond

var _ pebble.CompactionScheduler = (*pace)(nil)

// Register begins to grant.
func (p *pace) Register(_ int, db pebble.DBForCompaction) {
	p.db, p.asked, p.stop, p.ended = db, make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	p.mu.Lock()
	p.running, p.refused, p.closed = 0, false, false
	p.mu.Unlock()
	go p.granter()
}

// Unregister ends granting and waits for a grant that is under way. Compactions that run do not rest any more.
func (p *pace) Unregister() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	close(p.stop)
	<-p.ended
}

// TrySchedule lets a compaction run, if one more may.
func (p *pace) TrySchedule() (bool, pebble.CompactionGrantHandle) {
	if !p.reserve() {
		return false, nil
	}
	return true, &turn{pace: p}
}

// UpdateGetAllowedWithoutPermission has the granter look.
func (p *pace) UpdateGetAllowedWithoutPermission() { p.ask() }

func (p *pace) ask() {
	select {
	case p.asked <- struct{}{}:
	default:
	}
}

// granter starts the compactions that were refused once there is room for them.
func (p *pace) granter() {
	defer close(p.ended)
	tick := time.NewTicker(grantTick)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-p.asked:
		case <-p.stop:
			return
		}
		p.grant()
	}
}

// grant starts as many as wait and may run. A place is taken before the database is asked who wants it; one that was refused meanwhile for its sake is looked for again.
func (p *pace) grant() {
	for p.reserve() {
		if waiting, _ := p.db.GetWaitingCompaction(); waiting && p.db.Schedule(&turn{pace: p}) {
			continue
		}
		if !p.release() {
			return
		}
	}
}

// reserve takes a place.
func (p *pace) reserve() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = p.closed || p.running >= p.db.GetAllowedWithoutPermission()
	if !p.refused {
		p.running++
	}
	return !p.refused
}

// release gives a place back and reports whether somebody was refused since the last one was taken.
func (p *pace) release() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	return p.refused
}

// calmRests is how many times as long as it worked a compaction rests where fronts do not wait for each other.
const calmRests = 3

// turn is one compaction that runs. All but MeasureCPU is called by one goroutine.
type turn struct {
	pace *pace
	work shift.Shift
}

// Started begins the first slice.
func (t *turn) Started() { t.work.Begin() }

// MeasureCPU is nothing: a slice is measured by the clock.
func (t *turn) MeasureCPU(pebble.CompactionGoroutineKind) {}

// CumulativeStats is called every hundred keys or so. It rests where a slice is over.
func (t *turn) CumulativeStats(pebble.CompactionGrantHandleStats) {
	if t.pace.db.GetAllowedWithoutPermission() <= leastCompactions {
		t.work.Rests = calmRests
		if t.pace.disk.busy() {
			t.work.Rests = 1
		}
		t.work.Pause(t.pace.stop)
	} else {
		t.work.Begin()
	}
}

// Done ends it, and the next may run.
func (t *turn) Done() {
	t.pace.release()
	t.pace.ask()
}

// flushes is a disk on which what is flushed rests as long as it works. The last front that was frozen says whether somebody waits: a flush is of what it held, or of
// less.
type flushes struct {
	vfs.FS
	last atomic.Pointer[front] // nil: none was frozen since the store was flushed on demand
}

// flushCategory is how Pebble calls the files of a flush.
const flushCategory = "pebble-memtable-flush"

// hurry ends the rests until the next front is frozen, and returns the last one.
func (d *flushes) hurry() *front {
	f := d.last.Load()
	if f != nil {
		f.hurry()
	}
	return f
}

// busy reports whether the next front was half full before the last one was moved and flushed.
func (d *flushes) busy() bool {
	if d == nil {
		return false
	}
	f := d.last.Load()
	if f == nil {
		return false
	}
	select {
	case <-f.hurried:
		return true
	default:
		return false
	}
}

// Create makes a file.
func (d *flushes) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := d.FS.Create(name, category)
	if err != nil || category != flushCategory {
		return f, err
	}
	out := &flushed{File: f, disk: d}
	out.work.Begin()
	return out, nil
}

// Unwrap is the disk beneath.
func (d *flushes) Unwrap() vfs.FS { return d.FS }

// flushed is a file of a flush. One goroutine writes it; the one that has its content is at most a block ahead.
type flushed struct {
	vfs.File
	disk *flushes
	work shift.Shift
}

// Write rests where a slice is over. Time in which nothing was to be written was work of the one that makes the content.
func (f *flushed) Write(p []byte) (int, error) {
	if last := f.disk.last.Load(); last != nil {
		f.work.Pause(last.hurried)
	}
	return f.File.Write(p)
}
