// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package lineage

import (
	"slices"

	"selfsame"
	"selfsame/plan"
)

// Reads is what one planned feature reads itself. What its inputs read is theirs.
type Reads struct {
	Sources  []ColumnsOf  // of a stored view, in its order; none: on demand
	Features []string     // view.feature@1.1.0: on demand, and what a windowed view looks up
	Requests []ColumnRead // label or request columns
}

// ColumnsOf is the columns of one source that are read.
type ColumnsOf struct {
	Source  *selfsame.Source
	Columns []ColumnRead // in schema order
}

// ColumnRead is a column with what it is read for.
type ColumnRead struct {
	Name  string
	Type  selfsame.Type
	Roles []Role
}

// ReadsOf returns what an output of a plan reads.
func ReadsOf(p *plan.Plan, o *plan.Output) *Reads {
	s := p.Slots[o.Slot]
	r := &Reads{}
	if s.Use >= 0 {
		u := p.Uses[s.Use]
		for _, su := range u.Sources {
			r.Sources = append(r.Sources, ColumnsOf{su.Source, columnsOf(u, su, u.Features[s.Feature])})
			for _, i := range lookedUp(u, su, u.Features[s.Feature]) {
				r.feature(ReferenceOf(u.Lookup.Outputs[i].View.Name, u.Lookup.Outputs[i].Feature))
			}
		}
		for _, f := range ownFields(u, u.Features[s.Feature]) {
			r.request(f.Name, f.Type, RoleValue)
		}
		return r
	}
	for _, in := range p.OnDemand[s.OnDemand].Program.Slots() {
		r.input(p, p.Slots[in])
	}
	return r
}

// ownFields are the label or request columns that a windowed feature takes the row that asks from.
func ownFields(u *plan.Use, f *plan.Feature) []selfsame.Field {
	if u.Spec.AsOf {
		return nil
	}
	return u.AskedFields(f.Program.Slots())
}

// ReferenceOf is a feature of a view with its version, where it has one.
func ReferenceOf(view string, f *selfsame.Feature) string {
	name := view + "." + f.Name
	if f.Version != "" {
		name += "@" + f.Version
	}
	return name
}

// input notes one slot that an on-demand feature reads.
func (r *Reads) input(p *plan.Plan, s plan.Slot) {
	switch {
	case s.Column != "":
		r.request(s.Column, s.Type, RoleValue)
	case s.Use >= 0:
		u := p.Uses[s.Use]
		r.feature(ReferenceOf(u.View.Name, u.Features[s.Feature].Feature))
		for _, f := range keyColumns(p, u) {
			r.request(f.Name, f.Type, RoleKey)
		}
	default:
		f := p.OnDemand[s.OnDemand]
		r.feature(ReferenceOf(f.View.Name, f.Feature))
	}
}

func (r *Reads) feature(ref string) {
	if !slices.Contains(r.Features, ref) {
		r.Features = append(r.Features, ref)
	}
}

func (r *Reads) request(name string, t selfsame.Type, role Role) {
	for i := range r.Requests {
		if q := &r.Requests[i]; q.Name == name {
			q.Roles = sortRoles(append(q.Roles, role))
			return
		}
	}
	r.Requests = append(r.Requests, ColumnRead{name, t, []Role{role}})
}

// columnsOf returns what a feature reads of one source of its view. Rows of one time without an id and an order are told apart by all that they hold; that is
// not listed.
func columnsOf(u *plan.Use, s *plan.SourceUse, f *plan.Feature) []ColumnRead {
	c := &columns{source: s.Source, roles: make([][]Role, len(s.Source.Schema))}
	for _, key := range s.Key {
		c.slots(RoleKey, key.Slots())
	}
	if s.Where != nil {
		c.slots(RoleWhere, s.Where.Slots())
	}
	for _, i := range lookedUp(u, s, f) {
		c.declared(RoleKey, u.Lookup.KeyOf(i)...)
	}
	ordered := u.Spec.AsOf && !u.Spec.Static || len(s.Source.PrimaryKey) > 0
	for _, cell := range f.Program.Slots() {
		if u.Spec.AsOf {
			c.slots(RoleValue, s.Columns[cell].Slots())
			continue
		}
		ordered = ordered || u.Spec.Cells[cell].Call.NeedOrder || u.Spec.Cells[cell].Window.Kind == selfsame.LastRows
		for _, arg := range u.Spec.Cells[cell].Args {
			c.slots(RoleValue, s.Columns[arg].Slots())
		}
		if filter := u.Spec.Cells[cell].Filter; filter >= 0 {
			c.slots(RoleFilter, s.Columns[filter].Slots())
		}
	}
	c.declared(RoleEventTime, s.Source.EventTime)
	c.declared(RoleArrival, s.Source.Arrival)
	c.declared(RoleID, s.Source.ID)
	c.declared(RoleOperation, s.Source.Operation)
	c.declared(RolePrimaryKey, s.Source.PrimaryKey...)
	if ordered {
		c.declared(RoleOrder, s.Source.Order)
	}
	return c.list()
}

// keyColumns are the label or request columns that fill the key of a use.
func keyColumns(p *plan.Plan, u *plan.Use) []selfsame.Field {
	var out []selfsame.Field
	for _, name := range u.Key {
		for _, f := range p.Requests {
			if f.Name == name {
				out = append(out, f)
			}
		}
	}
	return out
}

// lookedUp are the outputs of the use's lookup that a feature reads through a source, each once.
func lookedUp(u *plan.Use, s *plan.SourceUse, f *plan.Feature) []int {
	if u.Lookup == nil {
		return nil
	}
	programs := append(slices.Clone(s.Key), s.Where)
	for _, cell := range f.Program.Slots() {
		for _, arg := range u.Spec.Cells[cell].Args {
			programs = append(programs, s.Columns[arg])
		}
		if filter := u.Spec.Cells[cell].Filter; filter >= 0 {
			programs = append(programs, s.Columns[filter])
		}
	}
	var out []int
	for _, p := range programs {
		out = append(out, s.LooksUp(p)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// columns collects roles by field of a schema.
type columns struct {
	source *selfsame.Source
	roles  [][]Role
}

// slots adds a role to the fields that a program reads; the slot after the last field is the source's name.
func (c *columns) slots(r Role, slots []int) {
	for _, i := range slots {
		if i < len(c.roles) {
			c.roles[i] = append(c.roles[i], r)
		}
	}
}

func (c *columns) declared(r Role, names ...string) {
	for i, f := range c.source.Schema {
		if f.Name != "" && slices.Contains(names, f.Name) {
			c.roles[i] = append(c.roles[i], r)
		}
	}
}

func (c *columns) list() []ColumnRead {
	var out []ColumnRead
	for i, f := range c.source.Schema {
		if len(c.roles[i]) > 0 {
			out = append(out, ColumnRead{f.Name, f.Type, sortRoles(c.roles[i])})
		}
	}
	return out
}

// Computed is a column that an output is computed from, itself or through the features that it reads.
type Computed struct {
	ColumnRead
	Source    string // empty: a label or request column
	Aggregate bool   // as a value it is aggregated over rows
	Same      bool   // as a value it is taken as it is
}

// ComputedFrom returns the columns that an output is computed from, in the order of sources as they are met and of their schemas; label and request columns
// come where they are met.
func ComputedFrom(p *plan.Plan, o *plan.Output) []Computed {
	c := &computed{plan: p, seen: map[int]bool{}}
	c.slot(o.Slot, true)
	return c.list
}

type computed struct {
	plan *plan.Plan
	list []Computed
	seen map[int]bool
}

// slot adds what a slot is computed from. outer: it is the output itself.
func (c *computed) slot(si int, outer bool) {
	if c.seen[si] {
		return
	}
	c.seen[si] = true
	s := c.plan.Slots[si]
	switch {
	case s.Column != "":
		c.add(Computed{ColumnRead: ColumnRead{s.Column, s.Type, []Role{RoleValue}}})
	case s.Use >= 0:
		u := c.plan.Uses[s.Use]
		f := u.Features[s.Feature]
		_, same := f.Program.Bare()
		for _, su := range u.Sources {
			for _, i := range lookedUp(u, su, f) {
				c.lookup(u.Lookup, i)
			}
			for _, col := range columnsOf(u, su, f) {
				c.add(Computed{ColumnRead: col, Source: su.Source.Name, Aggregate: !u.Spec.AsOf, Same: outer && same && u.Spec.AsOf})
			}
		}
		for _, f := range keyColumns(c.plan, u) {
			c.add(Computed{ColumnRead: ColumnRead{f.Name, f.Type, []Role{RoleKey}}})
		}
		for _, own := range ownFields(u, f) {
			c.add(Computed{ColumnRead: ColumnRead{own.Name, own.Type, []Role{RoleValue}}, Aggregate: true})
		}
	default:
		for _, in := range c.plan.OnDemand[s.OnDemand].Program.Slots() {
			c.slot(in, false)
		}
	}
}

// lookup adds the sources' columns that an output of a lookup is computed from: they are aggregated further.
func (c *computed) lookup(p *plan.Plan, output int) {
	inner := &computed{plan: p, seen: map[int]bool{}}
	inner.slot(p.Outputs[output].Slot, false)
	for _, one := range inner.list {
		if one.Source != "" { // its request columns are fields of the source that looks it up
			one.Aggregate = true
			c.add(one)
		}
	}
}

// add adds a column, or its roles to the one that is there.
func (c *computed) add(one Computed) {
	for i := range c.list {
		if have := &c.list[i]; have.Source == one.Source && have.Name == one.Name {
			have.Roles = sortRoles(append(have.Roles, one.Roles...))
			have.Aggregate, have.Same = have.Aggregate || one.Aggregate, have.Same && one.Same
			return
		}
	}
	one.Roles = slices.Clone(one.Roles)
	c.list = append(c.list, one)
}
