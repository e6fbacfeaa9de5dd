// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zeebo/xxh3"

	"selfsame"
)

// Options are the settings of a Writer. Zero is the default.
type Options struct {
	Durable      bool    // Served waits until its record is on disk. Otherwise it never waits, and drops records where the queue is full
	Sample       float64 // share of requests that are kept, by the hash of their id: (0, 1]; 0: all
	Queue        int     // records that wait to be written; 0: 4096
	SegmentBytes int64   // a segment is closed behind this size; 0: 64 MiB
	KeepBytes    int64   // of closed segments, the oldest are removed beyond this; 0: no bound
	KeepAge      int64   // microseconds: segments whose newest record is older are removed; 0: no bound
	Now          func() int64
	Hooks        Hooks
}

// Hooks report what a Writer does. They must not block and must not call the Writer; nil ones are left out.
type Hooks struct {
	Dropped func(records int)              // the queue was full, or a group could not be written and nobody waits for these
	Written func(records int, bytes int64) // of one group
	Failed  func(err error)                // a group could not be written; those who wait are told too
	Removed func(segment string)           // retention
}

// groupBytes is how much is written in one go at most, about.
const groupBytes = 1 << 20

// linger is how long a record that nobody waits for may stay in memory, so that more are written at once. Under load a write and a wakeup a record
// would take a tenth of what answering takes.
const linger = 2 * time.Millisecond

// Writer appends to a journal. It owns one goroutine, from Open to Close.
type Writer struct {
	dir     string
	o       Options
	queue   chan *entry
	hurry   chan struct{} // holds one where the goroutine shall not linger
	done    chan struct{} // the goroutine has ended
	err     error         // of its end; read behind done
	mu      sync.RWMutex  // held by those who send; Close takes it to close the queue
	closed  bool          // guarded by mu
	dropped atomic.Int64
	entries sync.Pool

	// The rest is the goroutine's.
	file   *os.File
	number int64 // of the segment
	size   int64 // of what is whole in it
	last   int64 // time of the last record
	shapes map[*Shape]int
	buf    []byte
	failed bool // the segment takes no more
}

// entry is a record on its way.
type entry struct {
	kind    kind
	request string
	shape   *Shape
	content []byte     // what follows head (and, of a served record, the number of its shape)
	next    *entry     // of the same call, written with it
	wait    chan error // nil: nobody waits
}

// Open opens the journal in dir, which it makes where it is missing, and begins a new segment with the first record. Close must be called.
func Open(dir string, o Options) (*Writer, error) {
	if o.Sample < 0 || o.Sample > 1 || math.IsNaN(o.Sample) {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "journal", Message: "the share of requests to keep lies outside of 0 and 1", Hint: "0.1 keeps every tenth"}
	}
	if o.Queue <= 0 {
		o.Queue = 4096
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.Now == nil {
		o.Now = func() int64 { return time.Now().UnixMicro() }
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fileError(dir, "cannot be made", err)
	}
	list, err := segments(dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, o: o, queue: make(chan *entry, o.Queue), hurry: make(chan struct{}, 1), done: make(chan struct{}), last: math.MinInt64}
	w.entries.New = func() any { return &entry{} }
	if n := len(list); n > 0 {
		w.number = list[n-1].number
	}
	go w.run()
	return w, nil
}

// Close writes what waits, makes it durable and ends the goroutine. It is safe to call twice.
func (w *Writer) Close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
		w.hasten()
	}
	w.mu.Unlock()
	<-w.done
	return w.err
}

// Dropped is how many records that nobody waited for were dropped since Open, because the queue was full or their group could not be written.
func (w *Writer) Dropped() int64 { return w.dropped.Load() }

func (w *Writer) drop(records int) {
	w.dropped.Add(int64(records))
	if records > 0 && w.o.Hooks.Dropped != nil {
		w.o.Hooks.Dropped(records)
	}
}

// Keeps reports whether records of a request are kept, which follows from its id alone.
func (w *Writer) Keeps(request string) bool { return w.o.Sample == 0 || Sampled(request, w.o.Sample) }

// Sampled reports whether a request is among a share of all requests, in [0, 1]. It follows from its id alone: a smaller share is part of a
// greater one.
func Sampled(request string, share float64) bool {
	return float64(xxh3.HashString(request)>>11) < share*(1<<53)
}

// Served appends an answered request, whose memory belongs to the caller again when it returns. Where the journal is durable it waits for the
// disk, or for ctx; else it returns at once, and a record that finds the queue full is dropped and counted.
func (w *Writer) Served(ctx context.Context, s *Served) error {
	if !w.Keeps(s.RequestID) {
		return nil
	}
	e := w.entry(servedKind, s.RequestID)
	e.shape, e.content = s.Shape, appendServed(e.content, s)
	return w.send(ctx, e, w.o.Durable)
}

// Predict appends predictions in one write, all of them or none, and waits until they are durable.
func (w *Writer) Predict(ctx context.Context, list ...*Prediction) error {
	var first *entry
	for _, p := range slices.Backward(list) {
		if w.Keeps(p.RequestID) {
			e := w.entry(predictionKind, p.RequestID)
			e.content, e.next = appendPrediction(e.content, p), first
			first = e
		}
	}
	return w.commit(ctx, first)
}

// Outcome appends outcomes in one write, all of them or none, and waits until they are durable.
func (w *Writer) Outcome(ctx context.Context, list ...*Outcome) error {
	var first *entry
	for _, o := range slices.Backward(list) {
		if w.Keeps(o.RequestID) {
			e := w.entry(outcomeKind, o.RequestID)
			e.content, e.next = appendOutcome(e.content, o), first
			first = e
		}
	}
	return w.commit(ctx, first)
}

// commit writes the entries of one call and waits until they are durable.
func (w *Writer) commit(ctx context.Context, first *entry) error {
	if first == nil {
		return nil
	}
	return w.send(ctx, first, true)
}

func (w *Writer) entry(k kind, request string) *entry {
	e := w.entries.Get().(*entry)
	*e = entry{kind: k, request: request, content: e.content[:0]}
	return e
}

// send puts an entry into the queue.
func (w *Writer) send(ctx context.Context, e *entry, wait bool) error {
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: "journal", Message: "it is closed", Hint: "the server is stopping: ask again"}
	}
	if !wait {
		defer w.mu.RUnlock()
		select {
		case w.queue <- e:
			if len(w.queue) > cap(w.queue)/2 {
				w.hasten()
			}
		default:
			w.drop(1)
			w.entries.Put(e)
		}
		return nil
	}
	written := make(chan error, 1)
	e.wait = written
	select {
	case w.queue <- e:
		w.hasten()
		w.mu.RUnlock()
	case <-ctx.Done():
		w.mu.RUnlock()
		return canceled(ctx)
	}
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		return canceled(ctx)
	}
}

func canceled(ctx context.Context) error {
	return &selfsame.Error{Class: selfsame.ClassCanceled, Ref: "journal", Message: "the record may not have been written", Err: context.Cause(ctx)}
}

// size is what an entry and those of its call take, about.
func (e *entry) size() int {
	n := 0
	for ; e != nil; e = e.next {
		n += len(e.content)
	}
	return n
}

// hasten ends the lingering of the goroutine, or its next.
func (w *Writer) hasten() {
	select {
	case w.hurry <- struct{}{}:
	default:
	}
}

// run writes groups until the queue is closed and empty.
func (w *Writer) run() {
	defer close(w.done)
	timer := time.NewTimer(linger)
	defer timer.Stop()
	var group []*entry
	for first := range w.queue {
		if first.wait == nil && len(w.queue) <= cap(w.queue)/2 {
			timer.Reset(linger)
			select {
			case <-timer.C:
			case <-w.hurry:
			}
		}
		wait := first.wait != nil
		group = append(group[:0], first)
		size := first.size()
	more:
		for size < groupBytes {
			select {
			case e, ok := <-w.queue:
				if !ok {
					break more
				}
				group = append(group, e)
				size, wait = size+e.size(), wait || e.wait != nil
			default:
				break more
			}
		}
		err := w.write(group, wait)
		for _, e := range group {
			if e.wait != nil {
				e.wait <- err
			}
			for e != nil {
				next := e.next
				w.entries.Put(e)
				e = next
			}
		}
	}
	if w.file != nil {
		w.err = w.finish()
	}
}

// write appends a group: all of it, or nothing that a reader would find.
func (w *Writer) write(group []*entry, sync bool) error {
	n, err := w.append(group, sync)
	switch {
	case err != nil:
		w.failed = true // its shapes may not be there: the next group begins a segment
		lost := 0
		for _, e := range group {
			if e.wait == nil {
				lost++
			}
		}
		w.drop(lost)
		if w.o.Hooks.Failed != nil {
			w.o.Hooks.Failed(err)
		}
	case w.o.Hooks.Written != nil:
		records := 0
		for _, e := range group {
			for ; e != nil; e = e.next {
				records++
			}
		}
		w.o.Hooks.Written(records, n)
	}
	return err
}

func (w *Writer) append(group []*entry, sync bool) (int64, error) {
	now := max(w.o.Now(), w.last)
	if w.file == nil || w.failed || w.size >= w.o.SegmentBytes {
		if err := w.begin(now); err != nil {
			return 0, err
		}
	}
	w.buf = w.buf[:0]
	for _, e := range group {
		for ; e != nil; e = e.next {
			w.frame(e, now)
		}
	}
	n, err := w.file.Write(w.buf)
	if err == nil && sync {
		err = w.file.Sync()
	}
	if err != nil {
		// What was written may be there in part. It is cut off; where that fails too, readers pass over what is torn.
		w.file.Truncate(w.size)
		return 0, fileError(w.file.Name(), "cannot be written", err)
	}
	w.size, w.last = w.size+int64(n), now
	return int64(n), nil
}

// frame appends an entry to the buffer, its shape before it where the segment does not have it.
func (w *Writer) frame(e *entry, now int64) {
	if e.kind == servedKind {
		if _, there := w.shapes[e.shape]; !there {
			number := len(w.shapes)
			w.shapes[e.shape] = number
			start := len(w.buf)
			w.buf = appendShape(append(w.buf, make([]byte, frameBytes)...), number, e.shape)
			seal(w.buf, start)
		}
	}
	start := len(w.buf)
	w.buf = appendHead(append(w.buf, make([]byte, frameBytes)...), e.kind, now, e.request)
	if e.kind == servedKind {
		w.buf = binary.AppendUvarint(w.buf, uint64(w.shapes[e.shape]))
	}
	w.buf = append(w.buf, e.content...)
	seal(w.buf, start)
}

// begin finishes the segment and begins the next.
func (w *Writer) begin(now int64) error {
	if w.file != nil {
		if err := w.finish(); err != nil {
			return err
		}
		w.trim(now)
	}
	path := segmentPath(w.dir, w.number+1)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err == nil {
		_, err = f.Write(appendHeader(nil, now))
	}
	if err == nil {
		err = syncFolder(w.dir)
	}
	if err != nil {
		if f != nil {
			f.Close()
			os.Remove(path)
		}
		return fileError(path, "cannot be made", err)
	}
	w.file, w.number, w.size, w.shapes, w.failed = f, w.number+1, int64(headerBytes), map[*Shape]int{}, false
	return nil
}

// finish makes the segment durable and closes it.
func (w *Writer) finish() error {
	err := w.file.Sync()
	if e := w.file.Close(); err == nil {
		err = e
	}
	name := w.file.Name()
	w.file = nil
	if err != nil {
		return fileError(name, "cannot be finished", err)
	}
	return nil
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// trim removes the closed segments that retention has no use for. A segment is as new as the one after it is old.
func (w *Writer) trim(now int64) {
	list, err := segments(w.dir)
	if err != nil || w.o.KeepBytes == 0 && w.o.KeepAge == 0 {
		return
	}
	var bytes int64
	for _, s := range list {
		bytes += s.bytes
	}
	for i, s := range list[:max(len(list)-1, 0)] {
		newest, ok, err := created(list[i+1].path)
		old := w.o.KeepAge != 0 && ok && err == nil && newest < now-w.o.KeepAge
		if !old && (w.o.KeepBytes == 0 || bytes <= w.o.KeepBytes) {
			return
		}
		if os.Remove(s.path) != nil {
			return
		}
		bytes -= s.bytes
		if w.o.Hooks.Removed != nil {
			w.o.Hooks.Removed(s.path)
		}
	}
}
