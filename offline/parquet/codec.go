// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"sync"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/zstd"
)

// pageCodec is zstd that does not try for long what does not shrink: a page whose sample keeps most of its size is stored in a frame of
// raw blocks, which any zstd reader takes. Deviations and random keys are such pages. What it writes depends on the page alone.
type pageCodec struct {
	compress.Codec // reads, and does all that is not a page
	compress.StreamingCodec
}

func init() {
	zstdCodec, err := compress.GetCodec(compress.Codecs.Zstd)
	if err != nil {
		return
	}
	streaming, ok := zstdCodec.(compress.StreamingCodec)
	if !ok {
		return
	}
	compress.RegisterCodec(compress.Codecs.Zstd, pageCodec{zstdCodec, streaming})
}

const (
	sampleBytes = 16 << 10
	worthwhile  = 92 // a sample that keeps more than this many percent is not compressed
	rawBlock    = 128 << 10
)

var encoders = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false), zstd.WithAllLitEntropyCompression(true))
	if err != nil {
		return nil
	}
	return e
}}

// EncodeLevel compresses a page.
func (c pageCodec) EncodeLevel(dst, src []byte, level int) []byte {
	if level != 1 {
		return c.Codec.EncodeLevel(dst, src, level)
	}
	e, ok := encoders.Get().(*zstd.Encoder)
	if !ok {
		return c.Codec.EncodeLevel(dst, src, level)
	}
	defer encoders.Put(e)
	if n := len(src); n > 4*sampleBytes {
		dst = e.EncodeAll(src[n/2:n/2+sampleBytes], dst[:0])
		if len(dst)*100 > sampleBytes*worthwhile {
			return appendRaw(dst[:0], src)
		}
	}
	return e.EncodeAll(src, dst[:0])
}

// appendRaw appends a zstd frame (RFC 8878) of raw blocks.
func appendRaw(dst, src []byte) []byte {
	dst = append(dst, 0x28, 0xB5, 0x2F, 0xFD, 0xA0) // magic; single segment with a content size of 4 bytes
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(src)))
	for {
		n := min(len(src), rawBlock)
		header := uint32(n) << 3
		if n == len(src) {
			header |= 1 // the last
		}
		dst = append(dst, byte(header), byte(header>>8), byte(header>>16))
		dst = append(dst, src[:n]...)
		if src = src[n:]; len(src) == 0 {
			return dst
		}
	}
}
