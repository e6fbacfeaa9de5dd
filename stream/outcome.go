// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"

	"selfsame"
	"selfsame/column"
)

// outcome is what resolution finds about the rows of a run.
type outcome struct {
	fates  []Fate     // nil: all accepted
	stands []standing // nil: all shown
	ended  ended
}

func (o *outcome) lost(i int) bool   { return o.stands != nil && o.stands[i] == lost }
func (o *outcome) hidden(i int) bool { return o.stands != nil && o.stands[i] == hidden }

// reset makes the outcome that of n rows of which all are accepted and shown.
func (o *outcome) reset(r *run) {
	o.fates, o.stands = nil, nil
	o.ended.reset(r)
}

// set gives row i of n a fate and a standing.
func (o *outcome) set(i, n int, f Fate, s standing) {
	if o.stands == nil {
		o.fates, o.stands = make([]Fate, n), make([]standing, n)
	}
	o.fates[i], o.stands[i] = f, s
}

// ended are rows, of this run or older, whose visibility ends: their fields, then the name of the source, and when they end.
type ended struct {
	cols        []*column.Column
	tau, target []int64
	seq, alpha  []int64 // the end
	copies      []bool  // the row is a copy that lost: it ends in as-of states too
	name        string
}

func (e *ended) rows() int { return len(e.target) }

func (e *ended) reset(r *run) {
	if e.cols == nil {
		for _, f := range r.src.Schema {
			e.cols = append(e.cols, column.New(f.Type, 0))
		}
		e.cols = append(e.cols, column.New(selfsame.Scalar(selfsame.String), 0))
		e.name = r.src.Name
	}
	for _, c := range e.cols {
		c.Reset()
	}
	e.tau, e.target, e.seq, e.alpha, e.copies = e.tau[:0], e.target[:0], e.seq[:0], e.alpha[:0], e.copies[:0]
}

// end is a moment at which a row ends, on both axes.
type end struct {
	seq, alpha int64
	copied     bool // by a copy that counts in its place
}

// add ends a row, row i of cols.
func (e *ended) add(v version, by end) {
	for k, c := range v.cols {
		e.cols[k].AppendFrom(c, v.i)
	}
	e.cols[len(v.cols)].AppendBytes([]byte(e.name))
	e.tau, e.target = append(e.tau, v.tau), append(e.target, v.seq)
	e.seq, e.alpha, e.copies = append(e.seq, by.seq), append(e.alpha, by.alpha), append(e.copies, by.copied)
}

// version is one row of a source with an identity, of the run or out of a fact: row i of cols.
type version struct {
	cols       []*column.Column
	i          int
	seq        int64
	tau, alpha int64
	del        bool
}

// at is row i of the run as a version.
func (r *run) at(i int) version {
	return version{cols: r.fields(), i: i, seq: r.seqAt(i), tau: r.tau[i], alpha: r.alphaAt(i), del: r.deletes(i)}
}

// place is a namespace, which may have facts of events up to floor.
type place struct {
	ns    uint32
	floor int64
}

// before reports whether the entry of Seq a stands before that of Seq b: history in the order of its positions, then the log.
func before(a, b int64) bool {
	if a < 0 && b < 0 {
		return a > b
	}
	return a < b
}

// counts reports whether of two copies that of (α, Seq) a counts, rather than that of b. A null arrival, MaxTime, ranks last.
func counts(alphaA, a, alphaB, b int64) bool {
	if alphaA != alphaB {
		return alphaA < alphaB
	}
	return before(a, b)
}

// resolver finds duplicates, conflicts, deleted and superseded rows of one source, entry by entry. What it must remember are facts of its
// namespace. One goroutine's.
type resolver interface {
	// resolve fills out, which has been reset for the run, and appends the facts that change to c.
	resolve(ctx context.Context, r *run, out *outcome, c *changes) error
	// begin forgets what the resolver holds in memory of batches that are stored, or were given up.
	begin()
}

// newResolver returns the resolver of a source over a namespace that may have facts of events up to floor, nil for one whose rows have no identity.
func newResolver(src *selfsame.Source, in place, facts factReader) resolver {
	switch {
	case len(src.PrimaryKey) > 0 && src.Operation != "":
		return newVersions(src, in.ns, facts)
	case src.ID != "" && src.Operation != "":
		return newCancels(src, in.ns, facts)
	case src.ID != "":
		return newCopies(src, in.ns, facts, in.floor)
	}
	return nil
}
