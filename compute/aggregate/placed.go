// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"slices"

	"selfsame"
	"selfsame/compute/exact"
)

// placed is a value and its place in the total order of events. Events of one place, which only a collision of hashes makes, are told apart by their value.
type placed struct {
	at    moment
	value item
	null  bool // there is no value: only calls that respect nulls keep such an event
}

func (a *placed) compare(b *placed) int {
	switch c := a.at.compare(&b.at); {
	case c != 0:
		return c
	case a.null && !b.null:
		return -1
	case b.null && !a.null:
		return 1
	}
	return a.value.compare(b.value)
}

// read gives back the value as one of type t.
func (a *placed) read(t selfsame.Type) selfsame.Value {
	if a.null {
		return selfsame.Value{Type: t, Status: selfsame.Null}
	}
	return a.value.value(t)
}

// listing is how placed values are kept and written.
//
// Encoding: uvarint of how many, then for each, foremost first, its moment and its item; with nulls, byte 1 before the item, or byte 0 in its place.
type listing struct {
	t           selfsame.Type
	limit       int64 // most values
	newestFirst bool
	nulls       bool // an event without a value counts
}

// ahead orders values by which stands first: negative where a does.
func (l *listing) ahead(a, b *placed) int {
	if l.newestFirst {
		return b.compare(a)
	}
	return a.compare(b)
}

// insert puts a value into its place in a sorted list.
func (l *listing) insert(list []placed, p placed) []placed {
	i := len(list)
	if i > 0 && l.ahead(&list[i-1], &p) > 0 {
		i, _ = slices.BinarySearchFunc(list, p, func(a, b placed) int { return l.ahead(&a, &b) })
	}
	if int64(i) == l.limit {
		return list
	}
	if int64(len(list)) == l.limit {
		list = list[:l.limit-1]
	}
	return slices.Insert(list, i, p)
}

// merge appends the foremost values of two sorted lists to out, up to the limit.
func (l *listing) merge(out, a, b []placed) []placed {
	for int64(len(out)) < l.limit && len(a)+len(b) > 0 {
		if len(b) == 0 || (len(a) > 0 && l.ahead(&a[0], &b[0]) <= 0) {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return out
}

func (l *listing) appendTo(b []byte, list []placed) []byte {
	b = exact.AppendUvarint(b, uint64(len(list)))
	for i := range list {
		p := &list[i]
		b = appendMoment(b, &p.at)
		switch {
		case p.null:
			b = append(b, 0)
			continue
		case l.nulls:
			b = append(b, 1)
		}
		b = appendItem(b, l.t, p.value)
	}
	return b
}

func (l *listing) decode(d *exact.Decoder) (list []placed) {
	for n := decodeHowMany(d, l.limit, "events"); n > 0 && d.Err() == nil; n-- {
		at := d.Offset()
		p := placed{at: decodeMoment(d)}
		if p.null = l.nulls && !decodeFlag(d); !p.null {
			p.value = decodeItem(d, l.t)
		}
		if d.Err() == nil && len(list) > 0 && l.ahead(&list[len(list)-1], &p) > 0 {
			d.Corrupt(at, "events out of order")
		}
		list = append(list, p)
	}
	return list
}

// decodeHowMany reads how many things follow, 0 after an error.
func decodeHowMany(d *exact.Decoder, limit int64, things string) uint64 {
	at := d.Offset()
	n := d.Uvarint()
	if d.Err() == nil && n > uint64(limit) {
		d.Corrupt(at, "more "+things+" than the call keeps")
	}
	if d.Err() != nil {
		return 0
	}
	return n
}
