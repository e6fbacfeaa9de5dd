// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import "math/bits"

// placeSet is a set of the places [0, n) that counts its members before a place and finds its k-th, in the logarithm of n: words of 64 places, and over them a
// tree of sums (Fenwick's: entry i holds the members of the words i-lowbit(i) … i-1).
type placeSet struct {
	words []uint64
	sums  []int32
	size  int
}

// reset empties the set and makes room for [0, n).
func (s *placeSet) reset(n int) {
	words := n>>6 + 1
	s.words, s.sums, s.size = resize(s.words, words), resize(s.sums, words+1), 0
	clear(s.words)
	clear(s.sums)
}

func (s *placeSet) has(i int) bool { return s.words[i>>6]>>(i&63)&1 == 1 }

// put makes place i a member, or none.
func (s *placeSet) put(i int, member bool) {
	if s.has(i) == member {
		return
	}
	s.words[i>>6] ^= 1 << (i & 63)
	by := 1
	if !member {
		by = -1
	}
	s.size += by
	for w := i>>6 + 1; w < len(s.sums); w += w & -w {
		s.sums[w] += int32(by)
	}
}

// before returns how many members are below i.
func (s *placeSet) before(i int) int {
	n := bits.OnesCount64(s.words[i>>6] & (1<<(i&63) - 1))
	for w := i >> 6; w > 0; w -= w & -w {
		n += int(s.sums[w])
	}
	return n
}

// at returns the k-th member from 0, k < size.
func (s *placeSet) at(k int) int {
	w := 0
	for step := 1 << (bits.Len(uint(len(s.words))) - 1); step > 0; step >>= 1 {
		if next := w + step; next <= len(s.words) && int(s.sums[next]) <= k {
			w, k = next, k-int(s.sums[next])
		}
	}
	x := s.words[w]
	for ; k > 0; k-- {
		x &= x - 1
	}
	return w<<6 + bits.TrailingZeros64(x)
}

// appendTo appends the members in [lo, hi), ascending.
func (s *placeSet) appendTo(list []int32, lo, hi int) []int32 {
	for lo < hi {
		x := s.words[lo>>6] >> (lo & 63) << (lo & 63)
		end := min(lo|63+1, hi)
		for ; x != 0; x &= x - 1 {
			i := lo&^63 + bits.TrailingZeros64(x)
			if i >= end {
				break
			}
			list = append(list, int32(i))
		}
		lo = end
	}
	return list
}
