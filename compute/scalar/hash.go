// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"encoding/binary"
	"math"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// hashFunctions is the section hash of the reference.
var hashFunctions = []Function{
	{Name: "hash64", Group: "hash", Params: "x", Summary: "xxh3-64 (seed 0) of the canonical bytes of x, as int64: a string is its UTF-8 bytes, an int64 is 8 bytes big-endian.",
		Example: "hash64('')", Result: "3244421341483603138", Bind: bindHash},
	{Name: "bucket", Group: "hash", Params: "x, n", Summary: "hash64(x) modulo n, 0 to n-1: the same x is in the same bucket for ever. Null for n < 1.",
		Example: "bucket('a', 1)", Result: "0", Bind: bindBucket},
}

// canonical appends the canonical bytes of value i. A float64 is first made one of the values that are stored: +0 for -0, one NaN.
func canonical(b []byte, c *column.Column, i int) []byte {
	if c.Type.Kind != selfsame.Float64 {
		return c.AppendBare(b, i)
	}
	bits := math.Float64bits(c.Floats[i])
	switch x := c.Floats[i]; {
	case x == 0:
		bits = 0
	case x != x:
		bits = math.Float64bits(exact.NaN())
	}
	return binary.BigEndian.AppendUint64(b, bits)
}

func newHash(finish func(hash int64, args []*column.Column, i int) (int64, bool)) func() Eval {
	return func() Eval {
		var scratch []byte
		return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
			out.Resize(rows)
			for i := range rows {
				if skipped(skip, i) || args[0].Type.Kind == selfsame.Unknown {
					continue
				}
				var hash uint64
				if k := args[0].Type.Kind; k == selfsame.String || k == selfsame.Bytes {
					hash = xxh3.Hash(args[0].Str(i))
				} else {
					scratch = canonical(scratch[:0], args[0], i)
					hash = xxh3.Hash(scratch)
				}
				v, ok := finish(int64(hash), args, i)
				out.Ints[i] = v
				if !ok {
					setNull(out, skip, i)
				}
			}
		}
	}
}

func bindHash(args []Arg) (*Bound, error) {
	if len(args) != 1 {
		return nil, badArgument("hash64", "it takes one argument of any type, not %d", len(args))
	}
	return &Bound{Result: intType, NewEval: newHash(func(hash int64, _ []*column.Column, _ int) (int64, bool) { return hash, true })}, nil
}

func bindBucket(args []Arg) (*Bound, error) {
	if len(args) != 2 || !sameType(args[1].Type, intType) {
		return nil, badArgument("bucket", "it takes a value of any type and the number of buckets, an int64")
	}
	return &Bound{Result: intType, Args: takes(args[0].Type, intType), NewEval: newHash(func(hash int64, args []*column.Column, i int) (int64, bool) {
		n := args[1].Ints[i]
		if n < 1 {
			return 0, false
		}
		return floorMod(hash, n), true
	})}, nil
}
