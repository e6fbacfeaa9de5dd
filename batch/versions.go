// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// version is one row of a source with an operation column.
type version struct {
	ident   xxh3.Uint128 // of the primary key, else of the id
	payload xxh3.Uint128
	pos     source.Position
	tau     int64
	from    int64
	order   int // row in the versions' order column
	op      byte
	named   bool // the identity is not null
}

// versionReader collects the versions of a source, rows of several goroutines behind one lock.
type versionReader struct {
	src    *selfsame.Source
	adm    *admitter
	key    []int // fields of the identity
	orderF int

	id int // field of the id, -1 for none

	mu      sync.Mutex
	rows    []version
	orders  *column.Column
	nullIDs bool
}

// resolveVersions gives every row of a source with operations the end of its visibility. It holds 80 bytes a row in memory.
func (r *runner) resolveVersions(ctx context.Context, src *selfsame.Source) (*resolution, error) {
	v := &versionReader{src: src, adm: newAdmitter(src), orderF: fieldIndex(src, src.Order), id: fieldIndex(src, src.ID)}
	for _, name := range src.PrimaryKey {
		v.key = append(v.key, fieldIndex(src, name))
	}
	if v.key == nil {
		v.key = []int{fieldIndex(src, src.ID)}
	}
	if v.orderF >= 0 {
		v.orders = column.New(src.Schema[v.orderF].Type, 0)
	}
	if err := r.scanAll(ctx, src, schemaNames(src), func() chunkFunc { return v.reader(r) }); err != nil {
		return nil, err
	}
	res := &resolution{counts: newCounts(src.Name), nullIDs: v.nullIDs}
	slices.SortFunc(v.rows, func(a, b version) int {
		return cmp.Or(cmp.Compare(a.ident.Hi, b.ident.Hi), cmp.Compare(a.ident.Lo, b.ident.Lo), cmp.Compare(a.pos, b.pos))
	})
	for i := 0; i < len(v.rows); {
		j := i
		for j < len(v.rows) && v.rows[j].ident == v.rows[i].ident {
			j++
		}
		if v.rows[i].named {
			if len(src.PrimaryKey) > 0 {
				v.supersede(v.rows[i:j], res)
			} else {
				v.cancel(v.rows[i:j], res)
			}
		}
		i = j
	}
	slices.SortFunc(res.marks, func(a, b mark) int { return cmp.Compare(a.pos, b.pos) })
	return res, nil
}

func (v *versionReader) reader(r *runner) chunkFunc {
	var t times
	var buf []byte
	return chunkFunc{chunk: func(c *source.Chunk, cols []*column.Column) error {
		v.adm.admit(&t, cols, c.Batch.Rows)
		v.mu.Lock()
		defer v.mu.Unlock()
		for i, verdict := range t.verdicts {
			if !r.accepts(verdict) {
				continue
			}
			v.nullIDs = v.nullIDs || v.id >= 0 && cols[v.id].StatusAt(i) != selfsame.Present
			e := version{pos: position(c, i), tau: t.tau[i], from: t.tau[i], named: true, op: cols[v.adm.op].Str(i)[0]}
			if t.from != nil {
				e.from = t.from[i]
			}
			buf = buf[:0]
			for _, k := range v.key {
				e.named = e.named && cols[k].StatusAt(i) == selfsame.Present
				buf = cols[k].AppendFramed(buf, i)
			}
			e.ident = xxh3.Hash128(buf)
			e.payload = xxh3.Hash128(v.adm.appendContent(buf[:0], cols, i))
			if v.orders != nil {
				e.order = v.orders.Len()
				v.orders.AppendFrom(cols[v.orderF], i)
			}
			v.rows = append(v.rows, e)
		}
		return nil
	}}
}

// supersede marks the versions of one live row: each is visible until a later version in the order becomes known.
func (v *versionReader) supersede(rows []version, res *resolution) {
	slices.SortStableFunc(rows, func(a, b version) int {
		if v.orders == nil {
			return 0 // log order
		}
		return column.Compare(v.orders, a.order, v.orders, b.order)
	})
	until, by := selfsame.MaxTime, -1
	for i := len(rows) - 1; i >= 0; i-- {
		if by >= 0 {
			m := mark{pos: rows[i].pos, by: rows[by].pos, until: until, fate: ReasonSuperseded}
			if rows[by].op == opDelete[0] {
				m.fate = ReasonDeleted
			}
			res.marks = append(res.marks, m)
			if until <= rows[i].from {
				res.counts.Superseded++
			}
		}
		if from := min(rows[i].from, selfsame.MaxTime-1); from < until {
			until, by = from, i
		}
	}
}

// cancel marks the copies and the deleted rows of one id. A delete touches the rows with α - corrections <= τ <= α + skew.
func (v *versionReader) cancel(rows []version, res *resolution) {
	var deletes []version
	var copies []copyOf
	for _, e := range rows {
		if e.op == opDelete[0] {
			deletes = append(deletes, e)
			continue
		}
		copies = append(copies, copyOf{tau: e.tau, from: e.from, pos: e.pos, payload: e.payload})
	}
	losers := resolution{counts: newCounts("")}
	losers.markLosers(copies)
	res.counts.merge(&losers.counts)
	res.marks = append(res.marks, losers.marks...)
	if len(deletes) == 0 {
		return
	}
	lost := map[source.Position]bool{}
	for _, m := range losers.marks {
		lost[m.pos] = true
	}
	corrections := v.src.Corrections.Or(selfsame.MaxTime)
	skew := v.src.Skew.Or(selfsame.MaxTime)
	for _, e := range copies {
		m := mark{pos: e.pos, until: selfsame.MaxTime, fate: ReasonDeleted}
		for _, d := range deletes {
			until := d.from
			if d.from == selfsame.MaxTime { // a delete without arrival has no bounds and is known in final only
				until = selfsame.MaxTime - 1
			} else if corrections != selfsame.MaxTime && e.tau < satAdd(d.from, -corrections) || skew != selfsame.MaxTime && e.tau > satAdd(d.from, skew) {
				continue
			}
			if until < m.until {
				m.until, m.by = until, d.pos
			}
		}
		if m.until != selfsame.MaxTime && !lost[e.pos] {
			res.marks = append(res.marks, m)
		}
	}
}
