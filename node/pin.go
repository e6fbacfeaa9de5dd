// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"time"

	"selfsame/journal"
	"selfsame/materialize"
	"selfsame/registry"
	"selfsame/registry/sqlite"
)

// Pinned names the files that stand for a live log up to one offset, and for what was served from it. They never change: whoever has it may read them
// beside the server, as long as it likes.
type Pinned struct {
	Data     string   `json:"data"`     // data directory, absolute
	Complete int64    `json:"complete"` // the archive holds the log below this offset
	Snapshot string   `json:"snapshot"` // of the history that the online state holds, 32 hex digits; zeros: none
	Sources  []string `json:"sources"`  // that the snapshot names, in the order of tokens
	Registry string   `json:"registry"` // file of the data directory with what is applied
}

// pin copies what the archive has not of the log and returns what is at hand then.
func (l *Live) pin(ctx context.Context) (*Pinned, error) {
	l.archiving.Lock()
	defer l.archiving.Unlock()
	dir, err := filepath.Abs(l.data.Dir)
	if err != nil {
		return nil, err
	}
	p := &Pinned{Data: dir, Complete: l.driver.Applied().Offset, Registry: RegistryOf(l.Config, l.Project).file()}
	if p.Complete < l.log.Begin() { // the online state is about to be made of what the archive has
		p.Complete, _ = l.log.End()
	}
	if err := l.archive.Advance(ctx, l.log, p.Complete); err != nil {
		return nil, err
	}
	h, err := materialize.ParseHistory(l.driver.History())
	if err != nil {
		return nil, err
	}
	id := h.ID()
	p.Snapshot, p.Sources = hex.EncodeToString(id[:]), h.Sources
	return p, nil
}

func (l *Live) pinVerb(ctx context.Context, _ *struct{}, line func(any) error) error {
	p, err := l.pin(ctx)
	if err != nil {
		return err
	}
	return line(p)
}

// Log is the pinned log as training reads it.
func (p *Pinned) Log() (*LogConfig, error) {
	return &LogConfig{Archive: filepath.Join(p.Data, archiveFolder), Complete: p.Complete, Data: p.Data, Journal: journal.NewReader(filepath.Join(p.Data, journalFolder))}, nil
}

// Pin asks for what is at hand of the live log now.
func (c *Client) Pin(ctx context.Context) (*Pinned, error) {
	var p Pinned
	err := c.Do(ctx, "pin", struct{}{}, func(b []byte) error { return json.Unmarshal(b, &p) })
	return &p, err
}

// Evidence opens what served values are made again from. close ends it. project is the folder from which the paths of sources count.
func (p *Pinned) Evidence(ctx context.Context, project string) (e *Evidence, close func() error, err error) {
	log, err := p.Log()
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlite.Open(ctx, filepath.Join(p.Data, p.Registry))
	if err != nil {
		return nil, nil, err
	}
	r := registry.Over(store, project)
	s, err := r.Snapshot(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, r.Close())
	}
	return &Evidence{Project: project, Definitions: s, Journal: log.Journal, Archive: log.Archive, Complete: log.Complete,
		History: NewHistoryAtHand(p.Data, project, s.Project())}, r.Close, nil
}

// Housekeeping of a running Live.
const (
	maintainEvery = 100 * time.Millisecond
)

// archiveLoop copies the log behind the writer, and trims it, until ctx ends.
func (l *Live) archiveLoop(ctx context.Context) error {
	return every(ctx, l.Config.ArchiveEvery, func() {
		if _, err := l.pin(ctx); err != nil && ctx.Err() == nil {
			l.notify("the log is not archived: " + err.Error())
			return
		}
		if err := l.trim(ctx); err != nil && ctx.Err() == nil {
			l.notify("the log is not trimmed: " + err.Error())
		}
		if err := l.archive.Merge(ctx, readArchived, time.Now()); err != nil && ctx.Err() == nil {
			l.notify("files of the archive are not merged: " + err.Error())
		}
	})
}

// maintainLoop lets go of what no question can need, step by step, until ctx ends.
func (l *Live) maintainLoop(ctx context.Context) error {
	failing := false // told once, until it works again
	return every(ctx, maintainEvery, func() {
		err := l.driver.Maintain(ctx, l.now())
		if err != nil && ctx.Err() == nil && !failing {
			l.notify("online state is not folded: " + err.Error())
		}
		failing = err != nil
	})
}

// every calls do once in each period until ctx ends.
func every(ctx context.Context, period time.Duration, do func()) error {
	t := time.NewTicker(period)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			do()
		}
	}
}
