// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package aggregate

import (
	"cmp"
	"math"
	"slices"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/exact"
)

// approxPercentileFunc is approx_percentile(x, q): the nearest rank max(1, ⌈qn⌉) in a log-linear histogram of x as float64. A bucket is the sign, the
// exponent and the seven leading bits of the mantissa of a value; its middle is the answer, at most 2^-8 of the value away. What is below the least normal
// float64 counts as 0; the infinities and NaN have buckets of their own.
//
// Algebra: the group of maps from buckets to counts, under +. There are at most 2^19 buckets, so max_values does not bound it. Encoded: uvarint of how many
// buckets, then for each, ascending, its varint and its count as a uvarint.
var approxPercentileFunc = &Func{
	Name:    "approx_percentile",
	Class:   Group,
	Summary: "percentile_disc(x, q) with a relative error of at most 0.4 %, of any number of values: the middle of a bucket of a log-linear histogram, a float64.",
	Example: "approx_percentile(amount, 0.95) over 90d",
	Bind:    bindApproxPercentile,
}

func bindApproxPercentile(c CallSpec) (*Call, error) {
	takes := "write approx_percentile(x, 0.95) of an int64, float64 or decimal"
	if len(c.Args) != 1 || len(c.Consts) != 1 {
		return nil, wrongArguments("approx_percentile", c, takes)
	}
	switch c.Args[0].Kind {
	case selfsame.Int64, selfsame.Float64, selfsame.Decimal:
	default:
		return nil, wrongArguments("approx_percentile", c, takes)
	}
	q, err := parseQuantile("approx_percentile", c.Consts[0])
	if err != nil {
		return nil, err
	}
	return &Call{
		Result: selfsame.Scalar(selfsame.Float64), Family: "approx_percentile", quantile: q,
		NewState: func() State { return &histogramState{q: q, keepNaN: c.KeepNaN, counts: map[int64]int64{}} },
		NewKernel: func(members []*Call) Kernel {
			return newSlideKernel(members, func() running { return &histogramSet{} })
		},
	}, nil
}

const (
	bucketShift = 45                      // bits of the mantissa that a bucket does not tell apart
	leastBucket = 1 << (52 - bucketShift) // of normal numbers
	infBucket   = 2047 << (52 - bucketShift)
	nanBucket   = infBucket + 1<<(51-bucketShift)
)

// bucketOf returns the bucket of a number: of the same order, negated for negative ones, 0 for those below the normal ones.
func bucketOf(f float64) int64 {
	if f != f {
		return nanBucket
	}
	b := int64(math.Float64bits(math.Abs(f)) >> bucketShift)
	switch {
	case b < leastBucket:
		return 0
	case f < 0:
		return -b
	}
	return b
}

// bucketMiddle is the value that stands for a bucket.
func bucketMiddle(b int64) float64 {
	switch {
	case b == nanBucket:
		return exact.NaN()
	case b == 0:
		return 0
	case b < 0:
		return -bucketMiddle(-b)
	case b == infBucket:
		return math.Inf(1)
	}
	return math.Float64frombits(uint64(b)<<bucketShift | 1<<(bucketShift-1))
}

func isBucket(b int64) bool {
	if b < 0 {
		b = -b
		return b >= leastBucket && b <= infBucket
	}
	return b == 0 || b >= leastBucket && b <= infBucket || b == nanBucket
}

type histogramState struct {
	q       exact.Quantile
	keepNaN bool
	n       int64
	counts  map[int64]int64
}

func (s *histogramState) Add(e *Event) { s.move(e, 1) }

// Remove implements Inverter.
func (s *histogramState) Remove(e *Event) { s.move(e, -1) }

func (s *histogramState) move(e *Event, by int64) {
	if !skipped(&e.Args[0], s.keepNaN) {
		s.offer(bucketOf(numberOf(&e.Args[0])), by)
	}
}

func (s *histogramState) offer(b, by int64) {
	s.n += by
	s.counts[b] += by
	if s.counts[b] == 0 {
		delete(s.counts, b)
	}
}

func (s *histogramState) Merge(other State) {
	for b, n := range other.(*histogramState).counts { // sums do not depend on the order
		s.offer(b, n)
	}
}

func (s *histogramState) buckets() []int64 {
	all := make([]int64, 0, len(s.counts))
	for b := range s.counts { // sorted below
		all = append(all, b)
	}
	slices.Sort(all)
	return all
}

func (s *histogramState) AppendTo(b []byte) []byte {
	b = exact.AppendUvarint(b, uint64(len(s.counts)))
	for _, bucket := range s.buckets() {
		b = exact.AppendUvarint(exact.AppendVarint(b, bucket), uint64(s.counts[bucket]))
	}
	return b
}

func (s *histogramState) Decode(b []byte) error {
	d := exact.NewDecoder(b)
	counts := map[int64]int64{}
	n := int64(0)
	last := int64(math.MinInt64)
	for range d.Uvarint() {
		at := d.Offset()
		bucket := d.Varint()
		if d.Err() == nil && (!isBucket(bucket) || bucket <= last) {
			d.Corrupt(at, "a bucket that there is not, or out of order")
		}
		at = d.Offset()
		count := d.Uvarint()
		if d.Err() == nil && (count == 0 || count > 1<<40) {
			d.Corrupt(at, "a count that is none")
		}
		if d.Err() != nil {
			break
		}
		counts[bucket], last = int64(count), bucket
		n += int64(count)
	}
	if err := d.End(); err != nil {
		return err
	}
	s.counts, s.n = counts, n
	return nil
}

func (s *histogramState) Finish(int64) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Status: selfsame.Null}
	if s.n <= 0 {
		return v
	}
	left := int64(s.q.Rank(int(s.n)))
	for _, b := range s.buckets() {
		if left -= s.counts[b]; left <= 0 {
			v.Status, v.Float = selfsame.Present, bucketMiddle(b)
			break
		}
	}
	return v
}

// histogramSet counts the events of each bucket of a window. A value costs the buckets that the entity has, some hundreds where its values are alike.
type histogramSet struct {
	small
	of      []int32         // of event k: the number of its bucket
	numbers map[int64]int32 // of a bucket, in the order in which they were met
	sorted  []bucket
	window  valueCounts
	n       int
}

// bucket is a bucket and its number.
type bucket struct {
	place  int64
	number int32
}

func (s *histogramSet) load(p *presence, ev *Events) {
	s.numbers, s.sorted = map[int64]int32{}, s.sorted[:0]
	s.resume(p, ev, 0)
	s.reset()
}

func (s *histogramSet) resume(p *presence, ev *Events, from int) {
	s.of = regrow(s.of, p.n, from)
	c := ev.Args[0]
	for k := from; k < p.n; k++ {
		row := p.row(int32(k))
		var f float64
		switch c.Type.Kind {
		case selfsame.Float64:
			f = c.Floats[row]
		case selfsame.Decimal:
			f = exact.DecimalToFloat(c.Decimals[row], c.Type.Scale)
		default:
			f = float64(c.Ints[row])
		}
		s.of[k] = s.number(bucketOf(f))
	}
	s.window.grow(len(s.sorted))
}

func (s *histogramSet) follow(with running) {
	o := with.(*histogramSet)
	s.of, s.numbers, s.sorted = o.of, o.numbers, o.sorted
	s.window.grow(len(s.sorted))
}

func (s *histogramSet) remembers() {}

// number returns the number of a bucket.
func (s *histogramSet) number(place int64) int32 {
	n, known := s.numbers[place]
	if !known {
		n = int32(len(s.sorted))
		s.numbers[place] = n
		at, _ := slices.BinarySearchFunc(s.sorted, place, func(b bucket, place int64) int { return cmp.Compare(b.place, place) })
		s.sorted = slices.Insert(s.sorted, at, bucket{place, n})
	}
	return n
}

func (s *histogramSet) reset() {
	s.window.reset(len(s.sorted))
	s.n = 0
}

func (s *histogramSet) add(k int32) {
	s.window.add(s.of[k])
	s.n++
}

func (s *histogramSet) remove(k int32) {
	s.window.remove(s.of[k])
	s.n--
}

func (s *histogramSet) appendValue(c *Call, _ int64, out *column.Column) {
	if s.n == 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	left := int32(c.quantile.Rank(s.n))
	for _, b := range s.sorted {
		if left -= s.window.counts[b.number]; left <= 0 {
			appendFloat(out, bucketMiddle(b.place))
			return
		}
	}
}
