// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"fmt"

	"selfsame"
)

// countDistinctUptoFunc is count_distinct_upto(x, n): a set that stops at n values, a semilattice. The states are those of count(distinct x) with n - 1 in
// the place of max_values: beyond, there is the one state "n or more", which absorbs all others, and which is a value here.
var countDistinctUptoFunc = &Func{
	Name:    "count_distinct_upto",
	Class:   Lattice,
	Summary: "The number of different values of x, n where there are n or more: count(distinct x) that keeps little and is never an error.",
	Example: "count_distinct_upto(merchant_id, 10) over 90d",
	Bind:    bindDistinctUpto,
}

func bindDistinctUpto(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 1 || !isScalar(c.Args[0]) {
		return nil, wrongArguments("count_distinct_upto", c, "write count_distinct_upto(x, 10) of one scalar")
	}
	n, err := countConst("count_distinct_upto", c.Consts[0])
	if err != nil {
		return nil, err
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Int64), Family: fmt.Sprintf("distinct upto %d", n),
		NewState: func() State {
			return &distinctState{t: c.Args[0], limit: int64(n) - 1, upto: int64(n), keepNaN: c.KeepNaN}
		},
		NewKernel: func([]*Call) Kernel {
			return &distinctKernel{limit: int64(n) - 1, upto: int64(n), keepNaN: c.KeepNaN}
		},
	}, nil
}
