// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"selfsame"
	"selfsame/column"
)

// TextFile is a text output: a File behind a buffer, packed where its name ends with .gz or .zst.
type TextFile struct {
	*File
	pack io.WriteCloser // nil: plain
	Buf  []byte         // appended to by the format; Flush writes it
}

// NewTextFile creates the temporary file for the target path.
func NewTextFile(path string) (*TextFile, error) {
	f, err := NewFile(path)
	if err != nil {
		return nil, err
	}
	t := &TextFile{File: f, Buf: make([]byte, 0, 1<<20)}
	switch {
	case strings.HasSuffix(path, ".gz"):
		t.pack = gzip.NewWriter(f)
	case strings.HasSuffix(path, ".zst"):
		if t.pack, err = zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1)); err != nil {
			f.Discard()
			return nil, err
		}
	}
	return t, nil
}

// Flush writes the buffer where it holds more than limit bytes.
func (t *TextFile) Flush(limit int) error {
	if len(t.Buf) <= limit {
		return nil
	}
	var w io.Writer = t.File
	if t.pack != nil {
		w = t.pack
	}
	_, err := w.Write(t.Buf)
	t.Buf = t.Buf[:0]
	return err
}

// Finish writes what is left and publishes the file.
func (t *TextFile) Finish() error {
	err := t.Flush(0)
	if err == nil && t.pack != nil {
		err = t.pack.Close()
	}
	if err != nil {
		t.Discard()
		return err
	}
	return t.Publish()
}

// AppendValue appends present value i of a column as its cast shows it: column.AppendText but for float32.
func AppendValue(b []byte, c *column.Column, i int, cast Cast) []byte {
	if cast == Float32 {
		if c.Type.Kind == selfsame.Int64 {
			return column.AppendFloat(b, float64(float32(c.Ints[i])), 32)
		}
		return column.AppendFloat(b, c.Floats[i], 32)
	}
	return column.AppendText(b, c, i)
}

// AppendJSON appends value i of a column as JSON, as its cast shows it.
func AppendJSON(b []byte, c *column.Column, i int, cast Cast) []byte {
	if cast == Float32 && c.StatusAt(i) == selfsame.Present {
		if v := c.Type.Kind; v == selfsame.Int64 || !math.IsNaN(c.Floats[i]) && !math.IsInf(c.Floats[i], 0) {
			return AppendValue(b, c, i, cast)
		}
	}
	return column.AppendJSON(b, c, i)
}

// CheckCasts returns the error of the first value of a batch that its cast cannot hold. first is the row of the batch's first row.
func CheckCasts(b *column.Batch, casts []Cast, first int64) error {
	for k, cast := range casts {
		if cast == NoCast {
			continue
		}
		c := b.Columns[k]
		for i := range b.Rows {
			if c.StatusAt(i) != selfsame.Present {
				continue
			}
			switch {
			case cast == Int32 && !FitsInt32(c.Ints[i]):
				return CastError(b.Fields[k].Name, first+int64(i), fmt.Sprint(c.Ints[i]), "int32")
			case cast == Float32 && c.Type.Kind == selfsame.Float64 && !FitsFloat32(c.Floats[i]):
				return CastError(b.Fields[k].Name, first+int64(i), fmt.Sprint(c.Floats[i]), "float32")
			}
		}
	}
	return nil
}
