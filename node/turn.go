// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"selfsame"
)

// turn lets one piece of work at a time change the live states, and knows which. The zero turn is not usable: newTurn makes one.
type turn struct {
	place    chan struct{} // holds something while work has the turn
	has      atomic.Pointer[holder]
	patience time.Duration // that an apply waits where its caller sets no deadline
}

// holder is work that has the turn.
type holder struct {
	what  string
	since time.Time
	rows  atomic.Int64 // that it has read so far
	all   atomic.Int64 // about how many it reads; 0: that is not known
}

func newTurn() *turn { return &turn{place: make(chan struct{}, 1), patience: ownWithin} }

// try takes the turn where nobody has it.
func (t *turn) try(what string) bool {
	select {
	case t.place <- struct{}{}:
		t.has.Store(&holder{what: what, since: time.Now()})
		return true
	default:
		return false
	}
}

// take waits for the turn as long as ctx allows. told, which may be nil, is called before it waits, with what for; its error ends the wait.
func (t *turn) take(ctx context.Context, what string, told func(why string) error) error {
	if t.try(what) {
		return nil
	}
	if told != nil {
		if err := told("waits: " + t.held()); err != nil {
			return err
		}
	}
	select {
	case t.place <- struct{}{}:
		t.has.Store(&holder{what: what, since: time.Now()})
		return nil
	case <-ctx.Done():
		return &selfsame.Error{Class: selfsame.ClassCanceled, Ref: what, Message: "it was not begun: " + t.held(), Err: ctx.Err()}
	}
}

// takeSoon waits for the turn as long as the caller's deadline says, or else as patience allows.
func (t *turn) takeSoon(ctx context.Context, what string) error {
	if _, set := ctx.Deadline(); set {
		return t.take(ctx, what, nil)
	}
	soon, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	err := t.take(soon, what, nil)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &selfsame.Error{Class: selfsame.ClassResource, Ref: what, Message: fmt.Sprintf("it was not begun within %v: %s", t.patience, t.held()),
		Hint: "nothing was changed; try again when that is done. Reads and pushes go on meanwhile"}
}

// held says what has the turn, since when, and how far it is.
func (t *turn) held() string {
	h := t.has.Load()
	if h == nil {
		return "other work of the server is just done"
	}
	text := fmt.Sprintf("%s has changed live states since %s, for %v", h.what, h.since.UTC().Format(time.TimeOnly), time.Since(h.since).Round(time.Second))
	rows, all := h.rows.Load(), h.all.Load()
	if rows == 0 {
		return text
	}
	rate := float64(rows) / max(time.Since(h.since).Seconds(), 1)
	if all <= rows {
		return text + fmt.Sprintf(", and has read %d rows (%.0f a second)", rows, rate)
	}
	left := time.Duration(float64(all-rows) / rate * float64(time.Second))
	return text + fmt.Sprintf(", and has read %d of about %d rows (%.0f a second): about %v more", rows, all, rate, left.Round(time.Second))
}

// read notes how many rows the work that has the turn has read.
func (t *turn) read(rows int64) {
	if h := t.has.Load(); h != nil {
		h.rows.Store(rows)
	}
}

// expect notes about how many rows the work that has the turn reads.
func (t *turn) expect(all int64) {
	if h := t.has.Load(); h != nil {
		h.all.Store(all)
	}
}

// end gives the turn back.
func (t *turn) end() {
	t.has.Store(nil)
	<-t.place
}
