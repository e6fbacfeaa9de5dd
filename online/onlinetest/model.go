// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package onlinetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"selfsame/online"
)

// Model is a store as maps: the twin that an adapter is held to. It is not safe for concurrent use.
type Model struct {
	rows  map[at]string
	facts map[string]string
}

type at struct {
	state  online.State
	entity string
	bucket int64
}

// NewModel returns an empty model.
func NewModel() *Model { return &Model{map[at]string{}, map[string]string{}} }

// Clone returns a copy.
func (m *Model) Clone() *Model { return &Model{maps.Clone(m.rows), maps.Clone(m.facts)} }

// Apply adds a batch.
func (m *Model) Apply(b *online.Batch) {
	for _, d := range b.Deltas {
		m.rows[at{d.State, string(d.Entity), d.Bucket}] += string(d.Rows)
	}
	for _, f := range b.Facts {
		if f.Value == nil {
			delete(m.facts, string(f.Key))
		} else {
			m.facts[string(f.Key)] = string(f.Value)
		}
	}
}

// Check reads everything that the model holds, and some that it does not, from s and compares.
func (m *Model) Check(s online.Store) error {
	states, names := map[online.State]bool{1: true, 2: true, 3: true}, map[string]bool{"nobody": true}
	for k := range m.rows {
		states[k.state], names[k.entity] = true, true
	}
	for state := range states {
		for entity := range names {
			if err := m.checkEntity(s, state, entity); err != nil {
				return err
			}
		}
	}
	keys := slices.AppendSeq([]string{"nothing"}, maps.Keys(m.facts))
	var in [][]byte
	for _, k := range keys {
		in = append(in, []byte(k))
	}
	got := map[string]string{}
	err := s.Facts(context.Background(), in, func(i int, v []byte) error {
		got[keys[i]] = string(v)
		return nil
	})
	if err == nil && !maps.Equal(got, m.facts) {
		err = fmt.Errorf("facts are %q, want %q", got, m.facts)
	}
	return err
}

func (m *Model) checkEntity(s online.Store, state online.State, entity string) error {
	want := map[int64]string{}
	for k, rows := range m.rows {
		if k.state == state && k.entity == entity {
			want[k.bucket] = rows
		}
	}
	got, last := map[int64]string{}, []int64(nil)
	err := s.Read(context.Background(), all(state, entity), func(b int64, rows []byte) error {
		if last != nil && b <= last[0] {
			return errors.New("buckets do not ascend")
		}
		got[b], last = string(rows), []int64{b}
		return nil
	})
	if err == nil && !maps.Equal(got, want) {
		err = fmt.Errorf("state %d, entity %q holds %v, want %v", state, entity, got, want)
	}
	return err
}

// Random returns a batch of small keys, so that they meet.
func Random(rng *rand.Rand) *online.Batch {
	b := &online.Batch{}
	for range rng.IntN(6) {
		b.Deltas = append(b.Deltas, delta(online.State(1+rng.IntN(3)), entities[rng.IntN(len(entities))], int64(rng.IntN(4)-2), fmt.Sprint(rng.IntN(1000), ",")))
	}
	for range rng.IntN(4) {
		f := online.Fact{Key: fmt.Append(nil, "k", rng.IntN(8))}
		if rng.IntN(3) > 0 {
			f.Value = fmt.Append([]byte{}, rng.IntN(100))
		}
		b.Facts = append(b.Facts, f)
	}
	return b
}

func randomOperations(t *testing.T, place Place) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, 0))
	s, m := open(t, place), NewModel()
	for step := range 400 {
		b := Random(rng)
		must(t, s.Apply(context.Background(), b))
		m.Apply(b)
		switch r := rng.IntN(40); {
		case r == 0:
			must(t, s.Close())
			s = open(t, place)
		case r < 3:
			must(t, ability[online.Syncer](t, s).Sync(context.Background()))
		case r < 8:
			rewriteOne(t, s, m, rng)
		}
		if step%20 == 0 {
			if err := m.Check(s); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
	}
	if err := m.Check(s); err != nil {
		t.Fatalf("seed %d, at the end: %v", seed, err)
	}
}

// rewriteOne drops some buckets of an entity and joins others, in store and model.
func rewriteOne(t *testing.T, s online.Store, m *Model, rng *rand.Rand) {
	w := ability[online.Rewriter](t, s)
	state, entity := online.State(1+rng.IntN(3)), entities[rng.IntN(len(entities))]
	must(t, w.Rewrite(context.Background(), state, []byte(entity), func(have []online.Bucket) ([]online.Bucket, error) {
		var keep []online.Bucket
		for _, b := range have {
			switch rng.IntN(3) {
			case 0:
				delete(m.rows, at{state, entity, b.Bucket})
			case 1:
				b.Rows = append([]byte("folded;"), b.Rows...)
				m.rows[at{state, entity, b.Bucket}] = string(b.Rows)
				keep = append(keep, b)
			default:
				keep = append(keep, b)
			}
		}
		return keep, nil
	}))
}
