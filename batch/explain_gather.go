// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/aggregate"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/plan"
	"selfsame/source"
)

// gathered is everything that a use's sources hold under the key of the row that asks, in the total order of events: rows of every
// verdict and of every time.
type gathered struct {
	use   *plan.Use
	final bool
	at    int64 // T
	lens  lens
	known int64 // κ, where not final; by offset, the last offset that is known
	rows  []candidate
	row   selfsame.Status // of an as-of view's row; else present
	asked *pit.RequestRows
	own   *candidate // the row that asks as an event, where it is one; nil: none
}

// part is the rows that one goroutine found in one source.
type part struct {
	src   *selfsame.Source
	place int
	table *source.Table // of history; nil: none
	block *pit.Block
	ids   *column.Column // nil: the source declares no id
	held  *heldEvents    // of a use that looks others up: the rows as they came
	found []*column.Column
	names []string // of found: what the rows looked up
}

// candidate is one row of a source.
type candidate struct {
	*part
	files   []source.File
	i       int // in the block
	pos     source.Position
	row     source.Position // in its table
	tau     int64
	alpha   int64
	from    int64 // α, or by offset that
	never   bool  // the arrival is null; α is MaxTime
	mark    mark
	verdict verdict
	refused bool // by its verdict
	where   bool // the view's `where` lets it pass
	delete  bool
	own     bool // it is the row that asks
}

// gather reads the candidates of a use. req has the one row that asks.
func gather(ctx context.Context, req Request, u *plan.Use) (*gathered, error) {
	if u.View.Ahead && !req.Mode.Final { // labels know everything that was admitted
		req.Mode = Mode{Final: true}
	}
	r := newRunner(req, explainScope(&req, u))
	g := &gathered{use: u, final: req.Mode.Final, at: req.Rows.At[0], lens: r.lensOf(u)}
	known, err := r.cuts(u)
	if err != nil {
		return nil, err
	}
	if known != nil {
		g.known = known[0]
	}
	if g.asked, err = r.asked(u); err != nil {
		return nil, err
	}
	keys, ids, err := r.numberKeys(u)
	if err != nil || ids[0] == pit.NoEntity {
		return g, err
	}
	if g.asked != nil && g.asked.Counts != nil && g.asked.Counts[0] {
		g.own = &candidate{part: &part{block: &pit.Block{Columns: g.asked.Columns}}, tau: g.at, alpha: g.at, own: true}
	}
	r.uses = []*useRun{{use: u, keys: keys, lens: g.lens, lower: selfsame.MinTime, upper: selfsame.MaxTime, seen: make([]bool, 1)}}
	for _, s := range u.Sources {
		if err := g.readSource(ctx, r, s); err != nil {
			return nil, err
		}
	}
	if u.Lookup != nil {
		if err := g.lookUp(ctx, &req); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(g.rows, g.compare)
	return g, nil
}

func (g *gathered) readSource(ctx context.Context, r *runner, s *plan.SourceUse) error {
	src := s.Source
	res, err := r.resolve(ctx, src)
	if err != nil {
		return err
	}
	w := r.wantEvents(src, res)
	w.Fields = inSchemaOrder(src, append(w.Fields, src.ID, src.Order))
	var mu sync.Mutex
	opened := r.opened(src)
	history, log := filesOf(opened.History), filesOf(opened.Log)
	return r.scanWant(ctx, src, w, StageRead, func() chunkFunc {
		f := r.newFeeder(0, src, res)
		u := f.uses[0]
		p := &part{src: src, place: s.Place, table: r.opened(src).History, block: &u.block}
		if src.ID != "" {
			p.ids = column.New(src.Schema[fieldIndex(src, src.ID)].Type, 0)
		}
		var found []candidate
		return chunkFunc{
			chunk: func(c *piece, cols []*column.Column) error {
				files := history
				if c.arrival != nil {
					files = log
				}
				found = f.find(u, p, c, cols, files, found)
				return nil
			},
			done: func() {
				mu.Lock()
				defer mu.Unlock()
				g.rows = append(g.rows, found...)
			},
		}
	})
}

// find appends the rows of a chunk that have the key, and takes their columns into the block.
func (f *feeder) find(u *useFeeder, p *part, c *piece, cols []*column.Column, files []source.File, found []candidate) []candidate {
	rows := c.Batch.Rows
	if rows == 0 {
		return found
	}
	f.adm.admit(&f.times, c, cols)
	if u.run.lens != byArrival {
		f.setOffsets(c)
	}
	cols[len(f.src.Schema)] = f.sourceName(rows)
	in := &expr.Input{Columns: cols, Rows: rows}
	u.ids, u.idx, u.keyCols = make([]uint32, rows), u.idx[:0], u.keyCols[:0]
	if u.run.keys != nil {
		for _, k := range u.key {
			u.keyCols = append(u.keyCols, k.Eval(in))
		}
		u.run.keys.lookup(u.ids, u.keyCols, &u.scratch)
	}
	for i, id := range u.ids {
		if id != pit.NoEntity && f.times.verdicts[i] != outside {
			u.idx = append(u.idx, uint32(i))
		}
	}
	if len(u.idx) == 0 {
		return found
	}
	var where *column.Column
	if u.run.use.Lookup != nil {
		p.hold(f, in, u.idx)
	} else if u.where != nil {
		where = u.where.Eval(in)
	}
	for k, row := range u.idx {
		e := f.candidate(u, c, cols, int(row))
		e.part, e.files, e.i = p, files, len(u.block.Entity)+k
		e.where = where == nil || e.delete || where.StatusAt(int(row)) == selfsame.Present && where.Bools[row]
		found = append(found, e)
	}
	if p.ids != nil {
		p.ids.AppendGather(cols[fieldIndex(f.src, f.src.ID)], u.idx)
	}
	f.take(u, in)
	return found
}

func (f *feeder) candidate(u *useFeeder, c *piece, cols []*column.Column, row int) candidate {
	e := candidate{pos: position(c, row), row: c.row + int64(row), tau: f.times.tau[row], alpha: f.times.tau[row], verdict: f.times.verdicts[row]}
	if f.times.from != nil {
		e.alpha = f.times.from[row]
		e.never = e.alpha == selfsame.MaxTime
	}
	if c.Pos != nil && c.arrival == nil {
		e.row = e.pos
	}
	if f.adm.tau >= 0 && cols[f.adm.tau].StatusAt(row) != selfsame.Present {
		e.tau = selfsame.MinTime // what stands in its slot means nothing
	}
	e.from = e.alpha
	l := u.run.lens
	if l != byArrival {
		e.from, e.never = f.seq[row], false
	}
	e.refused = !f.r.accepts(e.verdict)
	e.mark.until = selfsame.MaxTime
	for _, m := range f.res.within(l, e.pos, e.pos+1) {
		if l.shows(&m) && m.until < e.mark.until {
			e.mark = m
		}
	}
	if op := f.times.op; op != nil {
		e.delete = op.StatusAt(row) == selfsame.Present && isDelete(op, row)
	}
	return e
}

// explainScope is what is read to explain a value: also what the row that asks did not know, to say so. What came behind the cut of a
// read by arrival cannot be told from what was in it, and is left out.
func explainScope(req *Request, u *plan.Use) scope {
	s := wholeScope(req)
	if req.Mode.Served {
		s = servedScope(&req.Rows.Served[0])
		r := runner{Request: *req, scope: s}
		if r.lensOf(u) == byArrival {
			s.before = req.Rows.Served[0].Offset
		}
	}
	return s
}

func filesOf(t *source.Table) []source.File {
	if t == nil {
		return nil
	}
	return t.Files()
}

// compare is the total order of events; versions of an as-of view stand by α before their place.
func (g *gathered) compare(a, b candidate) int {
	c := cmp.Or(cmp.Compare(a.tau, b.tau), compareOrders(&a, &b))
	if c == 0 && g.use.Spec.AsOf && a.alpha != b.alpha {
		c = cmp.Compare(a.alpha, b.alpha)
		if a.alpha == selfsame.MaxTime || b.alpha == selfsame.MaxTime {
			c = -c // a null arrival is the lowest
		}
	}
	return cmp.Or(c, cmp.Compare(a.place, b.place), cmp.Compare(a.hash(), b.hash()), cmp.Compare(a.pos, b.pos))
}

func compareOrders(a, b *candidate) int {
	x, y := a.order(), b.order()
	if x == nil || y == nil { // of a source without the field: it ranks like a null, lowest
		return ranks(x, a.i) - ranks(y, b.i)
	}
	return column.Compare(x, a.i, y, b.i)
}

// order is the column of the order field, nil where the source has none.
func (e *candidate) order() *column.Column {
	if o := e.block.Order; o != nil && o.Len() > 0 {
		return o
	}
	return nil
}

func ranks(order *column.Column, i int) int {
	if order == nil || order.StatusAt(i) != selfsame.Present {
		return 0
	}
	return 1
}

func (e *candidate) hash() uint64 {
	if len(e.block.Hash) == 0 {
		return 0
	}
	return e.block.Hash[e.i]
}

// hidden returns why a row is not part of what the row that asks may know, 0 where it is. Its time plays no part.
func (g *gathered) hidden(e *candidate) Reason {
	asOf := g.use.Spec.AsOf
	switch {
	case e.verdict == schema:
		return ReasonSchema
	case e.refused && e.verdict == late:
		return ReasonLate
	case e.refused:
		return ReasonEarly
	case e.mark.drop:
		return e.mark.fate
	case !e.where:
		return ReasonWhere
	case g.use.Spec.Static:
		return 0
	case !g.final && e.never:
		return ReasonNeverKnown
	case (!asOf || g.lens != byArrival) && !g.final && e.mark.until <= e.from:
		return e.mark.fate
	case !g.final && e.from > g.known:
		return ReasonArrivedLater
	case (!asOf || g.lens != byArrival) && e.mark.until != selfsame.MaxTime && (g.final || e.mark.until <= g.known):
		return e.mark.fate
	}
	return 0
}

// event returns the row in the shape that states take.
func (g *gathered) event(e *candidate, args []int) *aggregate.Event {
	out := &aggregate.Event{Tau: e.tau, Order: selfsame.Value{Status: selfsame.Null}, Place: e.place, Hash: e.hash()}
	if o := e.order(); o != nil {
		out.Order = o.Value(e.i)
	}
	for _, a := range args {
		out.Args = append(out.Args, e.block.Columns[a].Value(e.i))
	}
	return out
}

// locateText says where a position stands: file and row, from 0, or offset.
func (p *part) locateText(pos source.Position) string {
	if pos >= archived {
		return "the log's row " + strconv.FormatInt(offsetOf(pos), 10)
	}
	return p.table.Files()[pos>>40].Name + " row " + strconv.FormatInt(pos&(1<<40-1), 10)
}
