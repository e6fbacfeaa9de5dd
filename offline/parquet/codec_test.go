// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package parquet

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/zstd"
)

// TestPagesReadBack holds that any zstd reader reads what the codec writes, and that noise is stored raw, everything else compressed.
func TestPagesReadBack(t *testing.T) {
	codec, err := compress.GetCodec(compress.Codecs.Zstd)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := codec.(pageCodec); !ok {
		t.Fatalf("pages go through %T", codec)
	}
	plain, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	r := rand.New(rand.NewPCG(1, 1))
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
			got := codec.EncodeLevel(nil, page, 1)
			back, err := plain.DecodeAll(got, nil)
			if err != nil || !bytes.Equal(back, page) {
				t.Errorf("%d bytes, noise %v: read back %d bytes, %v", size, noise, len(back), err)
			}
			if back, err = compress.Decode(codec, make([]byte, size), got); err != nil || !bytes.Equal(back, page) {
				t.Errorf("%d bytes, noise %v: the library reads back %d bytes, %v", size, noise, len(back), err)
			}
			if size > 4*sampleBytes && noise != (len(got) > size) {
				t.Errorf("%d bytes, noise %v became %d", size, noise, len(got))
			}
		}
	}
}
