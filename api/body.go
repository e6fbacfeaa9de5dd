// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"selfsame"
)

// freeBytes of each body are not counted against the bound that all share.
const freeBytes = 16 << 10

var unpackers sync.Pool // of *gzip.Reader

// receive reads the body of a request into x.body, unpacked. Memory grows with what has come, never with what is announced.
func (h *HTTP) receive(x *exchange, limit int64) error {
	x.body = x.body[:0]
	if x.r.ContentLength > limit {
		return bodyTooLarge(limit)
	}
	if x.r.ContentLength > 64<<10 || x.r.ContentLength < 0 {
		size := x.r.ContentLength
		if size < 0 {
			size = limit
		}
		if err := h.extend(x, h.o.HeaderTimeout+time.Duration(size/h.o.BodyBytesASec)*time.Second, h.o.Timeout); err != nil {
			return err
		}
	}
	counted := &counter{r: x.r.Body, n: &x.got}
	var body io.Reader = counted
	switch encoding := x.r.Header.Get("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
	case "gzip":
		packed, err := unpacker(counted)
		if err != nil {
			return unreadable(err, true)
		}
		defer unpackers.Put(packed)
		body = packed
	default:
		return usage("Content-Encoding", strconv.Quote(encoding)+" is not known", "send the body plain, or packed with gzip")
	}
	return h.fill(x, body, limit, body != io.Reader(counted))
}

// extend gives a request more time than the server does by itself: to be read, and then to be answered.
func (h *HTTP) extend(x *exchange, read, answer time.Duration) error {
	control, now := http.NewResponseController(x.w), time.Now()
	err := control.SetWriteDeadline(now.Add(read + answer + writeTime))
	if err == nil && read > 0 {
		err = control.SetReadDeadline(now.Add(read))
	}
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// writeTime is how long an answer may take to be written.
const writeTime = 30 * time.Second

// fill reads to the end of the body.
func (h *HTTP) fill(x *exchange, body io.Reader, limit int64, packed bool) error {
	for {
		if len(x.body) == cap(x.body) {
			more := max(len(x.body), 1024)
			if len(x.body) > 1<<20 {
				more = len(x.body) / 4
			}
			x.body = slices.Grow(x.body, more)
		}
		n, err := body.Read(x.body[len(x.body):cap(x.body)])
		x.body = x.body[:len(x.body)+n]
		if int64(len(x.body)) > limit {
			return bodyTooLarge(limit)
		}
		if over := int64(cap(x.body)) - freeBytes - x.taken; over > 0 {
			if !h.purse.take(over) {
				return errBodies
			}
			x.taken += over
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return unreadable(err, packed)
		}
	}
}

var errBodies = busy{&selfsame.Error{Class: selfsame.ClassResource, Message: "too many large requests are being received",
	Hint: "repeat it after a moment, or send smaller requests"}}

func bodyTooLarge(limit int64) error {
	return tooLarge("the body has more than "+strconv.FormatInt(limit, 10)+" bytes", "send it in several requests, or raise request.max_bytes")
}

// unreadable says why a body could not be read.
func unreadable(err error, packed bool) error {
	var bytesErr *http.MaxBytesError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &special{faultDeadline, &selfsame.Error{Class: selfsame.ClassCanceled, Message: "the body did not come in time", Hint: "send it faster, or in smaller parts"}}
	case errors.As(err, &bytesErr):
		return bodyTooLarge(bytesErr.Limit)
	case packed:
		return &selfsame.Error{Class: selfsame.ClassUsage, Message: "the body cannot be unpacked", Err: err}
	}
	return &selfsame.Error{Class: selfsame.ClassCanceled, Message: "the body ends too early", Err: err}
}

func unpacker(r io.Reader) (*gzip.Reader, error) {
	if z, ok := unpackers.Get().(*gzip.Reader); ok {
		return z, z.Reset(r)
	}
	return gzip.NewReader(r)
}

// counter counts what is read.
type counter struct {
	r io.Reader
	n *int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	*c.n += int64(n)
	return n, err
}
