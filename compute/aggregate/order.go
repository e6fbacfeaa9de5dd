// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"cmp"

	"selfsame"
	"selfsame/compute/exact"
)

// Less reports whether event a stands before event b in the total order of events: τ, then the source's order field (a null
// lowest), then the source's place, then the hash.
func Less(a, b *Event) bool {
	p, q := placeOf(a), placeOf(b)
	return p.compare(&q) < 0
}

// moment is where an event stands in the total order.
type moment struct {
	tau   int64
	kind  selfsame.Type // of the order field; the zero Type: null
	order item
	place int
	hash  uint64
}

func placeOf(e *Event) moment {
	m := moment{tau: e.Tau, place: e.Place, hash: e.Hash}
	if e.Order.Status == selfsame.Present && isScalar(e.Order.Type) {
		m.kind, m.order = e.Order.Type, itemOf(e.Order)
	}
	return m
}

func (a *moment) compare(b *moment) int {
	if a.tau != b.tau {
		return cmp.Compare(a.tau, b.tau)
	}
	if c := cmp.Compare(a.kind.Kind, b.kind.Kind); c != 0 {
		return c // a null, of kind Unknown, is lowest; a source's order field has one kind
	}
	if c := a.order.compare(b.order); c != 0 {
		return c
	}
	if c := cmp.Compare(a.kind.Scale, b.kind.Scale); c != 0 {
		return c
	}
	if c := cmp.Compare(a.kind.Precision, b.kind.Precision); c != 0 {
		return c
	}
	if c := cmp.Compare(a.place, b.place); c != 0 {
		return c
	}
	return cmp.Compare(a.hash, b.hash)
}

// appendMoment appends the canonical bytes of a moment:
//
//	varint(tau) byte(kind) [precision scale, decimals only] [item, unless null] uvarint(place) hash[8]
func appendMoment(b []byte, m *moment) []byte {
	b = exact.AppendVarint(b, m.tau)
	b = append(b, byte(m.kind.Kind))
	if m.kind.Kind == selfsame.Decimal {
		b = append(b, m.kind.Precision, m.kind.Scale)
	}
	if m.kind.Kind != selfsame.Unknown {
		b = appendItem(b, m.kind, m.order)
	}
	b = exact.AppendUvarint(b, uint64(m.place))
	for s := 56; s >= 0; s -= 8 {
		b = append(b, byte(m.hash>>s))
	}
	return b
}

func decodeMoment(d *exact.Decoder) (m moment) {
	m.tau = d.Varint()
	at := d.Offset()
	kind := selfsame.Kind(d.Byte())
	switch {
	case kind > selfsame.Date:
		d.Corrupt(at, "an order field of no scalar kind")
		return m
	case kind == selfsame.Decimal:
		m.kind = selfsame.DecimalOf(d.Byte(), d.Byte())
		if m.kind.Precision < 1 || m.kind.Precision > 38 || m.kind.Scale > m.kind.Precision {
			d.Corrupt(at+1, "a decimal type that there is not")
		}
	default:
		m.kind = selfsame.Scalar(kind)
	}
	if kind != selfsame.Unknown {
		m.order = decodeItem(d, m.kind)
	}
	at = d.Offset()
	place := d.Uvarint()
	if place > 1<<31-1 {
		d.Corrupt(at, "a place beyond any list of sources")
	}
	m.place = int(place)
	m.hash = d.Uint64()
	return m
}
