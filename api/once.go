// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
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
	kept Kept // nil: they are known until the process ends

	mu    sync.Mutex        // guards what follows
	list  map[string]*keyed // nil: what is kept was not read yet
	order []*keyed          // by at, oldest first
	bytes int
}

// keyed is a request with a key, and once it is done its answer.
type keyed struct {
	key  string
	sum  [sha256.Size]byte // of the request
	at   time.Time         // when it came, and then when it was answered
	done chan struct{}     // closed once the request is answered

	// Written before done is closed.
	ok     bool // answered well; else the request may be made again
	status int
	header http.Header
	body   []byte
}

// replayedHeader says that an answer is one of before.
const replayedHeader = "Idempotency-Replayed"

// once does what a request asks for, or, where its key has come to this server before with the same request, sends the answer of then. do gets what a registry
// knows the request by, so that it is not done twice where another server did it, or this one began it and did not come to its end; without a key nil.
func (h *HTTP) once(ctx context.Context, x *exchange, do func(once *Once) error) error {
	key, err := onlyKey("Idempotency-Key", x.r.Header.Values("Idempotency-Key"))
	if err != nil {
		return err
	}
	if key == "" {
		return do(nil)
	}
	sum := requestSum(x)
	for {
		k, first, err := h.keys.enter(&keyed{key: key, sum: sum, at: time.Now(), done: make(chan struct{})})
		switch {
		case err != nil:
			return err
		case first:
			return h.first(k, x, do)
		case k.sum != sum:
			return &selfsame.Error{Class: selfsame.ClassChanged, Ref: "Idempotency-Key", Message: "the key came with another request", Hint: "use a key of its own for each request"}
		}
		select {
		case <-k.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if k.ok {
			return x.replay(k)
		}
	}
}

// onlyKey is the key of a request that gave such ones; empty where it gave none. One that is there and empty is a mistake: the request would be done twice.
func onlyKey(name string, given []string) (string, error) {
	if len(given) == 0 {
		return "", nil
	}
	if len(given) > 1 || given[0] == "" || len(given[0]) > mostKey {
		return "", usage(name, "there are several, or it is empty or has more than "+strconv.Itoa(mostKey)+" bytes", "a UUID is one")
	}
	return given[0], nil
}

// first does what the first request of a key asks for, and keeps its answer. One that cannot be kept is known until the process ends.
func (h *HTTP) first(k *keyed, x *exchange, do func(once *Once) error) error {
	once := &Once{Key: k.name(), Sum: hex.EncodeToString(k.sum[:]), Since: time.Now().Add(-keysKeptFor)}
	if err := h.keys.run(k, x, func() error { return do(once) }); err != nil {
		return err
	}
	if err := h.keys.note(k); err != nil && h.o.Hooks.Failed != nil {
		h.o.Hooks.Failed("Idempotency-Key", err)
	}
	return nil
}

// replay sends the answer of an earlier request.
func (x *exchange) replay(k *keyed) error {
	for name, values := range k.header { // a map to a map
		x.w.Header()[name] = values
	}
	x.w.Header().Set(replayedHeader, "true")
	x.encoder.out = append(x.encoder.out[:0], k.body...)
	x.send(k.status)
	return nil
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

// enter finds the request of a key, or notes that this one is the first. One that did not come to its end is done again.
func (s *keys) enter(n *keyed) (k *keyed, first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.recall(); err != nil {
		return nil, false, err
	}
	for i := 0; i < len(s.order) && (n.at.Sub(s.order[i].at) > keysKeptFor || len(s.order) > mostKeys || s.bytes > mostKept); {
		if !s.order[i].answered() {
			i++ // it runs: if it came again it would be done twice
		} else if err := s.forget(s.order[i], true); err != nil {
			return nil, false, err
		}
	}
	if k := s.list[n.key]; k != nil {
		if !k.answered() || k.ok || k.sum != n.sum {
			return k, false, nil
		}
		if err := s.forget(k, false); err != nil {
			return nil, false, err
		}
	}
	s.list[n.key], s.order = n, append(s.order, n)
	return n, true, nil
}

// answered reports whether a request runs no more.
func (k *keyed) answered() bool {
	select {
	case <-k.done:
		return true
	default:
		return false
	}
}

// forget lets go of a request, under the lock; for good also of what is kept of it.
func (s *keys) forget(k *keyed, forGood bool) error {
	if forGood && s.kept != nil {
		if err := s.kept.Drop(k.name()); err != nil {
			return err
		}
	}
	delete(s.list, k.key)
	s.order = slices.DeleteFunc(s.order, func(o *keyed) bool { return o == k })
	s.bytes -= len(k.body)
	return nil
}

// run does what the first request of a key asks for and remembers its answer. One that failed may be made again.
func (s *keys) run(k *keyed, x *exchange, do func() error) (err error) {
	defer func() {
		if !k.ok {
			s.mu.Lock()
			defer s.mu.Unlock()
			if lost := s.forget(k, true); lost != nil {
				err = errors.Join(err, lost)
			}
		}
		close(k.done)
	}()
	if err := s.note(k); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	k.status, k.header, k.body, k.ok = x.status, x.w.Header().Clone(), bytes.Clone(x.encoder.out), true
	k.header.Del("Content-Length")
	k.header.Del("Date")
	s.mu.Lock()
	defer s.mu.Unlock()
	k.at = time.Now()
	s.order = append(slices.DeleteFunc(s.order, func(o *keyed) bool { return o == k }), k)
	s.bytes += len(k.body)
	return nil
}
