// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import "encoding/binary"

// The content of PrefixBucket is one frame for each cell over a lifetime window, in the order of the state's union:
//
//	+----------------------+------+-----------------------+-------+
//	| uvarint: its length  | text | uvarint: its length   | state |
//	+----------------------+------+-----------------------+-------+
//
// The text is the canonical text of the cell, the state an encoded aggregate.State of the events that retention has folded.

// AppendFolded appends the frame of a cell.
func AppendFolded(dst []byte, cell string, state []byte) []byte {
	dst = append(binary.AppendUvarint(dst, uint64(len(cell))), cell...)
	return append(binary.AppendUvarint(dst, uint64(len(state))), state...)
}

// Folded visits the frames of a prefix bucket. Both slices belong to b. Damaged bytes are an error of class internal.
func Folded(b []byte, visit func(cell, state []byte) error) error {
	for at := 0; at < len(b); {
		cell, p := framed(b, at)
		state, q := framed(b, p)
		if q < 0 {
			return corrupted(at, "a folded state goes beyond the bytes")
		}
		if err := visit(cell, state); err != nil {
			return err
		}
		at = q
	}
	return nil
}

// framed reads bytes behind their length, and returns the place behind them, or -1.
func framed(b []byte, p int) ([]byte, int) {
	n, p := uvarint(b, p)
	if p < 0 || n > uint64(len(b)-p) {
		return nil, -1
	}
	return b[p : p+int(n) : p+int(n)], p + int(n)
}
