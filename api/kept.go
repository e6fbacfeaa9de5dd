// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Kept keeps requests that carry a key, so that a server that is started again knows them. It is safe for concurrent use.
type Kept interface {
	// Keep stores what a name of letters and digits stands for, in the place of what it stood for before. When it returns nil that is durable. The bytes are the
	// caller's again when it returns.
	Keep(name string, b []byte) error
	// Drop forgets a name.
	Drop(name string) error
	// All returns what is stored, by name.
	All() (map[string][]byte, error)
}

// noted is a request with a key as it is kept: first that it was begun, and then how it was answered.
type noted struct {
	Key    []byte      `json:"key"` // any bytes
	Sum    []byte      `json:"sum"`
	At     int64       `json:"at"`               // µs: when it came, or was answered
	Status int         `json:"status,omitempty"` // 0: it was begun, and nobody knows how it ended
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

// name is what a request is kept by.
func (k *keyed) name() string {
	sum := sha256.Sum256([]byte(k.key))
	return hex.EncodeToString(sum[:16])
}

// note keeps a request as far as it is known.
func (s *keys) note(k *keyed) error {
	if s.kept == nil {
		return nil
	}
	b, err := json.Marshal(&noted{Key: []byte(k.key), Sum: k.sum[:], At: k.at.UnixMicro(), Status: k.status, Header: k.header, Body: k.body})
	if err != nil {
		return err
	}
	return s.kept.Keep(k.name(), b)
}

// recall reads what a process before this one kept, once, under the lock.
func (s *keys) recall() error {
	if s.list != nil {
		return nil
	}
	if s.kept == nil {
		s.list = map[string]*keyed{}
		return nil
	}
	all, err := s.kept.All()
	if err != nil {
		return err
	}
	list := map[string]*keyed{}
	for name, b := range all { // a map to a map
		var n noted
		if json.Unmarshal(b, &n) != nil || len(n.Sum) != sha256.Size {
			if err := s.kept.Drop(name); err != nil {
				return err
			}
			continue
		}
		k := &keyed{key: string(n.Key), sum: [sha256.Size]byte(n.Sum), at: time.UnixMicro(n.At), done: make(chan struct{}), status: n.Status, header: n.Header, body: n.Body}
		k.ok = n.Status != 0
		close(k.done)
		list[k.key] = k
		s.bytes += len(k.body)
	}
	s.list = list
	s.order = slices.SortedFunc(maps.Values(list), func(a, b *keyed) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.key, b.key)) })
	return nil
}
