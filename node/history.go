// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"selfsame"
	"selfsame/batch"
	"selfsame/materialize"
	"selfsame/plan"
	"selfsame/serve"
	"selfsame/source"
	"selfsame/stream"
)

// readHistory reads the text that the live states have of their history, for serve.
func readHistory(text string) (*serve.History, error) {
	h, err := materialize.ParseHistory(text)
	if err != nil {
		return nil, err
	}
	return &serve.History{Snapshot: h.ID(), Sources: h.Sources, Ranges: h.TokenRanges()}, nil
}

// LoadedHistory returns the record of a snapshot that was loaded into a data directory; nil: there is none.
func LoadedHistory(data string, snapshot [16]byte) (*materialize.Record, error) {
	return materialize.ReadRecord(filepath.Join(data, historyFolder), fmt.Sprintf("%x", snapshot))
}

// switchWith makes the live states those of the uses. States that have to be built hold of history what is loaded of their sources. Where files of
// such a source are not those that were loaded, every state that reads it is built anew from the files of now. What the log has let go of comes from the archive.
func (l *Live) switchWith(ctx context.Context, uses []*plan.Use) error {
	held, err := materialize.ParseHistory(l.driver.History())
	if err != nil {
		return err
	}
	if held.None() && l.log.Begin() == 0 {
		return l.driver.Switch(ctx, uses)
	}
	b, err := l.bring(ctx, uses, &bringing{held: held})
	if err != nil {
		return err
	}
	if len(b.fresh) == 0 {
		return l.driver.Switch(ctx, uses)
	}
	for _, name := range b.next.Sources {
		if b.changed[name] {
			l.notify("source " + name + ": its history files are not those that were loaded; the states that read it are built anew from the files of now")
		}
	}
	_, err = b.load(ctx)
	return err
}

// recoverWith is switchWith for the start: where history cannot be brought in, the states that need it are left out, and who asks for them is told that
// they are not built.
func (l *Live) recoverWith(ctx context.Context, uses []*plan.Use) error {
	err := l.switchWith(ctx, uses)
	switch selfsame.ClassOf(err) {
	case selfsame.ClassInput, selfsame.ClassNotFound, selfsame.ClassChanged, selfsame.ClassResource, selfsame.ClassDefinition, selfsame.ClassExpectation:
	default:
		return err
	}
	fresh, freshErr := l.driver.Fresh(uses, nil)
	if freshErr != nil {
		return freshErr
	}
	missing := map[string]bool{}
	var views []string
	for _, u := range fresh {
		missing[u.Base()] = true
		views = append(views, u.View.Name)
	}
	l.notify("the states of " + strings.Join(views, ", ") + " are not built; mend what follows, then start again or run selfsame backfill: " + err.Error())
	return l.driver.Switch(ctx, slices.DeleteFunc(slices.Clone(uses), func(u *plan.Use) bool { return missing[u.Base()] }))
}

// bringing is one load of history, from the look at the files to the switch.
type bringing struct {
	l    *Live
	uses []*plan.Use // live afterwards
	held *materialize.History
	// wanted is what is asked to be loaded of sources. anew: states that read them are built anew, changed or not.
	wanted map[string]materialize.Range
	anew   bool
	told   func(view string, n int64)

	project *selfsame.Project
	record  *materialize.Record // of held, nil for none
	next    *materialize.History
	inputs  map[string]batch.Input // of the sources that were looked at
	tables  map[*selfsame.Source]*source.Table
	changed map[string]bool // sources of which other files or another range are loaded from now on
	fresh   []*plan.Use     // unions of the states to be built

	written  *materialize.Record
	warnings []string
}

// bring looks at the files and finds which states are to be built.
func (l *Live) bring(ctx context.Context, uses []*plan.Use, b *bringing) (*bringing, error) {
	s, err := l.registry.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	b.l, b.uses, b.project = l, uses, s.Project()
	b.inputs, b.tables, b.changed = map[string]batch.Input{}, map[*selfsame.Source]*source.Table{}, map[string]bool{}
	b.next = &materialize.History{Format: materialize.HistoryFormat, Snapshot: b.held.Snapshot, Sources: slices.Clone(b.held.Sources), Ranges: slices.Clone(b.held.Ranges)}
	if !b.held.None() {
		if b.record, err = materialize.ReadRecord(b.folder(), b.held.Snapshot); err != nil {
			return nil, err
		}
	}
	look := map[string]bool{}
	for name := range b.wanted {
		look[name] = true
	}
	for len(look) > 0 || b.fresh == nil {
		for _, u := range uses {
			for _, su := range u.Sources {
				if look[su.Source.Name] {
					if err := b.look(ctx, su.Source); err != nil {
						return nil, err
					}
				}
			}
		}
		if b.fresh, err = l.driver.Fresh(uses, b.again); err != nil {
			return nil, err
		}
		if b.fresh == nil {
			break
		}
		look = b.unseen()
	}
	return b, nil
}

func (b *bringing) folder() string { return filepath.Join(b.l.data.Dir, historyFolder) }

// unseen are the sources of states to be built whose history is or will be loaded and whose files nobody has looked at.
func (b *bringing) unseen() map[string]bool {
	out := map[string]bool{}
	for _, u := range b.fresh {
		for _, su := range u.Sources {
			name := su.Source.Name
			if _, seen := b.inputs[name]; !seen && slices.Contains(b.next.Sources, name) {
				out[name] = true
			}
		}
	}
	return out
}

// again says whether the state of a base is built anew though its shape is the same.
func (b *bringing) again(base string) bool {
	for _, u := range b.uses {
		if u.Base() != base {
			continue
		}
		return slices.ContainsFunc(u.Sources, func(su *plan.SourceUse) bool {
			_, wanted := b.wanted[su.Source.Name]
			return b.changed[su.Source.Name] || (b.anew && wanted)
		})
	}
	return false
}

func (b *bringing) source(src *selfsame.Source) *selfsame.Source { return withFiles(b.project, src) }

// withFiles is a definition of a source, of whatever version, that reads the files of a project's: where files stand is no part of a version.
func withFiles(p *selfsame.Project, src *selfsame.Source) *selfsame.Source {
	if now := p.Source(src.Name); now != nil && now.Batch != nil && now != src {
		out := *src
		out.Batch = now.Batch
		return &out
	}
	return src
}

// open returns the history of a source.
func (b *bringing) open(ctx context.Context, src *selfsame.Source) (*source.Table, error) {
	if t := b.tables[src]; t != nil {
		return t, nil
	}
	t, err := openSource(ctx, b.l.Project, b.source(src))
	if err != nil {
		return nil, err
	}
	b.tables[src] = t
	return t, nil
}

// look sums the files of a source, and says whether they, or what is wanted of them, are what is loaded.
func (b *bringing) look(ctx context.Context, src *selfsame.Source) error {
	if _, seen := b.inputs[src.Name]; seen {
		return nil
	}
	in := batch.Input{Name: src.Name} // where the definition has no files any more
	if from := b.source(src).Batch; from != nil {
		t, err := b.open(ctx, src)
		if err != nil {
			return err
		}
		if in, err = inputRecord(ctx, src.Name, from.Path, t); err != nil {
			return err
		}
	}
	b.inputs[src.Name] = in
	have, loaded := b.held.Of(src.Name)
	want, asked := b.wanted[src.Name]
	if !asked {
		want = have
	}
	if then := b.record.Input(src.Name); loaded && then != nil && want == have && len(batch.Changes(*then, in)) == 0 {
		return nil
	}
	b.changed[src.Name] = true
	b.next.Set(want)
	if len(b.next.Sources) > materialize.MostSources {
		return &selfsame.Error{Class: selfsame.ClassUsage, Ref: "source " + src.Name, Message: fmt.Sprintf("history of more than %d sources", materialize.MostSources)}
	}
	return nil
}

// load builds the states and switches to them.
func (b *bringing) load(ctx context.Context) (*materialize.Report, error) {
	l := b.l
	// What is applied is resolved together with history: of copies and versions those that became known first count, on either side.
	pinned, err := l.pin(ctx)
	if err != nil {
		return nil, err
	}
	before := pinned.Complete
	building := map[string]bool{}
	for _, u := range b.fresh {
		building[u.Base()] = true
	}
	r := materialize.Request{
		Uses: b.uses, Again: func(base string) bool { return building[base] },
		Open:    func(src *selfsame.Source) (batch.Opened, error) { return b.opened(ctx, src, before) },
		Place:   func(name string) int { return max(0, slices.Index(b.next.Sources, name)) },
		Before:  before,
		Ranges:  b.next.Loaded(),
		Now:     l.now(),
		Options: batch.Options{Threads: l.Config.Threads, Memory: l.Config.Memory},
		Loaded:  b.told,
		History: func() string { return b.next.Text() },
		Check:   b.check,
	}
	if len(b.next.Sources) == 0 { // what the archive has of the log alone
		r.History, r.Check = nil, nil
	}
	return materialize.Load(ctx, l.driver, r)
}

// opened is what is brought in of a source.
func (b *bringing) opened(ctx context.Context, src *selfsame.Source, before int64) (o batch.Opened, err error) {
	if _, loaded := b.inputs[src.Name]; loaded && b.source(src).Batch != nil {
		if o.History, err = b.open(ctx, src); err != nil {
			return o, err
		}
	}
	if before > 0 {
		o.Log, err = OpenArchive(ctx, filepath.Join(b.l.data.Dir, archiveFolder), b.l.archive.Complete(), src)
	}
	return o, err
}

// check looks at the new states before they are live, and writes what they hold into the folder of records.
func (b *bringing) check(ctx context.Context, fresh []*plan.State, r *materialize.Report, cut stream.Cut) error {
	for _, c := range r.Sources {
		if c.Outside == 0 && slices.Contains(b.next.Sources, c.Name) {
			b.next.Set(materialize.Whole(c.Name)) // nothing is left out
		}
	}
	var err error
	if b.warnings, err = b.l.expect(ctx, b.project, fresh, cut); err != nil {
		return err
	}
	b.written = &materialize.Record{Format: materialize.HistoryFormat}
	for _, name := range b.next.Sources {
		in, looked := b.inputs[name]
		if then := b.record.Input(name); !looked && then != nil {
			in = *then
		}
		in.Name = name
		b.written.Sources = append(b.written.Sources, in)
	}
	b.written.Snapshot = materialize.Snapshot(b.written.Sources)
	b.next.Snapshot = b.written.Snapshot
	earlier, err := materialize.ReadRecord(b.folder(), b.written.Snapshot)
	if err == nil && earlier != nil {
		b.written.Loads = earlier.Loads
	}
	load := materialize.LoadRecord{At: time.UnixMicro(b.l.now()).UTC().Format(time.RFC3339Nano), Offset: cut.Offset, Ranges: b.next.Ranges}
	for _, v := range r.Views {
		load.Views = append(load.Views, v.View)
	}
	b.written.Loads = append(b.written.Loads, load)
	return b.written.Write(b.folder())
}
