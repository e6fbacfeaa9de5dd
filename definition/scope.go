// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"selfsame"
	"selfsame/compute/aggregate"
	"selfsame/compute/expr"
	functions "selfsame/compute/scalar"
	"selfsame/plan"
)

// Fields returns the source fields that v's expressions may read, in the first source's order. Of several sources these are the
// fields that agree in name and type, and plan.SourceColumn, a string, at the end. It fails for a source that p does not have.
// An on-demand view reads no source: it has none.
func Fields(p *selfsame.Project, v *selfsame.FeatureView) ([]selfsame.Field, error) {
	var fields []selfsame.Field
	for i, name := range v.Source {
		s := p.Source(name)
		if s == nil {
			return nil, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: v.Pos, Ref: "view " + v.Name, Message: "there is no source " + name}
		}
		if i == 0 {
			fields = slices.Clone(s.Schema)
			continue
		}
		fields = slices.DeleteFunc(fields, func(f selfsame.Field) bool {
			return !slices.ContainsFunc(s.Schema, func(g selfsame.Field) bool { return g.Name == f.Name && g.Type.Equal(f.Type) })
		})
	}
	if len(v.Source) > 1 {
		fields = append(fields, selfsame.Field{Name: plan.SourceColumn, Type: selfsame.Scalar(selfsame.String), Pos: v.Pos})
	}
	return fields, nil
}

// FeatureTypes returns the type of every feature of v, by its name, before any cast. p is a project that Load returned.
func FeatureTypes(p *selfsame.Project, v *selfsame.FeatureView) (map[string]selfsame.Type, error) {
	return newTyping(p).view(v)
}

// typing finds the types of features, each view once.
type typing struct {
	p     *selfsame.Project
	types map[string]map[string]selfsame.Type // of every finished view
	noted map[string]bool                     // what is looked at, by "view x"; nil: nobody asks
}

func (t *typing) note(kind, name string) {
	if t.noted != nil {
		t.noted[kind+" "+name] = true
	}
}

func (t *typing) entityOf(name string) *selfsame.Entity {
	t.note("entity", name)
	return t.p.Entity(name)
}

func (t *typing) sourceOf(name string) *selfsame.Source {
	t.note("source", name)
	return t.p.Source(name)
}

func (t *typing) viewOf(name string) *selfsame.FeatureView {
	t.note("view", name)
	return t.p.View(name)
}

func newTyping(p *selfsame.Project) *typing {
	return &typing{p: p, types: map[string]map[string]selfsame.Type{}}
}

// view types a whole, checked view.
func (t *typing) view(v *selfsame.FeatureView) (map[string]selfsame.Type, error) {
	if known := t.types[v.Name]; known != nil {
		return known, nil
	}
	types := map[string]selfsame.Type{}
	t.types[v.Name] = types
	s, err := t.scope(v)
	if err != nil {
		return nil, err
	}
	for i := range v.Features {
		f := &v.Features[i]
		n, err := expr.Parse(f.Value)
		if err != nil {
			return nil, err
		}
		typ, problems := s.check(n, s.use)
		if len(problems) > 0 {
			first := problems[0]
			return nil, &selfsame.Error{Class: selfsame.ClassDefinition, Pos: f.Pos, Ref: v.Name + "." + f.Name, Message: first.Message, Hint: first.Hint}
		}
		types[f.Name] = typ
	}
	return types, nil
}

// use says what an expression may hold.
type use uint8

const (
	rowUse    use = iota // where, key, filter, an aggregate's argument: one row, and no T
	asOfUse              // the newest row, and T
	windowUse            // aggregates, and T
	demandUse            // request fields, other views, and T
	seasonUse            // season, and keys in inputs: the scope's fields, and T
)

// scope is what the expressions of one view may name.
type scope struct {
	t      *typing
	v      *selfsame.FeatureView
	use    use
	fields []selfsame.Field // of the source or of the request
	names  []string         // of fields
	nan    bool
}

func (t *typing) scope(v *selfsame.FeatureView) (*scope, error) {
	s := &scope{t: t, v: v, use: [...]use{windowUse, asOfUse, demandUse}[v.Kind], fields: v.Request}
	if len(v.Source) > 0 {
		fields, err := Fields(t.p, v)
		if err != nil {
			return nil, err
		}
		s.fields = fields
		for _, name := range v.Source {
			s.nan = s.nan || t.sourceOf(name).KeepNaN
		}
	}
	for _, f := range s.fields {
		s.names = append(s.names, f.Name)
	}
	return s, nil
}

// check types an expression. Problems are placed within its text: line and column from 1. Where the type of a name is itself
// unknown, because of a mistake reported elsewhere, the type is Unknown and there may be no problem.
func (s *scope) check(n expr.Node, u use) (selfsame.Type, []*selfsame.Error) {
	var problems []*selfsame.Error
	known := true
	fail := func(at expr.Node, message, hint string) {
		problems = append(problems, &selfsame.Error{Pos: at.Pos(), Message: message, Hint: hint})
	}
	columns := map[*expr.Ref]selfsame.Type{}
	calls := map[*expr.Aggregate]selfsame.Type{}
	expr.Walk(n, func(n expr.Node) bool {
		switch n := n.(type) {
		case *expr.Ref:
			typ, ok := s.ref(n, u, fail)
			known = known && ok && typ.Kind != selfsame.Unknown
			columns[n] = typ
		case *expr.Call:
			if message, hint := unknownCall(n.Name); message != "" {
				fail(n, message, hint)
				known = false
				return false
			}
		case *expr.Aggregate:
			typ, more, ok := s.aggregate(n, u)
			problems = append(problems, more...)
			known = known && ok
			calls[n] = typ
			return false
		}
		return true
	})
	if len(problems) > 0 || !known {
		return selfsame.Type{}, problems
	}
	prog, err := expr.Compile(n, expr.Scope{
		Column:    func(r *expr.Ref) (int, selfsame.Type, error) { return 0, columns[r], nil },
		Aggregate: func(a *expr.Aggregate) (int, selfsame.Type, error) { return 0, calls[a], nil },
		Now:       u != rowUse, KeepNaN: s.nan})
	if err != nil {
		return selfsame.Type{}, append(problems, asProblem(err, n))
	}
	return prog.Type(), nil
}

// unknownCall says what is wrong with the name of a call; empty where the language has it.
func unknownCall(name string) (message, hint string) {
	if hint, ok := aggregate.Refused(name); ok {
		return "the language has no aggregate " + name, hint
	}
	var names []string
	for _, f := range aggregate.All() {
		names = append(names, f.Name)
	}
	for _, f := range functions.Functions() {
		names = append(names, f.Name)
	}
	if slices.Contains(names, name) {
		return "", ""
	}
	if expr.IsAggregate(name) {
		return "the aggregate " + name + " is not available yet", ""
	}
	if near := selfsame.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	return "there is no function " + name, hint
}

// asProblem turns an error of another package into a problem at n.
func asProblem(err error, n expr.Node) *selfsame.Error {
	var e *selfsame.Error
	if errors.As(err, &e) {
		return e
	}
	return &selfsame.Error{Pos: n.Pos(), Message: err.Error()}
}

// ref resolves a name. It reports false where the name has a problem of its own.
func (s *scope) ref(n *expr.Ref, u use, fail func(expr.Node, string, string)) (selfsame.Type, bool) {
	if u == demandUse {
		return s.demand(n, fail)
	}
	name := dotted(n.Parts)
	if u == windowUse {
		fail(n, name+" stands outside an aggregate", "a windowed view has aggregates, such as last("+name+"); a view of columns is one without any")
		return selfsame.Type{}, false
	}
	if len(n.Parts) == 1 {
		for _, f := range s.fields {
			if f.Name == name {
				return f.Type, true
			}
		}
	}
	if u == seasonUse {
		if f := field(s.fields, name); f != nil {
			return f.Type, true
		}
		hint := suggest(name, s.names)
		if len(s.names) == 0 {
			hint = "write now()"
		}
		fail(n, "there is no "+name+" here", hint)
		return selfsame.Type{}, false
	}
	if len(n.Parts) == 2 {
		return s.looked(n, fail)
	}
	if name == plan.SourceColumn {
		fail(n, plan.SourceColumn+" is for views of several sources", "remove it")
		return selfsame.Type{}, false
	}
	verb := "has"
	if len(s.v.Source) > 1 {
		verb = "have"
	}
	fail(n, fmt.Sprintf("%s %s no field %s", s.sourceNames(), verb, name), suggest(name, s.names))
	return selfsame.Type{}, false
}

func (s *scope) sourceNames() string {
	if len(s.v.Source) == 1 {
		return "the source " + s.v.Source[0]
	}
	return fmt.Sprintf("the sources %s together", joined(s.v.Source))
}

// aggregate types an aggregate call: its arguments and its filter over a row, then the call.
func (s *scope) aggregate(a *expr.Aggregate, u use) (selfsame.Type, []*selfsame.Error, bool) {
	if u != windowUse {
		what := map[use]string{rowUse: "where, key and an aggregate's own arguments and filter see one row", asOfUse: "an as-of view has the newest row", seasonUse: "a season and a key are expressions of now() and of columns",
			demandUse: "an on-demand view has no source to aggregate"}[u]
		return selfsame.Type{}, []*selfsame.Error{{Pos: a.Pos(), Message: "the aggregate " + a.Func + " cannot stand here", Hint: what}}, false
	}
	spec, varying := plan.CallSpec(a)
	spec.MaxValues, spec.KeepNaN = cmp.Or(s.v.MaxValues, plan.DefaultMaxValues), s.nan
	var problems []*selfsame.Error
	known := true
	for _, arg := range varying {
		typ, more := s.check(arg, rowUse)
		problems = append(problems, more...)
		known = known && typ.Kind != selfsame.Unknown
		spec.Args = append(spec.Args, typ)
	}
	if a.Filter != nil {
		typ, more := s.check(a.Filter, rowUse)
		problems = append(problems, more...)
		if len(more) == 0 && typ.Kind != selfsame.Bool && typ.Kind != selfsame.Unknown {
			problems = append(problems, &selfsame.Error{Pos: a.Filter.Pos(), Message: "the filter is " + typ.String() + ", not bool", Hint: "compare it with something"})
		}
	}
	f := aggregate.Lookup(a.Func)
	if f == nil {
		message, hint := unknownCall(a.Func)
		if message == "" {
			message, hint = a.Func+" is a function of one row, not an aggregate", "filter and over belong to aggregates"
		}
		return selfsame.Type{}, append(problems, &selfsame.Error{Pos: a.Pos(), Message: message, Hint: hint}), false
	}
	problems = append(problems, s.requestRow(a)...)
	if len(problems) > 0 || !known {
		return selfsame.Type{}, problems, false
	}
	call, err := aggregate.Bind(f, spec)
	if err != nil {
		p := asProblem(err, a)
		return selfsame.Type{}, []*selfsame.Error{{Pos: a.Pos(), Message: p.Message, Hint: p.Hint}}, false
	}
	return call.Result, nil, true
}

// requestRow says why the row that asks cannot be an event of the view, where a window of the call counts it.
func (s *scope) requestRow(a *expr.Aggregate) []*selfsame.Error {
	if !slices.ContainsFunc(a.Over, func(w selfsame.Window) bool { return w.Request }) {
		return nil
	}
	if len(s.v.Source) > 1 {
		return []*selfsame.Error{{Pos: a.Pos(), Message: "with request is for views of one source: the request's row is of none of " + joined(s.v.Source),
			Hint: "make a view of the source whose fields the request has"}}
	}
	if s.v.LooksUp {
		return []*selfsame.Error{{Pos: a.Pos(), Message: "with request is for views that look nothing up: other views know nothing of the request's row yet",
			Hint: "give the value as a field of the source, or put the aggregate into a view of its own"}}
	}
	if src := s.t.sourceOf(s.v.Source[0]); len(src.PrimaryKey) > 0 {
		return []*selfsame.Error{{Pos: a.Pos(), Message: "with request is for sources whose rows stay: in " + src.Name + " a row takes the place of the one with its primary key",
			Hint: "push the row, and write closed right to count it"}}
	}
	return nil
}
