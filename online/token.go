// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"selfsame"
)

// Token is a position cut: what a read knew. docs/format/cut.md draws its bytes:
//
//	+------+---------------------+---------------------+----------------------------+------------------------------+
//	| 0x01 | uvarint log offset  | 16 bytes: snapshot  | uvarint n, then n times:   | 4 bytes: CRC-32C of all      |
//	| form | (0: no live log)    | (0…0: no history)   | source id, lo, hi of τ     | that stands before           |
//	+------+---------------------+---------------------+----------------------------+------------------------------+
//
// The zero Token is the cut that knows nothing.
type Token struct {
	Offset   int64        // next log offset, >= 0: the cut holds what lies below it
	Snapshot [16]byte     // of the history files; zero: no history
	Ranges   []TokenRange // the parts of history that were loaded, where a load was partial
}

// TokenRange is the event times [Lo, Hi) of one source's history that were loaded.
type TokenRange struct {
	Source uint64 // place of the source among those of the snapshot
	Lo, Hi int64
}

const tokenForm = 0x01

var (
	tokenText = base64.RawURLEncoding.Strict()
	tokenCRC  = crc32.MakeTable(crc32.Castagnoli)
)

// String is the token as it travels: base64url without padding. Equal cuts have one text.
func (t Token) String() string { return string(t.AppendText(nil)) }

// AppendText appends the token as it travels.
func (t Token) AppendText(dst []byte) []byte {
	var room [64]byte
	b := binary.AppendUvarint(append(room[:0], tokenForm), uint64(t.Offset))
	b = append(b, t.Snapshot[:]...)
	b = binary.AppendUvarint(b, uint64(len(t.Ranges)))
	for _, r := range t.Ranges {
		b = binary.AppendUvarint(b, r.Source)
		b = binary.AppendVarint(b, r.Lo)
		b = binary.AppendVarint(b, r.Hi)
	}
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, tokenCRC))
	return tokenText.AppendEncode(dst, b)
}

// ParseToken reads a token. Its errors are of class input: not a token, a later form, damaged.
func ParseToken(s string) (Token, error) {
	b, err := tokenText.DecodeString(s)
	switch {
	case err != nil || len(b) < 2:
		return Token{}, tokenError(s, "it is no cut token")
	case b[0] > tokenForm:
		return Token{}, tokenError(s, fmt.Sprintf("it is a cut token of form %d, this version of Selfsame reads form %d", b[0], tokenForm))
	case b[0] != tokenForm || len(b) < 5:
		return Token{}, tokenError(s, "it is no cut token")
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, tokenCRC) != sum {
		return Token{}, tokenError(s, "the cut token is damaged: its checksum differs")
	}
	t, ok := decodeToken(body[1:])
	if !ok || t.String() != s { // a number of more bytes than it needs would give one cut two texts
		return Token{}, tokenError(s, "the cut token is damaged")
	}
	return t, nil
}

func decodeToken(b []byte) (t Token, ok bool) {
	offset, n := binary.Uvarint(b)
	if n <= 0 || offset > math.MaxInt64 || len(b) < n+len(t.Snapshot) {
		return t, false
	}
	t.Offset = int64(offset)
	b = b[n+copy(t.Snapshot[:], b[n:]):]
	count, n := binary.Uvarint(b)
	if n <= 0 {
		return t, false
	}
	b = b[n:]
	if count > uint64(len(b))/3 { // a range is three bytes at least
		return t, false
	}
	t.Ranges = slices.Grow(t.Ranges, int(count))
	for range count {
		var r TokenRange
		var n1, n2, n3 int
		if r.Source, n1 = binary.Uvarint(b); n1 <= 0 {
			return t, false
		}
		if r.Lo, n2 = binary.Varint(b[n1:]); n2 <= 0 {
			return t, false
		}
		if r.Hi, n3 = binary.Varint(b[n1+n2:]); n3 <= 0 {
			return t, false
		}
		b = b[n1+n2+n3:]
		t.Ranges = append(t.Ranges, r)
	}
	return t, len(b) == 0
}

func tokenError(s, message string) error {
	if len(s) > 80 {
		s = s[:80] + "…"
	}
	return &selfsame.Error{Class: selfsame.ClassInput, Ref: fmt.Sprintf("cut %q", s), Message: message,
		Hint: "give the `cut` of an answer as it came, without quotes or padding"}
}
