// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"selfsame"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func quote(s string) string { return strconv.Quote(s) }

// shorten cuts a text to 200 bytes, between characters.
func shorten(s string) string {
	if len(s) <= 200 {
		return s
	}
	n := 197
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

func sortBad(bad []BadRow) {
	slices.SortStableFunc(bad, func(a, b BadRow) int {
		switch {
		case a.Row < b.Row:
			return -1
		case a.Row > b.Row:
			return 1
		}
		return 0
	})
}

// ref names the subject of an error: the source and a part of it.
func (spec *Spec) ref(parts ...string) string {
	if spec.Name != "" {
		parts = append([]string{"source " + spec.Name}, parts...)
	}
	return strings.Join(parts, ", ")
}

// InputError is an error of class input about a file.
func InputError(file, message string, err error) *selfsame.Error {
	return &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: file}, Message: message, Err: err}
}

// Nearest returns the name that is nearest to the wanted one, or nothing where none is near.
func Nearest(want string, names []string) string {
	best, least := "", 1+len(want)/3
	for _, n := range names {
		if strings.EqualFold(n, want) {
			return n
		}
		if d := distance(strings.ToLower(want), strings.ToLower(n)); d < least || (d == least && best == "") {
			best, least = n, d
		}
	}
	return best
}

// distance is the number of bytes to insert, delete, change or swap with a neighbour.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
