// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"selfsame"
	"selfsame/definition/syntax"
)

// Outline says what of a project is in one file.
type Outline struct {
	Views  map[string][]string // by name: the words that its definition holds; the names of views that it reads are among them
	Shared bool                // it holds entities or sources, which views of any file may need
}

// OutlineOf reads the outline of a file that Parse has read without a mistake.
func OutlineOf(name string, src []byte) Outline {
	out := Outline{Views: map[string][]string{}}
	f, _ := syntax.Read(name, src)
	root := f.Root
	for _, p := range root.Entry("views").Entries() {
		words := map[string]bool{}
		wordsOf(p.Val, words)
		out.Views[p.Key.Text] = sortedKeys(words)
	}
	for _, kind := range []string{"entities", "sources"} {
		out.Shared = out.Shared || len(root.Entry(kind).Entries()) > 0
	}
	return out
}

// wordsOf gathers what may be a name in the single values of a node.
func wordsOf(n *syntax.Node, into map[string]bool) {
	for _, word := range strings.FieldsFunc(n.Text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		into[word] = true
	}
	for _, p := range n.Pairs {
		wordsOf(p.Val, into)
	}
	for _, item := range n.Items {
		wordsOf(item, into)
	}
}

// ParsePart is Parse for some views of files that Parse has read without a mistake: the project has these views and those that they read, all entities and
// sources, and no services. outlines are those of the files, of which the ones that PartFiles names are enough.
func ParsePart(files map[string][]byte, dir string, views []string, outlines map[string]Outline) (*selfsame.Project, error) {
	return NewReader(dir).ParsePart(files, views, outlines)
}

// Sources are the sources of files, by their path below dir. Views and services are not looked at: Parse says what is wrong with them. The error is Errors.
func Sources(files map[string][]byte, dir string) ([]*selfsame.Source, error) {
	return NewReader(dir).Sources(files)
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

// needed are views and those that they read, directly or through others.
func needed(views []string, outlines map[string]Outline) []string {
	all := map[string][]string{}
	for _, o := range outlines {
		maps.Copy(all, o.Views) // a view is in one file
	}
	out := slices.Clone(views)
	for i := 0; i < len(out); i++ {
		for _, word := range all[out[i]] {
			if _, view := all[word]; view && !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return append([]string{}, out...)
}
