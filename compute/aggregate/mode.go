// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"selfsame"
	"selfsame/column"
)

// modeFunc is mode(x): the value that is in most often, among equally frequent ones the least. It follows from the multiset of the values (tally_state.go).
var modeFunc = &Func{
	Name:    "mode",
	Class:   Holistic,
	Summary: "The most frequent value of x; of several with one count the least.",
	Example: "mode(merchant_id) over 30d",
	Bind:    bindMode,
}

func bindMode(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 0 || !isScalar(c.Args[0]) {
		return nil, wrongArguments("mode", c, "write mode(x) of one scalar")
	}
	return &Call{
		Result: c.Args[0], Family: "mode",
		NewState: func() State {
			return &countsState{t: c.Args[0], result: c.Args[0], limit: c.MaxValues, keepNaN: c.KeepNaN, finish: func(list []counted) selfsame.Value {
				best := list[0]
				for _, v := range list {
					if v.count > best.count {
						best = v
					}
				}
				return best.item.value(c.Args[0])
			}}
		},
		NewKernel: func(members []*Call) Kernel {
			return newSlideKernel(members, func() running { return &modeSet{countsSet{limit: c.MaxValues}} })
		},
	}, nil
}

type modeSet struct{ countsSet }

func (s *modeSet) follow(with running) { s.followCounts(&with.(*modeSet).countsSet) }

func (s *modeSet) remembers() {}

func (s *modeSet) appendValue(_ *Call, _ int64, out *column.Column) {
	list := s.counted(out)
	if list == nil {
		return
	}
	best := list[0]
	for _, v := range list {
		if v.count > best.count {
			best = v
		}
	}
	appendRow(out, s.source, best.row)
}
