// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/big"
	"strings"

	"github.com/zeebo/xxh3"

	"selfsame"
)

// compareEvents is the total order of events: (τ, order, place, hash). As-of ties also ask the arrival, before the place.
func compareEvents(sources []*selfsame.Source, a, b *Event, asOf bool) int {
	sa, sb := sources[a.Source], sources[b.Source]
	if c := cmp.Compare(tau(sa, a), tau(sb, b)); c != 0 {
		return c
	}
	if c := compareOrder(sa, sb, a, b); c != 0 {
		return c
	}
	if asOf {
		ta, oka := alpha(sa, a)
		tb, okb := alpha(sb, b)
		if c := cmp.Or(compareBools(oka, okb), cmp.Compare(ta, tb)); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(hashOf(sa, a), hashOf(sb, b)))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// compareOrder compares the order fields; a null ranks lowest.
func compareOrder(sa, sb *selfsame.Source, a, b *Event) int {
	va, vb := orderOf(sa, a), orderOf(sb, b)
	if c := compareBools(va.Status == selfsame.Present, vb.Status == selfsame.Present); c != 0 || va.Status != selfsame.Present {
		return c
	}
	return compareValues(va, vb)
}

func orderOf(s *selfsame.Source, e *Event) selfsame.Value {
	v, ok := e.Fields[s.Order]
	if !ok {
		return selfsame.Value{Status: selfsame.Null}
	}
	return v
}

func samePrimaryKey(src *selfsame.Source, a, b *Event) bool {
	for _, k := range src.PrimaryKey {
		va, vb := a.Fields[k], b.Fields[k]
		if va.Status != selfsame.Present || vb.Status != selfsame.Present || compareValues(va, vb) != 0 {
			return false
		}
	}
	return true
}

// laterVersion reports whether a comes after b among the versions of a live row: by order, else by the log.
func laterVersion(src *selfsame.Source, a, b *Event) bool {
	if c := compareOrder(src, src, a, b); c != 0 {
		return c > 0
	}
	return a.Pos > b.Pos
}

// hashOf is the tie-breaker of last resort: of the id, else of the payload, fields in schema order.
func hashOf(s *selfsame.Source, e *Event) uint64 {
	if v, ok := e.Fields[s.ID]; ok && v.Status == selfsame.Present {
		return xxh3.Hash(canonical(nil, v, false))
	}
	var b []byte
	for _, f := range s.Schema {
		v, ok := e.Fields[f.Name]
		if !ok {
			v.Status = selfsame.Null
		}
		b = canonical(b, v, true)
	}
	return xxh3.Hash(b)
}

// canonical appends the canonical bytes of a value (docs/format/payload.md); framed ones can be told apart in a row.
func canonical(b []byte, v selfsame.Value, framed bool) []byte {
	if framed && v.Status != selfsame.Present {
		return append(b, 0)
	}
	if framed {
		b = append(b, 1)
	}
	switch v.Type.Kind {
	case selfsame.Bool:
		return append(b, byte(v.Int))
	case selfsame.Float64:
		return binary.BigEndian.AppendUint64(b, math.Float64bits(v.Float))
	case selfsame.Decimal:
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(v.Dec.Hi)), v.Dec.Lo)
	case selfsame.String, selfsame.Bytes:
		if framed {
			b = binary.AppendUvarint(b, uint64(len(v.Str)))
		}
		return append(b, v.Str...)
	case selfsame.List, selfsame.Map:
		b = binary.AppendUvarint(b, uint64(len(v.Elems)))
		for i, e := range v.Elems {
			if len(v.Keys) > 0 {
				b = canonical(b, selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: v.Keys[i]}, true)
			}
			b = canonical(b, e, true)
		}
		return b
	}
	return binary.BigEndian.AppendUint64(b, uint64(v.Int))
}

// compareValues orders two present values of one type: strings by bytes, NaN above +Inf.
func compareValues(a, b selfsame.Value) int {
	switch a.Type.Kind {
	case selfsame.Float64:
		if math.IsNaN(a.Float) || math.IsNaN(b.Float) {
			return compareBools(math.IsNaN(a.Float), math.IsNaN(b.Float))
		}
		return cmp.Compare(a.Float, b.Float)
	case selfsame.Decimal:
		return bigInt(a.Dec).Cmp(bigInt(b.Dec))
	case selfsame.String, selfsame.Bytes:
		return strings.Compare(a.Str, b.Str)
	}
	return cmp.Compare(a.Int, b.Int)
}

// bigInt is the value of a 128-bit integer.
func bigInt(v selfsame.Int128) *big.Int {
	x := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return x.Add(x, new(big.Int).SetUint64(v.Lo))
}

// int128 is the inverse of bigInt for values that fit.
func int128(x *big.Int) selfsame.Int128 {
	low := new(big.Int).And(x, new(big.Int).SetUint64(math.MaxUint64))
	return selfsame.Int128{Hi: new(big.Int).Rsh(x, 64).Int64(), Lo: low.Uint64()}
}
