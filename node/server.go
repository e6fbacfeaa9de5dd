// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"selfsame"
	"selfsame/api"
	"selfsame/config"
	"selfsame/materialize"
	"selfsame/registry"
)

// Server is a Live with its listeners.
type Server struct {
	*Live
	HTTP string // the address that answers; empty: none
	GRPC string

	http, grpc net.Listener
	wire       *api.Wire
}

// OpenServer opens a data directory and listens. Requests are answered once Run runs.
func OpenServer(ctx context.Context, cfg LiveConfig) (s *Server, err error) {
	l, err := OpenLive(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s = &Server{Live: l}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	token := rand.Text()
	o := l.options(token)
	s.wire = api.New(o)
	if err = l.metrics.Gauge("reads_inside", "Reads that run or wait.", func() float64 { return float64(s.wire.Inside()) }); err != nil {
		return s, err
	}
	if s.http, s.HTTP, err = listen("http.addr", cfg.Config.HTTP); err != nil {
		return s, err
	}
	if s.grpc, s.GRPC, err = listen("grpc.addr", cfg.Config.GRPC); err != nil {
		return s, err
	}
	return s, l.data.SetServer(s.HTTP, token)
}

// listen opens a listener; "off" opens none.
func listen(setting, address string) (net.Listener, string, error) {
	if address == config.Off {
		return nil, "", nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", &selfsame.Error{Class: selfsame.ClassResource, Ref: setting + " " + address, Message: "cannot listen there", Err: err,
			Hint: "another process may have the address: stop it, or name another"}
	}
	return l, l.Addr().String(), nil
}

// options are what the wire stands on.
func (l *Live) options(token string) api.Options {
	c := l.Config
	hooks := l.metrics.Hooks(func(route string, err error) {
		l.notify(fmt.Sprintf("fault in %s: %v\n%s", route, err, api.Stack(err)))
	})
	return api.Options{Features: l, Events: l, Predictions: l.journal, Admin: l, Catalog: l, Registry: l, Changes: l, Jobs: l.jobs, Kept: requests{filepath.Join(l.data.Dir, requestsFolder)}, Health: l, AdminToken: token, Metrics: l.metrics.Handler(), Hooks: hooks,
		MaxRows: c.RequestRows, MaxBytes: c.RequestBytes, MaxEventBytes: c.IngestQueue, MaxEvents: c.IngestEvents, Timeout: c.RequestTimeout,
		Running: c.RequestRunning, Waiting: c.RequestWaiting, Patience: c.RequestWait, Connections: c.Connections}
}

// Run serves until ctx ends: requests that run then are answered, and what was taken in is stored. Close comes after it.
func (s *Server) Run(ctx context.Context) error {
	// The engine outlives the listeners, so that every request that was let in can be answered.
	engine, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, gctx := errgroup.WithContext(ctx)
	done := make(chan error, 1)
	go func() { done <- s.Live.Run(engine) }()
	if s.http != nil {
		group.Go(func() error { return s.wire.HTTP().Serve(gctx, s.http) })
	}
	if s.grpc != nil {
		group.Go(func() error { return s.wire.GRPC().Serve(gctx, s.grpc) })
	}
	group.Go(func() error {
		select {
		case err := <-done:
			done <- err
			if err == nil {
				err = context.Cause(gctx)
			}
			return err
		case <-gctx.Done():
			s.giveUp()
			return nil
		}
	})
	s.ready.Store(true)
	err := group.Wait()
	s.ready.Store(false)
	stop()
	return errors.Join(err, <-done)
}

// Close stops listening and gives the data directory back.
func (s *Server) Close() error {
	for _, l := range []net.Listener{s.http, s.grpc} {
		if l != nil {
			l.Close() // closed already where it served
		}
	}
	return s.Live.Close()
}

// ApplyFirst applies the project's definitions where nothing is applied yet, so that a new data directory serves them at once. It reports whether it did.
func (l *Live) ApplyFirst(ctx context.Context) (bool, error) {
	if l.snapshot.Load().Applied() != 0 {
		return false, nil
	}
	_, err := ApplyProject(ctx, l, &ChangeConfig{Project: l.Project, Message: "the first start of the server", Expect: registry.Newest})
	return err == nil, err
}

// Unloaded names the sources that have history files and live views, and of whose history nothing is loaded.
func (l *Live) Unloaded() []string {
	_, names, err := l.loadable(nil, false)
	if err != nil {
		return nil // there are none
	}
	held, err := materialize.ParseHistory(l.driver.History())
	if err != nil {
		return nil // reads say so
	}
	return slices.DeleteFunc(names, func(name string) bool {
		_, loaded := held.Of(name)
		return loaded
	})
}
