// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"selfsame/online"
	"selfsame/plan"
)

// changes is a batch in the making. Its bytes stand in one arena, so that nothing is allocated a row; places become slices when the
// batch is complete.
type changes struct {
	arena  []byte
	deltas []deltaAt
	facts  []factAt
	batch  online.Batch
}

type span struct{ lo, hi int }

type deltaAt struct {
	state  *plan.State
	bucket int64
	entity span
	rows   span
}

type factAt struct {
	key, value span
	removed    bool
}

func (c *changes) reset() {
	c.arena, c.deltas, c.facts = c.arena[:0], c.deltas[:0], c.facts[:0]
}

func (c *changes) bytes(s span) []byte { return c.arena[s.lo:s.hi:s.hi] }

// put appends bytes and returns where they are.
func (c *changes) put(b []byte) span {
	lo := len(c.arena)
	c.arena = append(c.arena, b...)
	return span{lo, len(c.arena)}
}

// fact sets a fact.
func (c *changes) fact(key, value []byte) {
	c.facts = append(c.facts, factAt{key: c.put(key), value: c.put(value)})
}

// remove removes a fact.
func (c *changes) remove(key []byte) {
	c.facts = append(c.facts, factAt{key: c.put(key), removed: true})
}

// complete returns the batch. It is valid until reset.
func (c *changes) complete() *online.Batch {
	b := &c.batch
	b.Deltas, b.Facts = b.Deltas[:0], b.Facts[:0]
	for _, d := range c.deltas {
		b.Deltas = append(b.Deltas, online.Delta{State: online.State(d.state.ID), Entity: c.bytes(d.entity), Bucket: d.bucket, Rows: c.bytes(d.rows)})
	}
	for _, f := range c.facts {
		fact := online.Fact{Key: c.bytes(f.key)}
		if !f.removed {
			fact.Value = c.bytes(f.value)
		}
		b.Facts = append(b.Facts, fact)
	}
	return b
}

// tell reports every delta to a hook.
func (c *changes) tell(changed func(s *plan.State, entity, rows []byte)) {
	if changed == nil {
		return
	}
	for _, d := range c.deltas {
		changed(d.state, c.bytes(d.entity), c.bytes(d.rows))
	}
}
