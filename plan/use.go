// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"slices"

	"selfsame"
	"selfsame/compute/aggregate"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
)

// DefaultMaxValues bounds the values that an exact holistic aggregate holds in one window.
const DefaultMaxValues = 100_000

// SourceColumn is the name by which expressions read the name of the source that a row comes from.
const SourceColumn = "_source"

// newUse begins a use of a stored view.
func (b *builder) newUse(l located) (*Use, error) {
	v := l.view
	u := &Use{View: v, Entity: l.project.Entity(v.Entity), lookups: lookups{project: l.project}}
	for i, name := range v.Source {
		u.Sources = append(u.Sources, &SourceUse{Source: b.source(l.project.Source(name)), Place: i})
	}
	u.Spec = pit.Spec{Name: v.Name, AsOf: v.Kind == selfsame.AsOfView, TTL: v.TTL.Or(-1), Closed: v.Closed,
		Static: u.Sources[0].Source.EventTime == ""}
	u.Spec.NeedOrder = u.Spec.AsOf && !u.Spec.Static
	for _, s := range u.Sources {
		if o := s.Source.Order; o != "" && u.Spec.OrderType.Kind == selfsame.Unknown {
			u.Spec.OrderType = fieldType(s.Source, o)
		}
	}
	var err error
	if v.Season != nil {
		u.Entity, err = seasonEntity(u.Entity, *v.Season)
	}
	return u, err
}

// source returns the one of all sources with the rows of s that stands for them in the plan.
func (b *builder) source(s *selfsame.Source) *selfsame.Source {
	text := rowsOf(s)
	if have := b.sources[text]; have != nil {
		return have
	}
	b.sources[text] = s
	return s
}

func fieldType(s *selfsame.Source, name string) selfsame.Type {
	for _, f := range s.Schema {
		if f.Name == name {
			return f.Type
		}
	}
	return selfsame.Type{}
}

func (u *Use) keepNaN() bool {
	return slices.ContainsFunc(u.Sources, func(s *SourceUse) bool { return s.Source.KeepNaN })
}

// scope types the names of source s inside this use.
func (u *Use) scope(s *selfsame.Source) expr.Scope {
	return expr.Scope{KeepNaN: s.KeepNaN, Column: func(r *expr.Ref) (int, selfsame.Type, error) {
		if len(r.Parts) == 1 && r.Parts[0] == SourceColumn {
			return len(s.Schema), selfsame.Scalar(selfsame.String), nil
		}
		for i, f := range s.Schema {
			if len(r.Parts) == 1 && f.Name == r.Parts[0] && u.agree(f) {
				return i, f.Type, nil
			}
		}
		if len(r.Parts) == 2 && !u.Spec.AsOf {
			return u.lookUp(s, r)
		}
		return 0, selfsame.Type{}, notFound(expr.Print(r), "field of source "+s.Name, r.Pos(), fieldNames(s.Schema))
	}}
}

// agree reports whether every source of the use has the field with its type.
func (u *Use) agree(f selfsame.Field) bool {
	return !slices.ContainsFunc(u.Sources, func(s *SourceUse) bool { return !fieldType(s.Source, f.Name).Equal(f.Type) })
}

// compileSources makes the key and where programs.
func (u *Use) compileSources() error {
	for _, s := range u.Sources {
		if u.Entity != nil {
			for _, k := range u.Entity.Key {
				prog, err := compileText(u.keyExpr(k.Name, s.Source), u.scope(s.Source))
				if err != nil {
					return err
				}
				s.Key = append(s.Key, prog)
			}
		}
		if u.View.Where != nil {
			prog, err := compileText(*u.View.Where, u.scope(s.Source))
			if err != nil {
				return err
			}
			s.Where = prog
		}
	}
	return nil
}

func compileText(e selfsame.Expr, scope expr.Scope) (*expr.Program, error) {
	n, err := expr.Parse(e)
	if err != nil {
		return nil, err
	}
	return expr.Compile(n, scope)
}

// compile types a feature and adds the cells or columns that it reads.
func (u *Use) compile(f *selfsame.Feature) (*expr.Program, error) {
	n, err := expr.Parse(f.Value)
	if err != nil {
		return nil, err
	}
	scope := expr.Scope{Now: true, KeepNaN: u.keepNaN()}
	if u.Spec.AsOf {
		scope.Column = func(r *expr.Ref) (int, selfsame.Type, error) { return u.column(r) }
	} else {
		scope.Aggregate = u.cell
	}
	return expr.Compile(n, scope)
}

// column returns the event column that holds n, evaluated over the rows of every source.
func (u *Use) column(n expr.Node) (int, selfsame.Type, error) {
	text := expr.Print(n)
	for i, c := range u.columnTexts {
		if c == text {
			return i, u.Spec.Columns[i], nil
		}
	}
	var t selfsame.Type
	for i, s := range u.Sources {
		prog, err := expr.Compile(n, u.scope(s.Source))
		if err != nil {
			return 0, t, err
		}
		if i > 0 && !prog.Type().Equal(t) {
			return 0, t, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: n.Pos(), Ref: text,
				Message: fmt.Sprintf("the sources give it different types: %s and %s", t, prog.Type())}
		}
		t = prog.Type()
		s.Columns = append(s.Columns, prog)
	}
	u.columnTexts = append(u.columnTexts, text)
	u.Spec.Columns = append(u.Spec.Columns, t)
	return len(u.Spec.Columns) - 1, t, nil
}

// needRow gives an as-of use whose features read no column one that tells whether there is a row: without a row no value is present.
func (u *Use) needRow() error {
	if !u.Spec.AsOf || len(u.Spec.Columns) > 0 {
		return nil
	}
	n, err := expr.Parse(selfsame.Expr{Text: "true", Pos: u.View.Pos})
	if err != nil {
		return err
	}
	_, _, err = u.column(n)
	return err
}

func (u *Use) maxValues() int64 {
	if u.View.MaxValues == 0 {
		return DefaultMaxValues
	}
	return u.View.MaxValues
}

// cell returns the cell that holds aggregate call a.
func (u *Use) cell(a *expr.Aggregate) (int, selfsame.Type, error) {
	text := callText(a)
	for i, c := range u.cellTexts {
		if c == text {
			return i, u.Spec.Cells[i].Call.Result, nil
		}
	}
	cell := pit.Cell{Filter: -1}
	spec, varying := CallSpec(a)
	spec.KeepNaN, spec.MaxValues = u.keepNaN(), u.maxValues()
	for _, arg := range varying {
		c, t, err := u.column(arg)
		if err != nil {
			return 0, t, err
		}
		cell.Args, spec.Args = append(cell.Args, c), append(spec.Args, t)
	}
	if a.Filter != nil {
		c, t, err := u.column(a.Filter)
		if err != nil {
			return 0, t, err
		}
		cell.Filter = c
	}
	if len(a.Over) > 0 {
		cell.Window = a.Over[0]
	}
	call, err := bindCall(a, spec)
	if err != nil {
		return 0, selfsame.Type{}, err
	}
	cell.Call = call
	// A limit of rows may fall between events of one τ.
	u.Spec.NeedOrder = u.Spec.NeedOrder || call.NeedOrder || cell.Window.Kind == selfsame.LastRows
	u.cellTexts = append(u.cellTexts, text)
	u.Spec.Cells = append(u.Spec.Cells, cell)
	return len(u.Spec.Cells) - 1, call.Result, nil
}

// CallSpec returns a call as package aggregate takes it, all but the types of its arguments, the bound and the policy of NaN, and beside it the
// arguments that are evaluated for each event. An argument behind the first is a constant where its value is known.
func CallSpec(a *expr.Aggregate) (spec aggregate.CallSpec, varying []expr.Node) {
	spec = aggregate.CallSpec{Distinct: a.Distinct, Star: a.Star, RespectNulls: a.RespectNulls, HalfLife: a.HalfLife, Step: a.Step}
	for i, arg := range a.Args {
		v, constant := expr.Constant(arg)
		if constant && i > 0 {
			spec.Consts = append(spec.Consts, v)
			continue
		}
		spec.Constant = spec.Constant || constant
		varying = append(varying, arg)
	}
	return spec, varying
}

// callText is the canonical text of a call with its one window: equal windows are written alike, 24h as 1d.
func callText(a *expr.Aggregate) string {
	one := *a
	if len(a.Over) > 0 {
		one.OverText, one.List = []string{expr.WindowText(a.Over[0])}, false
	}
	return expr.Print(&one)
}

func bindCall(a *expr.Aggregate, spec aggregate.CallSpec) (*aggregate.Call, error) {
	f := aggregate.Lookup(a.Func)
	if f == nil {
		e := &selfsame.Error{Class: selfsame.ClassDefinition, Pos: a.Pos(), Ref: a.Func, Message: "no such aggregate"}
		if hint, ok := aggregate.Refused(a.Func); ok {
			e.Message, e.Hint = "this aggregate is refused", hint
		}
		return nil, e
	}
	call, err := aggregate.Bind(f, spec)
	if err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: a.Pos(), Ref: expr.Print(a), Err: err}
	}
	return call, nil
}

// collectFields notes which fields of each source are read.
func (u *Use) collectFields() {
	for _, s := range u.Sources {
		need := map[string]bool{}
		add := func(p *expr.Program) {
			if p == nil {
				return
			}
			for _, slot := range p.Slots() {
				if slot < len(s.Source.Schema) {
					need[s.Source.Schema[slot].Name] = true
				}
				s.Named = s.Named || slot == len(s.Source.Schema)
			}
		}
		for _, p := range slices.Concat(s.Key, s.Columns, []*expr.Program{s.Where}) {
			add(p)
		}
		src := s.Source
		for _, name := range append([]string{src.EventTime, src.Arrival, src.Operation}, src.PrimaryKey...) {
			need[name] = true
		}
		if u.Lookup != nil {
			for _, f := range u.Lookup.Requests {
				need[f.Name] = true
			}
		}
		if u.Spec.NeedOrder {
			need[src.Order], need[src.ID] = true, true
		}
		for i, f := range src.Schema {
			// Without an id the hash that breaks ties covers the whole row.
			if need[f.Name] || (u.Spec.NeedOrder && src.ID == "") {
				s.Fields = append(s.Fields, i)
			}
		}
	}
}
