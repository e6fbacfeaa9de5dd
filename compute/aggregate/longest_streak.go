// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"sort"

	"selfsame"
	"selfsame/column"
)

// longestStreakFunc is longest_streak(x): the length of the longest run of true values. It follows from the sequence (sequence_state.go).
var longestStreakFunc = &Func{
	Name:    "longest_streak",
	Class:   Holistic,
	Summary: "The length of the longest run of true values of x, one after the other in the order of events; nulls do not break a run.",
	Example: "longest_streak(approved) over 30d",
	Bind:    bindLongestStreak,
}

func bindLongestStreak(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 0 || !isBool(c.Args[0]) {
		return nil, wrongArguments("longest_streak", c, "write longest_streak(x) of a condition, such as longest_streak(amount > 100)")
	}
	result := selfsame.Scalar(selfsame.Int64)
	return &Call{
		Result: result, NeedOrder: true, Family: "longest_streak",
		NewState:  func() State { return newSequence(c, result, longestOf) },
		NewKernel: func(members []*Call) Kernel { return newScanKernel(members, &longestScanner{}) },
	}, nil
}

// longestOf is the longest run of true among events in their order.
func longestOf(events []placed) selfsame.Value {
	run, most := int64(0), int64(0)
	for i := range events {
		if run++; events[i].value == falseItem {
			run = 0
		}
		most = max(most, run)
	}
	return selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: most}
}

// falseItem is the item of false.
var falseItem = itemOf(selfsame.Value{Type: selfsame.Scalar(selfsame.Bool)})

// longestScanner finds the longest run of true of a run of events in a table of the runs; in another set it looks through the events.
type longestScanner struct {
	truths truths
	ends   runTable // truths.runs
	truthTree
}

func (s *longestScanner) load(p *presence, ev *Events) {
	s.truths.load(p, ev)
	s.of = &s.truths
	s.ends.mask = -1
	s.ends.cut(0)
}

func (s *longestScanner) resume(p *presence, ev *Events, from int) {
	s.truths.resume(p, ev, from)
	s.ends.cut(from)
}

func (s *longestScanner) appendSet(c *Call, in *rankSet, out *column.Column) {
	if int64(in.size) > c.Spec.MaxValues {
		out.AppendStatus(selfsame.ErrorMaxValues)
		return
	}
	appendInt(out, s.whole(in, &s.truthTree).longest)
}

func (s *longestScanner) appendValue(c *Call, _ int64, numbers []int32, out *column.Column) {
	n := len(numbers)
	switch {
	case int64(n) > c.Spec.MaxValues:
		out.AppendStatus(selfsame.ErrorMaxValues)
	case n == 0:
		out.AppendStatus(selfsame.Null)
	case n > shortRun && int(numbers[n-1]-numbers[0]) == n-1:
		appendInt(out, s.longest(numbers[0], numbers[n-1]+1))
	default:
		run, most := int64(0), int64(0)
		for _, k := range numbers {
			if run++; s.truths.runs[k] == 0 {
				run = 0
			}
			most = max(most, run)
		}
		appendInt(out, most)
	}
}

// longest returns the length of the longest run of true among numbers [a, b), a < b. Up to the first false after a, what is true may have begun before a.
func (s *longestScanner) longest(a, b int32) int64 {
	runs := s.truths.runs
	for k := len(s.ends.keys); k < len(runs); k++ {
		s.ends.append(int64(runs[k]))
	}
	first := a + int32(sort.Search(int(b-a), func(i int) bool { return runs[a+int32(i)] <= int32(i) })) // the newest false up to it is not before a
	if first == b {
		return int64(b - a)
	}
	return max(int64(first-a), s.ends.best(first, b))
}

// truthTree is the runs of true in the set of the general path.
type truthTree struct {
	joinTree[truthsOf]
	of *truths
}

// truthsOf is what events are to those before and after them: how many are true at the start and at the end, and the longest run.
type truthsOf struct{ events, head, tail, longest int64 }

func (t *truthTree) one(k int32) truthsOf {
	if t.of.runs[k] == 0 {
		return truthsOf{events: 1}
	}
	return truthsOf{events: 1, head: 1, tail: 1, longest: 1}
}

func (t *truthTree) join(a, b *truthsOf) truthsOf {
	out := truthsOf{events: a.events + b.events, head: a.head, tail: b.tail, longest: max(a.longest, b.longest, a.tail+b.head)}
	if a.head == a.events {
		out.head += b.head
	}
	if b.tail == b.events {
		out.tail += a.tail
	}
	return out
}

// truths are the runs of true among the events of an entity.
type truths struct {
	runs []int32 // of number k: the length of the run of true that ends there, 0 where it is false
}

func (t *truths) load(p *presence, ev *Events) {
	t.runs = room(t.runs, p.n)
	t.follow(p, ev, 0)
}

func (t *truths) resume(p *presence, ev *Events, from int) {
	t.runs = regrow(t.runs, p.n, from)
	t.follow(p, ev, from)
}

func (t *truths) follow(p *presence, ev *Events, from int) {
	run := int32(0)
	if from > 0 {
		run = t.runs[from-1]
	}
	for k := from; k < p.n; k++ {
		if run++; !ev.Args[0].Bools[p.row(int32(k))] {
			run = 0
		}
		t.runs[k] = run
	}
}
