// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/pit"
	"selfsame/plan"
	"selfsame/source"
)

// runServed is Run in served mode: rows that look at one scope are run together, labels apart from all, and their results are put together again.
func runServed(ctx context.Context, req Request) (*Result, error) {
	isLabel := func(u *plan.Use) bool { return u.View.Ahead }
	served := req
	served.Plan = req.Plan.Part(func(u *plan.Use) bool { return !isLabel(u) })
	groups, err := serveGroups(ctx, &served)
	if err != nil {
		return nil, err
	}
	labeled := len(served.Plan.Uses) < len(req.Plan.Uses)
	if len(groups) == 1 && !labeled {
		return run(ctx, req, groups[0].scope)
	}
	merged := newRunner(req, wholeScope(&req)).result
	merged.expect(len(req.Plan.Uses))
	most := -1
	for _, g := range groups {
		part := served
		part.Rows = req.Rows.subset(g.rows)
		res, err := run(ctx, part, g.scope)
		if err != nil {
			return nil, err
		}
		if len(g.rows) > most { // what became of a source's rows differs from scope to scope: the widest used is told
			most, merged.Sources, merged.Pruned, merged.Bad = len(g.rows), res.Sources, res.Pruned, res.Bad
		}
		if err := merged.join(res, g.rows); err != nil {
			return nil, err
		}
	}
	if labeled {
		err = merged.runLabels(ctx, req, isLabel)
	}
	return merged, err
}

// runLabels runs the uses that are labels over everything that was admitted up to the run's snapshot, whatever the cuts of the rows.
func (res *Result) runLabels(ctx context.Context, req Request, isLabel func(*plan.Use) bool) error {
	part, rows := req, *req.Rows
	rows.Served = nil
	part.Plan, part.Rows, part.Mode = req.Plan.Part(isLabel), &rows, Mode{Final: true}
	labels, err := run(ctx, part, wholeScope(&req))
	if err != nil {
		return err
	}
	all := make([]uint32, req.Rows.Batch.Rows)
	for i := range all {
		all[i] = uint32(i)
	}
	if err := res.join(labels, all); err != nil {
		return err
	}
	told := map[string]SourceCounts{}
	for _, c := range append(labels.Sources, res.Sources...) { // what features read is told as they read it
		told[c.Name] = c
	}
	res.Sources = nil
	for _, s := range req.Plan.Sources() {
		res.Sources = append(res.Sources, told[s.Name])
	}
	for name, p := range labels.Pruned {
		if _, ok := res.Pruned[name]; !ok {
			res.Pruned[name] = p
		}
	}
	res.Bad = eachBadRow(append(res.Bad, labels.Bad...))
	return nil
}

// group is the rows of a run that look at one scope.
type group struct {
	scope scope
	rows  []uint32
}

// servedScope is what an online read of a cut may have seen, were its lags nought.
func servedScope(c *ServedCut) scope {
	return scope{before: selfsame.MaxTime, noHistory: c.Snapshot == [16]byte{}, ranges: c.Ranges, past: c.Past}
}

// serveGroups sorts the rows by scope. Rows that were read while a block of the log was durable but not yet applied, and whose lag is
// so short that α would let it in, have a scope of their own: it ends at their cut.
func serveGroups(ctx context.Context, req *Request) ([]group, error) {
	if len(req.Rows.Served) != len(req.Rows.At) {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "mode served", Message: "the rows do not say at which cut they were read",
			Hint: "name the column of tokens with --cut-column"}
	}
	if foreign := Foreign(req.Rows, req.Snapshot); len(foreign) > 0 {
		return nil, &selfsame.Error{Class: selfsame.ClassChanged, Ref: fmt.Sprintf("row %d", foreign[0]),
			Message: fmt.Sprintf("unauditable: it was served from other history files than those at hand (and %d more rows)", len(foreign)-1),
			Hint:    "bring the files of that time back, or leave these rows out"}
	}
	hasty, err := newHasty(ctx, req)
	if err != nil {
		return nil, err
	}
	var groups []group
	for i := range req.Rows.Served {
		c := &req.Rows.Served[i]
		s := servedScope(c)
		if hasty.behind(c, req.Rows.At[i]) {
			s.before = c.Offset
		}
		at := slices.IndexFunc(groups, func(g group) bool {
			return g.scope.before == s.before && g.scope.noHistory == s.noHistory && g.scope.past == s.past && slices.Equal(g.scope.ranges, s.ranges)
		})
		if at < 0 {
			at = len(groups)
			groups = append(groups, group{scope: s})
		}
		groups[at].rows = append(groups[at].rows, uint32(i))
	}
	if groups == nil {
		groups = []group{{scope: wholeScope(req)}}
	}
	return groups, nil
}

// Foreign returns the numbers of the rows that were served from a history that is not the given one. Rows that were served without history
// are not among them.
func Foreign(rows *EntityRows, snapshot [16]byte) []int {
	var out []int
	for i, c := range rows.Served {
		if c.Snapshot != [16]byte{} && c.Snapshot != snapshot {
			out = append(out, i)
		}
	}
	return out
}

// hasty finds rows of the log that a view with a lag would see by their α, though they lie behind the cut.
type hasty struct {
	lag     int64   // the least that is declared; MaxTime: none is
	offsets []int64 // where α grows, ascending
	alphas  []int64 // from there on
}

func newHasty(ctx context.Context, req *Request) (*hasty, error) {
	h := &hasty{lag: selfsame.MaxTime}
	r := newRunner(*req, wholeScope(req))
	r.Options.Progress = nil
	r.Tables = nil
	type step struct{ offset, alpha int64 }
	var steps []step
	var mu sync.Mutex
	seen := map[*selfsame.Source]bool{}
	past := slices.ContainsFunc(req.Rows.Served, func(c ServedCut) bool { return c.Past })
	for _, u := range withLookups(nil, req.Plan) {
		if u.View.AsOf.Set {
			h.lag = min(h.lag, u.View.AsOf.Micros)
		} else if !past {
			continue
		}
		for _, s := range u.Sources {
			if seen[s.Source] {
				continue
			}
			seen[s.Source] = true
			w := source.Want{Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
			err := r.scanWant(ctx, s.Source, w, StageResolve, func() chunkFunc {
				var own []step
				return chunkFunc{chunk: func(c *piece, _ []*column.Column) error {
					for i, a := range c.arrival {
						if i == 0 || a != c.arrival[i-1] {
							own = append(own, step{offsetOf(c.Pos[i]), a})
						}
					}
					return nil
				}, done: func() {
					mu.Lock()
					defer mu.Unlock()
					steps = append(steps, own...)
				}}
			})
			if err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Compare(a.offset, b.offset) })
	for _, s := range steps {
		h.offsets, h.alphas = append(h.offsets, s.offset), append(h.alphas, s.alpha)
	}
	return h, nil
}

// behind reports whether a row at T with that cut must not look behind it: some view would see what is there.
func (h *hasty) behind(c *ServedCut, at int64) bool {
	lag := h.lag
	if c.Past {
		lag = 0
	}
	i := sort.Search(len(h.offsets), func(k int) bool { return h.offsets[k] >= c.Offset })
	return lag != selfsame.MaxTime && i < len(h.offsets) && h.alphas[i] <= satAdd(at, -lag)
}

// expect makes room for the results of so many uses that join brings.
func (res *Result) expect(uses int) {
	for range uses {
		res.sweeps = append(res.sweeps, pit.NewResult(res.run.Rows.Batch.Rows))
	}
	res.Seen, res.run.uses = make([]int64, uses), make([]*useRun, uses)
}

// join takes over the result of some rows: of those uses of the plan that it has.
func (res *Result) join(part *Result, rows []uint32) error {
	res.Events += part.Events
	res.Spilled += part.Spilled
	for i, x := range part.run.uses {
		u := slices.Index(res.run.Plan.Uses, x.use)
		res.Seen[u] += part.Seen[i]
		res.run.uses[u] = x
		if err := res.sweeps[u].Join(part.sweeps[i], rows); err != nil {
			return err
		}
	}
	return nil
}
