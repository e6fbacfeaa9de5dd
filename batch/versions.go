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
	"selfsame/eventlog"
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
	v := &versionReader{src: src, adm: r.admitter(src), orderF: fieldIndex(src, src.Order), id: fieldIndex(src, src.ID)}
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
	res := &resolution{counts: newCounts(src.Name), nullIDs: v.nullIDs, offsets: r.Mode.Served}
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
	res.sort()
	return res, nil
}

func (v *versionReader) reader(r *runner) chunkFunc {
	var t times
	var buf []byte
	return chunkFunc{chunk: func(c *piece, cols []*column.Column) error {
		v.adm.admit(&t, c, cols)
		v.mu.Lock()
		defer v.mu.Unlock()
		for i, verdict := range t.verdicts {
			if !r.accepts(verdict) {
				continue
			}
			v.nullIDs = v.nullIDs || v.id >= 0 && cols[v.id].StatusAt(i) != selfsame.Present
			e := version{pos: position(c, i), tau: t.tau[i], from: t.tau[i], named: true, op: t.op.Str(i)[0]}
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
	res.marks = endVersions(rows, res.marks, func(e *version) int64 { return min(e.from, selfsame.MaxTime-1) }, func(e *version, until int64) {
		if until <= e.from {
			res.counts.Superseded++
		}
	})
	if res.offsets {
		res.ends = endVersions(rows, res.ends, func(e *version) int64 { return offsetOf(e.pos) }, func(*version, int64) {})
	}
}

// endVersions appends the marks of versions in their order, each known from known(version) on.
func endVersions(rows []version, marks []mark, known func(*version) int64, ended func(e *version, until int64)) []mark {
	until, by := selfsame.MaxTime, -1
	for i := len(rows) - 1; i >= 0; i-- {
		if by >= 0 {
			m := mark{pos: rows[i].pos, by: rows[by].pos, until: until, fate: ReasonSuperseded}
			if rows[by].op == opDelete[0] {
				m.fate = ReasonDeleted
			}
			marks = append(marks, m)
			ended(&rows[i], until)
		}
		if from := known(&rows[i]); from < until {
			until, by = from, i
		}
	}
	return marks
}

// cancel marks the copies and the deleted rows of one id.
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
	losers := resolution{counts: newCounts(""), offsets: res.offsets}
	losers.markLosers(copies)
	res.counts.merge(&losers.counts)
	res.marks = append(res.marks, losers.marks...)
	res.ends = append(res.ends, losers.ends...)
	if len(deletes) == 0 {
		return
	}
	lost := map[source.Position]bool{}
	for _, m := range losers.marks {
		lost[m.pos] = true
	}
	for _, e := range copies {
		m := mark{pos: e.pos, until: selfsame.MaxTime, fate: ReasonDeleted}
		end := m
		for _, d := range deletes {
			if !v.reaches(&d, e.tau) {
				continue
			}
			if until := min(d.from, selfsame.MaxTime-1); until < m.until { // without arrival it is known in final only
				m.until, m.by = until, d.pos
			}
			if until := offsetOf(d.pos); until < end.until {
				end.until, end.by = until, d.pos
			}
		}
		if m.until != selfsame.MaxTime && !lost[e.pos] {
			res.marks = append(res.marks, m)
		}
		if end.until != selfsame.MaxTime && res.offsets {
			res.ends = append(res.ends, end)
		}
	}
}

// reaches reports whether a delete cancels rows of its id with event time tau: α - corrections <= τ <= α + skew, without bounds where α is null. Where
// the source declares none, history knows no bounds and the log has those of pushed entries.
func (v *versionReader) reaches(d *version, tau int64) bool {
	if d.from == selfsame.MaxTime {
		return true
	}
	corrections, skew := selfsame.MaxTime, selfsame.MaxTime
	if d.pos >= archived {
		corrections, skew = eventlog.DefaultCorrections, eventlog.DefaultSkew
	}
	corrections, skew = v.src.Corrections.Or(corrections), v.src.Skew.Or(skew)
	return (corrections == selfsame.MaxTime || tau >= satAdd(d.from, -corrections)) && (skew == selfsame.MaxTime || tau <= satAdd(d.from, skew))
}
