// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"math/rand/v2"
	"testing"

	"github.com/zeebo/xxh3"
)

// TestRecentNeverForgets: an identity that has a fact is never said to be absent, whatever order event times come in; and new ones mostly are.
func TestRecentNeverForgets(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 14))
	known := newRecent(1000)
	known.most = 64
	there := map[identity]bool{}
	for tau := int64(990); tau <= 1000; tau++ {
		there[identity{tau: tau}] = true
	}
	fresh, spared := 0, 0
	for i := range int64(20_000) {
		id := identity{tau: 990 + i/10 - r.Int64N(20), hash: xxh3.Uint128{Lo: r.Uint64N(8)}}
		if r.IntN(50) == 0 {
			id.tau = 990 + r.Int64N(1+i/10)
		}
		absent := known.absent(id)
		if absent && there[id] {
			t.Fatalf("identity %v has a fact", id)
		}
		if !there[id] {
			fresh++
			if absent {
				spared++
			}
		}
		there[id] = true
		known.add(id)
	}
	if spared*10 < fresh*7 {
		t.Errorf("the store is spared %d of %d questions", spared, fresh)
	}
}
