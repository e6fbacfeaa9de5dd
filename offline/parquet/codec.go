// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// codec compresses pages. What it writes depends on the page alone.
type codec struct {
	id     int // as Parquet numbers it
	append func(dst, src []byte) []byte
}

var codecs = map[string]codec{
	"":       {6, appendZstd},
	"zstd":   {6, appendZstd},
	"snappy": {1, func(dst, src []byte) []byte { return append(dst, s2.EncodeSnappy(nil, src)...) }},
	"none":   {0, func(dst, src []byte) []byte { return append(dst, src...) }},
}

const (
	sampleBytes = 16 << 10
	worthwhile  = 70 // a sample that keeps more than this many percent is not compressed
	rawBlock    = 128 << 10
)

// zstdEncoder makes an encoder of one goroutine. Its options are right, so it has no error.
func zstdEncoder() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithZeroFrames(true),
		zstd.WithEncoderCRC(false), zstd.WithAllLitEntropyCompression(true))
	if err != nil {
		return nil
	}
	return e
}

var encoders = sync.Pool{New: zstdEncoder}

// appendZstd appends a zstd frame. It does not try for long what hardly shrinks: a page whose sample keeps most of its size goes into a
// frame of raw blocks, which any zstd reader takes. Averages, deviations and random keys are such pages.
func appendZstd(dst, src []byte) []byte {
	e, ok := encoders.Get().(*zstd.Encoder)
	if !ok {
		return appendRaw(dst, src)
	}
	defer encoders.Put(e)
	at := len(dst)
	if n := len(src); n > 4*sampleBytes {
		dst = e.EncodeAll(src[n/2:n/2+sampleBytes], dst)
		if (len(dst)-at)*100 > sampleBytes*worthwhile {
			return appendRaw(dst[:at], src)
		}
	}
	return e.EncodeAll(src, dst[:at])
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
