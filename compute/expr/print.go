// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package expr

import (
	"strconv"
	"strings"

	"selfsame"
	"selfsame/compute/exact"
	"selfsame/compute/operator"
)

// Levels of precedence, loosest first. A node below the level that its place demands is printed in parentheses.
const (
	levelOr = iota + 1
	levelAnd
	levelNot
	levelPredicate
	levelJoin
	levelSum
	levelProduct
	levelPrefix
	levelPrimary
)

// Print gives the normal text of an expression: lower-case keywords and functions, single spaces, only the parentheses that
// are needed, literals in one form, windows as they are written. Parse of the text gives the same tree, places apart.
func Print(n Node) string {
	var w printer
	w.node(n, levelOr)
	return w.String()
}

type printer struct{ strings.Builder }

func binaryLevel(op string) int {
	switch op {
	case "or":
		return levelOr
	case "and":
		return levelAnd
	case "||":
		return levelJoin
	case "+", "-":
		return levelSum
	case "*", "/", "//", "%":
		return levelProduct
	}
	return levelPredicate
}

// level is the precedence at which n stands without parentheses.
func level(n Node) int {
	switch n := n.(type) {
	case *Literal:
		if strings.HasPrefix(literalText(n.Value), "-") {
			return levelPrefix
		}
	case *Unary:
		if n.Op == "not" {
			return levelNot
		}
		return levelPrefix
	case *Binary:
		return binaryLevel(n.Op)
	case *In, *Between, *Like, *IsNull:
		return levelPredicate
	}
	return levelPrimary
}

// node prints n where a node of at least that level may stand.
func (w *printer) node(n Node, least int) {
	if level(n) < least {
		w.WriteByte('(')
		defer w.WriteByte(')')
	}
	switch n := n.(type) {
	case *Literal:
		w.WriteString(literalText(n.Value))
	case *Ref:
		w.ref(n)
	case *Unary:
		w.unary(n)
	case *Binary:
		l := binaryLevel(n.Op)
		left := l
		if l == levelPredicate {
			left = levelJoin
		}
		w.node(n.L, left)
		w.WriteString(" " + n.Op + " ")
		w.node(n.R, l+1)
	case *Call:
		w.WriteString(n.Name + "(")
		w.list(n.Args)
		w.WriteByte(')')
	case *Case:
		w.caseOf(n)
	case *Cast:
		w.WriteString("cast(")
		w.node(n.X, levelOr)
		w.WriteString(" as " + strings.ReplaceAll(n.Type.String(), ",", ", ") + ")")
	case *Index:
		w.index(n)
	case *Aggregate:
		w.aggregate(n)
	default:
		w.predicate(n)
	}
}

func (w *printer) unary(n *Unary) {
	if n.Op == "not" {
		w.WriteString("not ")
		w.node(n.X, levelNot)
		return
	}
	w.WriteByte('-')
	w.node(n.X, levelPrefix+1) // a second minus stands in parentheses: two would look like one sign
}

func (w *printer) predicate(n Node) {
	word := func(x Node, not bool, s string) {
		w.node(x, levelJoin)
		if not {
			s = "not " + s
		}
		w.WriteString(" " + s + " ")
	}
	switch n := n.(type) {
	case *In:
		word(n.X, n.Not, "in")
		w.WriteByte('(')
		w.list(n.List)
		w.WriteByte(')')
	case *Between:
		word(n.X, n.Not, "between")
		w.node(n.Low, levelJoin)
		w.WriteString(" and ")
		w.node(n.High, levelJoin)
	case *Like:
		word(n.X, n.Not, "like")
		w.node(n.Pattern, levelJoin)
		if n.Escape != nil {
			w.WriteString(" escape ")
			w.node(n.Escape, levelJoin)
		}
	case *IsNull:
		w.node(n.X, levelJoin)
		if n.Not {
			w.WriteString(" is not null")
			return
		}
		w.WriteString(" is null")
	}
}

func (w *printer) list(nodes []Node) {
	for i, n := range nodes {
		if i > 0 {
			w.WriteString(", ")
		}
		w.node(n, levelOr)
	}
}

func (w *printer) ref(n *Ref) {
	for i, part := range n.Parts {
		if i > 0 {
			w.WriteByte('.')
		}
		w.WriteString(quoteName(part))
	}
}

func (w *printer) caseOf(n *Case) {
	w.WriteString("case")
	if n.Operand != nil {
		w.WriteByte(' ')
		w.node(n.Operand, levelOr)
	}
	for _, branch := range n.Whens {
		w.WriteString(" when ")
		w.node(branch.Cond, levelOr)
		w.WriteString(" then ")
		w.node(branch.Then, levelOr)
	}
	if n.Else != nil {
		w.WriteString(" else ")
		w.node(n.Else, levelOr)
	}
	w.WriteString(" end")
}

func (w *printer) index(n *Index) {
	if a, ok := n.X.(*Aggregate); ok && (a.RespectNulls || a.Filter != nil || overText(a) != "") {
		w.WriteByte('(')
		w.node(n.X, levelOr)
		w.WriteByte(')')
	} else {
		w.node(n.X, levelPrimary)
	}
	w.WriteByte('[')
	w.node(n.Key, levelOr)
	w.WriteByte(']')
}

func (w *printer) aggregate(n *Aggregate) {
	w.WriteString(n.Func + "(")
	if n.Star {
		w.WriteByte('*')
	}
	if n.Distinct {
		w.WriteString("distinct ")
	}
	w.list(n.Args)
	if n.HalfLife > 0 {
		w.WriteString(", half_life " + DurationText(n.HalfLife))
	}
	if n.Step > 0 {
		w.WriteString(", step " + DurationText(n.Step))
	}
	w.WriteByte(')')
	if n.RespectNulls {
		w.WriteString(" respect nulls")
	}
	if n.Filter != nil {
		w.WriteString(" filter (where ")
		w.node(n.Filter, levelOr)
		w.WriteByte(')')
	}
	w.WriteString(overText(n))
}

// overText is " over …" of an aggregate; nothing for the lifetime, unless it is in brackets or a name that is not known to be an
// aggregate needs it to be one.
func overText(n *Aggregate) string {
	if n.List {
		return " over [" + strings.Join(n.OverText, ", ") + "]"
	}
	if n.OverText[0] == "lifetime" && (IsAggregate(n.Func) || n.Filter != nil || n.Distinct || n.Star || n.RespectNulls) {
		return ""
	}
	return " over " + n.OverText[0]
}

// quoteName prints a name, in double quotes unless it is plain and no keyword.
func quoteName(s string) string {
	plain := s != "" && isLetter(s[0]) && !isReserved(s)
	for i := range len(s) {
		plain = plain && (isLetter(s[i]) || isDigit(s[i]))
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

func quoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// literalText prints the value of a literal as the parser reads it.
func literalText(v selfsame.Value) string {
	if v.Status != selfsame.Present {
		return "null"
	}
	switch v.Type.Kind {
	case selfsame.Bool:
		return strconv.FormatBool(v.Int != 0)
	case selfsame.Int64:
		return strconv.FormatInt(v.Int, 10)
	case selfsame.Decimal:
		return exact.FormatDecimal(v.Dec, v.Type.Scale)
	case selfsame.Float64:
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v.Float, 'e', -1, 64), "e")
		e, _ := strconv.Atoi(exponent)
		return mantissa + "e" + strconv.Itoa(e)
	case selfsame.Timestamp:
		return "timestamp " + quoteString(string(operator.AppendTimestamp(nil, v.Int)))
	case selfsame.Date:
		return "date " + quoteString(string(operator.AppendDate(nil, v.Int)))
	}
	return quoteString(v.Str)
}
