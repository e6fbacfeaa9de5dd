// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
	"selfsame/request"
	"selfsame/stream"
)

// disturb lets happen what must not change a value.
func (w *streamWorld) disturb(ctx context.Context, done map[inquiry]bool) error {
	what, err := "", error(nil)
	switch w.rng.IntN(12) {
	case 0:
		what, err = "crash", w.crash(ctx)
	case 1:
		what, err = "states built again", w.rebuild(ctx)
	case 2:
		what, err = "compaction", w.store.Compact(ctx)
	case 3:
		what, err = "retention", w.maintain(ctx, done)
	case 4:
		what, err = "trim", w.trim(ctx)
	default:
		return nil
	}
	w.count(what)
	if err != nil {
		return fmt.Errorf("%s after %d groups: %w", what, w.appended, err)
	}
	return nil
}

// crash cuts the power: what was not made durable is lost, or part of it.
func (w *streamWorld) crash(ctx context.Context) error {
	left := w.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 0, 50, 100}[w.rng.IntN(4)], RNG: w.rng})
	if err := w.close(); err != nil {
		return err
	}
	w.fs = left
	if err := w.start(ctx); err != nil {
		return err
	}
	w.waiting, w.applied = nil, w.appended
	if have, want := w.driver.Applied().Offset, w.cuts[w.appended].Offset; have != want {
		return fmt.Errorf("offset %d is applied, want %d", have, want)
	}
	return nil
}

// trim lets the log go of what is applied, once that is durable. From then on states are built of what an archive has.
func (w *streamWorld) trim(ctx context.Context) error {
	if err := w.store.Sync(ctx); err != nil {
		return err
	}
	if err := w.log.Trim(ctx, w.driver.Applied().Offset); err != nil {
		return err
	}
	if w.log.Begin() == 0 {
		return nil
	}
	w.count("trimmed")
	err := w.driver.Load(ctx, stream.Load{Uses: w.plan.LiveUses(), Again: func(string) bool { return true }})
	if selfsame.ClassOf(err) != selfsame.ClassResource {
		return fmt.Errorf("states are built of a part of the log: %w", err)
	}
	return nil
}

// rebuild switches to some of the states and back, or where history is loaded or the log was trimmed loads all again.
func (w *streamWorld) rebuild(ctx context.Context) error {
	if err := w.apply(ctx); err != nil {
		return err
	}
	if w.loaded || w.log.Begin() > 0 {
		if w.loads && !w.loaded {
			return nil // history cannot be there yet
		}
		return w.load(ctx)
	}
	again, err := planOf(w.project, w.c)
	if err != nil {
		return err
	}
	live := again.LiveUses()
	for i, u := range live {
		if w.rng.IntN(2) == 0 {
			if err := w.driver.Switch(ctx, live[i:i+1]); err != nil {
				return fmt.Errorf("view %s: %w", u.View.Name, err)
			}
		}
	}
	return w.driver.Switch(ctx, w.plan.LiveUses())
}

// steps is how often a pass of retention is taken on: more than it needs.
const steps = 24

// maintain has retention work as of now, where no question that is still to be asked is older.
func (w *streamWorld) maintain(ctx context.Context, done map[inquiry]bool) error {
	now := w.cuts[w.appended].Alpha
	if w.appended < len(w.groups) {
		now = w.groups[w.appended].alpha
	}
	for _, q := range w.questions {
		if !done[q] {
			now = min(now, w.c.Rows[q.row].At)
			if q.after < w.applied {
				return nil
			}
		}
	}
	return w.retire(ctx, now)
}

// retire takes retention to its end and notes what can no longer be asked.
func (w *streamWorld) retire(ctx context.Context, now int64) error {
	for range steps {
		if err := w.driver.Maintain(ctx, now); err != nil {
			return err
		}
	}
	for _, u := range w.plan.Uses {
		w.kept = max(w.kept, w.driver.Earliest(u))
	}
	w.keptFrom = w.applied
	return nil
}

// retain has retention work long after the last event, and fails where an answer about what comes then changes.
func (w *streamWorld) retain(ctx context.Context) error {
	now := plus(max(w.cuts[w.applied].Alpha, 0), 400*selfsame.DayLength)
	rows := w.c.Rows
	if len(w.questions) == 0 || w.applied == 0 || now == selfsame.MaxTime {
		return nil
	}
	late := *w
	late.out = &Answer{Outputs: w.out.Outputs, Rows: make([][]selfsame.Value, len(rows))}
	c := *w.c
	c.Rows = append([]Row(nil), rows...)
	replayed := *w.replay
	replayed.c, late.replay = &c, &replayed
	var questions []inquiry
	for i, q := range w.questions {
		c.Rows[q.row].At = plus(now, int64(i)*selfsame.Hour)
		questions = append(questions, inquiry{q.row, w.applied, false})
	}
	if err := late.ask(ctx, questions); err != nil {
		return err
	}
	if err := w.retire(ctx, now); err != nil {
		return err
	}
	late.kept = w.kept
	if late.kept > now {
		return fmt.Errorf("retention reaches up to %d, beyond its clock %d", late.kept, now)
	}
	late.readers = append(slices.Clone(w.readers), request.New(w.store, w.driver.States, request.Options{}))
	w.count("retention at the end")
	if err := late.ask(ctx, questions); err != nil {
		return fmt.Errorf("after retention: %w", err)
	}
	return nil
}
