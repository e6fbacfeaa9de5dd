// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"sync"
	"sync/atomic"
	"time"

	"selfsame"
)

// A group is what one fsync makes durable and what is applied at once, and a call waits for the group before its own. So a group is
// small: as many rows as can be applied while the disk syncs, and the two go on beside each other. A call of a few rows goes before
// larger ones, of which those beyond wholeRows are taken in pieces, in turns, so that one event does not wait for all of another's ten thousand; half of a group is theirs even so.
//
// The naive way is one group of everything that waits. It has the fewest fsyncs, and an event pushed behind a large group waits for
// that to be applied, then for its own, which is as large by then.
const (
	fewRows    = 64  // of a call that goes before others, and at least of a piece
	leastGroup = 256 // rows of a group, on the fastest disk
	// Where much waits, a group takes that part of it, up to so many rows: larger groups cost less, and beyond that hardly.
	backlogShare, backlogGroup = 8, 2048
	wholeRows                  = backlogGroup // of a call that is never taken in pieces: it has one α, and is stored whole or not at all
	// maxWaiting bounds the calls that wait: each takes memory beside its rows.
	maxWaiting = 1 << 14
)

// call is one Push that waits.
type call struct {
	rows   *Rows
	bytes  int64
	result Receipt
	places []int         // of each row of the batch in the call; nil: there are no bad ones between them
	ready  chan struct{} // closed when nothing of the call is under way any more; result and err may be read then

	taken int          // rows that groups have; of the goroutine that appends
	parts atomic.Int32 // pieces that are under way, and one while rows wait

	mu     sync.Mutex // guards what follows
	err    error      // the first
	stored int        // rows, from the first on, that are in the log
}

// left is how many rows no group has.
func (c *call) left() int { return c.rows.Batch.Rows - c.taken }

// fail notes why the call fails.
func (c *call) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// keep notes that the first rows are in the log.
func (c *call) keep(rows int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stored = max(c.stored, rows)
}

func (c *call) failed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil
}

// queue holds the calls of which rows wait, in the order in which their turn comes.
type queue struct {
	mu         sync.Mutex // guards what follows
	come       sync.Cond  // a call has come, or none will
	few, large []*call    // of up to fewRows rows, of more
	rows       int        // of the calls that wait
	closed     bool
}

// put adds a call.
func (q *queue) put(c *call) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return &selfsame.Error{Class: selfsame.ClassResource, Message: "the server is stopping", Hint: "push the rows again once it runs"}
	case len(q.few)+len(q.large) >= maxWaiting:
		return crowded(maxWaiting)
	}
	if c.left() <= fewRows {
		q.few = append(q.few, c)
	} else {
		q.large = append(q.large, c)
	}
	q.rows += c.left()
	q.come.Signal()
	return nil
}

// close ends the queue: what waits is still taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.come.Signal()
}

// take waits for a call and fills g with about room rows, room being told how many wait. It reports false where none waits and none will.
func (q *queue) take(g *group, room func(waiting int) int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.few)+len(q.large) == 0 {
		if q.closed {
			return false
		}
		q.come.Wait()
	}
	n := room(q.rows)
	few := n
	if len(q.large) > 0 {
		few = n / 2
	}
	for g.rows < few && len(q.few) > 0 {
		q.next(g, &q.few, fewRows)
	}
	share := max(fewRows, (n-g.rows)/max(1, len(q.large)))
	for g.rows < n && len(q.large) > 0 {
		q.next(g, &q.large, share)
	}
	return true
}

// next gives g rows of the call whose turn it is, about as many as most; with rows left the call is the last again. mu is held.
func (q *queue) next(g *group, from *[]*call, most int) {
	c := (*from)[0]
	(*from)[0] = nil
	*from = (*from)[1:]
	if c.failed() { // of what cannot be answered with success, no more is stored
		q.rows -= c.left()
		g.dropped = append(g.dropped, c)
		return
	}
	rows := min(c.left(), most)
	if c.rows.Batch.Rows <= wholeRows {
		rows = c.left()
	}
	if rest := c.left() - rows; rest < fewRows/2 { // no piece of a few rows at the end
		rows += rest
	}
	g.add(c, rows)
	q.rows -= rows
	if c.left() > 0 {
		*from = append(*from, c)
	}
}

// pace is what the size of a group follows. Its fields are nanoseconds.
type pace struct {
	append atomic.Int64 // that an append takes at least, of late
	row    atomic.Int64 // thousand rows, to be applied
}

// appended notes how long an append took. The least counts: it follows a shorter time at once and a longer one slowly.
func (p *pace) appended(took time.Duration) {
	was, is := p.append.Load(), int64(took)
	if was > 0 && is > was {
		is = was + (is-was)/64
	}
	p.append.Store(is)
}

// applied notes how long it took to apply a group.
func (p *pace) applied(rows int, took time.Duration) {
	if rows < fewRows {
		return // what a group costs is most of it
	}
	was, is := p.row.Load(), int64(took)*1000/int64(rows)
	if was > 0 {
		is = was + (is-was)/16
	}
	p.row.Store(is)
}

// room is how many rows a group takes, of those that wait.
func (p *pace) room(waiting, most int) int {
	n := max(leastGroup, min(waiting/backlogShare, backlogGroup))
	if row := p.row.Load(); row > 0 {
		n = max(n, int(p.append.Load()*1000/row))
	}
	return min(n, most)
}
