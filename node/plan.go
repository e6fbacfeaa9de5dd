// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"path/filepath"
	"runtime"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
	"selfsame/forecast"
	"selfsame/materialize"
	archived "selfsame/offline/archive"
	"selfsame/plan"
	"selfsame/source"
)

// Planner is an Applier that also says what a change does beyond definitions.
type Planner interface {
	Applier
	// Forecast says what Apply would do. Impacts of the diff are to be handed to Apply with the change, which keeps them.
	Forecast(ctx context.Context, a *forecast.Args) (*forecast.Forecast, error)
}

// ForecastProject says what applying a project would do.
func ForecastProject(ctx context.Context, to Planner, cfg *ChangeConfig, sample forecast.SampleArgs) (*forecast.Forecast, error) {
	c, err := readChange(ctx, cfg)
	if err != nil {
		return nil, err
	}
	f, err := to.Forecast(ctx, &forecast.Args{Change: *c, Sample: sample})
	if err != nil {
		return nil, inProject(err, cfg.Project)
	}
	placeIn(f.Lints, cfg.Project)
	return f, nil
}

// handIn is what a data directory, which need not be there, has for forecasts, and the files of a project. The archive holds the log below complete.
func handIn(project, data string, complete int64) *forecast.Hand {
	return &forecast.Hand{Journal: filepath.Join(data, journalFolder), Complete: complete,
		Open: func(ctx context.Context, p *selfsame.Project, s *selfsame.Source) (o batch.Opened, err error) {
			if from := withFiles(p, s); from.Batch != nil {
				o.History, err = openSource(ctx, project, from)
				switch selfsame.ClassOf(err) {
				case selfsame.ClassInput, selfsame.ClassNotFound: // nothing is there yet, or nothing that can be read: train and backfill say so
					o.History, err = nil, nil
				}
			}
			if err == nil && complete > 0 {
				o.Log, err = OpenArchive(ctx, filepath.Join(data, archiveFolder), complete, s)
			}
			return o, err
		},
		Rows: func(ctx context.Context, p *plan.Plan, path string) (*source.Table, error) {
			return (&Prepared{Config: &TrainConfig{Rows: RowsConfig{File: path}}, Plan: p, Project: p.Project}).openRows(ctx, path)
		}}
}

// Retention says what serving keeps online of the views of a project's files, and what that costs by the rows at hand.
func Retention(ctx context.Context, project, data string) ([]*forecast.Retained, error) {
	p, err := definition.Load(project)
	if err != nil {
		return nil, err
	}
	complete, err := archived.CompleteOf(filepath.Join(data, archiveFolder))
	if err != nil {
		return nil, err
	}
	return forecast.Retention(ctx, p, handIn(project, data, complete))
}

// Forecast implements Planner.
func (u *unserved) Forecast(ctx context.Context, a *forecast.Args) (*forecast.Forecast, error) {
	r, err := u.read(ctx)
	if err != nil {
		return nil, err
	}
	s, err := r.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkKept(s, &a.Change); err != nil {
		return nil, err
	}
	complete, err := archived.CompleteOf(filepath.Join(u.at.Data, archiveFolder))
	if err != nil {
		return nil, err
	}
	hand := handIn(u.at.Project, u.at.Data, complete)
	hand.Threads = runtime.GOMAXPROCS(0)
	return forecast.Of(ctx, s, a, hand)
}

// Forecast implements Planner.
func (l *Live) Forecast(ctx context.Context, a *forecast.Args) (*forecast.Forecast, error) {
	s, err := l.registry.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkKept(s, &a.Change); err != nil {
		return nil, err
	}
	held, err := materialize.ParseHistory(l.driver.History())
	if err != nil {
		return nil, err
	}
	pinned, err := l.pin(ctx)
	if err != nil {
		return nil, err
	}
	hand := handIn(l.Project, l.data.Dir, pinned.Complete)
	hand.Threads, hand.Memory = max(1, l.Config.Threads/2), l.Config.Memory
	hand.States = &forecast.States{
		Live: func(base string) *plan.Use {
			if s := l.driver.States().ByBase(base); s != nil {
				return s.Use
			}
			return nil
		},
		Fresh: func(union *plan.Use) (bool, error) {
			fresh, err := l.driver.Fresh([]*plan.Use{union}, nil)
			return len(fresh) > 0, err
		},
		Loaded: func(source string) bool {
			_, ok := held.Of(source)
			return ok
		},
	}
	return forecast.Of(ctx, s, a, hand)
}

func (l *Live) planVerb(ctx context.Context, a *forecast.Args, line func(any) error) error {
	f, err := l.Forecast(ctx, a)
	if err != nil {
		return err
	}
	return line(f)
}

func (s *served) Forecast(ctx context.Context, a *forecast.Args) (*forecast.Forecast, error) {
	return ask[forecast.Forecast](ctx, s, "plan", &a.Change, a)
}
