// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"sync"
	"sync/atomic"

	"selfsame"
	"selfsame/column"
	"selfsame/source"
)

// chunkFunc is what one goroutine does with the chunks of a scan.
type chunkFunc struct {
	begin func(split int)                             // before the first chunk of a split; may be nil
	chunk func(c *piece, cols []*column.Column) error // cols stand at their schema fields, nil where not read
	end   func() error                                // after the last chunk of a split; may be nil
	done  func()                                      // after the last split; may be nil
}

// scan reads fields of src in the time range that its uses need, each split by one goroutine.
func (r *runner) scan(ctx context.Context, src *selfsame.Source, fields []string, worker func() chunkFunc) error {
	w := r.want(src)
	w.Fields = projection(src, fields)
	return r.scanWant(ctx, src, w, StageResolve, worker)
}

// scanAll reads fields of every row of src.
func (r *runner) scanAll(ctx context.Context, src *selfsame.Source, fields []string, worker func() chunkFunc) error {
	w := source.Want{Fields: projection(src, fields), Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	return r.scanWant(ctx, src, w, StageResolve, worker)
}

// projection is the fields to read where some are needed. A source that leaves bad rows out is read whole, so that the same rows are
// bad in every scan.
func projection(src *selfsame.Source, fields []string) []string {
	if src.SkipBad {
		return schemaNames(src)
	}
	return inSchemaOrder(src, fields)
}

func inSchemaOrder(src *selfsame.Source, fields []string) []string {
	need := map[string]bool{}
	for _, f := range fields {
		need[f] = true
	}
	var out []string
	for _, f := range src.Schema {
		if need[f.Name] {
			out = append(out, f.Name)
		}
	}
	return out
}

func (r *runner) scanWant(ctx context.Context, src *selfsame.Source, w source.Want, stage Stage, worker func() chunkFunc) error {
	inputs, pruned, err := r.inputs(src, w)
	if err != nil {
		return err
	}
	r.result.Pruned[src.Name] = pruned
	splits := 0
	for _, in := range inputs {
		splits += len(in.splits)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	back := stage == StageRead && r.prunable(src) // newer rows come later in most files: read first, they prune more
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(max(r.Options.Threads, 1), max(splits, 1)) {
		wg.Go(func() {
			f := worker()
			cols := make([]*column.Column, len(src.Schema)+1+archiveColumns)
			for {
				s := int(next.Add(1)) - 1
				if s >= splits || ctx.Err() != nil {
					break
				}
				if back {
					s = splits - 1 - s
				}
				in := &inputs[0]
				if s >= in.first+len(in.splits) {
					in = &inputs[1]
				}
				if err := in.readSplit(ctx, s, cols, f, func(n int64) { r.progress(stage, n) }); err != nil {
					cancel(err)
					break
				}
			}
			if f.done != nil {
				f.done()
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// readSplit hands the pieces of the split of that number to f.
func (in *input) readSplit(ctx context.Context, number int, cols []*column.Column, f chunkFunc, progress func(int64)) error {
	if f.begin != nil {
		f.begin(number)
	}
	var p piece
	clear(cols) // what another table left behind
	err := in.table.Read(ctx, in.splits[number-in.first], in.want, func(c *source.Chunk) error {
		for i, place := range in.places {
			cols[place] = c.Batch.Columns[i]
		}
		if err := in.take(&p, c, cols); err != nil {
			return err
		}
		progress(int64(c.Batch.Rows))
		return f.chunk(&p, cols[:len(cols)-archiveColumns])
	})
	if err == nil && f.end != nil {
		err = f.end()
	}
	return err
}
