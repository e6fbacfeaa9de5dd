// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRankingGrows lets keys come and go at the end: resumed it is the ranking that is built, and each key of a run is found in its order, also where many
// are looked through.
func TestRankingGrows(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 1))
	var grown ranking
	var keys []int64
	for step := range 300 {
		from := max(0, len(keys)-r.IntN(5))
		keys = keys[:from]
		for range r.IntN(2 * mostInserted) {
			keys = append(keys, r.Int64N(1000))
		}
		grown.resume(keys, from)
		var built ranking
		built.build(keys, 0)
		if !slices.Equal(grown.order, built.order) || !slices.Equal(grown.rank, built.rank) {
			t.Fatalf("step %d: %d keys from %d on are not in their places", step, len(keys), from)
		}
		if len(keys) > 1500 {
			keys = keys[:r.IntN(700)]
			grown.build(keys, 0)
		}
		if len(keys) == 0 {
			continue
		}
		lo := int32(r.IntN(len(keys)))
		hi := lo + 1 + int32(r.IntN(len(keys)-int(lo)))
		var want []int32
		for _, k := range grown.order {
			if k >= lo && k < hi {
				want = append(want, k)
			}
		}
		for i, k := range want {
			if got := grown.pick(lo, hi, i); got != k {
				t.Fatalf("step %d: %d of the numbers [%d, %d) of %d is %d, want %d", step, i, lo, hi, len(keys), got, k)
			}
		}
	}
}
