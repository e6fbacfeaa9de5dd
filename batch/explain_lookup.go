// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"slices"

	"selfsame"
	"selfsame/compute/expr"
)

// Of a use that looks others up an explanation takes the rows of the key as they came, asks for what they look up in one run, and evaluates the
// expressions over them then.

// hold takes the rows idx of a chunk as they came.
func (p *part) hold(f *feeder, in *expr.Input, idx []uint32) {
	n := heldEvents{src: f.src, tau: appendGather(nil, f.times.tau, idx)}
	for _, c := range in.Columns[:len(f.src.Schema)] {
		if c != nil {
			c = picked(nil, c, idx)
		}
		n.columns = append(n.columns, c)
	}
	if p.held == nil {
		p.held = &n
		return
	}
	p.held.tau = append(p.held.tau, n.tau...)
	for i, c := range n.columns {
		if c != nil {
			p.held.columns[i].AppendRange(c, 0, c.Len())
		}
	}
}

// lookUp completes the candidates: what they look up with the knowledge of the row that asks, the columns and the where.
func (g *gathered) lookUp(ctx context.Context, req *Request) error {
	s := wholeScope(req)
	if req.Mode.Served {
		s = servedScope(&req.Rows.Served[0])
		s.before = req.Rows.Served[0].Offset
	}
	r := newRunner(*req, s)
	run := &useRun{use: g.use, lens: g.lens}
	if req.Mode.Served {
		run.apart = &apart{}
	}
	var parts []*part
	for i := range g.rows {
		if p := g.rows[i].part; !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	for _, p := range parts {
		n := len(p.held.tau)
		v := &versions{from: slices.Repeat([]int64{g.known}, n), row: make([]uint32, n)}
		for i := range n {
			v.event = append(v.event, uint32(i))
		}
		found, err := r.lookedUp(ctx, run, p.held, v)
		if err != nil {
			return err
		}
		p.found = found
		for _, o := range g.use.Lookup.Outputs {
			p.names = append(p.names, o.Name)
		}
		g.complete(p)
	}
	return nil
}

// complete evaluates the expressions over the rows of a part, which have looked up.
func (g *gathered) complete(p *part) {
	in := &expr.Input{Columns: slices.Clone(p.held.columns), Rows: len(p.held.tau)}
	in.Columns = append(append(in.Columns, repeated(nil, p.src.Name, in.Rows)), p.found...)
	of := g.use.Sources[p.place]
	for k, program := range of.Columns {
		p.block.Columns[k].AppendRange(program.NewEvaluator().Eval(in), 0, in.Rows)
	}
	if of.Where == nil {
		return
	}
	where := of.Where.NewEvaluator().Eval(in)
	for i := range g.rows {
		if e := &g.rows[i]; e.part == p {
			e.where = e.delete || where.StatusAt(e.i) == selfsame.Present && where.Bools[e.i]
		}
	}
}
