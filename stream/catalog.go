// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/online"
	"selfsame/plan"
)

// catalogFormat is refused where it is greater.
const catalogFormat = 1

// catalog is what states and namespaces the store holds. It is one fact.
type catalog struct {
	Format    int      `json:"format"`
	NextState uint32   `json:"next_state"`
	NextSpace uint32   `json:"next_space"`
	States    []record `json:"states"`
	Spaces    []space  `json:"spaces"`
	History   string   `json:"history,omitempty"` // Load.History of the last load
}

// phase is where a state or a namespace stands in its life.
type phase string

const (
	building phase = "building" // not yet switched to: nothing after a crash
	live     phase = "live"
	dead     phase = "dead" // to be dropped
)

// record is one state as it is stored.
type record struct {
	ID    uint32 `json:"id"`
	Base  string `json:"base"`
	Shape string `json:"shape"` // of its rows
	Width int64  `json:"width"`
	Phase phase  `json:"phase"`
	Since int64  `json:"since,omitempty"` // dead: from when on it may be dropped, as Maintain tells the time; 0: Maintain has not seen it

	// Kept is the event time below which retention may have dropped or folded rows, MinTime for none, as of KeptAt. Folded are the cells whose
	// prefixes hold the folded rows.
	Kept   int64    `json:"kept"`
	KeptAt int64    `json:"kept_at,omitempty"`
	Folded []string `json:"folded,omitempty"`
}

// space is the namespace of one resolver.
type space struct {
	NS    uint32 `json:"ns"`
	Text  string `json:"text"`
	Phase phase  `json:"phase"`
	Late  int64  `json:"late"` // greatest event time of what was remembered of history, MinTime for none
}

func readCatalog(ctx context.Context, store online.Store) (catalog, Cut, error) {
	c, cut := catalog{Format: catalogFormat, NextState: 1, NextSpace: 1}, Cut{Alpha: selfsame.MinTime}
	err := store.Facts(ctx, [][]byte{catalogKey, positionKey}, func(i int, value []byte) error {
		if i == 0 {
			return decodeCatalog(value, &c)
		}
		if len(value) != 16 {
			return damaged(fmt.Errorf("the position has %d bytes", len(value)))
		}
		cut = Cut{Offset: int64(binary.BigEndian.Uint64(value)), Alpha: int64(binary.BigEndian.Uint64(value[8:]))}
		return nil
	})
	return c, cut, err
}

func decodeCatalog(value []byte, c *catalog) error {
	if err := json.Unmarshal(value, c); err != nil {
		return damaged(err)
	}
	if c.Format > catalogFormat {
		return &selfsame.Error{Class: selfsame.ClassInput, Ref: "online state", Message: fmt.Sprintf("it has format %d, this program reads up to %d", c.Format, catalogFormat),
			Hint: "start the newer program, or remove the online folder of the data directory: it is built anew from the log"}
	}
	return nil
}

func damaged(err error) error {
	return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "online state", Message: "its catalog is damaged", Err: err,
		Hint: "stop, remove the online folder of the data directory and start again: it is built anew from the log"}
}

func (c *catalog) clone() catalog {
	out := *c
	out.States, out.Spaces = slices.Clone(c.States), slices.Clone(c.Spaces)
	return out
}

// encode returns the catalog as a fact.
func (c *catalog) encode() (online.Fact, error) {
	value, err := json.Marshal(c)
	return online.Fact{Key: catalogKey, Value: value}, err
}

func (c Cut) encode() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(c.Offset)), uint64(c.Alpha))
}

// state returns the record of a state.
func (c *catalog) state(id uint32) *record {
	i := slices.IndexFunc(c.States, func(r record) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &c.States[i]
}

// space returns a namespace.
func (c *catalog) space(ns uint32) *space {
	i := slices.IndexFunc(c.Spaces, func(s space) bool { return s.NS == ns })
	if i < 0 {
		return nil
	}
	return &c.Spaces[i]
}

// shapeOf is the text of what the rows of a state hold. Unions of one base and one shape share their rows.
func shapeOf(u *plan.Use) string {
	var b strings.Builder
	fmt.Fprintf(&b, "hash %t order %q\n", u.Spec.NeedOrder, u.Spec.OrderType.String())
	for i, t := range u.Spec.Columns {
		fmt.Fprintf(&b, "column %q %q\n", t.String(), u.ColumnText(i))
	}
	return b.String()
}

// widthOf is the width of the buckets of a new state: a quarter of its widest bounded window, so that few buckets hold what a read needs
// and few rows beyond it.
func widthOf(u *plan.Use) int64 {
	if u.Spec.AsOf {
		return 0
	}
	var widest int64
	for _, w := range u.Windows() {
		widest = max(widest, reachOf(w))
	}
	if widest == 0 {
		return selfsame.Minute << 15 // lifetime and rows: about three weeks
	}
	width := selfsame.Minute
	for width < widest/4 && width < selfsame.Minute<<16 {
		width *= 2
	}
	return width
}

// reachOf is how far back a bounded window goes, about; 0 for one without a bound.
func reachOf(w selfsame.Window) int64 {
	days := [...]int64{selfsame.Day: 1, selfsame.Week: 7, selfsame.Month: 31, selfsame.Year: 366}
	switch w.Kind {
	case selfsame.Sliding, selfsame.HopTail, selfsame.CompletedHops:
		return min(w.Length, selfsame.Minute<<20) + w.Hop
	case selfsame.LastRows:
		return w.Within
	case selfsame.Session:
		if w.Max == 0 {
			return selfsame.DayLength
		}
		return w.Max
	case selfsame.Calendar:
		return days[w.Unit] * selfsame.DayLength
	}
	return 0
}
