// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
)

// listedScanner hands the values of a window, oldest first, to the call.
type listedScanner struct {
	limit    int64
	presence *presence
	source   *column.Column
	text     []byte
}

func (s *listedScanner) load(p *presence, ev *Events) { s.presence, s.source = p, ev.Args[0] }

func (s *listedScanner) appendValue(c *Call, _ int64, numbers []int32, out *column.Column) {
	switch {
	case int64(len(numbers)) > s.limit:
		out.AppendStatus(selfsame.ErrorMaxValues)
	case len(numbers) == 0:
		out.AppendStatus(selfsame.Null)
	case out.Type.Kind == selfsame.List:
		for _, k := range numbers {
			appendRow(out.Elems, s.source, s.presence.row(k))
		}
		closeList(out)
	default:
		s.text = s.text[:0]
		for i, k := range numbers {
			if i > 0 {
				s.text = append(s.text, c.Spec.Consts[0].Str...)
			}
			s.text = append(s.text, s.source.Str(int(s.presence.row(k)))...)
		}
		out.AppendBytes(s.text)
	}
}

// listedCall types a call of collect or string_agg, of which the arguments have been checked: all values of a window, oldest first (sequence_state.go).
func listedCall(c CallSpec, result selfsame.Type, finish func(events []placed) selfsame.Value) *Call {
	return &Call{
		Result: result, NeedOrder: true, Family: "listed",
		NewState:  func() State { return newSequence(c, result, finish) },
		NewKernel: func(members []*Call) Kernel { return newScanKernel(members, &listedScanner{limit: c.MaxValues}) },
	}
}
