// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"encoding/binary"
	"fmt"

	"selfsame"
	wire "selfsame/api/selfsamev1"
	"selfsame/column"
)

// overGRPC asks over gRPC.
func (w *serverWorld) overGRPC(ctx context.Context, x *exchange) ([][]selfsame.Value, error) {
	q := &wire.GetFeaturesRequest{What: &wire.GetFeaturesRequest_Service{Service: w.c.Service}}
	if w.c.Service == "" {
		q.What = &wire.GetFeaturesRequest_Features{Features: &wire.References{Reference: w.c.Features}}
	}
	if x.past {
		q.At = &x.at
	}
	for k, f := range x.given.Fields {
		q.Rows = append(q.Rows, toWire(f, x.given.Columns[k], x.rows))
	}
	a, err := wire.NewFeaturesClient(w.grpc).GetFeatures(ctx, q)
	if err != nil {
		return nil, err
	}
	w.count("gRPC")
	if a.At != x.at {
		return nil, fmt.Errorf("the answer is of T = %s, want %s", formatTime(a.At), formatTime(x.at))
	}
	out := make([][]selfsame.Value, x.rows)
	for k, o := range w.plan.Outputs {
		values, err := fromWire(o.Type, a.Columns[k], x.rows)
		if err != nil {
			return nil, fmt.Errorf("output %s: %w", o.Name, err)
		}
		for i, v := range values {
			out[i] = append(out[i], v)
		}
	}
	return out, nil
}

func toWire(f selfsame.Field, c *column.Column, rows int) *wire.Column {
	out := &wire.Column{Name: f.Name, Type: f.Type.String()}
	for i := range rows {
		v := c.Value(i)
		status := wire.Status_PRESENT
		if v.Status != selfsame.Present {
			status = wire.Status_NULL
		}
		out.Status = append(out.Status, status)
		switch f.Type.Kind {
		case selfsame.String, selfsame.Bytes:
			out.Data, out.Lengths = append(out.Data, v.Str...), append(out.Lengths, uint32(len(v.Str)))
		case selfsame.List:
			out.Lengths = append(out.Lengths, uint32(len(v.Elems)))
		case selfsame.Float64:
			out.Floats = append(out.Floats, v.Float)
		case selfsame.Decimal:
			out.Data = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(out.Data, uint64(v.Dec.Hi)), v.Dec.Lo)
		default:
			out.Ints = append(out.Ints, v.Int)
		}
	}
	if f.Type.Kind == selfsame.List {
		out.Elements = toWire(selfsame.Field{Type: *f.Type.Elem}, c.Elems, c.Elems.Len())
	}
	return out
}

var wireStatus = map[wire.Status]selfsame.Status{wire.Status_NULL: selfsame.Null, wire.Status_NOT_FOUND: selfsame.NotFound, wire.Status_EXPIRED: selfsame.Expired,
	wire.Status_ERROR_OVERFLOW: selfsame.ErrorOverflow, wire.Status_ERROR_MAX_VALUES: selfsame.ErrorMaxValues, wire.Status_ERROR_LENGTH: selfsame.ErrorLength}

// fromWire reads the values of a column.
func fromWire(t selfsame.Type, c *wire.Column, rows int) ([]selfsame.Value, error) {
	if c == nil {
		return nil, fmt.Errorf("no column")
	}
	out := make([]selfsame.Value, rows)
	at, elements := 0, 0
	var list, keys []selfsame.Value
	if t.Kind == selfsame.List || t.Kind == selfsame.Map {
		total := 0
		for _, n := range c.Lengths {
			total += int(n)
		}
		var err error
		if list, err = fromWire(*t.Elem, c.Elements, total); err != nil {
			return nil, err
		}
		if t.Kind == selfsame.Map {
			if keys, err = fromWire(selfsame.Scalar(selfsame.String), c.Keys, total); err != nil {
				return nil, err
			}
		}
	}
	for i := range out {
		v := &out[i]
		v.Type = t
		if c.Status != nil {
			v.Status = wireStatus[c.Status[i]]
		}
		switch t.Kind {
		case selfsame.String, selfsame.Bytes:
			n := int(c.Lengths[i])
			v.Str = string(c.Data[at : at+n])
			at += n
		case selfsame.Float64:
			v.Float = c.Floats[i]
		case selfsame.Decimal:
			v.Dec = selfsame.Int128{Hi: int64(binary.BigEndian.Uint64(c.Data[at:])), Lo: binary.BigEndian.Uint64(c.Data[at+8:])}
			at += 16
		case selfsame.List, selfsame.Map:
			end := elements + int(c.Lengths[i])
			v.Elems = append([]selfsame.Value{}, list[elements:end]...)
			for _, k := range keys[min(elements, len(keys)):min(end, len(keys))] {
				v.Keys = append(v.Keys, k.Str)
			}
			elements = end
		default:
			v.Int = c.Ints[i]
		}
		if v.Status != selfsame.Present {
			*v = selfsame.Value{Type: t, Status: v.Status}
		}
	}
	return out, nil
}
