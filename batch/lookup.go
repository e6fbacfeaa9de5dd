// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"context"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/plan"
)

// A use that looks other views up (plan.Use.Lookup) is evaluated in three steps. Its events are held instead of swept. Each event then asks,
// as a row of a run of its own, for what it looks up at its own event time: once for every stretch of knowledge over which the answer stays the
// same. The event goes to the sweep as so many versions, each known for its stretch, so that a row sees at its cut what that cut shows of the
// other views too (P1): the sweep knows nothing of lookups.

// lookupRows is how many versions of events are handed to a sweep at a time.
const lookupRows = 1 << 16

// heldEvents are events of one source of a use that looks other views up, in the order of their pieces.
type heldEvents struct {
	src         *selfsame.Source
	seq         int
	tau         []int64
	from, until []int64          // as in pit.Block
	key         []uint32         // number of its entity's key; nil: there is one
	columns     []*column.Column // by schema field, nil where not read
}

// hold keeps the rows of a chunk that may be events of a use.
func (f *feeder) hold(u *useFeeder, in *expr.Input) {
	if u.run.keys != nil && u.part.OwnKey() {
		u.ids, u.keyCols = slices.Grow(u.ids[:0], in.Rows)[:in.Rows], u.keyCols[:0]
		for _, k := range u.key {
			u.keyCols = append(u.keyCols, k.Eval(in))
		}
		if nulls := u.run.keys.lookup(u.ids, u.keyCols, &u.scratch); nulls > 0 {
			f.countNoEntity(u)
		}
	} else {
		u.ids = u.ids[:0]
	}
	u.idx = u.idx[:0]
	for i, ok := range u.side.bits {
		tau := f.times.tau[i]
		switch {
		case !ok, tau < u.run.lower, tau >= u.run.upper && u.run.upper != selfsame.MaxTime:
		case f.times.op != nil && isDelete(f.times.op, i), len(u.ids) > 0 && u.ids[i] == pit.NoEntity:
		default:
			u.idx = append(u.idx, uint32(i))
		}
	}
	if len(u.idx) == 0 {
		return
	}
	h := heldEvents{src: f.src, seq: f.split<<16 | u.blocks, tau: appendGather(nil, f.times.tau, u.idx), columns: make([]*column.Column, len(f.src.Schema))}
	u.blocks++
	if len(u.ids) > 0 {
		h.key = appendGather(nil, u.ids, u.idx)
	}
	if from, _ := f.known(u); from != nil {
		h.from = appendGather(nil, from, u.idx)
	}
	if u.side.until != nil {
		h.until = appendGather(nil, u.side.until, u.idx)
	}
	for i, c := range in.Columns[:len(f.src.Schema)] {
		if c != nil {
			h.columns[i] = picked(nil, c, u.idx)
		}
	}
	u.held = append(u.held, h)
}

// join puts held events together in their order.
func join(parts []heldEvents) (*heldEvents, error) {
	slices.SortFunc(parts, func(a, b heldEvents) int { return cmp.Compare(a.seq, b.seq) })
	out := parts[0]
	for _, p := range parts[1:] {
		out.from = together(out.from, len(out.tau), p.from, p.tau, out.tau)
		out.until = together(out.until, len(out.tau), p.until, endless(len(p.tau)), endless(len(out.tau)))
		out.tau, out.key = append(out.tau, p.tau...), append(out.key, p.key...)
		for i, c := range p.columns {
			if c == nil {
				continue
			}
			if uint64(len(out.columns[i].Bytes))+uint64(len(c.Bytes)) >= 1<<32 {
				return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: "source " + out.src.Name + ", field " + out.src.Schema[i].Name,
					Message: "the events of a view that looks others up hold more than 4 GiB of it", Hint: "train on fewer rows at a time, with --start and --end"}
			}
			out.columns[i].AppendRange(c, 0, c.Len())
		}
	}
	return &out, nil
}

// together appends b to a, each in the place of its default where it is nil; nil where both are.
func together(a []int64, rows int, b, bElse, aElse []int64) []int64 {
	if a == nil && b == nil {
		return nil
	}
	if a == nil {
		a = slices.Clone(aElse[:rows])
	}
	if b == nil {
		b = bElse
	}
	return append(a, b...)
}

func endless(n int) []int64 { return slices.Repeat([]int64{selfsame.MaxTime}, n) }

// timesOf are the times of events, of which one may stand several times.
func timesOf(tau []int64, events []uint32) []int64 {
	out := make([]int64, len(events))
	for i, e := range events {
		out[i] = tau[e]
	}
	return out
}

// fromOf is from when on event i is known.
func (h *heldEvents) fromOf(i int) int64 {
	if h.from == nil {
		return h.tau[i]
	}
	return h.from[i]
}

func (h *heldEvents) untilOf(i int) int64 {
	if h.until == nil {
		return selfsame.MaxTime
	}
	return h.until[i]
}

// versions are events as they are known over stretches of knowledge.
type versions struct {
	event       []uint32
	from, until []int64  // until nil: for ever
	row         []uint32 // served: the row that asks about each
}

// lookUp finds what the held events of a use look up and hands them to its sweep.
func (r *runner) lookUp(ctx context.Context, place int, src *selfsame.Source, res *resolution, u *useRun, held []heldEvents, counts *SourceCounts) error {
	if len(held) == 0 {
		return nil
	}
	h, err := join(held)
	if err != nil {
		return err
	}
	f := r.newFeeder(place, src, res)
	uf := f.uses[slices.IndexFunc(f.uses, func(x *useFeeder) bool { return x.run == u })]
	if u.apart != nil {
		err = r.fanOut(u, h, func(v *versions) error { return r.giveVersions(ctx, f, uf, h, v) })
	} else {
		var v *versions
		if v, err = r.stretches(ctx, u, h); err == nil {
			err = r.giveVersions(ctx, f, uf, h, v)
		}
	}
	if err != nil {
		return err
	}
	u.see(uf.seen)
	counts.merge(&f.counts)
	f.countCasts(counts)
	return nil
}

// giveVersions finds what versions of events look up and hands them to the sweep.
func (r *runner) giveVersions(ctx context.Context, f *feeder, uf *useFeeder, h *heldEvents, v *versions) error {
	if len(v.event) == 0 {
		return nil
	}
	values, err := r.lookedUp(ctx, uf.run, h, v)
	if err != nil {
		return err
	}
	for lo := 0; lo < len(v.event); lo += lookupRows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.feedVersions(uf, h, v, values, lo, min(lo+lookupRows, len(v.event))); err != nil {
			return err
		}
	}
	return f.flushUse(uf)
}

// feedVersions hands versions [lo, hi) to the use as if they were rows of a chunk.
func (f *feeder) feedVersions(u *useFeeder, h *heldEvents, v *versions, values []*column.Column, lo, hi int) error {
	idx, rows := v.event[lo:hi], hi-lo
	f.times = times{tau: timesOf(h.tau, idx), from: v.from[lo:hi], verdicts: make([]verdict, rows)}
	if u.run.lens != byArrival {
		f.times.from, f.seq = nil, v.from[lo:hi]
	}
	if v.row != nil {
		u.asking = v.row[lo:hi]
	}
	u.side.bits, u.side.until = slices.Repeat([]bool{true}, rows), nil
	if v.until != nil {
		u.side.until = v.until[lo:hi]
	}
	cols := make([]*column.Column, 0, len(h.columns)+1+len(values))
	for _, c := range h.columns {
		if c != nil {
			c = picked(nil, c, idx)
		}
		cols = append(cols, c)
	}
	cols = append(cols, f.sourceName(rows))
	for _, c := range values {
		part := column.New(c.Type, rows)
		part.AppendRange(c, lo, hi)
		cols = append(cols, part)
	}
	return f.feed(u, &expr.Input{Columns: cols, Rows: rows})
}

// stretches finds the versions of held events. In final mode there is one cut, and each event has one version.
func (r *runner) stretches(ctx context.Context, u *useRun, h *heldEvents) (*versions, error) {
	known, err := r.known(u.use)
	if err != nil {
		return nil, err
	}
	v := &versions{}
	if known == nil {
		for i := range h.tau {
			v.event, v.from = append(v.event, uint32(i)), append(v.from, h.fromOf(i))
		}
		v.until = h.until
		return v, nil
	}
	last := slices.Max(append([]int64{selfsame.MinTime}, known...))
	changes, err := r.changes(ctx, u, h, last)
	if err != nil {
		return nil, err
	}
	var cuts []int64
	for i := range h.tau {
		from, until := h.fromOf(i), h.untilOf(i)
		if from == selfsame.MaxTime || from > last || until <= from {
			continue // no row knows it
		}
		cuts = cuts[:0]
		for _, c := range changes {
			cuts = c.between(cuts, i, h.tau[i], from, min(until, satAdd(last, 1)))
		}
		slices.Sort(cuts)
		for _, cut := range slices.Compact(cuts) {
			v.event, v.from, v.until = append(v.event, uint32(i)), append(v.from, from), append(v.until, cut)
			from = cut
		}
		v.event, v.from, v.until = append(v.event, uint32(i)), append(v.from, from), append(v.until, until)
	}
	if !slices.ContainsFunc(v.until, func(until int64) bool { return until != selfsame.MaxTime }) {
		v.until = nil
	}
	return v, nil
}

// asking are rows that ask for what events look up at their own times, with all that they know at those moments; known nil: in final mode.
func (r *runner) asking(u *useRun, h *heldEvents, event []uint32, known []int64) *Request {
	lookup := u.use.Lookup
	req := r.Request
	req.Plan, req.Options.ErrorStatus, req.Options.Progress = lookup, true, nil
	req.Mode = Mode{Final: known == nil, IncludeLate: r.Mode.IncludeLate && known == nil}
	req.Rows = &EntityRows{Batch: &column.Batch{Fields: lookup.Requests, Rows: len(event)}, At: timesOf(h.tau, event), Cut: known}
	for _, f := range lookup.Requests {
		req.Rows.Batch.Columns = append(req.Rows.Batch.Columns, picked(nil, h.columns[fieldIndex(h.src, f.Name)], event))
	}
	return &req
}

// lookedUp returns the values that versions of events look up, one column an output of the use's lookup.
func (r *runner) lookedUp(ctx context.Context, u *useRun, h *heldEvents, v *versions) ([]*column.Column, error) {
	known, scope := v.from, r.scope
	own, err := r.known(u.use)
	if err != nil || own == nil {
		known = nil
	}
	req := r.asking(u, h, v.event, known)
	if u.apart != nil {
		r.askServed(req.Rows, v, own)
		req.Mode, scope.past = Mode{Served: true}, false
	}
	res, err := run(ctx, *req, scope)
	if err != nil {
		return nil, err
	}
	var values []*column.Column
	for _, o := range req.Plan.Outputs {
		values = append(values, column.New(o.Type, len(v.event)))
	}
	err = res.Each(ctx, func(c *Chunk) error {
		for i, col := range c.Features.Columns {
			appendNulled(values[i], col, c.Rows)
		}
		return nil
	})
	r.noteLookup(res)
	return values, err
}

// appendNulled appends values to dst; what is not there is null, as in every expression.
func appendNulled(dst, c *column.Column, rows int) {
	if !slices.ContainsFunc(c.Status, func(s selfsame.Status) bool { return s == selfsame.NotFound || s == selfsame.Expired }) {
		dst.AppendRange(c, 0, rows)
		return
	}
	for i := range rows {
		if s := c.StatusAt(i); s == selfsame.NotFound || s == selfsame.Expired {
			dst.AppendStatus(selfsame.Null)
		} else {
			dst.AppendFrom(c, i)
		}
	}
}

// noteLookup takes over what a run for lookups tells of its work, and of sources that the plan itself does not read.
func (r *runner) noteLookup(res *Result) {
	out := r.result
	out.Events += res.Events
	out.Spilled += res.Spilled
	if r.looked == nil {
		r.looked = map[string]SourceCounts{}
	}
	for _, c := range res.Sources {
		if _, ok := r.looked[c.Name]; ok || r.readsItself(c.Name) {
			continue
		}
		r.looked[c.Name], out.Pruned[c.Name] = c, res.Pruned[c.Name]
	}
	out.Bad = append(out.Bad, res.Bad...)
}

// readsItself reports whether rows of a source are events of a use of the plan.
func (r *runner) readsItself(src string) bool {
	return slices.ContainsFunc(r.Plan.Uses, func(u *plan.Use) bool {
		return slices.ContainsFunc(u.Sources, func(s *plan.SourceUse) bool { return s.Source.Name == src })
	})
}
