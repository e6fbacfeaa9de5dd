// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package forecast

import (
	"bytes"
	"context"
	"io"
	"slices"

	"selfsame"
	"selfsame/plan"
	"selfsame/registry"
	"selfsame/source"
)

// Load is an online state that a change makes necessary.
type Load struct {
	Views   []string     `json:"views"`
	Sources []LoadSource `json:"sources"`
	Seconds float64      `json:"seconds"`         // about
	Rate    float64      `json:"rows_per_second"` // that Seconds is reckoned with
	// Run is the load that the rate was measured by; empty: none was recorded, and the rate is a guess.
	Run string `json:"run,omitempty"`
	// Applied: the history of its sources is loaded, so that apply builds the state. Otherwise it knows live events only until a backfill.
	Applied bool `json:"applied"`
}

// LoadSource is how many rows of a source go into a state.
type LoadSource struct {
	Name  string `json:"name"`
	Rows  int64  `json:"rows"`            // of history
	About bool   `json:"about,omitempty"` // the files do not say how many rows they have: Rows follows from their size
	Live  int64  `json:"live,omitempty"`  // rows of the live log
}

const (
	guessedRate = 250_000 // rows a second that a load is reckoned with before one was measured
	tellingRows = 10_000  // of a load from which on its time says something of rows, and not of the rest
)

// loads finds the states that a change makes necessary, those that serve it as they are, and those that nothing asks for any more.
func (f *forecaster) loads(ctx context.Context) error {
	is, err := f.newUses()
	if err != nil {
		return err
	}
	was, err := f.liveUnions(is)
	if err != nil {
		return err
	}
	rate, run := measuredRate(f.before)
	for _, base := range is.order {
		views := viewsOf(is.uses[base])
		union, fresh, err := f.fresh(was[base], is.uses[base])
		if err != nil {
			return err
		}
		if !fresh {
			f.out.Shared = append(f.out.Shared, views...)
			continue
		}
		l := Load{Views: views, Sources: []LoadSource{}, Rate: rate, Run: run, Applied: true}
		for _, su := range union.Sources {
			s, err := f.rowsOf(ctx, su.Source)
			if err != nil {
				return err
			}
			if l.Sources = append(l.Sources, *s); s.Rows > 0 && (f.hand.States == nil || !f.hand.States.Loaded(s.Name)) {
				l.Applied = false
			}
			l.Seconds += float64(s.Rows+s.Live) / rate
		}
		if l.Seconds > 0 { // else nothing is there to be loaded
			f.out.Loads = append(f.out.Loads, l)
		}
	}
	f.released()
	return nil
}

// newUses are the uses of the stored features that come or change, each under its new version, and of what they look up.
func (f *forecaster) newUses() (*based, error) {
	byView := map[string][]selfsame.ServiceEntry{}
	for _, c := range f.out.Features {
		if c.To != "" && c.From != c.To {
			byView[c.View] = append(byView[c.View], selfsame.ServiceEntry{View: c.View, Feature: c.Feature, Version: c.To})
		}
	}
	b := &based{uses: map[string][]*plan.Use{}}
	for _, v := range f.after.Project().Views {
		if byView[v.Name] == nil || v.Kind == selfsame.OnDemandView || v.Offline {
			continue // what is on demand reads stored views, which are live as a whole
		}
		pl, err := plan.Build(f.after.Project(), plan.Request{Features: byView[v.Name], Resolver: f.after})
		if err != nil {
			return nil, err
		}
		b.add(pl.LiveUses())
	}
	return b, nil
}

// liveUnions are the unions that are live of the bases of some uses: those of the server, or else of the project before.
func (f *forecaster) liveUnions(of *based) (map[string]*plan.Use, error) {
	out := map[string]*plan.Use{}
	if f.hand.States != nil {
		for _, base := range of.order {
			if u := f.hand.States.Live(base); u != nil {
				out[base] = u
			}
		}
		return out, nil
	}
	p := f.before.Project()
	if p == nil {
		return out, nil
	}
	all, err := storedUses(p)
	if err != nil {
		return nil, err
	}
	for _, base := range of.order {
		if len(all.uses[base]) > 0 {
			union, _, _, err := plan.Union(all.uses[base])
			if err != nil {
				return nil, err
			}
			out[base] = union
		}
	}
	return out, nil
}

// released notes the views that are served no more and of which no earlier version is.
func (f *forecaster) released() {
	p := f.before.Project()
	for _, v := range f.after.Project().Views {
		if p == nil || !v.Offline || p.View(v.Name) == nil || p.View(v.Name).Offline {
			continue
		}
		earlier := slices.ContainsFunc(f.after.Features(), func(h registry.FeatureVersions) bool {
			return h.View == v.Name && slices.ContainsFunc(h.Versions, func(x registry.Version) bool { return x.Status != registry.Current && x.Stage != registry.Retired })
		})
		if !earlier {
			f.out.Released = append(f.out.Released, v.Name)
		}
	}
}

// based is uses by their base, in the order of first appearance.
type based struct {
	order []string
	uses  map[string][]*plan.Use
}

func (b *based) add(uses []*plan.Use) {
	for _, u := range uses {
		if b.uses[u.Base()] == nil {
			b.order = append(b.order, u.Base())
		}
		b.uses[u.Base()] = append(b.uses[u.Base()], u)
	}
}

// storedUses are the uses of the views of a project that have a state and are served.
func storedUses(p *selfsame.Project) (*based, error) {
	b := &based{uses: map[string][]*plan.Use{}}
	for _, v := range p.Views {
		if v.Kind == selfsame.OnDemandView || v.Offline {
			continue
		}
		pl, err := plan.Build(p, plan.Request{View: v.Name})
		if err != nil {
			return nil, err
		}
		b.add(pl.LiveUses())
	}
	return b, nil
}

func viewsOf(uses []*plan.Use) []string {
	var out []string
	for _, u := range uses {
		if !slices.Contains(out, u.View.Name) {
			out = append(out, u.View.Name)
		}
	}
	return out
}

// fresh reports whether the state of some uses has to be built beside what is live of their base, nil for nothing: the server that has the states knows, else
// it is one whose rows hold more. It returns the union with what is live.
func (f *forecaster) fresh(had *plan.Use, uses []*plan.Use) (*plan.Use, bool, error) {
	if had != nil {
		uses = append([]*plan.Use{had}, uses...)
	}
	union, _, _, err := plan.Union(uses)
	if err != nil {
		return nil, false, err
	}
	switch {
	case f.hand.States != nil:
		fresh, err := f.hand.States.Fresh(union)
		return union, fresh, err
	case had == nil:
		return union, true, nil
	}
	_, columns := had.Places(union)
	return union, slices.Contains(columns, -1) || union.Spec.NeedOrder != had.Spec.NeedOrder || !union.Spec.OrderType.Equal(had.Spec.OrderType), nil
}

// measuredRate is how fast the newest recorded load was that was not a small one, and its id.
func measuredRate(s *registry.Snapshot) (rate float64, run string) {
	for _, r := range slices.Backward(s.Runs()) {
		if took := r.Ended - r.Started; r.Loads() && r.Rows >= tellingRows && took > 0 {
			return float64(r.Rows) / (float64(took) / float64(selfsame.Second)), r.ID
		}
	}
	return guessedRate, ""
}

// rowsOf counts what is at hand of a source, without reading it.
func (f *forecaster) rowsOf(ctx context.Context, s *selfsame.Source) (*LoadSource, error) {
	o, err := f.hand.Open(ctx, f.after.Project(), s)
	if err != nil {
		return nil, err
	}
	out := &LoadSource{Name: s.Name}
	if o.History != nil {
		out.Rows, out.About = CountRows(o.History)
	}
	if o.Log != nil {
		out.Live, _ = CountRows(o.Log)
	}
	return out, nil
}

// CountRows is the number of rows of a table. Where its files do not tell, it follows from their size and the length of the first lines.
func CountRows(t *source.Table) (n int64, about bool) {
	for _, file := range t.Files() {
		if file.Rows >= 0 {
			n += file.Rows
			continue
		}
		n, about = n+linesOf(file), true
	}
	return n, about
}

// linesOf is about how many lines a text file has.
func linesOf(file source.File) int64 {
	in, err := source.OpenText(file.Path)
	if err != nil {
		return 0 // whoever reads it says so
	}
	defer in.Close()
	first, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil || len(first) == 0 {
		return 0
	}
	lines := int64(bytes.Count(first, []byte("\n")))
	if source.FormatOf(file.Path) == "csv" {
		lines-- // its names of columns
	}
	if len(first) < 1<<20 { // all of it
		return max(lines, 0)
	}
	return int64(float64(max(lines, 1)) * float64(file.Size) / float64(len(first)))
}
