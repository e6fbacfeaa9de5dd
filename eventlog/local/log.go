// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package local keeps the event log in a Pebble directory of this process.
//
// An append is one batch with one fsync: its blocks, its refused rows, all or nothing (L1). After a write or sync that fails the log refuses every
// append until it is opened anew; what was acknowledged is there then, what was not may be there, but never in part. A block carries its checksum,
// and a block that is damaged or missing is an error that names its offset, never a gap.
//
// It is an adapter of eventlog: only the composition root and tests import it. A Log is safe for concurrent use; appends take turns.
package local

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
	"selfsame/eventlog"
	"selfsame/internal/durable"
)

// Options are the settings of a log. Zero values are the defaults.
type Options struct {
	FS       vfs.FS       // nil: the disk
	Now      func() int64 // microseconds since the epoch; nil: the clock
	ReadOnly bool         // of a log that no server has open: nothing is written, not even what a crash left to be recovered
	Reserve  int64        // bytes of the disk to leave free; 0: durable.DefaultReserve; < 0: none
}

// Format is the version of the directory. docs/format/log.md draws its keys and values.
const Format = 1

// Log is an event log in a directory.
type Log struct {
	dir   *durable.Dir
	calls *durable.Calls
	now   func() int64

	readOnly bool

	one sync.Mutex // held by the one that writes
	mu  sync.Mutex // guards what follows
	at  position
}

// position is where the log ends and begins.
type position struct {
	begin   int64 // first offset that is there
	next    int64 // offset of the next row
	alpha   int64 // of the last append; MinTime: none
	refused int64 // Seq of the next refused row
}

var (
	_ eventlog.Log     = (*Log)(nil)
	_ eventlog.Sider   = (*Log)(nil)
	_ eventlog.Trimmer = (*Log)(nil)

	_ eventlog.SideTrimmer = (*Log)(nil)
)

const name = "the event log"

// Keys: 'b' + first offset is a block, 'r' + Seq a refused row, 't' and 's' the marks of a trim of each; numbers are 8 bytes, big-endian.
const (
	spaceBlocks  = 'b'
	spaceRefused = 'r'
	spaceTrim    = 't'
	spaceSide    = 's'
)

func key(space byte, n int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space}, uint64(n))
}

func numberOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key[1:])) }

// Open opens the log in dir, which one process may have open, and makes it where there is none.
func Open(dir string, o Options) (*Log, error) {
	const memory = 32 << 20
	cache := pebble.NewCache(3 * memory)
	defer cache.Unref()
	settings := &pebble.Options{Cache: cache, FormatMajorVersion: pebble.FormatNewest, MemTableSize: memory, MemTableStopWritesThreshold: 4,
		L0CompactionThreshold: 8, L0StopWritesThreshold: 64}
	for i := range settings.Levels {
		settings.Levels[i].BlockSize = 32 << 10
	}
	d, err := durable.Open(dir, durable.Options{Name: name, Format: durable.Format{Kind: "log", Version: Format}, FS: o.FS, ReadOnly: o.ReadOnly, Reserve: o.Reserve, Pebble: settings})
	if err != nil {
		return nil, err
	}
	l := &Log{dir: d, calls: durable.NewCalls(name), now: o.Now, readOnly: o.ReadOnly}
	if l.now == nil {
		l.now = func() int64 { return time.Now().UnixMicro() }
	}
	if err := l.find(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return l, nil
}

// find reads where the log begins and ends.
func (l *Log) find() error {
	l.at.alpha = selfsame.MinTime
	err := l.last(spaceTrim, func(_, mark []byte) error {
		if len(mark) != 24 {
			return eventlog.Damaged(0, errors.New("the mark of the last trim has another length"))
		}
		l.at.begin, l.at.next, l.at.alpha = readInt(mark), readInt(mark[8:]), readInt(mark[16:])
		return nil
	})
	if err != nil {
		return err
	}
	err = l.last(spaceBlocks, func(k, v []byte) error {
		h, err := eventlog.DecodeHead(v)
		if err == nil && h.First != numberOf(k) {
			err = eventlog.ErrChecksum
		}
		if err != nil {
			return eventlog.Damaged(numberOf(k), err)
		}
		l.at.next, l.at.alpha = h.Next(), max(l.at.alpha, h.Alpha)
		return nil
	})
	if err != nil {
		return err
	}
	err = l.last(spaceSide, func(_, mark []byte) error {
		if len(mark) != 16 {
			return damagedRefused(0, errors.New("the mark of the last trim has another length"))
		}
		l.at.refused, l.at.alpha = readInt(mark), max(l.at.alpha, readInt(mark[8:]))
		return nil
	})
	if err != nil {
		return err
	}
	return l.last(spaceRefused, func(k, v []byte) error {
		r, err := eventlog.DecodeRefused(v, numberOf(k))
		if err != nil {
			return damagedRefused(numberOf(k), err)
		}
		l.at.refused, l.at.alpha = r.Seq+1, max(l.at.alpha, r.Alpha)
		return nil
	})
}

func readInt(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) }

// last visits the greatest key of a space, if there is one.
func (l *Log) last(space byte, visit func(k, v []byte) error) error {
	it, err := l.dir.DB.NewIter(&pebble.IterOptions{LowerBound: []byte{space}, UpperBound: []byte{space + 1}})
	if err != nil {
		return l.dir.Problem("cannot be read", err)
	}
	if it.Last() {
		if v, e := it.ValueAndErr(); e == nil {
			err = visit(it.Key(), v)
		}
	}
	return l.ended(it, err)
}

// ended closes an iterator: a visitor's own error goes before one of the iterator's.
func (l *Log) ended(it *pebble.Iterator, stop error) error {
	err := errors.Join(it.Error(), it.Close())
	if stop != nil {
		return stop
	}
	if err != nil {
		return l.dir.Problem("cannot be read", err)
	}
	return nil
}

func (l *Log) position() position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at
}

// End returns the next offset and the α of the last append; MinTime where there was none.
func (l *Log) End() (next, alpha int64) {
	at := l.position()
	return at.next, at.alpha
}

// Begin is the first offset that Read can give.
func (l *Log) Begin() int64 { return l.position().begin }

// Append stamps, admits and stores blocks durably, all or none. floor is the least α that it may give.
func (l *Log) Append(ctx context.Context, blocks []*eventlog.Append, floor int64) error {
	if err := l.calls.Enter(ctx); err != nil {
		return err
	}
	defer l.calls.Leave()
	l.one.Lock()
	defer l.one.Unlock()
	if err := l.writable(); err != nil {
		return err
	}
	at := l.position()
	alpha := max(l.now(), floor)
	if at.alpha != selfsame.MinTime {
		alpha = max(alpha, at.alpha+1)
	}
	w := l.dir.DB.NewBatch()
	var enc []byte
	for _, a := range blocks {
		eventlog.Admit(a, alpha)
		if b := a.Admitted; b != nil {
			b.First = at.next
			at.next = b.Next()
			enc = eventlog.AppendBlock(enc[:0], b)
			if err := w.Set(key(spaceBlocks, b.First), enc, nil); err != nil {
				return l.dir.Problem("cannot be written", errors.Join(err, w.Close()))
			}
		}
		if err := refuse(w, &at, a.RefusedRows()); err != nil {
			return l.dir.Problem("cannot be written", errors.Join(err, w.Close()))
		}
	}
	at.alpha = alpha
	return l.commit(w, at)
}

func (l *Log) writable() error {
	if l.readOnly {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: name, Message: "is open for reading only"}
	}
	return l.dir.Writable()
}

// refuse adds rows to the side log.
func refuse(w *pebble.Batch, at *position, rows []eventlog.Refused) error {
	for i := range rows {
		if err := w.Set(key(spaceRefused, at.refused), eventlog.AppendRefused(nil, &rows[i]), nil); err != nil {
			return err
		}
		at.refused++
	}
	return nil
}

// commit makes a batch durable and moves the log to at.
func (l *Log) commit(w *pebble.Batch, at position) error {
	err := error(nil)
	if !w.Empty() {
		err = l.dir.DB.Apply(w, pebble.Sync)
	}
	err = errors.Join(err, w.Close())
	if sealed := l.dir.Err(); sealed != nil {
		return sealed
	}
	if err != nil {
		return l.dir.Problem("cannot be written", err)
	}
	l.mu.Lock()
	l.at = at
	l.mu.Unlock()
	return nil
}

// Failed returns why nothing can be written until the log is opened anew, nil where all is well.
func (l *Log) Failed() error { return l.dir.Err() }

// Close waits for the calls that run, moves what is in Pebble's own log into its tables, and lets go of the directory. A second Close does nothing.
func (l *Log) Close() error {
	if !l.calls.Close() {
		return nil
	}
	if !l.readOnly && l.dir.Err() == nil {
		if err := l.dir.DB.Flush(); err != nil {
			return errors.Join(l.dir.Problem("cannot be written", err), l.dir.Close())
		}
	}
	return l.dir.Close()
}
