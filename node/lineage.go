// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"

	"selfsame/definition"
	"selfsame/lineage"
	"selfsame/registry"
	"selfsame/registry/graph"
)

// newestRecords is everything that is recorded, as far as is known here where the registry is away.
func (l *Live) newestRecords(ctx context.Context) (*registry.Snapshot, error) {
	s, err := l.registry.Snapshot(ctx)
	if errors.Is(err, registry.ErrAway) {
		return l.snapshot.Load(), nil
	}
	return s, err
}

// graphLoop makes the graph and the catalogue of what is applied whenever that changes, until ctx ends, so that whoever asks first does not wait for them.
func (l *Live) graphLoop(ctx context.Context) error {
	for {
		if s := l.snapshot.Load(); s.Applied() != l.lineages.Applied() {
			_, _ = l.lineages.Graph(s) // errors are the askers'
			_, _ = l.looking.catalogue(ctx, l, s)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.applied:
		}
	}
}

// Lineage says what is above and below a thing of the registry.
func (l *Live) Lineage(ctx context.Context, a *graph.Args) (*lineage.Answer, error) {
	s, err := l.newestRecords(ctx)
	if err != nil {
		return nil, err
	}
	return l.lineages.Answer(ctx, s, a)
}

func (l *Live) lineageVerb(ctx context.Context, a *graph.Args, line func(any) error) error {
	answer, err := l.Lineage(ctx, a)
	if err != nil {
		return err
	}
	return line(answer)
}

// AskLineage asks the server that owns a data directory, or reads the registry beside whoever owns it. Where nothing is applied, the definitions in the
// project's folder answer: they have no versions.
func AskLineage(ctx context.Context, cfg *LiveConfig, a *graph.Args) (out *lineage.Answer, err error) {
	at := RegistryOf(cfg.Config, cfg.Project)
	if address, token := FindServer(at.Data); address != "" && !at.shared() {
		err := dialServer(address, token).Do(ctx, "lineage", a, func(b []byte) error { return json.Unmarshal(b, &out) })
		return out, err
	}
	s, done, err := at.read(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if s == nil || s.Applied() == 0 {
		return projectLineage(cfg.Project, a)
	}
	return new(graph.Cache).Answer(ctx, s, a)
}

// projectLineage answers from the files of a project, which are not applied.
func projectLineage(project string, a *graph.Args) (*lineage.Answer, error) {
	p, err := definition.Load(project)
	if err != nil {
		return nil, err
	}
	return graph.OfProject(p, a)
}
