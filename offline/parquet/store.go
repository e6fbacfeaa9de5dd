// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"sync"
	"sync/atomic"

	"selfsame/offline"
)

// store holds encoded pages until the row group is written, in segments that are used again.
type store struct {
	segments [][]byte
	free     *freeSegments
}

const segmentBytes = 256 << 10

// freeSegments are the segments that no store holds.
type freeSegments struct {
	mu   sync.Mutex // guards list
	list [][]byte
}

func (f *freeSegments) take() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.list)
	if n == 0 {
		return make([]byte, 0, segmentBytes)
	}
	s := f.list[n-1]
	f.list = f.list[:n-1]
	return s[:0]
}

func (f *freeSegments) give(segments [][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range segments {
		if cap(s) == segmentBytes {
			f.list = append(f.list, s)
		}
	}
}

func (s *store) write(b []byte) {
	for len(b) > 0 {
		last := len(s.segments) - 1
		if last < 0 || len(s.segments[last]) == segmentBytes {
			s.segments = append(s.segments, s.free.take())
			last++
		}
		seg := s.segments[last]
		n := min(len(b), segmentBytes-len(seg))
		s.segments[last] = append(seg, b[:n]...)
		b = b[n:]
	}
}

// drain appends the segments to those of other stores. The store is empty then.
func (s *store) drain(to [][]byte) [][]byte {
	to = append(to, s.segments...)
	s.segments = s.segments[:0]
	return to
}

// flusher writes what is finished to the file, beside the encoding of what comes next. Its goroutine lives from newFlusher to end.
type flusher struct {
	out    *offline.File
	free   *freeSegments
	jobs   chan [][]byte
	done   chan struct{}
	failed atomic.Bool
	err    error // the first; to be read once done is closed, or failed is set
}

func newFlusher(out *offline.File, free *freeSegments) *flusher {
	f := &flusher{out: out, free: free, jobs: make(chan [][]byte, 1), done: make(chan struct{})}
	go f.run()
	return f
}

func (f *flusher) run() {
	defer close(f.done)
	for segments := range f.jobs {
		for _, s := range segments {
			if f.failed.Load() {
				break
			}
			if _, err := f.out.Write(s); err != nil {
				f.err = err
				f.failed.Store(true)
			}
		}
		f.free.give(segments)
	}
}

// write hands segments over, which belong to the flusher then. It returns the error of what was handed over before, as far as it is known.
func (f *flusher) write(segments [][]byte) error {
	f.jobs <- segments
	if f.failed.Load() {
		return f.err
	}
	return nil
}

// end waits until everything is written.
func (f *flusher) end() error {
	close(f.jobs)
	<-f.done
	return f.err
}
