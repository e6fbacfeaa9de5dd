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

// mark changes the visibility of one row of a source.
type mark struct {
	pos   source.Position
	by    source.Position // the row that it is due to: the copy that won, the newer version, the delete
	until int64           // known as long as κ < until, on the axis of the list that holds the mark
	drop  bool            // a duplicate or a conflict: it is in no view
	fate  Reason          // duplicate, conflict, superseded or deleted
}

// resolution holds the marks of a source by position. Rows without a mark are visible from where they become known on, for ever.
type resolution struct {
	marks   []mark // by arrival, at most one a row
	ends    []mark // by offset; a row may have several, and the first to come counts
	offsets bool   // ends are wanted
	counts  SourceCounts
	nullIDs bool // some admitted row has no id, though the source declares one
}

// within returns the marks of positions [lo, hi) that a lens shows, and perhaps others.
func (r *resolution) within(l lens, lo, hi source.Position) []mark {
	if r == nil {
		return nil
	}
	marks := r.marks
	if l != byArrival {
		marks = r.ends
	}
	if len(marks) == 0 {
		return nil
	}
	byPos := func(m mark, p source.Position) int { return cmp.Compare(m.pos, p) }
	i, _ := slices.BinarySearchFunc(marks, lo, byPos)
	j, _ := slices.BinarySearchFunc(marks, hi, byPos)
	return marks[i:j]
}

// shows reports whether a mark of its list means anything to the uses of a lens: in as-of views by offset, only copies end.
func (l lens) shows(m *mark) bool {
	return l != byOffsetVersion || m.fate == ReasonDuplicate || m.fate == ReasonConflict
}

// sort puts the marks in the order of positions.
func (r *resolution) sort() {
	order := func(a, b mark) int {
		return cmp.Or(cmp.Compare(a.pos, b.pos), cmp.Compare(a.until, b.until), cmp.Compare(a.by, b.by))
	}
	slices.SortFunc(r.marks, order)
	slices.SortFunc(r.ends, order)
}

// resolve finds the duplicates, conflicts, deleted and superseded rows of a source (semantics, section 4). It returns nil for a
// source that has none by construction.
func (r *runner) resolve(ctx context.Context, src *selfsame.Source) (*resolution, error) {
	switch {
	case src.Operation != "":
		return r.resolveVersions(ctx, src)
	case src.ID != "":
		return r.resolveCopies(ctx, src)
	}
	return nil, nil
}

// identified is one row with an id.
type identified struct {
	hash uint64 // of the id
	tau  int64
	pos  source.Position
}

const idBuckets = 256

// resolveCopies finds copies: rows of one id and one τ. Rows are compared by the hash of the id first; those that share it with
// another are read again and compared by their bytes.
func (r *runner) resolveCopies(ctx context.Context, src *selfsame.Source) (*resolution, error) {
	var mu sync.Mutex
	var buckets [idBuckets][]identified
	fields := []string{src.EventTime, src.ID}
	if src.Arrival != "" {
		fields = append(fields, src.Arrival)
	}
	adm, idField := r.admitter(src), fieldIndex(src, src.ID)
	res := &resolution{counts: newCounts(src.Name), offsets: r.Mode.Served}
	err := r.scan(ctx, src, fields, func() chunkFunc {
		var t times
		var local [idBuckets][]identified
		var buf []byte
		var nulls bool
		return chunkFunc{
			chunk: func(c *piece, cols []*column.Column) error {
				adm.admit(&t, c, cols)
				id := cols[idField]
				for i, v := range t.verdicts {
					if !r.accepts(v) {
						continue
					}
					if id.StatusAt(i) != selfsame.Present {
						nulls = true
						continue
					}
					buf = id.AppendBare(buf[:0], i)
					e := identified{hash: xxh3.Hash(buf), tau: t.tau[i], pos: position(c, i)}
					b := e.hash >> 56
					local[b] = append(local[b], e)
				}
				return nil
			},
			done: func() {
				mu.Lock()
				defer mu.Unlock()
				res.nullIDs = res.nullIDs || nulls
				for b := range local {
					buckets[b] = append(buckets[b], local[b]...)
				}
			},
		}
	})
	if err != nil {
		return nil, err
	}
	var again []source.Position
	for b := range buckets {
		again = sharedIdentities(buckets[b], again, &res.counts)
		buckets[b] = nil
	}
	if len(again) == 0 {
		return res, nil
	}
	slices.Sort(again)
	return res, r.compareCopies(ctx, src, slices.Compact(again), res)
}

// sharedIdentities appends the positions of the rows whose (id hash, τ) another row has, and counts ids with two event times.
func sharedIdentities(rows []identified, again []source.Position, counts *SourceCounts) []source.Position {
	slices.SortFunc(rows, func(a, b identified) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.tau, b.tau), cmp.Compare(a.pos, b.pos))
	})
	for i := 0; i < len(rows); {
		j, differ := i, false
		for j < len(rows) && rows[j].hash == rows[i].hash {
			if j > i && rows[j].tau == rows[j-1].tau {
				again = append(again, rows[j-1].pos, rows[j].pos)
			}
			differ = differ || rows[j].tau != rows[i].tau
			j++
		}
		if differ {
			counts.TwoTimes++
		}
		i = j
	}
	return again
}

// copyOf is a row that may be a copy of another.
type copyOf struct {
	id      string
	tau     int64
	from    int64
	pos     source.Position
	payload xxh3.Uint128
}

// compareCopies reads the rows at the given positions whole and marks those that lose.
func (r *runner) compareCopies(ctx context.Context, src *selfsame.Source, at []source.Position, res *resolution) error {
	var mu sync.Mutex
	var rows []copyOf
	adm, idField := r.admitter(src), fieldIndex(src, src.ID)
	err := r.scan(ctx, src, schemaNames(src), func() chunkFunc {
		var t times
		var buf []byte
		return chunkFunc{chunk: func(c *piece, cols []*column.Column) error {
			if c.Batch.Rows == 0 {
				return nil
			}
			lo, _ := slices.BinarySearch(at, position(c, 0))
			if lo == len(at) || at[lo] > position(c, c.Batch.Rows-1) {
				return nil
			}
			adm.admit(&t, c, cols)
			for i := range c.Batch.Rows {
				if _, found := slices.BinarySearch(at, position(c, i)); !found || !r.accepts(t.verdicts[i]) {
					continue
				}
				e := copyOf{id: string(cols[idField].AppendBare(nil, i)), tau: t.tau[i], from: t.tau[i], pos: position(c, i)}
				if t.from != nil {
					e.from = t.from[i]
				}
				buf = adm.appendContent(buf[:0], cols, i)
				e.payload = xxh3.Hash128(buf)
				mu.Lock()
				rows = append(rows, e)
				mu.Unlock()
			}
			return nil
		}}
	})
	if err != nil {
		return err
	}
	res.markLosers(rows)
	res.sort()
	return nil
}

// markLosers marks every copy but the first by (α, position). By offset a copy goes on until one that is before it becomes known.
func (res *resolution) markLosers(rows []copyOf) {
	slices.SortFunc(rows, func(a, b copyOf) int {
		return cmp.Or(cmp.Compare(a.tau, b.tau), cmp.Compare(a.id, b.id), cmp.Compare(a.from, b.from), cmp.Compare(a.pos, b.pos))
	})
	for i := 1; i < len(rows); i++ {
		first := i - 1
		for ; i < len(rows) && rows[i].tau == rows[first].tau && rows[i].id == rows[first].id; i++ {
			m := mark{pos: rows[i].pos, by: rows[first].pos, until: selfsame.MinTime, drop: true, fate: ReasonDuplicate}
			if rows[i].payload == rows[first].payload {
				res.counts.Duplicate++
			} else {
				res.counts.Conflict++
				m.fate = ReasonConflict
			}
			res.marks = append(res.marks, m)
		}
		if res.offsets && i > first+1 {
			res.endCopies(rows[first:i])
		}
	}
}

// endCopies marks by offset the copies of one identity, the first by (α, position) before the others.
func (res *resolution) endCopies(rows []copyOf) {
	best := 0 // of those before i, the first to become known
	for i := 1; i < len(rows); i++ {
		m := mark{pos: rows[i].pos, by: rows[best].pos, until: offsetOf(rows[best].pos), fate: ReasonDuplicate}
		if rows[i].payload != rows[best].payload {
			m.fate = ReasonConflict
		}
		m.drop = m.until <= offsetOf(m.pos)
		res.ends = append(res.ends, m)
		if offsetOf(m.pos) < m.until {
			best = i
		}
	}
}

// appendPayload appends the canonical encoding of row i: its fields in schema order.
func appendPayload(buf []byte, cols []*column.Column, i int) []byte {
	for _, c := range cols {
		if c != nil {
			buf = c.AppendFramed(buf, i)
		}
	}
	return buf
}

// appendContent appends what the copies of an event share: the fields of row i without the arrival, which a retry does not repeat.
func (a *admitter) appendContent(buf []byte, cols []*column.Column, i int) []byte {
	if a.arrival < 0 {
		return appendPayload(buf, cols, i)
	}
	return appendPayload(appendPayload(buf, cols[:a.arrival], i), cols[a.arrival+1:], i)
}

func schemaNames(s *selfsame.Source) []string {
	var names []string
	for _, f := range s.Schema {
		names = append(names, f.Name)
	}
	return names
}

func position(c *piece, i int) source.Position {
	if c.Pos != nil {
		return c.Pos[i]
	}
	return c.First + int64(i)
}
