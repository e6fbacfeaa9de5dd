// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"cmp"
	"slices"

	"selfsame"
	"selfsame/column"
)

// This file is what mode_count, top_ratio, entropy, top_k, top_k_counts and collect_distinct share: they follow from the counts of the values of x in the
// order of the values (tally_state.go). The counts are positive, and never none.

// tallied is how a call follows from counts: as the places of the values that it lists, or as a number or a list of them.
type tallied struct {
	pick   func(counts []int64, n int) []int32
	number func(counts []int64, n int) selfsame.Value
}

// bindTally types a call f(x), or f(x, n) where n is asked for.
func bindTally(name string, result func(x selfsame.Type) selfsame.Type, t tallied, asks bool, takes string) func(CallSpec) (*Call, error) {
	return func(c CallSpec) (*Call, error) {
		if len(c.Args) != 1 || !isScalar(c.Args[0]) || (len(c.Consts) == 1) != asks || len(c.Consts) > 1 {
			return nil, wrongArguments(name, c, takes)
		}
		n := 0
		if asks {
			var err error
			if n, err = countConst(name, c.Consts[0]); err != nil {
				return nil, err
			}
		}
		gives := result(c.Args[0])
		return &Call{
			Result: gives, Family: "tally", depth: n, tallied: t,
			NewState: func() State {
				return &countsState{t: c.Args[0], result: gives, limit: c.MaxValues, keepNaN: c.KeepNaN, finish: func(list []counted) selfsame.Value {
					return t.of(list, n, gives, c.Args[0])
				}}
			},
			NewKernel: func(members []*Call) Kernel {
				return newSlideKernel(members, func() running { return &tallySet{countsSet: countsSet{limit: c.MaxValues}} })
			},
		}, nil
	}
}

// of finishes a state.
func (t tallied) of(list []counted, n int, gives, x selfsame.Type) selfsame.Value {
	counts := make([]int64, len(list))
	for i := range list {
		counts[i] = list[i].count
	}
	if t.number != nil {
		v := t.number(counts, n)
		v.Type = gives
		return v
	}
	v := selfsame.Value{Type: gives}
	for _, i := range t.pick(counts, n) {
		v.Elems = append(v.Elems, list[i].item.value(x))
	}
	return v
}

type tallySet struct {
	countsSet
	counts []int64
}

func (s *tallySet) follow(with running) { s.followCounts(&with.(*tallySet).countsSet) }

func (s *tallySet) remembers() {}

func (s *tallySet) appendValue(c *Call, _ int64, out *column.Column) {
	list := s.counted(out)
	if list == nil {
		return
	}
	s.counts = s.counts[:0]
	for i := range list {
		s.counts = append(s.counts, list[i].count)
	}
	if c.tallied.number != nil {
		out.Append(c.tallied.number(s.counts, c.depth))
		return
	}
	for _, i := range c.tallied.pick(s.counts, c.depth) {
		appendRow(out.Elems, s.source, list[i].row)
	}
	closeList(out)
}

// total is how many events there are.
func total(counts []int64) int64 {
	n := int64(0)
	for _, c := range counts {
		n += c
	}
	return n
}

// fewTop is the length up to which a top is kept while the counts are gone through, rather than all of them sorted.
const fewTop = 64

// byCount returns the places of the counts, the greatest first, of equal ones those of the lesser values first.
func byCount(counts []int64) []int32 {
	order := make([]int32, len(counts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(counts[b], counts[a]) })
	return order
}

// mostFrequent returns the places of the n greatest counts, the greatest first, of equal ones those of the lesser values first.
func mostFrequent(counts []int64, n int) []int32 {
	if n > fewTop {
		return byCount(counts)[:min(n, len(counts))]
	}
	var top []int32
	for i, count := range counts {
		at := len(top)
		if at == n && count <= counts[top[n-1]] {
			continue
		}
		if at > 0 && count > counts[top[at-1]] {
			at, _ = slices.BinarySearchFunc(top, count, func(place int32, count int64) int {
				if counts[place] >= count {
					return -1
				}
				return 1
			})
		}
		top = slices.Insert(top, at, int32(i))
		top = top[:min(n, len(top))]
	}
	return top
}

func ofKind(k selfsame.Kind) func(selfsame.Type) selfsame.Type {
	return func(selfsame.Type) selfsame.Type { return selfsame.Scalar(k) }
}
