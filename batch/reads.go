// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"selfsame"
	"selfsame/plan"
	"selfsame/source"
)

// Read says what a run reads of one source.
type Read struct {
	Source       string
	Fields       []string
	Files        int
	Pruned       source.Pruned
	Rows         int64 // -1: not known before reading
	Width        int64 // bytes that an event takes in the sweeps, about
	Lower, Upper int64 // event times in [Lower, Upper) are wanted
}

// Reads says what Run would read, without reading it.
func Reads(req Request) ([]Read, error) {
	r := newRunner(req, wholeScope(&req))
	for _, u := range req.Plan.Uses {
		lo, hi, err := timeRange(u, req.Rows.At)
		if err != nil {
			return nil, err
		}
		r.readUse(u, lo, hi)
	}
	var out []Read
	for _, src := range req.Plan.Sources() {
		w := r.want(src)
		inputs, pruned, err := r.inputs(src, w)
		if err != nil {
			return nil, err
		}
		read := Read{Source: src.Name, Fields: w.Fields, Pruned: pruned, Lower: w.Lower, Upper: w.Upper, Width: r.width(src)}
		for _, in := range inputs {
			read.Files += len(in.table.Files())
			for _, s := range in.splits {
				if s.Rows < 0 || read.Rows < 0 {
					read.Rows = -1
					break
				}
				read.Rows += s.Rows
			}
		}
		out = append(out, read)
	}
	return out, nil
}

// readUse notes a use and what it looks up: of that, which times are wanted is known only once its own events are.
func (r *runner) readUse(u *plan.Use, lower, upper int64) {
	r.uses = append(r.uses, &useRun{use: u, lower: lower, upper: upper})
	if u.Lookup != nil {
		for _, x := range u.Lookup.Uses {
			r.readUse(x, selfsame.MinTime, upper)
		}
	}
}

// width is about how many bytes an event of src takes in all sweeps.
func (r *runner) width(src *selfsame.Source) int64 {
	var n int64
	uses, _ := r.sourceUses(src)
	for _, u := range uses {
		n += 12 + useWidth(u.use)
	}
	return n
}

func useWidth(u *plan.Use) int64 {
	n := int64(8 * len(u.Spec.Columns))
	if u.Spec.NeedOrder {
		n += 8
	}
	return n
}
