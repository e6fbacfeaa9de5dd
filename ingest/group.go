// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
)

// group is what one append makes durable.
type group struct {
	pieces  []piece
	appends []*eventlog.Append
	rows    int
	dropped []*call // of which no more is taken
}

// piece is a run of a call's rows.
type piece struct {
	call   *call
	lo, hi int // its rows in the call
	of     int // its append; -1: it has no rows, all of its call were bad
	at     int // its first row in the append
}

// add takes the next rows of a call.
func (g *group) add(c *call, rows int) {
	g.pieces = append(g.pieces, piece{call: c, lo: c.taken, hi: c.taken + rows})
	g.rows += rows
	c.taken += rows
	if c.left() > 0 {
		c.parts.Add(1) // one for the piece, beside that for the rows that wait
	}
}

// merge lays rows of one source side by side: a group has one append a source.
func (g *group) merge() {
	type lane struct {
		source  *selfsame.Source
		readmit bool
	}
	places := map[lane]int{}
	var rows []int // of each append
	for i := range g.pieces {
		p := &g.pieces[i]
		r := p.call.rows
		if p.lo == p.hi {
			p.of = -1
			continue
		}
		of, ok := places[lane{r.Source, r.Readmit}]
		if !ok {
			of = len(g.appends)
			places[lane{r.Source, r.Readmit}] = of
			a := &eventlog.Append{Readmit: r.Readmit}
			a.Source, a.Name = r.Source, r.Source.Name
			g.appends, rows = append(g.appends, a), append(rows, 0)
		}
		p.of, p.at = of, rows[of]
		rows[of] += p.hi - p.lo
	}
	for i := range g.pieces {
		p := &g.pieces[i]
		if p.of < 0 {
			continue
		}
		a, b := g.appends[p.of], p.call.rows.Batch
		if p.hi-p.lo == rows[p.of] && p.hi-p.lo == b.Rows {
			a.Rows = b // the call's own memory: nothing is added to it
			continue
		}
		if a.Rows == nil {
			a.Rows = roomFor(b, p, rows[p.of])
		}
		for k, c := range b.Columns {
			a.Rows.Columns[k].AppendRange(c, p.lo, p.hi)
		}
		a.Rows.Rows += p.hi - p.lo
	}
}

// roomFor is an empty batch like that of piece p, for some rows whose texts are about as long.
func roomFor(b *column.Batch, p *piece, rows int) *column.Batch {
	out := &column.Batch{Fields: b.Fields}
	for _, c := range b.Columns {
		d := column.New(c.Type, rows)
		if c.Bytes != nil {
			d.Bytes = make([]byte, 0, int(c.Offsets[p.hi]-c.Offsets[p.lo])*rows/(p.hi-p.lo)+len(c.Type.String()))
		}
		out.Columns = append(out.Columns, d)
	}
	return out
}
