// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

// leafWriter encodes one leaf. Its memory is its own, so that leaves can be encoded side by side.
type leafWriter struct {
	leaf
	out file.ColumnChunkWriter
	lv  levels

	dictionary bool // values are encoded by dictionary, at least at first

	bools    []bool
	ints     []int64
	int32s   []int32
	floats   []float64
	float32s []float32
	bytes    []parquet.ByteArray
	fixed    []parquet.FixedLenByteArray
	arena    []byte
}

// each runs work for every leaf on the writer's threads and returns the error of the first leaf that has one.
func (w *Writer) each(work func(*leafWriter) error) error {
	errs := make([]error, len(w.leaves))
	var next atomic.Int64
	run := func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(w.leaves) {
				return
			}
			errs[i] = w.guard(func() error { return work(w.leaves[i]) })
		}
	}
	var wg sync.WaitGroup
	for range min(w.threads, len(w.leaves)) - 1 {
		wg.Go(run)
	}
	run()
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// write encodes rows [lo, hi) of the leaf's field. Row i of the column is row i+base of the file, for messages.
func (l *leafWriter) write(c *column.Column, lo, hi int, base int64) error {
	if l.typ.Kind == selfsame.Unknown {
		return l.writeNulls(hi - lo)
	}
	if len(l.steps) > 0 {
		return l.values(l.lv.nested(c, lo, hi, l.steps), 0, 0, base)
	}
	if l.lv.flat(c, lo, hi) {
		return l.values(c, lo, hi, base)
	}
	return l.values(c, 0, 0, base)
}

// values encodes values [lo, hi) of c, or those at the leaf's places where the range is empty.
func (l *leafWriter) values(c *column.Column, lo, hi int, base int64) error {
	var err error
	switch out := l.out.(type) {
	case *file.Float64ColumnChunkWriter:
		_, err = out.WriteBatch(pick(c.Floats, lo, hi, l.lv.places, &l.floats), l.lv.def, l.lv.rep)
	case *file.Int64ColumnChunkWriter:
		_, err = out.WriteBatch(l.int64s(c, lo, hi), l.lv.def, l.lv.rep)
	case *file.BooleanColumnChunkWriter:
		_, err = out.WriteBatch(pick(c.Bools, lo, hi, l.lv.places, &l.bools), l.lv.def, l.lv.rep)
	case *file.ByteArrayColumnChunkWriter:
		l.bytes = l.bytes[:0]
		l.over(lo, hi, func(i int) { l.bytes = append(l.bytes, c.Str(i)) })
		_, err = out.WriteBatch(l.bytes, l.lv.def, l.lv.rep)
	case *file.FixedLenByteArrayColumnChunkWriter:
		l.decimals(c, lo, hi)
		_, err = out.WriteBatch(l.fixed, l.lv.def, l.lv.rep)
	case *file.Int32ColumnChunkWriter:
		if err = l.narrow(c, lo, hi, base); err == nil {
			_, err = out.WriteBatch(l.int32s, l.lv.def, l.lv.rep)
		}
	case *file.Float32ColumnChunkWriter:
		if err = l.narrowFloats(c, lo, hi, base); err == nil {
			_, err = out.WriteBatch(l.float32s, l.lv.def, l.lv.rep)
		}
	default:
		err = fmt.Errorf("no encoder for column %s", l.path)
	}
	return err
}

// pick returns s[lo:hi], or the values at places where the range is empty.
func pick[T any](s []T, lo, hi int, places []uint32, scratch *[]T) []T {
	if lo < hi {
		return s[lo:hi]
	}
	out := (*scratch)[:0]
	for _, i := range places {
		out = append(out, s[i])
	}
	*scratch = out
	return out
}

// over calls do for each value's place.
func (l *leafWriter) over(lo, hi int, do func(i int)) {
	for i := lo; i < hi; i++ {
		do(i)
	}
	if lo == hi {
		for _, i := range l.lv.places {
			do(int(i))
		}
	}
}

func (l *leafWriter) int64s(c *column.Column, lo, hi int) []int64 {
	if l.typ.Kind != selfsame.Decimal {
		return pick(c.Ints, lo, hi, l.lv.places, &l.ints)
	}
	l.ints = l.ints[:0]
	l.over(lo, hi, func(i int) { l.ints = append(l.ints, int64(c.Decimals[i].Lo)) })
	return l.ints
}

// decimals fills fixed with 16 bytes a value, big-endian two's complement.
func (l *leafWriter) decimals(c *column.Column, lo, hi int) {
	n := max(hi-lo, len(l.lv.places))
	if cap(l.arena) < 16*n {
		l.arena = make([]byte, 16*n)
	}
	l.fixed = l.fixed[:0]
	l.over(lo, hi, func(i int) {
		at := len(l.fixed) * 16
		b := l.arena[at : at+16]
		binary.BigEndian.PutUint64(b, uint64(c.Decimals[i].Hi))
		binary.BigEndian.PutUint64(b[8:], c.Decimals[i].Lo)
		l.fixed = append(l.fixed, b)
	})
}

// narrow fills int32s with dates or with int64 cast to int32.
func (l *leafWriter) narrow(c *column.Column, lo, hi int, base int64) (err error) {
	l.int32s = l.int32s[:0]
	l.over(lo, hi, func(i int) {
		v := c.Ints[i]
		if !offline.FitsInt32(v) && err == nil {
			if l.cast == offline.Int32 {
				err = offline.CastError(l.name, base+int64(i), strconv.FormatInt(v, 10), "int32")
			} else {
				err = &selfsame.Error{Class: selfsame.ClassValue, Ref: "column " + l.name,
					Message: "the date at day " + strconv.FormatInt(v, 10) + " is out of the range of Parquet dates"}
			}
		}
		l.int32s = append(l.int32s, int32(v))
	})
	return err
}

func (l *leafWriter) narrowFloats(c *column.Column, lo, hi int, base int64) (err error) {
	l.float32s = l.float32s[:0]
	l.over(lo, hi, func(i int) {
		if l.typ.Kind == selfsame.Int64 {
			l.float32s = append(l.float32s, float32(c.Ints[i]))
			return
		}
		v := c.Floats[i]
		if !offline.FitsFloat32(v) && err == nil {
			err = offline.CastError(l.name, base+int64(i), formatFloat(v), "float32")
		}
		l.float32s = append(l.float32s, float32(v))
	})
	return err
}

func (l *leafWriter) writeNulls(n int) error {
	l.lv.def = append(l.lv.def[:0], make([]int16, n)...)
	out, ok := l.out.(*file.Int32ColumnChunkWriter)
	if !ok {
		return fmt.Errorf("no encoder for column %s", l.path)
	}
	_, err := out.WriteBatch(nil, l.lv.def, nil)
	return err
}

// flush encodes the page that is open, so that closing the row group only copies. Pages behind a dictionary wait for it.
func (l *leafWriter) flush() error {
	out, ok := l.out.(interface{ FlushBufferedDataPages() error })
	if !ok || l.dictionary {
		return nil
	}
	return out.FlushBufferedDataPages()
}

// repeats reports whether a dictionary helps a string column: its first stripe holds at most a quarter as many different
// values as values.
func (l *leafWriter) repeats(c *column.Column, lo, hi int) bool {
	if len(l.steps) > 0 {
		c = l.lv.nested(c, lo, hi, l.steps)
	} else if l.lv.flat(c, lo, hi) {
		l.lv.places = l.lv.places[:0]
		for i := lo; i < hi; i++ {
			l.lv.places = append(l.lv.places, uint32(i))
		}
	}
	limit := len(l.lv.places) / 4
	seen := make(map[string]struct{}, limit+1)
	for _, i := range l.lv.places {
		if _, ok := seen[string(c.Str(int(i)))]; !ok {
			seen[string(c.Str(int(i)))] = struct{}{}
			if len(seen) > limit {
				return false
			}
		}
	}
	return true
}
