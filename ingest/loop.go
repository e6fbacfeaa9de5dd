// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package ingest is the one writer of a data directory: it gathers the rows of concurrent calls into groups, makes each group durable with
// one append to the log, has the stream driver apply it, and only then answers (L1). While one group is being applied the next is
// being made durable, and the one behind it gathers: the disk sets the size of a group, no timer does.
//
// Rows wait in a queue bounded in bytes; beyond it a call is refused at once with the time after which to try again. It decides no
// value: admission is the log's, identity the driver's.
package ingest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

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
	Group int   // rows of one append, about; 0: 50,000
	// Answered is the latest T that a read was answered with; entries get an α above it.
	Answered func() int64
	// Grouped is called after each group with what became of its rows. nil: nobody listens.
	Grouped func(g Group)
}

// Group describes one appended group.
type Group struct {
	Calls, Rows int
	Bytes       int64
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

	calls   chan *call
	applied chan *group
	busy    atomic.Int64 // groups that have, or may have, an α and are not applied
	queued  atomic.Int64 // bytes

	mu     sync.RWMutex // protects closed: no call is sent once it is set
	closed bool
	failed atomic.Pointer[selfsame.Error] // why nothing more can be written
}

// call is one Push that waits.
type call struct {
	rows   *Rows
	bytes  int64
	lo, hi int // its rows inside the merged block
	result Receipt
	err    error
	ready  chan struct{}
}

// group is what one append makes durable.
type group struct {
	calls   []*call
	appends []*eventlog.Append
	of      []int // call -> its append; -1: every row was bad
	bytes   int64
	err     error // why its calls fail though its rows are in the log
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
	Reasons []string // empty where accepted
	Offset  int64    // next log offset after the call's group
	Arrival int64    // α of the group, microseconds
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
	return &Loop{log: log, driver: driver, opt: opt, calls: make(chan *call, 4096), applied: make(chan *group, 1)}
}

// Run works until ctx ends; then it refuses new calls, finishes those it has taken, and returns. An error of the log or of the driver is
// returned too: from then on every call fails with it. It is called once.
func (l *Loop) Run(ctx context.Context) error {
	work := context.WithoutCancel(ctx)
	var applier sync.WaitGroup
	applier.Add(1)
	go func() {
		defer applier.Done()
		l.apply(work)
	}()
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		<-ctx.Done()
		l.mu.Lock()
		l.closed = true
		close(l.calls)
		l.mu.Unlock()
	}()
	for first := range l.calls {
		l.append(work, l.gather(first))
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
// the same rows with the same ids can be pushed again.
func (l *Loop) Push(ctx context.Context, rows *Rows) (*Receipt, error) {
	if err := takes(rows.Source); err != nil {
		return nil, err
	}
	c := &call{rows: rows, bytes: size(rows), ready: make(chan struct{})}
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
	l.mu.RLock()
	defer l.mu.RUnlock()
	switch {
	case l.closed:
		return &selfsame.Error{Class: selfsame.ClassResource, Message: "the server is stopping", Hint: "push the rows again once it runs"}
	case l.failed.Load() != nil:
		return l.failed.Load()
	}
	select {
	case l.calls <- c:
		return nil
	case <-ctx.Done():
		return canceled(ctx)
	default:
		return full(l.queued.Load())
	}
}

// Complete reports whether everything with α <= known is applied and nothing more can get such an α, given that Options.Answered has
// reached known and that applied is the α of the last applied entry, taken after that.
func (l *Loop) Complete(known, applied int64) bool { return known <= applied || l.busy.Load() == 0 }

// gather takes what waits beside first, up to the size of a group.
func (l *Loop) gather(first *call) *group {
	g := &group{calls: []*call{first}, bytes: first.bytes}
	rows := first.rows.Batch.Rows
	for rows < l.opt.Group {
		select {
		case c, ok := <-l.calls:
			if !ok {
				return g
			}
			g.calls = append(g.calls, c)
			g.bytes += c.bytes
			rows += c.rows.Batch.Rows
		default:
			return g
		}
	}
	return g
}

// append makes a group durable and hands it to the applier.
func (l *Loop) append(ctx context.Context, g *group) {
	if e := l.failed.Load(); e != nil {
		l.finish(g, e)
		return
	}
	g.merge()
	l.busy.Add(1) // before Answered is read: a reader that sees no busy group knows that the next one gets an α above its T
	floor := l.opt.Answered()
	if floor < selfsame.MaxTime {
		floor++
	}
	if err := l.log.Append(ctx, g.appends, floor); err != nil {
		// Nothing of the group was acknowledged. Whether the log can go on it alone knows: the next append will say.
		l.busy.Add(-1)
		l.finish(g, err)
		return
	}
	g.err = l.refuseBad(ctx, g) // what is in the log is applied all the same: the log has no gaps
	l.applied <- g
}

// merge lays rows of one source side by side: a group has one append a source.
func (g *group) merge() {
	type lane struct {
		source  *selfsame.Source
		readmit bool
	}
	places := map[lane]int{}
	for _, c := range g.calls {
		b := c.rows.Batch
		if b.Rows == 0 {
			g.of = append(g.of, -1)
			continue
		}
		of := lane{c.rows.Source, c.rows.Readmit}
		i, ok := places[of]
		if !ok {
			i = len(g.appends)
			places[of] = i
			a := &eventlog.Append{Readmit: c.rows.Readmit}
			a.Source, a.Name, a.Rows = c.rows.Source, c.rows.Source.Name, b
			g.appends = append(g.appends, a)
			c.hi = b.Rows
			g.of = append(g.of, i)
			continue
		}
		a := g.appends[i]
		if a.Rows == g.firstOf(i) { // the call's own memory: copy before adding to it
			a.Rows = copyOf(a.Rows)
		}
		c.lo = a.Rows.Rows
		for k, col := range b.Columns {
			a.Rows.Columns[k].AppendRange(col, 0, b.Rows)
		}
		a.Rows.Rows += b.Rows
		c.hi = a.Rows.Rows
		g.of = append(g.of, i)
	}
}

// firstOf returns the batch of the first call of append i.
func (g *group) firstOf(i int) *column.Batch {
	for k, of := range g.of {
		if of == i {
			return g.calls[k].rows.Batch
		}
	}
	return nil
}

func copyOf(b *column.Batch) *column.Batch {
	out := &column.Batch{Fields: b.Fields, Rows: b.Rows}
	for _, c := range b.Columns {
		d := column.New(c.Type, 2*b.Rows)
		d.AppendRange(c, 0, b.Rows)
		out.Columns = append(out.Columns, d)
	}
	return out
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
	if l.failed.Load() != nil {
		l.finish(g, l.failed.Load())
		return
	}
	fates, err := l.driver.Apply(ctx, blocks)
	if err != nil {
		// The rows are durable and will be applied at the next start; nothing after them may be applied before.
		e := broken(err)
		l.failed.CompareAndSwap(nil, e)
		l.finish(g, e)
		return
	}
	err = l.receipts(ctx, g, fates)
	if l.opt.Grouped != nil {
		rows := 0
		for _, a := range g.appends {
			rows += len(a.Verdicts)
		}
		l.opt.Grouped(Group{Calls: len(g.calls), Rows: rows, Bytes: g.bytes})
	}
	l.finish(g, errors.Join(g.err, err))
}

// finish answers every call of a group.
func (l *Loop) finish(g *group, err error) {
	for _, c := range g.calls {
		c.err = err
		l.queued.Add(-c.bytes)
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
