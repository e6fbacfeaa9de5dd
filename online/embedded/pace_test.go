// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame/internal/shift"
	"selfsame/online"
)

// waitingDB is a database of which so many compactions wait.
type waitingDB struct {
	allowed, waiting int
	started          []pebble.CompactionGrantHandle
	looked           func() // before it says whether one waits
}

func (d *waitingDB) GetAllowedWithoutPermission() int { return d.allowed }

func (d *waitingDB) GetWaitingCompaction() (bool, pebble.WaitingCompaction) {
	waits := d.waiting > 0
	if d.looked != nil {
		d.looked()
	}
	return waits, pebble.WaitingCompaction{}
}

func (d *waitingDB) Schedule(h pebble.CompactionGrantHandle) bool {
	if d.waiting == 0 {
		return false
	}
	d.waiting--
	d.started = append(d.started, h)
	return true
}

// paced runs a test with a pace in a bubble of time.
func paced(t *testing.T, db *waitingDB, f func(t *testing.T, p *pace)) {
	synctest.Test(t, func(t *testing.T) {
		p := &pace{}
		p.Register(2, db)
		f(t, p)
		p.Unregister()
	})
}

func TestACompactionRests(t *testing.T) {
	for name, c := range map[string]struct {
		allowed    int
		busy       bool
		work, rest time.Duration
	}{
		"a slice":              {1, false, time.Millisecond, 3 * time.Millisecond},
		"less than a slice":    {1, false, shift.Slice - 1, 0},
		"a long one":           {1, false, time.Second, shift.Longest},
		"fronts wait":          {1, true, time.Millisecond, time.Millisecond},
		"the database is late": {2, false, time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			db := &waitingDB{allowed: c.allowed}
			paced(t, db, func(t *testing.T, p *pace) {
				p.disk = &flushes{}
				p.disk.last.Store(newFront(1, nil))
				if c.busy {
					p.disk.hurry()
				}
				ok, h := p.TrySchedule()
				if !ok {
					t.Fatal("the first compaction may not run")
				}
				h.Started()
				for range 3 { // what is rested is no work of the next slice
					time.Sleep(c.work)
					before := time.Now()
					h.CumulativeStats(pebble.CompactionGrantHandleStats{})
					if rested := time.Since(before); rested != c.rest {
						t.Errorf("it rests for %v, want %v", rested, c.rest)
					}
					if c.rest == 0 {
						break
					}
				}
				h.Done()
			})
		})
	}
}

func TestAClosingStoreWaitsForNoRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pace{}
		p.Register(2, &waitingDB{allowed: 1})
		_, h := p.TrySchedule()
		h.Started()
		begin, rested := time.Now(), make(chan struct{})
		time.Sleep(time.Hour)
		go func() {
			defer close(rested)
			h.CumulativeStats(pebble.CompactionGrantHandleStats{})
		}()
		synctest.Wait()
		p.Unregister()
		<-rested
		time.Sleep(time.Second)
		h.CumulativeStats(pebble.CompactionGrantHandleStats{})
		if got := time.Since(begin); got != time.Hour+time.Second {
			t.Errorf("a compaction of a store that is being closed rests for %v", got-time.Hour-time.Second)
		}
		h.Done()
		if ok, _ := p.TrySchedule(); ok {
			t.Error("a compaction begins after the end")
		}
	})
}

func TestCompactionsThatWait(t *testing.T) {
	db := &waitingDB{allowed: 1}
	paced(t, db, func(t *testing.T, p *pace) {
		_, first := p.TrySchedule()
		if ok, _ := p.TrySchedule(); ok {
			t.Fatal("two compactions run where one may")
		}
		db.waiting = 2
		first.Done()
		synctest.Wait()
		if len(db.started) != 1 || db.waiting != 1 {
			t.Fatalf("%d compactions began after the first, want 1", len(db.started))
		}
		db.allowed = 2
		p.UpdateGetAllowedWithoutPermission()
		synctest.Wait()
		if len(db.started) != 2 {
			t.Fatalf("%d compactions began once two may run, want 2", len(db.started))
		}
		for _, h := range db.started {
			h.Done()
		}
		synctest.Wait()
		for range 2 {
			if ok, _ := p.TrySchedule(); !ok {
				t.Fatal("a compaction that ended keeps its place")
			}
		}
	})
}

// TestACompactionIsRefusedWhileTheGranterLooks holds that one which comes while the granter holds the last place, for nobody, is started by it.
func TestACompactionIsRefusedWhileTheGranterLooks(t *testing.T) {
	db := &waitingDB{allowed: 1}
	begin := time.Time{}
	paced(t, db, func(t *testing.T, p *pace) {
		begin = time.Now()
		db.looked = func() {
			db.looked = nil
			if ok, _ := p.TrySchedule(); ok {
				t.Error("there are two places where one is")
			}
			db.waiting++
		}
		p.UpdateGetAllowedWithoutPermission()
		synctest.Wait()
		if len(db.started) != 1 || time.Since(begin) != 0 {
			t.Errorf("%d compactions have begun after %v, want 1 at once", len(db.started), time.Since(begin))
		}
	})
}

func TestOneThatMayRunUnannounced(t *testing.T) {
	db := &waitingDB{}
	paced(t, db, func(t *testing.T, p *pace) {
		if ok, _ := p.TrySchedule(); ok {
			t.Fatal("a compaction runs where none may")
		}
		p.mu.Lock()
		db.waiting, db.allowed = 1, 1
		p.mu.Unlock()
		time.Sleep(grantTick)
		synctest.Wait()
		if len(db.started) != 1 {
			t.Error("Pebble did not say that one more may run, and the granter did not look")
		}
	})
}

func TestCompactionsOfAStoreRest(t *testing.T) {
	settings := (&Options{}).pebble(nil)
	defer settings.Cache.Unref()
	if _, ok := settings.Experimental.CompactionScheduler.(*pace); !ok {
		t.Errorf("compactions are scheduled by %T", settings.Experimental.CompactionScheduler)
	}
}

// slowFile is a file whose content takes a while to be made.
type slowFile struct {
	vfs.File
	takes time.Duration
}

func (f *slowFile) Write(p []byte) (int, error) {
	time.Sleep(f.takes)
	return len(p), nil
}

type slowDisk struct {
	vfs.FS
	takes time.Duration
}

func (d *slowDisk) Create(string, vfs.DiskWriteCategory) (vfs.File, error) {
	return &slowFile{takes: d.takes}, nil
}

func TestAFlushRestsAsLongAsItWorks(t *testing.T) {
	const work = time.Millisecond
	for name, c := range map[string]struct {
		category vfs.DiskWriteCategory
		frozen   bool
		hurry    bool
		rest     time.Duration
	}{
		"a flush":              {flushCategory, true, false, work},
		"somebody waits":       {flushCategory, true, true, 0},
		"before any front":     {flushCategory, false, true, 0},
		"a compaction's table": {"pebble-compaction", true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &flushes{FS: &slowDisk{takes: work}}
				if c.frozen {
					d.last.Store(newFront(1, nil))
				}
				f, err := d.Create("file", c.category)
				if err != nil {
					t.Fatal(err)
				}
				if c.hurry {
					d.hurry()
				}
				begin := time.Now()
				for range 4 { // it rests before all but the first
					if n, err := f.Write([]byte("rows")); n != 4 || err != nil {
						t.Fatal(n, err)
					}
				}
				if rested := time.Since(begin) - 4*work; rested != 3*c.rest {
					t.Errorf("it rests for %v, want %v", rested, 3*c.rest)
				}
			})
		})
	}
}

// seenDisk notes the files that are made.
type seenDisk struct {
	vfs.FS
	mu   sync.Mutex // guards seen
	seen map[vfs.DiskWriteCategory]int
}

func (d *seenDisk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	d.mu.Lock()
	d.seen[category]++
	d.mu.Unlock()
	return d.FS.Create(name, category)
}

func (d *seenDisk) count(category vfs.DiskWriteCategory) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen[category]
}

// TestFlushesAreKnown holds that Pebble calls the files of a flush as flushes expects, and those of a compaction otherwise.
func TestFlushesAreKnown(t *testing.T) {
	disk := &seenDisk{FS: vfs.NewMem(), seen: map[vfs.DiskWriteCategory]int{}}
	s, err := Open("state", Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if err := s.Apply(t.Context(), &online.Batch{Deltas: []online.Delta{{State: 1, Entity: []byte("e"), Rows: []byte{byte(n)}}}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := disk.count(flushCategory); got != 3 {
		t.Errorf("%d files of flushes, want 3", got)
	}
	if err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	// the fourth holds what Compact lays over all
	if flushed, compacted := disk.count(flushCategory), disk.count("pebble-compaction"); flushed != 4 || compacted == 0 {
		t.Errorf("%d files of flushes and %d of compactions, want 4 and some", flushed, compacted)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
