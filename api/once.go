// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"selfsame"
)

// Bounds of what is kept of answers to requests with a key. The oldest go first.
const (
	mostKeys    = 1000
	mostKept    = 16 << 20 // bytes of answers
	mostKey     = 255      // bytes of a key
	keysKeptFor = 24 * time.Hour
)

// keys remembers the answers of requests that carry an Idempotency-Key. It is safe for concurrent use.
type keys struct {
	mu    sync.Mutex // guards what follows
	list  map[string]*keyed
	order []*keyed // oldest first
	bytes int
}

// keyed is a request with a key, and once it is done its answer.
type keyed struct {
	key  string
	sum  [sha256.Size]byte // of the request
	at   time.Time
	done chan struct{} // closed once the request is answered

	// Written before done is closed.
	ok     bool // answered well; else the request may be made again
	status int
	header http.Header
	body   []byte
}

// once does what a request asks for, or, where its key has come before with the same request, sends the answer of then.
func (h *HTTP) once(ctx context.Context, x *exchange, do func() error) error {
	key := x.r.Header.Get("Idempotency-Key")
	if key == "" {
		return do()
	}
	if len(key) > mostKey {
		return usage("Idempotency-Key", "the key has more than "+strconv.Itoa(mostKey)+" bytes", "a UUID is one")
	}
	for {
		k, first := h.keys.enter(key, requestSum(x), time.Now())
		if first {
			return h.keys.run(k, x, do)
		}
		if k.sum != requestSum(x) {
			return &selfsame.Error{Class: selfsame.ClassChanged, Ref: "Idempotency-Key", Message: "the key came with another request", Hint: "use a key of its own for each request"}
		}
		select {
		case <-k.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if k.ok {
			for name, values := range k.header {
				x.w.Header()[name] = values
			}
			x.w.Header().Set("Idempotency-Replayed", "true")
			x.encoder.out = append(x.encoder.out[:0], k.body...)
			x.send(k.status)
			return nil
		}
	}
}

// requestSum tells requests apart: method, path, parameters, the precondition and the body.
func requestSum(x *exchange) (sum [sha256.Size]byte) {
	d := sha256.New()
	for _, part := range []string{x.r.Method, x.r.URL.EscapedPath(), x.r.URL.Query().Encode(), x.r.Header.Get("If-Match")} {
		io.WriteString(d, part+"\x00") // a hash takes everything
	}
	d.Write(x.body)
	d.Sum(sum[:0])
	return sum
}

// enter finds the request of a key, or notes that this one is the first.
func (s *keys) enter(key string, sum [sha256.Size]byte, now time.Time) (k *keyed, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.order) > 0 && (now.Sub(s.order[0].at) > keysKeptFor || len(s.order) > mostKeys || s.bytes > mostKept) {
		s.forget(s.order[0])
	}
	if k := s.list[key]; k != nil {
		return k, false
	}
	if s.list == nil {
		s.list = map[string]*keyed{}
	}
	k = &keyed{key: key, sum: sum, at: now, done: make(chan struct{})}
	s.list[key], s.order = k, append(s.order, k)
	return k, true
}

// forget lets go of a request, under the lock.
func (s *keys) forget(k *keyed) {
	if s.list[k.key] != k {
		return // it is gone already
	}
	delete(s.list, k.key)
	for i, o := range s.order {
		if o == k {
			s.order = append(s.order[:i], s.order[i+1:]...)
			break
		}
	}
	s.bytes -= len(k.body)
}

// run does what the first request of a key asks for and keeps its answer. One that fails is not kept.
func (s *keys) run(k *keyed, x *exchange, do func() error) error {
	defer func() {
		if !k.ok {
			s.mu.Lock()
			s.forget(k)
			s.mu.Unlock()
		}
		close(k.done)
	}()
	if err := do(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list[k.key] == k { // it was not pushed out meanwhile
		k.body = bytes.Clone(x.encoder.out)
		s.bytes += len(k.body)
	}
	k.status, k.header, k.ok = x.status, x.w.Header().Clone(), s.list[k.key] == k
	k.header.Del("Content-Length")
	k.header.Del("Date")
	return nil
}
