// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"selfsame"
	"selfsame/column"
)

// protoFields walks over the fields of a message. v holds varints and fixed64, body the bytes of the others.
func protoFields(b []byte, field func(n protowire.Number, t protowire.Type, v uint64, body []byte) error) error {
	for len(b) > 0 {
		n, t, size := protowire.ConsumeTag(b)
		if size < 0 {
			return errMessage
		}
		b = b[size:]
		var v uint64
		var body []byte
		switch t {
		case protowire.VarintType:
			v, size = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			v, size = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			body, size = protowire.ConsumeBytes(b)
		default:
			size = protowire.ConsumeFieldValue(n, t, b)
		}
		if size < 0 {
			return errMessage
		}
		b = b[size:]
		if err := field(n, t, v, body); err != nil {
			return err
		}
	}
	return nil
}

var errMessage = usage("", "the message is not one of selfsame.proto", "")

// parseProto reads GetFeaturesRequest.
func (a *asked) parseProto(b []byte, maxRows int) error {
	g := &a.given.batch
	err := protoFields(b, func(n protowire.Number, t protowire.Type, v uint64, body []byte) error {
		switch n {
		case 1:
			a.q.Service = string(body)
		case 2:
			return protoFields(body, func(n protowire.Number, _ protowire.Type, _ uint64, ref []byte) error {
				if n == 1 {
					return a.refer(string(ref))
				}
				return nil
			})
		case 3:
			if a.q.Version = int64(v); a.q.Version < 0 {
				return usage("version", "is less than 0", "")
			}
		case 4:
			return protoColumn(g, body)
		case 5:
			a.at = int64(v)
			a.q.At = &a.at
		case 6:
			a.timing = v != 0
		case 7:
			a.q.EventTimes = v != 0
		case 8:
			a.q.Expired = v != 0
		case 9:
			a.q.RequestID = string(body)
		case 10:
			a.schema = string(body)
		case 11:
			a.q.EntityID = string(body)
		case 12:
			a.packed = v == 1
		case 13:
			a.q.FeatureVersion = string(body)
		}
		return nil
	})
	if err == nil {
		err = rowsOf(g)
	}
	if err == nil && g.Rows > maxRows {
		a.given.maxRow = maxRows
		err = a.given.tooMany()
	}
	return err
}

// rowsOf sets the number of rows of a batch to that of its columns, which must agree.
func rowsOf(g *column.Batch) error {
	for i, c := range g.Columns {
		n := c.Len()
		if i > 0 && n != g.Rows {
			return usage("column "+g.Fields[i].Name, "has "+strconv.Itoa(n)+" values, the column before has "+strconv.Itoa(g.Rows), "")
		}
		g.Rows = n
	}
	return nil
}

// protoValues is a column as it came: which of its fields are filled.
type protoValues struct {
	name, typ   string
	status      []selfsame.Status
	ints        []int64
	floats      []float64
	texts       []byte   // of values that stand by themselves, one behind the other,
	ends        []uint32 // and where they end, 0 first; nil: there are none
	lengths     []uint32
	data        []byte
	size        int // of the message
	elements    []byte
	keys        []byte
	hasInts     bool
	hasFloats   bool
	hasTexts    bool
	hasElements bool
}

// protoColumn adds a column of a message to a batch.
func protoColumn(g *column.Batch, b []byte) error {
	if len(g.Fields) >= maxColumns {
		return errColumns
	}
	name, c, err := readColumn(b, 0)
	if err != nil {
		return err
	}
	if name == "" {
		return usage("column "+strconv.Itoa(len(g.Fields)), "has no name", "")
	}
	if g.Index(name) >= 0 {
		return usage("column "+name, "is given twice", "")
	}
	g.Fields = append(g.Fields, selfsame.Field{Name: name, Type: c.Type})
	g.Columns = append(g.Columns, c)
	return nil
}

// readColumn reads a Column.
func readColumn(b []byte, depth int) (string, *column.Column, error) {
	if depth > 8 {
		return "", nil, usage("", "columns are nested too deep", "")
	}
	p := protoValues{size: len(b)}
	if err := protoFields(b, p.field); err != nil {
		return "", nil, err
	}
	c, err := p.column(depth)
	if err != nil {
		if e, ok := err.(*selfsame.Error); ok && p.name != "" && e.Ref == "" {
			e.Ref = "column " + p.name
		}
		return "", nil, err
	}
	return p.name, c, nil
}

// field takes one field of a Column. Numbers may be packed or not.
func (p *protoValues) field(n protowire.Number, t protowire.Type, v uint64, body []byte) error {
	switch n {
	case 1:
		p.name = string(body)
	case 2:
		p.typ = string(body)
	case 3:
		p.status = slices.Grow(p.status, valuesOf(t, body))
		return varints(t, v, body, func(v uint64) error {
			if v > uint64(selfsame.ErrorLength) {
				return usage("", "has a status that is none: "+strconv.FormatUint(v, 10), "")
			}
			p.status = append(p.status, selfsame.Status(v))
			return nil
		})
	case 4:
		p.hasInts = true
		p.ints = slices.Grow(p.ints, valuesOf(t, body))
		return varints(t, v, body, func(v uint64) error {
			p.ints = append(p.ints, protowire.DecodeZigZag(v))
			return nil
		})
	case 5:
		p.hasFloats = true
		if t == protowire.Fixed64Type {
			p.floats = append(p.floats, math.Float64frombits(v))
			return nil
		}
		if len(body)%8 != 0 {
			return errMessage
		}
		p.floats = slices.Grow(p.floats, len(body)/8)
		for ; len(body) > 0; body = body[8:] {
			p.floats = append(p.floats, math.Float64frombits(binary.LittleEndian.Uint64(body)))
		}
	case 6:
		p.hasTexts = true
		p.text(body)
	case 7:
		p.lengths = slices.Grow(p.lengths, valuesOf(t, body))
		return varints(t, v, body, func(v uint64) error {
			if v > math.MaxInt32 {
				return usage("", "has a length that is too great", "")
			}
			p.lengths = append(p.lengths, uint32(v))
			return nil
		})
	case 8:
		p.hasElements, p.elements = true, body
	case 9:
		p.keys = body
	case 11:
		p.hasTexts, p.data = true, body
	}
	return nil
}

// text adds a text that stands by itself. All texts have room in as many bytes as the message; mostly they are about as long as the first.
func (p *protoValues) text(body []byte) {
	if p.ends == nil {
		const head = 2 // tag and length, at least
		p.texts, p.ends = make([]byte, 0, p.size), make([]uint32, 1, 2+p.size/(len(body)+head))
	}
	p.texts = append(p.texts, body...)
	p.ends = append(p.ends, uint32(len(p.texts)))
}

// valuesOf is how many numbers a field holds, packed or not.
func valuesOf(t protowire.Type, body []byte) int {
	if t == protowire.VarintType {
		return 1
	}
	n := 0
	for _, b := range body { // each ends with a byte below 128
		n += 1 - int(b>>7)
	}
	return n
}

func varints(t protowire.Type, v uint64, body []byte, take func(uint64) error) error {
	if t == protowire.VarintType {
		return take(v)
	}
	for len(body) > 0 {
		v, n := protowire.ConsumeVarint(body)
		if n < 0 {
			return errMessage
		}
		body = body[n:]
		if err := take(v); err != nil {
			return err
		}
	}
	return nil
}

// kind is the type that the message names, or the one that its filled field says.
func (p *protoValues) kind() (selfsame.Type, error) {
	if len(p.typ) > 200 {
		return selfsame.Type{}, usage("", "names a type of more than 200 letters", "")
	}
	if p.typ != "" {
		t, err := selfsame.ParseType(p.typ)
		if err != nil {
			return t, usage("", err.Error(), "")
		}
		return t, nil
	}
	switch {
	case p.hasInts:
		return selfsame.Scalar(selfsame.Int64), nil
	case p.hasFloats:
		return selfsame.Scalar(selfsame.Float64), nil
	case p.hasElements:
		return selfsame.Type{Kind: selfsame.List}, nil
	case p.hasTexts, p.lengths != nil:
		return selfsame.Scalar(selfsame.String), nil
	}
	return selfsame.Type{}, nil
}

// column builds the column.
func (p *protoValues) column(depth int) (*column.Column, error) {
	t, err := p.kind()
	if err != nil {
		return nil, err
	}
	c := &column.Column{Type: t}
	switch t.Kind {
	case selfsame.Bool:
		c.Bools = make([]bool, len(p.ints))
		for i, v := range p.ints {
			c.Bools[i] = v != 0
		}
	case selfsame.Int64, selfsame.Timestamp, selfsame.Date:
		c.Ints = p.ints
	case selfsame.Float64:
		c.Floats = p.floats
	case selfsame.Decimal:
		if len(p.data)%16 != 0 {
			return nil, usage("", "has decimals that are not 16 bytes each", "")
		}
		for b := p.data; len(b) > 0; b = b[16:] {
			c.Decimals = append(c.Decimals, selfsame.Int128{Hi: int64(binary.BigEndian.Uint64(b)), Lo: binary.BigEndian.Uint64(b[8:])})
		}
	case selfsame.String, selfsame.Bytes:
		err = p.textual(c)
	case selfsame.List, selfsame.Map:
		err = p.nested(c, depth)
	case selfsame.Unknown:
		c.Status = p.status
		for i := range c.Status {
			c.Status[i] = max(c.Status[i], selfsame.Null)
		}
		return c, nil
	}
	if err == nil && p.status != nil {
		if len(p.status) != c.Len() {
			err = usage("", "has "+strconv.Itoa(len(p.status))+" statuses and "+strconv.Itoa(c.Len())+" values", "leave a slot for each value that is not there")
		}
		c.Status = p.status
	}
	return c, err
}

func (p *protoValues) textual(c *column.Column) error {
	if p.ends != nil {
		c.Bytes, c.Offsets = p.texts, p.ends
		return nil
	}
	c.Offsets = make([]uint32, 1, 1+len(p.lengths))
	c.Bytes = append([]byte(nil), p.data...)
	return p.offsets(c, len(c.Bytes))
}

// offsets turns lengths into offsets, which must end at n.
func (p *protoValues) offsets(c *column.Column, n int) error {
	end := uint64(0)
	for _, l := range p.lengths {
		if end += uint64(l); end > uint64(n) {
			break
		}
		c.Offsets = append(c.Offsets, uint32(end))
	}
	if end != uint64(n) {
		return usage("", "has lengths that do not sum up to its values", "")
	}
	return nil
}

func (p *protoValues) nested(c *column.Column, depth int) error {
	var err error
	if _, c.Elems, err = readColumn(p.elements, depth+1); err != nil {
		return err
	}
	if c.Type.Elem != nil && c.Elems.Type.Kind == selfsame.Unknown && c.Elems.Len() == 0 {
		c.Elems = column.New(*c.Type.Elem, 0)
	}
	if c.Type.Elem != nil && !c.Type.Elem.Equal(c.Elems.Type) && c.Elems.Type.Kind != selfsame.Unknown {
		return usage("", "says "+c.Type.String()+" and holds elements of "+c.Elems.Type.String(), "")
	}
	elem := c.Elems.Type
	c.Type = selfsame.Type{Kind: c.Type.Kind, Elem: &elem}
	if c.Type.Kind == selfsame.Map {
		if _, c.Keys, err = readColumn(p.keys, depth+1); err != nil {
			return err
		}
		if c.Keys.Type.Kind == selfsame.Unknown && c.Keys.Len() == 0 {
			c.Keys = column.New(selfsame.Scalar(selfsame.String), 0)
		}
		if c.Keys.Type.Kind != selfsame.String || c.Keys.Status != nil || c.Keys.Len() != c.Elems.Len() {
			return usage("", "has keys that are not one string for each element", "")
		}
	}
	c.Offsets = make([]uint32, 1, 1+len(p.lengths))
	return p.offsets(c, c.Elems.Len())
}
