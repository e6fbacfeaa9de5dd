// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"math/bits"
)

// dictionary numbers the distinct values of a column chunk in the order in which they come. Only one of its halves is in use.
type dictionary struct {
	numbers []uint64 // distinct numbers
	slots   []uint32 // open addressing: place in numbers, plus 1; a power of two of them, at most half in use
	shift   uint     // 64 - log2 of their number

	texts map[string]uint32
	plain []byte // distinct texts, encoded
	size  int    // bytes that the values take
}

const (
	firstSlots   = 1 << 10
	goldenRatio  = 0x9E3779B97F4A7C15
	dictionaryUp = 7 // of 8 values of the first stripe may be distinct where a dictionary is tried
)

// reset empties the dictionary and keeps its memory.
func (d *dictionary) reset() {
	d.numbers, d.plain, d.size = d.numbers[:0], d.plain[:0], 0
	clear(d.slots)
	clear(d.texts)
}

// count is the number of distinct values.
func (d *dictionary) count() int { return max(len(d.numbers), len(d.texts)) }

// appendNumbers appends the places of values.
func (d *dictionary) appendNumbers(places []uint32, values []uint64, width int) []uint32 {
	places = roomy(places, len(values))
	for _, v := range values {
		if 2*len(d.numbers) >= len(d.slots) {
			d.grow()
		}
		mask := uint64(len(d.slots) - 1)
		at := v * goldenRatio >> d.shift
		for {
			s := d.slots[at&mask]
			if s == 0 {
				d.numbers = append(d.numbers, v)
				s = uint32(len(d.numbers))
				d.slots[at&mask] = s
				d.size += width
			} else if d.numbers[s-1] != v {
				at++
				continue
			}
			places = append(places, s-1)
			break
		}
	}
	return places
}

// grow doubles the slots.
func (d *dictionary) grow() {
	d.slots = make([]uint32, max(firstSlots, 2*len(d.slots)))
	d.shift = uint(64 - bits.Len(uint(len(d.slots)-1)))
	mask := uint64(len(d.slots) - 1)
	for i, v := range d.numbers {
		at := v * goldenRatio >> d.shift
		for d.slots[at&mask] != 0 {
			at++
		}
		d.slots[at&mask] = uint32(i + 1)
	}
}

// number returns the place of a text.
func (d *dictionary) number(text []byte) uint32 {
	if n, ok := d.texts[string(text)]; ok {
		return n
	}
	if d.texts == nil {
		d.texts = map[string]uint32{}
	}
	n := uint32(len(d.texts))
	d.texts[string(text)] = n
	d.plain = appendText(d.plain, text)
	d.size = len(d.plain)
	return n
}

// expand appends the values at places in plain encoding.
func (d *dictionary) expand(b []byte, places []uint32, width int) []byte {
	if len(d.texts) == 0 {
		b = roomy(b, len(places)*width)
		for _, p := range places {
			b = appendNumbers(b, d.numbers[p:p+1], width)
		}
		return b
	}
	var starts []int
	for at := 0; at < len(d.plain); at += 4 + int(binary.LittleEndian.Uint32(d.plain[at:])) {
		starts = append(starts, at)
	}
	starts = append(starts, len(d.plain))
	for _, p := range places {
		b = append(b, d.plain[starts[p]:starts[p+1]]...)
	}
	return b
}

// appendTo appends the distinct values in plain encoding.
func (d *dictionary) appendTo(b []byte, width int) []byte {
	return appendNumbers(append(b, d.plain...), d.numbers, width)
}

// appendNumbers appends the low bytes of numbers, little-endian: 4 or 8 of each.
func appendNumbers(b []byte, numbers []uint64, width int) []byte {
	at := len(b)
	b = roomy(b, len(numbers)*width)[:at+len(numbers)*width]
	out := b[at:]
	if width == 4 {
		for i, v := range numbers {
			binary.LittleEndian.PutUint32(out[4*i:], uint32(v))
		}
		return b
	}
	for i, v := range numbers {
		binary.LittleEndian.PutUint64(out[8*i:8*i+8], v)
	}
	return b
}

func appendText(b, text []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(text))), text...)
}

// roomy returns b with room for n more. It at least doubles, so that a page's memory is soon large enough for the pages that follow.
func roomy[T any](b []T, n int) []T {
	if cap(b)-len(b) >= n {
		return b
	}
	return append(make([]T, 0, max(2*cap(b), len(b)+n)), b...)
}
