// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package arrow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	flatbuffers "github.com/google/flatbuffers/go"

	"selfsame"
)

// block is a record batch as the file lists it.
type block struct {
	offset, body int64
	meta         int32
	rows         int64
}

// Places of fields in the tables of Arrow's metadata: 4 and twice their number.
const (
	footerBatches = 10
	messageHeader = 8
	batchLength   = 4
	blockBytes    = 24 // int64 offset, int32 length of the metadata and 4 of padding, int64 length of the body
)

// readBlocks reads which record batches a file has, and from the head of each how many rows: the library would read the batches for that.
func readBlocks(f *os.File) ([]block, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	tail := make([]byte, 4+len(magic))
	if info.Size() < int64(2*len(tail)) {
		return nil, errors.New("it is shorter than any Arrow file")
	}
	end := info.Size() - int64(len(tail))
	if _, err := f.ReadAt(tail, end); err != nil {
		return nil, err
	}
	size := int64(int32(binary.LittleEndian.Uint32(tail)))
	if !slices.Equal(tail[4:], magic) || size <= 0 || size > end || size > metadataBytes {
		return nil, errors.New("it has no footer: it was not written to its end")
	}
	footer, err := table(f, end-size, size)
	if err != nil {
		return nil, err
	}
	if err := new(checker).schema(footer); err != nil {
		return nil, err
	}
	at := flatbuffers.UOffsetT(footer.Offset(footerBatches))
	if at == 0 {
		return nil, nil
	}
	blocks := make([]block, 0, min(footer.VectorLen(at), int(size)/blockBytes))
	for i := range footer.VectorLen(at) {
		p := footer.Vector(at) + flatbuffers.UOffsetT(i*blockBytes)
		b := block{offset: footer.GetInt64(p), meta: footer.GetInt32(p + 8), body: footer.GetInt64(p + 16)}
		if b.offset < 0 || b.meta < 8 || b.meta > metadataBytes || b.body < 0 || b.offset > end-int64(b.meta) || b.body > end-int64(b.meta)-b.offset {
			return nil, fmt.Errorf("record batch %d lies outside the file", i)
		}
		if b.body > batchBytes {
			return nil, &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: f.Name()}, Message: fmt.Sprintf("record batch %d has %d bytes, of which at most %d are read at once", i, b.body, batchBytes), Hint: hintBatches}
		}
		if b.rows, err = rowsOf(f, b); err != nil {
			return nil, fmt.Errorf("record batch %d: %w", i, err)
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

// table reads a root table of metadata.
func table(f *os.File, at, size int64) (*flatbuffers.Table, error) {
	b := make([]byte, size)
	if _, err := f.ReadAt(b, at); err != nil {
		return nil, err
	}
	return &flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}, nil
}

// rowsOf reads the head of a record batch. Before its table stands its length, and in files since 2019 four bytes of ones before that.
func rowsOf(f *os.File, b block) (int64, error) {
	var prefix [4]byte
	if _, err := f.ReadAt(prefix[:], b.offset); err != nil {
		return 0, err
	}
	skip := int64(4)
	if binary.LittleEndian.Uint32(prefix[:]) == 0xFFFFFFFF {
		skip = 8
	}
	message, err := table(f, b.offset+skip, int64(b.meta)-skip)
	if err != nil {
		return 0, err
	}
	at := message.Offset(messageHeader)
	if at == 0 || !fits(message, messageMetadata, 4) {
		return 0, errors.New("its head is damaged")
	}
	var batch flatbuffers.Table
	message.Union(&batch, flatbuffers.UOffsetT(at))
	rows := int64(0)
	if at := batch.Offset(batchLength); at != 0 {
		rows = batch.GetInt64(batch.Pos + flatbuffers.UOffsetT(at))
	}
	if rows < 0 || rows > 1<<31 {
		return 0, fmt.Errorf("it says it has %d rows", rows)
	}
	return rows, nil
}
