// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"context"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/online"
)

// comparison holds the vectors of a group to what batch makes of them.
type comparison struct {
	auditor *auditor
	group   *group
	request batch.Request
	edges   []*column.Column
	a, b    []byte
	found   []int // numbers of mismatches in the report that are this group's
	outputs []int // and the output of each
	vectors []int // and its vector
}

// edge returns output k of a chunk as it is served.
func (c *comparison) edge(chunk *batch.Chunk, k int) *column.Column {
	o := &c.request.Plan.Outputs[k]
	for len(c.edges) <= k {
		c.edges = append(c.edges, column.New(c.request.Plan.Outputs[len(c.edges)].EdgeType(), 0))
	}
	c.edges[k].Reset()
	return o.Edge(c.edges[k], chunk.Features.Columns[k])
}

// same reports whether two values agree in bits and status.
func (c *comparison) same(x *column.Column, i int, y *column.Column, j int) bool {
	s := x.StatusAt(i)
	if s != y.StatusAt(j) {
		return false
	}
	if s != selfsame.Present {
		return true
	}
	c.a, c.b = x.AppendFramed(c.a[:0], i), y.AppendFramed(c.b[:0], j)
	return bytes.Equal(c.a, c.b)
}

func (c *comparison) compare(chunk *batch.Chunk) error {
	r, g := c.auditor.report, c.group
	for k := range g.shape.Outputs {
		now := c.edge(chunk, k)
		for i := range chunk.Rows {
			if !c.same(g.served[k], chunk.First+i, now, i) {
				c.mismatch(k, chunk.First+i, now.Value(i))
			}
		}
	}
	n := int64(chunk.Rows * len(g.shape.Outputs))
	r.Values += n
	g.service.Values += n
	g.service.Audited += int64(chunk.Rows)
	if c.auditor.o.Progress != nil {
		c.auditor.o.Progress(int64(chunk.Rows))
	}
	return nil
}

// mismatch notes a value that batch gives otherwise.
func (c *comparison) mismatch(k, row int, now selfsame.Value) {
	r, g := c.auditor.report, c.group
	r.Mismatched++
	g.service.Mismatched++
	if len(r.Mismatches) == MismatchesListed {
		return
	}
	v, out := g.vectors[row], g.shape.Outputs[k]
	c.found, c.outputs, c.vectors = append(c.found, len(r.Mismatches)), append(c.outputs, k), append(c.vectors, row)
	token, _ := online.ParseToken(v.token)
	r.Mismatches = append(r.Mismatches, Mismatch{Request: v.request, Row: v.row, Service: g.shape.Service, ServiceVersion: g.shape.Version,
		Output: out.Name, Feature: out.Ref, Version: out.Version, Hash: out.Hash, At: selfsame.Instant(g.rows.At[row]), Cut: v.token, Offset: token.Offset,
		Served: batch.Show(g.served[k].Value(row)), Again: batch.Show(now)})
}

// compareNow counts the values that are otherwise by what is known now.
func (c *comparison) compareNow(chunk *batch.Chunk) error {
	g := c.group
	for k, out := range g.shape.Outputs {
		now := c.edge(chunk, k)
		differ := int64(0)
		for i := range chunk.Rows {
			if !c.same(g.served[k], chunk.First+i, now, i) {
				differ++
			}
		}
		c.auditor.report.gap(g.shape.Service, out.Name, int64(chunk.Rows), differ)
	}
	return nil
}

// explain lists the events from which batch makes the mismatched values.
func (c *comparison) explain(ctx context.Context) error {
	o := &c.auditor.o
	for n, at := range c.found {
		if c.auditor.report.explained >= o.Explain {
			return nil
		}
		one, req := *c.request.Plan, c.request
		one.Outputs = one.Outputs[c.outputs[n] : c.outputs[n]+1]
		req.Plan = &one
		e, err := batch.Explain(ctx, req, c.vectors[n], eventsListed)
		if err != nil {
			return err
		}
		c.auditor.report.Mismatches[at].Explanation = e.Value
		c.auditor.report.explained++
	}
	return nil
}

// eventsListed is how many events of a window an explanation lists.
const eventsListed = 20
