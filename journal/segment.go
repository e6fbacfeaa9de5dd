// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"selfsame"
)

// A segment:
//
//	+-----------+----------------+   then frames:   +---------------+-------+-----------------------+---------+
//	| SSJOURN1  | 8 bytes: time  |                  | 4: length n   | 4: ¬n | 4: CRC-32C of content | content |
//	| 8 bytes   | of creation    |                  | of content    |       |                       | n bytes |
//	+-----------+----------------+                  +---------------+-------+-----------------------+---------+
//
// Numbers are least significant byte first.
const (
	magic       = "SSJOURN1"
	headerBytes = len(magic) + 8
	frameBytes  = 12
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// segment is one file of a journal.
type segment struct {
	number int64
	path   string
	bytes  int64
}

func segmentPath(dir string, number int64) string {
	return filepath.Join(dir, fmt.Sprintf("%06d.log", number))
}

// segments lists the segments of a folder, oldest first. A folder that is not there has none.
func segments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fileError(dir, "cannot be read", err)
	}
	var out []segment
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".log")
		number, err := strconv.ParseInt(name, 10, 64)
		if !ok || err != nil || number < 1 || len(name) < 6 {
			continue
		}
		s := segment{number: number, path: filepath.Join(dir, e.Name())}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // retention was faster
		}
		if err != nil {
			return nil, fileError(s.path, "cannot be read", err)
		}
		s.bytes = info.Size()
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b segment) int { return int(a.number - b.number) })
	return out, nil
}

func appendHeader(b []byte, created int64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, magic...), uint64(created))
}

// seal writes length and checksum of the content that begins frameBytes after start.
func seal(b []byte, start int) {
	content := b[start+frameBytes:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(content)))
	binary.LittleEndian.PutUint32(b[start+4:], ^uint32(len(content)))
	binary.LittleEndian.PutUint32(b[start+8:], crc32.Checksum(content, castagnoli))
}

// created returns the time at which a segment was begun, ok false where it holds no whole header.
func created(path string) (at int64, ok bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fileError(path, "cannot be read", err)
	}
	defer f.Close()
	var b [headerBytes]byte
	n, _ := f.ReadAt(b[:], 0)
	if n < headerBytes {
		return 0, false, nil
	}
	if string(b[:len(magic)]) != magic {
		return 0, false, damaged(path, 0, "it does not begin as a segment does")
	}
	return int64(binary.LittleEndian.Uint64(b[len(magic):])), true, nil
}

func fileError(path, message string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Ref: "journal", Message: message, Err: err,
		Hint: "check the disk and the rights of the data directory"}
}

func damaged(path string, offset int64, message string) error {
	return &selfsame.Error{Class: selfsame.ClassResource, Pos: selfsame.Pos{File: path}, Ref: "journal, offset " + strconv.FormatInt(offset, 10),
		Message: "the segment is damaged: " + message, Hint: "bring the segment back from a copy, or move it away: the other segments stand alone"}
}
