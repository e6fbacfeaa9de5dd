// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"
)

// TestPagesReadBack holds that another library's readers read what the codecs write, and that zstd stores noise raw and compresses
// everything else.
func TestPagesReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for name, theirs := range map[string]compress.Compression{"zstd": compress.Codecs.Zstd, "snappy": compress.Codecs.Snappy} {
		reader, err := compress.GetCodec(theirs)
		if err != nil {
			t.Fatal(err)
		}
		if codecs[name].id != int(theirs) {
			t.Errorf("%s is number %d, want %d", name, codecs[name].id, theirs)
		}
		for _, size := range []int{0, 1, 1000, 4 * sampleBytes, 4*sampleBytes + 1, rawBlock, 8*rawBlock - 1, 8 * rawBlock, 8*rawBlock + 1} {
			for _, noise := range []bool{false, true} {
				page := make([]byte, size)
				for i := range page {
					if noise {
						page[i] = byte(r.Uint32())
					} else {
						page[i] = byte(i / 100)
					}
				}
				got := codecs[name].append([]byte("before"), page)[len("before"):]
				back, err := compress.Decode(reader, make([]byte, size), got)
				if err != nil || !bytes.Equal(back, page) {
					t.Errorf("%s, %d bytes, noise %v: read back %d bytes, %v", name, size, noise, len(back), err)
				}
				if size > 4*sampleBytes && noise != (len(got) > size) {
					t.Errorf("%s, %d bytes, noise %v became %d", name, size, noise, len(got))
				}
			}
		}
	}
}

// TestPackedNumbers unpacks, a bit at a time, what the hybrid packs.
func TestPackedNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for width := 1; width <= 32; width++ {
		for _, n := range []int{1, 7, 8, 9, 64, 1001} {
			numbers := make([]uint32, n)
			for i := range numbers {
				numbers[i] = r.Uint32() >> (32 - width)
			}
			for _, numbers := range [][]uint32{numbers, make([]uint32, n)} {
				b := appendHybrid(nil, numbers, width)
				header, at := uint64(0), 0
				for shift := 0; ; shift += 7 {
					header |= uint64(b[at]&0x7f) << shift
					if at++; b[at-1] < 0x80 {
						break
					}
				}
				for i, want := range numbers {
					bit := i * width
					if header&1 == 0 {
						bit = 0 // one run
					}
					got := uint32(0)
					for k := range width {
						got |= uint32(b[at+(bit+k)/8]>>((bit+k)%8)&1) << k
					}
					if got != want {
						t.Fatalf("width %d, %d of %d numbers: got %d, want %d", width, i, n, got, want)
					}
				}
				size := (n + 7) / 8 * width
				if header&1 == 0 {
					size = (width + 7) / 8
				}
				if len(b) != at+size {
					t.Fatalf("width %d, %d numbers: %d bytes, want %d", width, n, len(b), at+size)
				}
			}
		}
	}
}
