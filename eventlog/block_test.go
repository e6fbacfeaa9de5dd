// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/eventlog/eventlogtest"
)

// blocks draws admitted blocks.
func blocks(rng *rand.Rand, n int) []*eventlog.Block {
	var out []*eventlog.Block
	for len(out) < n {
		for _, a := range eventlogtest.Group(rng, eventlogtest.Start) {
			eventlog.Admit(a, eventlogtest.Start)
			if a.Admitted != nil {
				a.Admitted.First = rng.Int64N(1 << 40)
				out = append(out, a.Admitted)
			}
		}
	}
	return out[:n]
}

// TestBytesOfABlock pins docs/format/log.md.
func TestBytesOfABlock(t *testing.T) {
	src := &selfsame.Source{Name: "s", EventTime: "at", Operation: "op", Schema: []selfsame.Field{
		{Name: "at", Type: selfsame.Scalar(selfsame.Timestamp)}, {Name: "op", Type: selfsame.Scalar(selfsame.String)},
		{Name: "x", Type: selfsame.Scalar(selfsame.Float64)}, {Name: "l", Type: selfsame.ListOf(selfsame.Scalar(selfsame.Int64))}}}
	b := &eventlog.Block{Name: "s", First: 258, Alpha: 3, Tau: []int64{1, 3}, Ops: []eventlog.Op{eventlog.Insert, eventlog.Delete}, Rows: column.NewBatch(src.Schema, 2)}
	c := b.Rows.Columns
	for _, v := range []int64{1, 3} {
		c[0].Append(selfsame.Value{Type: c[0].Type, Int: v})
	}
	for _, v := range []string{"insert", "delete"} {
		c[1].AppendBytes([]byte(v))
	}
	c[2].Append(selfsame.Value{Type: c[2].Type, Float: 1.5})
	c[2].AppendStatus(selfsame.Null)
	c[3].Append(selfsame.Value{Type: c[3].Type, Elems: []selfsame.Value{{Type: *c[3].Type.Elem, Int: -1}, {Type: *c[3].Type.Elem, Status: selfsame.Null}}})
	c[3].Append(selfsame.Value{Type: c[3].Type})
	b.Rows.Rows = 2
	const want = "01 1f110b88 0201000000000000 02 0300000000000000" + // form, checksum, first, rows, α
		"01 73 04" + "02 6174 09 74696d657374616d70" + "02 6f70 06 737472696e67" + "01 78 07 666c6f61743634" + "01 6c 0b 6c6973743c696e7436343e" + // s, its four fields
		"02 04" + "01 00 01" + // Tau, Ops
		"00 02 04" + "00 06 06 696e73657274 64656c657465" + "01 00 01 000000000000f83f 0000000000000000" + "00 02 00 01 00 01 01 00" // columns
	got := hex.EncodeToString(eventlog.AppendBlock([]byte{}, b))
	if got != strings.ReplaceAll(want, " ", "") {
		t.Errorf("a block is\n%s, want\n%s", got, strings.ReplaceAll(want, " ", ""))
	}
	r := &eventlog.Refused{Seq: 9, Source: "s", Alpha: 3, Tau: -1, Verdict: "late", Reason: "r", Row: "{}"}
	const wantRefused = "01 517f00ff 0300000000000000 ffffffffffffffff 01 73 04 6c617465 01 72 02 7b7d"
	enc := eventlog.AppendRefused(nil, r)
	if got := hex.EncodeToString(enc); got != strings.ReplaceAll(wantRefused, " ", "") {
		t.Errorf("a refused row is\n%s, want\n%s", got, wantRefused)
	}
	if back, err := eventlog.DecodeRefused(enc, 9); err != nil || back != *r {
		t.Errorf("it is read as %+v, %v", back, err)
	}
}

// TestDamagedBlocksAreFound changes every byte and cuts at every byte.
func TestDamagedBlocksAreFound(t *testing.T) {
	for _, b := range blocks(rand.New(rand.NewPCG(1, 1)), 4) {
		enc := eventlog.AppendBlock(nil, b)
		var d eventlog.Decoder
		if back, err := d.Decode(enc); err != nil || !slices.Equal(eventlogtest.LinesOf(back), eventlogtest.LinesOf(b)) {
			t.Fatalf("a block is read as %v, %v", back, err)
		}
		for i := range enc {
			bad := bytes.Clone(enc)
			bad[i] ^= 0x10
			_, err := d.Decode(bad)
			if want := eventlog.ErrChecksum; i == 0 && !errors.Is(err, eventlog.ErrForm) || i > 0 && !errors.Is(err, want) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
			if _, err := eventlog.DecodeHead(enc[:i]); err == nil {
				t.Fatalf("%d of %d bytes are a block", i, len(enc))
			}
		}
	}
}

// FuzzDecode decodes bytes under a right checksum: nothing panics, and what is read is written as bytes that read the same.
func FuzzDecode(f *testing.F) {
	for _, b := range blocks(rand.New(rand.NewPCG(2, 2)), 6) {
		f.Add(eventlog.AppendBlock(nil, b)[5:])
	}
	f.Add(eventlog.AppendRefused(nil, &eventlog.Refused{Source: "s", Row: "{}"})[5:])
	f.Fuzz(func(t *testing.T, body []byte) {
		enc := eventlog.Sealed(body)
		_, _ = eventlog.DecodeRefused(enc, 1)
		var d eventlog.Decoder
		b, err := d.Decode(enc)
		if err != nil {
			return
		}
		again := eventlog.AppendBlock(nil, b)
		c, err := d.Decode(again)
		if err != nil || !slices.Equal(eventlogtest.LinesOf(b), eventlogtest.LinesOf(c)) {
			t.Fatalf("%x is written as %x, which gives %v", enc, again, err)
		}
	})
}

func TestCutSharesOrCopies(t *testing.T) {
	b := blocks(rand.New(rand.NewPCG(3, 3)), 30)
	for _, b := range b {
		whole := eventlogtest.LinesOf(b)
		for lo := range int64(len(whole)) {
			for hi := lo + 1; hi <= int64(len(whole)); hi++ {
				if got := eventlogtest.LinesOf(b.Cut(b.First+lo, b.First+hi)); !slices.Equal(got, whole[lo:hi]) {
					t.Fatalf("[%d, %d) of %q is %q", lo, hi, whole, got)
				}
			}
		}
		if b.Cut(0, selfsame.MaxTime) != b {
			t.Error("all of a block is copied")
		}
	}
}
