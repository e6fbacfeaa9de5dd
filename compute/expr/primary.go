// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"
	"strings"

	"selfsame"
)

// primary is a literal, a name, a call, CASE, CAST or a parenthesised expression.
func (p *parser) primary() Node {
	t := p.peek()
	switch {
	case t.kind == tokenInteger || t.kind == tokenPoint || t.kind == tokenExponent:
		p.take()
		return p.number(t, false)
	case t.kind == tokenString:
		p.take()
		return &Literal{p.at(t), selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: t.text}}
	case t.is("("):
		p.take()
		n := p.expression()
		p.expect(")", "an operator or )")
		return n
	case t.kind == tokenQuoted:
		return p.name()
	case t.kind == tokenWord:
		return p.word(t)
	}
	p.unexpected(t, "a value")
	return nil
}

// word is a primary that starts with a word.
func (p *parser) word(t token) Node {
	next := p.ahead(1)
	switch {
	case p.accept("null"):
		return &Literal{p.at(t), selfsame.Value{Status: selfsame.Null}}
	case p.accept("true"):
		return &Literal{p.at(t), selfsame.Value{Type: selfsame.Scalar(selfsame.Bool), Int: 1}}
	case p.accept("false"):
		return &Literal{p.at(t), selfsame.Value{Type: selfsame.Scalar(selfsame.Bool)}}
	case p.accept("case"):
		return p.caseOf(t)
	case isReserved(t.text):
		p.unexpected(t, "a value")
	case t.is("cast") && next.is("("):
		return p.cast()
	case next.kind == tokenString && (t.is("timestamp") || t.is("date")):
		p.take()
		return p.instant(t, p.take())
	case next.kind == tokenString:
		p.fail(t.off, fmt.Sprintf("`%s` before a string is not a type of literal", t.text), "there are timestamp '…' and date '…'")
	case next.is("("):
		return p.call()
	}
	return p.name()
}

// name is a reference of one or several parts.
func (p *parser) name() Node {
	first := p.take()
	ref := &Ref{p.at(first), []string{first.text}}
	for p.peek().is(".") {
		p.take()
		t := p.take()
		if t.kind == tokenSymbol && t.text == "*" {
			p.fail(t.off, "`.*` stands in the feature list of a service only", "name one feature")
		}
		if t.kind != tokenWord && t.kind != tokenQuoted {
			p.unexpected(t, "a name after the point")
		}
		ref.Parts = append(ref.Parts, t.text)
	}
	if t := p.peek(); t.is("(") {
		p.fail(first.off, "a function has a name without points", "")
	}
	return ref
}

func (p *parser) caseOf(t token) Node {
	n := &Case{place: p.at(t)}
	if !p.peek().is("when") {
		n.Operand = p.expression()
	}
	for p.peek().is("when") {
		p.take()
		cond := p.expression()
		p.expect("then", "THEN")
		n.Whens = append(n.Whens, When{cond, p.expression()})
	}
	if len(n.Whens) == 0 {
		p.unexpected(p.peek(), "WHEN")
	}
	if p.accept("else") {
		n.Else = p.expression()
	}
	p.expect("end", "WHEN, ELSE or END")
	return n
}

func (p *parser) cast() Node {
	t := p.take()
	p.take()
	n := &Cast{place: p.at(t), X: p.expression()}
	p.expect("as", "AS and a type")
	n.Type = p.typeName()
	p.expect(")", ") after the type")
	return n
}

// foreign maps the names that other systems give to types.
var foreign = map[string]string{
	"double": "float64", "float": "float64", "real": "float64", "float8": "float64", "int": "int64", "integer": "int64", "bigint": "int64",
	"long": "int64", "smallint": "int64", "varchar": "string", "text": "string", "char": "string", "boolean": "bool", "datetime": "timestamp",
	"timestamptz": "timestamp", "numeric": "decimal(p,s)", "binary": "bytes", "blob": "bytes", "array": "list<T>", "struct": "map<string,T>",
	"float32": "float64", "int32": "int64",
}

// typeName reads a type as definitions write it.
func (p *parser) typeName() selfsame.Type {
	first := p.peek()
	p.enter(first)
	defer func() { p.depth-- }()
	if first.kind != tokenWord {
		p.unexpected(first, "a type")
	}
	p.take()
	name := strings.ToLower(first.text)
	switch {
	case name == "decimal" && p.accept("("):
		precision := p.take()
		p.expect(",", "a comma and the scale")
		scale := p.take()
		p.expect(")", ") after the scale")
		name = fmt.Sprintf("decimal(%s,%s)", precision.text, scale.text)
	case name == "list" && p.accept("<"):
		elem := p.typeName()
		p.expect(">", "> after the type of the elements")
		return selfsame.ListOf(elem)
	case name == "map" && p.accept("<"):
		p.expect("string", "string, the type of the keys of every map")
		p.expect(",", "a comma and the type of the values")
		elem := p.typeName()
		p.expect(">", "> after the type of the values")
		return selfsame.MapOf(elem)
	}
	t, err := selfsame.ParseType(name)
	if err != nil {
		hint := ""
		if to := foreign[name]; to != "" {
			hint = "write " + to
		}
		p.fail(first.off, err.Error(), hint)
	}
	return t
}

// call reads name(…), and for an aggregate what follows it.
func (p *parser) call() Node {
	t := p.take()
	p.take()
	name := strings.ToLower(t.text)
	outer := p.inside
	known := IsAggregate(name)
	if known && outer {
		p.nested(t)
	}
	p.inside = outer || known
	a := &Aggregate{place: p.at(t), Func: name}
	p.arguments(a)
	p.inside = true
	modified := p.nulls(a)
	modified = p.filter(a) || modified
	modified = p.over(a) || modified || a.Distinct || a.Star
	p.inside = outer
	if !known && !modified {
		return &Call{place: p.at(t), Name: name, Args: a.Args}
	}
	if outer {
		p.nested(t)
	}
	Walk(a, func(n Node) bool {
		if inner, ok := n.(*Aggregate); ok && inner != a {
			p.nested(token{off: inner.off})
		}
		return true
	})
	return a
}

func (p *parser) nested(t token) {
	p.fail(t.off, "an aggregate stands inside another", "aggregates take expressions over the columns of one event")
}

func (p *parser) arguments(a *Aggregate) {
	switch {
	case p.accept(")"):
		return
	case p.accept("*"):
		a.Star = true
		p.expect(")", ") after *")
		return
	}
	a.Distinct = p.accept("distinct")
	for {
		if !p.decay(a) {
			a.Args = append(a.Args, p.expression())
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "a comma or ) in the arguments")
}

// decay reads half_life 1d or step 1h in a call of decayed_sum or decayed_avg, after its first argument, and reports whether there is one.
func (p *parser) decay(a *Aggregate) bool {
	if !strings.HasPrefix(a.Func, "decayed_") || len(a.Args) == 0 {
		return false
	}
	t := p.peek()
	into := &a.HalfLife
	if t.is("step") {
		into = &a.Step
	} else if !t.is("half_life") {
		return false
	}
	p.take()
	if *into != 0 {
		p.fail(t.off, t.text+" stands twice", "")
	}
	*into = p.positive()
	return true
}

// nulls reads RESPECT NULLS and reports whether it stands there.
func (p *parser) nulls(a *Aggregate) bool {
	t := p.peek()
	if next := p.ahead(1); t.is("ignore") && next.is("nulls") {
		p.fail(t.off, "aggregates skip nulls without being told", "leave IGNORE NULLS out, or write RESPECT NULLS behind first, last or nth_last")
	}
	if !p.accept("respect") {
		return false
	}
	p.expect("nulls", "NULLS after RESPECT")
	a.RespectNulls = true
	return true
}

// filter reads FILTER (WHERE …) and reports whether there is one.
func (p *parser) filter(a *Aggregate) bool {
	if !p.peek().is("filter") {
		return false
	}
	p.take()
	p.expect("(", "( after FILTER")
	p.expect("where", "WHERE after FILTER (")
	a.Filter = p.expression()
	p.expect(")", ") after the condition")
	return true
}

// over reads OVER and the windows and reports whether they are written.
func (p *parser) over(a *Aggregate) bool {
	if !p.accept("over") {
		a.Over, a.OverText = []selfsame.Window{{}}, []string{"lifetime"}
		return false
	}
	if !p.accept("[") {
		p.windowInto(a)
		return true
	}
	a.List = true
	for {
		t := p.peek()
		p.windowInto(a)
		last := len(a.Over) - 1
		for _, w := range a.Over[:last] {
			if w == a.Over[last] {
				p.fail(t.off, "the window "+a.OverText[last]+" stands twice in the list", "")
			}
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect("]", "a comma or ] in the list of windows")
	return true
}

func (p *parser) windowInto(a *Aggregate) {
	w, written := p.window()
	a.Over, a.OverText = append(a.Over, w), append(a.OverText, written)
}
