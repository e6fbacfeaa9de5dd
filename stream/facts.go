// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/zeebo/xxh3"

	"selfsame"
)

// The keys of facts. docs/format/state.md draws them.
//
//	m catalog                          what states and namespaces there are, as JSON
//	m position                         next offset and α of the last entry applied, 8 bytes each
//	r namespace τ hash                 the first copy of an event of a source without operations
//	r namespace hash                   the rows and deletes of one id; the current version of one primary key
//
// A namespace is the memory of one resolver: 4 bytes, big-endian. τ is 8 bytes, big-endian, with the sign bit flipped, so that keys of old
// events are a range. A hash is 16 bytes.
const (
	metaPrefix    = 'm'
	resolvePrefix = 'r'
)

var (
	catalogKey  = []byte{metaPrefix, 'c'}
	positionKey = []byte{metaPrefix, 'p'}
)

// factReader is online.Store.Facts.
type factReader func(ctx context.Context, keys [][]byte, found func(i int, value []byte) error) error

func appendNamespace(b []byte, ns uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, resolvePrefix), ns)
}

func appendTime(b []byte, tau int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(tau)^1<<63)
}

func appendHash(b []byte, h xxh3.Uint128) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, h.Hi), h.Lo)
}

// identity is what the copies of an event, or the versions of a row, share.
type identity struct {
	tau  int64 // 0 in namespaces whose keys have none
	hash xxh3.Uint128
}

func (a identity) compare(b identity) int {
	switch {
	case a.tau != b.tau:
		return cmp.Compare(a.tau, b.tau)
	case a.hash.Hi != b.hash.Hi:
		return cmp.Compare(a.hash.Hi, b.hash.Hi)
	}
	return cmp.Compare(a.hash.Lo, b.hash.Lo)
}

// keyring groups the rows of a run by identity, in the order of their fact keys.
type keyring struct {
	ns    uint32
	timed bool
	list  []keyed
	start []int // of each identity in list; one more than identities
	keys  [][]byte
	arena []byte
}

type keyed struct {
	identity
	row uint32
}

func (k *keyring) reset() { k.list = k.list[:0] }

func (k *keyring) add(id identity, row int) {
	k.list = append(k.list, keyed{id, uint32(row)})
}

// seal sorts the rows and makes the keys.
func (k *keyring) seal() {
	slices.SortFunc(k.list, func(a, b keyed) int {
		if a.identity != b.identity {
			return a.identity.compare(b.identity)
		}
		return cmp.Compare(a.row, b.row)
	})
	k.start, k.keys = k.start[:0], k.keys[:0]
	k.arena = slices.Grow(k.arena[:0], 29*len(k.list)) // keys stay where they are
	for i, e := range k.list {
		if i > 0 && k.list[i-1].identity == e.identity {
			continue
		}
		lo := len(k.arena)
		k.arena = appendNamespace(k.arena, k.ns)
		if k.timed {
			k.arena = appendTime(k.arena, e.tau)
		}
		k.arena = appendHash(k.arena, e.hash)
		k.start = append(k.start, i)
		k.keys = append(k.keys, k.arena[lo:len(k.arena):len(k.arena)])
	}
	k.start = append(k.start, len(k.list))
}

// rows are the rows of identity g, ascending.
func (k *keyring) rows(g int) []keyed { return k.list[k.start[g]:k.start[g+1]] }

// corrupted is the error of a fact that does not read as it was written.
func corrupted(src *selfsame.Source, err error) error {
	return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "source " + src.Name, Message: "a fact of the online store is damaged", Err: err,
		Hint: "stop, remove the online folder of the data directory and start again: it is built anew from the log"}
}
