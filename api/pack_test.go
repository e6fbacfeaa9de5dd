// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
	"selfsame/column"
)

// unpack reads Packed as a client does: a column each, nil for those that stay in columns.
func unpack(t *testing.T, p *v1.Packed, rows int) []*column.Column {
	t.Helper()
	var out []*column.Column
	ints, floats, lengths, data := p.Ints, p.Floats, p.Lengths, p.Data
	for i, name := range p.Type {
		typ, err := selfsame.ParseType(name)
		if err != nil {
			t.Fatal(err)
		}
		c := column.New(typ, rows)
		switch {
		case !packs(typ.Kind):
			out = append(out, nil)
			continue
		case typ.Kind == selfsame.Bool:
			for _, v := range ints[:rows] {
				c.Bools = append(c.Bools, v != 0)
			}
			ints = ints[rows:]
		case whole(typ.Kind):
			c.Ints, ints = append(c.Ints, ints[:rows]...), ints[rows:]
		case typ.Kind == selfsame.Float64:
			c.Floats, floats = append(c.Floats, floats[:rows]...), floats[rows:]
		default:
			for _, n := range lengths[:rows] {
				c.AppendBytes(data[:n])
				data = data[n:]
			}
			lengths = lengths[rows:]
		}
		for k := range rows {
			if p.Status != nil {
				c.SetStatus(k, selfsame.Status(p.Status[i*rows+k]))
			}
		}
		out = append(out, c)
	}
	if len(ints)+len(floats)+len(lengths)+len(data) > 0 {
		t.Errorf("values are left over: %d ints, %d floats, %d lengths, %d bytes", len(ints), len(floats), len(lengths), len(data))
	}
	return out
}

func TestPacked(t *testing.T) {
	s := &store{}
	client := v1.NewFeaturesClient(dial(t, s.options()))
	ask := &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Service{Service: "fraud"}, Form: v1.Form_PACKED, Expired: true, EventTimes: true}
	answer, err := client.GetFeatures(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	want := everyKind(&Question{EventTimes: true})
	got := unpack(t, answer.Packed, 2)
	rest := answer.Columns
	for i, w := range want.Columns {
		c := got[i]
		if c == nil {
			raw, err := proto.Marshal(&v1.Column{Type: answer.Packed.Type[i], Status: rest[0].Status, Lengths: rest[0].Lengths, Data: rest[0].Data,
				Elements: rest[0].Elements, Keys: rest[0].Keys})
			if err != nil {
				t.Fatal(err)
			}
			if _, c, err = readColumn(raw, 0); err != nil {
				t.Fatal(err)
			}
			rest = rest[1:]
		}
		for k := range 2 {
			g, x := fmt.Sprint(c.Value(k)), fmt.Sprint(w.Values.Value(k))
			if w.Values.StatusAt(k) == selfsame.Expired {
				g, x = fmt.Sprint(c.StatusAt(k), c.Ints[k]), fmt.Sprint(selfsame.Expired, w.Values.Ints[k])
			}
			if g != x || answer.Packed.Name[i] != w.Name {
				t.Errorf("column %s of type %s, row %d: got %s, want %s", w.Name, w.Values.Type, k, g, x)
			}
			at := selfsame.MinTime
			if w.EventTimes != nil {
				at = w.EventTimes[k]
			}
			if answer.Packed.EventTimes[2*i+k] != at {
				t.Errorf("column %s, row %d: got event time %d, want %d", w.Name, k, answer.Packed.EventTimes[2*i+k], at)
			}
		}
	}
	if len(rest) != 0 {
		t.Errorf("%d columns are left over", len(rest))
	}
	ask.Schema, ask.Expired, ask.EventTimes = answer.Schema, false, false
	again, err := client.GetFeatures(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if p := again.Packed; len(p.Name)+len(p.Type)+len(p.EventTimes)+len(again.Reference) != 0 || p.Ints[len(p.Ints)-2] != 0 {
		t.Errorf("a known schema, or an expired value that was not asked for, is told: %v", again)
	}
}
