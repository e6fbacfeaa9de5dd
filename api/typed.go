// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
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
		for k, v := range object { // a map to a map
			e, err := element(f.MapValue(), v, nil)
			if err != nil {
				return err
			}
			m.Mutable(f).Map().Set(protoreflect.ValueOfString(k).MapKey(), e)
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
	switch v := from.(type) {
	case string:
		switch f.Kind() {
		case protoreflect.StringKind:
			return protoreflect.ValueOfString(v), nil
		case protoreflect.Int64Kind:
			if t, err := instant(v); err == nil {
				return protoreflect.ValueOfInt64(t), nil
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

func unlike(name protoreflect.FullName, from any) error {
	return fmt.Errorf("api: %s cannot hold %v", name, from)
}
