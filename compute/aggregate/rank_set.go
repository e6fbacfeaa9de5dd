// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"math/bits"
	"slices"
)

// rankSet is a set of the integers [0, n) that finds its k-th member: a bitset with counts of members per 2^12 and per 2^18
// integers. Add and remove touch three words; pick reads some tens. The obvious Fenwick tree does log n scattered additions for
// each event that enters or leaves a window, and many more events move than rows ask.
type rankSet struct {
	words  []uint64
	pages  []int32 // members per 64 words
	chunks []int32 // members per 64 pages
	size   int
}

const (
	pageShift  = 12
	chunkShift = 18
)

// reset empties the set and makes room for [0, n).
func (s *rankSet) reset(n int) {
	s.words = zeroed(s.words, n>>6+1)
	s.pages = zeroed(s.pages, n>>pageShift+1)
	s.chunks = zeroed(s.chunks, n>>chunkShift+1)
	s.size = 0
}

// zeroed returns n zeros in the memory of s, where it is enough.
func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/8)
	}
	s = s[:n]
	clear(s)
	return s
}

// room returns n values, undefined, in the memory of s, where it is enough.
func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/8)
	}
	return s[:n]
}

// regrow returns s with n elements, of which the first `kept` are as they were.
func regrow[T any](s []T, n, kept int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	if kept == 0 {
		return make([]T, n, n+n/8)
	}
	kept = min(kept, len(s))
	return slices.Grow(s[:kept], n-kept)[:n]
}

func (s *rankSet) add(i int32) {
	s.words[i>>6] |= 1 << (i & 63)
	s.pages[i>>pageShift]++
	s.chunks[i>>chunkShift]++
	s.size++
}

func (s *rankSet) remove(i int32) {
	s.words[i>>6] &^= 1 << (i & 63)
	s.pages[i>>pageShift]--
	s.chunks[i>>chunkShift]--
	s.size--
}

// pick returns the k-th member from 0, the smallest, 0 <= k < size.
func (s *rankSet) pick(k int) int32 {
	left := int32(k)
	c := 0
	for ; left >= s.chunks[c]; c++ {
		left -= s.chunks[c]
	}
	p := c << (chunkShift - pageShift)
	for ; left >= s.pages[p]; p++ {
		left -= s.pages[p]
	}
	w := p << (pageShift - 6)
	for {
		n := int32(bits.OnesCount64(s.words[w]))
		if left < n {
			return int32(w<<6) + pickBit(s.words[w], left)
		}
		left -= n
		w++
	}
}

// pickBit returns the place of the k-th bit of x that is set.
func pickBit(x uint64, k int32) int32 {
	for ; k > 0; k-- {
		x &= x - 1
	}
	return int32(bits.TrailingZeros64(x))
}

// appendTo appends the members, ascending.
func (s *rankSet) appendTo(list []int32) []int32 { return s.appendFrom(list, 0) }

// appendFrom appends the members from i on, ascending.
func (s *rankSet) appendFrom(list []int32, i int32) []int32 {
	x := s.words[i>>6] >> (i & 63) << (i & 63)
	for w := int(i >> 6); ; {
		for ; x != 0; x &= x - 1 {
			list = append(list, int32(w<<6+bits.TrailingZeros64(x)))
		}
		for w++; w&(1<<(pageShift-6)-1) == 0 && w < len(s.words) && s.pages[w>>(pageShift-6)] == 0; {
			w += 1 << (pageShift - 6)
		}
		if w >= len(s.words) {
			return list
		}
		x = s.words[w]
	}
}
