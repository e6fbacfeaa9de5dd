// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"selfsame"
	"selfsame/definition/canonical"
)

// decision is what a change comes to: its diff, and the record and the texts to store.
type decision struct {
	before *Snapshot
	after  *selfsame.Project
	draft  bool                       // new versions are drafts
	forms  map[string]form            // canonical form of each feature of the change, by view.feature
	later  map[string]*featureHistory // of features that change, by view.feature
	diff   *Diff
	record *Record
	texts  map[string][]byte // by hash
	stored map[string][]byte // forms of the store that were read, by hash
}

// form is one feature of a change.
type form struct {
	text    []byte
	hash    string
	words   string
	feature *selfsame.Feature
}

// decide works a change out against a snapshot. It stores nothing.
func (s *Snapshot) decide(ctx context.Context, c *Change) (*decision, error) {
	p, err := s.projects.reader.Parse(c.Files)
	if err != nil {
		return nil, err
	}
	if r := s.Newest(); r != nil && r.Project != p.Name {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: "project " + p.Name, Message: "the registry is of project " + r.Project,
			Hint: "name the data directory of this project with --data; a project keeps its name"}
	}
	d := &decision{before: s, after: p, draft: c.Draft, forms: map[string]form{}, later: map[string]*featureHistory{}, texts: map[string][]byte{},
		diff:   &Diff{Project: p.Name, On: s.Applied(), Features: []FeatureChange{}, Services: []ServiceChange{}, Others: []OtherChange{}, Files: []string{}},
		record: &Record{ID: s.ID() + 1, Time: c.Time, Project: p.Name, Author: c.Author, Message: c.Message, Commit: c.Commit, Engine: c.Engine}}
	if err := d.readForms(); err != nil {
		return nil, err
	}
	if err := d.readStored(ctx); err != nil {
		return nil, err
	}
	if err := d.features(); err != nil {
		return nil, err
	}
	if err := d.services(); err != nil {
		return nil, err
	}
	d.equal()
	d.others()
	d.files(c.Files)
	if err := d.impacts(c.Impacts); err != nil {
		return nil, err
	}
	return d, d.check()
}

// readForms writes the canonical form of every feature of the change.
func (d *decision) readForms() error {
	forms, err := d.before.projects.kept.formsOf(d.after)
	if err != nil {
		return err
	}
	for _, v := range d.after.Views {
		for _, f := range forms[v] {
			d.forms[featureName(v.Name, f.feature.Name)] = f
		}
	}
	return nil
}

// wordsOf is the digest of what belongs to a feature and changes no value.
func wordsOf(f *selfsame.Feature) string {
	text := fmt.Appendf(nil, "description %q owner %q", f.Description, f.Owner)
	for _, tag := range slices.Sorted(maps.Keys(f.Tags)) {
		text = fmt.Appendf(text, " tag %q %q", tag, f.Tags[tag])
	}
	if e := f.Expect; e != nil {
		for _, bound := range []*selfsame.Value{e.Min, e.Max} {
			if bound != nil {
				text = fmt.Appendf(text, " bound %v", *bound)
			} else {
				text = append(text, " unbounded"...)
			}
		}
		text = fmt.Appendf(text, " nulls %v block %t", e.Nulls, e.Block)
	}
	return canonical.Hash(text)
}

// readStored reads the forms that changed ones are compared with: those that were current, and all that they read in turn.
func (d *decision) readStored(ctx context.Context) error {
	d.stored = map[string][]byte{}
	var need []string
	for name, f := range d.forms {
		if h := d.before.features[name]; h != nil && h.versions[h.last].Hash != f.hash {
			need = append(need, h.versions[h.last].Hash)
		}
	}
	for len(need) > 0 {
		slices.Sort(need)
		found, err := Texts(ctx, d.before.projects.store, slices.Compact(need))
		if err != nil {
			return err
		}
		need = nil
		maps.Copy(d.stored, found)
		for _, text := range found {
			for _, hash := range canonical.Reads(text) {
				if _, ok := d.stored[hash]; !ok {
					need = append(need, hash)
				}
			}
		}
	}
	return nil
}

// features decides the version of every feature.
func (d *decision) features() error {
	for _, name := range slices.Sorted(maps.Keys(d.forms)) {
		view, feature, _ := strings.Cut(name, ".")
		change, record, err := d.feature(d.before.features[name], d.forms[name])
		if err != nil {
			return err
		}
		if record == nil {
			continue
		}
		change.View, change.Feature, record.View, record.Feature = view, feature, view, feature
		if d.later[name], err = d.staged(d.before.features[name], record, change); err != nil {
			return err
		}
		d.diff.Features = append(d.diff.Features, *change)
		d.record.Features = append(d.record.Features, *record)
		d.texts[record.Hash] = d.forms[name].text
	}
	for _, name := range slices.Sorted(maps.Keys(d.before.features)) {
		h := d.before.features[name]
		if _, ok := d.forms[name]; ok || h.removed {
			continue
		}
		last := h.versions[h.last]
		d.diff.Features = append(d.diff.Features, FeatureChange{View: h.view, Feature: h.feature, Effect: Gone, From: last.Version, Hash: last.Hash})
		d.record.Features = append(d.record.Features, FeatureRecord{View: h.view, Feature: h.feature})
	}
	slices.SortFunc(d.diff.Features, func(a, b FeatureChange) int {
		return strings.Compare(featureName(a.View, a.Feature), featureName(b.View, b.Feature))
	})
	slices.SortFunc(d.record.Features, func(a, b FeatureRecord) int {
		return strings.Compare(featureName(a.View, a.Feature), featureName(b.View, b.Feature))
	})
	return nil
}

// feature decides the version of one feature of the change; h is nil where none was applied. A nil record says that nothing changes.
func (d *decision) feature(h *featureHistory, f form) (*FeatureChange, *FeatureRecord, error) {
	if h == nil {
		to := cmp.Or(f.feature.Version, "1.0.0")
		return &FeatureChange{Effect: Added, To: to, Proposed: unless("1.0.0", to), Found: FoundNew, Hash: f.hash},
			&FeatureRecord{Version: to, Hash: f.hash, Words: f.words, Found: FoundNew}, nil
	}
	last := h.versions[h.last]
	found, err := d.found(h, f)
	if err != nil {
		return nil, nil, err
	}
	proposed := h.propose(f.hash, found)
	to := cmp.Or(f.feature.Version, proposed)
	if to != proposed {
		if err := h.named(f, to); err != nil {
			return nil, nil, err
		}
	}
	if !h.removed && to == last.Version && found == FoundNone {
		return nil, nil, nil
	}
	if err := h.comesBack(f, to); err != nil {
		return nil, nil, err
	}
	c := &FeatureChange{Effect: Compatible, From: last.Version, To: to, Proposed: unless(proposed, to), Found: found, Hash: f.hash, Restored: h.has(to) && to != last.Version}
	switch {
	case h.removed:
		c.Effect, c.From, c.Restored = Added, "", h.has(to)
	case found == FoundMajor:
		c.Effect = Behaviour
	}
	if last.Hash != f.hash {
		c.Differences = canonical.Differences(d.stored[last.Hash], f.text)
	}
	return c, &FeatureRecord{Version: to, Hash: f.hash, Words: f.words, Found: found}, nil
}

// unless is text, or nothing where it equals other.
func unless(text, other string) string {
	if text == other {
		return ""
	}
	return text
}

// found compares a feature of the change with the version that is or was last current.
func (d *decision) found(h *featureHistory, f form) (Found, error) {
	last := h.versions[h.last]
	switch {
	case last.Hash == f.hash && h.words == f.words:
		return FoundNone, nil
	case last.Hash == f.hash:
		return FoundPatch, nil
	}
	same, err := canonical.Addition(d.stored[last.Hash], f.text, func(hash string) []byte { return d.stored[hash] }, d.formOf)
	if err != nil {
		return "", damaged(featureName(h.view, h.feature)+"@"+last.Version, "its form cannot be read", err)
	}
	if same {
		return FoundMinor, nil
	}
	return FoundMajor, nil
}

// formOf is the form of the change with that hash, or nil.
func (d *decision) formOf(hash string) []byte {
	for _, f := range d.forms {
		if f.hash == hash {
			return f.text
		}
	}
	return nil
}

// propose is the version that a definition gets where its author names none: the last one where nothing changed, one that had the
// same form before, or the next number of the kind that was found.
func (h *featureHistory) propose(hash string, found Found) string {
	last, _ := parseNumber(h.versions[h.last].Version)
	switch found {
	case FoundNone:
		return last.String()
	case FoundPatch:
		return h.next(last, 2)
	}
	for i := len(h.versions) - 1; i >= 0; i-- {
		if h.versions[i].Hash == hash {
			return h.versions[i].Version
		}
	}
	if found == FoundMinor {
		return h.next(last, 1)
	}
	return h.next(number{}, 0)
}

// next is the least unused version above all that agree with n before position part.
func (h *featureHistory) next(n number, part int) string {
	most := n[part]
	for _, v := range h.versions {
		m, _ := parseNumber(v.Version)
		if slices.Equal(m[:part], n[:part]) {
			most = max(most, m[part])
		}
	}
	out := number{}
	copy(out[:part], n[:part])
	out[part] = most + 1
	return out.String()
}

func (h *featureHistory) has(version string) bool {
	return slices.ContainsFunc(h.versions, func(v Version) bool { return v.Version == version })
}

// named checks the version that an author names.
func (h *featureHistory) named(f form, version string) error {
	fail := func(message, hint string) error {
		return &selfsame.Error{Class: selfsame.ClassDefinition, Pos: f.feature.Pos, Ref: featureName(h.view, h.feature), Message: message, Hint: hint}
	}
	last := h.versions[h.last]
	for _, v := range h.versions {
		if v.Version != version {
			continue
		}
		if v.Hash == f.hash {
			return nil
		}
		return fail(fmt.Sprintf("version %s is another definition, applied by %s as apply %d", version, v.Author, v.Apply),
			"a version never changes: name a higher one, or leave version: out and get the next")
	}
	own, _ := parseNumber(last.Version)
	if n, _ := parseNumber(version); n.compare(own) < 0 {
		return fail(fmt.Sprintf("version %s is lower than %s, which is applied", version, last.Version), "name a higher one, or leave version: out and get the next")
	}
	return nil
}

// files notes which definition files changed.
func (d *decision) files(files map[string][]byte) {
	have := d.before.files(d.before.ID())
	for _, path := range slices.Sorted(maps.Keys(files)) {
		hash := canonical.Hash(files[path])
		if have[path] != hash {
			d.diff.Files = append(d.diff.Files, path)
			d.record.Files = append(d.record.Files, FileRecord{Path: path, Hash: hash})
			d.texts[hash] = files[path]
		}
	}
	for _, path := range slices.Sorted(maps.Keys(have)) {
		if _, ok := files[path]; !ok {
			d.diff.Files = append(d.diff.Files, path)
			d.record.Files = append(d.record.Files, FileRecord{Path: path})
		}
	}
	slices.Sort(d.diff.Files)
	slices.SortFunc(d.record.Files, func(a, b FileRecord) int { return strings.Compare(a.Path, b.Path) })
}
