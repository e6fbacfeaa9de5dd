// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"selfsame/online"
)

// A key is a bucket of an entity or a fact:
//
//	+-----+---------------+------------------+--------+------------------------+
//	| 'd' | state, 4, BE  | uvarint: length  | entity | bucket + 2^63, 8, BE   |
//	+-----+---------------+------------------+--------+------------------------+
//	|  prefix: what an entity's keys share                |  suffix            |
//
//	+-----+-----+
//	| 'f' | key |   all of it is prefix
//	+-----+-----+
//
// and one that counts the fronts (front.go) that are in the database:
//
//	+-----+
//	| 'n' |   8, BE
//	+-----+
const (
	spaceData   = 'd'
	spaceFacts  = 'f'
	spaceNumber = 'n'
	stateBytes  = 5 // space and state
	signBit     = 1 << 63
)

func appendState(dst []byte, s online.State) []byte {
	return binary.BigEndian.AppendUint32(append(dst, spaceData), uint32(s))
}

func appendEntity(dst []byte, s online.State, entity []byte) []byte {
	dst = binary.AppendUvarint(appendState(dst, s), uint64(len(entity)))
	return append(dst, entity...)
}

func appendBucket(dst []byte, bucket int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(bucket)^signBit)
}

// entityOf returns the entity of a bucket's key, and whether it is one.
func entityOf(key []byte) ([]byte, bool) {
	n := split(key)
	if len(key) != n+8 || key[0] != spaceData {
		return nil, false
	}
	_, w := binary.Uvarint(key[stateBytes:])
	return key[stateBytes+w : n], true
}

func bucketOf(key []byte) int64 {
	return int64(binary.BigEndian.Uint64(key[len(key)-8:]) ^ signBit)
}

// split returns the length of a key's prefix: by it filters know entities, and an iterator stays within one.
func split(key []byte) int {
	if len(key) <= stateBytes || key[0] != spaceData {
		return len(key)
	}
	n, w := binary.Uvarint(key[stateBytes:])
	if w <= 0 || n > uint64(len(key)-stateBytes-w) {
		return len(key)
	}
	return stateBytes + w + int(n)
}

// comparer orders keys by their bytes. Its separators are keys of the store as they are: a shortened one has another prefix.
var comparer = &pebble.Comparer{
	Name:                 "selfsame.online.1",
	Split:                split,
	Compare:              bytes.Compare,
	Equal:                bytes.Equal,
	ComparePointSuffixes: bytes.Compare,
	CompareRangeSuffixes: bytes.Compare,
	AbbreviatedKey:       pebble.DefaultComparer.AbbreviatedKey,
	FormatKey:            pebble.DefaultComparer.FormatKey,
	Separator:            func(dst, a, _ []byte) []byte { return append(dst, a...) },
	Successor:            func(dst, a []byte) []byte { return append(dst, a...) },
	ImmediateSuccessor:   func(dst, prefix []byte) []byte { return append(dst, above(prefix)...) },
}

// above is the least key that is greater than all that begin with prefix; nil: there is none.
func above(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
