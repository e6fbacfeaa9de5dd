// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"slices"
	"strings"
)

// conditionalFunctions choose among their arguments. The engine types them itself: their arguments take one common type, in
// which literals follow the others, and arguments that are not needed raise no error.
var conditionalFunctions = []Function{
	{Name: "coalesce", Group: "conditional", Params: "x, …", Summary: "The first argument that is not null; those after it are not needed.",
		Example: "coalesce(null, 2, 3)", Result: "2"},
	{Name: "nullif", Group: "conditional", Params: "x, y", Summary: "Null where x equals y, else x.", Example: "nullif(3, 3)", Result: "null"},
	{Name: "greatest", Group: "conditional", Params: "x, …", Summary: "The greatest of the arguments that are not null.",
		Example: "greatest(1, null, 3)", Result: "3"},
	{Name: "least", Group: "conditional", Params: "x, …", Summary: "The least of the arguments that are not null.",
		Example: "least(1, null, 3)", Result: "1"},
}

// functions is the closed table of scalar functions, sorted by name.
var functions = func() []Function {
	all := slices.Concat(conditionalFunctions, mathFunctions, scaleFunctions, timeFunctions, calendarFunctions, []Function{strftimeFunction},
		stringFunctions, regexpFunctions, partFunctions, geoFunctions, cellFunctions, hashFunctions, listFunctions, collectionFunctions, vectorFunctions)
	slices.SortStableFunc(all, func(a, b Function) int { return strings.Compare(a.Name, b.Name) })
	return all
}()

// Functions returns the scalar functions, sorted by name. Bind is nil for the conditional ones, which the engine types itself.
func Functions() []Function { return slices.Clone(functions) }

// Lookup returns the function of that name, in lower case, or nil. It belongs to the table.
func Lookup(name string) *Function {
	i, ok := slices.BinarySearchFunc(functions, name, func(f Function, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return &functions[i]
}
