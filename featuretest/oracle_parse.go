// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"selfsame"
)

// errBeyondOracle marks a feature that the oracle's tiny language does not cover: scalar functions, expressions over
// aggregates, on-demand views. Engines are compared with each other and with written numbers there.
var errBeyondOracle = errors.New("beyond the oracle")

var tokenPattern = regexp.MustCompile(`'(?:[^']|'')*'|[0-9]+\.[0-9]*(?:e[+-]?[0-9]+)?|[0-9]+(?:us|ms|[smhdw])?|[A-Za-z_][A-Za-z_0-9]*|<=|>=|<>|!=|\S`)

// naive parses the part of the language that the oracle folds: one aggregate call or one operand.
type naive struct {
	tokens  []string
	sources []*selfsame.Source       // of the view; a field has its type in the first
	looked  map[string]selfsame.Type // view.feature -> its type: events have it beside their fields
}

type operand struct {
	t  selfsame.Type
	of func(e *Event) selfsame.Value
}

func newNaive(text string, sources []*selfsame.Source) *naive {
	return &naive{tokens: tokenPattern.FindAllString(text, -1), sources: sources}
}

func (p *naive) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return strings.ToLower(p.tokens[0])
}

func (p *naive) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *naive) accept(words ...string) bool {
	for i, w := range words {
		if i >= len(p.tokens) || strings.ToLower(p.tokens[i]) != w {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

// call parses a windowed feature.
func (p *naive) call() (*oracleCall, error) {
	c := &oracleCall{fn: p.next(), q: big.NewRat(1, 2)}
	if !p.accept("(") {
		return nil, errBeyondOracle
	}
	c.star, c.distinct = p.accept("*"), p.accept("distinct")
	for !p.accept(")") {
		p.accept(",")
		text := p.peek()
		if text == "half_life" || text == "step" {
			p.next()
			n, unit := splitDuration(p.next())
			if *map[string]*int64{"half_life": &c.halfLife, "step": &c.step}[text] = n * unit; n*unit == 0 {
				return nil, errBeyondOracle
			}
			continue
		}
		if c.fn == "active_days" && strings.HasPrefix(text, "'") {
			c.zone = strings.Trim(p.tokens[0], "'")
		}
		if c.fn == "string_agg" && c.args != nil {
			c.text = strings.ReplaceAll(strings.Trim(p.next(), "'"), "''", "'")
			continue
		}
		a, err := p.operand()
		if err != nil {
			return nil, err
		}
		if c.fn == "approx_top_k" && c.listed {
			c.named = append(c.named, a.of(nil))
			continue
		}
		if c.args == nil || twoArguments[c.fn] || strings.HasSuffix(c.fn, "_by") {
			c.args, c.types = append(c.args, a.of), append(c.types, a.t)
			continue
		}
		if q, ok := new(big.Rat).SetString(text); ok {
			c.q, c.listed = q, true
			c.n = new(big.Int).Quo(q.Num(), q.Denom()).Int64()
		}
	}
	c.nulls = p.accept("respect", "nulls")
	if p.accept("filter", "(", "where") {
		f, err := p.condition()
		if err != nil || !p.accept(")") {
			return nil, errBeyondOracle
		}
		c.filter = f
	}
	if p.accept("over") {
		if err := p.window(&c.window); err != nil {
			return nil, err
		}
	}
	if p.peek() != "" {
		return nil, errBeyondOracle
	}
	return c, nil
}

// operand is an atom, or two with + - or * between.
func (p *naive) operand() (operand, error) {
	a, err := p.atom()
	op := p.peek()
	if err != nil || op != "+" && op != "-" && op != "*" {
		return a, err
	}
	p.next()
	b, err := p.atom()
	if err != nil {
		return a, err
	}
	out := operand{t: a.t}
	if b.t.Kind == selfsame.Float64 {
		out.t = b.t
	}
	if k := out.t.Kind; k != selfsame.Int64 && k != selfsame.Float64 || a.t.Kind == selfsame.Decimal {
		return a, errBeyondOracle
	}
	keep := keepsNaN(p.sources)
	out.of = func(e *Event) selfsame.Value { return arithmetic(op, a.of(e), b.of(e), keep) }
	return out, nil
}

func arithmetic(op string, a, b selfsame.Value, keepNaN bool) selfsame.Value {
	for _, v := range []selfsame.Value{a, b} {
		if v.Status != selfsame.Present {
			return selfsame.Value{Status: v.Status}
		}
	}
	if a.Type.Kind == selfsame.Int64 && b.Type.Kind == selfsame.Int64 {
		x, y := big.NewInt(a.Int), big.NewInt(b.Int)
		r := map[string]*big.Int{"+": new(big.Int).Add(x, y), "-": new(big.Int).Sub(x, y), "*": new(big.Int).Mul(x, y)}[op]
		if !r.IsInt64() {
			return selfsame.Value{Status: selfsame.ErrorOverflow}
		}
		return integer(r.Int64())
	}
	x, y := asFloat(a), asFloat(b)
	r := map[string]float64{"+": x + y, "-": x - y, "*": float64(x * y)}[op]
	return number(r, keepNaN)
}

func asFloat(v selfsame.Value) float64 {
	if v.Type.Kind == selfsame.Float64 {
		return v.Float
	}
	return float64(v.Int)
}

// atom is a field, a number, a string or a truth value.
func (p *naive) atom() (operand, error) {
	t := p.next()
	constant := func(v selfsame.Value) operand {
		return operand{v.Type, func(*Event) selfsame.Value { return v }}
	}
	if i, err := strconv.ParseInt(t, 10, 64); err == nil {
		return constant(integer(i)), nil
	}
	if f, err := strconv.ParseFloat(t, 64); err == nil && strings.Contains(t, ".") {
		return constant(selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: f}), nil
	}
	if t == "true" || t == "false" {
		return constant(truth(t == "true")), nil
	}
	if strings.HasPrefix(t, "'") {
		return constant(selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: strings.ReplaceAll(t[1:len(t)-1], "''", "'")}), nil
	}
	if t == "_source" {
		return operand{selfsame.Scalar(selfsame.String), func(e *Event) selfsame.Value {
			return selfsame.Value{Type: selfsame.Scalar(selfsame.String), Str: p.sources[e.Source].Name}
		}}, nil
	}
	if len(p.tokens) > 1 && p.peek() == "." {
		name := t + "." + strings.ToLower(p.tokens[1])
		if typ, ok := p.looked[name]; ok {
			p.tokens = p.tokens[2:]
			return operand{typ, func(e *Event) selfsame.Value { return e.Fields[name] }}, nil
		}
		return operand{}, errBeyondOracle
	}
	for _, f := range p.sources[0].Schema {
		if f.Name == t && p.peek() != "(" {
			return operand{f.Type, func(e *Event) selfsame.Value {
				if v, ok := e.Fields[t]; ok {
					return v
				}
				return null()
			}}, nil
		}
	}
	return operand{}, errBeyondOracle
}

// condition is a conjunction of comparisons; where one is unknown the result is null, where one is false it is false.
func (p *naive) condition() (func(*Event) selfsame.Value, error) {
	var parts []func(*Event) selfsame.Value
	for {
		c, err := p.comparison()
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
		if !p.accept("and") {
			break
		}
	}
	return func(e *Event) selfsame.Value {
		out := truth(true)
		for _, c := range parts {
			v := c(e)
			if v.Status == selfsame.Present && v.Int == 0 {
				return v
			}
			if v.Status > out.Status {
				out = v
			}
		}
		return out
	}, nil
}

func truth(b bool) selfsame.Value {
	v := selfsame.Value{Type: selfsame.Scalar(selfsame.Bool)}
	if b {
		v.Int = 1
	}
	return v
}

func (p *naive) comparison() (func(*Event) selfsame.Value, error) {
	a, err := p.operand()
	if err != nil {
		return nil, err
	}
	if p.accept("is", "not", "null") {
		return func(e *Event) selfsame.Value { return truth(a.of(e).Status == selfsame.Present) }, nil
	}
	if p.accept("is", "null") {
		return func(e *Event) selfsame.Value { return truth(a.of(e).Status == selfsame.Null) }, nil
	}
	op := p.peek()
	if !strings.Contains(" = <> != < <= > >= ", " "+op+" ") || op == "" {
		if a.t.Kind != selfsame.Bool {
			return nil, errBeyondOracle
		}
		return a.of, nil
	}
	p.next()
	b, err := p.operand()
	if err != nil {
		return nil, err
	}
	return func(e *Event) selfsame.Value {
		x, y := a.of(e), b.of(e)
		if s := max(x.Status, y.Status); s != selfsame.Present {
			return selfsame.Value{Status: s}
		}
		d := compareMixed(x, y)
		return truth(op == "=" && d == 0 || (op == "<>" || op == "!=") && d != 0 || op == "<" && d < 0 || op == "<=" && d <= 0 ||
			op == ">" && d > 0 || op == ">=" && d >= 0)
	}, nil
}

// compareMixed compares numbers of different types by their exact values.
func compareMixed(x, y selfsame.Value) int {
	if x.Type.Equal(y.Type) {
		return compareValues(x, y)
	}
	for _, v := range []selfsame.Value{x, y} {
		if v.Type.Kind == selfsame.Float64 && v.Float-v.Float != 0 {
			return compareValues(selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: asFloat(x)},
				selfsame.Value{Type: selfsame.Scalar(selfsame.Float64), Float: asFloat(y)})
		}
	}
	return rat(x).Cmp(rat(y))
}

// window parses one window of definitions.md.
func (p *naive) window(w *selfsame.Window) (err error) {
	bracket := p.accept("[")
	number := func() int64 {
		n, unit := splitDuration(p.next())
		if n == 0 || unit == 0 {
			err = errBeyondOracle
		}
		return n * unit
	}
	switch t := p.peek(); {
	case t == "lifetime":
		p.next()
	case len(p.tokens) > 2 && strings.EqualFold(p.tokens[1], "up"):
		w.Chosen = p.next()
		p.tokens = p.tokens[2:]
		w.Kind, w.Length = selfsame.Sliding, number()
	case t == "session":
		p.next()
		w.Kind, w.Gap, w.Max = selfsame.Session, number(), selfsame.DayLength
		if p.accept("max") {
			w.Max = number()
		}
	case t == "today" || t == "this":
		w.Kind, w.Zone = selfsame.Calendar, "UTC"
		if p.next() == "this" {
			w.Unit = map[string]selfsame.CalendarUnit{"week": selfsame.Week, "month": selfsame.Month, "year": selfsame.Year}[p.next()]
		}
		if p.accept("in") {
			w.Zone = strings.Trim(p.tokens[0], "'")
			p.next()
		}
	case len(p.tokens) > 1 && strings.EqualFold(p.tokens[1], "rows"):
		w.Kind = selfsame.LastRows
		w.Rows, _ = strconv.ParseInt(p.next(), 10, 64)
		p.next()
		if p.accept("within") {
			w.Within = number()
		}
		switch {
		case len(p.tokens) > 2 && strings.EqualFold(p.tokens[2], "rows"):
			p.next()
			w.Skip, _ = strconv.ParseInt(p.next(), 10, 64)
			p.next()
		case p.accept("offset"):
			w.Offset = number()
		}
	default:
		w.Kind = selfsame.Sliding
		if p.accept("next") {
			w.Kind, w.Closed = selfsame.Ahead, selfsame.ClosedRight
		}
		w.Length = number()
		if p.accept("hop") {
			w.Kind, w.Hop = selfsame.HopTail, number()
		} else if p.accept("every") {
			w.Kind, w.Hop = selfsame.CompletedHops, number()
		}
		if p.accept("offset") {
			w.Offset = number()
		}
		if p.accept("closed") {
			w.Closed = map[string]selfsame.Edge{"left": selfsame.ClosedLeft, "right": selfsame.ClosedRight,
				"both": selfsame.ClosedBoth, "neither": selfsame.ClosedNeither}[p.next()]
		}
	}
	w.Request = p.accept("with", "request")
	if bracket && !p.accept("]") {
		return fmt.Errorf("%w: a list of windows", errBeyondOracle)
	}
	return err
}

// splitDuration splits `90m` into 90 and the microseconds of a minute; a unit of 0 is none.
func splitDuration(s string) (n, unit int64) {
	units := map[string]int64{"us": 1, "ms": selfsame.Millisecond, "s": selfsame.Second, "m": selfsame.Minute,
		"h": selfsame.Hour, "d": selfsame.DayLength, "w": selfsame.WeekLength}
	digits := strings.TrimRight(s, "smhduw")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, 0
	}
	return n, units[s[len(digits):]]
}
