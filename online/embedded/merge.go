// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2"
)

// concatenate joins what was appended to a bucket, oldest first.
var concatenate = &pebble.Merger{
	Name: "selfsame.concatenate.1",
	Merge: func(_, value []byte) (pebble.ValueMerger, error) {
		j, ok := joins.Get().(*join)
		if !ok {
			j = &join{}
		}
		j.lo = len(j.buf) / 2
		j.hi = j.lo
		if err := j.MergeOlder(value); err != nil {
			return nil, err
		}
		return j, nil
	},
}

var joins sync.Pool

// join is buf[lo:hi], which grows at both ends: iterators come from the newest operand to the oldest or the other way.
type join struct {
	buf    []byte
	lo, hi int
}

// keptJoin is the greatest buffer that is kept for the next.
const keptJoin = 1 << 20

func (j *join) MergeOlder(value []byte) error {
	if j.lo < len(value) {
		j.grow(len(value))
	}
	j.lo -= len(value)
	copy(j.buf[j.lo:], value)
	return nil
}

func (j *join) MergeNewer(value []byte) error {
	if len(j.buf)-j.hi < len(value) {
		j.grow(len(value))
	}
	copy(j.buf[j.hi:], value)
	j.hi += len(value)
	return nil
}

// grow makes room for n bytes at each end, and for as much again as there is.
func (j *join) grow(n int) {
	room := n + (j.hi-j.lo)/2 + 1024
	buf := make([]byte, room+j.hi-j.lo+room)
	j.hi = room + copy(buf[room:], j.buf[j.lo:j.hi])
	j.buf, j.lo = buf, room
}

// Finish lends the joined bytes until the closer is closed.
func (j *join) Finish(bool) ([]byte, io.Closer, error) { return j.buf[j.lo:j.hi], j, nil }

// Close gives the buffer to the next join.
func (j *join) Close() error {
	if len(j.buf) <= keptJoin {
		joins.Put(j)
	}
	return nil
}
