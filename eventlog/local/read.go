// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"selfsame"
	"selfsame/eventlog"
	"selfsame/internal/durable"
)

// Read visits the rows with offsets in [from, to) block by block. An offset that is not there, because it was trimmed or is damaged, is an
// error; one that is not yet there is not.
func (l *Log) Read(ctx context.Context, from, to int64, visit func(*eventlog.Block) error) error {
	if err := l.calls.Enter(ctx); err != nil {
		return err
	}
	defer l.calls.Leave()
	at := l.position()
	to = min(to, at.next)
	if from >= to {
		return nil
	}
	if from < at.begin {
		return dropped(from, at.begin)
	}
	it, err := l.dir.DB.NewIter(&pebble.IterOptions{LowerBound: key(spaceBlocks, 0), UpperBound: key(spaceBlocks, to)})
	if err != nil {
		return l.dir.Problem("cannot be read", err)
	}
	var stop error
	var d eventlog.Decoder
	for ok := it.SeekLT(key(spaceBlocks, from+1)); ok && stop == nil; ok = it.Next() {
		if stop = durable.Canceled(ctx); stop != nil {
			break
		}
		var b *eventlog.Block
		if b, stop = decode(&d, it, from); stop == nil {
			b = b.Cut(from, to)
			from = b.Next()
			stop = visit(b)
		}
	}
	err = l.ended(it, stop)
	switch {
	case stop == nil && selfsame.ClassOf(err) == selfsame.ClassInternal && err != nil:
		return eventlog.Damaged(from, err)
	case err == nil && from < to:
		return l.gone(from)
	}
	return err
}

// decode reads the block under an iterator, which must hold the offset from.
func decode(d *eventlog.Decoder, it *pebble.Iterator, from int64) (*eventlog.Block, error) {
	v, err := it.ValueAndErr()
	if err != nil {
		return nil, eventlog.Damaged(numberOf(it.Key()), err)
	}
	b, err := d.Decode(v)
	if err == nil && b.First != numberOf(it.Key()) {
		err = eventlog.ErrChecksum
	}
	if err != nil {
		return nil, eventlog.Damaged(numberOf(it.Key()), err)
	}
	if b.First > from || b.Next() <= from {
		return nil, missing(from)
	}
	return b, nil
}

// BlockAt returns the block that holds an offset. Its memory is its own.
func (l *Log) BlockAt(ctx context.Context, offset int64) (*eventlog.Block, error) {
	if err := l.calls.Enter(ctx); err != nil {
		return nil, err
	}
	defer l.calls.Leave()
	at := l.position()
	if offset < at.begin {
		return nil, dropped(offset, at.begin)
	}
	if offset >= at.next {
		return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: name, Message: fmt.Sprintf("has no offset %d: the next is %d", offset, at.next)}
	}
	it, err := l.dir.DB.NewIter(&pebble.IterOptions{LowerBound: key(spaceBlocks, 0), UpperBound: key(spaceBlocks, offset+1)})
	if err != nil {
		return nil, l.dir.Problem("cannot be read", err)
	}
	var b *eventlog.Block
	var stop error
	if it.Last() {
		b, stop = decode(&eventlog.Decoder{}, it, offset)
	}
	if err := l.ended(it, stop); err != nil {
		return nil, err
	}
	if b == nil {
		return nil, l.gone(offset)
	}
	return b, nil
}

// gone is the error of an offset that no block holds: it was dropped meanwhile, or is damage.
func (l *Log) gone(offset int64) error {
	if begin := l.Begin(); offset < begin {
		return dropped(offset, begin)
	}
	return missing(offset)
}

func dropped(offset, begin int64) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: name, Message: fmt.Sprintf("offset %d was dropped: the log begins at %d", offset, begin),
		Hint: "older events are in the archive; a longer log.retention keeps them in the log"}
}

func missing(offset int64) error {
	return eventlog.Damaged(offset, fmt.Errorf("offset %d is not there", offset))
}

// Trim forgets the blocks whose offsets all lie below before. The mark of where the log begins is written with it.
func (l *Log) Trim(ctx context.Context, before int64) error {
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
	before = min(before, at.next)
	if before < at.next && before > at.begin { // back to the first offset of the block that holds it
		b, err := l.BlockAt(ctx, before)
		if err != nil {
			return err
		}
		before = b.First
	}
	if before <= at.begin {
		return nil
	}
	w := l.dir.DB.NewBatch()
	begin := at.begin
	at.begin = before
	mark := make([]byte, 0, 24)
	for _, n := range []int64{at.begin, at.next, at.alpha} {
		mark = binary.BigEndian.AppendUint64(mark, uint64(n))
	}
	if err := errors.Join(w.DeleteRange(key(spaceBlocks, 0), key(spaceBlocks, before), nil), w.Set([]byte{spaceTrim}, mark, nil)); err != nil {
		return l.dir.Problem("cannot be written", errors.Join(err, w.Close()))
	}
	l.beginAt(at.begin) // before its rows go: who reads them meanwhile is told that they were dropped
	if err := l.commit(w, at); err != nil {
		l.beginAt(begin)
		return err
	}
	return nil
}

func (l *Log) beginAt(offset int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at.begin = offset
}

// TrimRefused forgets the refused rows before the first whose α is not below alpha. The mark of the next number is written with it.
func (l *Log) TrimRefused(ctx context.Context, alpha int64) error {
	if err := l.calls.Enter(ctx); err != nil {
		return err
	}
	defer l.calls.Leave()
	begin, at := int64(0), l.position().refused
	end := at // of the rows that go
	err := l.RefusedRows(ctx, 0, func(r eventlog.Refused) bool {
		if begin == 0 {
			begin = r.Seq + 1
		}
		if r.Alpha >= alpha {
			end = r.Seq
			return false
		}
		return true
	})
	if err != nil || begin == 0 || end < begin {
		return err
	}
	l.one.Lock()
	defer l.one.Unlock()
	if err := l.writable(); err != nil {
		return err
	}
	p := l.position()
	mark := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(p.refused)), uint64(p.alpha))
	w := l.dir.DB.NewBatch()
	if err := errors.Join(w.DeleteRange(key(spaceRefused, 0), key(spaceRefused, end), nil), w.Set([]byte{spaceSide}, mark, nil)); err != nil {
		return l.dir.Problem("cannot be written", errors.Join(err, w.Close()))
	}
	return l.commit(w, p)
}

// Refuse adds rows to the side log durably.
func (l *Log) Refuse(ctx context.Context, rows []eventlog.Refused) error {
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
	w := l.dir.DB.NewBatch()
	if err := refuse(w, &at, rows); err != nil {
		return l.dir.Problem("cannot be written", errors.Join(err, w.Close()))
	}
	return l.commit(w, at)
}

// RefusedRows visits the side log from a Seq on until visit returns false.
func (l *Log) RefusedRows(ctx context.Context, from int64, visit func(eventlog.Refused) bool) error {
	if err := l.calls.Enter(ctx); err != nil {
		return err
	}
	defer l.calls.Leave()
	it, err := l.dir.DB.NewIter(&pebble.IterOptions{LowerBound: key(spaceRefused, max(from, 0)), UpperBound: key(spaceRefused, l.position().refused)})
	if err != nil {
		return l.dir.Problem("cannot be read", err)
	}
	var stop error
	for ok := it.First(); ok; ok = it.Next() {
		if stop = durable.Canceled(ctx); stop != nil {
			break
		}
		v, err := it.ValueAndErr()
		if err != nil {
			break // the iterator keeps it
		}
		r, err := eventlog.DecodeRefused(v, numberOf(it.Key()))
		if err != nil {
			stop = damagedRefused(numberOf(it.Key()), err)
			break
		}
		if !visit(r) {
			break
		}
	}
	return l.ended(it, stop)
}

func damagedRefused(seq int64, err error) error {
	return &selfsame.Error{Class: selfsame.ClassInternal, Ref: name, Message: fmt.Sprintf("refused row %d is damaged", seq), Err: err,
		Hint: "restore the data directory from a copy"}
}

// DiskUsage is the bytes that the log takes on disk.
func (l *Log) DiskUsage() int64 {
	if l.calls.Enter(context.Background()) != nil {
		return 0
	}
	defer l.calls.Leave()
	return int64(l.dir.DB.Metrics().DiskSpaceUsage())
}
