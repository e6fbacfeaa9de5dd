// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package arrow reads files of Arrow (IPC, which is also Feather version 2) as sources, by the rules that Parquet is read by: narrower numbers are
// widened, a loss is reported with file, row and value, units and zones of timestamps become microseconds UTC. Dictionaries come as their values.
//
// Streams of Arrow and Feather version 1 are refused by name. No panic of the library on a damaged file gets out, and what a file says of its sizes
// is held to its bytes and to limits before memory is taken.
package arrow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"selfsame"
	"selfsame/internal/arrowcolumn"
	"selfsame/source"
)

// Format reads Arrow files.
type Format struct{}

var _ source.Format = Format{}

// New returns the format.
func New() source.Format { return Format{} }

// Reader reads one file: what its footer says is in memory, the file is opened for each read.
type Reader struct {
	path    string
	how     *source.Reading
	schema  *arrow.Schema
	columns []source.Column
	rows    []int64 // of each record batch
	parts   []part
}

// part is record batches that are read in one go.
type part struct {
	first    int64 // row
	from, to int   // record batches
	rows     int64
}

var _ source.Reader = (*Reader)(nil)

// Open reads the schema, the dictionaries and how many rows each record batch has.
func (Format) Open(_ context.Context, path string, how *source.Reading) (_ source.Reader, err error) {
	defer source.Guard(path, "Arrow", &err)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := whole(f); err != nil {
		return nil, err
	}
	r := &Reader{path: path, how: how}
	blocks, err := readBlocks(f)
	if err != nil {
		return nil, err
	}
	fr, err := newFileReader(f)
	if err != nil {
		return nil, err
	}
	defer fr.Close()
	r.schema = fr.Schema()
	for _, f := range r.schema.Fields() {
		t, reason := arrowcolumn.TypeOf(f.Type)
		r.columns = append(r.columns, source.Column{Name: f.Name, Type: t, Reason: reason})
	}
	r.divide(blocks)
	return r, nil
}

var magic = []byte("ARROW1")

// whole says what a file is that is no Arrow file.
func whole(f io.ReaderAt) error {
	var head [6]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch begin := string(head[:n]); {
	case begin == string(magic):
		return nil
	case len(begin) > 4 && begin[:4] == "FEA1":
		return errors.New("it is Feather version 1, which has no lists, decimals or zones: write version 2")
	case len(begin) > 4 && begin[:4] == "\xff\xff\xff\xff":
		return errors.New("it is a stream of Arrow: write the file format, such as with pyarrow.ipc.new_file")
	}
	return errors.New("it does not begin with " + string(magic))
}

// Limits of what is taken into memory at once.
const (
	metadataBytes = 64 << 20
	batchBytes    = 1 << 30 // of a record batch, in the file
	bufferBytes   = 2 << 30 // of a column of it, unpacked
)

func newFileReader(f *os.File) (*ipc.FileReader, error) {
	return ipc.NewFileReader(f, ipc.WithAllocator(bounded{memory.DefaultAllocator, f.Name()}), ipc.WithMetadataSizeLimit(metadataBytes), ipc.WithBodySizeLimit(batchBytes))
}

// bounded refuses, by a panic that the guard catches, what a file must not ask for: the library takes the unpacked size from it.
type bounded struct {
	memory.Allocator
	path string
}

func (b bounded) Allocate(size int) []byte {
	b.check(size)
	return b.Allocator.Allocate(size)
}

func (b bounded) Reallocate(size int, have []byte) []byte {
	b.check(size)
	return b.Allocator.Reallocate(size, have)
}

func (b bounded) check(size int) {
	if size < 0 || size > bufferBytes {
		panic(&selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: b.path}, Message: fmt.Sprintf("a column of a record batch has %d bytes unpacked, of which at most %d are read at once", size, bufferBytes), Hint: hintBatches})
	}
}

const hintBatches = "write smaller record batches: pyarrow has max_chunksize, Polars record_batch_size"

// divide makes parts of record batches: opening a file costs, and many writers make small batches.
func (r *Reader) divide(blocks []block) {
	p := part{}
	for i, b := range blocks {
		r.rows = append(r.rows, b.rows)
		p.to, p.rows = i+1, p.rows+b.rows
		if p.rows >= source.ChunkRows || i == len(blocks)-1 {
			r.parts = append(r.parts, p)
			p = part{first: p.first + p.rows, from: i + 1, to: i + 1}
		}
	}
}

// Columns are the columns of the file.
func (r *Reader) Columns() []source.Column { return r.columns }

// Groups are runs of record batches.
func (r *Reader) Groups() []source.Group {
	var out []source.Group
	for _, p := range r.parts {
		out = append(out, source.Group{First: p.first, Rows: p.rows}) // a record batch is read whole, whatever columns are wanted
	}
	return out
}

// place is where a column stands in the file.
func (r *Reader) place(w source.Wanted) (int, error) {
	for i, f := range r.schema.Fields() {
		if f.Name != w.Column {
			continue
		}
		if why := arrowcolumn.Conforms(f.Type, w.Field.Type, r.how); why != "" {
			e := source.InputError(r.path, why, nil)
			e.Ref = "column " + w.Column
			return 0, e
		}
		return i, nil
	}
	return 0, source.InputError(r.path, "there is no column "+w.Column, nil)
}
