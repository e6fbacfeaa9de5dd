// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/compute/window"
	"selfsame/plan"
	"selfsame/source"
)

// blockRows is how many selected events a block holds before it is handed to the sweep.
const blockRows = 1 << 19

// prunedRows is how many a block holds where pruning thins them out: few, so that their memory stays in the caches.
const prunedRows = 1 << 17

// wholeShare is how sparse a chunk may be, one row in so many, to be handed over whole rather than copied.
const wholeShare = 4

// readSource admits and resolves the rows of a source and feeds them to the sweeps of the uses that read it.
func (r *runner) readSource(ctx context.Context, place int, src *selfsame.Source) (*SourceCounts, error) {
	res, err := r.resolve(ctx, src)
	if err != nil {
		return nil, err
	}
	counts := newCounts(src.Name)
	if res != nil {
		counts.merge(&res.counts)
	}
	var mu sync.Mutex
	held := map[*useRun][]heldEvents{}
	err = r.scanWant(ctx, src, r.wantEvents(src, res), StageRead, func() chunkFunc {
		f := r.newFeeder(place, src, res)
		return chunkFunc{begin: f.begin, chunk: f.chunk, end: f.flush, done: func() {
			mu.Lock()
			defer mu.Unlock()
			counts.merge(&f.counts)
			r.result.Bad = append(r.result.Bad, f.bad...)
			for _, u := range f.uses {
				u.run.see(u.seen)
				if u.held != nil {
					held[u.run] = append(held[u.run], u.held...)
				}
			}
			f.countCasts(&counts)
		}}
	})
	if err != nil {
		return nil, err
	}
	for _, u := range r.uses {
		if err := r.lookUp(ctx, place, src, res, u, held[u], &counts); err != nil {
			return nil, err
		}
	}
	if src.EventTime == "" {
		err = r.checkStatic(ctx, src)
	}
	return &counts, err
}

// feeder turns chunks of one source into blocks; one goroutine's.
type feeder struct {
	r      *runner
	src    *selfsame.Source
	res    *resolution
	adm    *admitter
	place  int
	split  int
	counts SourceCounts
	bad    []source.BadRow
	times  times
	uses   []*useFeeder
	sides  [lenses]side
	seq    []int64        // offset of each row, where some lens is by offset
	named  bool           // some program reads _source
	name   *column.Column // _source
}

// side is what a lens sees of a piece.
type side struct {
	used  bool    // by some use of the source
	bits  []bool  // rows that go on: accepted and not dropped
	until []int64 // nil: no row has an end
	ends  []int64 // memory of until
}

// useFeeder is the part of a feeder that serves one use.
type useFeeder struct {
	run     *useRun
	part    *plan.SourceUse
	side    *side
	where   *expr.Evaluator
	key     []*expr.Evaluator
	columns []*expr.Evaluator
	scratch keyScratch
	keyCols []*column.Column
	ids     []uint32
	idx     []uint32
	block   pit.Block
	blocks  int
	hash    []byte
	hashes  []uint64
	seen    []bool      // entities with an event
	first   bool        // no use before it is of the same view: it counts for the view
	from    []int64     // memory of block.From between blocks
	arrival []int64     // and of block.Arrival
	pruner  *pit.Pruner // nil: every event may count
	all     []uint32    // places of the rows of a block
	held    []heldEvents
	asking  []uint32 // of each row of the chunk: the row that asks, where they are entities of their own
}

func (r *runner) newFeeder(place int, src *selfsame.Source, res *resolution) *feeder {
	f := &feeder{r: r, src: src, res: res, adm: r.admitter(src), place: place, counts: newCounts(src.Name)}
	uses, parts := r.sourceUses(src)
	for i, u := range uses {
		uf := &useFeeder{run: u, part: parts[i], side: &f.sides[u.lens], seen: make([]bool, len(u.seen))}
		uf.side.used = true
		uf.first = !slices.ContainsFunc(uses[:i], func(o *useRun) bool { return o.use.View == u.use.View })
		if u.sweep != nil && u.changes == nil && r.prunable(src) {
			uf.pruner = u.sweep.NewPruner(src.KnowledgeDelay.Or(0))
		}
		if parts[i].Where != nil {
			uf.where = parts[i].Where.NewEvaluator()
		}
		for _, p := range parts[i].Key {
			uf.key = append(uf.key, p.NewEvaluator())
		}
		for _, p := range parts[i].Columns {
			uf.columns = append(uf.columns, p.NewEvaluator())
		}
		f.named = f.named || parts[i].Named
		uf.reset()
		f.uses = append(f.uses, uf)
	}
	return f
}

// prunable reports whether α follows τ by one delay for every row of src: then the newer of two rows of one key hides the older from everyone
// after it.
func (r *runner) prunable(src *selfsame.Source) bool {
	return src.EventTime != "" && src.Arrival == "" && !r.Mode.Served && r.opened(src).Log == nil
}

func (f *feeder) begin(split int) {
	f.split = split
	for _, u := range f.uses {
		u.blocks = 0
	}
}

func (f *feeder) chunk(c *piece, cols []*column.Column) error {
	rows := c.Batch.Rows
	f.counts.Rows += int64(rows + len(c.Bad))
	f.counts.Schema += int64(len(c.Bad))
	f.counts.NaiveTimes += c.Undeclared
	f.counts.RepeatedTimes += c.Repeated
	f.counts.SkippedTimes += c.Skipped
	f.bad = append(f.bad, c.Bad...)
	if rows == 0 {
		return nil
	}
	f.adm.admit(&f.times, c, cols)
	f.count()
	f.select_(c)
	if f.named {
		cols[len(f.src.Schema)] = f.sourceName(rows)
	}
	in := &expr.Input{Columns: cols, Rows: rows}
	for _, u := range f.uses {
		if u.run.use.Lookup != nil {
			f.hold(u, in)
		} else if err := f.feed(u, in); err != nil {
			return err
		}
	}
	return nil
}

// count adds the chunk's verdicts to the counts.
func (f *feeder) count() {
	c := &f.counts
	for i, v := range f.times.verdicts {
		switch v {
		case late:
			c.Late++
			continue
		case early:
			c.Early++
			continue
		case schema:
			c.Schema++
			continue
		case outside:
			c.Rows--
			c.Outside++
			continue
		}
		c.Admitted++
		tau := f.times.tau[i]
		c.MinTime, c.MaxTime = min(c.MinTime, tau), max(c.MaxTime, tau)
		if f.adm.tau >= 0 {
			c.ByHour[window.FloorDiv(tau, selfsame.Hour)-24*window.FloorDiv(tau, selfsame.DayLength)]++
		}
		if from := f.times.from; from != nil {
			if from[i] == selfsame.MaxTime {
				c.NullArrival++
			} else if from[i] > satAdd(tau, selfsame.DayLength) {
				c.LateLoaded++
			}
		}
	}
}

// select_ sets, for every lens in use, bits to the rows that go on, and until where some row has an end.
func (f *feeder) select_(c *piece) {
	n := len(f.times.verdicts)
	for l := range lenses {
		s := &f.sides[l]
		if !s.used {
			continue
		}
		s.bits, s.until = slices.Grow(s.bits[:0], n)[:n], nil
		for i, v := range f.times.verdicts {
			s.bits[i] = f.r.accepts(v)
		}
		f.res.end(s, l, c)
		if l != byArrival {
			f.setOffsets(c)
		}
	}
}

// end applies the marks of a lens to the rows of a piece.
func (r *resolution) end(s *side, l lens, c *piece) {
	n := len(s.bits)
	for _, m := range r.within(l, position(c, 0), position(c, n-1)+1) {
		i, found := c.find(m.pos)
		if !found || !l.shows(&m) {
			continue
		}
		if s.until == nil {
			s.ends = slices.Grow(s.ends[:0], n)[:n]
			s.until = s.ends
			for k := range s.until {
				s.until[k] = selfsame.MaxTime
			}
		}
		s.bits[i] = s.bits[i] && !m.drop
		s.until[i] = min(s.until[i], m.until)
	}
}

// setOffsets fills seq.
func (f *feeder) setOffsets(c *piece) {
	f.seq = slices.Grow(f.seq[:0], c.Batch.Rows)[:c.Batch.Rows]
	for i := range f.seq {
		f.seq[i] = -1
		if c.arrival != nil {
			f.seq[i] = offsetOf(c.Pos[i])
		}
	}
}

// known returns from when on the rows of the piece are known to a use (nil: from τ on), and α where that is not it.
func (f *feeder) known(u *useFeeder) (from, arrival []int64) {
	if u.run.lens == byArrival {
		return f.times.from, nil
	}
	if f.times.from == nil {
		return f.seq, f.times.tau
	}
	return f.seq, f.times.from
}

func (f *feeder) sourceName(rows int) *column.Column {
	f.name = repeated(f.name, f.src.Name, rows)
	return f.name
}

// repeated returns a column of one text, in c's memory where it has some.
func repeated(c *column.Column, text string, rows int) *column.Column {
	if c == nil {
		c = column.New(selfsame.Scalar(selfsame.String), 0)
	}
	for c.Len() < rows {
		c.AppendBytes([]byte(text))
	}
	if c.Len() > rows {
		c.Offsets = c.Offsets[:rows+1]
		c.Bytes = c.Bytes[:c.Offsets[rows]]
	}
	return c
}

// feed selects the use's events of a chunk and appends them to its block.
func (f *feeder) feed(u *useFeeder, in *expr.Input) error {
	if err := f.pick(u, in); err != nil {
		return err
	}
	if len(u.idx) == 0 {
		return nil
	}
	for _, i := range u.idx {
		u.seen[u.ids[i]] = true
	}
	switch {
	case u.pruner != nil:
		if u.idx = u.pruner.Keep(u.ids, f.times.tau, u.idx); len(u.idx) == 0 {
			return nil
		}
	case len(u.idx) >= in.Rows/wholeShare:
		return f.hand(u, in)
	}
	f.take(u, in)
	if n := len(u.block.Entity); n >= blockRows || (u.pruner != nil && n >= prunedRows) {
		return f.flushUse(u)
	}
	return nil
}

// hand gives a whole chunk to the sweep, which leaves out the rows without an entity: nothing is copied on the way.
func (f *feeder) hand(u *useFeeder, in *expr.Input) error {
	spec := &u.run.use.Spec
	b := pit.Block{Entity: u.ids, Tau: f.times.tau, Until: u.side.until}
	b.From, b.Arrival = f.known(u)
	if spec.NeedOrder {
		if o := fieldIndex(f.src, f.src.Order); o >= 0 {
			b.Order = in.Columns[o]
		}
		u.hashes = slices.Grow(u.hashes[:0], in.Rows)[:in.Rows]
		for _, i := range u.idx {
			u.hashes[i] = f.hashOf(u, in.Columns, int(i))
		}
		b.Hash = u.hashes
	}
	if f.times.op != nil && spec.AsOf {
		for i := range in.Rows {
			b.Delete = append(b.Delete, u.ids[i] != pit.NoEntity && isDelete(f.times.op, i))
		}
	}
	for _, ev := range u.columns {
		b.Columns = append(b.Columns, ev.Eval(in))
	}
	return f.add(u, &b)
}

// take appends the rows of u.idx to the use's block.
func (f *feeder) take(u *useFeeder, in *expr.Input) {
	b := &u.block
	for _, i := range u.idx {
		b.Entity = append(b.Entity, u.ids[i])
	}
	b.Tau = appendGather(b.Tau, f.times.tau, u.idx)
	from, arrival := f.known(u)
	if from != nil {
		if b.From == nil {
			b.From, b.Arrival = u.from, u.arrival
		}
		b.From = appendGather(b.From, from, u.idx)
	}
	if arrival != nil {
		b.Arrival = appendGather(b.Arrival, arrival, u.idx)
	}
	if u.side.until != nil || b.Until != nil {
		u.appendUntil(u.side.until)
	}
	if b.Order != nil {
		b.Order.AppendGather(in.Columns[fieldIndex(f.src, f.src.Order)], u.idx)
	}
	if u.run.use.Spec.NeedOrder {
		for _, i := range u.idx {
			b.Hash = append(b.Hash, f.hashOf(u, in.Columns, int(i)))
		}
	}
	if f.times.op != nil && u.run.use.Spec.AsOf {
		for _, i := range u.idx {
			b.Delete = append(b.Delete, isDelete(f.times.op, int(i)))
		}
	}
	if len(in.Columns) <= len(f.src.Schema)+1 && u.run.use.Lookup != nil {
		return // an explanation: what the rows look up comes later
	}
	for k, ev := range u.columns {
		c := ev.Eval(in)
		if len(u.idx) == in.Rows {
			b.Columns[k].AppendRange(c, 0, in.Rows)
		} else {
			b.Columns[k].AppendGather(c, u.idx)
		}
	}
}

func isDelete(op *column.Column, i int) bool { return string(op.Str(i)) == opDelete }

// pick fills u.ids and u.idx: the rows of the chunk that are events of the use and whose key a row asks for.
func (f *feeder) pick(u *useFeeder, in *expr.Input) error {
	u.ids, u.idx = slices.Grow(u.ids[:0], in.Rows)[:in.Rows], u.idx[:0]
	var where *column.Column
	if u.where != nil {
		where = u.where.Eval(in)
		f.countWhere(u, where)
	}
	switch {
	case u.asking != nil:
		copy(u.ids, u.asking)
	case u.run.keys == nil:
		clear(u.ids)
	default:
		u.keyCols = u.keyCols[:0]
		for _, k := range u.key {
			u.keyCols = append(u.keyCols, k.Eval(in))
		}
		if nulls := u.run.keys.lookup(u.ids, u.keyCols, &u.scratch); nulls > 0 {
			f.countNoEntity(u)
		}
	}
	asOf := u.run.use.Spec.AsOf
	op := f.times.op
	static := u.run.use.Spec.Static
	for i, ok := range u.side.bits {
		if u.ids[i] == pit.NoEntity {
			continue
		}
		tau := f.times.tau[i]
		del := ok && op != nil && isDelete(op, i)
		switch {
		case !ok, !static && (tau < u.run.lower || tau >= u.run.upper && u.run.upper != selfsame.MaxTime), del && !asOf,
			where != nil && !del && (where.StatusAt(i) != selfsame.Present || !where.Bools[i]):
			u.ids[i] = pit.NoEntity
		default:
			u.idx = append(u.idx, uint32(i))
		}
	}
	return nil
}

// countWhere counts the admitted rows whose where is an error.
func (f *feeder) countWhere(u *useFeeder, where *column.Column) {
	if !u.first {
		return
	}
	for i, s := range where.Status {
		if s.IsError() && u.side.bits[i] {
			f.counts.WhereError[u.run.use.View.Name]++
		}
	}
}

// countCasts adds what CAST could not convert to the counts of the source.
func (f *feeder) countCasts(counts *SourceCounts) {
	for _, u := range f.uses {
		evs := slices.Concat(u.key, u.columns)
		if u.where != nil {
			evs = append(evs, u.where)
		}
		for _, ev := range evs {
			if n := ev.FailedCasts(); n > 0 && u.first {
				counts.FailedCasts[u.run.use.View.Name] += n
			}
		}
	}
}

func (f *feeder) countNoEntity(u *useFeeder) {
	if !u.first {
		return
	}
	for i, ok := range u.side.bits {
		if !ok {
			continue
		}
		for _, c := range u.keyCols {
			if c.StatusAt(i) != selfsame.Present {
				f.counts.NoEntity[u.run.use.View.Name]++
				break
			}
		}
	}
}

func appendGather[T any](dst, src []T, idx []uint32) []T {
	if len(idx) == len(src) {
		return append(dst, src...)
	}
	dst = slices.Grow(dst, len(idx))
	for _, i := range idx {
		dst = append(dst, src[i])
	}
	return dst
}

// appendUntil brings block.Until to the block's length: until is nil where the chunk has no ends.
func (u *useFeeder) appendUntil(until []int64) {
	b := &u.block
	before := len(b.Entity) - len(u.idx)
	for len(b.Until) < before {
		b.Until = append(b.Until, selfsame.MaxTime)
	}
	for _, i := range u.idx {
		if until == nil {
			b.Until = append(b.Until, selfsame.MaxTime)
		} else {
			b.Until = append(b.Until, until[i])
		}
	}
}

// hashOf returns the hash that breaks ties: of the row's id where it has one, else of the whole row.
func (f *feeder) hashOf(u *useFeeder, cols []*column.Column, i int) uint64 {
	id := fieldIndex(f.src, f.src.ID)
	if id >= 0 && cols[id].StatusAt(i) == selfsame.Present {
		u.hash = cols[id].AppendBare(u.hash[:0], i)
	} else {
		u.hash = appendPayload(u.hash[:0], cols[:len(f.src.Schema)], i)
	}
	return xxh3.Hash(u.hash)
}

func (f *feeder) flush() error {
	for _, u := range f.uses {
		if err := f.flushUse(u); err != nil {
			return err
		}
	}
	return nil
}

func (f *feeder) flushUse(u *useFeeder) error {
	if len(u.block.Entity) == 0 {
		return nil
	}
	if b := &u.block; u.pruner != nil {
		u.all = u.all[:0]
		for i := range b.Entity {
			u.all = append(u.all, uint32(i))
		}
		u.pruner.Keep(b.Entity, b.Tau, u.all) // those that newer ones have outdone since
	}
	err := f.add(u, &u.block)
	u.reset()
	return err
}

// add hands a block to the sweep under its number.
func (f *feeder) add(u *useFeeder, b *pit.Block) error {
	if u.run.use.Spec.AsOf && u.run.lens == byArrival {
		b.Until = nil // versions of a row never retract
	}
	b.Place = uint8(u.part.Place)
	seq := f.place<<40 | f.split<<16 | u.blocks
	u.blocks++
	if c := u.run.changes; c != nil {
		c.add(b)
		return nil
	}
	return u.run.sweep.Add(seq, b)
}

func (u *useFeeder) reset() {
	b := &u.block
	u.from, u.arrival = b.From[:0], b.Arrival[:0]
	b.Entity, b.Tau, b.From, b.Arrival, b.Until, b.Hash, b.Delete = b.Entity[:0], b.Tau[:0], nil, nil, nil, b.Hash[:0], b.Delete[:0]
	spec := u.run.use.Spec
	if b.Columns == nil {
		for _, t := range spec.Columns {
			b.Columns = append(b.Columns, column.New(t, 0))
		}
		if o := fieldIndex(u.part.Source, u.part.Source.Order); o >= 0 && spec.NeedOrder {
			b.Order = column.New(u.part.Source.Schema[o].Type, 0)
		}
	}
	for _, c := range b.Columns {
		c.Reset()
	}
	if b.Order != nil {
		b.Order.Reset()
	}
}
