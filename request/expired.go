// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request

import (
	"context"

	"selfsame"
	"selfsame/column"
	"selfsame/plan"
)

// showExpired gives the outputs of as-of views the values that a row older than ttl holds, with status expired: in such a slot, unlike in
// any other that is not present, the value may be read. What on-demand features read stays withheld. It evaluates everything a second
// time, without ttl, which questions of this kind can afford.
func (s *scratch) showExpired(ctx context.Context, r *Reader, b *binding, q *Query) error {
	p := s.prepared.plan
	bare := &binding{set: b.set, uses: append([]boundUse(nil), b.uses...)}
	any := false
	for i, u := range p.Uses {
		if !ends(u) {
			continue
		}
		var err error
		if bare.uses[i].live, err = b.uses[i].live.endless(); err != nil {
			return err
		}
		any = true
	}
	if !any {
		return nil
	}
	plain := *q
	plain.Expired, plain.EventTimes, plain.Timing = false, false, false
	other := newScratch(s.prepared, r)
	if err := other.read(ctx, r, bare, &plain); err != nil {
		return err
	}
	for oi, o := range p.Outputs {
		if slot := p.Slots[o.Slot]; slot.Use >= 0 && ends(p.Uses[slot.Use]) && s.result.Columns[oi].Status != nil {
			s.result.Columns[oi] = withExpired(s.result.Columns[oi], other.result.Columns[oi])
		}
	}
	return nil
}

// ends reports whether rows of a use expire.
func ends(u *plan.Use) bool { return u.Spec.AsOf && u.Spec.TTL >= 0 && !u.Spec.Static }

// withExpired returns c with the values of old where c says expired.
func withExpired(c, old *column.Column) *column.Column {
	out := column.New(c.Type, c.Len())
	for i := range c.Len() {
		switch {
		case c.StatusAt(i) != selfsame.Expired:
			out.AppendFrom(c, i)
		case old.StatusAt(i) == selfsame.Present:
			out.AppendFrom(old, i)
			out.SetStatus(i, selfsame.Expired)
		default:
			out.AppendStatus(old.StatusAt(i))
		}
	}
	return out
}
