// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"sync"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"selfsame/column"
)

// codec reads and writes the messages of gRPC: the large ones straight from and into columns, the others by their generated code.
type codec struct {
	buffers buffers
	writers sync.Pool // of *protoWriter
}

// Name is that of the codec that clients use.
func (c *codec) Name() string { return "proto" }

// The large messages. What cannot be read is kept as an error: gRPC would make a text of it.
type (
	questionMessage struct {
		asked asked
		limit int64
		rows  int
		bytes int64
		err   error
	}
	eventsMessage struct {
		source string
		rows   column.Batch
		bytes  int64
		err    error
	}
	// written is a message whose bytes are made already.
	written struct{ buf mem.BufferSlice }
)

// Marshal gives the bytes of a message; gRPC returns the buffer when they are sent.
func (c *codec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case *written:
		return m.buf, nil
	case proto.Message:
		b, err := proto.Marshal(m)
		return mem.BufferSlice{mem.SliceBuffer(b)}, err
	}
	return nil, fmt.Errorf("api: %T is no message", v)
}

// write runs a writer over a buffer of the pool.
func (c *codec) write(f func(*protoWriter)) *written {
	p, _ := c.writers.Get().(*protoWriter)
	if p == nil {
		p = &protoWriter{}
	}
	room := c.buffers.Get(0)
	p.out = (*room)[:0]
	f(p)
	*room = p.out
	p.out = nil
	c.writers.Put(p)
	return &written{mem.BufferSlice{mem.NewBuffer(room, &c.buffers)}}
}

// Unmarshal reads a message. The bytes belong to gRPC: what is kept is copied.
func (c *codec) Unmarshal(data mem.BufferSlice, v any) error {
	b := data.MaterializeToBuffer(&c.buffers)
	defer b.Free()
	raw := b.ReadOnlyData()
	switch m := v.(type) {
	case *questionMessage:
		m.bytes = int64(len(raw))
		if m.err = bodyTooLarge(m.limit); m.bytes <= m.limit {
			m.err = m.asked.parseProto(raw, m.rows)
		}
		return nil
	case *eventsMessage:
		m.bytes = int64(len(raw))
		m.err = m.parse(raw)
		return nil
	case proto.Message:
		return proto.Unmarshal(raw, m)
	}
	return fmt.Errorf("api: %T is no message", v)
}

// buffers is a pool of buffers of any size.
type buffers struct{ pool sync.Pool }

// Get returns a buffer of that length.
func (p *buffers) Get(n int) *[]byte {
	b, _ := p.pool.Get().(*[]byte)
	if b == nil {
		b = new([]byte)
	}
	if cap(*b) < n {
		*b = make([]byte, n)
	}
	*b = (*b)[:n]
	return b
}

// Put takes a buffer back.
func (p *buffers) Put(b *[]byte) {
	if cap(*b) <= keepBytes {
		p.pool.Put(b)
	}
}
