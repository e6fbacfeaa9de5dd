// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"selfsame"
	"selfsame/column"
)

// Scratch is the output of a kernel, used again from run to run.
type Scratch struct {
	Out    *column.Column
	Failed *int64 // counts values that a cast could not convert; nil: nobody does
	buf    []selfsame.Status
}

// fail makes row i null because a CAST could not convert it.
func (s *Scratch) fail(i, rows int) {
	s.Mark(i, rows, selfsame.Null)
	if s.Failed != nil {
		*s.Failed++
	}
}

// NewScratch returns memory for values of a type.
func NewScratch(t selfsame.Type) *Scratch { return &Scratch{Out: column.New(t, 0)} }

// Begin makes room for rows values, whose statuses are those of the arguments: an error before a null before present.
func (s *Scratch) Begin(rows int, args ...*column.Column) {
	switch s.Out.Type.Kind {
	case selfsame.Bool, selfsame.Int64, selfsame.Float64, selfsame.Decimal, selfsame.Timestamp, selfsame.Date:
		s.Out.Resize(rows)
	default:
		s.Out.Reset()
	}
	s.Out.Status = s.Merge(rows, args)
}

// Merge is the statuses of rows by those of the arguments; nil where every value is there. It is memory of s.
func (s *Scratch) Merge(rows int, args []*column.Column) []selfsame.Status {
	var st []selfsame.Status
	for _, a := range args {
		switch {
		case a.Status == nil:
		case st == nil:
			st = s.Statuses(rows)
			copy(st, a.Status)
		default:
			for i, x := range a.Status[:len(st)] {
				st[i] = max(st[i], x)
			}
		}
	}
	return st
}

// Statuses is the buffer for rows statuses, with any contents.
func (s *Scratch) Statuses(rows int) []selfsame.Status {
	if cap(s.buf) < rows {
		s.buf = make([]selfsame.Status, rows)
	}
	return s.buf[:rows]
}

// Mark gives present row i a status.
func (s *Scratch) Mark(i, rows int, status selfsame.Status) {
	if s.Out.Status == nil {
		s.Out.Status = s.Statuses(rows)
		clear(s.Out.Status)
	}
	if s.Out.Status[i] == selfsame.Present {
		s.Out.Status[i] = status
	}
}

// Kernel computes the rows of s.Out, which has the type of the result, from its arguments after s.Begin. Where the operator takes one argument
// b is nil.
type Kernel func(s *Scratch, a, b *column.Column, rows int)
