// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package openlineage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"selfsame"
)

// Bounds of an Emitter.
const (
	queued      = 1000 // events that wait for the file, and as many for the URL
	postTimeout = 5 * time.Second
	endpoint    = "/api/v1/lineage"
)

// Options say where events go.
type Options struct {
	File string // JSON lines are appended to it; empty: none
	URL  string // events are posted to it; without a path, to its /api/v1/lineage; empty: none
	Key  string // bearer token of the URL; empty: none
	// Lost is told of the first of the events that are lost in a row, on a goroutine of the emitter or of who emits; it must not call
	// the emitter. nil: nobody is.
	Lost func(err error)
}

// Emitter hands events over.
type Emitter struct {
	sinks  []*sink
	lost   atomic.Int64
	stop   context.CancelFunc
	closed sync.Once
}

// sink is one place that events go to, and the goroutine that takes them there.
type sink struct {
	emitter *Emitter
	told    func(err error)
	failing atomic.Bool
	write   func(ctx context.Context, event []byte) error
	end     func() error

	mu    sync.Mutex // guards ended and the sending side of queue
	ended bool
	queue chan []byte
	done  chan struct{}
}

// Open returns an emitter to the places that the options name; nil where they name none.
func Open(o Options) (*Emitter, error) {
	if o.File == "" && o.URL == "" {
		return nil, nil
	}
	ctx, stop := context.WithCancel(context.Background())
	e := &Emitter{stop: stop}
	if o.File != "" {
		f, err := os.OpenFile(o.File, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			stop()
			return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: "lineage.file " + o.File, Message: "cannot be written", Err: err}
		}
		e.add(ctx, o, func(_ context.Context, event []byte) error {
			_, err := f.Write(append(event, '\n'))
			return err
		}, f.Close)
	}
	if o.URL != "" {
		target, err := Target(o.URL)
		if err != nil {
			return nil, errors.Join(err, e.Close(ctx))
		}
		client := &http.Client{Timeout: postTimeout, Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}}
		e.add(ctx, o, func(ctx context.Context, event []byte) error { return post(ctx, client, target, o.Key, event) }, func() error {
			client.CloseIdleConnections()
			return nil
		})
	}
	return e, nil
}

// Target is where events for a URL are posted.
func Target(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", &selfsame.Error{Class: selfsame.ClassUsage, Ref: "lineage.url", Message: "it is no http or https URL", Hint: "such as http://localhost:5000"}
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = endpoint
	}
	return u.String(), nil
}

func (e *Emitter) add(ctx context.Context, o Options, write func(context.Context, []byte) error, end func() error) {
	s := &sink{emitter: e, told: o.Lost, write: write, end: end, queue: make(chan []byte, queued), done: make(chan struct{})}
	e.sinks = append(e.sinks, s)
	go func() {
		defer close(s.done)
		for event := range s.queue {
			err := ctx.Err()
			if err == nil {
				err = s.write(ctx, event)
			}
			if err != nil {
				s.lose(err)
			} else {
				s.failing.Store(false)
			}
		}
	}()
}

// lose counts an event that is lost and tells of it, where those before it were not.
func (s *sink) lose(err error) {
	s.emitter.lost.Add(1)
	if s.failing.CompareAndSwap(false, true) && s.told != nil {
		s.told(err)
	}
}

var errFull = errors.New("too many events wait")

// Emit hands an event over. It does not wait: where too many wait already, the event is lost.
func (e *Emitter) Emit(event []byte) {
	if e == nil {
		return
	}
	for _, s := range e.sinks {
		s.put(bytes.Clone(event))
	}
}

func (s *sink) put(event []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		s.lose(errors.New("the emitter is closed"))
		return
	}
	select {
	case s.queue <- event:
	default:
		s.lose(errFull)
	}
}

// Lost is how many events did not arrive, counted for each place.
func (e *Emitter) Lost() int64 {
	if e == nil {
		return 0
	}
	return e.lost.Load()
}

// Close hands over what waits, until ctx ends; the rest is lost. It may be called more than once.
func (e *Emitter) Close(ctx context.Context) (err error) {
	if e == nil {
		return nil
	}
	e.closed.Do(func() {
		for _, s := range e.sinks {
			s.mu.Lock()
			s.ended = true
			close(s.queue)
			s.mu.Unlock()
		}
		stop := context.AfterFunc(ctx, e.stop)
		defer stop()
		for _, s := range e.sinks {
			<-s.done
			err = errors.Join(err, s.end())
		}
		e.stop()
	})
	return err
}

// post sends an event.
func post(ctx context.Context, client *http.Client, target, key string, event []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(event))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the URL may hold a secret
		}
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection is kept
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the server of lineage answers %s", resp.Status)
	}
	return nil
}
