// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"cmp"
	"context"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"selfsame"
)

// Options are the physics of a sweep. None of them changes a bit of a value.
type Options struct {
	Threads int   // goroutines of Run; 0: one a core
	Memory  int64 // bytes of event blocks and results held before blocks are spilled; 0: unlimited
	// SpillDir is where the spill file is made, on the first need; empty: the system's directory for temporary files.
	SpillDir string
	// Progress is told how many rows are swept so far, now and then, by one goroutine at a time; nil: nobody is.
	Progress func(rows int64)

	partitions int // power of two, for tests; 0: chosen from the number of entities
}

// Sweep evaluates one view for its rows: New, Add of every block, Run once, Close. Add may be called by several goroutines.
type Sweep struct {
	spec  *compiled
	rows  Rows
	opt   Options
	shift uint // local id = entity >> shift; partition = entity & (1<<shift - 1)

	scatterers sync.Pool

	mu      sync.Mutex
	parts   []*part // every block, in the order of its Add until Run sorts them by seq
	held    int64   // bytes of parts that are in memory
	free    []*part // memory of spilled parts
	spill   spill
	events  int64
	known   bool    // some block brings α beside τ
	hottest hottest // with a limit of memory

	slots map[int64]*slots // of an as-of view, by the delay of α behind τ, once it is pruned
}

// New prepares a sweep. The rows must stay unchanged until Run returns. The error says which cell cannot be evaluated.
func New(spec Spec, rows Rows, o Options) (*Sweep, error) {
	c, err := compile(spec, rows)
	if err != nil {
		return nil, err
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	n := o.partitions
	if n == 0 {
		n = partitions(rows.Entities)
	}
	s := &Sweep{spec: c, rows: rows, opt: o, shift: uint(bits.Len(uint(n)) - 1)}
	s.spill.dir = o.SpillDir
	s.scatterers.New = func() any { return &scatterer{} }
	return s, nil
}

// partitions chooses how many parts the entities fall into: few enough that scattering a block stays in the caches, many enough
// that a partition's events do too.
func partitions(entities int) int {
	n := 1
	for n < 2048 && (n*192 < entities || (n < 64 && n < entities)) {
		n *= 2
	}
	return n
}

func (s *Sweep) partitions() int { return 1 << s.shift }

// Add takes a copy of a block. seq is its place among the source's blocks, distinct, and decides alone how blocks follow each
// other. Add is safe for concurrent use and must not be called after Run.
func (s *Sweep) Add(seq int, b *Block) error {
	if err := s.spec.fits(b); err != nil {
		return err
	}
	s.mu.Lock()
	var p *part
	if n := len(s.free); n > 0 {
		p, s.free = s.free[n-1], s.free[:n-1]
	}
	s.mu.Unlock()
	if p == nil {
		p = &part{}
	}
	p.seq = seq
	p.fill(s, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = append(s.parts, p)
	s.held += p.size()
	s.events += int64(p.rows())
	s.known = s.known || b.From != nil || b.Arrival != nil
	if s.opt.Memory > 0 {
		s.hottest.tally(s, p)
	}
	if s.opt.Memory > 0 && s.held > s.opt.Memory/2 {
		return s.spillHeld()
	}
	return nil
}

// Run evaluates every row. It returns an error of class canceled where ctx ends first.
func (s *Sweep) Run(ctx context.Context) (*Result, error) {
	slices.SortFunc(s.parts, func(a, b *part) int { return cmp.Compare(a.seq, b.seq) })
	o, err := newOutput(s)
	if err != nil {
		return nil, err
	}
	if m := s.opt.Memory; m > 0 && s.held > 0 && s.held+o.bytes() > m {
		if err := s.spillHeld(); err != nil {
			return nil, err
		}
	}
	s.free = nil
	order := s.order()
	threads := min(s.opt.Threads, len(order))
	var next, done atomic.Int64
	var failed atomic.Bool
	var report sync.Mutex
	errs := make([]error, threads)
	var wg sync.WaitGroup
	for t := range threads {
		wg.Go(func() {
			w := newWorker(s, o)
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(order) {
					return
				}
				if errs[t] = w.partition(ctx, order[i]); errs[t] != nil {
					failed.Store(true)
					return
				}
				n := done.Add(int64(o.rowStart[order[i]+1] - o.rowStart[order[i]]))
				if s.opt.Progress != nil {
					report.Lock()
					s.opt.Progress(n)
					report.Unlock()
				}
			}
		})
	}
	wg.Wait()
	s.letGo()
	r, err := o.end(errs)
	if err != nil {
		return nil, err
	}
	r.Events, r.Spilled = s.events, s.spill.size
	if o.mapped != nil {
		r.Spilled += int64(o.mapped.used)
		o.mapped.release()
	}
	return r, nil
}

// giant is how many times the events of a partition on average make one a giant.
const giant = 4

// order returns the partitions, the one of rows without an entity included: giants first, the greatest before the others, as one that starts
// last would be waited for; then the rest as they stand in the blocks, so that what they leave is soon used again.
func (s *Sweep) order() []int {
	n := s.partitions()
	size := make([]int64, n+1)
	order := make([]int, n+1)
	for _, p := range s.parts {
		for i := range n {
			size[i] += int64(p.starts[i+1] - p.starts[i])
		}
	}
	for i := range order {
		order[i] = i
	}
	weight := func(p int) int64 {
		if size[p]*int64(n) > giant*s.events {
			return size[p]
		}
		return 0
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(a, b)) })
	return order
}

// worthCollecting is the memory of events, in bytes, from which on a sweep has it collected. A collection looks at everything that the
// process holds, which for a small sweep inside a server is far more than it lets go.
const worthCollecting = 64 << 20

// letGo lets the memory of the events go, and has much of it collected: what comes next takes as much, and new memory costs a fault a page,
// where a collection looks at a few slices.
func (s *Sweep) letGo() {
	s.parts, s.free = nil, nil
	if s.held+s.spill.size >= worthCollecting {
		runtime.GC()
	}
}

// Close removes the spill file and lets the memory go. It may be called at any time after New.
func (s *Sweep) Close() error {
	s.parts, s.free, s.slots = nil, nil, nil
	return s.spill.close()
}

func canceled(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "the sweep was stopped", Err: err}
	}
	return nil
}
