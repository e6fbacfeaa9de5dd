// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math"

	"selfsame"
	"selfsame/column"
)

// packed is the values of events of an as-of view side by side, those of one event together. A column for each takes 200 bytes of its own, which is nearly all
// of what an entity with one event of many columns takes, and lies apart from the others, so that a question for the newest event costs one or two cache lines a
// column. Columns whose values are no words stay what they are.
type packed struct {
	width  int // words of an event
	words  []uint64
	status []selfsame.Status // of each word; nil: all present
}

// slots tells where the values of each column of the spec are: in a word of packed, or as ^slot in the column of that number.
func (c *compiled) assignSlots() {
	words, columns := 0, 0
	for _, t := range c.Columns {
		if c.AsOf && fitsWord(t.Kind) {
			c.slots = append(c.slots, words)
			words++
			continue
		}
		c.slots = append(c.slots, ^columns)
		columns++
	}
	c.words = words
}

// fitsWord reports whether a value of a kind is kept as a word.
func fitsWord(k selfsame.Kind) bool {
	switch k {
	case selfsame.Float64, selfsame.Int64, selfsame.Timestamp, selfsame.Date, selfsame.Bool:
		return true
	}
	return false
}

// pack puts the columns that fit words into them. r's columns are all of the spec's.
func (r *EntityEvents) pack(c *compiled) {
	if c.words == 0 {
		return
	}
	n := r.len()
	p := packed{width: c.words, words: make([]uint64, n*c.words)}
	var rest []*column.Column
	for i, col := range r.Columns {
		slot := c.slots[i]
		if slot < 0 {
			rest = append(rest, col)
			continue
		}
		p.fill(col, slot)
	}
	r.packed, r.Columns = p, rest
}

// fill writes a column into a slot of every event.
func (p *packed) fill(col *column.Column, slot int) {
	at := slot
	switch col.Type.Kind {
	case selfsame.Float64:
		for _, f := range col.Floats {
			p.words[at] = math.Float64bits(f)
			at += p.width
		}
	case selfsame.Bool:
		for _, b := range col.Bools {
			if b {
				p.words[at] = 1
			}
			at += p.width
		}
	default:
		for _, v := range col.Ints {
			p.words[at] = uint64(v)
			at += p.width
		}
	}
	at = slot
	for _, s := range col.Status {
		if s != selfsame.Present {
			if p.status == nil {
				p.status = make([]selfsame.Status, len(p.words))
			}
			p.status[at] = s
		}
		at += p.width
	}
}

// take appends events [lo, hi) of src.
func (p *packed) take(src *packed, lo, hi int) {
	n := len(p.words)
	p.width = src.width
	lo, hi = lo*src.width, hi*src.width
	p.words = append(p.words, src.words[lo:hi]...)
	p.status = takeOptional(p.status, src.status, n, lo, hi, selfsame.Present)
}

// arrange makes the events from a place on those at perm.
func (p *packed) arrange(from int, perm []uint32) {
	p.words = arrangedRuns(p.words, p.width, from, perm)
	if p.status != nil {
		p.status = arrangedRuns(p.status, p.width, from, perm)
	}
}

func arrangedRuns[T any](s []T, width, from int, perm []uint32) []T {
	tail := make([]T, 0, width*len(perm))
	for _, i := range perm {
		tail = append(tail, s[int(i)*width:int(i+1)*width]...)
	}
	return append(s[:from*width], tail...)
}

func (p *packed) reset() { p.words, p.status = p.words[:0], nil }

// append appends the value of the event at a place, in a slot.
func (p *packed) append(out *column.Column, place int32, slot int) {
	at := int(place)*p.width + slot
	w := p.words[at]
	switch out.Type.Kind {
	case selfsame.Float64:
		out.Floats = append(out.Floats, math.Float64frombits(w))
	case selfsame.Bool:
		out.Bools = append(out.Bools, w != 0)
	default:
		out.Ints = append(out.Ints, int64(w))
	}
	if out.Status == nil && p.status == nil {
		return
	}
	st := selfsame.Present
	if p.status != nil {
		st = p.status[at]
	}
	if out.Status != nil {
		out.Status = append(out.Status, st)
	} else {
		out.SetStatus(out.Len()-1, st)
	}
}

// gatherCell appends what was picked of a column of the spec.
func (b *book) gatherCell(out *column.Column, c int) {
	slot := b.spec.slots[c]
	if slot < 0 {
		b.gather(out, b.rows.Columns[^slot])
		return
	}
	for i, place := range b.asof.pick {
		if place < 0 {
			out.AppendStatus(b.asof.status[i])
		} else {
			b.rows.packed.append(out, place, slot)
		}
	}
}
