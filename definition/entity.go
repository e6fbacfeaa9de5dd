// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"strings"

	"selfsame"
	"selfsame/definition/syntax"
)

func (l *loader) entity(p syntax.Pair) {
	ref := "entity " + p.Key.Text
	o := l.object(p.Val, ref, "an entity", entityKeys)
	if !l.define(p) {
		return
	}
	e := &selfsame.Entity{Name: p.Key.Text, Pos: p.Key.Start, Description: o.text("description"), Owner: o.text("owner"), Tags: o.strings("tags")}
	e.Key = l.fields(o, "key", false)
	for _, f := range e.Key {
		if !keyType(f.Type) {
			l.fail(f.Pos, ref, "the key field "+f.Name+" is "+f.Type.String(), "a key is made of bool, int64, decimal, string, bytes, timestamp or date")
		}
	}
	if !p.Val.Bad && !o.has("key") {
		l.fail(p.Key.Start, ref, "an entity has a key", "add one such as key: {"+p.Key.Text+"_id: string}")
	}
	l.current.entity = e
}

// keyType reports whether values of the type are compared for identity: they have one encoding each.
func keyType(t selfsame.Type) bool {
	switch t.Kind {
	case selfsame.Float64, selfsame.List, selfsame.Map:
		return false
	}
	return true
}

// fields reads a map of names and types. Where optional is true a type may end in `?`.
func (l *loader) fields(o object, key string, optional bool) []selfsame.Field {
	var out []selfsame.Field
	entries := o.entries(key)
	if len(entries) == 0 && o.has(key) && !o.vals[key].Bad && o.vals[key].Form == syntax.Mapping {
		l.fail(o.pos(key), o.ref, key+" names no field", "")
	}
	for _, p := range entries {
		if !l.fieldName(p.Key, o.ref) {
			continue
		}
		f := selfsame.Field{Name: p.Key.Text, Pos: p.Key.Start}
		// A mistake in its type leaves the field in place with an unknown type: names that refer to it are not reported too.
		if text, ok := l.scalarText(p.Val, o.ref, "the type of "+f.Name); ok {
			f.Type, f.Optional = l.fieldType(p.Val, o.ref, text, optional)
		}
		out = append(out, f)
	}
	return out
}

var typeNames = []string{"bool", "int64", "float64", "decimal", "string", "bytes", "timestamp", "date", "list", "map"}

// foreignTypes are the words that other systems have for our types.
var foreignTypes = map[string]string{"int": "int64", "integer": "int64", "bigint": "int64", "long": "int64", "int32": "int64", "smallint": "int64",
	"float": "float64", "double": "float64", "real": "float64", "float32": "float64", "number": "float64", "numeric": "decimal(p,s)",
	"decimal": "decimal(p,s)", "text": "string", "varchar": "string", "str": "string", "utf8": "string", "boolean": "bool", "datetime": "timestamp",
	"timestamptz": "timestamp", "time": "timestamp", "binary": "bytes", "blob": "bytes", "array": "list<T>", "list": "list<T>", "map": "map<string,T>"}

func (l *loader) fieldType(n *syntax.Node, ref, text string, optional bool) (selfsame.Type, bool) {
	bare, marked := strings.CutSuffix(text, "?")
	if marked && !optional {
		l.fail(n.Pos, ref, "the type "+text+" ends in ?, which only request fields may", "any field of a row may be null: write "+bare)
	}
	t, err := selfsame.ParseType(bare)
	if err == nil {
		return t, marked
	}
	hint := suggest(bare, typeNames)
	if own := foreignTypes[strings.ToLower(bare)]; own != "" {
		hint = "write " + own
	}
	message := "there is no type " + bare
	if strings.HasPrefix(bare, "decimal(") {
		message, hint = bare+" is not a type", "a decimal is decimal(p,s) with 1 <= p <= 38 and 0 <= s <= p"
	}
	l.fail(n.Pos, ref, message, hint)
	return selfsame.Type{}, marked
}

// fieldName reports a field's name that expressions could not hold.
func (l *loader) fieldName(n *syntax.Node, ref string) bool {
	if namePattern.MatchString(n.Text) {
		return true
	}
	what, hint := badName(n.Text)
	l.fail(n.Start, ref, quoted(n.Text)+" "+what, hint+"; rename: {"+n.Text+": field} maps a column of the files")
	return false
}
