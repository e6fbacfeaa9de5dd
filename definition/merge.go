// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"selfsame"
	"selfsame/definition/syntax"
)

// Merge lays one file over the files of a project: each entity, source, view and service in it takes the place of the one of its name. The file is kept as it is
// written; those whose entries it takes lose them, and a file that loses its last entry goes. What the entries mean is left to Parse. The error is Errors where a
// file cannot be read.
func Merge(files map[string][]byte, name string, src []byte) (map[string][]byte, error) {
	f, errs := syntax.Read(name, src)
	if len(errs) > 0 {
		return nil, Errors(errs).sorted()
	}
	out := maps.Clone(files)
	out[name] = src
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if path == name {
			continue
		}
		left, err := without(path, files[path], f.Root)
		if err != nil {
			return nil, err
		}
		if out[path] = left; left == nil {
			delete(out, path)
		}
	}
	return out, nil
}

// taken are the pairs of a file that another file has too, by what they are entries of.
type taken map[string][]string

// takenBy finds the entries of a root that another one has.
func takenBy(root, other *syntax.Node) taken {
	out := taken{}
	for _, kind := range fileKeys[1:] {
		have := root.Entry(kind.name)
		for _, p := range other.Entry(kind.name).Entries() {
			if have.Entry(p.Key.Text) != nil {
				out[kind.name] = append(out[kind.name], p.Key.Text)
			}
		}
	}
	return out
}

// left is a copy of a root without what is taken, and without kinds that have nothing left.
func (t taken) left(root *syntax.Node) *syntax.Node {
	out := *root
	out.Pairs = nil
	for _, p := range root.Pairs {
		if names := t[p.Key.Text]; names != nil {
			v := *p.Val
			v.Pairs = slices.DeleteFunc(slices.Clone(v.Pairs), func(e syntax.Pair) bool { return slices.Contains(names, e.Key.Text) })
			if len(v.Pairs) == 0 {
				continue
			}
			p.Val = &v
		}
		out.Pairs = append(out.Pairs, p)
	}
	return &out
}

// without is a file without the entries that another one's root has; nil: nothing is left.
func without(path string, src []byte, other *syntax.Node) ([]byte, error) {
	f, errs := syntax.Read(path, src)
	if len(errs) > 0 {
		return nil, Errors(errs).sorted()
	}
	if f.Root == nil {
		return src, nil
	}
	t := takenBy(f.Root, other)
	if len(t) == 0 {
		return src, nil
	}
	want := t.left(f.Root)
	if len(want.Pairs) == 0 {
		return nil, nil
	}
	for _, attempt := range []func() ([]byte, bool){func() ([]byte, bool) { return t.cut(f) }, func() ([]byte, bool) { return t.rewrite(src) }} {
		text, ok := attempt()
		if !ok {
			continue
		}
		if g, errs := syntax.Read(path, text); len(errs) == 0 && syntax.Same(want, g.Root) {
			return text, nil
		}
	}
	return nil, Errors{{Class: selfsame.ClassDefinition, Pos: selfsame.Pos{File: path}, Message: "an entry cannot be taken out of the file", Hint: "write each entry into lines of its own"}}
}

// cut leaves out the lines of what is taken. It is not ok where an entry has no lines of its own.
func (t taken) cut(f *syntax.File) ([]byte, bool) {
	var starts []int // lines, counted from 1, on which a pair of the root or of a kind begins
	gone := map[int]bool{}
	for _, p := range f.Root.Pairs {
		names := t[p.Key.Text]
		starts = append(starts, p.Key.Start.Line)
		if names != nil && len(names) == len(p.Val.Pairs) {
			gone[p.Key.Start.Line] = true
		}
		for _, e := range p.Val.Pairs {
			if p.Val.Flow() || f.Root.Flow() {
				if names != nil && !gone[p.Key.Start.Line] {
					return nil, false
				}
				break
			}
			starts = append(starts, e.Key.Start.Line)
			if slices.Contains(names, e.Key.Text) {
				gone[e.Key.Start.Line] = true
			}
		}
	}
	slices.Sort(starts)
	var out []string
	at := 0 // lines that are done
	for i, start := range starts {
		if !gone[start] {
			continue
		}
		end := len(f.Lines) + 1
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		for end > start+1 && aside(f.Lines[end-2]) { // what stands before the next entry is about that one
			end--
		}
		out = append(out, f.Lines[at:start-1]...)
		at = end - 1
	}
	return []byte(strings.Join(append(out, f.Lines[at:]...), "\n")), true
}

// aside reports whether a line holds a comment or nothing.
func aside(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

// rewrite writes the file anew.
func (t taken) rewrite(src []byte) ([]byte, bool) {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil || len(doc.Content) != 1 {
		return nil, false
	}
	root := doc.Content[0]
	remove(root, func(kind string, v *yaml.Node) bool {
		names := t[kind]
		if names == nil {
			return false
		}
		remove(v, func(name string, _ *yaml.Node) bool { return slices.Contains(names, name) })
		return len(v.Content) == 0
	})
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if e.Encode(&doc) != nil || e.Close() != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// remove takes pairs out of a mapping.
func remove(m *yaml.Node, drop func(key string, v *yaml.Node) bool) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(m.Content); i += 2 {
		if !drop(m.Content[i].Value, m.Content[i+1]) {
			kept = append(kept, m.Content[i], m.Content[i+1])
		}
	}
	m.Content = kept
}
