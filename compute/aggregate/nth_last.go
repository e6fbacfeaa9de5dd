// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

// nthLastFunc is nth_last(x, k), the k-th newest value under the total order of events: a bounded selection of k.
var nthLastFunc = &Func{
	Name:    "nth_last",
	Class:   Ordered,
	Summary: "The k-th newest value of x that is not null, null where there are fewer; nth_last(x, 1) is last(x).",
	Example: "nth_last(amount, 2) over 7d",
	Bind:    bindNthLast,
}

func bindNthLast(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 1 || !isScalar(c.Args[0]) {
		return nil, wrongArguments("nth_last", c, "write nth_last(x, 2) for the value before the newest")
	}
	k, err := countConst("nth_last", c.Consts[0])
	if err != nil {
		return nil, err
	}
	return orderedCall(c, roleNthLast, k), nil
}
