// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"cmp"
	"slices"
	"strings"

	"selfsame"
	"selfsame/registry"
)

// Filter says which items are wanted. Empty fields ask for nothing.
type Filter struct {
	Kind    Kind
	Words   string // all of them must be found, in any field
	Owner   string
	Tag     string // name, or name=value
	Entity  string
	View    string
	Source  string
	Service string
	Stage   registry.Stage // of the current version, else of an earlier one, the newest: then that one is in the item; also of features that the project has no more
	Unused  bool           // by the journal, never read; of features and services
}

// Find returns the items that a filter wants: with words the best matches first, else in the order of kinds and names. Features that the project has no
// more are found by their stage only; an error says that their definitions cannot be read.
func (x *Index) Find(f Filter) ([]Item, error) {
	words := strings.Fields(strings.ToLower(f.Words))
	type hit struct {
		item  *Item
		score int
	}
	var hits []hit
	look := func(it *Item, text string) {
		if it = x.staged(it, f.Stage); f.wants(it) && (!f.Unused || x.unused(it)) {
			if score, ok := score(it.Name, text, words); ok {
				hits = append(hits, hit{it, score})
			}
		}
	}
	for i := range x.items {
		look(&x.items[i], x.texts[i])
	}
	if f.Stage != "" && (f.Kind == "" || f.Kind == Feature) {
		gone, err := x.removed()
		if err != nil {
			return nil, err
		}
		for i := range gone {
			look(&gone[i], gone[i].text())
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(b.score, a.score), compare(a.item, b.item)) })
	out := make([]Item, len(hits))
	for i, h := range hits {
		out[i] = *h.item
		out[i].Usage = x.used(h.item)
	}
	return out, nil
}

// staged is an item of a feature under its newest version at a stage, where the one of the item is at another; else the item. The expression of an earlier version is not known here.
func (x *Index) staged(it *Item, stage registry.Stage) *Item {
	if stage == "" || it.Stage == stage || it.Kind != Feature || it.Version == "" {
		return it
	}
	versions, err := x.snapshot.Versions(it.View, strings.TrimPrefix(it.Name, it.View+"."))
	if err != nil {
		return it // it was never applied
	}
	for _, v := range slices.Backward(versions) {
		if v.Stage == stage {
			out := *it
			out.Version, out.Stage, out.Definition = v.Version, stage, ""
			return &out
		}
	}
	return it
}

func (x *Index) unused(it *Item) bool {
	u := x.used(it)
	return u != nil && u.Requests == 0
}

func (f *Filter) wants(it *Item) bool {
	switch {
	case f.Kind != "" && it.Kind != f.Kind,
		f.Owner != "" && !strings.EqualFold(it.Owner, f.Owner),
		f.Entity != "" && it.Entity != f.Entity,
		f.View != "" && it.View != f.View && !(it.Kind == View && it.Name == f.View),
		f.Source != "" && !slices.Contains(it.Sources, f.Source),
		f.Service != "" && !slices.Contains(it.Services, f.Service),
		f.Stage != "" && it.Stage != f.Stage:
		return false
	}
	name, value, valued := strings.Cut(f.Tag, "=")
	has, tagged := it.Tags[name]
	return f.Tag == "" || tagged && (!valued || has == value)
}

// Scores of a word: where it was found.
const (
	inText = 1 << iota
	inName
	beginsName // of a part of the name
	isName
)

// score says how well an item of a name and a text matches words; not at all where one of them is nowhere.
func score(name, text string, words []string) (int, bool) {
	total := 0
	name = strings.ToLower(name)
	for _, w := range words {
		switch {
		case name == w || strings.HasSuffix(name, "."+w):
			total += isName
		case strings.HasPrefix(name, w) || strings.Contains(name, "."+w) || strings.Contains(name, "_"+w):
			total += beginsName
		case strings.Contains(name, w):
			total += inName
		case strings.Contains(text, w):
			total += inText
		default:
			return 0, false
		}
	}
	return total, true
}

// Nearest is the name of an item that a word may have meant, or nothing.
func (x *Index) Nearest(word string) string {
	var names []string
	for i := range x.items {
		names = append(names, x.items[i].Name)
		if _, feature, ok := strings.Cut(x.items[i].Name, "."); ok {
			names = append(names, feature)
		}
	}
	return selfsame.Nearest(word, names)
}

// Item returns the one thing that a reference names: view.feature (also view:feature and a bare name where one view only has it), or the name of a view, entity, source,
// service or model. With a version a feature and a service are as they were under it. A feature that the project has no more is found by view.feature. The error names the nearest one.
func (x *Index) Item(ref string) (*Item, error) { return x.ItemOf("", ref) }

// ItemOf is Item among the things of one kind; empty: of all.
func (x *Index) ItemOf(kind Kind, ref string) (*Item, error) {
	found, err := x.item(kind, ref)
	if err != nil {
		return nil, err
	}
	it := *found
	it.Usage = x.used(found)
	return &it, nil
}

func (x *Index) item(kind Kind, ref string) (*Item, error) {
	name, version := splitVersion(ref)
	var found []*Item
	for i := range x.items {
		it := &x.items[i]
		if kind != "" && it.Kind != kind {
			continue
		}
		if it.Name == ref && it.Kind == Model || it.Name == name {
			found = append(found, it)
		}
	}
	if len(found) == 0 {
		for i := range x.items {
			if it := &x.items[i]; kind != "" && it.Kind != kind {
				continue
			} else if it.Kind == Feature && strings.HasSuffix(it.Name, "."+name) || it.Kind == Model && version == "" && strings.HasPrefix(it.Name, name+"@") {
				found = append(found, it)
			}
		}
	}
	switch {
	case len(found) == 1:
		return x.versionOf(found[0], version)
	case len(found) > 1 && found[0].Kind == Model:
		return found[len(found)-1], nil // the newest version
	case len(found) > 1:
		var names []string
		for _, it := range found {
			names = append(names, string(it.Kind)+" "+it.Name)
		}
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: ref, Message: "several things have this name: " + strings.Join(names, ", "), Hint: "write view.feature for a feature; selfsame list views shows the views"}
	}
	if kind == "" || kind == Feature {
		gone, err := x.removed()
		if err != nil {
			return nil, err
		}
		if at := slices.IndexFunc(gone, func(it Item) bool { return it.Name == name }); at >= 0 {
			return x.versionOf(&gone[at], version)
		}
	}
	hint := "selfsame list shows what there is"
	if near := x.Nearest(name); near != "" {
		hint = "did you mean " + near + "?"
	}
	return nil, &selfsame.Error{Class: selfsame.ClassNotFound, Ref: ref, Message: "nothing has this name", Hint: hint}
}
