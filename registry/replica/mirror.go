// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package replica

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"selfsame"
	"selfsame/registry"
)

// Mirror is a registry.Store whose records and texts are copied to another one as they are read, and read from there while the first is away. Only the first is
// written to. It is safe for concurrent use; nobody else writes to the copy.
type Mirror struct {
	from, copy registry.Store
	failed     func(err error)

	mu     sync.Mutex       // guards the rest, and copies each record once
	newest *registry.Record // of the copy; nil: none
	read   bool             // newest was read
	same   bool             // the copy is of this store
	behind bool             // the last record was not copied, and failed was told
}

// NewMirror makes a mirror. failed is told once that records cannot be copied, until they can be again: reads go on without them.
func NewMirror(from, to registry.Store, failed func(err error)) *Mirror {
	return &Mirror{from: from, copy: to, failed: failed}
}

// Close closes both stores.
func (m *Mirror) Close() error { return errors.Join(m.from.Close(), m.copy.Close()) }

// Append stores a record in the first store. It is copied when it is read.
func (m *Mirror) Append(ctx context.Context, r *registry.Record, texts map[string][]byte) error {
	return m.from.Append(ctx, r, texts)
}

// Texts reads from the copy what it has: a text is named by its hash.
func (m *Mirror) Texts(ctx context.Context, hashes []string) (map[string][]byte, error) {
	found, err := m.copy.Texts(ctx, hashes)
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(hashes), func(h string) bool { _, ok := found[h]; return ok })
	if len(missing) == 0 {
		return found, nil
	}
	rest, err := m.from.Texts(ctx, missing)
	if err != nil {
		return nil, err
	}
	maps.Copy(found, rest)
	return found, nil
}

// Load returns what the first store has and copies it. While that is away it returns what the copy has beyond after; where that is nothing, the error.
func (m *Mirror) Load(ctx context.Context, after int64) ([]*registry.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	last := int64(0)
	if m.newest != nil {
		last = m.newest.ID
	}
	got, err := m.beyond(ctx, last)
	if errors.Is(err, registry.ErrAway) && after < last {
		return m.copy.Load(ctx, after)
	}
	if err != nil {
		return nil, err
	}
	var held []*registry.Record
	if after < last {
		if held, err = m.copy.Load(ctx, after); err != nil {
			return nil, err
		}
	}
	m.keep(ctx, got)
	beyond := slices.IndexFunc(got, func(r *registry.Record) bool { return r.ID > after })
	if beyond < 0 {
		return held, nil
	}
	return append(held, got[beyond:]...), nil
}

// beyond loads what the first store has after the newest record of the copy. Before anything is taken the first time, or is new, that record must be the same
// there: a registry that was restored from an older copy goes on otherwise.
func (m *Mirror) beyond(ctx context.Context, last int64) ([]*registry.Record, error) {
	if m.same || last == 0 {
		got, err := m.from.Load(ctx, last)
		if err != nil || len(got) == 0 || last == 0 {
			m.same = m.same || err == nil
			return got, err
		}
	}
	got, err := m.from.Load(ctx, last-1)
	if err != nil {
		return nil, err
	}
	if len(got) == 0 || !got[0].Equal(m.newest) {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: "registry", Message: fmt.Sprintf("it is another one than this data directory was served from: record %d differs", last),
			Hint: "name the registry of before, or another data directory with --data"}
	}
	m.same = true
	return got[1:], nil
}

// begin finds the newest record of the copy.
func (m *Mirror) begin(ctx context.Context) error {
	if m.read {
		return nil
	}
	records, err := m.copy.Load(ctx, 0)
	if err != nil {
		return err
	}
	if len(records) > 0 {
		m.newest = records[len(records)-1]
	}
	m.read = true
	return nil
}

// keep copies records in their order, as far as it can.
func (m *Mirror) keep(ctx context.Context, records []*registry.Record) {
	if len(records) == 0 {
		return
	}
	texts, err := m.from.Texts(ctx, needs(records))
	for i := 0; i < len(records) && err == nil; i++ {
		if err = m.copy.Append(ctx, records[i], chosen(texts, needs(records[i:i+1]))); err == nil {
			m.newest = records[i]
		}
	}
	switch {
	case err == nil:
		m.behind = false
	case ctx.Err() == nil && !m.behind: // else it is copied by the next who reads
		m.behind = true
		m.failed(err)
	}
}
