// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package jsonl

import (
	"context"

	"selfsame"
	"selfsame/source"
)

// shape is what the values at one place of the objects look like.
type shape struct {
	bools, numbers, strings, lists, maps bool

	number, text source.Guess
	elem         *shape
}

// infer reads the file for its keys and their types. Malformed lines say nothing about types.
func (r *Reader) infer(ctx context.Context, l *lines) error {
	j := source.NewJSON(r.how, source.NewRows(r.how, r.path))
	places := map[string]int{}
	var shapes []*shape
	r.rows = 0
	for {
		if r.rows&0xffff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		ok, err := l.next()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		r.rows++
		if _, why := j.Skip(l.line); why != "" {
			continue
		}
		j.Members(l.line, func(key, value []byte) ([]byte, string) {
			i, ok := places[string(key)]
			if !ok {
				i = len(shapes)
				places[string(key)] = i
				shapes = append(shapes, &shape{})
				r.columns = append(r.columns, source.Column{Name: string(key)})
			}
			return shapes[i].see(j, value, r.how)
		})
	}
	for i, s := range shapes {
		r.columns[i].Type, r.columns[i].Reason = s.typ()
	}
	if r.columns == nil {
		r.columns = []source.Column{}
	}
	return nil
}

// see takes the value that b begins with into account and returns what follows it.
func (s *shape) see(j *source.JSON, b []byte, how *source.Reading) ([]byte, string) {
	b = j.Space(b)
	switch {
	case len(b) == 0 || b[0] == 'n':
		return j.Skip(b)
	case b[0] == '{':
		s.maps = true
		return j.Members(b, func(_, value []byte) ([]byte, string) { return s.below().see(j, value, how) })
	case b[0] == '[':
		s.lists = true
		return j.Items(b, func(value []byte) ([]byte, string) { return s.below().see(j, value, how) })
	case b[0] == '"':
		str, rest, why := j.String(b)
		s.strings = true
		s.text.See(str, how)
		return rest, why
	case b[0] == 't' || b[0] == 'f':
		s.bools = true
		return j.Skip(b)
	}
	rest, why := j.Skip(b)
	if why == "" {
		s.numbers = true
		s.number.See(b[:len(b)-len(rest)], how)
	}
	return rest, why
}

func (s *shape) below() *shape {
	if s.elem == nil {
		s.elem = &shape{}
	}
	return s.elem
}

// typ returns the type of the values, or why they have none.
func (s *shape) typ() (selfsame.Type, string) {
	kinds := 0
	for _, k := range []bool{s.bools, s.numbers, s.strings, s.lists, s.maps} {
		if k {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return selfsame.Type{}, ""
	case kinds > 1:
		return selfsame.Type{}, "holds values of several types"
	case s.bools:
		return selfsame.Scalar(selfsame.Bool), ""
	case s.numbers:
		if t := s.number.Type(); t.Kind == selfsame.Int64 || t.Kind == selfsame.Float64 {
			return t, ""
		}
		return selfsame.Type{}, "holds integers that neither int64 nor float64 holds exactly"
	case s.strings:
		if t := s.text.Type(); t.Kind == selfsame.Timestamp {
			return t, ""
		}
		return selfsame.Scalar(selfsame.String), ""
	}
	elem, why := s.below().typ()
	if why != "" {
		return selfsame.Type{}, why + " in its elements"
	}
	if elem.Kind == selfsame.Unknown {
		elem = selfsame.Scalar(selfsame.String)
	}
	if s.maps {
		return selfsame.MapOf(elem), ""
	}
	return selfsame.ListOf(elem), ""
}
