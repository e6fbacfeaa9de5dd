// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
	"selfsame/plan"
	"selfsame/source"
)

// explained is the batch driver with its values explained: a value that the listed events do not give is an error.
type explained struct {
	dir  string
	rows int // how many rows of a case are explained
	done *int
}

// Name is "explain".
func (explained) Name() string { return "explain" }

// Ask explains every output of the first rows and takes the others from the batch driver.
func (x explained) Ask(ctx context.Context, c *Case) (*Answer, error) {
	a, err := Batch{Options: batch.Options{Threads: 1}}.Ask(ctx, c)
	if err != nil {
		return nil, err
	}
	refs, err := definition.References(c.Project, c.Features)
	if err != nil {
		return nil, err
	}
	p, err := plan.Build(c.Project, plan.Request{Service: c.Service, Features: refs})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(x.dir, "live-")
	if err != nil {
		return nil, err
	}
	req := batch.Request{Rows: c.entityRows(), Tables: map[string]*source.Table{}, Mode: batch.Mode{Final: c.Mode.Final, Lag: c.Mode.Lag}, Options: batch.Options{Threads: 2},
		Archive: map[string]*source.Table{}, Snapshot: snapshot}
	req.Mode.Served = req.Rows.Served != nil
	for _, name := range p.SourceNames() {
		if req.Tables[name], err = (Batch{}).table(ctx, x.dir, c, c.Project.Source(name)); err != nil {
			return nil, err
		}
		if req.Archive[name], err = archive(ctx, dir, c, c.Project.Source(name)); err != nil {
			return nil, err
		}
	}
	for row := range min(x.rows, len(c.Rows)) {
		for i := range p.Outputs {
			one := *p
			one.Outputs = p.Outputs[i : i+1]
			req.Plan = &one
			e, err := batch.Explain(ctx, req, row, 3)
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", row, err)
			}
			if err := consistent(e.Value); err != nil {
				return nil, fmt.Errorf("row %d, %s: %w", row, e.Output, err)
			}
			a.Rows[row][i] = e.Result
			*x.done++
		}
	}
	return a, nil
}

// consistent checks what an explanation says of itself.
func consistent(o *batch.Origin) error {
	for _, c := range o.Cells {
		if c.Counted > c.Inside || len(c.Events)+c.LeftOut != c.Counted {
			return fmt.Errorf("%d listed and %d left out of %d counted of %d inside", len(c.Events), c.LeftOut, c.Counted, c.Inside)
		}
		for _, e := range c.Events {
			at := selfsame.Instant(selfsame.MinTime) // the first instant of all is shown as none
			if e.Time != nil {
				at = *e.Time
			}
			if e.Source == batch.OwnRow {
				if e.File != "" || !strings.HasSuffix(c.Call, withRequest) || e.Time == nil || o.Newest != nil && *o.Newest >= at {
					return fmt.Errorf("the row that asks is listed for %s: %+v, newest %v", c.Call, e, o.Newest)
				}
				continue
			}
			if at < c.Lower || at >= c.Upper {
				return fmt.Errorf("an event at %s is listed for [%s, %s)", at, c.Lower, c.Upper)
			}
			if o.Offset != nil && e.Offset != nil && *e.Offset >= *o.Offset {
				return fmt.Errorf("the log's row %d is listed for the cut %d (P1)", *e.Offset, *o.Offset)
			}
			if o.Known != nil && (e.Arrival == nil && e.Time != nil || e.Arrival != nil && *e.Arrival > *o.Known) {
				return fmt.Errorf("an event that arrived at %v is listed for the cut %s (P1)", e.Arrival, o.Known)
			}
		}
	}
	for _, in := range o.Inputs {
		if err := consistent(in); err != nil {
			return err
		}
	}
	return nil
}

// TestExplanationsOfScripts explains every value of the scenario scripts.
func TestExplanationsOfScripts(t *testing.T) {
	t.Parallel()
	done := 0
	for file, text := range scripts(t) {
		s, err := Parse(file, text)
		if err != nil {
			t.Fatal(err)
		}
		r := &Runner{Define: definition.Parse, Engine: explained{dir: t.TempDir(), rows: 12, done: &done}}
		res, err := r.Run(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range res.Failures {
			t.Error(f)
		}
	}
	if done < 100 {
		t.Errorf("only %d values were explained", done)
	}
}

// TestExplanationsOfRandomCases explains random values and holds them to the oracle.
func TestExplanationsOfRandomCases(t *testing.T) {
	t.Parallel()
	explainRandom(t, 2, func(e Engine) Engine { return e })
}

// TestExplanationsOfLiveCases does so where a part of the logs came live.
func TestExplanationsOfLiveCases(t *testing.T) {
	t.Parallel()
	for _, served := range []bool{false, true} {
		explainRandom(t, 1, func(e Engine) Engine { return lively{e, served} })
	}
}

func explainRandom(t *testing.T, rows int, wrap func(Engine) Engine) {
	done, dir := 0, t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		text := Generate(choices(rt, 300), Shape{})
		diff, _, err := Disagreement(context.Background(), definition.Parse, wrap(explained{dir: dir, rows: rows, done: &done}), wrap(Oracle{}), text)
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		if diff != "" {
			rt.Fatalf("the explained value and the oracle differ\n%s", diff)
		}
	})
	if done < 100 {
		t.Errorf("only %d values were explained", done)
	}
}
