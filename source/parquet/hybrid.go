// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// hybrid reads numbers in Parquet's RLE/bit-packing hybrid: runs of one number, and runs of packed numbers in groups of eight.
type hybrid struct {
	data  []byte // behind the run at hand
	width int    // bits of a number, at most 32

	run    int    // numbers that are left of the run at hand
	packed []byte // of a packed run; nil: every number is value
	bit    int    // of packed, where the next number begins
	value  uint32
}

var errTruncated = errors.New("a page ends within its values")

// open begins a page's numbers.
func (h *hybrid) open(data []byte, width int) error {
	if width < 0 || width > 32 {
		return errors.New("a page says its numbers are wider than 32 bits")
	}
	*h = hybrid{data: data, width: width}
	return nil
}

// openBits begins numbers of one bit in the older form, the first in the highest bit of a byte.
func (h *hybrid) openBits(data []byte, n int) {
	turned := make([]byte, len(data))
	for i, b := range data {
		turned[i] = bits.Reverse8(b)
	}
	*h = hybrid{width: 1, run: n, packed: turned}
}

// refill reads the header of the next run that is not empty.
func (h *hybrid) refill() error {
	for h.run == 0 {
		header, n := binary.Uvarint(h.data)
		if n <= 0 || header>>1 > 1<<31 {
			return errTruncated
		}
		h.data = h.data[n:]
		if header&1 == 0 {
			size := (h.width + 7) / 8
			if len(h.data) < size {
				return errTruncated
			}
			var word [4]byte
			copy(word[:], h.data[:size])
			h.value, h.packed, h.run = binary.LittleEndian.Uint32(word[:]), nil, int(header>>1)
			h.data = h.data[size:]
			continue
		}
		size := min(int(header>>1)*h.width, len(h.data)) // the last group may be cut short
		h.packed, h.bit, h.run = h.data[:size:size], 0, int(header>>1)*8
		h.data = h.data[size:]
	}
	return nil
}

// repeated returns how many of the next numbers, at most n, are known to be v without reading each, and goes beyond them.
func (h *hybrid) repeated(v uint32, n int) int {
	if h.refill() != nil || h.packed != nil || h.value != v {
		return 0
	}
	n = min(n, h.run)
	h.run -= n
	return n
}

// read fills out.
func (h *hybrid) read(out []uint32) error {
	for len(out) > 0 {
		if err := h.refill(); err != nil {
			return err
		}
		n := min(len(out), h.run)
		if h.packed == nil {
			for i := range out[:n] {
				out[i] = h.value
			}
		} else if err := h.unpack(out[:n]); err != nil {
			return err
		}
		h.run -= n
		out = out[n:]
	}
	return nil
}

// unpack reads numbers of a packed run.
func (h *hybrid) unpack(out []uint32) error {
	if h.bit+len(out)*h.width > 8*len(h.packed) {
		return errTruncated
	}
	mask, width, bit := uint64(1)<<h.width-1, h.width, h.bit
	i := 0
	for ; i < len(out) && bit>>3+8 <= len(h.packed); i++ {
		out[i] = uint32(binary.LittleEndian.Uint64(h.packed[bit>>3:]) >> (bit & 7) & mask)
		bit += width
	}
	for ; i < len(out); i++ { // the last bytes
		var word [8]byte
		copy(word[:], h.packed[bit>>3:])
		out[i] = uint32(binary.LittleEndian.Uint64(word[:]) >> (bit & 7) & mask)
		bit += width
	}
	h.bit = bit
	return nil
}
