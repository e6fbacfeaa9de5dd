// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"math/bits"
)

// appendHybrid appends numbers of the given width in Parquet's RLE/bit-packing hybrid: as one run where they are all equal, else
// packed, in groups of eight with the last filled up. Every number is below 1<<width, width is at least 1, and there is a number.
//
// A mixture of runs would be smaller now and then; what is packed is compressed after, which finds the runs too.
func appendHybrid[T uint8 | uint32](b []byte, numbers []T, width int) []byte {
	if allEqual(numbers) {
		b = binary.AppendUvarint(b, uint64(len(numbers))<<1)
		v := uint32(numbers[0])
		for range (width + 7) / 8 {
			b = append(b, byte(v))
			v >>= 8
		}
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(numbers)+7)/8<<1|1)
	if width == 1 {
		return appendBits(b, numbers)
	}
	return appendPacked(b, numbers, width)
}

func allEqual[T uint8 | uint32](numbers []T) bool {
	for _, v := range numbers {
		if v != numbers[0] {
			return false
		}
	}
	return true
}

// appendPacked appends the numbers' low bits one after the other, the first in the lowest bits of the first byte.
func appendPacked[T uint8 | uint32](b []byte, numbers []T, width int) []byte {
	end := len(b) + (len(numbers)+7)/8*width
	var held uint64 // bits that are not yet written
	n := 0          // how many
	for _, v := range numbers {
		held |= uint64(v) << n
		if n += width; n >= 32 {
			b = binary.LittleEndian.AppendUint32(b, uint32(held))
			held >>= 32
			n -= 32
		}
	}
	for ; n > 0; n -= 8 {
		b = append(b, byte(held))
		held >>= 8
	}
	for len(b) < end {
		b = append(b, 0)
	}
	return b
}

// appendBits is appendPacked for numbers that are 0 or 1.
func appendBits[T uint8 | uint32](b []byte, numbers []T) []byte {
	for len(numbers) >= 8 {
		n := numbers[:8]
		b = append(b, byte(n[0]|n[1]<<1|n[2]<<2|n[3]<<3|n[4]<<4|n[5]<<5|n[6]<<6|n[7]<<7))
		numbers = numbers[8:]
	}
	if len(numbers) == 0 {
		return b
	}
	var last byte
	for i, v := range numbers {
		last |= byte(v) << i
	}
	return append(b, last)
}

// widthOf is how many bits numbers up to this one take.
func widthOf(most int) int { return max(1, bits.Len(uint(most))) }
