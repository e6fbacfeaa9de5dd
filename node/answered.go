// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"selfsame"
)

// answeredFile of a data directory holds a time that no T which was answered is beyond. docs/format/log.md draws it.
const answeredFile = "ANSWERED"

// Entries get an α above every T that was answered, also by a process before this one and where the clock was set back meanwhile. So a T is answered
// only once the file has one that is not less; it is written ahead, by a step, that few reads wait for the disk.
const (
	answeredStep   = int64(time.Second / time.Microsecond)
	simulatedStep  = selfsame.Minute // of a clock that is not the machine's, and may be fast
	answeredRecord = 20              // number, time: 8 bytes each; CRC-32C of both
)

// answered keeps the file. It is safe for concurrent use; Close comes last.
type answered struct {
	before int64 // what an earlier process may have answered; MinTime: nothing
	step   int64
	failed func(error) // told once, until a write succeeds
	until  atomic.Int64
	busy   atomic.Bool // a write ahead runs
	ahead  sync.WaitGroup

	mu      sync.Mutex // guards what follows
	file    *os.File
	number  uint64 // of the last record
	failing bool
	retry   time.Time // no write before it, after one that failed
}

// openAnswered opens the file in a data directory and makes it where there is none.
func openAnswered(dir string, step int64, failed func(error)) (*answered, error) {
	path := filepath.Join(dir, answeredFile)
	_, err := os.Stat(path)
	isNew := errors.Is(err, os.ErrNotExist)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, dataError(path, "cannot be opened", err)
	}
	a := &answered{step: step, file: f, failed: failed, before: selfsame.MinTime}
	if err := a.read(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if isNew {
		if err := syncFolder(dir); err != nil {
			return nil, errors.Join(dataError(path, "cannot be made durable", err), f.Close())
		}
	}
	a.until.Store(a.before)
	return a, nil
}

// read finds the newest of the two records that are whole. One that is torn was never acted upon.
func (a *answered) read() error {
	b, err := io.ReadAll(a.file)
	if err != nil {
		return dataError(a.file.Name(), "cannot be read", err)
	}
	for i := 0; i+answeredRecord <= len(b); i += answeredRecord {
		r := b[i : i+answeredRecord]
		n := binary.LittleEndian.Uint64(r)
		if crc32.Checksum(r[:16], crc32.MakeTable(crc32.Castagnoli)) == binary.LittleEndian.Uint32(r[16:]) && n > a.number {
			a.number, a.before = n, int64(binary.LittleEndian.Uint64(r[8:]))
		}
	}
	second := slices.ContainsFunc(b[:min(len(b), answeredRecord)], func(x byte) bool { return x != 0 }) // was written: the first of all stands behind it
	if a.number == 0 && second {
		return &selfsame.Error{Class: selfsame.ClassInternal, Ref: a.file.Name(), Message: "is damaged: it does not say up to which time questions were answered",
			Hint: fmt.Sprintf("check that the clock of the machine was not set back, then remove the file %s", answeredFile)}
	}
	return nil
}

// note returns once no later entry can get an α up to t, whatever happens to the process and to the clock. Where the disk refuses, the answer is given all the
// same: entries of this process are above it in any case.
func (a *answered) note(t int64) {
	until := a.until.Load()
	switch {
	case t > until:
		a.write(t, t+a.step)
	case t > until-a.step/2 && a.busy.CompareAndSwap(false, true):
		a.ahead.Go(func() {
			defer a.busy.Store(false)
			a.write(t+a.step/2, t+a.step)
		})
	}
}

// write makes `to` durable where the file does not hold `need`.
func (a *answered) write(need, to int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if need <= a.until.Load() || a.file == nil || a.failing && time.Now().Before(a.retry) {
		return
	}
	if err := a.put(to); err != nil {
		if !a.failing {
			a.failed(dataError(a.file.Name(), "cannot be written", err))
		}
		a.failing, a.retry = true, time.Now().Add(time.Second)
		return
	}
	a.failing = false
	a.until.Store(to)
}

// put writes a record over the older of the two. The caller holds mu.
func (a *answered) put(t int64) error {
	r := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, a.number+1), uint64(t))
	r = binary.LittleEndian.AppendUint32(r, crc32.Checksum(r, crc32.MakeTable(crc32.Castagnoli)))
	if _, err := a.file.WriteAt(r, int64((a.number+1)%2)*answeredRecord); err != nil {
		return err
	}
	if err := syncData(a.file); err != nil {
		return err
	}
	a.number++
	return nil
}

// Close takes back what was written ahead: last is the greatest T that was answered.
func (a *answered) Close(last int64) error {
	a.ahead.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	var err error
	if last = max(last, a.before); last < a.until.Load() {
		err = a.put(last)
	}
	path := a.file.Name()
	err = errors.Join(err, a.file.Close())
	a.file = nil
	if err != nil {
		return dataError(path, "cannot be closed", err)
	}
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
