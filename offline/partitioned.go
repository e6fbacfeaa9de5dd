// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"selfsame"
	"selfsame/column"
)

// partitioned splits rows over folders by date.
type partitioned struct {
	dir     string // the target
	tmp     string // beside it
	ext     string
	fields  []selfsame.Field
	by      int
	create  Creator
	options Options
	writers map[int64]Writer // by date; nullDate: rows without a time
	part    *column.Batch
	err     error
	closed  bool
}

// nullDate is the folder of rows without a time.
const nullDate = selfsame.MinTime

// Partitioned opens a writer that splits rows by the UTC date of the timestamp or date column by, into date=YYYY-MM-DD/part-0.EXT
// below dir; rows without a time go to date=__HIVE_DEFAULT_PARTITION__. The column stays in the files. create writes the files and ext is their
// extension, such as "parquet". dir must not exist, or be empty: it appears, whole, when Close succeeds.
func Partitioned(dir, by, ext string, fields []selfsame.Field, o Options, create Creator) (Writer, error) {
	k := slices.IndexFunc(fields, func(f selfsame.Field) bool { return f.Name == by })
	if k < 0 || (fields[k].Type.Kind != selfsame.Timestamp && fields[k].Type.Kind != selfsame.Date) {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "column " + by, Message: "an output is partitioned by a timestamp or date column"}
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Pos: selfsame.Pos{File: dir}, Message: "the output folder is not empty", Hint: "name a new folder"}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, ioError(dir, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".*.tmp")
	if err != nil {
		return nil, ioError(dir, err)
	}
	return &partitioned{dir: dir, tmp: tmp, ext: ext, fields: fields, by: k, create: create, options: o,
		writers: map[int64]Writer{}, part: column.NewBatch(fields, 0)}, nil
}

// Write appends the rows of b to the files of their dates, in order.
func (p *partitioned) Write(b *column.Batch) error {
	if p.err == nil {
		p.err = p.write(b)
	}
	return p.err
}

func (p *partitioned) write(b *column.Batch) error {
	if err := CheckBatch(b, p.fields); err != nil {
		return err
	}
	rows := map[int64][]uint32{}
	for i := range b.Rows {
		d := p.date(b.Columns[p.by], i)
		rows[d] = append(rows[d], uint32(i))
	}
	dates := make([]int64, 0, len(rows))
	for d := range rows {
		dates = append(dates, d)
	}
	slices.Sort(dates)
	for _, d := range dates {
		w, err := p.writer(d)
		if err != nil {
			return err
		}
		for k, c := range p.part.Columns {
			c.Gather(b.Columns[k], rows[d])
		}
		p.part.Rows = len(rows[d])
		if err := w.Write(p.part); err != nil {
			return err
		}
	}
	return nil
}

// date is the date of row i.
func (p *partitioned) date(c *column.Column, i int) int64 {
	switch {
	case c.StatusAt(i) != selfsame.Present:
		return nullDate
	case c.Type.Kind == selfsame.Date:
		return c.Ints[i]
	}
	const day = int64(86_400_000_000)
	d := c.Ints[i] / day
	if c.Ints[i]%day < 0 {
		d--
	}
	return d
}

func (p *partitioned) writer(date int64) (Writer, error) {
	if w := p.writers[date]; w != nil {
		return w, nil
	}
	folder := "date=__HIVE_DEFAULT_PARTITION__"
	if date != nullDate {
		folder = "date=" + string(column.AppendDate(nil, date))
	}
	dir := filepath.Join(p.tmp, folder)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, ioError(p.dir, err)
	}
	w, err := p.create(filepath.Join(dir, "part-0."+p.ext), p.fields, p.options)
	if err == nil {
		p.writers[date] = w
	}
	return w, err
}

// Close finishes every file and gives the folder its name.
func (p *partitioned) Close() error {
	if p.closed {
		return p.err
	}
	if p.err == nil {
		p.err = p.publish()
	}
	if p.err != nil {
		p.Abort()
	}
	p.closed = true
	return p.err
}

func (p *partitioned) publish() error {
	dates := make([]int64, 0, len(p.writers))
	for d := range p.writers {
		dates = append(dates, d)
	}
	slices.Sort(dates)
	for _, d := range dates {
		if err := p.writers[d].Close(); err != nil {
			return err
		}
	}
	if err := os.Chmod(p.tmp, 0o755); err != nil {
		return ioError(p.dir, err)
	}
	if err := os.Remove(p.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ioError(p.dir, err)
	}
	if err := os.Rename(p.tmp, p.dir); err != nil {
		return ioError(p.dir, err)
	}
	return syncDir(filepath.Dir(p.dir))
}

// Abort removes what was written. It does nothing after Close.
func (p *partitioned) Abort() {
	if p.closed {
		return
	}
	p.closed = true
	for _, w := range p.writers {
		w.Abort()
	}
	os.RemoveAll(p.tmp)
}
