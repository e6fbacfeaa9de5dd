// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
)

// Pebble takes a chunk of its newest log that cannot be read for the torn end of a crash, unless a chunk in a later block of 32 KiB says that
// more than that was synced; what it says is less than what was. Damage would so be taken for the end, and acknowledged writes would vanish without a
// word. Here every batch is synced before the next is written (Options.Pebble): where a later batch begins, all before it was acknowledged. checkTail
// looks for such a beginning behind the place where the chunks end. A chunk:
//
//	+----------------+-----------+------+------------------+-----------------------+---------+
//	| checksum 4, LE | length 2  | type | number of the    | types 9 to 12: how    | payload |
//	| of what follows the length  | 1    | log 4, LE        | far it is synced, 8   |         |
//	+----------------+-----------+------+------------------+-----------------------+---------+
const (
	walBlock     = 32 << 10
	chunkHeader  = 7 // checksum, length and type
	numberBytes  = 4
	syncedHeader = chunkHeader + numberBytes + 8
	firstSynced  = 9 // types: four with the sync offset, full, first, middle, last
	firstNumber  = 5 // and four without
	kinds        = 4
)

// checkTail returns an error of class internal where the newest log below path has lost what was acknowledged.
func checkTail(disk vfs.FS, path string) error {
	names, err := disk.List(path)
	if err != nil {
		return err
	}
	number, name := uint64(0), ""
	for _, n := range names {
		if digits, ok := strings.CutSuffix(n, ".log"); ok {
			if v, err := strconv.ParseUint(digits, 10, 32); err == nil && v >= number {
				number, name = v, n
			}
		}
	}
	if name == "" {
		return nil
	}
	file, err := disk.Open(disk.PathJoin(path, name))
	if err != nil {
		return err
	}
	at, err := lost(file, uint32(number))
	if err = errors.Join(err, file.Close()); err == nil && at >= 0 {
		return &selfsame.Error{Class: selfsame.ClassInternal, Pos: selfsame.Pos{File: disk.PathJoin(path, name)},
			Message: fmt.Sprintf("the file is damaged at byte %d: what was acknowledged from there on cannot be read", at), Hint: "restore the data directory from a copy"}
	}
	return err
}

// lost returns where the chunks of a log end although a batch begins behind; -1: nowhere.
func lost(file io.Reader, number uint32) (int64, error) {
	block := make([]byte, walBlock)
	end := int64(-1) // where the chunks end that follow each other from the beginning
	for base := int64(0); ; base += walBlock {
		n, err := io.ReadFull(file, block)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return -1, err
		}
		b := block[:n]
		from := 0
		if end < 0 {
			if from = walk(b, number); from < 0 {
				if n < walBlock {
					return -1, nil
				}
				continue
			}
			end = base + int64(from)
		}
		if begins(b[from:], number) {
			return end, nil
		}
		if n < walBlock {
			return -1, nil
		}
	}
}

// chunkAt returns the bytes of the chunk at the start of b, 0 where there is none, and whether a batch begins with it.
func chunkAt(b []byte, number uint32) (size int, first bool) {
	if len(b) < chunkHeader+numberBytes {
		return 0, false
	}
	kind, header := b[6], chunkHeader+numberBytes
	if kind >= firstSynced {
		header = syncedHeader
	}
	size = header + int(binary.LittleEndian.Uint16(b[4:]))
	if kind < firstNumber || kind >= firstSynced+kinds || size > len(b) || binary.LittleEndian.Uint32(b[chunkHeader:]) != number {
		return 0, false
	}
	sum := crc32.Checksum(b[6:size], castagnoli)
	if binary.LittleEndian.Uint32(b) != (sum>>15|sum<<17)+0xa282ead8 {
		return 0, false
	}
	return size, (kind-firstNumber)%kinds < 2
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// walk follows the chunks of a block and returns where they end before the block does; -1: they do not.
func walk(b []byte, number uint32) int {
	for at := 0; ; {
		rest := b[at:]
		if len(rest) < syncedHeader && strings.Trim(string(rest), "\x00") == "" {
			return -1 // padding
		}
		n, _ := chunkAt(rest, number)
		if n == 0 {
			return at
		}
		at += n
	}
}

// begins reports whether a batch begins anywhere in b.
func begins(b []byte, number uint32) bool {
	for at := range b {
		if at+chunkHeader+numberBytes <= len(b) && binary.LittleEndian.Uint32(b[at+chunkHeader:]) == number {
			if _, first := chunkAt(b[at:], number); first {
				return true
			}
		}
	}
	return false
}
