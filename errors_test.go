// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"selfsame"
)

func TestPosNamesWhatIsKnown(t *testing.T) {
	for _, c := range []struct {
		pos  selfsame.Pos
		want string
	}{
		{selfsame.Pos{}, ""},
		{selfsame.Pos{File: "a.yaml"}, "a.yaml"},
		{selfsame.Pos{File: "a.yaml", Line: 3}, "a.yaml:3"},
		{selfsame.Pos{File: "a.yaml", Line: 3, Column: 14}, "a.yaml:3:14"},
		{selfsame.Pos{Line: 1, Column: 1}, "1:1"},
		{selfsame.Pos{Line: 7}, "7"},
		{selfsame.Pos{File: "a.yaml", Column: 4}, "a.yaml"}, // a column says nothing without its line
	} {
		if got := c.pos.String(); got != c.want {
			t.Errorf("%#v: got %q, want %q", c.pos, got, c.want)
		}
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("it broke")
	for _, c := range []struct {
		e    selfsame.Error
		want string
	}{
		{selfsame.Error{Message: "no such view"}, "no such view"},
		{selfsame.Error{Ref: "v", Message: "no such view"}, "v: no such view"},
		{selfsame.Error{Pos: selfsame.Pos{File: "f", Line: 1, Column: 2}, Ref: "v", Message: "m", Err: cause}, "f:1:2: v: m: it broke"},
		{selfsame.Error{Ref: "--timezone", Err: cause}, "--timezone: it broke"},
		{selfsame.Error{Message: "m", Err: cause, Excerpt: "  x: y\n     ^", Hint: "write z"}, "m: it broke\n  x: y\n     ^\n  hint: write z"},
		{selfsame.Error{Pos: selfsame.Pos{Column: 3}, Message: "m"}, "m"},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("%#v\n got %q\nwant %q", c.e, got, c.want)
		}
	}
}

func TestErrorsWorkThroughTheirCause(t *testing.T) {
	inner := &selfsame.Error{Class: selfsame.ClassResource, Message: "disk", Err: fs.ErrPermission}
	outer := fmt.Errorf("while writing: %w", &selfsame.Error{Class: selfsame.ClassInput, Err: inner})
	if !errors.Is(outer, fs.ErrPermission) {
		t.Error("the innermost cause is lost")
	}
	if got := selfsame.ClassOf(outer); got != selfsame.ClassInput {
		t.Errorf("the class is %s, want the outermost: input", got)
	}
	if got := selfsame.ClassOf(errors.New("plain")); got != selfsame.ClassInternal {
		t.Errorf("an error without a class is %s, want internal", got)
	}
}
