// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
)

// typed fills a message with an answer, by the names of the keys that encoding/json writes. Keys that the message has not are left out; instants become microseconds.
func typed(found any, to proto.Message) error {
	b, err := json.Marshal(found)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var from any
	if err := d.Decode(&from); err != nil {
		return err
	}
	return fill(to.ProtoReflect(), from)
}

// fill fills a message with an object.
func fill(m protoreflect.Message, from any) error {
	object, ok := from.(map[string]any)
	if !ok {
		return unlike(m.Descriptor().FullName(), from)
	}
	fields := m.Descriptor().Fields()
	for name, v := range object { // each to a field of its own
		f := fields.ByName(protoreflect.Name(name))
		if f == nil || v == nil {
			continue
		}
		if err := field(m, f, v); err != nil {
			return err
		}
	}
	return nil
}

// field fills one field.
func field(m protoreflect.Message, f protoreflect.FieldDescriptor, from any) error {
	switch {
	case f.IsMap():
		object, ok := from.(map[string]any)
		if !ok {
			return unlike(f.FullName(), from)
		}
		to := m.Mutable(f).Map()
		for k, v := range object { // a map to a map
			e, err := element(f.MapValue(), v, to.NewValue)
			if err != nil {
				return err
			}
			to.Set(protoreflect.ValueOfString(k).MapKey(), e)
		}
	case f.IsList():
		items, ok := from.([]any)
		if !ok {
			return unlike(f.FullName(), from)
		}
		list := m.Mutable(f).List()
		for _, v := range items {
			e, err := element(f, v, list.NewElement)
			if err != nil {
				return err
			}
			list.Append(e)
		}
	default:
		e, err := element(f, from, func() protoreflect.Value { return m.NewField(f) })
		if err != nil {
			return err
		}
		m.Set(f, e)
	}
	return nil
}

// element is one value as a field holds it; fresh makes a message.
func element(f protoreflect.FieldDescriptor, from any, fresh func() protoreflect.Value) (protoreflect.Value, error) {
	if f.Kind() == protoreflect.MessageKind && f.Message().FullName() == datumName {
		return protoreflect.ValueOfMessage(datum(from).ProtoReflect()), nil
	}
	switch v := from.(type) {
	case string:
		switch f.Kind() {
		case protoreflect.StringKind:
			return protoreflect.ValueOfString(v), nil
		case protoreflect.Int64Kind:
			var t selfsame.Instant // the extremes of time too
			if t.UnmarshalText([]byte(v)) == nil {
				return protoreflect.ValueOfInt64(int64(t)), nil
			}
		}
	case bool:
		if f.Kind() == protoreflect.BoolKind {
			return protoreflect.ValueOfBool(v), nil
		}
	case json.Number:
		switch f.Kind() {
		case protoreflect.Int64Kind:
			n, err := v.Int64()
			return protoreflect.ValueOfInt64(n), err
		case protoreflect.DoubleKind:
			x, err := v.Float64()
			return protoreflect.ValueOfFloat64(x), err
		}
	case map[string]any:
		if f.Kind() == protoreflect.MessageKind {
			to := fresh()
			return to, fill(to.Message(), v)
		}
	}
	return protoreflect.Value{}, unlike(f.FullName(), from)
}

var datumName = (&v1.Datum{}).ProtoReflect().Descriptor().FullName()

// datum is a value of JSON as it is.
func datum(from any) *v1.Datum {
	switch v := from.(type) {
	case bool:
		return &v1.Datum{Kind: &v1.Datum_Boolean{Boolean: v}}
	case string:
		return &v1.Datum{Kind: &v1.Datum_Text{Text: v}}
	case json.Number:
		return number(v)
	case []any:
		list := &v1.DatumList{}
		for _, item := range v {
			list.Items = append(list.Items, datum(item))
		}
		return &v1.Datum{Kind: &v1.Datum_List{List: list}}
	case map[string]any:
		to := &v1.DatumMap{Entries: map[string]*v1.Datum{}}
		for name, item := range v { // a map to a map
			to.Entries[name] = datum(item)
		}
		return &v1.Datum{Kind: &v1.Datum_Object{Object: to}}
	}
	return &v1.Datum{}
}

// number is an integer or a float, as JSON writes it; one that neither holds is its text.
func number(v json.Number) *v1.Datum {
	if n, err := v.Int64(); err == nil && v != "-0" {
		return &v1.Datum{Kind: &v1.Datum_Integer{Integer: n}}
	}
	if x, err := v.Float64(); err == nil && (v == "-0" || strings.ContainsAny(v.String(), ".eE")) {
		return &v1.Datum{Kind: &v1.Datum_Number{Number: x}}
	}
	return &v1.Datum{Kind: &v1.Datum_Text{Text: v.String()}}
}

func unlike(name protoreflect.FullName, from any) error {
	return fmt.Errorf("api: %s cannot hold %v", name, from)
}
