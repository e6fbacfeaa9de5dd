// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"

	"selfsame"
	"selfsame/eventlog"
	"selfsame/plan"
)

// lane turns blocks of the log into changes of a set of states. One goroutine's.
type lane struct {
	inlets  map[string][]*inlet // by the name of the source
	changes changes
}

// inlet is one definition of a source, and what it feeds. Two versions of a project may define one source in two ways; each resolves its rows
// for itself.
type inlet struct {
	text string // of the definition: what resolution depends on
	run  *run
	res  resolver // nil: rows have no identity
	out  outcome
	fans []*fan
	ns   uint32 // of res, 0 for none
}

// newLane returns the lane of some states. spaceOf gives the namespace of a definition of a source.
func newLane(states []*plan.State, hooks *Options, facts factReader, spaceOf func(src *selfsame.Source, text string) place) *lane {
	l := &lane{inlets: map[string][]*inlet{}}
	for _, s := range states {
		for _, part := range s.Use.Sources {
			in := l.inlet(part.Source, facts, spaceOf)
			in.fans = append(in.fans, newFan(s, part, hooks))
		}
	}
	return l
}

// inlet returns the inlet of a definition, which it makes where there is none.
func (l *lane) inlet(src *selfsame.Source, facts factReader, spaceOf func(*selfsame.Source, string) place) *inlet {
	text := resolutionText(src)
	for _, in := range l.inlets[src.Name] {
		if in.text == text {
			return in
		}
	}
	in := &inlet{text: text, run: newRun(src)}
	if identified(src) {
		at := spaceOf(src, text)
		in.ns, in.res = at.ns, newResolver(src, at, facts)
	}
	l.inlets[src.Name] = append(l.inlets[src.Name], in)
	return in
}

// each visits every inlet; their order decides nothing.
func (l *lane) each(visit func(*inlet)) {
	for _, list := range l.inlets {
		for _, in := range list {
			visit(in)
		}
	}
}

// begin starts a batch.
func (l *lane) begin() {
	l.changes.reset()
	l.each(func(in *inlet) {
		if in.res != nil {
			in.res.begin()
		}
	})
}

// take adds a block to the batch and returns the fates of its rows, nil where all are accepted. Of two definitions of its source the one that
// the block names tells the fates, else the first.
func (l *lane) take(ctx context.Context, b *eventlog.Block, fan bool) ([]Fate, error) {
	var fates []Fate
	told := false
	for _, in := range l.inlets[b.Name] {
		if err := in.take(ctx, b, fan, &l.changes); err != nil {
			return nil, err
		}
		if !told || in.run.src == b.Source {
			fates, told = in.out.fates, true
		}
	}
	return fates, nil
}

func (in *inlet) take(ctx context.Context, b *eventlog.Block, fan bool, c *changes) error {
	if err := in.run.load(b); err != nil {
		return err
	}
	return in.spread(ctx, fan, c)
}

// spread resolves the inlet's run and, where fan, adds it to the states.
func (in *inlet) spread(ctx context.Context, fan bool, c *changes) error {
	in.out.reset(in.run)
	if in.res != nil {
		if err := in.res.resolve(ctx, in.run, &in.out, c); err != nil {
			return err
		}
	}
	if !fan {
		return nil
	}
	for _, f := range in.fans {
		f.add(in.run, &in.out, c)
	}
	return nil
}

// sliced is the part of a block from offset `from` on, which lies inside it.
func sliced(b *eventlog.Block, from int64) *eventlog.Block {
	k := int(from - b.First)
	if k <= 0 {
		return b
	}
	out := *b
	out.First, out.Tau = from, b.Tau[k:]
	if b.Ops != nil {
		out.Ops = b.Ops[k:]
	}
	out.Rows = tail(b.Rows, k)
	return &out
}
