// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/online"
	"selfsame/online/embedded"
	"selfsame/plan"
)

// fullStore is a store with every ability that the driver uses.
type fullStore interface {
	online.Store
	online.Rewriter
	online.Walker
	online.Dropper
	online.FactWalker
}

// stores are the map and the embedded store in memory.
func stores(t testing.TB) map[string]func() fullStore {
	return map[string]func() fullStore{
		"map": func() fullStore { return newMapStore() },
		"embedded": func() fullStore {
			s, err := embedded.Open(t.TempDir(), embedded.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return s
		},
	}
}

// entitiesOf lists the entities of a state.
func entitiesOf(t testing.TB, store fullStore, state online.State) [][]byte {
	t.Helper()
	var out [][]byte
	err := store.Walk(t.Context(), state, nil, func(entity []byte) bool {
		out = append(out, bytes.Clone(entity))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bucketsOf are the buckets of an entity, the prefix included.
func bucketsOf(t testing.TB, store fullStore, state online.State, entity []byte) []online.Bucket {
	t.Helper()
	var out []online.Bucket
	err := store.Read(t.Context(), online.Range{State: state, Entity: entity, Lo: online.PrefixBucket, Hi: math.MaxInt64}, func(bucket int64, rows []byte) error {
		out = append(out, online.Bucket{Bucket: bucket, Rows: bytes.Clone(rows)})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sizes are the number of facts and the bytes of rows of the states.
func sizes(t testing.TB, store fullStore, states []*plan.State) (facts, rows int) {
	t.Helper()
	err := store.WalkFacts(t.Context(), []byte{resolvePrefix}, []byte{resolvePrefix + 1}, func(_, _ []byte) bool {
		facts++
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		for _, e := range entitiesOf(t, store, online.State(s.ID)) {
			for _, b := range bucketsOf(t, store, online.State(s.ID), e) {
				rows += len(b.Rows)
			}
		}
	}
	return facts, rows
}

// mapStore keeps online state in maps: the contract, without a disk.
type mapStore struct {
	mu      sync.Mutex
	rows    map[string][]byte
	facts   map[string][]byte
	broken  error // what Apply answers from now on
	applies int
}

func newMapStore() *mapStore {
	return &mapStore{rows: map[string][]byte{}, facts: map[string][]byte{}}
}

// copyOf is what a crash would leave of the store.
func (s *mapStore) copyOf() *mapStore {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := newMapStore()
	for k, v := range s.rows {
		out.rows[k] = bytes.Clone(v)
	}
	for k, v := range s.facts {
		out.facts[k] = bytes.Clone(v)
	}
	return out
}

func rowKey(s online.State, entity []byte, bucket int64) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(s))
	b = append(binary.AppendUvarint(b, uint64(len(entity))), entity...)
	return string(binary.BigEndian.AppendUint64(b, uint64(bucket)^1<<63))
}

func (s *mapStore) Apply(_ context.Context, b *online.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	s.applies++
	for _, d := range b.Deltas {
		k := rowKey(d.State, d.Entity, d.Bucket)
		s.rows[k] = append(s.rows[k], d.Rows...)
	}
	for _, f := range b.Facts {
		if f.Value == nil {
			delete(s.facts, string(f.Key))
		} else {
			s.facts[string(f.Key)] = bytes.Clone(f.Value)
		}
	}
	return nil
}

func (s *mapStore) Read(_ context.Context, at online.Range, visit func(int64, []byte) error) error {
	for _, b := range s.buckets(at.State, at.Entity) {
		if b.Bucket < at.Lo || b.Bucket > at.Hi {
			continue
		}
		if err := visit(b.Bucket, b.Rows); err != nil {
			return err
		}
	}
	return nil
}

func (s *mapStore) buckets(state online.State, entity []byte) []online.Bucket {
	s.mu.Lock()
	defer s.mu.Unlock()
	prefix := rowKey(state, entity, 0)
	prefix = prefix[:len(prefix)-8]
	var out []online.Bucket
	for _, k := range slices.Sorted(maps.Keys(s.rows)) {
		if len(k) == len(prefix)+8 && k[:len(prefix)] == prefix {
			out = append(out, online.Bucket{Bucket: int64(binary.BigEndian.Uint64([]byte(k[len(prefix):])) ^ 1<<63), Rows: s.rows[k]})
		}
	}
	return out
}

func (s *mapStore) Facts(_ context.Context, keys [][]byte, found func(int, []byte) error) error {
	for i, k := range keys {
		if i > 0 && bytes.Compare(keys[i-1], k) >= 0 {
			return errors.New("the keys of facts are not sorted")
		}
		s.mu.Lock()
		v, ok := s.facts[string(k)]
		s.mu.Unlock()
		if ok {
			if err := found(i, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *mapStore) Rewrite(_ context.Context, state online.State, entity []byte, fold func([]online.Bucket) ([]online.Bucket, error)) error {
	have := s.buckets(state, entity)
	keep, err := fold(have)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range have {
		delete(s.rows, rowKey(state, entity, b.Bucket))
	}
	for _, b := range keep {
		s.rows[rowKey(state, entity, b.Bucket)] = bytes.Clone(b.Rows)
	}
	return nil
}

func (s *mapStore) Walk(_ context.Context, state online.State, after []byte, visit func([]byte) bool) error {
	for _, e := range s.entities(state) {
		if after != nil && bytes.Compare(e, after) <= 0 {
			continue
		}
		if !visit(e) {
			return nil
		}
	}
	return nil
}

func (s *mapStore) entities(state online.State) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for k := range s.rows {
		b := []byte(k)
		if online.State(binary.BigEndian.Uint32(b)) == state {
			n, w := binary.Uvarint(b[4:])
			seen[string(b[4+w:4+w+int(n)])] = true
		}
	}
	var out [][]byte
	for _, e := range slices.Sorted(maps.Keys(seen)) {
		out = append(out, []byte(e))
	}
	return out
}

func (s *mapStore) Drop(_ context.Context, state online.State) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.rows, func(k string, _ []byte) bool { return online.State(binary.BigEndian.Uint32([]byte(k))) == state })
	return nil
}

func (s *mapStore) DropFacts(_ context.Context, lo, hi []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.facts, func(k string, _ []byte) bool { return k >= string(lo) && k < string(hi) })
	return nil
}

func (s *mapStore) WalkFacts(_ context.Context, lo, hi []byte, visit func(key, value []byte) bool) error {
	s.mu.Lock()
	keys := slices.Sorted(maps.Keys(s.facts))
	s.mu.Unlock()
	for _, k := range keys {
		if k < string(lo) || k >= string(hi) {
			continue
		}
		s.mu.Lock()
		v, ok := s.facts[k]
		s.mu.Unlock()
		if ok && !visit([]byte(k), v) {
			return nil
		}
	}
	return nil
}

func (s *mapStore) Close() error { return nil }

// listLog is a log in memory.
type listLog struct {
	mu     sync.Mutex
	blocks []*eventlog.Block
}

func (l *listLog) Append(context.Context, []*eventlog.Append, int64) error {
	return errors.New("this log is written by push")
}

// push adds a block and numbers it.
func (l *listLog) push(b *eventlog.Block) *eventlog.Block {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.blocks); n > 0 {
		b.First = l.blocks[n-1].First + int64(l.blocks[n-1].Rows.Rows)
	}
	l.blocks = append(l.blocks, b)
	return b
}

func (l *listLog) Read(_ context.Context, from, to int64, visit func(*eventlog.Block) error) error {
	l.mu.Lock()
	blocks := slices.Clone(l.blocks)
	l.mu.Unlock()
	for _, b := range blocks {
		if b.First+int64(b.Rows.Rows) <= from || b.First >= to {
			continue
		}
		one := *b
		if b.First < from {
			one = *sliced(b, from)
		}
		if one.First+int64(one.Rows.Rows) > to {
			one = *headOf(&one, int(to-one.First))
		}
		if err := visit(&one); err != nil {
			return err
		}
	}
	return nil
}

// headOf is the first n rows of a block.
func headOf(b *eventlog.Block, n int) *eventlog.Block {
	out := *b
	out.Tau = b.Tau[:n]
	if b.Ops != nil {
		out.Ops = b.Ops[:n]
	}
	rows := *b.Rows
	rows.Columns = nil
	for _, c := range b.Rows.Columns {
		fresh := column.New(c.Type, n)
		fresh.AppendRange(c, 0, n)
		rows.Columns = append(rows.Columns, fresh)
	}
	rows.Rows = n
	out.Rows = &rows
	return &out
}

func (l *listLog) End() (next, alpha int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.blocks) == 0 {
		return 0, selfsame.MinTime
	}
	b := l.blocks[len(l.blocks)-1]
	return b.First + int64(b.Rows.Rows), b.Alpha
}

func (l *listLog) Close() error { return nil }
