// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"path/filepath"
	"sync"

	"selfsame"
	"selfsame/monitor"
	"selfsame/registry"
)

// noExperiment is the error of a service on which none runs.
func noExperiment(service string) error {
	return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: "service " + service, Message: "no experiment runs on it", Hint: "see selfsame experiment show"}
}

// Experiments returns the experiments that run, or the one that runs on a service, with what the journal of the data directory has of their arms.
func Experiments(ctx context.Context, cfg *LiveConfig, service string) ([]monitor.Experiment, error) {
	known, err := Act(ctx, cfg, &ActArgs{})
	if err != nil {
		return nil, err
	}
	journal := filepath.Join(RegistryOf(cfg.Config, cfg.Project).Data, journalFolder)
	out := []monitor.Experiment{}
	for i := range known.Experiments {
		if service != "" && known.Experiments[i].Service != service {
			continue
		}
		e, err := monitor.CountArms(ctx, journal, &known.Experiments[i])
		if err != nil {
			return nil, err
		}
		out = append(out, *e)
	}
	if service != "" && len(out) == 0 {
		return nil, noExperiment(service)
	}
	return out, nil
}

// armCounts keeps what was counted of experiments for a while. It is safe for concurrent use; one count runs at a time.
type armCounts struct {
	mu      sync.Mutex // guards what follows
	record  int64      // of the registry, that by is of
	counted int64      // µs: when the first of by was counted
	by      map[string]*monitor.Experiment
}

// of counts the arms of the experiment that runs on a service, unless that was done within the last minute.
func (k *armCounts) of(ctx context.Context, l *Live, s *registry.Snapshot, service string) (*monitor.Experiment, error) {
	running := s.Experiment(service)
	if running == nil {
		return nil, noExperiment(service)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := l.now(); k.by == nil || k.record != s.ID() || now-k.counted >= countedFor {
		k.record, k.counted, k.by = s.ID(), now, map[string]*monitor.Experiment{}
	}
	if have := k.by[service]; have != nil {
		return have, nil
	}
	e, err := monitor.CountArms(ctx, l.looking.usage.dir, running)
	if err == nil {
		k.by[service] = e
	}
	return e, err
}
