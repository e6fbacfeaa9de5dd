// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// countFunc is count(*) and count(x): the number of events, or of those whose x is there.
//
// Algebra: the group of integers under +. Encoded: varint(n). count(distinct x) is an aggregation of its own.
var countFunc = &Func{
	Name:    "count",
	Class:   Group,
	Summary: "The number of events: all of them for count(*), those whose x is not null for count(x). 0 where there is none.",
	Example: "count(*) over 7d",
	Bind:    bindCount,
}

func bindCount(spec CallSpec) (*Call, error) {
	if spec.Star && len(spec.Args)+len(spec.Consts) != 0 || !spec.Star && len(spec.Args) != 1 || len(spec.Consts) != 0 {
		return nil, wrongCall("count takes * or one argument that varies by event", "write count(*), count(x) or count(distinct x)")
	}
	return bindMoment(countOf, spec), nil
}
