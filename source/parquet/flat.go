// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// columnReader gives a column as Arrow arrays.
type columnReader interface {
	// next returns some of the next n values, none only where the column ends. They are there until release.
	next(n int64) ([]arrow.Array, error)
	release()
	close()
}

// flatReader reads a column of 8-byte numbers that is not nested: keys, times, amounts. It is what most columns of a source are, and the
// general path of the library costs more than the numbers.
type flatReader struct {
	pages    file.PageReader
	typ      arrow.DataType
	optional bool

	dictionary []uint64
	left       int    // levels of the page at hand
	levels     hybrid // of an optional column
	numbered   bool   // the page's values are places in the dictionary
	places     hybrid
	plain      []byte

	values  []uint64
	absent  []int // which of values are null
	valid   []byte
	scratch [flatBlock]uint32
	present [flatBlock]uint64
}

// flatBlock is how many numbers are unpacked in one go.
const flatBlock = 1024

// isFlat reports whether a column chunk can be read by a flatReader.
func isFlat(c *metadata.ColumnChunkMetaData, leaf *schema.Column, t arrow.DataType) bool {
	if leaf.MaxRepetitionLevel() > 0 || leaf.MaxDefinitionLevel() > 1 || c.CryptoMetadata() != nil {
		return false
	}
	switch t.ID() {
	case arrow.INT64, arrow.UINT64, arrow.TIMESTAMP:
		if leaf.PhysicalType() != parquet.Types.Int64 {
			return false
		}
	case arrow.FLOAT64:
		if leaf.PhysicalType() != parquet.Types.Double {
			return false
		}
	default:
		return false
	}
	for _, e := range c.Encodings() {
		switch e {
		case parquet.Encodings.Plain, parquet.Encodings.PlainDict, parquet.Encodings.RLEDict, parquet.Encodings.RLE, parquet.Encodings.BitPacked:
		default:
			return false
		}
	}
	return true
}

// flatValues is how many numbers come in one go: they are in the caches when they are copied.
const flatValues = 16 << 10

// next returns the next numbers, at most n.
func (f *flatReader) next(n int64) ([]arrow.Array, error) {
	if n = min(n, flatValues); int64(cap(f.values)) < n {
		f.values = make([]uint64, n)
	}
	f.values, f.absent = f.values[:n], f.absent[:0]
	at := 0
	for at < len(f.values) {
		if f.left == 0 {
			more, err := f.page()
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
		}
		k := min(f.left, len(f.values)-at)
		done, err := f.some(at, k)
		if err != nil {
			return nil, err
		}
		f.left -= done
		at += done
	}
	return []arrow.Array{f.array(at)}, nil
}

// some reads at least one and at most k values of the page, and returns how many.
func (f *flatReader) some(at, k int) (int, error) {
	if !f.optional {
		return k, f.take(f.values[at : at+k])
	}
	if n := f.levels.repeated(1, k); n > 0 {
		return n, f.take(f.values[at : at+n])
	}
	k = min(k, flatBlock)
	levels := f.scratch[:k]
	if err := f.levels.read(levels); err != nil {
		return 0, err
	}
	there := 0
	for _, l := range levels {
		there += int(l & 1)
	}
	var bits [flatBlock / 64]uint64 // levels, as take uses scratch
	for i, l := range levels {
		bits[i/64] |= uint64(l&1) << (i % 64)
	}
	present := f.present[:there]
	if err := f.take(present); err != nil {
		return 0, err
	}
	for i := range k {
		if bits[i/64]>>(i%64)&1 == 0 {
			f.values[at+i] = 0
			f.absent = append(f.absent, at+i)
			continue
		}
		f.values[at+i] = present[0]
		present = present[1:]
	}
	return k, nil
}

// take reads values that are there.
func (f *flatReader) take(out []uint64) error {
	if !f.numbered {
		if len(f.plain) < 8*len(out) {
			return errTruncated
		}
		for i := range out {
			out[i] = binary.LittleEndian.Uint64(f.plain[8*i : 8*i+8])
		}
		f.plain = f.plain[8*len(out):]
		return nil
	}
	dictionary := f.dictionary
	for len(out) > 0 {
		places := f.scratch[:min(len(out), flatBlock)]
		if err := f.places.read(places); err != nil {
			return err
		}
		for i, p := range places {
			if int(p) >= len(dictionary) {
				return fmt.Errorf("a page asks for entry %d of a dictionary of %d", p, len(dictionary))
			}
			out[i] = dictionary[p]
		}
		out = out[len(places):]
	}
	return nil
}

// page goes to the next data page. It reports false at the end of the column.
func (f *flatReader) page() (bool, error) {
	for f.pages.Next() {
		switch p := f.pages.Page().(type) {
		case *file.DictionaryPage:
			if err := f.define(p); err != nil {
				return false, err
			}
		case *file.DataPageV1:
			data := p.Data()
			if f.optional {
				var err error
				if data, err = f.openLevels(p, data); err != nil {
					return false, err
				}
			}
			return true, f.open(p, data)
		case *file.DataPageV2:
			data, rep, def := p.Data(), int(p.RepetitionLevelByteLen()), int(p.DefinitionLevelByteLen())
			if rep < 0 || def < 0 || rep+def > len(data) {
				return false, errTruncated
			}
			if err := f.levels.open(data[rep:rep+def], 1); err != nil {
				return false, err
			}
			return true, f.open(p, data[rep+def:])
		}
	}
	return false, f.pages.Err()
}

// openLevels begins the definition levels of a page and returns what follows them.
func (f *flatReader) openLevels(p *file.DataPageV1, data []byte) ([]byte, error) {
	if p.DefinitionLevelEncoding() == parquet.Encodings.BitPacked {
		size := (int(p.NumValues()) + 7) / 8
		if size > len(data) {
			return nil, errTruncated
		}
		f.levels.openBits(data[:size], int(p.NumValues()))
		return data[size:], nil
	}
	if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
		return nil, errTruncated
	}
	size := int(binary.LittleEndian.Uint32(data))
	return data[4+size:], f.levels.open(data[4:4+size], 1)
}

// open begins the values of a page.
func (f *flatReader) open(p file.Page, data []byte) error {
	if f.left = int(p.NumValues()); f.left < 0 {
		return errors.New("a page says it has fewer values than none")
	}
	switch parquet.Encoding(p.Encoding()) {
	case parquet.Encodings.Plain:
		f.numbered, f.plain = false, data
		return nil
	case parquet.Encodings.PlainDict, parquet.Encodings.RLEDict:
		f.numbered = true
		if len(data) == 0 { // no value is there
			return f.places.open(nil, 0)
		}
		return f.places.open(data[1:], int(data[0]))
	}
	return fmt.Errorf("a page has the encoding %v, which its column does not declare", parquet.Encoding(p.Encoding()))
}

// define takes the dictionary.
func (f *flatReader) define(p *file.DictionaryPage) error {
	n, data := int(p.NumValues()), p.Data()
	if e := parquet.Encoding(p.Encoding()); e != parquet.Encodings.Plain && e != parquet.Encodings.PlainDict {
		return errors.New("a dictionary is not in plain encoding")
	}
	if n < 0 || len(data)/8 < n {
		return errTruncated
	}
	f.dictionary = make([]uint64, n)
	for i := range f.dictionary {
		f.dictionary[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return nil
}

// array returns the first n values. They are of the array until the next ones are read.
func (f *flatReader) array(n int) arrow.Array {
	f.values = f.values[:n]
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Uint64Traits.CastToBytes(f.values))}
	if len(f.absent) > 0 {
		size := (n + 7) / 8
		f.valid = append(f.valid[:0], make([]byte, size)...)
		for i := range f.valid {
			f.valid[i] = 0xFF
		}
		for _, i := range f.absent {
			f.valid[i/8] &^= 1 << (i % 8)
		}
		buffers[0] = memory.NewBufferBytes(f.valid)
	}
	data := array.NewData(f.typ, n, buffers, nil, len(f.absent), 0)
	defer data.Release()
	return array.MakeFromData(data)
}

func (f *flatReader) release() {}

func (f *flatReader) close() { f.pages.Close() }
