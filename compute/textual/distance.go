// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package textual

import "unicode/utf8"

// MaxCompared bounds the strings that a Comparer takes, in code points: the work is the product of two lengths.
const MaxCompared = 4096

// Comparer compares strings by code points. The zero value is ready.
type Comparer struct {
	a, b  []rune
	row   []int
	taken []bool
}

func (c *Comparer) read(a, b []byte) bool {
	c.a, c.b = appendRunes(c.a[:0], a), appendRunes(c.b[:0], b)
	return len(c.a) <= MaxCompared && len(c.b) <= MaxCompared
}

// appendRunes appends the code points of s, one more than MaxCompared at most. A byte that is not UTF-8 is unlike every code point.
func appendRunes(dst []rune, s []byte) []rune {
	for len(s) > 0 && len(dst) <= MaxCompared {
		r, n := utf8.DecodeRune(s)
		if r == utf8.RuneError && n == 1 {
			r = -1 - rune(s[0])
		}
		dst = append(dst, r)
		s = s[n:]
	}
	return dst
}

// Levenshtein returns the least number of insertions, deletions and replacements of a code point that make b of a; false where one
// of them is longer than MaxCompared.
func (c *Comparer) Levenshtein(a, b []byte) (edits int, ok bool) {
	if !c.read(a, b) {
		return 0, false
	}
	x, y := c.a, c.b
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	row := c.row[:0] // row[j]: from the part of x so far to y[:j]
	for j := range len(y) + 1 {
		row = append(row, j)
	}
	c.row = row
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diagonal
			if r != s {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(y)], true
}

// JaroWinkler returns the similarity of Jaro and Winkler, 0 to 1: that of Jaro and, where it is above 0.7, a tenth of what is missing
// to 1 for each of the first four code points that agree. Two empty strings are alike. False where one is longer than MaxCompared.
func (c *Comparer) JaroWinkler(a, b []byte) (similarity float64, ok bool) {
	if !c.read(a, b) {
		return 0, false
	}
	s := c.jaro()
	if s > 0.7 {
		prefix := 0
		for prefix < min(4, len(c.a), len(c.b)) && c.a[prefix] == c.b[prefix] {
			prefix++
		}
		s += float64(float64(prefix) * 0.1 * (1 - s))
	}
	return min(s, 1), true
}

func (c *Comparer) jaro() float64 {
	switch {
	case len(c.a) == 0 && len(c.b) == 0:
		return 1
	case len(c.a) == 0 || len(c.b) == 0:
		return 0
	}
	reach := max(0, max(len(c.a), len(c.b))/2-1)
	c.taken = append(c.taken[:0], make([]bool, len(c.b))...)
	matched := c.row[:0] // places in a
	for i, r := range c.a {
		for j := max(0, i-reach); j < min(len(c.b), i+reach+1); j++ {
			if !c.taken[j] && c.b[j] == r {
				c.taken[j] = true
				matched = append(matched, i)
				break
			}
		}
	}
	c.row = matched
	if len(matched) == 0 {
		return 0
	}
	swapped, next := 0, 0
	for j, taken := range c.taken {
		if taken {
			if c.a[matched[next]] != c.b[j] {
				swapped++
			}
			next++
		}
	}
	m := float64(len(matched))
	return (m/float64(len(c.a)) + m/float64(len(c.b)) + (m-float64(swapped/2))/m) / 3
}
