// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package ingest is the one writer of a data directory: it gathers the rows of concurrent calls into groups, makes each group durable with
// one append to the log, has the stream driver apply it, and only then answers (L1). While one group is being applied the next is
// being made durable, and what comes meanwhile waits for the one behind it. A call of many rows is in several groups (queue.go says why): its
// rows are in the log in their order, with more than one α.
//
// Rows wait in a queue bounded in bytes; beyond it a call is refused at once with the time after which to try again. It decides no
// value: admission is the log's, identity the driver's.
package ingest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"selfsame"
	"selfsame/column"
	"selfsame/eventlog"
	"selfsame/source"
	"selfsame/stream"
)

// Log is the log with its side log.
type Log interface {
	eventlog.Log
	eventlog.Sider
}

// Applier turns appended blocks into online state; stream.Driver is one. It is called by one goroutine.
type Applier interface {
	Apply(ctx context.Context, blocks []*eventlog.Block) ([][]stream.Fate, error)
}

// Options bound a loop.
type Options struct {
	Queue int64 // bytes of rows that are accepted and not yet durable; 0: 64 MiB
	Group int   // rows of one append at most, about; 0: 50,000
	// Answered is the latest T that a read was answered with; entries get an α above it.
	Answered func() int64
	// Grouped is called after each applied group, by the goroutine that applies. nil: nobody listens.
	Grouped func(g Group)
}

// Group describes one group: pieces of calls, and their rows.
type Group struct {
	Pieces, Rows int
}

const (
	defaultQueue = 64 << 20
	defaultGroup = 50_000
)

// Loop gathers, appends and applies. Push and Do may be called by any goroutine while Run runs.
type Loop struct {
	log    Log
	driver Applier
	opt    Options

	queue   queue
	pace    pace
	applied chan *group  // one that is durable: it waits for the one before it to be applied, and behind it the next gathers
	busy    atomic.Int64 // groups that have, or may have, an α and are not applied
	queued  atomic.Int64 // bytes

	failed atomic.Pointer[selfsame.Error] // why nothing more can be written
}

// Rows are the rows of one call, conformed to the source's schema.
type Rows struct {
	Source *selfsame.Source
	Batch  *column.Batch
	// Bad are the rows of the call that are not as the source declares, by their number in the call; Batch does not hold them.
	Bad []source.BadRow
	// Readmit says that the rows come from the side log: they are neither late nor early.
	Readmit bool
}

// Fate is what became of a row (semantics, section 4).
type Fate uint8

// The fates. Accepted and superseded rows are in the log; duplicates are counted and change nothing; the others are in the side log.
const (
	Accepted Fate = iota
	Duplicate
	Conflict
	Late
	Early
	SchemaMismatch
	Superseded
)

var fateNames = [...]string{"accepted", "duplicate", "conflict", "late", "early", "schema", "superseded"}

// String is the fate's name everywhere: on the wire, in reports, in metrics.
func (f Fate) String() string { return fateNames[f] }

var (
	ofVerdict = map[eventlog.Verdict]Fate{eventlog.Late: Late, eventlog.Early: Early, eventlog.Schema: SchemaMismatch}
	ofStream  = map[stream.Fate]Fate{stream.Accepted: Accepted, stream.Duplicate: Duplicate, stream.Conflict: Conflict, stream.Superseded: Superseded}
)

// Receipt says what became of a call's rows.
type Receipt struct {
	Fates   []Fate
	Reasons []string // empty where accepted; nil: all are
	Offset  int64    // next log offset after the last group with rows of the call
	Arrival int64    // α of that group, microseconds: none of the call's rows has a greater one
}

// New returns a loop over a log and a driver that has applied all of it.
func New(log Log, driver Applier, opt Options) *Loop {
	if opt.Queue == 0 {
		opt.Queue = defaultQueue
	}
	if opt.Group == 0 {
		opt.Group = defaultGroup
	}
	if opt.Answered == nil {
		opt.Answered = func() int64 { return selfsame.MinTime }
	}
	l := &Loop{log: log, driver: driver, opt: opt, applied: make(chan *group)}
	l.queue.come.L = &l.queue.mu
	return l
}

// Run works until ctx ends; then it refuses new calls, finishes those it has taken, and returns. An error of the log or of the driver is
// returned too: from then on every call fails with it. It is called once.
func (l *Loop) Run(ctx context.Context) error {
	work := context.WithoutCancel(ctx)
	var applier sync.WaitGroup
	applier.Go(func() { l.apply(work) })
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		<-ctx.Done()
		l.queue.close()
	}()
	room := func(waiting int) int { return l.pace.room(waiting, l.opt.Group) }
	for {
		g := &group{}
		if !l.queue.take(g, room) {
			break
		}
		l.append(work, g)
	}
	close(l.applied)
	applier.Wait()
	<-stop
	if e := l.failed.Load(); e != nil {
		return e
	}
	return nil
}

// Push stores rows; when it returns without an error they are durable and applied. Where ctx ends first the rows may still be stored:
// the same rows with the same ids can be pushed again. Where the log fails between two groups the first rows of a call may be stored and the others not; the error
// says how many.
func (l *Loop) Push(ctx context.Context, rows *Rows) (*Receipt, error) {
	if err := takes(rows.Source); err != nil {
		return nil, err
	}
	c := newCall(rows)
	if q := l.queued.Add(c.bytes); q > l.opt.Queue && q > c.bytes {
		l.queued.Add(-c.bytes)
		return nil, full(q)
	}
	if err := l.send(ctx, c); err != nil {
		l.queued.Add(-c.bytes)
		return nil, err
	}
	select {
	case <-c.ready:
		return &c.result, c.err
	case <-ctx.Done():
		return nil, canceled(ctx)
	}
}

func (l *Loop) send(ctx context.Context, c *call) error {
	switch e := l.failed.Load(); {
	case e != nil:
		return e
	case ctx.Err() != nil:
		return canceled(ctx)
	}
	return l.queue.put(c)
}

// Complete reports whether everything with α <= known is applied and nothing more can get such an α, given that Options.Answered has
// reached known and that applied is the α of the last applied entry, taken after that.
func (l *Loop) Complete(known, applied int64) bool { return known <= applied || l.busy.Load() == 0 }

// append makes a group durable and hands it to the applier.
func (l *Loop) append(ctx context.Context, g *group) {
	for _, c := range g.dropped {
		l.done(c)
	}
	if e := l.failed.Load(); e != nil {
		l.finish(g, e, false)
		return
	}
	g.merge()
	l.busy.Add(1) // before Answered is read: a reader that sees no busy group knows that the next one gets an α above its T
	floor := l.opt.Answered()
	if floor < selfsame.MaxTime {
		floor++
	}
	begin := time.Now()
	if err := l.log.Append(ctx, g.appends, floor); err != nil {
		// Nothing of the group was acknowledged. Whether the log can go on it alone knows: the next append will say.
		l.busy.Add(-1)
		l.finish(g, err, false)
		return
	}
	l.pace.appended(time.Since(begin))
	l.refuseBad(ctx, g) // what is in the log is applied all the same: the log has no gaps
	l.applied <- g
}

// apply takes durable groups in their order.
func (l *Loop) apply(ctx context.Context) {
	for g := range l.applied {
		l.applyGroup(ctx, g)
	}
}

func (l *Loop) applyGroup(ctx context.Context, g *group) {
	defer l.busy.Add(-1)
	var blocks []*eventlog.Block
	for _, a := range g.appends {
		if a.Admitted != nil {
			blocks = append(blocks, a.Admitted)
		}
	}
	if e := l.failed.Load(); e != nil {
		l.finish(g, e, true)
		return
	}
	begin := time.Now()
	fates, err := l.driver.Apply(ctx, blocks)
	if err != nil {
		// The rows are durable and will be applied at the next start; nothing after them may be applied before.
		e := broken(err)
		l.failed.CompareAndSwap(nil, e)
		l.finish(g, e, true)
		return
	}
	l.pace.applied(g.rows, time.Since(begin))
	err = l.receipts(ctx, g, fates)
	if l.opt.Grouped != nil {
		l.opt.Grouped(Group{Pieces: len(g.pieces), Rows: g.rows})
	}
	l.finish(g, err, true)
}

// finish ends what the calls of a group have in it. stored says that the group is in the log.
func (l *Loop) finish(g *group, err error, stored bool) {
	for i := range g.pieces {
		p := &g.pieces[i]
		if stored {
			p.call.keep(p.hi)
		}
		if err != nil {
			p.call.fail(err)
		}
		l.done(p.call)
	}
}

// done ends one part of a call, and with the last the call.
func (l *Loop) done(c *call) {
	if c.parts.Add(-1) == 0 {
		l.queued.Add(-c.bytes)
		c.err = c.partly()
		close(c.ready)
	}
}

// Failed returns why nothing more is taken until the process is started again, nil where all is well.
func (l *Loop) Failed() error {
	if e := l.failed.Load(); e != nil {
		return e
	}
	return nil
}

// Queued returns the bytes of rows that wait or are being stored.
func (l *Loop) Queued() int64 { return l.queued.Load() }

func broken(err error) *selfsame.Error {
	var e *selfsame.Error
	if errors.As(err, &e) && e.Class == selfsame.ClassResource {
		return e
	}
	return &selfsame.Error{Class: selfsame.ClassInternal, Message: "stored events could not be applied; nothing more is taken until the server is started again", Err: err}
}
