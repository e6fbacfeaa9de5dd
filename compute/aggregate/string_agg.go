// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"strings"

	"selfsame"
)

// stringAggFunc is string_agg(x, separator): the texts of a window put together in the order of events (listed.go).
var stringAggFunc = &Func{
	Name:    "string_agg",
	Class:   Holistic,
	Summary: "The values of x that are not null, oldest first, with a constant separator between them; an error beyond max_values values.",
	Example: "string_agg(category, ', ') over 1d",
	Bind:    bindStringAgg,
}

func bindStringAgg(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || c.Args[0].Kind != selfsame.String || len(c.Consts) != 1 || c.Consts[0].Type.Kind != selfsame.String || c.Consts[0].Status != selfsame.Present {
		return nil, wrongArguments("string_agg", c, "write string_agg(x, ', ') of a string; of another type write string_agg(cast(x as string), ', ')")
	}
	return listedCall(c, c.Args[0], func(kept []placed) selfsame.Value {
		var b strings.Builder
		for i := range kept {
			if i > 0 {
				b.WriteString(c.Consts[0].Str)
			}
			b.WriteString(kept[i].value.str)
		}
		return selfsame.Value{Type: c.Args[0], Str: b.String()}
	}), nil
}
