// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"selfsame/column"
)

// OpenText opens a text file for reading from its start, unpacking .gz and .zst. Its read errors name the file.
func OpenText(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, InputError(path, "cannot be read", cause(err))
	}
	t := &textFile{path: path, file: f, r: f}
	switch name := strings.ToLower(path); {
	case strings.HasSuffix(name, ".gz"):
		t.r, err = gzip.NewReader(f)
	case strings.HasSuffix(name, ".zst"):
		var d *zstd.Decoder
		if d, err = zstd.NewReader(f, zstd.WithDecoderConcurrency(1)); err == nil {
			t.r, t.free = d, d.Close
		}
	}
	if err != nil {
		f.Close()
		return nil, InputError(path, "cannot be unpacked", eof(err))
	}
	return t, nil
}

type textFile struct {
	path string
	file *os.File
	r    io.Reader
	free func()
}

func (t *textFile) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil && err != io.EOF {
		err = InputError(t.path, "cannot be read", cause(eof(err)))
	}
	return n, err
}

func (t *textFile) Close() error {
	if t.free != nil {
		t.free()
	}
	return t.file.Close()
}

// eof says in words that a packed file ends early.
func eof(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the packed data ends too early")
	}
	return err
}

// MaxRecord is the greatest size of one row of text in bytes. A longer one is an error: mostly a quote that is not closed.
const MaxRecord = 64 << 20

// Window is a buffer over a text file: the part from the start of the current row on.
type Window struct {
	r    io.Reader
	path string
	buf  []byte
	at   int // start of what is not consumed
	end  int
	eof  bool
}

// NewWindow returns a window at the start of r. A byte order mark of UTF-8 is skipped; one of UTF-16 is an error.
func NewWindow(r io.Reader, path string) (*Window, error) {
	w := &Window{r: r, path: path, buf: make([]byte, 256<<10)}
	for w.end < 3 && !w.eof {
		if err := w.Fill(); err != nil {
			return nil, err
		}
	}
	head := w.Bytes()
	if len(head) >= 2 && (head[0] == 0xFF && head[1] == 0xFE || head[0] == 0xFE && head[1] == 0xFF) {
		e := InputError(path, "the file is UTF-16", nil)
		e.Hint = "convert it to UTF-8"
		return nil, e
	}
	if len(head) >= 3 && head[0] == 0xEF && head[1] == 0xBB && head[2] == 0xBF {
		w.Consume(3)
	}
	return w, nil
}

// Bytes is what is read and not consumed. It is valid until Fill.
func (w *Window) Bytes() []byte { return w.buf[w.at:w.end] }

// Done reports whether nothing more can be read.
func (w *Window) Done() bool { return w.eof }

// Consume moves the start of the window.
func (w *Window) Consume(n int) { w.at += n }

// Fill reads more. At the end of the file it sets Done.
func (w *Window) Fill() error {
	if w.at > 0 {
		w.end = copy(w.buf, w.buf[w.at:w.end])
		w.at = 0
	}
	if w.end == len(w.buf) {
		if w.end >= MaxRecord {
			e := InputError(w.path, "holds a row of more than 64 MiB", nil)
			e.Hint = "look for a quote that is not closed"
			return e
		}
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	n, err := w.r.Read(w.buf[w.end:])
	w.end += n
	if err == io.EOF {
		w.eof = true
		return nil
	}
	return err
}

// TruncateColumn drops the values of c from place n on.
func TruncateColumn(c *column.Column, n int) {
	if c.Len() <= n && len(c.Status) <= n {
		dropLoose(c)
		return
	}
	if c.Status != nil {
		c.Status = c.Status[:min(n, len(c.Status))]
	}
	switch {
	case c.Bools != nil && len(c.Bools) > n:
		c.Bools = c.Bools[:n]
	case c.Ints != nil && len(c.Ints) > n:
		c.Ints = c.Ints[:n]
	case c.Floats != nil && len(c.Floats) > n:
		c.Floats = c.Floats[:n]
	case c.Decimals != nil && len(c.Decimals) > n:
		c.Decimals = c.Decimals[:n]
	case len(c.Offsets) > n+1:
		c.Offsets = c.Offsets[:n+1]
	}
	dropLoose(c)
}

// dropLoose drops bytes and elements behind the last offset: those of a value that was not finished.
func dropLoose(c *column.Column) {
	if len(c.Offsets) == 0 {
		return
	}
	last := int(c.Offsets[len(c.Offsets)-1])
	if c.Elems == nil {
		c.Bytes = c.Bytes[:last]
		return
	}
	TruncateColumn(c.Elems, last)
	if c.Keys != nil {
		TruncateColumn(c.Keys, last)
	}
}
