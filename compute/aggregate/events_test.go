// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/zeebo/xxh3"

	"selfsame"
)

// lawTime is a T beyond the times of most events.
const lawTime = int64(1_700_000_000_000_000)

// lawEvents returns random events: few different times, nulls and errors, exact duplicates, the extremes of each type. With
// collide, events of one place in the order may hold different values, as when hashes collide.
func lawEvents(r *rand.Rand, args []selfsame.Type, n int, collide bool) (events []*Event) {
	for len(events) < n {
		if len(events) > 0 && r.IntN(8) == 0 {
			e := *events[r.IntN(len(events))]
			events = append(events, &e)
			continue
		}
		e := &Event{Tau: lawTau(r), Place: r.IntN(2), Order: selfsame.Value{Status: selfsame.Null}}
		if r.IntN(2) == 0 {
			e.Order = selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: r.Int64N(3) - 1}
		}
		identity := binary.BigEndian.AppendUint64(nil, r.Uint64())
		for _, a := range args {
			e.Args = append(e.Args, lawValue(r, a))
		}
		e.Hash = xxh3.Hash(identity)
		if collide {
			e.Hash %= 2
		}
		events = append(events, e)
	}
	return events
}

func lawTau(r *rand.Rand) int64 {
	switch r.IntN(20) {
	case 0:
		return math.MinInt64
	case 1:
		return -1 - r.Int64N(5)
	}
	return lawTime - r.Int64N(12)
}

func pickOne[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func lawValue(r *rand.Rand, t selfsame.Type) selfsame.Value {
	v := selfsame.Value{Type: t}
	if t.Kind == selfsame.List && r.IntN(12) > 1 {
		for range pickOne(r, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 3) {
			e := lawValue(r, *t.Elem)
			if e.Status != selfsame.Present {
				e = selfsame.Value{Type: *t.Elem, Status: selfsame.Null}
			}
			v.Elems = append(v.Elems, e)
		}
		return v
	}
	switch r.IntN(12) {
	case 0:
		v.Status = selfsame.Null
		return v
	case 1:
		v.Status = selfsame.ErrorOverflow
		return v
	}
	switch t.Kind {
	case selfsame.Bool:
		v.Int = r.Int64N(2)
	case selfsame.Float64:
		v.Float = pickOne(r, 0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000123), math.Inf(1), math.Inf(-1),
			5e-324, -5e-324, math.MaxFloat64, -math.MaxFloat64, 1e16, 1, -1e16, 0.1, float64(r.IntN(9))-4, r.NormFloat64())
	case selfsame.Decimal:
		v.Dec = pickOne(r, selfsame.Int128{}, selfsame.Int128{Lo: r.Uint64N(9)}, selfsame.Int128{Hi: -1, Lo: -r.Uint64N(9) - 1},
			selfsame.Int128{Hi: -1}, selfsame.Int128{Lo: 1 << 63}, selfsame.Int128{Hi: r.Int64N(1 << 20), Lo: r.Uint64()})
		if r.IntN(3) > 0 { // mostly narrow, so that both shapes of keys occur
			v.Dec = selfsame.Int128{Lo: r.Uint64N(9)}
		}
	case selfsame.String, selfsame.Bytes:
		v.Str = pickOne(r, "", "\x00", "a", "a\x00", "a,b", "a|b", "ab", "abcdefgh", "abcdefgh\x00", "abcdefghi", "\xff\xfe", "é", "z")
	case selfsame.Date:
		v.Int = pickOne(r, 0, -1, 19000, r.Int64N(5))
	default:
		v.Int = pickOne(r, 0, -1, math.MaxInt64, math.MinInt64, 1<<53+1, r.Int64N(9)-4, r.Int64())
	}
	return v
}
