// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// approxCountDistinctFunc is approx_count_distinct(x): exact over the 64-bit hashes (xxh3 of the item's bytes) of up to 384 different values, and beyond
// estimated from 4096 registers, each the greatest run of zeros among the hashes that it gets. Which of the two it is follows from the set of the hashes
// alone, and so does the value: a semilattice.
//
// Encoding: byte 0, uvarint of how many hashes, and the hashes (8 bytes each), ascending; or byte 1 and the registers, a byte each.
var approxCountDistinctFunc = &Func{
	Name:    "approx_count_distinct",
	Class:   Lattice,
	Summary: "The number of different values of x: exact up to 384, beyond with a standard error of 1.6 %, in 4 KiB however many there are; nulls do not count.",
	Example: "approx_count_distinct(merchant_id) over 90d",
	Bind:    bindApproxDistinct,
}

const (
	mostHashes   = 384
	registerBits = 12
	registers    = 1 << registerBits
	mostRank     = 64 - registerBits + 1 // of a hash without a one after the bits of its register
)

func bindApproxDistinct(c CallSpec) (*Call, error) {
	if len(c.Args) != 1 || len(c.Consts) != 0 || !isScalar(c.Args[0]) {
		return nil, wrongArguments("approx_count_distinct", c, "write approx_count_distinct(x) of one scalar")
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Int64), Family: "approx_count_distinct",
		NewState: func() State { return &registerState{t: c.Args[0], keepNaN: c.KeepNaN} },
		NewKernel: func(members []*Call) Kernel {
			return newSlideKernel(members, func() running { return &registerSet{t: c.Args[0]} })
		},
	}, nil
}

// place returns the register of a hash and its rank there.
func place(h uint64) (register int, rank uint8) {
	return int(h >> (64 - registerBits)), uint8(bits.LeadingZeros64(h<<registerBits|1<<(registerBits-1)) + 1)
}

// estimate is the number of different hashes of which counts says how many registers have each rank: Ertl's improved estimator, which takes nothing but the
// counts, with + - * / and √.
func estimate(counts *[mostRank + 1]int32) int64 {
	m := float64(registers)
	z := m * topTerm(1-float64(counts[mostRank])/m)
	for rank := mostRank - 1; rank >= 1; rank-- {
		z = (z + float64(counts[rank])) * 0.5
	}
	z += float64(m * bottomTerm(float64(counts[0])/m))
	n := math.Round(0.7213475204444817 * m * m / z) // 1 / (2 ln 2)
	if n >= 1<<63 {
		return math.MaxInt64
	}
	return int64(n)
}

// bottomTerm is x + Σ x^(2^k) 2^(k-1) over k >= 1, +Inf for x = 1: the weight of the registers that nothing reached.
func bottomTerm(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for before := -1.0; z != before; {
		x *= x
		before = z
		z += float64(x * y)
		y += y
	}
	return z
}

// topTerm is (1 - x - Σ (1 - x^(2^-k))² 2^-k) / 3 over k >= 1: the weight of the full registers.
func topTerm(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for before := -1.0; z != before; {
		x = math.Sqrt(x)
		before = z
		y *= 0.5
		z -= float64((1 - x) * (1 - x) * y)
	}
	return z / 3
}

type registerState struct {
	t       selfsame.Type
	keepNaN bool
	hashes  []uint64 // ascending; of no use where there are registers
	ranks   *[registers]uint8
	buffer  []byte
}

func (s *registerState) Add(e *Event) {
	if !skipped(&e.Args[0], s.keepNaN) {
		s.buffer = appendItem(s.buffer[:0], s.t, itemOf(e.Args[0]))
		s.offer(xxh3.Hash(s.buffer))
	}
}

func (s *registerState) offer(h uint64) {
	if s.ranks != nil {
		s.raise(place(h))
		return
	}
	i, found := slices.BinarySearch(s.hashes, h)
	if found {
		return
	}
	if s.hashes = slices.Insert(s.hashes, i, h); len(s.hashes) > mostHashes {
		s.fill()
	}
}

// fill moves the hashes to registers.
func (s *registerState) fill() {
	s.ranks = &[registers]uint8{}
	for _, h := range s.hashes {
		s.raise(place(h))
	}
	s.hashes = nil
}

func (s *registerState) raise(register int, rank uint8) {
	s.ranks[register] = max(s.ranks[register], rank)
}

func (s *registerState) Merge(other State) {
	o := other.(*registerState)
	for _, h := range o.hashes {
		s.offer(h)
	}
	if o.ranks == nil {
		return
	}
	if s.ranks == nil {
		s.fill()
	}
	for register, rank := range o.ranks {
		s.raise(register, rank)
	}
}

func (s *registerState) AppendTo(b []byte) []byte {
	if s.ranks != nil {
		return append(append(b, 1), s.ranks[:]...)
	}
	b = exact.AppendUvarint(append(b, 0), uint64(len(s.hashes)))
	for _, h := range s.hashes {
		for shift := 56; shift >= 0; shift -= 8 {
			b = append(b, byte(h>>shift))
		}
	}
	return b
}

func (s *registerState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	var hashes []uint64
	var ranks *[registers]uint8
	if decodeFlag(d) {
		at := d.Offset()
		ranks = &[registers]uint8{}
		copy(ranks[:], d.Bytes(registers))
		if d.Err() == nil && slices.Max(ranks[:]) > mostRank {
			d.Corrupt(at, "a rank beyond those of 64 bits")
		}
	} else {
		for i, n := uint64(0), decodeHowMany(d, mostHashes, "hashes"); i < n && d.Err() == nil; i++ {
			at := d.Offset()
			h := d.Uint64()
			if d.Err() == nil && i > 0 && h <= hashes[i-1] {
				d.Corrupt(at, "hashes out of order")
			}
			hashes = append(hashes, h)
		}
	}
	if err := d.End(); err != nil {
		return err
	}
	s.hashes, s.ranks = hashes, ranks
	return nil
}

func (s *registerState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: int64(len(s.hashes))}
	if s.ranks != nil {
		var counts [mostRank + 1]int32
		for _, rank := range s.ranks {
			counts[rank]++
		}
		v.Int = estimate(&counts)
	}
	return v
}

// registerSet counts the events of each hash of a window; where the entity has more than mostHashes, for each register how many hashes have each rank too,
// so that a register goes down as well as up.
type registerSet struct {
	t      selfsame.Type
	values valueNumbers
	hashes []uint64 // of a value
	of     []int32  // of a value: the first value with its hash, which is itself unless hashes collide
	sorted []hashed
	window valueCounts // by first value
	dense  bool
	tower  []int32 // of register r and rank: hashes, at r * (mostRank + 1) + rank
	top    [registers]uint8
	counts [mostRank + 1]int32 // registers by their rank
	buffer []byte
}

// hashed is a hash and the first value that has it.
type hashed struct {
	hash  uint64
	value int32
}

func (s *registerSet) load(p *presence, ev *Events) {
	s.values.load(p, ev.Args[0])
	s.hashes, s.of, s.sorted = s.hashes[:0], s.of[:0], s.sorted[:0]
	s.hash(ev.Args[0])
	for v, h := range s.hashes {
		s.sorted = append(s.sorted, hashed{h, int32(v)})
	}
	slices.SortFunc(s.sorted, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.value, b.value)) })
	s.sorted = slices.CompactFunc(s.sorted, func(first, v hashed) bool {
		if first.hash == v.hash {
			s.of[v.value] = first.value
		}
		return first.hash == v.hash
	})
	s.dense = len(s.sorted) > mostHashes
	s.reset()
}

func (s *registerSet) resume(p *presence, ev *Events, from int) {
	kept := s.values.resume(p, ev.Args[0], from)
	if kept < len(s.hashes) {
		s.sorted = slices.DeleteFunc(s.sorted, func(h hashed) bool { return h.value >= int32(kept) })
	}
	s.hashes, s.of = s.hashes[:kept], s.of[:kept]
	s.hash(ev.Args[0])
	for v := kept; v < len(s.hashes); v++ {
		at, found := slices.BinarySearchFunc(s.sorted, s.hashes[v], func(h hashed, hash uint64) int { return cmp.Compare(h.hash, hash) })
		if found {
			s.of[v] = s.sorted[at].value
		} else {
			s.sorted = slices.Insert(s.sorted, at, hashed{s.hashes[v], int32(v)})
		}
	}
	s.window.grow(len(s.hashes))
	if !s.dense && len(s.sorted) > mostHashes {
		s.dense = true
		s.empty()
		for v, n := range s.window.counts {
			if n > 0 {
				s.enter(int32(v))
			}
		}
	}
}

func (s *registerSet) follow(with running) {
	o := with.(*registerSet)
	s.values, s.hashes, s.of, s.sorted, s.dense = o.values, o.hashes, o.of, o.sorted, o.dense
	s.window.grow(len(s.hashes))
}

func (s *registerSet) remembers() {}

// large: a tower takes most of a megabyte.
func (s *registerSet) large() bool { return s.dense }

// hash hashes the values that are new.
func (s *registerSet) hash(c *column.Column) {
	for v := len(s.hashes); v < s.values.different(); v++ {
		s.buffer = appendItem(s.buffer[:0], s.t, itemAt(c, int(s.values.firsts[v])))
		s.hashes, s.of = append(s.hashes, xxh3.Hash(s.buffer)), append(s.of, int32(v))
	}
}

func (s *registerSet) reset() {
	s.window.reset(len(s.hashes))
	if s.dense {
		s.empty()
	}
}

// empty empties the registers.
func (s *registerSet) empty() {
	s.tower = zeroed(s.tower, registers*(mostRank+1))
	s.top = [registers]uint8{}
	s.counts = [mostRank + 1]int32{0: registers}
}

func (s *registerSet) add(k int32) {
	v := s.of[s.values.of[k]]
	if s.window.add(v); s.dense && s.window.counts[v] == 1 {
		s.enter(v)
	}
}

// enter takes the hash of a value into its register.
func (s *registerSet) enter(v int32) {
	register, rank := place(s.hashes[v])
	s.tower[register*(mostRank+1)+int(rank)]++
	if rank > s.top[register] {
		s.turn(register, rank)
	}
}

func (s *registerSet) remove(k int32) {
	v := s.of[s.values.of[k]]
	if s.window.remove(v); !s.dense || s.window.counts[v] > 0 {
		return
	}
	register, rank := place(s.hashes[v])
	ranks := s.tower[register*(mostRank+1) : (register+1)*(mostRank+1)]
	if ranks[rank]--; rank == s.top[register] && ranks[rank] == 0 {
		for rank > 0 && ranks[rank] == 0 {
			rank--
		}
		s.turn(register, rank)
	}
}

// turn sets a register to a rank.
func (s *registerSet) turn(register int, rank uint8) {
	s.counts[s.top[register]]--
	s.top[register] = rank
	s.counts[rank]++
}

func (s *registerSet) appendValue(_ *Call, _ int64, out *column.Column) {
	n := s.window.different
	if n > mostHashes {
		n = estimate(&s.counts)
	}
	appendInt(out, n)
}
