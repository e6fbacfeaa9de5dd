// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"maps"
	"slices"
	"strings"

	"selfsame"
)

// funcs are the aggregations of the language. A new one is a file and a line here.
var funcs = []*Func{
	activeDaysFunc,
	approxCountDistinctFunc,
	approxPercentileFunc,
	approxTopKFunc,
	argMaxFunc,
	argMinFunc,
	avgFunc,
	avgByFunc,
	bitAndFunc,
	bitOrFunc,
	bitXorFunc,
	boolAndFunc,
	boolOrFunc,
	collectFunc,
	collectDistinctFunc,
	corrFunc,
	countFunc,
	countByFunc,
	countDistinctFunc,
	countDistinctUptoFunc,
	covarPopFunc,
	covarSampFunc,
	decayedAvgFunc,
	decayedSumFunc,
	drawdownFunc,
	entropyFunc,
	firstFunc,
	geometricMeanFunc,
	kurtosisFunc,
	kurtosisPopFunc,
	lastFunc,
	lastDistinctFunc,
	longestStreakFunc,
	maxFunc,
	maxByFunc,
	maxGapFunc,
	meanGapFunc,
	medianFunc,
	minFunc,
	minByFunc,
	modeFunc,
	modeCountFunc,
	nthLastFunc,
	percentileContFunc,
	percentileDiscFunc,
	regrInterceptFunc,
	regrSlopeFunc,
	sampleFunc,
	skewnessFunc,
	skewnessPopFunc,
	stddevFunc,
	stddevPopFunc,
	streakFunc,
	stringAggFunc,
	sumFunc,
	sumByFunc,
	timeSinceFirstFunc,
	timeSinceLastFunc,
	topKFunc,
	topKCountsFunc,
	topRatioFunc,
	varianceFunc,
	variancePopFunc,
	vectorAvgFunc,
	vectorMaxFunc,
	vectorMinFunc,
	vectorSumFunc,
}

// All returns the aggregations, sorted by name.
func All() []*Func {
	all := slices.Clone(funcs)
	slices.SortFunc(all, func(a, b *Func) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Lookup returns the aggregation of that name, in lower case, or nil. The form count(distinct x) is found as count: Bind tells
// the two apart.
func Lookup(name string) *Func {
	for _, f := range funcs {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Bind types a call of f. An error is a *selfsame.Error of class definition that says which arguments f takes; its place is
// the caller's to add.
func Bind(f *Func, spec CallSpec) (*Call, error) {
	switch {
	case spec.Star && f.Name != "count":
		return nil, wrongCall(f.Name+"(*) is not a call", "only count takes a *: write count(*), or "+f.Example)
	case spec.Distinct && f.Name != "count" && f != countDistinctFunc:
		return nil, wrongCall("distinct does not go with "+f.Name, "only count takes distinct: write count(distinct x)")
	case spec.RespectNulls && f != firstFunc && f != lastFunc && f != nthLastFunc:
		return nil, wrongCall("respect nulls does not go with "+f.Name, "only first, last and nth_last take it, such as last(x) respect nulls")
	case (spec.HalfLife != 0 || spec.Step != 0) && f != decayedSumFunc && f != decayedAvgFunc:
		return nil, wrongCall(f.Name+" has no half-life", "write "+f.Example)
	case spec.Distinct:
		f = countDistinctFunc
	}
	c, err := f.Bind(spec)
	if err != nil {
		return nil, err
	}
	c.Func, c.Spec = f, spec
	return c, nil
}

// Refused returns what to write instead of a name that other systems have and that this version does not, in any case of letters.
func Refused(name string) (hint string, ok bool) {
	hint, ok = refusals[strings.ToLower(name)]
	return hint, ok
}

func wrongCall(message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassDefinition, Message: message, Hint: hint}
}

// RefusedNames returns the names for which Refused has a substitute, sorted.
func RefusedNames() []string { return slices.Sorted(maps.Keys(refusals)) }
