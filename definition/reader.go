// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"maps"
	"slices"
	"sync"

	"selfsame"
	"selfsame/definition/syntax"
)

// Reader reads a project again and again, and does anew only what depends on files that changed. What Parse returns, mistakes and their order among it, does
// not depend on what was read before. A Reader is safe for concurrent use.
type Reader struct {
	dir string

	mu        sync.Mutex // guards what follows: one project is read at a time
	documents map[string]*document
	views     map[string]*checked // of the last project without a mistake
}

// NewReader returns a reader of projects in a folder. It has read nothing.
func NewReader(dir string) *Reader { return &Reader{dir: dir} }

// Parse reads and checks a project as the function Parse does. Its entities, sources and views are shared with other projects of the reader and are not to be
// changed. A view that is the same pointer in two projects means the same in both: neither itself nor anything that it reads was changed in between.
func (r *Reader) Parse(files map[string][]byte) (*selfsame.Project, error) {
	return r.project(files, nil)
}

// ParsePart is Parse for some views, as the function ParsePart.
func (r *Reader) ParsePart(files map[string][]byte, views []string, outlines map[string]Outline) (*selfsame.Project, error) {
	return r.project(files, needed(views, outlines))
}

func (r *Reader) project(files map[string][]byte, only []string) (*selfsame.Project, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := newLoader(r.dir)
	l.only, l.before = only, r.views
	if err := r.read(l, files); err != nil {
		return nil, err
	}
	r.views = l.checked
	return l.p, nil
}

// Sources are the sources of files. Views and services are not looked at: Parse says what is wrong with them.
func (r *Reader) Sources(files map[string][]byte) ([]*selfsame.Source, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := newLoader(r.dir)
	l.only = []string{}
	if err := r.read(l, files); err != nil {
		return nil, err
	}
	return l.p.Sources, nil
}

// read reads and checks files, of which only those are read that are not what they were.
func (r *Reader) read(l *loader, files map[string][]byte) error {
	documents := make(map[string]*document, len(files))
	l.project(files, func(name string, src []byte) *document {
		d := r.documents[name]
		if d == nil || d.src != string(src) {
			d = newDocument(name, src)
		}
		documents[name] = d
		return d
	})
	l.check()
	r.documents = documents
	if len(l.errs) > 0 {
		return l.errs.sorted()
	}
	return nil
}

// document is one file, as far as it can be read without the others.
type document struct {
	src     string
	file    *syntax.File
	texts   map[selfsame.Pos]*syntax.Node // the scalar of each expression, by Expr.Pos
	errs    Errors
	parts   []*part
	project *syntax.Node // what names the project
	name    string
}

// part is one definition of a file, as far as it can be read without the others. It does not change once it is read.
type part struct {
	kind, name string
	pos        selfsame.Pos // of its name
	named      bool         // its name is one
	// Of the mistakes of the file those from begin to end are in it; those from middle on are told only where it is the first of its name.
	begin, middle, end int

	entity  *selfsame.Entity
	source  *selfsame.Source
	view    *selfsame.FeatureView // without features
	service *selfsame.FeatureService
	drafts  []draft  // of a view: its features as written
	reads   []string // of a view: the views that its expressions name, sorted
	wrong   Errors   // what the checks find that look at nothing else
}

func (p *part) id() string { return p.kind + " " + p.name }

// newDocument reads one file.
func newDocument(name string, src []byte) *document {
	l := newLoader("")
	d := &document{src: string(src), texts: map[selfsame.Pos]*syntax.Node{}}
	d.file, l.errs = syntax.Read(name, src)
	l.document, l.documents[name] = d, d
	l.definitions(d.file)
	d.errs, l.errs = l.errs, nil
	for _, p := range d.parts {
		switch {
		case p.source != nil:
			l.checkSource(p.source)
		case p.view != nil:
			l.kind(p.view, p.drafts)
			p.reads = l.named(p.view, p.drafts)
		}
		p.wrong, l.errs = l.errs, nil
	}
	return d
}

// part reads one definition.
func (l *loader) part(kind string, p syntax.Pair, read func(syntax.Pair)) {
	d := &part{kind: kind, name: p.Key.Text, pos: p.Key.Start, begin: len(l.errs)}
	l.current = d
	read(p)
	if d.end = len(l.errs); !d.named {
		d.middle = d.end
	}
	l.document.parts = append(l.document.parts, d)
}

// take adds what a file holds to the project.
func (l *loader) take(d *document) {
	l.documents[d.file.Name] = d
	l.broken = l.broken || d.file.Broken
	if d.project != nil {
		l.places["project"], l.p.Name = d.project.Start, d.name
	}
	told := 0
	tell := func(end int) {
		l.repeat(d.errs[told:end])
		told = end
	}
	for _, p := range d.parts {
		tell(p.begin)
		if l.only != nil && (p.kind == "service" || p.kind == "view" && !slices.Contains(l.only, p.name)) {
			told = p.end
			continue
		}
		tell(p.middle)
		if first, twice := l.places[p.id()]; twice && p.named {
			l.fail(p.pos, "", p.id()+" is defined twice, first at "+first.String(), "give one of them another name")
			told = p.end
			continue
		}
		tell(p.end)
		if p.named {
			l.places[p.id()] = p.pos
			l.add(p)
		}
	}
	tell(len(d.errs))
}

// repeat keeps mistakes that were found when their file was read. Whoever is told of them may change them.
func (l *loader) repeat(errs Errors) {
	for _, e := range errs {
		again := *e
		l.errs = append(l.errs, &again)
	}
}

// add puts a definition into the model, views and services in copies that the checks complete.
func (l *loader) add(p *part) {
	l.parts[p.id()] = p
	switch {
	case p.entity != nil:
		l.p.Entities = append(l.p.Entities, p.entity)
	case p.source != nil:
		l.p.Sources = append(l.p.Sources, p.source)
	case p.view != nil:
		v := *p.view
		l.p.Views = append(l.p.Views, &v)
		l.drafts[p.name] = p.drafts
	case p.service != nil:
		s := *p.service
		s.Features = slices.Clone(s.Features)
		l.p.Services = append(l.p.Services, &s)
	}
}

// checked is a view that was checked, with all that the check looked at.
type checked struct {
	part  *part
	view  *selfsame.FeatureView
	types map[string]selfsame.Type
	needs map[string]*part // by kind and name; nil: there was none
}

// stillChecked are the views that were checked before of which nothing has changed that the check looked at.
func (l *loader) stillChecked() map[string]*checked {
	still := maps.Clone(l.before)
	for changed := true; changed; {
		changed = false
		for name, c := range still {
			same := l.parts["view "+name] == c.part
			for id, p := range c.needs {
				same = same && l.parts[id] == p && (p == nil || p.view == nil || still[p.name] != nil)
			}
			if !same {
				delete(still, name)
				changed = true
			}
		}
	}
	return still
}

// checkedBefore takes a view as it was checked before, where it still is what it was.
func (l *loader) checkedBefore(v *selfsame.FeatureView) bool {
	c := l.still[v.Name]
	if c == nil {
		return false
	}
	l.p.Views[slices.Index(l.p.Views, v)] = c.view
	l.types[v.Name], l.checked[v.Name] = c.types, c
	return true
}

// checking checks a view, and notes what the check looks at.
func (l *loader) checking(v *selfsame.FeatureView, check func()) {
	if l.checkedBefore(v) {
		return
	}
	p := l.parts["view "+v.Name]
	l.noted = map[string]bool{}
	for _, name := range p.reads {
		l.noted["view "+name] = true
	}
	check()
	c := &checked{part: p, view: v, types: l.types[v.Name], needs: make(map[string]*part, len(l.noted))}
	for id := range l.noted {
		c.needs[id] = l.parts[id]
	}
	l.noted, l.checked[v.Name] = nil, c
}
