// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"testing"

	"selfsame"
)

func TestOutputName(t *testing.T) {
	for _, c := range []struct {
		e     selfsame.ServiceEntry
		short bool
		want  string
	}{
		{selfsame.ServiceEntry{View: "v"}, false, "v__f"},
		{selfsame.ServiceEntry{View: "v"}, true, "f"},
		{selfsame.ServiceEntry{View: "v", HasPrefix: true}, false, "f"},
		{selfsame.ServiceEntry{View: "v", HasPrefix: true, Prefix: "o_"}, true, "o_f"},
		{selfsame.ServiceEntry{View: "v", As: "x"}, true, "x"},
	} {
		if got := OutputName(c.e, "f", c.short); got != c.want {
			t.Errorf("%+v, short %t: got %s, want %s", c.e, c.short, got, c.want)
		}
	}
}
