// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"selfsame"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "17": 17, "4GiB": 4 << 30, "4g": 4 << 30, "1 MiB": 1 << 20, "3kib": 3 << 10, "2TiB": 2 << 40} {
		if got, err := parseBytes("--memory", text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "4.5GiB", "4GB", "1e3", "9999999999TiB", "9223372036854775808", "4GiB of it"} {
		if got, err := parseBytes("--memory", text); selfsame.ClassOf(err) != selfsame.ClassUsage {
			t.Errorf("%q is read as %d, %v", text, got, err)
		}
	}
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]int64{"2024-01-01": 1_704_067_200_000_000, "2024-01-01T00:00:00Z": 1_704_067_200_000_000, "2024-01-01T01:00:00.000001+01:00": 1_704_067_200_000_001,
		"2024-01-01 00:00:01": 1_704_067_201_000_000, "2024-01-01T00:01": 1_704_067_260_000_000, "1969-12-31T23:59:59.5Z": -500_000} {
		if got, err := parseInstant("--at", text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "noon", "2024-13-01", "2024-01-01T25:00:00Z", "01/02/2024"} {
		if got, err := parseInstant("--at", text); selfsame.ClassOf(err) != selfsame.ClassUsage {
			t.Errorf("%q is read as %d, %v", text, got, err)
		}
	}
}

// TestExitCodesAreDocumented holds docs/errors.md to the codes.
func TestExitCodesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, line := range strings.Split(string(doc), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 8 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		rows++
		class := selfsame.ErrorClass(strings.Trim(cells[1], " `"))
		if got := fmt.Sprint(exitCode(&selfsame.Error{Class: class})); got != strings.TrimSpace(cells[3]) {
			t.Errorf("%s exits with %s, the page says %s", class, got, cells[3])
		}
	}
	if rows != len(exitCodes) {
		t.Errorf("%d classes are documented, %d have codes", rows, len(exitCodes))
	}
	if got := exitCode(fmt.Errorf("while training: %w", &selfsame.Error{Class: selfsame.ClassValue})); got != 6 {
		t.Errorf("a wrapped error exits with %d", got)
	}
}

// TestArgumentsThatDoNotFit holds that a key of bytes that are no text is refused, as JSON would carry another key, and that words behind the folder of init are told.
func TestArgumentsThatDoNotFit(t *testing.T) {
	_, odd := new(getFlags).question([]string{"shop", "user_id=a\xff"})
	_, fine := new(getFlags).question([]string{"shop", "user_id=a\u00ff"})
	two := initCommand().Args(nil, []string{"shop", "fraud"})
	if selfsame.ClassOf(odd) != selfsame.ClassUsage || !strings.Contains(odd.Error(), `"user_id=a\xff" is not UTF-8`) || fine != nil ||
		two == nil || !strings.Contains(two.Error(), "more than one folder") {
		t.Errorf("got %v, %v, %v", odd, fine, two)
	}
}
