// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package onlinetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"selfsame/online"
)

// ability returns the store as T.
func ability[T any](t *testing.T, s online.Store) T {
	t.Helper()
	a, ok := s.(T)
	if !ok {
		t.Fatalf("%T is no %s", s, reflect.TypeFor[T]())
	}
	return a
}

func rewriteIsAtomic(t *testing.T, place Place) {
	s := open(t, place)
	w := ability[online.Rewriter](t, s)
	ctx := context.Background()
	apply(t, s, delta(1, "e", 1, "a"), delta(1, "e", 2, "b"), delta(1, "e", 2, "c"), delta(1, "f", 2, "z"), delta(2, "e", 2, "z"))
	fail := errors.New("no")
	if err := w.Rewrite(ctx, 1, []byte("e"), func([]online.Bucket) ([]online.Bucket, error) { return nil, fail }); !errors.Is(err, fail) {
		t.Fatalf("an error of fold becomes %v", err)
	}
	must(t, w.Rewrite(ctx, 1, []byte("e"), func(have []online.Bucket) ([]online.Bucket, error) {
		if got := fmt.Sprintf("%d %s %d %s", have[0].Bucket, have[0].Rows, have[1].Bucket, have[1].Rows); len(have) != 2 || got != "1 a 2 bc" {
			t.Errorf("fold is given %s", got)
		}
		return []online.Bucket{{Bucket: online.PrefixBucket, Rows: []byte("P")}, {Bucket: 2, Rows: []byte("c")}}, nil
	}))
	apply(t, s, delta(1, "e", 2, "d"), delta(1, "e", 1, "n"))
	if got := bucketsOf(t, s, all(1, "e")); !slices.Equal(got, []string{fmt.Sprint(online.PrefixBucket) + ":P", "1:n", "2:cd"}) {
		t.Errorf("after it: %q", got)
	}
	must(t, w.Rewrite(ctx, 1, []byte("e"), func([]online.Bucket) ([]online.Bucket, error) { return nil, nil }))
	if got := bucketsOf(t, s, all(1, "e")); got != nil {
		t.Errorf("after all is removed: %q", got)
	}
	if e, f := bucketsOf(t, s, all(2, "e")), bucketsOf(t, s, all(1, "f")); !slices.Equal(e, []string{"2:z"}) || !slices.Equal(f, e) {
		t.Errorf("others became %q and %q", e, f)
	}
	rewriteBesideReads(t, s, w)
}

// rewriteBesideReads moves the rows of an entity from bucket to bucket while they are read: each read finds them once.
func rewriteBesideReads(t *testing.T, s online.Store, w online.Rewriter) {
	apply(t, s, delta(3, "e", 0, "rows"))
	done := make(chan error, 1)
	go func() {
		var err error
		for i := int64(1); i < 200 && err == nil; i++ {
			err = w.Rewrite(context.Background(), 3, []byte("e"), func(have []online.Bucket) ([]online.Bucket, error) {
				return []online.Bucket{{Bucket: i % 5, Rows: have[0].Rows}}, nil
			})
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
		if got := bucketsOf(t, s, all(3, "e")); len(got) != 1 {
			t.Fatalf("a read beside a rewrite finds %q", got)
		}
	}
}

func walkIsResumed(t *testing.T, place Place) {
	s := open(t, place)
	w := ability[online.Walker](t, s)
	for i, e := range entities {
		apply(t, s, delta(5, e, int64(i), "a"), delta(5, e, int64(i+1), "b"), delta(4, "other"+e, 0, "c"), delta(6, "other", 0, "d"))
	}
	list := func(after []byte, n int) []string {
		var got []string
		must(t, w.Walk(context.Background(), 5, after, func(e []byte) bool {
			got = append(got, string(e))
			return len(got) < n
		}))
		return got
	}
	whole := list(nil, 1000)
	sorted, want := slices.Sorted(slices.Values(whole)), slices.Sorted(slices.Values(entities))
	if !slices.Equal(sorted, want) {
		t.Fatalf("walk gives %q, want %q", sorted, want)
	}
	for i, e := range whole {
		if got := list([]byte(e), 2); !slices.Equal(got, whole[i+1:min(i+3, len(whole))]) {
			t.Errorf("after %q: %q, want %q", e, got, whole[i+1:])
		}
	}
	must(t, w.Walk(context.Background(), 5, nil, func(e []byte) bool { // a visit may write
		apply(t, s, delta(5, string(e), 99, "w"))
		return true
	}))
	if got := list(nil, 1000); !slices.Equal(got, whole) {
		t.Errorf("after writing, walk gives %q, want %q", got, whole)
	}
}

func dropForgets(t *testing.T, place Place) {
	s := open(t, place)
	d := ability[online.Dropper](t, s)
	ctx := context.Background()
	facts := []string{"a", "b", "b\x00", "c", "\xff"}
	for _, state := range []online.State{1, 2, 3, 1<<32 - 1} {
		apply(t, s, delta(state, "e", 0, "x"), delta(state, "", -5, "y"))
	}
	for _, k := range facts {
		must(t, s.Apply(ctx, &online.Batch{Facts: []online.Fact{{Key: []byte(k), Value: []byte("v")}}}))
	}
	must(t, d.Drop(ctx, 2))
	must(t, d.Drop(ctx, 1<<32-1))
	for _, state := range []online.State{1, 2, 3, 1<<32 - 1} {
		gone := state == 2 || state == 1<<32-1
		if got := bucketsOf(t, s, all(state, "e")); (got == nil) != gone {
			t.Errorf("state %d holds %q", state, got)
		}
	}
	must(t, d.DropFacts(ctx, []byte("b"), []byte("c")))
	must(t, d.DropFacts(ctx, []byte("z"), []byte("a")))
	if got := factsOf(t, s, facts...); !slices.Equal(got, []string{"a=v", "c=v", "\xff=v"}) {
		t.Errorf("facts %q", got)
	}
	must(t, d.DropFacts(ctx, []byte("b"), nil))
	if got := factsOf(t, s, facts...); !slices.Equal(got, []string{"a=v"}) {
		t.Errorf("facts %q", got)
	}
}

func factsAreListed(t *testing.T, place Place) {
	s := open(t, place)
	w := ability[online.FactWalker](t, s)
	ctx := context.Background()
	b := &online.Batch{}
	for _, k := range []string{"b", "a", "", "b\x00", "c", "\xff\xff"} {
		b.Facts = append(b.Facts, online.Fact{Key: []byte(k), Value: []byte("=" + k)})
	}
	b.Facts = append(b.Facts, online.Fact{Key: []byte("c")}, online.Fact{Key: []byte("never")}, online.Fact{Key: []byte("a"), Value: []byte("=again")})
	must(t, s.Apply(ctx, b))
	list := func(lo, hi []byte, n int) []string {
		var got []string
		must(t, w.WalkFacts(ctx, lo, hi, func(k, v []byte) bool {
			got = append(got, string(k)+string(v))
			return len(got) < n
		}))
		return got
	}
	for _, c := range []struct {
		lo, hi []byte
		n      int
		want   []string
	}{
		{nil, nil, 10, []string{"=", "a=again", "b=b", "b\x00=b\x00", "\xff\xff=\xff\xff"}},
		{[]byte("a"), []byte("b\x00"), 10, []string{"a=again", "b=b"}},
		{[]byte("b"), nil, 1, []string{"b=b"}}, {[]byte("c"), []byte("d"), 10, nil},
	} {
		if got := list(c.lo, c.hi, c.n); !slices.Equal(got, c.want) {
			t.Errorf("[%q, %q): got %q, want %q", c.lo, c.hi, got, c.want)
		}
	}
}
