// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/pit"
	"selfsame/compute/window"
	"selfsame/plan"
)

// ChunkRows is how many rows Each yields at once. The canonical checksum is over blocks of this many rows, so it is contract.
const ChunkRows = 1 << 16

// Chunk is a run of rows of a training set: the labels and the features beside them. It is valid during yield.
type Chunk struct {
	First    int // number of the first row, from 0
	Rows     int
	Labels   *column.Batch
	Features *column.Batch // in the plan's order of outputs, with the status of every value
	At       []int64
	Known    [][]int64 // per output: κ of each row; nil: final, or on demand
	Newest   [][]int64 // per output: τ of the newest row or event used, MinTime where none was; nil: no event time, or a label
	Arrival  [][]int64 // per output: α of that event
}

// Each yields the rows in order, ChunkRows at a time (the last chunk may be shorter). It computes ahead on Options.Threads goroutines.
func (res *Result) Each(ctx context.Context, yield func(*Chunk) error) error {
	res.run.progress(StageWrite, 0)
	rows := res.run.Rows.Batch.Rows
	chunks := (rows + ChunkRows - 1) / ChunkRows
	type answer struct {
		chunk *Chunk
		asm   *assembler
		err   error
	}
	ahead := max(res.run.Options.Threads, 1)
	free := make(chan *assembler, ahead+1)
	var all []*assembler
	for range ahead + 1 {
		all = append(all, newAssembler(res))
		free <- all[len(all)-1]
	}
	pending := make(chan chan answer, ahead)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		defer close(pending)
		for n := range chunks {
			var asm *assembler
			select {
			case asm = <-free:
			case <-ctx.Done():
				return
			}
			out := make(chan answer, 1)
			wg.Go(func() {
				c, err := asm.chunk(n*ChunkRows, min(rows, (n+1)*ChunkRows))
				out <- answer{c, asm, err}
			})
			select {
			case pending <- out:
			case <-ctx.Done():
				return
			}
		}
	})
	for out := range pending {
		a := <-out
		if a.err == nil {
			a.err = yield(a.chunk)
		}
		if a.err != nil {
			return a.err
		}
		res.run.progress(StageWrite, int64(a.chunk.Rows))
		free <- a.asm
	}
	res.countCasts(all)
	return ctx.Err()
}

// countCasts sums what the features' own CASTs could not convert, once every chunk is done.
func (res *Result) countCasts(all []*assembler) {
	res.FailedCasts = map[string]int64{}
	for _, a := range all {
		a.eval.FailedCasts(func(f *plan.Feature, n int64) { res.FailedCasts[f.View.Name+"."+f.Name] += n })
	}
}

// assembler evaluates feature programs for one chunk after another; one goroutine's.
type assembler struct {
	res    *Result
	labels *column.Batch
	at     []int64
	known  [][]int64     // per use
	values []*pit.Values // per use
	cells  [][]*column.Column
	eval   *plan.Evaluator
	slots  []*column.Column // of the chunk at hand
	joined [][]int64        // memory of latest: what this chunk uses of it, then what is free
	used   int
	told   map[*column.Column]*column.Column // memory of labels, by the column of the sweep
}

func newAssembler(res *Result) *assembler {
	p := res.run.Plan
	a := &assembler{res: res, eval: p.NewEvaluator(), told: map[*column.Column]*column.Column{}}
	for ui, u := range p.Uses {
		v := res.sweeps[ui].NewValues()
		a.values, a.cells = append(a.values, v), append(a.cells, slices.Clone(v.Columns))
		known, _ := res.run.known(u)
		a.known = append(a.known, known)
	}
	a.labels = column.NewBatch(res.run.Rows.Batch.Fields, 0)
	return a
}

// chunk computes rows [lo, hi).
func (a *assembler) chunk(lo, hi int) (*Chunk, error) {
	run := a.res.run
	a.labels.Reset()
	for i, c := range a.labels.Columns {
		c.AppendRange(run.Rows.Batch.Columns[i], lo, hi)
	}
	a.labels.Rows = hi - lo
	a.at, a.used = run.Rows.At[lo:hi], 0
	for ui, v := range a.values {
		a.res.sweeps[ui].Read(v, lo, hi)
		copy(a.cells[ui], v.Columns)
		if run.Plan.Uses[ui].View.Ahead {
			if err := a.withhold(run.uses[ui], a.cells[ui]); err != nil {
				return nil, err
			}
		}
	}
	var err error
	if a.slots, err = a.eval.Eval(a.cells, a.given, a.at); err != nil {
		return nil, err
	}
	out := &Chunk{First: lo, Rows: hi - lo, Labels: a.labels, At: a.at, Features: &column.Batch{Rows: hi - lo}}
	for oi, o := range run.Plan.Outputs {
		out.Features.Fields = append(out.Features.Fields, selfsame.Field{Name: o.Name, Type: o.Type})
		out.Features.Columns = append(out.Features.Columns, a.slots[o.Slot])
		a.detail(out, oi, run.Plan.Slots[o.Slot], lo, hi)
	}
	if !run.Options.ErrorStatus {
		return out, firstError(run.Plan, out)
	}
	return out, nil
}

// withhold makes the cells null of labels whose windows are not over: something may be still to come.
func (a *assembler) withhold(u *useRun, cells []*column.Column) error {
	for i, c := range cells {
		b, err := window.Compile(u.use.Spec.Cells[i].Window)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(a.at, func(at int64) bool { return u.open(b, at) }) {
			continue
		}
		out := a.told[c]
		if out == nil {
			out = column.New(c.Type, len(a.at))
			a.told[c] = out
		}
		out.Reset()
		for k, at := range a.at {
			if u.open(b, at) {
				out.AppendStatus(selfsame.Null)
			} else {
				out.AppendFrom(c, k)
			}
		}
		cells[i] = out
	}
	return nil
}

// open reports whether a window of labels at T reaches beyond the newest event.
func (u *useRun) open(b *window.Bounds, at int64) bool { return b.Upper(at)-1 > u.newest }

// given returns a label column as a request field.
func (a *assembler) given(f selfsame.Field) (*column.Column, error) {
	return LabelColumn(a.labels, f, "request field")
}

// detail sets Newest, Arrival and Known of output oi where it is a stored feature with event times.
func (a *assembler) detail(out *Chunk, oi int, s plan.Slot, lo, hi int) {
	out.Newest, out.Arrival, out.Known = append(out.Newest, nil), append(out.Arrival, nil), append(out.Known, nil)
	if s.Use < 0 || a.res.run.Plan.Uses[s.Use].Spec.Static || a.res.run.Plan.Uses[s.Use].View.Ahead { // labels are to know what comes after T
		return
	}
	cells, v := a.featureCells(s), a.values[s.Use]
	out.Newest[oi], out.Arrival[oi] = a.latest(v.Newest, cells), a.latest(v.Arrival, cells)
	if a.known[s.Use] != nil {
		out.Known[oi] = a.known[s.Use][lo:hi]
	}
}

// featureCells returns the cells that a stored feature reads; an as-of view's row is one.
func (a *assembler) featureCells(s plan.Slot) []int {
	u := a.res.run.Plan.Uses[s.Use]
	if u.Spec.AsOf {
		return []int{0}
	}
	return u.Features[s.Feature].Program.Slots()
}

// latest returns the greatest of the cells' times of each row. Features that read the same series share the result.
func (a *assembler) latest(times [][]int64, cells []int) []int64 {
	if len(a.at) == 0 || len(cells) == 0 {
		return nil
	}
	first := times[cells[0]]
	if len(cells) == 1 {
		return first
	}
	if a.used == len(a.joined) {
		a.joined = append(a.joined, make([]int64, 0, ChunkRows))
	}
	out := append(a.joined[a.used][:0], first...)
	for _, c := range cells[1:] {
		for i, t := range times[c] {
			out[i] = max(out[i], t)
		}
	}
	a.joined[a.used] = out
	a.used++
	return out
}

// firstError returns an error for the least row that holds an error value.
func firstError(p *plan.Plan, c *Chunk) error {
	row, col := c.Rows, -1
	for k, f := range c.Features.Columns {
		for i, s := range f.Status[:min(len(f.Status), row)] {
			if s.IsError() {
				row, col = i, k
				break
			}
		}
	}
	if col < 0 {
		return nil
	}
	s := c.Features.Columns[col].Status[row]
	hint := "cast to float64 before aggregating, or pass --on-error status to keep such rows as nulls"
	switch s {
	case selfsame.ErrorMaxValues:
		hint = "raise the view's max_values, narrow the window, match less with regexp_extract_all, or pass --on-error status to keep such rows as nulls"
	case selfsame.ErrorLength:
		hint = strings.Join(p.ChosenLengths(p.Outputs[col].Slot), ", ") + "; or pass --on-error status to keep such rows as nulls"
	}
	return &selfsame.Error{Class: selfsame.ClassValue, Ref: fmt.Sprintf("row %d, feature %s", c.First+row, c.Features.Fields[col].Name),
		Message: "the value is an error: " + s.ErrorKind(), Hint: hint}
}
