// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"

	"selfsame"
)

// Position is a place in a journal: a segment, and a byte offset in it. The zero Position is its beginning.
type Position struct {
	Segment int64
	Offset  int64
}

// String is the position as people and resumed audits write it.
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Segment, p.Offset) }

// ParsePosition is the inverse of String.
func ParsePosition(s string) (Position, error) {
	segment, offset, ok := strings.Cut(s, ":")
	n, err1 := strconv.ParseInt(segment, 10, 64)
	at, err2 := strconv.ParseInt(offset, 10, 64)
	if !ok || err1 != nil || err2 != nil || n < 0 || at < 0 {
		return Position{}, &selfsame.Error{Class: selfsame.ClassUsage, Ref: strconv.Quote(s), Message: "it is no position of a journal", Hint: "a position is SEGMENT:OFFSET, as reports print it"}
	}
	return Position{n, at}, nil
}

func (p Position) before(q Position) bool {
	return p.Segment < q.Segment || p.Segment == q.Segment && p.Offset < q.Offset
}

// Reader reads a journal, also beside its Writer. It is immutable.
type Reader struct{ dir string }

// NewReader returns a reader of the journal in dir. A folder that is not there is an empty journal.
func NewReader(dir string) *Reader { return &Reader{dir: dir} }

// Query says which records are wanted.
type Query struct {
	From         Position // records before it are left out
	Since, Until int64    // written in [Since, Until); both 0: whenever
	RequestID    string   // of this request; empty: of all
	Heads        bool     // of answers who asked, when, and how many rows: without given values, served ones and event times
}

// ErrStop, returned by visit, ends Read without an error.
var ErrStop = errors.New("stop")

// Read visits the wanted records in the order in which they were written and returns the position behind the last whole record that was
// looked at: a later Read from there goes on without gap or repetition. A record that visit stops at is looked at.
func (r *Reader) Read(ctx context.Context, q Query, visit func(*Record) error) (Position, error) {
	list, err := segments(r.dir)
	if err != nil {
		return q.From, err
	}
	next := q.From
	for i, s := range list {
		if s.number < q.From.Segment {
			continue
		}
		began, ok, err := created(s.path)
		if err != nil {
			return next, err
		}
		if !ok || q.Until != 0 && began >= q.Until {
			continue
		}
		if i+1 < len(list) && q.Since != 0 {
			if end, ok, err := created(list[i+1].path); err == nil && ok && end < q.Since {
				continue // every record is older
			}
		}
		if next.Segment < s.number {
			next = Position{s.number, int64(headerBytes)}
		}
		next, err = readSegment(ctx, s, q, visit)
		if errors.Is(err, ErrStop) {
			return next, nil
		}
		if err != nil {
			return next, err
		}
	}
	return next, nil
}

// Find returns the records of one request, oldest first. It looks at every segment.
func (r *Reader) Find(ctx context.Context, request string) ([]*Record, error) {
	var out []*Record
	_, err := r.Read(ctx, Query{RequestID: request}, func(rec *Record) error {
		out = append(out, rec)
		return nil
	})
	return out, err
}

// scanner reads the frames of a segment.
type scanner struct {
	path   string
	in     *bufio.Reader
	size   int64 // of the file when it was opened
	at     int64 // of the next frame
	buf    []byte
	shapes map[int]*Shape
	q      Query
}

// readSegment visits the wanted records of a segment.
func readSegment(ctx context.Context, s segment, q Query, visit func(*Record) error) (Position, error) {
	here := Position{s.number, int64(headerBytes)}
	f, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return here, nil // retention was faster
	}
	if err != nil {
		return here, fileError(s.path, "cannot be read", err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(int64(headerBytes), io.SeekStart)
	}
	if err != nil {
		return here, fileError(s.path, "cannot be read", err)
	}
	c := &scanner{path: s.path, in: bufio.NewReaderSize(f, 1<<20), size: size, at: int64(headerBytes), shapes: map[int]*Shape{}, q: q}
	for {
		if ctx.Err() != nil {
			return here, &selfsame.Error{Class: selfsame.ClassCanceled, Ref: "journal", Message: "it was not read to its end", Err: context.Cause(ctx)}
		}
		content, err := c.frame()
		if err != nil || content == nil {
			return here, err
		}
		start := Position{s.number, here.Offset}
		here.Offset = c.at
		rec, err := c.record(content, start)
		if err != nil {
			return start, err
		}
		if rec != nil {
			if err := visit(rec); err != nil {
				return here, err
			}
		}
	}
}

// frame returns the content of the next frame, nil at the end of what is whole.
func (c *scanner) frame() ([]byte, error) {
	var head [frameBytes]byte
	left := c.size - c.at
	if left < frameBytes {
		return nil, nil
	}
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return nil, fileError(c.path, "cannot be read", err)
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length != ^binary.LittleEndian.Uint32(head[4:]) || length == 0 {
		return nil, c.unsized(head == [frameBytes]byte{})
	}
	n := int64(length)
	if n > left-frameBytes {
		return nil, nil // torn
	}
	if int64(cap(c.buf)) < n {
		c.buf = make([]byte, n)
	}
	c.buf = c.buf[:n]
	if _, err := io.ReadFull(c.in, c.buf); err != nil {
		return nil, fileError(c.path, "cannot be read", err)
	}
	if crc32.Checksum(c.buf, castagnoli) != binary.LittleEndian.Uint32(head[8:]) {
		if c.at+frameBytes+n == c.size {
			return nil, nil // the last one, half on disk
		}
		return nil, damaged(c.path, c.at, "the record's checksum does not fit")
	}
	c.at += frameBytes + n
	return c.buf, nil
}

// unsized is about a frame whose length is none: nil where the rest of the segment is zeros, which a crash leaves of a file that had grown.
func (c *scanner) unsized(zero bool) error {
	for zero {
		b, err := c.in.ReadByte()
		if err == io.EOF {
			return nil
		}
		zero = err == nil && b == 0
	}
	return damaged(c.path, c.at, "a record's length is not one")
}

// record reads a content. It returns nil for a shape and for a record that is not wanted.
func (c *scanner) record(content []byte, at Position) (*Record, error) {
	d := &decoder{b: content}
	k := kind(d.byte())
	if k == shapeKind {
		number, s := d.shape()
		c.shapes[number] = s
		return nil, c.check(d, at)
	}
	rec := &Record{Position: at, Time: d.varint()}
	request := d.bytes()
	if d.err == nil && !c.wanted(rec, request) {
		return nil, nil
	}
	switch k {
	case servedKind:
		number := d.uvarint()
		s := &Served{RequestID: string(request)}
		if number < math.MaxInt32 {
			s.Shape = c.shapes[int(number)]
		}
		if s.Shape == nil {
			return nil, damaged(c.path, at.Offset, "the shape of a vector is missing")
		}
		d.served(s, c.q.Heads)
		rec.Served = s
	case predictionKind:
		rec.Prediction = &Prediction{RequestID: string(request)}
		d.prediction(rec.Prediction)
	case outcomeKind:
		rec.Outcome = &Outcome{RequestID: string(request)}
		d.outcome(rec.Outcome)
	default:
		return nil, damaged(c.path, at.Offset, "a record of unknown kind "+strconv.Itoa(int(k))+", which a newer version may know")
	}
	return rec, c.check(d, at)
}

func (c *scanner) wanted(rec *Record, request []byte) bool {
	q := &c.q
	switch {
	case rec.Position.before(q.From), q.RequestID != "" && string(request) != q.RequestID, rec.Time < q.Since && q.Since != 0:
		return false
	}
	return q.Until == 0 || rec.Time < q.Until
}

// check reports a content that did not read, or was not read to its end.
func (c *scanner) check(d *decoder, at Position) error {
	if d.err == nil && len(d.b) > 0 {
		d.fail()
	}
	if d.err != nil {
		return damaged(c.path, at.Offset, d.err.Error())
	}
	return nil
}
