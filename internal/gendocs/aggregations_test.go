// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package gendocs

import (
	"os"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/compute/aggregate"
	"selfsame/compute/exact"
	"selfsame/compute/expr"
	"selfsame/compute/scalar"
)

func TestAggregationsPage(t *testing.T) {
	template, err := os.ReadFile("aggregations.md")
	if err != nil {
		t.Fatal(err)
	}
	page(t, "aggregations.md", string(template)+aggregateTables(t)+refusedTable(t))
}

var classes = map[aggregate.Class]string{aggregate.Group: "group", aggregate.Lattice: "lattice", aggregate.Ordered: "ordered", aggregate.Holistic: "holistic"}

// probes are the types that calls are tried with.
var probes = []selfsame.Type{
	selfsame.Scalar(selfsame.Bool), selfsame.Scalar(selfsame.Int64), selfsame.Scalar(selfsame.Float64), selfsame.DecimalOf(10, 2),
	selfsame.Scalar(selfsame.String), selfsame.Scalar(selfsame.Bytes), selfsame.Scalar(selfsame.Timestamp), selfsame.Scalar(selfsame.Date),
	selfsame.ListOf(selfsame.Scalar(selfsame.Int64)), selfsame.MapOf(selfsame.Scalar(selfsame.Int64)),
}

// form is a way to call an aggregation; its Args are set to each type in turn, with a second argument of type second where that is set.
type form struct {
	text   string
	none   bool
	second selfsame.Kind
	named  bool // a constant of the type of x is the last argument
	spec   aggregate.CallSpec
}

var forms = func() []form {
	n := selfsame.Value{Type: selfsame.Scalar(selfsame.Int64), Int: 2}
	unscaled, _ := exact.ParseDecimal([]byte("0.5"), 1)
	q := selfsame.Value{Type: selfsame.DecimalOf(1, 1), Dec: unscaled}
	return []form{
		{text: "(*)", none: true, spec: aggregate.CallSpec{Star: true}},
		{text: "()", none: true},
		{text: "(x)"},
		{text: "(distinct x)", spec: aggregate.CallSpec{Distinct: true}},
		{text: "(x, n)", spec: aggregate.CallSpec{Consts: []selfsame.Value{n}}},
		{text: "(x) respect nulls", spec: aggregate.CallSpec{RespectNulls: true}},
		{text: "(x, n) respect nulls", spec: aggregate.CallSpec{Consts: []selfsame.Value{n}, RespectNulls: true}},
		{text: "(x, n, a, …)", named: true, spec: aggregate.CallSpec{Consts: []selfsame.Value{n}}},
		{text: "(x, q)", spec: aggregate.CallSpec{Consts: []selfsame.Value{q}}},
		{text: "(x, separator)", spec: aggregate.CallSpec{Consts: []selfsame.Value{{Type: selfsame.Scalar(selfsame.String), Str: ", "}}}},
		{text: "(x, zone)", spec: aggregate.CallSpec{Consts: []selfsame.Value{{Type: selfsame.Scalar(selfsame.String), Str: "UTC"}}}},
		{text: "(x, y)", second: selfsame.Int64},
		{text: "(x, key)", second: selfsame.String},
		{text: "(x, half_life 1d, step 1h)", spec: aggregate.CallSpec{HalfLife: selfsame.DayLength, Step: selfsame.Hour}},
	}
}()

func aggregateTables(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n## All of them\n\n" + head("aggregation", "class", "by order", "`max_values`", "gives", "example"))
	var calls strings.Builder
	calls.WriteString("\n## Arguments\n\nx and y are expressions over one event; n is a whole number from 1; q is a number from 0 to 1, read exactly;\n" +
		"a, … are constants of the type of x; key is a string; separator is a text such as ', ', zone one such as 'Europe/Berlin'.\n\n" +
		head("call", "x", "value"))
	for _, f := range aggregate.All() {
		byOrder, found := false, false
		for _, form := range forms {
			if form.text == "(x, key)" && found || form.text == "(x, zone)" && f.Name == "string_agg" {
				continue // a form that is there under another name
			}
			line, ordered := callRow(f, form)
			calls.WriteString(line)
			found = found || line != ""
			byOrder = byOrder || ordered
		}
		if !found {
			t.Errorf("%s: no form of call fits: add it to forms", f.Name)
		}
		checkExample(t, f)
		b.WriteString(row(code(strings.Replace(f.Name, "(distinct)", "(distinct x)", 1)), classes[f.Class], yes(byOrder), yes(f.Class == aggregate.Holistic), cell(f.Summary), code(f.Example)))
	}
	return b.String() + calls.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// callRow describes one form of call: the types it takes and what it gives. It is empty where no type fits.
func callRow(f *aggregate.Func, form form) (line string, byOrder bool) {
	name, isDistinct := strings.CutSuffix(f.Name, "(distinct)")
	if form.spec.Distinct != isDistinct {
		return "", false
	}
	var takes, gives []string
	for _, t := range probes {
		spec := form.spec
		spec.MaxValues = 100000
		switch {
		case form.second != selfsame.Unknown:
			spec.Args = []selfsame.Type{t, selfsame.Scalar(form.second)}
		case !form.none:
			spec.Args = []selfsame.Type{t}
		}
		if form.named {
			spec.Consts = append(slices.Clone(spec.Consts), selfsame.Value{Type: t})
		}
		call, err := aggregate.Bind(f, spec)
		if err != nil {
			continue
		}
		byOrder = byOrder || call.NeedOrder
		takes, gives = append(takes, argumentName(t)), append(gives, typeName(call.Result))
		if form.none {
			takes[0] = ""
			break
		}
	}
	if len(takes) == 0 {
		return "", false
	}
	return row(code(name+form.text), strings.Join(takes, ", "), results(takes, gives, len(form.spec.Consts) > 0)), byOrder
}

// argumentName names a type that stands for all of its kind.
func argumentName(t selfsame.Type) string {
	switch t.Kind {
	case selfsame.List:
		return "list<T>"
	case selfsame.Map:
		return "map<string,T>"
	}
	return typeName(t)
}

func typeName(t selfsame.Type) string {
	switch t.Kind {
	case selfsame.Decimal:
		if t.Precision == 38 {
			return "decimal(38,s)"
		}
		return "decimal(p,s)"
	case selfsame.List:
		return "list of " + typeName(*t.Elem)
	case selfsame.Map:
		return "map of " + typeName(*t.Elem)
	}
	return t.String()
}

// results says what the types give, in as few words as are true.
func results(takes, gives []string, bounded bool) string {
	same, lists, maps := true, true, true
	for i := range takes {
		same = same && gives[i] == takes[i]
		lists = lists && gives[i] == "list of "+takes[i]
		maps = maps && gives[i] == "map of "+takes[i]
	}
	switch {
	case len(takes) == 1 && takes[0] == "list<T>" && gives[0] == "list of int64":
		return "a list of what the aggregation of scalars gives"
	case same && takes[0] != "":
		return "the type of x"
	case maps && takes[0] != "":
		return "a map to the type of x"
	case lists && takes[0] != "" && !bounded:
		return "a list of the type of x"
	case lists && takes[0] != "":
		return "a list of the type of x, at most n long"
	case len(slices.Compact(slices.Sorted(slices.Values(gives)))) == 1:
		return gives[0]
	}
	var parts []string
	for i := range takes {
		parts = append(parts, gives[i]+" of "+takes[i])
	}
	return strings.Join(parts, ", ")
}

// checkExample parses the example of f and looks for the call in it.
func checkExample(t *testing.T, f *aggregate.Func) {
	n, err := expr.Parse(selfsame.Expr{Text: f.Example})
	if err != nil {
		t.Errorf("%s: %s: %v", f.Name, f.Example, err)
		return
	}
	name, isDistinct := strings.CutSuffix(f.Name, "(distinct)")
	found := false
	expr.Walk(n, func(n expr.Node) bool {
		if a, ok := n.(*expr.Aggregate); ok {
			found = found || a.Func == name && a.Distinct == isDistinct
		}
		return true
	})
	if !found {
		t.Errorf("%s: its example %s does not call it", f.Name, f.Example)
	}
}

func refusedTable(t *testing.T) string {
	var b strings.Builder
	b.WriteString("\n## Names of other systems\n\nEach thing has one name here. What depends on the order in which events come is refused, because no two runs need agree.\n" +
		"[The catalogue](catalogue.csv) has the functions of Chronon, Tecton, OpenMLDB, Fennel, Feathr and SQL one by one, each as an expression of this language.\n\n" +
		head("name", "here"))
	byHint := map[string][]string{}
	var hints []string
	for _, name := range aggregate.RefusedNames() {
		hint, ok := aggregate.Refused(name)
		taken := aggregate.Lookup(name) != nil || slices.ContainsFunc(scalar.Functions(), func(f scalar.Function) bool { return f.Name == name })
		if !ok || taken {
			t.Errorf("%s is refused and available", name)
		}
		if byHint[hint] == nil {
			hints = append(hints, hint)
		}
		byHint[hint] = append(byHint[hint], code(name))
	}
	for _, hint := range hints {
		b.WriteString(row(strings.Join(byHint[hint], ", "), cell(hint)))
	}
	return b.String()
}
