// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/definition/syntax"
)

// check resolves every name and types every expression of the project that is put together in l.p.
func (l *loader) check() {
	for _, s := range l.p.Sources {
		l.repeat(l.parts["source "+s.Name].wrong)
	}
	for _, v := range l.p.Views {
		l.repeat(l.parts["view "+v.Name].wrong)
	}
	l.still = l.stillChecked()
	l.checkSourceViews()
	l.checkDemandViews()
	for _, s := range l.p.Services {
		l.checkService(s)
	}
}

// problem reports a problem that is placed within an expression's text at its place in the file.
func (l *loader) problem(e selfsame.Expr, ref string, p *selfsame.Error) {
	n := l.scalarOf(e)
	pos := e.Pos
	if n != nil && p.Pos.Line > 0 {
		pos = n.PosAt(offsetAt(n.Text, p.Pos))
	}
	l.fail(pos, ref, p.Message, p.Hint)
}

// scalarOf is the scalar of an expression, nil for none.
func (l *loader) scalarOf(e selfsame.Expr) *syntax.Node {
	if d := l.documents[e.Pos.File]; d != nil {
		return d.texts[e.Pos]
	}
	return nil
}

// offsetAt is the byte offset of a place within a text, whose lines and columns count from 1.
func offsetAt(text string, pos selfsame.Pos) int {
	off := 0
	for range pos.Line - 1 {
		i := strings.IndexByte(text[off:], '\n')
		if i < 0 {
			return len(text)
		}
		off += i + 1
	}
	for range pos.Column - 1 {
		if off >= len(text) {
			break
		}
		_, size := utf8.DecodeRuneInString(text[off:])
		off += size
	}
	return off
}

// parse parses an expression; problems are reported.
func (l *loader) parse(e selfsame.Expr, ref string) (expr.Node, bool) {
	n, err := expr.Parse(selfsame.Expr{Text: e.Text, Pos: selfsame.Pos{Line: 1, Column: 1}})
	if err == nil {
		return n, true
	}
	var p *selfsame.Error
	if !errors.As(err, &p) {
		p = &selfsame.Error{Message: err.Error()}
	}
	if n := l.scalarOf(e); n != nil && n.Comment && n.Plain() {
		p.Hint = strings.TrimPrefix(p.Hint+"; in YAML ' #' begins a comment: quote the whole expression if it belongs to it", "; ")
	}
	l.problem(e, ref, p)
	return nil, false
}

// kind infers what kind of view v is and reports settings that its kind does not know.
func (l *loader) kind(v *selfsame.FeatureView, drafts []draft) {
	ref := "view " + v.Name
	if _, sourced := v.At["source"]; !sourced {
		v.Kind = selfsame.OnDemandView
		l.unknownSettings(v, "an on-demand view (it has no source)", "entity", "where", "season", "key", "ttl", "closed", "as_of", "max_values")
		return
	}
	aggregated, plain := -1, []int(nil)
	for i := range drafts {
		d := &drafts[i]
		if d.bad {
			continue
		}
		n, ok := l.parse(d.feature.Value, v.Name+"."+d.feature.Name)
		switch {
		case !ok:
			d.bad = true
		case !expr.HasAggregate(n) && l.unknownFunction(n):
			// the call may be an aggregate with a slip in its name, which checkFeatures reports
		case !expr.HasAggregate(n):
			plain = append(plain, i)
		case aggregated < 0:
			aggregated = i
		}
	}
	l.unknownSettings(v, "a view with a source", "request")
	v.Kind = selfsame.AsOfView
	if aggregated >= 0 || plain == nil && len(drafts) > 0 && l.looksWindowed(v) {
		v.Kind = selfsame.WindowedView
	}
	if aggregated >= 0 {
		l.mixed(drafts, aggregated, plain, ref)
	}
	if v.Kind == selfsame.WindowedView {
		l.unknownSettings(v, "a windowed view", "ttl", "closed")
		return
	}
	l.unknownSettings(v, "an as-of view (its features have no aggregates)", "max_values", "inputs", "season")
}

// unknownFunction reports whether n calls a function that the language does not have.
func (l *loader) unknownFunction(n expr.Node) bool {
	found := false
	expr.Walk(n, func(n expr.Node) bool {
		if c, ok := n.(*expr.Call); ok {
			message, _ := unknownCall(c.Name)
			found = found || message != ""
		}
		return !found
	})
	return found
}

// mixed reports the features without aggregates of a view that has a feature with some.
func (l *loader) mixed(drafts []draft, aggregated int, plain []int, ref string) {
	for _, i := range plain {
		f := drafts[i].feature
		l.fail(f.Value.Pos, ref, "the feature "+f.Name+" has no aggregate, and "+drafts[aggregated].feature.Name+" has one",
			"a view is windowed (every feature has aggregates) or as-of (none has): make it last("+f.Value.Text+") or move it to a view of its own")
		drafts[i].bad = true
	}
}

// looksWindowed guesses the kind of a view none of whose expressions can be parsed, so that no second mistake is reported.
func (l *loader) looksWindowed(v *selfsame.FeatureView) bool {
	_, ttl := v.At["ttl"]
	_, closed := v.At["closed"]
	return !ttl && !closed
}

var settingHints = map[string]string{
	"ttl":        "ttl and closed belong to as-of views; a window says how far an aggregate looks back, as in `over 30d`",
	"closed":     "write closed after the window, as in `over 7d closed right`",
	"max_values": "max_values bounds aggregates such as count(distinct x)",
	"request":    "request fields belong to on-demand views: remove source, or make a view of its own that reads this one",
	"inputs":     "inputs belong to on-demand and windowed views: remove source, or make an on-demand view that reads this one",
	"entity":     "its rows come from the request and from the views that it reads",
	"where":      "use CASE in the expression",
	"season":     "a season belongs to windows: an event counts where its season is that of T",
	"key":        "name request columns per role in inputs, as in inputs: {a: {view: airport, key: {airport: origin}}}",
	"as_of":      "declare it in the views that it reads",
}

func (l *loader) unknownSettings(v *selfsame.FeatureView, what string, settings ...string) {
	for _, s := range settings {
		if pos, ok := v.At[s]; ok {
			l.fail(pos, "view "+v.Name, what+" has no "+s, settingHints[s])
		}
	}
}

// checkFeatures types and expands the drafts of a view whose scope is s.
func (l *loader) checkFeatures(v *selfsame.FeatureView, s *scope) {
	types := map[string]selfsame.Type{}
	l.types[v.Name] = types
	taken := map[string]draft{}
	for _, d := range l.drafts[v.Name] {
		outputs := l.expand(v, d)
		if outputs == nil {
			types[incomplete] = selfsame.Type{}
			continue
		}
		var first selfsame.Feature
		for i, out := range outputs {
			f, ref := d.feature, v.Name+"."+d.feature.Name
			if out.Suffix != "" {
				f.Name += "_" + out.Suffix
				f.Value.Text = expr.Print(out.Node)
			}
			if other, clash := taken[f.Name]; clash {
				l.fail(f.Pos, ref, "two outputs are named "+f.Name, "the other comes from "+other.feature.Declared+" in line "+itoa(other.feature.Pos.Line)+": rename one")
				continue
			}
			taken[f.Name] = d
			typ, problems := s.check(out.Node, s.use)
			for _, p := range problems {
				l.problem(d.feature.Value, ref, p)
			}
			if i == 0 { // the outputs of a list have one type
				l.typedSettings(v.Name, &f, d, typ)
				first = f
			}
			f.Default, f.Expect = first.Default, first.Expect
			types[f.Name] = typ
			v.Features = append(v.Features, f)
			if len(problems) > 0 {
				types[incomplete] = selfsame.Type{}
				break // the other windows of the list have the same problem
			}
		}
	}
}

// expand parses a draft and gives an expression for each of its outputs; nil where there is a mistake, which is reported.
func (l *loader) expand(v *selfsame.FeatureView, d draft) []expr.Expansion {
	if d.bad {
		return nil
	}
	ref := v.Name + "." + d.feature.Name
	n, ok := l.parse(d.feature.Value, ref)
	if !ok {
		return nil
	}
	outputs, err := expr.Expand(n)
	if err != nil {
		l.problem(d.feature.Value, ref, asProblem(err, n))
		return nil
	}
	return outputs
}

// typedSettings reads default, expect and cast, which need the feature's type.
func (l *loader) typedSettings(view string, f *selfsame.Feature, d draft, t selfsame.Type) {
	if t.Kind == selfsame.Unknown {
		return
	}
	ref := view + "." + f.Name
	f.Default = l.typedValue(d.deflt, ref, "default", t)
	if f.Expect != nil {
		e := *f.Expect
		f.Expect = &e
		for _, n := range []*syntax.Node{d.min, d.max} {
			if n != nil && !n.Bad && !ordered(t) {
				l.fail(n.Pos, ref, article(t)+" has no least or greatest value", "bounds fit int64, float64, decimal, string, timestamp and date")
			}
		}
		e.Min, e.Max = nil, nil
		if ordered(t) {
			e.Min, e.Max = l.typedValue(d.min, ref, "min", t), l.typedValue(d.max, ref, "max", t)
		}
		if e.Min != nil && e.Max != nil && less(*e.Max, *e.Min) {
			l.fail(d.max.Pos, ref, "max is less than min", "exchange them")
		}
		*f.Expect = e
	}
	if want := map[string]selfsame.Kind{"float32": selfsame.Float64, "int32": selfsame.Int64}[f.Cast]; f.Cast != "" && t.Kind != want {
		l.fail(f.Pos, ref, "cast: "+f.Cast+" does not fit "+article(t), "float32 narrows a float64 and int32 an int64; write cast(x as "+want.String()+") in the expression")
	}
}

func (l *loader) typedValue(n *syntax.Node, ref, what string, t selfsame.Type) *selfsame.Value {
	if n == nil || n.Bad {
		return nil
	}
	v, err := value(n, t)
	if err != nil {
		l.fail(n.Pos, ref, what+" does not fit the feature, which is "+t.String(), err.Error())
		return nil
	}
	return &v
}

// condition checks where: a bool over a row.
func (l *loader) condition(e selfsame.Expr, ref, what string, s *scope) {
	n, ok := l.parse(e, ref)
	if !ok {
		return
	}
	t, problems := s.check(n, rowUse)
	for _, p := range problems {
		l.problem(e, ref, p)
	}
	if len(problems) == 0 && t.Kind != selfsame.Bool && t.Kind != selfsame.Unknown {
		l.fail(e.Pos, ref, what+" is "+t.String()+", not bool", "compare it with something")
	}
}

// article is a type's name with its article.
func article(t selfsame.Type) string {
	if t.Kind == selfsame.Int64 {
		return "an int64"
	}
	return "a " + t.String()
}

// sortedKeys are the keys of a map, sorted.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
