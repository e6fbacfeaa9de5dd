// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math"
	"reflect"
	"strings"
	"testing"

	"selfsame"
)

var tokens = []Token{
	{},
	{Offset: 1},
	{Offset: math.MaxInt64, Snapshot: [16]byte{0xff, 1, 2, 15: 9}},
	{Offset: 300, Snapshot: [16]byte{7}, Ranges: []TokenRange{{Source: 0, Lo: math.MinInt64, Hi: -1}, {Source: math.MaxUint64, Lo: 5, Hi: math.MaxInt64}}},
}

// TestTokenBytes pins docs/format/cut.md: these bytes are contract.
func TestTokenBytes(t *testing.T) {
	for _, c := range []struct {
		token Token
		want  string // without the checksum
	}{
		{Token{}, "01" + "00" + strings.Repeat("00", 16) + "00"},
		{Token{Offset: 300}, "01" + "ac02" + strings.Repeat("00", 16) + "00"},
		{Token{Offset: 1, Snapshot: [16]byte{0xab, 15: 0xcd}, Ranges: []TokenRange{{Source: 2, Lo: -1, Hi: 64}}},
			"01" + "01" + "ab" + strings.Repeat("00", 14) + "cd" + "01" + "02" + "01" + "8001"},
	} {
		b, err := base64.RawURLEncoding.DecodeString(c.token.String())
		if err != nil {
			t.Fatal(err)
		}
		body := b[:len(b)-4]
		if got := hex.EncodeToString(body); got != c.want {
			t.Errorf("%+v: %s, want %s", c.token, got, c.want)
		}
		if got, want := binary.BigEndian.Uint32(b[len(b)-4:]), crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)); got != want {
			t.Errorf("%+v: checksum %08x, want %08x", c.token, got, want)
		}
	}
}

func TestTokenRoundTrip(t *testing.T) {
	for _, want := range tokens {
		got, err := ParseToken(want.String())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v came back as %+v, %v", want, got, err)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	seal := func(b ...byte) string {
		b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, tokenCRC))
		return base64.RawURLEncoding.EncodeToString(b)
	}
	nothing := make([]byte, 16)
	for _, c := range []struct{ name, token, want string }{
		{"empty", "", "no cut token"},
		{"not base64", "a token!", "no cut token"},
		{"padded", Token{}.String() + "=", "no cut token"},
		{"form 0", seal(0, 1, 2, 3, 4, 5), "no cut token"},
		{"form 2", seal(2, 1), "form 2, this version of Selfsame reads form 1"},
		{"short", seal(1, 0), "damaged"},
		{"more behind", seal(append(append([]byte{1, 0}, nothing...), 0, 0)...), "damaged"},
		{"long number", seal(append(append([]byte{1, 0x80, 0}, nothing...), 0)...), "damaged"},
		{"ranges that are not there", seal(append(append([]byte{1, 0}, nothing...), 0xff, 0xff, 0xff, 0x0f)...), "damaged"},
		{"offset beyond int64", seal(append(append([]byte{1}, binary.AppendUvarint(nil, 1<<63)...), append(nothing, 0)...)...), "damaged"},
		{"one bit", flip(Token{Offset: 77}.String()), "checksum"},
	} {
		_, err := ParseToken(c.token)
		if err == nil || !strings.Contains(err.Error(), c.want) || selfsame.ClassOf(err) != selfsame.ClassInput {
			t.Errorf("%s: %v, want an error of class input with %q", c.name, err, c.want)
		}
	}
}

func flip(s string) string {
	b, _ := base64.RawURLEncoding.DecodeString(s)
	b[5] ^= 0x10
	return base64.RawURLEncoding.EncodeToString(b)
}

func FuzzToken(f *testing.F) {
	for _, t := range tokens {
		f.Add(t.String())
	}
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, s string) {
		token, err := ParseToken(s)
		if err == nil && token.String() != s {
			t.Errorf("%q reads as %+v, whose text is %q", s, token, token)
		}
	})
}
