// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"regexp"
	"slices"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
)

// SeasonField is the name of the key field that holds a row's season. It is no name that a definition can give.
const SeasonField = "(season)"

// KeyField says what fills a field of a use's key in a row that asks: a label or request column, or a program over the plan's Requests
// and now().
type KeyField struct {
	Column  string
	Program *expr.Program // nil: Column
	Text    string        // what fills it, in normal form
}

// filling is what a use's key is filled from: expressions and columns by key field, and the request fields that expressions may read.
type filling struct {
	key    map[string]string
	fields []selfsame.Field
}

// IsKeyExpression reports whether what a key mapping says is an expression: a call stands in it. Anything else is a column's name.
func IsKeyExpression(text string) bool { return strings.Contains(text, "(") }

// fillKey notes what fills each key field of u.
func (b *builder) fillKey(u *Use, l located, from filling, pos selfsame.Pos) error {
	if u.Entity == nil {
		return nil
	}
	by := "key of " + l.view.Name
	for _, f := range u.Entity.Key {
		text, ok := from.key[f.Name]
		switch {
		case f.Name == SeasonField:
			text = l.view.Season.Text
		case !ok || !IsKeyExpression(text):
			if !ok {
				text = f.Name
			}
			u.Fill, u.Key = append(u.Fill, KeyField{Column: text, Text: text}), append(u.Key, text)
			if err := b.request(selfsame.Field{Name: text, Type: f.Type, Pos: pos}, by); err != nil {
				return err
			}
			continue
		}
		if err := b.fillBy(u, f, selfsame.Expr{Text: text, Pos: pos}, from.fields, by); err != nil {
			return err
		}
	}
	return nil
}

// fillBy fills a key field by an expression.
func (b *builder) fillBy(u *Use, f selfsame.Field, e selfsame.Expr, fields []selfsame.Field, by string) error {
	n, err := expr.Parse(e)
	if err != nil {
		return err
	}
	prog, err := expr.Compile(n, expr.Scope{Now: true, Column: func(r *expr.Ref) (int, selfsame.Type, error) {
		i := slices.IndexFunc(fields, func(g selfsame.Field) bool { return len(r.Parts) == 1 && g.Name == r.Parts[0] })
		if i < 0 {
			return 0, selfsame.Type{}, notFound(strings.Join(r.Parts, "."), "request field", r.Pos(), fieldNames(fields))
		}
		if err := b.request(fields[i], by); err != nil {
			return 0, selfsame.Type{}, err
		}
		at := slices.IndexFunc(b.plan.Requests, func(g selfsame.Field) bool { return g.Name == fields[i].Name })
		return at, fields[i].Type, nil
	}})
	if err != nil {
		return err
	}
	if !prog.Type().Equal(f.Type) {
		return &selfsame.Error{Class: selfsame.ClassDefinition, Pos: e.Pos, Ref: e.Text, Message: "it is " + prog.Type().String() + " and fills the " + by + ", field " + f.Name + ", which is " + f.Type.String(),
			Hint: "convert it, as in cast(… as " + f.Type.String() + ")"}
	}
	for _, slot := range prog.Slots() {
		if name := b.plan.Requests[slot].Name; !slices.Contains(u.Key, name) {
			u.Key = append(u.Key, name)
		}
	}
	u.Fill = append(u.Fill, KeyField{Program: prog, Text: expr.Print(n)})
	return nil
}

// checkFill refuses windows that count the row that asks where its key is computed: whether it is an event of that key is not known.
func (u *Use) checkFill() error {
	for i, f := range u.Fill {
		if f.Program != nil && u.Entity.Key[i].Name != SeasonField && u.AsksRow() {
			return &selfsame.Error{Class: selfsame.ClassDefinition, Pos: u.View.Pos, Ref: "view " + u.View.Name, Message: "its windows take something from the row that asks, and its key is computed: " + f.Text,
				Hint: "fill the key from a column"}
		}
	}
	return nil
}

// keyText is what fills the key, for comparison.
func (u *Use) keyText() string {
	var texts []string
	for _, f := range u.Fill {
		texts = append(texts, f.Text)
	}
	return strings.Join(texts, "\x00")
}

// SameKey reports whether two uses ask by the same key in every row.
func (u *Use) SameKey(o *Use) bool { return u.keyText() == o.keyText() }

// seasonEntity is an entity of whose rows and events only those of one season meet.
func seasonEntity(e *selfsame.Entity, season selfsame.Expr) (*selfsame.Entity, error) {
	n, err := expr.Parse(season)
	if err != nil {
		return nil, err
	}
	prog, err := expr.Compile(n, expr.Scope{Now: true, Column: func(r *expr.Ref) (int, selfsame.Type, error) {
		return 0, selfsame.Type{}, notFound(strings.Join(r.Parts, "."), "name in a season", r.Pos(), []string{"now()"})
	}})
	if err != nil {
		return nil, err
	}
	out := selfsame.Entity{}
	if e != nil {
		out = *e
	}
	out.Key = append(slices.Clone(out.Key), selfsame.Field{Name: SeasonField, Type: prog.Type(), Pos: season.Pos})
	return &out, nil
}

var nowCall = regexp.MustCompile(`(?i)\bnow\s*\(\s*\)`)

// seasonOf is the season of an event of a source: that at its own time.
func seasonOf(season selfsame.Expr, s *selfsame.Source) selfsame.Expr {
	at := `"` + s.EventTime + `"`
	if fieldType(s, s.EventTime).Kind == selfsame.Date {
		at = "cast(" + at + " as timestamp)"
	}
	parts := strings.Split(season.Text, "'") // every second one is a text
	for i := 0; i < len(parts); i += 2 {
		parts[i] = nowCall.ReplaceAllString(parts[i], at)
	}
	return selfsame.Expr{Text: strings.Join(parts, "'"), Pos: season.Pos}
}
