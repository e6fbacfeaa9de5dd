// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"slices"
	"sync"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/plan"
	"selfsame/source"
)

// EventsRequest asks for the events of a use, of every entity.
type EventsRequest struct {
	Use     *plan.Use
	Tables  map[string]*source.Table // history by source name
	Archive map[string]*source.Table // the live log by source name; nil: history alone
	Before  int64                    // rows of the log with offsets from here on are left out; 0: none
	Ranges  []LoadedRange            // of sources' histories; sources that are not named are read whole
	Options Options
	// Entries, where not nil, is called with the admitted rows of each source that identifies its rows: what later rows are held against.
	Entries func(*Entries) error
}

// Resolved is a run of events of one use from one source, resolved: deletes and copies that lost are not among the events of a windowed
// view. It is valid until the sink returns. Slices that are nil say nothing of any row.
type Resolved struct {
	Source *selfsame.Source
	Place  int // of the source in the view's list
	Rows   int
	// KeyBytes holds the entity of each row, its key fields framed; row i is KeyBytes[KeyEnds[i-1]:KeyEnds[i]], from 0 where i is 0.
	KeyBytes []byte
	KeyEnds  []int
	Pos      []source.Position // in the source's history, ascending; of the log: not below LogPosition, which is its offset 0
	Offset   []int64           // of the log; -1: of history
	Tau      []int64
	Alpha    []int64 // MaxTime: never known by time
	// UntilAlpha and UntilOffset end the visibility of a row, on the axes of α and of offsets: known at κ iff Alpha <= κ < UntilAlpha, in a
	// cut C iff Offset < C <= UntilOffset. nil: no row ends; MaxTime: this one does not. An end at offset -1 came with history.
	UntilAlpha, UntilOffset []int64
	Delete                  []bool // as-of views: there is none from τ on
	Hash                    []uint64
	Order                   *column.Column
	Columns                 []*column.Column
}

// LogPosition is the position of the log's offset 0 among the rows of a source.
const LogPosition = archived

// Entries are admitted rows of a source as they came. They are valid until the sink returns.
type Entries struct {
	Source     *selfsame.Source
	Rows       int
	Columns    []*column.Column // in the order of the schema
	Pos        []source.Position
	Tau, Alpha []int64
	Op         *column.Column // insert, delete or upsert; nil: every row is an insert
	Verdict    []bool         // whether the row is admitted: the others are to be passed over
}

// Events reads the sources of a use, resolves their rows and hands the events to the sink, one call at a time. With Options.Threads 1 they come
// in the order of sources, tables and rows. It returns what became of the rows of each source.
func Events(ctx context.Context, req EventsRequest, sink func(*Resolved) error) ([]SourceCounts, error) {
	r := newRunner(Request{Tables: req.Tables, Archive: req.Archive, Before: req.Before, Options: req.Options, Mode: Mode{Served: true}}, scope{})
	r.scope = wholeScope(&r.Request)
	r.scope.ranges = req.Ranges
	l := byOffset
	if req.Use.Spec.AsOf {
		l = byOffsetVersion
	}
	r.uses = []*useRun{{use: req.Use, lens: l, lower: selfsame.MinTime, upper: selfsame.MaxTime}}
	var turn sync.Mutex
	var out []SourceCounts
	for _, part := range req.Use.Sources {
		counts, err := r.harvest(ctx, part, &req, func(x *Resolved, e *Entries) error {
			turn.Lock()
			defer turn.Unlock()
			if e != nil {
				if err := req.Entries(e); err != nil {
					return err
				}
			}
			if x.Rows == 0 {
				return nil
			}
			return sink(x)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, *counts)
	}
	return out, nil
}

// harvest hands over the events of one source.
func (r *runner) harvest(ctx context.Context, part *plan.SourceUse, req *EventsRequest, give func(*Resolved, *Entries) error) (*SourceCounts, error) {
	src := part.Source
	res, err := r.resolve(ctx, src)
	if err != nil {
		return nil, err
	}
	w := r.wantEvents(src, res)
	w.Lower, w.Upper = selfsame.MinTime, selfsame.MaxTime
	entries := req.Entries != nil && (src.ID != "" || len(src.PrimaryKey) > 0)
	if entries {
		w.Fields = schemaNames(src)
	}
	counts := newCounts(src.Name)
	if res != nil {
		counts.merge(&res.counts)
	}
	var mu sync.Mutex
	err = r.scanWant(ctx, src, w, StageRead, func() chunkFunc {
		h := &harvester{feeder: r.newFeeder(0, src, res), use: r.uses[0], part: part, entries: entries, give: give}
		h.sides[byArrival].used = true
		h.out = Resolved{Source: src, Place: part.Place}
		return chunkFunc{chunk: h.chunk, done: func() {
			mu.Lock()
			defer mu.Unlock()
			counts.merge(&h.counts)
			r.result.Bad = append(r.result.Bad, h.bad...)
			h.countCasts(&counts)
		}}
	})
	if err == nil && src.EventTime == "" {
		err = r.checkStatic(ctx, src)
	}
	return &counts, err
}

// harvester makes resolved events of pieces; one goroutine's.
type harvester struct {
	*feeder
	use     *useRun
	part    *plan.SourceUse
	entries bool
	give    func(*Resolved, *Entries) error
	out     Resolved
	idx     []uint32
	keys    []*column.Column
	values  []*column.Column // of the use's columns, for every row of the piece
}

func (h *harvester) chunk(c *piece, cols []*column.Column) error {
	rows := c.Batch.Rows
	h.counts.Rows += int64(rows + len(c.Bad))
	h.counts.Schema += int64(len(c.Bad))
	h.counts.NaiveTimes += c.Undeclared
	h.counts.RepeatedTimes += c.Repeated
	h.counts.SkippedTimes += c.Skipped
	h.bad = append(h.bad, c.Bad...)
	if rows == 0 {
		return nil
	}
	h.adm.admit(&h.times, c, cols)
	h.count()
	h.select_(c)
	cols[len(h.src.Schema)] = h.sourceName(rows)
	h.pick(&expr.Input{Columns: cols, Rows: rows})
	h.fill(c, cols)
	var e *Entries
	if h.entries {
		e = &Entries{Source: h.src, Rows: rows, Columns: cols[:len(h.src.Schema)], Tau: h.times.tau, Alpha: h.alphas(), Op: h.times.op}
		for i, v := range h.times.verdicts {
			e.Pos = append(e.Pos, position(c, i))
			e.Verdict = append(e.Verdict, h.r.accepts(v))
		}
	}
	return h.give(&h.out, e)
}

// pick fills idx with the rows that are events, and keys with the columns of their entity.
func (h *harvester) pick(in *expr.Input) {
	u := h.uses[0]
	var where *column.Column
	if u.where != nil {
		where = u.where.Eval(in)
		h.countWhere(u, where)
	}
	u.keyCols = u.keyCols[:0]
	for _, k := range u.key {
		u.keyCols = append(u.keyCols, k.Eval(in))
	}
	h.countNoEntity(u)
	h.keys, h.idx = u.keyCols, h.idx[:0]
	asOf, arrival := h.use.use.Spec.AsOf, &h.sides[byArrival]
	for i, ok := range u.side.bits {
		del := h.times.op != nil && ok && isDelete(h.times.op, i)
		switch {
		case !ok && !arrival.bits[i], del && !asOf,
			where != nil && !del && (where.StatusAt(i) != selfsame.Present || !where.Bools[i]),
			slices.ContainsFunc(h.keys, func(k *column.Column) bool { return k.StatusAt(i) != selfsame.Present }):
		default:
			h.idx = append(h.idx, uint32(i))
		}
	}
	h.values = h.values[:0]
	for _, ev := range u.columns {
		h.values = append(h.values, ev.Eval(in))
	}
}

func (h *harvester) alphas() []int64 {
	if h.times.from != nil {
		return h.times.from
	}
	return h.times.tau
}

// fill makes out the events of a piece: rows idx of it.
func (h *harvester) fill(c *piece, cols []*column.Column) {
	o, spec, idx := &h.out, &h.use.use.Spec, h.idx
	o.Rows = len(idx)
	o.KeyBytes, o.KeyEnds, o.Pos, o.Hash, o.Delete = o.KeyBytes[:0], o.KeyEnds[:0], o.Pos[:0], o.Hash[:0], o.Delete[:0]
	for _, i := range idx {
		for _, k := range h.keys {
			o.KeyBytes = k.AppendFramed(o.KeyBytes, int(i))
		}
		o.KeyEnds = append(o.KeyEnds, len(o.KeyBytes))
		o.Pos = append(o.Pos, position(c, int(i)))
		if spec.NeedOrder {
			o.Hash = append(o.Hash, h.hashOf(h.uses[0], cols, int(i)))
		}
		if spec.AsOf && h.times.op != nil {
			o.Delete = append(o.Delete, isDelete(h.times.op, int(i)))
		}
	}
	o.Tau = appendGather(o.Tau[:0], h.times.tau, idx)
	o.Alpha = appendGather(o.Alpha[:0], h.alphas(), idx)
	o.Offset = appendGather(o.Offset[:0], h.seq, idx)
	o.UntilOffset = h.sides[h.use.lens].ended(idx, false)
	o.UntilAlpha = h.sides[byArrival].ended(idx, spec.AsOf)
	if f := fieldIndex(h.src, h.src.Order); f >= 0 && spec.NeedOrder {
		o.Order = picked(o.Order, cols[f], idx)
	}
	for k, v := range h.values {
		if len(o.Columns) == k {
			o.Columns = append(o.Columns, nil)
		}
		o.Columns[k] = picked(o.Columns[k], v, idx)
	}
}

// ended returns the ends of rows idx, nil where none has one. Rows that are dropped end before they begin; where lost is set, no others end.
func (s *side) ended(idx []uint32, lost bool) []int64 {
	if s.until == nil {
		return nil
	}
	out := make([]int64, 0, len(idx))
	for _, i := range idx {
		until := s.until[i]
		switch {
		case !s.bits[i]:
			until = selfsame.MinTime
		case lost:
			until = selfsame.MaxTime
		}
		out = append(out, until)
	}
	return out
}

// picked returns rows idx of a column, in the memory of dst where there is some.
func picked(dst, src *column.Column, idx []uint32) *column.Column {
	if dst == nil {
		dst = column.New(src.Type, len(idx))
	}
	dst.Reset()
	dst.Gather(src, idx)
	return dst
}
