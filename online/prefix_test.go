// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package online

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"selfsame"
)

func TestFolded(t *testing.T) {
	b := AppendFolded(nil, "sum(x)", []byte{1, 2})
	b = AppendFolded(b, "count(*)", nil)
	if got, want := hex.EncodeToString(b), "0673756d287829"+"020102"+"08636f756e74282a29"+"00"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var seen [][]byte
	if err := Folded(b, func(cell, state []byte) error {
		seen = append(seen, cell, state)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 4 || string(seen[0]) != "sum(x)" || !bytes.Equal(seen[1], []byte{1, 2}) || string(seen[2]) != "count(*)" || len(seen[3]) != 0 {
		t.Errorf("%q", seen)
	}
	for n := range len(b) {
		if n == 10 {
			continue // the end of the first frame
		}
		if err := Folded(b[:n], func(_, _ []byte) error { return nil }); n > 0 && selfsame.ClassOf(err) != selfsame.ClassInternal || n > 0 && err == nil {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
	stop := errors.New("stop")
	if err := Folded(b, func(_, _ []byte) error { return stop }); err != stop {
		t.Errorf("%v, want the visitor's error", err)
	}
}
