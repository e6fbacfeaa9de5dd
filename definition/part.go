// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"selfsame"
)

// Outline says what of a project is in one file.
type Outline struct {
	Views  map[string]bool // by name: the view reads others, or may
	Shared bool            // it holds entities or sources, which views of any file may need
}

// OutlineOf reads the outline of a file that Parse has read without a mistake.
func OutlineOf(name string, src []byte) Outline {
	out := Outline{Views: map[string]bool{}}
	root := newLoader("").read(name, src).root
	for _, p := range root.get("views").entries() {
		out.Views[p.key.text] = p.val.get("source") == nil || dottedIn(p.val.get("features")) || dottedIn(p.val.get("where")) || dottedIn(p.val.get("key"))
	}
	for _, kind := range []string{"entities", "sources"} {
		out.Shared = out.Shared || len(root.get(kind).entries()) > 0
	}
	return out
}

var dottedName = regexp.MustCompile(`[a-z0-9_]\.[a-z_]`)

// dottedIn reports whether something in n may name a feature of another view.
func dottedIn(n *node) bool {
	if n == nil {
		return false
	}
	return dottedName.MatchString(strings.ToLower(n.text)) || slices.ContainsFunc(n.pairs, func(p pair) bool { return dottedIn(p.val) }) ||
		slices.ContainsFunc(n.items, dottedIn)
}

// ParsePart is Parse for some views of files that Parse has read without a mistake: the project has these views, and the others where one of
// these may read them; all entities and sources; and no services. outlines are those of the files. Files of which nothing is
// needed may be left out of files, and wanted names the others.
func ParsePart(files map[string][]byte, dir string, views []string, outlines map[string]Outline) (*selfsame.Project, error) {
	l := newLoader(dir)
	l.only = needed(views, outlines)
	l.project(files)
	l.check()
	if len(l.errs) > 0 {
		return nil, l.errs.sorted()
	}
	return l.p, nil
}

// PartFiles are the files that ParsePart needs, in order.
func PartFiles(views []string, outlines map[string]Outline) []string {
	views = needed(views, outlines)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(outlines)) {
		o := outlines[name]
		if o.Shared || name == ProjectFile || slices.ContainsFunc(views, func(view string) bool { _, in := o.Views[view]; return in }) {
			out = append(out, name)
		}
	}
	return out
}

// needed are the views that some views need: themselves, or all where one may read others.
func needed(views []string, outlines map[string]Outline) []string {
	var all []string
	reads := false
	for _, o := range outlines {
		for view, mayRead := range o.Views {
			all = append(all, view)
			reads = reads || mayRead && slices.Contains(views, view)
		}
	}
	if reads {
		return all
	}
	return append([]string{}, views...)
}
