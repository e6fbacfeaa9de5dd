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

// TestVersionsHaveNamesOfTheirOwn holds that two versions of one feature have different names, and that a pin changes no name otherwise; those that are named do not count.
func TestVersionsHaveNamesOfTheirOwn(t *testing.T) {
	one := func(feature, version string) selfsame.ServiceEntry {
		return selfsame.ServiceEntry{View: "v", Feature: feature, Version: version}
	}
	for _, c := range []struct {
		list  []selfsame.ServiceEntry
		short bool
		want  string
	}{
		{[]selfsame.ServiceEntry{one("f", "1"), one("g", "2")}, false, "v__f v__g"},
		{[]selfsame.ServiceEntry{one("f", ""), one("f", "1.1.0")}, false, "v__f v__f@1.1.0"},
		{[]selfsame.ServiceEntry{one("f", "1"), one("f", "2"), one("g", "1")}, false, "v__f@1 v__f@2 v__g"},
		{[]selfsame.ServiceEntry{one("f", "1"), one("f", "2")}, true, "f@1 f@2"},
		{[]selfsame.ServiceEntry{one("f", "1"), one("", "")}, false, "v__f@1 v__"},
		{[]selfsame.ServiceEntry{one("f", "1"), one("f", "1")}, false, "v__f v__f"}, // asked for twice, which is refused
		{[]selfsame.ServiceEntry{{View: "v", Feature: "f", Version: "1", As: "old"}, one("f", "2"), {View: "v", Feature: "f", Version: "3", HasPrefix: true}}, false, "old v__f f"},
		{[]selfsame.ServiceEntry{one("f", "1"), {View: "w", Feature: "f", Version: "2"}}, false, "v__f w__f"},
	} {
		names := ""
		for _, e := range apart(c.list, c.short) {
			names += OutputName(e, e.Feature, c.short) + " "
		}
		if names != c.want+" " {
			t.Errorf("%+v: got %s, want %s", c.list, names, c.want)
		}
		if len(c.list) > 1 && c.list[1].As != "" {
			t.Errorf("the caller's list was changed: %+v", c.list)
		}
	}
}
