// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/compute/window"
	"selfsame/eventlog"
	archived "selfsame/offline/archive"
	"selfsame/source"
)

// trim lets the log go of events that are older than log.retention, as far as three things hold: the archive has them, row by row as the log has them, read back
// from its files; the online state that was made of them is durable; and no state is being built. What is built later takes them from the archive. The side log
// goes by age alone.
func (l *Live) trim(ctx context.Context) error {
	if keep := l.Config.RefusedRetention; keep > 0 {
		if err := l.log.TrimRefused(ctx, window.SatSub(l.now(), int64(keep/time.Microsecond))); err != nil {
			return err
		}
	}
	keep := l.Config.LogRetention
	if keep == 0 {
		return nil
	}
	upTo := min(l.archive.Complete(), l.driver.Applied().Offset)
	t, err := l.tally(ctx, l.log.Begin(), upTo, oldest(l.now(), int64(keep/time.Microsecond)))
	if err != nil || t.next == t.first {
		return err
	}
	if err := t.verify(ctx, filepath.Join(l.data.Dir, archiveFolder), l.archive.Complete()); err != nil {
		return err
	}
	if !l.applying.try("a trim of the log") {
		return nil // a state is being built, of the log perhaps: another time
	}
	defer l.applying.end()
	if err := l.store.Sync(ctx); err != nil {
		return err
	}
	return l.log.Trim(ctx, t.next)
}

// oldest is the α below which events go: in steps of a thirtieth of what is kept, a day at most, so that files of the archive are read back a few times only.
func oldest(now, keep int64) int64 {
	step := max(1, min(keep/30, selfsame.DayLength))
	at := window.SatSub(now, keep)
	return window.SatSub(at, ((at%step)+step)%step)
}

// tally sums up entries of the log in [first, next), by source.
type tally struct {
	first, next int64
	sources     map[string]*rowSum
}

// rowSum is the sum of the hashes of rows, in any order.
type rowSum struct {
	fields []selfsame.Field // that some row has
	rows   int64
	sum    xxh3.Uint128
	buf    []byte
}

var errYoung = errors.New("the rest is younger")

// tally sums up the log from an offset up to another, or to the first entry whose α is not below a bound.
func (l *Live) tally(ctx context.Context, from, to, alpha int64) (*tally, error) {
	t := &tally{first: from, next: from, sources: map[string]*rowSum{}}
	err := l.log.Read(ctx, from, to, func(b *eventlog.Block) error {
		if b.Alpha >= alpha {
			return errYoung
		}
		s := t.sources[b.Name]
		if s == nil {
			s = &rowSum{}
			t.sources[b.Name] = s
		}
		for _, f := range b.Rows.Fields {
			if !slices.ContainsFunc(s.fields, func(have selfsame.Field) bool { return have.Name == f.Name }) {
				s.fields = append(s.fields, f)
			}
		}
		for i := range b.Rows.Rows {
			op := eventlog.Insert
			if b.Ops != nil {
				op = b.Ops[i]
			}
			s.add(b.Rows, i, b.First+int64(i), b.Alpha, op.String())
		}
		t.next = b.Next()
		return nil
	})
	if errors.Is(err, errYoung) {
		err = nil
	}
	return t, err
}

// add adds a row: what the log says of it, then its fields that have a value, each by its name.
func (s *rowSum) add(b *column.Batch, i int, offset, alpha int64, op string) {
	s.buf = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(s.buf[:0], uint64(offset)), uint64(alpha))
	s.buf = append(append(s.buf, op...), 0)
	for k, f := range b.Fields {
		if c := b.Columns[k]; c.StatusAt(i) == selfsame.Present {
			s.buf = append(append(s.buf, f.Name...), 0)
			s.buf = c.AppendFramed(s.buf, i)
		}
	}
	h := xxh3.Hash128(s.buf)
	s.rows, s.sum.Hi, s.sum.Lo = s.rows+1, s.sum.Hi+h.Hi, s.sum.Lo+h.Lo
}

// verify reads the archive's files of the same entries and compares the sums.
func (t *tally) verify(ctx context.Context, folder string, complete int64) error {
	for name, want := range t.sources {
		got, err := t.archived(ctx, folder, name, want.fields, complete)
		if err != nil {
			return err
		}
		if got.rows != want.rows || got.sum != want.sum {
			return &selfsame.Error{Class: selfsame.ClassInternal, Ref: filepath.Join(folder, name),
				Message: fmt.Sprintf("the archive does not hold the events of the log from offset %d up to %d as they are: %d rows of %d, or other ones", t.first, t.next, got.rows, want.rows),
				Hint:    "keep the data directory and report it. While the log is whole the archive can be made again: stop, remove the archive's folder, start"}
		}
	}
	return nil
}

// archived sums up what the archive has of a source, in the files whose offsets meet those of the entries.
func (t *tally) archived(ctx context.Context, folder, name string, fields []selfsame.Field, complete int64) (*rowSum, error) {
	got := &rowSum{}
	files, err := archived.Below(folder, name, complete)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.First >= t.next || f.Next <= t.first {
			continue
		}
		table, err := source.Open(ctx, source.Spec{Name: name, Dir: filepath.Dir(f.Path), Schema: batch.ArchiveFields(&selfsame.Source{Schema: fields}), Absent: true, KeepNaN: true,
			Batch: selfsame.BatchSource{Path: filepath.Base(f.Path), Format: "parquet"}}, formats())
		if err != nil {
			return nil, err
		}
		err = archivedFile{table}.Each(ctx, func(b *column.Batch) error {
			own := &column.Batch{Fields: fields, Columns: b.Columns[:len(fields)]}
			offset, alpha, op := b.Columns[len(fields)], b.Columns[len(fields)+1], b.Columns[len(fields)+2]
			for i, at := range offset.Ints {
				if at >= t.first && at < t.next {
					got.add(own, i, at, alpha.Ints[i], string(op.Str(i)))
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return got, nil
}
