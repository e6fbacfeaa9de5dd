// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"encoding/binary"

	"selfsame"
	"selfsame/column"
)

// Contents of frames. Every record but a shape begins with its time and its request, so that a reader can pass over those it does not want.

func appendShape(b []byte, number int, s *Shape) []byte {
	b = binary.AppendUvarint(append(b, byte(shapeKind)), uint64(number))
	b = binary.AppendVarint(appendText(b, s.Service), s.Version)
	b = binary.AppendUvarint(b, uint64(len(s.Given)))
	for _, f := range s.Given {
		b = appendType(appendText(b, f.Name), f.Type)
	}
	b = binary.AppendUvarint(b, uint64(len(s.Outputs)))
	for _, o := range s.Outputs {
		b = appendText(appendText(appendText(appendText(b, o.Name), o.Ref), o.Version), o.Hash)
		b = appendType(b, o.Type)
	}
	return b
}

func (d *decoder) shape() (int, *Shape) {
	number := d.uvarint()
	s := &Shape{Service: d.text(), Version: d.varint()}
	for range d.count() {
		s.Given = append(s.Given, selfsame.Field{Name: d.text(), Type: d.typ()})
	}
	for range d.count() {
		s.Outputs = append(s.Outputs, Output{Name: d.text(), Ref: d.text(), Version: d.text(), Hash: d.text(), Type: d.typ()})
	}
	return int(number), s
}

// head is what stands before the rest of a record.
func appendHead(b []byte, k kind, at int64, request string) []byte {
	return appendText(binary.AppendVarint(append(b, byte(k)), at), request)
}

// Bits of the flags of a served record.
const (
	staleFlag = 1 << iota
	timesFlag
	pastFlag
	variantFlag
	numbersFlag
)

// appendServed appends what follows the number of the shape.
func appendServed(b []byte, s *Served) []byte {
	flags := byte(0)
	if s.Stale {
		flags |= staleFlag
	}
	if s.EventTimes != nil {
		flags |= timesFlag
	}
	if s.Past {
		flags |= pastFlag
	}
	if s.Experiment != "" {
		flags |= variantFlag
	}
	if s.Numbers != nil {
		flags |= numbersFlag
	}
	b = binary.AppendVarint(append(b, flags), s.At)
	b = binary.AppendUvarint(appendText(b, s.Cut), uint64(s.Rows))
	if s.Experiment != "" {
		b = appendText(appendText(b, s.Experiment), s.Variant)
	}
	for _, n := range s.Numbers {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, c := range s.Given {
		b = appendColumn(b, c)
	}
	for _, c := range s.Values {
		b = appendColumn(b, c)
	}
	for i := range s.Values {
		if s.EventTimes == nil {
			break
		}
		b = binary.AppendUvarint(b, uint64(len(s.EventTimes[i])))
		for _, t := range s.EventTimes[i] {
			b = binary.AppendVarint(b, t-s.At) // wraps around at the ends
		}
	}
	return b
}

// served reads an answer; with heads it stops before the columns.
func (d *decoder) served(s *Served, heads bool) {
	flags := d.byte()
	if flags&^(staleFlag|timesFlag|pastFlag|variantFlag|numbersFlag) != 0 {
		d.fail()
	}
	s.Stale, s.Past = flags&staleFlag != 0, flags&pastFlag != 0
	s.At, s.Cut = d.varint(), d.text()
	rows := d.uvarint()
	if len(s.Shape.Given)+len(s.Shape.Outputs) > 0 && rows > uint64(len(d.b)) {
		d.fail()
	}
	if d.err != nil {
		return
	}
	s.Rows = int(rows)
	if flags&variantFlag != 0 {
		if s.Experiment, s.Variant = d.text(), d.text(); s.Experiment == "" {
			d.fail()
		}
	}
	if flags&numbersFlag != 0 && s.Rows == 0 {
		d.fail()
	}
	for range s.Rows {
		if flags&numbersFlag == 0 || d.err != nil {
			break
		}
		s.Numbers = append(s.Numbers, int(d.uvarint()))
	}
	if heads {
		d.b = nil
		return
	}
	columns := func(types int, typ func(i int) selfsame.Type) (out []*column.Column) {
		for i := range types {
			out = append(out, d.column(typ(i), s.Rows))
		}
		return out
	}
	s.Given = columns(len(s.Shape.Given), func(i int) selfsame.Type { return s.Shape.Given[i].Type })
	s.Values = columns(len(s.Shape.Outputs), func(i int) selfsame.Type { return s.Shape.Outputs[i].Type })
	for range s.Values {
		if flags&timesFlag == 0 {
			break
		}
		var times []int64
		for range d.count() {
			times = append(times, d.varint()+s.At)
		}
		if times != nil && len(times) != s.Rows {
			d.fail()
		}
		s.EventTimes = append(s.EventTimes, times)
	}
}

func appendPrediction(b []byte, p *Prediction) []byte {
	b = binary.AppendVarint(binary.AppendUvarint(b, uint64(p.Row)), p.At)
	return appendScalar(appendText(appendText(b, p.Model), p.ModelVersion), p.Score)
}

func (d *decoder) prediction(p *Prediction) {
	p.Row, p.At = int(d.uvarint()), d.varint()
	p.Model, p.ModelVersion, p.Score = d.text(), d.text(), d.scalar()
}

func appendOutcome(b []byte, o *Outcome) []byte {
	return appendScalar(binary.AppendVarint(binary.AppendUvarint(b, uint64(o.Row)), o.At), o.Label)
}

func (d *decoder) outcome(o *Outcome) {
	o.Row, o.At = int(d.uvarint()), d.varint()
	o.Label = d.scalar()
}
