// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import "selfsame"

// collectFunc is collect(x): the values of a window in the order of events (listed.go).
var collectFunc = &Func{
	Name:    "collect",
	Class:   Holistic,
	Summary: "The values of x that are not null, oldest first: a list of up to max_values of them and an error beyond. Of fewer write first(x, 5) or last(x, 5).",
	Example: "collect(merchant_id) over 1d",
	Bind:    bindCollect,
}

func bindCollect(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 0 || !isScalar(c.Args[0]) {
		return nil, wrongArguments("collect", c, "write collect(x) of one scalar; last(x, 5) are the five newest, newest first, first(x, 5) the oldest")
	}
	result := selfsame.ListOf(c.Args[0])
	return listedCall(c, result, func(kept []placed) selfsame.Value {
		v := selfsame.Value{Type: result}
		for i := range kept {
			v.Elems = append(v.Elems, kept[i].value.value(c.Args[0]))
		}
		return v
	}), nil
}
