// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/eventlog/local"
	"selfsame/materialize"
	"selfsame/online/embedded"
	"selfsame/plan"
	"selfsame/request"
	"selfsame/source"
	"selfsame/stream"
)

// streamWorld is a replay under way: a log and a store in memory, the driver between them, and readers.
type streamWorld struct {
	*replay
	plan     *plan.Plan
	prepared *request.Prepared
	dir      string
	rng      *rand.Rand
	counts   map[string]int

	disturbed bool
	out       *Answer

	fs      *vfs.MemFS
	now     int64
	log     *local.Log
	store   *embedded.Store
	driver  *stream.Driver
	readers []*request.Reader

	appended, applied int // groups
	waiting           []*eventlog.Block
	cuts              []request.Cut // after so many groups
	pushed            *Case         // what the log took, as the archive has it
	loaded            bool          // history is in
	kept              int64         // questions about times before are no longer answered
	keptFrom          int           // retention ran when so many groups were applied
	tables            map[string]batch.Opened
}

// cacheSizes are those of the readers: enough, next to nothing, nothing.
var cacheSizes = []int64{0, 8 << 10, -1}

func (w *streamWorld) open(ctx context.Context) error {
	w.fs, w.now, w.kept = vfs.NewCrashableMem(), selfsame.MinTime, selfsame.MinTime
	w.pushed = &Case{Project: w.project, Logs: map[string][][]selfsame.Value{}, Live: map[string][]Entry{}}
	w.cuts = []request.Cut{{Alpha: selfsame.MinTime}}
	return w.start(ctx)
}

// start opens what is on the file system and brings it up to the end of the log.
func (w *streamWorld) start(ctx context.Context) (err error) {
	if w.log, err = local.Open("log", local.Options{FS: w.fs, Now: func() int64 { return w.now }, Reserve: -1}); err != nil {
		return err
	}
	if w.store, err = embedded.Open("online", embedded.Options{FS: w.fs, Reserve: -1, MemTableBytes: 1 << 20, CacheBytes: 1 << 20}); err != nil {
		return err
	}
	w.driver, err = stream.Open(ctx, w.store, w.log, stream.Options{Changed: func(s *plan.State, entity, rows []byte) {
		for _, r := range w.readers {
			r.Changed(s, entity, rows)
		}
	}})
	if err != nil {
		return err
	}
	w.readers, w.prepared = nil, request.Prepare(w.plan) // what is prepared belongs to the readers of one store
	for _, bytes := range cacheSizes {
		w.readers = append(w.readers, request.New(w.store, w.driver.States, request.Options{CacheBytes: bytes}))
	}
	if err := w.driver.Switch(ctx, w.plan.LiveUses()); err != nil {
		return err
	}
	return w.driver.Recover(ctx)
}

func (w *streamWorld) close() error {
	var errs []error
	if w.store != nil {
		errs = append(errs, w.store.Close())
	}
	if w.log != nil {
		errs = append(errs, w.log.Close())
	}
	w.store, w.log = nil, nil
	return errors.Join(errs...)
}

// play appends one group after another and asks what is to be asked at each cut, then everything once more.
func (w *streamWorld) play(ctx context.Context) error {
	load := w.known(w.latest)
	if w.disturbed {
		load += w.rng.IntN(len(w.groups) - load + 1)
	}
	done := map[inquiry]bool{}
	for {
		if w.loads && !w.loaded && w.appended >= load {
			if err := w.load(ctx); err != nil {
				return fmt.Errorf("load history: %w", err)
			}
		}
		if w.disturbed {
			if err := w.disturb(ctx, done); err != nil {
				return err
			}
		}
		if err := w.askDue(ctx, done, false); err != nil {
			return err
		}
		if w.appended == len(w.groups) && w.applied == w.appended {
			break
		}
		if err := w.push(ctx); err != nil {
			return err
		}
	}
	if err := w.askDue(ctx, done, true); err != nil {
		return fmt.Errorf("once more: %w", err)
	}
	if w.disturbed {
		return w.retain(ctx)
	}
	return nil
}

// askDue asks the questions whose cut is there and that were not asked; with again all that can be.
func (w *streamWorld) askDue(ctx context.Context, done map[inquiry]bool, again bool) error {
	if w.loads && !w.loaded {
		return nil
	}
	var due []inquiry
	for _, q := range w.questions {
		old := q.after < w.keptFrom || w.c.Rows[q.row].At < w.kept
		if q.after <= w.applied && !old && (again || !done[q]) {
			due = append(due, q)
			done[q] = true
		}
	}
	return w.ask(ctx, due)
}

// push appends the next group, if there is one, and applies what waits, now or later.
func (w *streamWorld) push(ctx context.Context) error {
	if w.appended < len(w.groups) {
		if err := w.append(ctx, &w.groups[w.appended]); err != nil {
			return err
		}
	}
	if w.disturbed && w.appended < len(w.groups) && w.rng.IntN(4) == 0 {
		w.count("applied late")
		return nil
	}
	return w.apply(ctx)
}

func (w *streamWorld) apply(ctx context.Context) error {
	if _, err := w.driver.Apply(ctx, w.waiting); err != nil {
		return err
	}
	w.waiting, w.applied = nil, w.appended
	return nil
}

// append appends a group and notes what the log took.
func (w *streamWorld) append(ctx context.Context, g *group) error {
	var list []*eventlog.Append
	var of []int // first row of each
	for i, a := range g.rows {
		if i == 0 || g.rows[i-1].source != a.source {
			list = append(list, &eventlog.Append{Block: eventlog.Block{Source: a.source, Rows: column.NewBatch(a.source.Schema, 1)}})
			of = append(of, i)
		}
		b := list[len(list)-1].Rows
		for k, v := range a.row {
			b.Columns[k].Append(stored(a.source, v))
		}
		b.Rows++
	}
	w.now = g.alpha
	if err := w.log.Append(ctx, list, selfsame.MinTime); err != nil {
		return err
	}
	for k, a := range list {
		if a.Alpha != g.alpha {
			return fmt.Errorf("the log stamped %d, want %d", a.Alpha, g.alpha)
		}
		if a.Admitted != nil {
			w.waiting = append(w.waiting, a.Admitted)
		}
		if err := w.note(g.rows[of[k]:of[k]+len(a.Verdicts)], a); err != nil {
			return err
		}
	}
	next, _ := w.log.End()
	w.appended++
	w.cuts = append(w.cuts, request.Cut{Offset: next, Alpha: g.alpha})
	return nil
}

// note keeps what the log took of some rows.
func (w *streamWorld) note(rows []arrival, a *eventlog.Append) error {
	taken := int64(0)
	for i, v := range a.Verdicts {
		r := rows[i]
		if v != eventlog.OK {
			if r.offset >= 0 {
				return fmt.Errorf("source %s: the log refused the row of offset %d: %s", r.source.Name, r.offset, a.Reasons[i])
			}
			w.count("refused")
			continue
		}
		at := a.Admitted.First + taken
		taken++
		if r.offset >= 0 && r.offset != at {
			return fmt.Errorf("source %s: the log placed the row of offset %d at %d", r.source.Name, r.offset, at)
		}
		w.pushed.Logs[r.source.Name] = append(w.pushed.Logs[r.source.Name], r.row)
		w.pushed.Live[r.source.Name] = append(w.pushed.Live[r.source.Name], Entry{Offset: at, Alpha: a.Alpha})
	}
	w.counts["pushed"] += int(taken)
	return nil
}

// load brings history in: below all of the log where it was known before it, else stitched to what the archive holds of the log.
func (w *streamWorld) load(ctx context.Context) error {
	if err := w.apply(ctx); err != nil {
		return err
	}
	dir := filepath.Join(w.dir, fmt.Sprint("load", w.counts["loads"]))
	w.count("loads")
	w.tables = map[string]batch.Opened{}
	req := materialize.Request{Uses: w.plan.LiveUses(), Open: w.opened, Place: w.place, Ranges: w.ranges, Now: w.driver.Applied().Alpha,
		Options: batch.Options{Threads: 1, SpillDir: w.dir}}
	if w.known(w.latest) > 0 || w.log.Begin() > 0 || w.disturbed && w.rng.IntN(2) == 0 {
		req.Before = w.driver.Applied().Offset
	}
	for _, name := range w.plan.SourceNames() {
		src := w.project.Source(name)
		history, err := Batch{Files: 2}.table(ctx, dir, &Case{Project: w.project, Logs: w.history}, src)
		if err != nil {
			return err
		}
		var log *source.Table
		if src.EventTime != "" {
			if log, err = archive(ctx, dir, w.pushed, src); err != nil {
				return err
			}
		}
		w.tables[name] = batch.Opened{History: history, Log: log}
	}
	if _, err := materialize.Load(ctx, w.driver, req); err != nil {
		return err
	}
	w.loaded = true
	return nil
}

func (w *streamWorld) opened(src *selfsame.Source) (batch.Opened, error) {
	return w.tables[src.Name], nil
}

func (w *streamWorld) place(name string) int {
	for i, s := range w.project.Sources {
		if s.Name == name {
			return i
		}
	}
	return len(w.project.Sources)
}

func (w *streamWorld) count(what string) { w.counts[what]++ }
