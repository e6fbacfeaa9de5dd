// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"

	"selfsame"
	"selfsame/column"
)

const (
	days        = 40 // that events are spread over
	window      = 30 // days
	leastEvents = 40 // one a day
	element     = 16 // of an embedding
)

// fields are those that the examples of the reference read.
var fields = []selfsame.Field{
	{Name: "amount", Type: selfsame.Scalar(selfsame.Float64)}, {Name: "items", Type: selfsame.Scalar(selfsame.Int64)},
	{Name: "balance", Type: selfsame.DecimalOf(18, 2)}, {Name: "flags", Type: selfsame.Scalar(selfsame.Int64)},
	{Name: "merchant_id", Type: selfsame.Scalar(selfsame.String)}, {Name: "category", Type: selfsame.Scalar(selfsame.String)},
	{Name: "approved", Type: selfsame.Scalar(selfsame.Bool)}, {Name: "declined", Type: selfsame.Scalar(selfsame.Bool)},
	{Name: "chargeback", Type: selfsame.Scalar(selfsame.Bool)}, {Name: "embedding", Type: selfsame.ListOf(selfsame.Scalar(selfsame.Float64))},
}

// history is the events of some keys, those of one after those of the other.
type history struct {
	events  int // a key
	keys    int
	rows    int // that ask, a key
	tau     []int64
	hash    []uint64
	columns map[string]*column.Column
}

// newHistory draws n events for each key of about `total` events. The fewer a key has, the more keys there are.
func newHistory(n, total int) *history {
	h := &history{events: n, keys: max(1, total/n), rows: min(100, n/10), columns: map[string]*column.Column{}}
	for _, f := range fields {
		h.columns[f.Name] = column.New(f.Type, n*h.keys)
	}
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for range h.keys {
		for i := range n {
			h.tau = append(h.tau, int64(i)*h.step())
			h.hash = append(h.hash, r.Uint64())
			for _, f := range fields {
				h.columns[f.Name].Append(draw(r, f))
			}
		}
	}
	return h
}

// step is the time between two events of a key.
func (h *history) step() int64 { return days * selfsame.DayLength / int64(h.events) }

func draw(r *rand.Rand, f selfsame.Field) selfsame.Value {
	v := selfsame.Value{Type: f.Type}
	switch f.Name {
	case "amount":
		v.Float = float64(1+r.IntN(100_000)) / 100
	case "items":
		v.Int = int64(1 + r.IntN(9))
	case "flags":
		v.Int = r.Int64()
	case "balance":
		v.Dec = selfsame.Int128{Lo: uint64(r.IntN(1_000_000))}
	case "merchant_id":
		v.Str = fmt.Sprintf("m%04d", r.IntN(1+r.IntN(2000)))
	case "category":
		v.Str = []string{"food", "travel", "rent", "fuel", "books", "music", "health", "garden"}[r.IntN(8)]
	case "embedding":
		for range element {
			v.Elems = append(v.Elems, selfsame.Value{Type: *f.Type.Elem, Float: r.Float64()})
		}
	default:
		v.Int = int64(r.IntN(10) / 9)
	}
	return v
}
