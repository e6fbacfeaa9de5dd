// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

import (
	"errors"
	"strconv"
	"strings"
)

// ErrorClass is the closed list of what can go wrong. docs/errors.md gives each its exit code, its HTTP and gRPC status and
// whether to retry.
type ErrorClass string

// The classes of errors.
const (
	ClassUsage       ErrorClass = "usage"       // the command line or the request does not fit
	ClassDefinition  ErrorClass = "definition"  // a definition file is wrong
	ClassNotFound    ErrorClass = "not_found"   // a named thing does not exist
	ClassInput       ErrorClass = "input"       // data cannot be read as declared
	ClassValue       ErrorClass = "value"       // a value is an error: overflow, max_values
	ClassExpectation ErrorClass = "expectation" // a declared bound or a strict check blocks publication
	ClassChanged     ErrorClass = "changed"     // an input is not what the manifest names
	ClassResource    ErrorClass = "resource"    // disk full, memory limit, unreadable file
	ClassCanceled    ErrorClass = "canceled"    // the user or a deadline stopped the work
	ClassInternal    ErrorClass = "internal"    // a fault in Selfsame
)

// ErrSchemaMismatch is the cause of an error about a row that is not as its source declares it.
var ErrSchemaMismatch = errors.New("schema mismatch")

// Pos is a place in a file: 1-based line and column. The zero Pos is no place.
type Pos struct {
	File         string
	Line, Column int
}

// String is file:line:column, without the parts that are not known.
func (p Pos) String() string {
	var parts []string
	if p.File != "" {
		parts = append(parts, p.File)
	}
	if p.Line != 0 {
		parts = append(parts, strconv.Itoa(p.Line))
		if p.Column != 0 {
			parts = append(parts, strconv.Itoa(p.Column))
		}
	}
	return strings.Join(parts, ":")
}

// Error is every error that reaches a user: what went wrong, where, and what to do.
// The zero value of a field leaves its part out of the text. It works with errors.Is and errors.As through Err.
type Error struct {
	Class   ErrorClass
	Pos     Pos    // where, in a file
	Ref     string // the subject: a view, a feature, a column, a row
	Message string // what is wrong: lower case, no full stop
	Excerpt string // the lines of the file at Pos, with a marker, or nothing
	Hint    string // what to do now, or nothing
	Err     error  // the cause, or nil
}

func (e *Error) Error() string {
	var b strings.Builder
	if place := e.Pos.String(); place != "" {
		b.WriteString(place + ": ")
	}
	if e.Ref != "" {
		b.WriteString(e.Ref + ": ")
	}
	b.WriteString(e.Message)
	if e.Err != nil {
		if e.Message != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	if e.Excerpt != "" {
		b.WriteString("\n" + e.Excerpt)
	}
	if e.Hint != "" {
		b.WriteString("\n  hint: " + e.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of the outermost Error in err's chain, ClassInternal where there is none.
func ClassOf(err error) ErrorClass {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ClassInternal
}
