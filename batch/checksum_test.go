// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
)

func sumOf(b []byte) [16]byte { return xxh3.Hash128(b).Bytes() }

// TestValuesChecksumFollowsItsPage computes the checksum again from docs/format/manifest.md, and pins one.
func TestValuesChecksumFollowsItsPage(t *testing.T) {
	fields := []selfsame.Field{{Name: "n", Type: intType}, {Name: "x", Type: floatType}, {Name: "s", Type: textType}}
	ints, floats, texts := columnOf(intType, 258, nil, -1), columnOf(floatType, 1.5, 2.5, 3.5), columnOf(textType, "é", nil, "")
	ints.Ints[1] = 99 // behind a null: no part of it
	floats.SetStatus(0, selfsame.ErrorMaxValues)
	floats.SetStatus(1, selfsame.Expired)
	v := NewValuesChecksum(fields)
	v.Add([]*column.Column{ints, floats, texts})

	little := binary.LittleEndian
	n := little.AppendUint64(little.AppendUint64(little.AppendUint64([]byte{0, 1, 0}, 258), 0), math.MaxUint64)
	x := little.AppendUint64(little.AppendUint64(little.AppendUint64([]byte{4, 3, 0}, 0), 0), math.Float64bits(3.5))
	s := []byte{0, 1, 0, 1, 2, 0xc3, 0xa9, 0, 1, 0}
	var table []byte
	for i, c := range []struct {
		name, kind string
		b          []byte
	}{{"n", "int64", n}, {"x", "float64", x}, {"s", "string", s}} {
		sum := sumOf(c.b)
		if got, want := v.Columns()[i], "xxh3:"+hex.EncodeToString(sum[:]); got != want {
			t.Errorf("column %s: %s, want %s", c.name, got, want)
		}
		table = append(append(append(append(table, byte(len(c.name))), c.name...), byte(len(c.kind))), c.kind...)
		table = append(table, sum[:]...)
	}
	sum := sumOf(table)
	if got, want := v.Sum(), "xxh3:"+hex.EncodeToString(sum[:]); got != want || got != pinned {
		t.Errorf("the table: %s, want %s, pinned %s", got, want, pinned)
	}
}

const pinned = "xxh3:d474ba267d4edc8f5144260aacc710e4"

// TestChecksumTellsEverythingApart holds that names, types, order and statuses count, and that the kinds of errors are one.
func TestChecksumTellsEverythingApart(t *testing.T) {
	sum := func(name string, c *column.Column) string {
		v := NewValuesChecksum([]selfsame.Field{{Name: name, Type: c.Type}})
		v.Add([]*column.Column{c})
		return v.Sum()
	}
	status := func(s selfsame.Status) *column.Column {
		c := columnOf(intType, 0, 0)
		c.SetStatus(1, s)
		return c
	}
	seen := map[string]int{}
	for i, s := range []string{
		sum("a", columnOf(intType, 0, 1)), sum("b", columnOf(intType, 0, 1)), sum("a", columnOf(intType, 1, 0)), sum("a", columnOf(timeType, 0, 1)), sum("a", columnOf(intType, 0)),
		sum("a", status(selfsame.Present)), sum("a", status(selfsame.Null)), sum("a", status(selfsame.NotFound)), sum("a", status(selfsame.Expired)), sum("a", status(selfsame.ErrorOverflow)),
		sum("a", columnOf(textType, "ab", "")), sum("a", columnOf(textType, "a", "b")), sum("a", columnOf(textType, "", "ab")), sum("a", columnOf(textType)),
	} {
		if j, ok := seen[s]; ok {
			t.Errorf("%d and %d have one checksum", i, j)
		}
		seen[s] = i
	}
	if sum("a", status(selfsame.ErrorOverflow)) != sum("a", status(selfsame.ErrorMaxValues)) {
		t.Error("the kinds of errors are one status")
	}
	whole := status(selfsame.Null)
	whole.SetStatus(1, selfsame.Present) // statuses that say nothing are the same as none
	whole.Ints[1] = 0
	if sum("a", whole) != sum("a", columnOf(intType, 0, 0)) {
		t.Error("a column of present statuses differs from one without statuses")
	}
}

// TestChecksumIsOfBlocks pins that the blocks of ChunkRows rows are part of the bytes, statuses first in each.
func TestChecksumIsOfBlocks(t *testing.T) {
	if ChunkRows != 65_536 {
		t.Fatalf("a block has %d rows: the checksum is contract", ChunkRows)
	}
	a, b := columnOf(intType, 1, 2), columnOf(intType, 3)
	v := NewValuesChecksum([]selfsame.Field{{Name: "n", Type: intType}})
	v.Add([]*column.Column{a})
	v.Add([]*column.Column{b})
	var bytes_ bytes.Buffer
	for _, block := range [][]uint64{{1, 2}, {3}} {
		bytes_.Write(make([]byte, len(block)))
		for _, n := range block {
			bytes_.Write(binary.LittleEndian.AppendUint64(nil, n))
		}
	}
	sum := sumOf(bytes_.Bytes())
	if got := v.Columns()[0]; got != "xxh3:"+hex.EncodeToString(sum[:]) {
		t.Errorf("two blocks: %s", got)
	}
}
