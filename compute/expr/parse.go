// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"fmt"
	"slices"
	"strings"

	"selfsame"
)

// Bounds of an expression. Within them no input exhausts the stack.
const (
	maxText  = 64 << 10 // bytes of one expression
	maxDepth = 200      // nesting of parentheses, calls and prefix operators
	maxChain = 1000     // operators of one precedence in a row
)

// reserved are the words that name nothing unless they are quoted, sorted.
var reserved = []string{
	"and", "between", "case", "distinct", "else", "end", "escape", "false", "in", "is", "like", "not", "null", "or", "over", "then", "true", "when",
}

func isReserved(word string) bool {
	_, ok := slices.BinarySearch(reserved, strings.ToLower(word))
	return ok
}

// parser is a precedence-climbing parser over the tokens of one text. Its methods leave by panic(bailout), which Parse turns into
// an error.
type parser struct {
	src    *text
	tokens []token
	next   int
	depth  int
	inside bool // inside an aggregate call
}

type bailout struct{ err *selfsame.Error }

func (p *parser) fail(off int, message, hint string) {
	panic(bailout{p.src.failure(off, message, hint)})
}

// protect runs parse and turns a bailout into an error.
func protect(parse func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case bailout:
			err = r.err
		default:
			panic(r)
		}
	}()
	parse()
	return nil
}

// Parse reads an expression. Its error is a *selfsame.Error of class definition with place, excerpt and, where one is known, a hint.
// Names of columns and functions are not resolved here.
func Parse(e selfsame.Expr) (Node, error) {
	p := &parser{src: &text{s: e.Text, at: e.Pos}}
	var n Node
	err := protect(func() {
		if len(e.Text) > maxText {
			p.fail(0, fmt.Sprintf("the expression has %d bytes; at most %d are read", len(e.Text), maxText), "split it into several features")
		}
		p.scan()
		n = p.expression()
		if t := p.peek(); t.kind != tokenEnd {
			p.unexpected(t, "an operator or the end of the expression")
		}
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) ahead(k int) token { return p.tokens[min(p.next+k, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokenEnd {
		p.next++
	}
	return t
}

// accept takes the next token if it is the word.
func (p *parser) accept(word string) bool {
	if p.peek().is(word) {
		p.next++
		return true
	}
	return false
}

func (p *parser) expect(word, what string) token {
	t := p.peek()
	if !t.is(word) {
		p.unexpected(t, what)
	}
	return p.take()
}

func (p *parser) unexpected(t token, wanted string) {
	hint := ""
	switch {
	case t.is("=="):
		hint = "equality is written ="
	case t.is("::"):
		hint = "write CAST(x AS type)"
	case t.kind == tokenDuration:
		hint = "durations stand only in windows, after OVER"
	case t.kind == tokenWord && strings.EqualFold(t.text, "filter"):
		hint = "FILTER (WHERE …) stands directly after the call, before OVER"
	case t.kind == tokenWord && isReserved(t.text):
		hint = fmt.Sprintf(`%s is a keyword; a column of that name is written "%s"`, strings.ToUpper(t.text), t.text)
	}
	p.fail(t.off, fmt.Sprintf("expected %s, found %s", wanted, t.describe()), hint)
}

func (p *parser) enter(t token) {
	if p.depth++; p.depth > maxDepth {
		p.fail(t.off, fmt.Sprintf("the expression is nested deeper than %d levels", maxDepth), "split it into several features")
	}
}

func (p *parser) at(t token) place { return place{p.src, t.off} }

// expression is the whole grammar from OR down.
func (p *parser) expression() Node {
	p.enter(p.peek())
	defer func() { p.depth-- }()
	return p.chain(p.conjunction, "or")
}

func (p *parser) conjunction() Node { return p.chain(p.negation, "and") }

func (p *parser) negation() Node {
	t := p.peek()
	if !p.accept("not") {
		return p.predicate()
	}
	p.enter(t)
	defer func() { p.depth-- }()
	return &Unary{p.at(t), "not", p.negation()}
}

func (p *parser) join() Node    { return p.chain(p.sum, "||") }
func (p *parser) sum() Node     { return p.chain(p.product, "+", "-") }
func (p *parser) product() Node { return p.chain(p.prefix, "*", "/", "//", "%") }

// chain reads operands that left-associative operators of one precedence join.
func (p *parser) chain(operand func() Node, ops ...string) Node {
	n := operand()
	for count := 0; ; count++ {
		t := p.peek()
		i := slices.IndexFunc(ops, t.is)
		if i < 0 {
			return n
		}
		if count == maxChain {
			p.fail(t.off, fmt.Sprintf("more than %d operators in a row", maxChain), "use IN (…) or split the expression")
		}
		p.take()
		n = &Binary{p.at(t), ops[i], n, operand()}
	}
}

// predicate is a comparison, IN, BETWEEN, LIKE or IS. Comparisons do not chain; IS may follow any of them.
func (p *parser) predicate() Node {
	n := p.join()
	compared := false
	for count := 0; ; count++ {
		t := p.peek()
		if t.is("is") {
			if count == maxChain {
				p.fail(t.off, fmt.Sprintf("more than %d operators in a row", maxChain), "")
			}
			n = p.is(n)
			compared = true
			continue
		}
		m := p.comparison(n)
		if m == nil {
			return n
		}
		if compared {
			p.fail(t.off, "comparisons do not chain", "write a < b AND b < c, or set parentheses")
		}
		n, compared = m, true
	}
}

// comparison reads the rest of a comparison after its left operand; nil where none follows.
func (p *parser) comparison(left Node) Node {
	t := p.peek()
	for _, op := range []string{"=", "<>", "!=", "<", "<=", ">", ">="} {
		if t.is(op) {
			p.take()
			if op == "!=" {
				op = "<>"
			}
			return &Binary{p.at(t), op, left, p.join()}
		}
	}
	not := t.is("not")
	if word := p.ahead(1); not && (word.is("in") || word.is("between") || word.is("like")) {
		p.take()
	}
	switch at := p.at(t); {
	case p.accept("in"):
		return &In{at, left, p.list(), not}
	case p.accept("between"):
		low := p.join()
		p.expect("and", "AND between the bounds of BETWEEN")
		return &Between{at, left, low, p.join(), not}
	case p.accept("like"):
		n := &Like{place: at, X: left, Pattern: p.join(), Not: not}
		if p.accept("escape") {
			n.Escape = p.join()
		}
		return n
	}
	return nil
}

func (p *parser) is(left Node) Node {
	t := p.take()
	not := p.accept("not")
	switch {
	case p.accept("null"):
		return &IsNull{p.at(t), left, not}
	case p.accept("distinct"):
		p.expect("from", "FROM after IS DISTINCT")
		op := "is distinct from"
		if not {
			op = "is not distinct from"
		}
		return &Binary{p.at(t), op, left, p.join()}
	}
	if next := p.peek(); next.is("true") || next.is("false") {
		p.fail(next.off, "IS is followed by NULL or DISTINCT FROM", "write x IS NOT DISTINCT FROM "+strings.ToUpper(next.text))
	}
	p.unexpected(p.peek(), "NULL or DISTINCT FROM after IS")
	return nil
}

// list reads a parenthesised list of at least one expression.
func (p *parser) list() []Node {
	p.expect("(", "( before the list")
	var nodes []Node
	for {
		nodes = append(nodes, p.expression())
		if !p.accept(",") {
			break
		}
	}
	p.expect(")", "a comma or ) in the list")
	return nodes
}

// prefix is a minus sign before an operand. A sign before a number belongs to the number.
func (p *parser) prefix() Node {
	t := p.peek()
	if p.accept("+") {
		p.fail(t.off, "a plus sign stands only between two values", "leave it out")
	}
	if !p.accept("-") {
		return p.postfix()
	}
	p.enter(t)
	defer func() { p.depth-- }()
	if n := p.negativeExtreme(t); n != nil {
		return n
	}
	x := p.prefix()
	if lit, ok := x.(*Literal); ok {
		if v, ok := negate(lit.Value); ok {
			return &Literal{p.at(t), v}
		}
	}
	return &Unary{p.at(t), "-", x}
}

// postfix is a primary with its indexes.
func (p *parser) postfix() Node {
	n := p.primary()
	for count := 0; p.peek().is("["); count++ {
		t := p.take()
		if count == maxChain {
			p.fail(t.off, fmt.Sprintf("more than %d indexes in a row", maxChain), "")
		}
		key := p.expression()
		p.expect("]", "] after the index")
		n = &Index{p.at(t), n, key}
	}
	return n
}
