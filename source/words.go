// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"

	"selfsame"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func quote(s string) string { return strconv.Quote(s) }

// shorten cuts a text to 200 bytes, between characters.
func shorten(s string) string {
	if len(s) <= 200 {
		return s
	}
	n := 197
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func sortBad(bad []BadRow) {
	slices.SortStableFunc(bad, func(a, b BadRow) int {
		switch {
		case a.Row < b.Row:
			return -1
		case a.Row > b.Row:
			return 1
		}
		return 0
	})
}

// ref names the subject of an error: the source and a part of it.
func (spec *Spec) ref(parts ...string) string {
	if spec.Name != "" {
		parts = append([]string{"source " + spec.Name}, parts...)
	}
	return strings.Join(parts, ", ")
}

// InputError is an error about a file: of class input, or of class resource where the cause is the system's, such as a permission
// or a broken disk. A file that is not there is of class input.
func InputError(file, message string, err error) *selfsame.Error {
	e := &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: file}, Message: message, Err: err}
	var system syscall.Errno
	if errors.As(err, &system) && !errors.Is(err, fs.ErrNotExist) {
		e.Class = selfsame.ClassResource
	}
	if errors.Is(err, fs.ErrPermission) {
		e.Hint = "check the permissions of the file and of its folders"
	}
	return e
}

// Guard turns a panic or an error of a format's library into an error about the file. It is to be deferred.
func Guard(path, format string, err *error) {
	if p := recover(); p != nil {
		if e, ok := p.(*selfsame.Error); ok {
			at := *e
			if at.Pos.File == "" {
				at.Pos.File = path
			}
			*err = &at
			return
		}
		*err = unreadable(path, format, "the "+format+" file is damaged", fmt.Errorf("%v", p))
		return
	}
	if *err == nil || errors.Is(*err, context.Canceled) || errors.Is(*err, context.DeadlineExceeded) {
		return
	}
	var known *selfsame.Error
	if errors.As(*err, &known) {
		return
	}
	var pe *fs.PathError
	if errors.As(*err, &pe) {
		*err = InputError(path, "cannot be read", pe.Err)
		return
	}
	*err = unreadable(path, format, "the file is not readable as "+format, *err)
}

// unreadable is an error about the bytes of a file. What a library's code came across in them says nothing to who owns the file.
func unreadable(path, format, message string, err error) *selfsame.Error {
	if strings.Contains(err.Error(), "runtime error: ") {
		err = errors.New("what it says of its own parts does not hold")
	}
	e := InputError(path, message, err)
	if e.Hint != "" || e.Class != selfsame.ClassInput {
		return e
	}
	e.Hint = "see whether the file is whole, and make or fetch it again"
	if is := looksLike(path); is != "" && is != format {
		e.Hint = "it begins as a file of " + is + ": name it so, or say the source's `format`"
	}
	return e
}

// looksLike is the format that the first bytes of a file tell, empty where they tell none.
func looksLike(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	var head [6]byte
	n, _ := io.ReadFull(f, head[:])
	for _, known := range [...]struct{ magic, format string }{{"PAR1", "Parquet"}, {"ARROW1", "Arrow"}, {"Obj\x01", "Avro"}, {"\x1f\x8b", "gzip"}, {"\x28\xb5\x2f\xfd", "Zstandard"}} {
		if strings.HasPrefix(string(head[:n]), known.magic) {
			return known.format
		}
	}
	return ""
}
