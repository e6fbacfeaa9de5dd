// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package exact

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrEncoding is the cause of every CorruptError.
var ErrEncoding = errors.New("not a canonical encoding")

// CorruptError says at which byte an encoded state stops being canonical, and why.
type CorruptError struct {
	Offset int    // of the first wrong byte, from the start of what was decoded
	What   string // what is wrong there
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("byte %d: %s: %s", e.Offset, e.What, ErrEncoding)
}

// Unwrap returns ErrEncoding.
func (e *CorruptError) Unwrap() error { return ErrEncoding }

// Zigzag maps small integers of either sign to small unsigned ones: 0, -1, 1, -2 … to 0, 1, 2, 3 …
func Zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

// Unzigzag is the inverse of Zigzag.
func Unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

// AppendUvarint appends u in 1 to 10 bytes of seven bits, least significant first.
func AppendUvarint(b []byte, u uint64) []byte { return binary.AppendUvarint(b, u) }

// AppendVarint appends v as the uvarint of its zigzag.
func AppendVarint(b []byte, v int64) []byte { return binary.AppendUvarint(b, Zigzag(v)) }

// Decoder reads a canonical encoding from front to back. The first error sticks: after it every read gives zero.
type Decoder struct {
	b   []byte
	off int
	err error
}

// NewDecoder returns a decoder of b, which it reads and never changes.
func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

// Offset is the number of bytes read.
func (d *Decoder) Offset() int { return d.off }

// Len is the number of bytes left.
func (d *Decoder) Len() int { return len(d.b) - d.off }

// Err returns the first error, a *CorruptError, or nil.
func (d *Decoder) Err() error { return d.err }

// End returns the first error; bytes that are left over are one.
func (d *Decoder) End() error {
	if d.err == nil && d.off != len(d.b) {
		d.Corrupt(d.off, "more bytes than the value has")
	}
	return d.err
}

// Corrupt records that the byte at offset is wrong. An earlier error stays.
func (d *Decoder) Corrupt(offset int, what string) {
	if d.err == nil {
		d.err = &CorruptError{Offset: offset, What: what}
	}
	d.off = len(d.b)
}

// Byte reads one byte.
func (d *Decoder) Byte() byte {
	if d.off >= len(d.b) {
		d.Corrupt(len(d.b), "the bytes end early")
		return 0
	}
	d.off++
	return d.b[d.off-1]
}

// Bytes reads n bytes. They belong to the decoder's input.
func (d *Decoder) Bytes(n uint64) []byte {
	if n > uint64(d.Len()) {
		d.Corrupt(len(d.b), "the bytes end early")
		return nil
	}
	d.off += int(n)
	return d.b[d.off-int(n) : d.off]
}

// Uvarint reads a uvarint of the fewest bytes that hold it.
func (d *Decoder) Uvarint() uint64 {
	start := d.off
	u, n := binary.Uvarint(d.b[start:])
	switch {
	case n == 0:
		d.Corrupt(len(d.b), "the bytes end early")
		return 0
	case n < 0:
		d.Corrupt(start, "an integer of more than 64 bits")
		return 0
	case n > 1 && d.b[start+n-1] == 0:
		d.Corrupt(start, "an integer of more bytes than it needs")
		return 0
	}
	d.off += n
	return u
}

// Varint reads the uvarint of a zigzag.
func (d *Decoder) Varint() int64 { return Unzigzag(d.Uvarint()) }

// Uint64 reads 8 bytes, big-endian.
func (d *Decoder) Uint64() uint64 {
	if b := d.Bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Integer reads an exact integer as AppendInteger writes it: bytes of two's complement, least significant first, of which the first
// stands at byte pos. Zero has no bytes. It refuses an integer that reaches beyond size bytes.
func (d *Decoder) Integer(size int) (pos int, b []byte) {
	start := d.off
	n := d.Uvarint()
	if n == 0 {
		return 0, nil
	}
	p := d.Uvarint()
	if d.err == nil && (n > uint64(size) || p > uint64(size) || n+p > uint64(size)) {
		d.Corrupt(start, "an integer out of range")
		return 0, nil
	}
	at := d.off
	if b = d.Bytes(n); b == nil {
		return 0, nil
	}
	if b[0] == 0 {
		d.Corrupt(at, "a zero byte that belongs to the position")
		return 0, nil
	}
	if redundant(b) {
		d.Corrupt(at+len(b)-1, "a byte that only repeats the sign")
		return 0, nil
	}
	return int(p), b
}

// redundant reports whether the last byte only repeats the sign of the one before.
func redundant(b []byte) bool {
	n := len(b)
	if n < 2 {
		return false
	}
	return (b[n-1] == 0 && b[n-2] < 0x80) || (b[n-1] == 0xff && b[n-2] >= 0x80)
}

// AppendInteger appends an exact integer: bytes of two's complement, least significant first, of which the first stands at byte
// pos. docs/format/exact.md draws it:
//
//	uvarint(len) uvarint(pos) byte[len]     value = bytes * 2^(8*pos)
//
// Low zero bytes and high bytes that repeat the sign are left out, so equal integers have equal bytes; zero is the one byte 0.
func AppendInteger(b, twos []byte, pos int) []byte {
	for len(twos) > 0 && twos[0] == 0 {
		twos = twos[1:]
		pos++
	}
	for redundant(twos) {
		twos = twos[:len(twos)-1]
	}
	if len(twos) == 0 {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(twos)))
	b = binary.AppendUvarint(b, uint64(pos))
	return append(b, twos...)
}
