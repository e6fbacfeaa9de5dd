// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"slices"
	"strconv"
	"strings"
)

// number is a version: major.minor.patch.
type number [3]int

func (n number) String() string {
	return strconv.Itoa(n[0]) + "." + strconv.Itoa(n[1]) + "." + strconv.Itoa(n[2])
}

func (n number) compare(m number) int { return slices.Compare(n[:], m[:]) }

// parseNumber reads a version as definitions write it.
func parseNumber(s string) (number, bool) {
	var n number
	parts := strings.Split(s, ".")
	if len(parts) != len(n) {
		return n, false
	}
	for i, p := range parts {
		v, ok := digits(p)
		if !ok {
			return n, false
		}
		n[i] = v
	}
	return n, true
}

func digits(s string) (int, bool) {
	if s == "" || len(s) > 18 || len(s) > 1 && s[0] == '0' || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	v, err := strconv.Atoi(s)
	return v, err == nil
}

// pin is what a reference asks for: the newest version that begins with these parts.
type pin []int

// parsePin reads 2, 2.1 and 1.1.0, each also behind a v.
func parsePin(s string) (pin, bool) {
	var p pin
	for part := range strings.SplitSeq(strings.TrimPrefix(s, "v"), ".") {
		v, ok := digits(part)
		if !ok {
			return nil, false
		}
		p = append(p, v)
	}
	return p, len(p) <= len(number{})
}

// greatest is the index of the greatest wanted version that p meets, or -1.
func (p pin) greatest(versions []Version, want func(*Version) bool) int {
	best, at := number{}, -1
	for i := range versions {
		n, _ := parseNumber(versions[i].Version)
		if slices.Equal(p, n[:len(p)]) && want(&versions[i]) && (at < 0 || best.compare(n) < 0) {
			best, at = n, i
		}
	}
	return at
}
