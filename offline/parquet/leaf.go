// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

// leafWriter encodes one leaf. Its memory is its own, so that leaves can be encoded side by side.
//
// Each row group decides anew whether a chunk has a dictionary: where its first stripe, and then its first page, repeats itself. A
// dictionary that grows too large is closed, and the chunk goes on in plain encoding.
type leafWriter struct {
	leaf
	codec     codec
	pageBytes int
	lv        levels

	page           page
	chunk          chunk
	data           store
	dictionaryPage store

	byDictionary bool // the open page's values are places in the dictionary
	dictionary   dictionary

	numbers []uint64 // a stripe's values: integers, or the bits of float64

	took time.Duration // the longest that a piece of work took of late
}

const dictionaryLimit = 1 << 20 // bytes

// begin begins a chunk.
func (l *leafWriter) begin() {
	l.chunk = chunk{}
	l.page.reset()
	l.dictionary.reset()
	switch l.physical {
	case physicalBool, physicalFixed:
		l.byDictionary = false
	default:
		l.byDictionary = true // until the first stripe says otherwise
	}
}

// write encodes rows [lo, hi) of the leaf's field: a stripe. Row i of the column is row i+base of the file, for messages.
func (l *leafWriter) write(c *column.Column, lo, hi int, base int64) error {
	if hi-lo > 1 && (len(l.steps) > 0 || l.physical == physicalBytes) && sizeOf(c, lo, hi) > 2*int64(l.pageBytes) {
		mid := lo + (hi-lo)/2 // values so long that the stripe is more than a page
		if err := l.write(c, lo, mid, base); err != nil {
			return err
		}
		return l.write(c, mid, hi, base)
	}
	first := l.chunk.rows == 0 && l.page.rows == 0
	if l.typ.Kind == selfsame.Unknown {
		l.lv.none(hi - lo)
	} else if len(l.steps) > 0 {
		c = l.lv.nested(c, lo, hi, l.steps)
		lo, hi = 0, 0
	} else if !l.lv.flat(c, lo, hi) {
		lo, hi = 0, 0
	}
	n := max(hi-lo, len(l.lv.places))
	if l.typ.Kind == selfsame.Unknown {
		n = 0
	}
	l.page.def = append(roomy(l.page.def, len(l.lv.def)), l.lv.def...)
	l.page.rep = append(roomy(l.page.rep, len(l.lv.rep)), l.lv.rep...)
	l.page.nulls += len(l.lv.def) - n
	l.page.rows += l.lv.rows
	if n > 0 {
		if err := l.values(c, lo, hi, base); err != nil {
			return err
		}
	}
	return l.turn(first, n)
}

// turn ends the page, or the use of the dictionary, where it is time. n values were written last, the first of the chunk where first is set.
func (l *leafWriter) turn(first bool, n int) error {
	full := l.page.bytes+len(l.page.def)/8 >= l.pageBytes
	switch {
	case !l.byDictionary:
	case first && 8*l.dictionary.count() > dictionaryUp*n:
		l.dropDictionary()
	case l.dictionary.size > dictionaryLimit:
		l.reconsider()
		if err := l.endPage(); err != nil {
			return err
		}
		l.byDictionary = false
	}
	if full {
		l.reconsider()
		return l.endPage()
	}
	return nil
}

// reconsider drops the dictionary at the end of the chunk's first page where new values keep coming: more than one in three.
func (l *leafWriter) reconsider() {
	if l.byDictionary && l.chunk.byDictionary == 0 && 3*l.dictionary.count() > len(l.page.places) {
		l.dropDictionary()
	}
}

// dropDictionary goes on in plain encoding with the values of the open page.
func (l *leafWriter) dropDictionary() {
	l.page.plain = l.dictionary.expand(l.page.plain, l.page.places, l.width())
	l.page.places = l.page.places[:0]
	l.byDictionary = false
}

// width is the bytes of a number.
func (l *leaf) width() int {
	if l.physical == physicalInt32 || l.physical == physicalFloat {
		return 4
	}
	return 8
}

// values encodes values [lo, hi) of c, or those at the leaf's places where the range is empty.
func (l *leafWriter) values(c *column.Column, lo, hi int, base int64) error {
	switch l.physical {
	case physicalBool:
		l.bools(c, lo, hi)
		return nil
	case physicalBytes:
		l.texts(c, lo, hi)
		return nil
	case physicalFixed:
		l.decimals(c, lo, hi)
		return nil
	}
	var err error
	switch {
	case l.physical == physicalDouble:
		l.floats(c, lo, hi)
	case l.physical == physicalFloat:
		err = l.narrowFloats(c, lo, hi, base)
	case l.physical == physicalInt32:
		err = l.narrow(c, lo, hi, base)
	default:
		l.ints(c, lo, hi)
	}
	if err != nil {
		return err
	}
	p := &l.page
	if l.physical == physicalDouble || l.physical == physicalFloat {
		p.bounds.floats(l.numbers)
	} else {
		p.bounds.ints(l.numbers)
	}
	if l.physical == physicalFloat {
		for i, v := range l.numbers {
			l.numbers[i] = uint64(math.Float32bits(float32(math.Float64frombits(v))))
		}
	}
	p.bytes += len(l.numbers) * l.width()
	if l.byDictionary {
		p.places = l.dictionary.appendNumbers(p.places, l.numbers, l.width())
	} else {
		p.plain = appendNumbers(p.plain, l.numbers, l.width())
	}
	return nil
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

// room returns numbers with room for the values of a range, or of the places.
func (l *leafWriter) room(lo, hi int) []uint64 {
	n := hi - lo
	if n == 0 {
		n = len(l.lv.places)
	}
	if cap(l.numbers) < n {
		l.numbers = make([]uint64, n)
	}
	l.numbers = l.numbers[:n]
	return l.numbers
}

func (l *leafWriter) floats(c *column.Column, lo, hi int) {
	out := l.room(lo, hi)
	for i, v := range c.Floats[lo:hi] {
		out[i] = math.Float64bits(v)
	}
	if lo == hi {
		for k, i := range l.lv.places {
			out[k] = math.Float64bits(c.Floats[i])
		}
	}
}

func (l *leafWriter) ints(c *column.Column, lo, hi int) {
	out := l.room(lo, hi)
	if l.typ.Kind == selfsame.Decimal {
		n := 0
		l.over(lo, hi, func(i int) { out[n] = c.Decimals[i].Lo; n++ })
		return
	}
	for i, v := range c.Ints[lo:hi] {
		out[i] = uint64(v)
	}
	if lo == hi {
		for k, i := range l.lv.places {
			out[k] = uint64(c.Ints[i])
		}
	}
}

func (l *leafWriter) bools(c *column.Column, lo, hi int) {
	var seen [2]bool
	l.over(lo, hi, func(i int) {
		v := uint8(0)
		if c.Bools[i] {
			v = 1
		}
		seen[v] = true
		l.page.bools = append(l.page.bools, v)
		l.page.bytes++
	})
	for v, s := range seen {
		if s {
			l.page.bounds.bytes([]byte{byte(v)}, l.compare)
		}
	}
}

func (l *leafWriter) texts(c *column.Column, lo, hi int) {
	p := &l.page
	l.over(lo, hi, func(i int) {
		text := c.Str(i)
		p.bounds.bytes(text, l.compare)
		p.bytes += 4 + len(text)
		if l.byDictionary {
			p.places = append(p.places, l.dictionary.number(text))
		} else {
			p.plain = appendText(p.plain, text)
		}
	})
}

// decimals appends 16 bytes a value, big-endian two's complement.
func (l *leafWriter) decimals(c *column.Column, lo, hi int) {
	p := &l.page
	l.over(lo, hi, func(i int) {
		at := len(p.plain)
		p.plain = binary.BigEndian.AppendUint64(p.plain, uint64(c.Decimals[i].Hi))
		p.plain = binary.BigEndian.AppendUint64(p.plain, c.Decimals[i].Lo)
		p.bounds.bytes(p.plain[at:], l.compare)
		p.bytes += 16
	})
}

// narrow fills numbers with dates or with int64 cast to int32.
func (l *leafWriter) narrow(c *column.Column, lo, hi int, base int64) (err error) {
	l.numbers = l.numbers[:0]
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
		l.numbers = append(l.numbers, uint64(v))
	})
	return err
}

// narrowFloats fills numbers with the bits of float64 values that are float32 values.
func (l *leafWriter) narrowFloats(c *column.Column, lo, hi int, base int64) (err error) {
	l.numbers = l.numbers[:0]
	l.over(lo, hi, func(i int) {
		if l.typ.Kind == selfsame.Int64 {
			l.numbers = append(l.numbers, math.Float64bits(float64(float32(c.Ints[i]))))
			return
		}
		v := c.Floats[i]
		if !offline.FitsFloat32(v) && err == nil {
			err = offline.CastError(l.name, base+int64(i), formatFloat(v), "float32")
		}
		l.numbers = append(l.numbers, math.Float64bits(float64(float32(v))))
	})
	return err
}
