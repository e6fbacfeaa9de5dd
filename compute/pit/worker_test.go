// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame"
)

// TestAskingSort sorts the rows of one entity by (T, κ, number), near and far apart, with cuts in the order of T and not.
func TestAskingSort(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for range 2000 {
		n, wide := 2+rng.IntN(40), int64(1)<<(1+rng.IntN(62))
		var q asking
		var want []askKey
		cuts := rng.IntN(3)
		for i := range n {
			k := askKey{at: rng.Int64N(wide) - wide/2, row: uint32(100 + i)}
			if rng.IntN(20) == 0 {
				k.at = []int64{selfsame.MinTime, selfsame.MaxTime}[rng.IntN(2)]
			}
			switch cuts {
			case 1:
				k.known = k.at / 2
			case 2:
				k.known = rng.Int64N(4)
			}
			q.at, q.row, want = append(q.at, k.at), append(q.row, k.row), append(want, k)
			if cuts > 0 {
				q.known = append(q.known, k.known)
			}
		}
		q.sortEntity(0, n)
		slices.SortFunc(want, func(a, b askKey) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.known, b.known), cmp.Compare(a.row, b.row))
		})
		for i, k := range want {
			if q.at[i] != k.at || q.row[i] != k.row || (cuts > 0 && q.known[i] != k.known) {
				t.Fatalf("row %d of %d, cuts %d: T %d of row %d, want %d of %d", i, n, cuts, q.at[i], q.row[i], k.at, k.row)
			}
		}
	}
}
