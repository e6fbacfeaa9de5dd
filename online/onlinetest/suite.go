// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package onlinetest is the conformance suite of online.Store: what an adapter must do, as tests. An adapter's own test calls Run; the abilities
// of online.Rewriter and the other interfaces are part of it: a store without one fails.
//
// It is not a test of speed and knows no adapter. Run may be called by several tests at once.
package onlinetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"selfsame/online"
)

// Place opens the store of one place: an empty store first and, when the last one was closed, what that one held.
type Place func() (online.Store, error)

// Run runs the suite. fresh gives a place for each of its tests.
func Run(t *testing.T, fresh func(t *testing.T) Place) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, place Place)
	}{
		{"RandomOperations", randomOperations},
		{"KeysAreApart", keysAreApart},
		{"RangesAreInclusive", rangesAreInclusive},
		{"MemoryIsTheCallers", memoryIsTheCallers},
		{"BatchesAreSeenWhole", batchesAreSeenWhole},
		{"FactsAreSeenWhole", factsAreSeenWhole},
		{"EmptyValuesStay", emptyValuesStay},
		{"VisitEndsARead", visitEndsARead},
		{"RewriteIsAtomic", rewriteIsAtomic},
		{"WalkIsResumed", walkIsResumed},
		{"DropForgets", dropForgets},
		{"FactsAreListed", factsAreListed},
		{"ClosedIsRefused", closedIsRefused},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, fresh(t)) })
	}
}

func open(t *testing.T, place Place) online.Store {
	t.Helper()
	s, err := place()
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bucketsOf reads a range as text.
func bucketsOf(t *testing.T, s online.Store, at online.Range) []string {
	t.Helper()
	var got []string
	must(t, s.Read(context.Background(), at, func(b int64, rows []byte) error {
		got = append(got, fmt.Sprintf("%d:%s", b, rows))
		return nil
	}))
	return got
}

func all(state online.State, entity string) online.Range {
	return online.Range{State: state, Entity: []byte(entity), Lo: math.MinInt64, Hi: math.MaxInt64}
}

func delta(state online.State, entity string, bucket int64, rows string) online.Delta {
	return online.Delta{State: state, Entity: []byte(entity), Bucket: bucket, Rows: []byte(rows)}
}

func apply(t *testing.T, s online.Store, deltas ...online.Delta) {
	t.Helper()
	must(t, s.Apply(context.Background(), &online.Batch{Deltas: deltas}))
}

// entities that a key without lengths would confuse.
var entities = []string{"", "a", "aa", "a\x00", "\x00", "\x00\x00", "\xff", "\xff\xff", "ab", string(bytes.Repeat([]byte("x"), 300)),
	"a\x80\x00\x00\x00\x00\x00\x00\x01"}

func keysAreApart(t *testing.T, place Place) {
	s := open(t, place)
	states := []online.State{0, 1, 2, 255, 256, math.MaxUint32}
	buckets := []int64{math.MinInt64, -1, 0, 1, math.MaxInt64}
	for _, state := range states {
		for _, e := range entities {
			for _, b := range buckets {
				apply(t, s, delta(state, e, b, fmt.Sprintf("%d/%x/%d", state, e, b)))
			}
		}
	}
	for _, state := range states {
		for _, e := range entities {
			var want []string
			for _, b := range buckets {
				want = append(want, fmt.Sprintf("%d:%d/%x/%d", b, state, e, b))
			}
			if got := bucketsOf(t, s, all(state, e)); !slices.Equal(got, want) {
				t.Errorf("state %d, entity %x:\n got %q\nwant %q", state, e, got, want)
			}
		}
	}
}

func rangesAreInclusive(t *testing.T, place Place) {
	s := open(t, place)
	apply(t, s, delta(1, "e", online.PrefixBucket, "p"), delta(1, "e", -2, "a"), delta(1, "e", 0, "b"), delta(1, "e", 0, "c"), delta(1, "e", 3, "d"))
	for _, c := range []struct {
		lo, hi int64
		want   []string
	}{
		{math.MinInt64, math.MaxInt64, []string{fmt.Sprint(int64(math.MinInt64)) + ":p", "-2:a", "0:bc", "3:d"}},
		{math.MinInt64 + 1, math.MaxInt64, []string{"-2:a", "0:bc", "3:d"}},
		{-2, 0, []string{"-2:a", "0:bc"}}, {-1, 2, []string{"0:bc"}}, {0, 0, []string{"0:bc"}}, {1, 1, nil}, {1, 2, nil}, {3, 0, nil},
	} {
		if got := bucketsOf(t, s, online.Range{State: 1, Entity: []byte("e"), Lo: c.lo, Hi: c.hi}); !slices.Equal(got, c.want) {
			t.Errorf("[%d, %d]: got %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
}

func memoryIsTheCallers(t *testing.T, place Place) {
	s := open(t, place)
	b := &online.Batch{Deltas: []online.Delta{delta(1, "e", 0, "rows")}, Facts: []online.Fact{{Key: []byte("k"), Value: []byte("v")}}}
	must(t, s.Apply(context.Background(), b))
	for _, m := range [][]byte{b.Deltas[0].Entity, b.Deltas[0].Rows, b.Facts[0].Key, b.Facts[0].Value} {
		for i := range m {
			m[i] = '!'
		}
	}
	if got := bucketsOf(t, s, all(1, "e")); !slices.Equal(got, []string{"0:rows"}) {
		t.Errorf("buckets %q", got)
	}
	if got := factsOf(t, s, "k", "!"); !slices.Equal(got, []string{"k=v"}) {
		t.Errorf("facts %q", got)
	}
}

func factsOf(t *testing.T, s online.Store, keys ...string) []string {
	t.Helper()
	var in [][]byte
	for _, k := range keys {
		in = append(in, []byte(k))
	}
	var got []string
	must(t, s.Facts(context.Background(), in, func(i int, v []byte) error {
		got = append(got, keys[i]+"="+string(v))
		return nil
	}))
	return got
}

// batchesAreSeenWhole reads beside a writer whose batches append to two buckets and count in a fact.
func batchesAreSeenWhole(t *testing.T, place Place) {
	s := open(t, place)
	const batches = 300
	done := make(chan error, 1)
	go func() {
		var err error
		for i := 1; i <= batches && err == nil; i++ {
			err = s.Apply(context.Background(), &online.Batch{
				Deltas: []online.Delta{delta(7, "e", 1, "x"), delta(7, "e", 2, "y")}, Facts: []online.Fact{{Key: []byte("n"), Value: fmt.Append(nil, i)}}})
		}
		done <- err
	}()
	last := 0
	for writing := true; writing; {
		select {
		case err := <-done:
			must(t, err)
			writing = false
		default:
		}
		sizes := map[int64]int{}
		must(t, s.Read(context.Background(), all(7, "e"), func(b int64, rows []byte) error {
			sizes[b] = len(rows)
			return nil
		}))
		if sizes[1] != sizes[2] || sizes[1] < last {
			t.Fatalf("a read found %d and %d rows after one that found %d", sizes[1], sizes[2], last)
		}
		last = sizes[1]
	}
	if got := factsOf(t, s, "n"); last != batches || !slices.Equal(got, []string{fmt.Sprint("n=", batches)}) {
		t.Errorf("at the end %d rows and %q", last, got)
	}
}

// factsAreSeenWhole looks up facts that each batch sets all.
func factsAreSeenWhole(t *testing.T, place Place) {
	s := open(t, place)
	const batches = 300
	var keys []string
	for k := range 40 {
		keys = append(keys, fmt.Sprint("k", k))
	}
	set := func(n int) error {
		b := &online.Batch{}
		for _, k := range keys {
			b.Facts = append(b.Facts, online.Fact{Key: []byte(k), Value: fmt.Append(nil, "=", n)})
		}
		return s.Apply(context.Background(), b)
	}
	must(t, set(0))
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 1; n <= batches && err == nil; n++ {
			err = set(n)
		}
		done <- err
	}()
	for writing := true; writing; {
		select {
		case err := <-done:
			must(t, err)
			writing = false
		default:
		}
		got := factsOf(t, s, keys...)
		_, want, _ := strings.Cut(got[0], "=")
		for i, f := range got {
			if f != keys[i]+"="+want {
				t.Fatalf("one look finds %s and %s", got[0], f)
			}
		}
	}
}

func emptyValuesStay(t *testing.T, place Place) {
	s := open(t, place)
	must(t, s.Apply(context.Background(), &online.Batch{Deltas: []online.Delta{delta(1, "e", 0, "")}, Facts: []online.Fact{{Key: []byte("k"), Value: []byte{}}}}))
	for range 2 {
		if rows, facts := bucketsOf(t, s, all(1, "e")), factsOf(t, s, "k"); !slices.Equal(rows, []string{"0:"}) || !slices.Equal(facts, []string{"k="}) {
			t.Errorf("buckets %q, facts %q", rows, facts)
		}
		must(t, s.Close())
		s = open(t, place)
	}
}

func visitEndsARead(t *testing.T, place Place) {
	s := open(t, place)
	must(t, s.Apply(context.Background(), &online.Batch{Deltas: []online.Delta{delta(1, "e", 0, "a"), delta(1, "e", 1, "b")},
		Facts: []online.Fact{{Key: []byte("k"), Value: []byte{}}, {Key: []byte("l"), Value: []byte("v")}}}))
	stop := errors.New("enough")
	calls := 0
	count := func() error { calls++; return stop }
	for _, at := range []online.Range{all(1, "e"), {State: 1, Entity: []byte("e")}} {
		if err := s.Read(context.Background(), at, func(int64, []byte) error { return count() }); !errors.Is(err, stop) {
			t.Errorf("read gives %v", err)
		}
	}
	if err := s.Facts(context.Background(), [][]byte{[]byte("x"), []byte("k"), []byte("l")}, func(i int, _ []byte) error {
		if i != 1 {
			t.Errorf("fact %d is the first", i)
		}
		return count()
	}); !errors.Is(err, stop) || calls != 3 {
		t.Errorf("facts give %v after %d calls", err, calls)
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Read(canceled, all(1, "e"), func(int64, []byte) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled read gives %v", err)
	}
	if err := s.Apply(canceled, &online.Batch{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled write gives %v", err)
	}
}

func closedIsRefused(t *testing.T, place Place) {
	s := open(t, place)
	apply(t, s, delta(1, "e", 0, "a"))
	must(t, s.Close())
	must(t, s.Close())
	if s.Apply(context.Background(), &online.Batch{}) == nil || s.Read(context.Background(), all(1, "e"), nil) == nil {
		t.Error("a closed store takes calls")
	}
	if got := bucketsOf(t, open(t, place), all(1, "e")); !slices.Equal(got, []string{"0:a"}) {
		t.Errorf("after closing and opening: %q", got)
	}
}
