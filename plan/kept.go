// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/compute/pit"
	"selfsame/compute/window"
)

// What an event looks up is a matter of the question: the value of another view at the event's time, as the question's cut shows it. So live
// serving keeps the rows of such a use as they came, and what they look up keeps what those rows may ask for.

// Kept returns the use whose rows live serving keeps for u: u itself or, where expressions over its rows look other views up, one without
// cells. Its columns are the fields that those expressions and the keys of what they look up read, and its where is u's where that looks
// nothing up.
func (u *Use) Kept() *Use {
	if u.kept == nil {
		return u
	}
	return u.kept
}

// LiveUses returns the uses whose rows live serving keeps to answer the plan: those of its own and those that are looked up, to any depth, which
// know for whom. What is for training only is left out.
func (p *Plan) LiveUses() []*Use { return p.liveUses(nil) }

func (p *Plan) liveUses(by *Use) []*Use {
	var out []*Use
	for _, u := range p.Uses {
		if u.TrainingOnly() {
			continue
		}
		k := u.Kept()
		if by != nil {
			asked := *k
			asked.askers = []*Use{by}
			k = &asked
		}
		out = append(out, k)
		if u.Lookup != nil {
			out = append(out, u.Lookup.liveUses(k)...)
		}
	}
	return out
}

// keepRows makes the use whose rows are kept, where u looks others up.
func (u *Use) keepRows() error {
	if u.Lookup == nil || u.TrainingOnly() {
		return nil
	}
	k := &Use{View: u.View, Entity: u.Entity, rows: true,
		Spec: pit.Spec{Name: u.Spec.Name, NeedOrder: u.Spec.NeedOrder, OrderType: u.Spec.OrderType}}
	for _, s := range u.Sources {
		part := &SourceUse{Source: s.Source, Place: s.Place, Key: s.Key}
		if !u.whereLooksUp() {
			part.Where = s.Where
		}
		k.Sources = append(k.Sources, part)
	}
	for _, name := range u.rawFields() {
		n, err := expr.Parse(selfsame.Expr{Text: `"` + name + `"`, Pos: u.View.Pos})
		if err != nil {
			return err
		}
		if _, _, err := k.column(n); err != nil {
			return err
		}
	}
	for _, c := range u.Spec.Cells {
		k.windows = append(k.windows, c.Window)
	}
	if err := k.findBase(); err != nil {
		return err
	}
	k.collectFields()
	u.kept = k
	return nil
}

// whereLooksUp reports whether the view's where reads another view.
func (u *Use) whereLooksUp() bool {
	return len(u.Sources[0].LooksUp(u.Sources[0].Where)) > 0
}

// rawFields are the fields that expressions over rows, but for a where that is kept, and keys of what they look up read, in schema order.
func (u *Use) rawFields() []string {
	s := u.Sources[0]
	need := make([]bool, len(s.Source.Schema))
	programs := slices.Clone(s.Columns)
	if u.whereLooksUp() {
		programs = append(programs, s.Where)
	}
	for _, p := range programs {
		for _, slot := range p.Slots() {
			if slot < len(need) {
				need[slot] = true
			}
		}
	}
	for _, f := range u.Lookup.Requests {
		need[schemaIndex(s.Source, f.Name)] = true
	}
	var out []string
	for i, f := range s.Source.Schema {
		if need[i] {
			out = append(out, f.Name)
		}
	}
	return out
}

// Field returns the place in the schema of the field that is column c of a kept use.
func (s *SourceUse) Field(c int) int {
	slot, _ := s.Columns[c].Bare()
	return slot
}

// Windows are those through which rows of the use are read: of its cells, or of the uses that it is kept for.
func (u *Use) Windows() []selfsame.Window {
	var out []selfsame.Window
	for _, p := range u.pieces() {
		out = append(out, p.windows...)
		for _, c := range p.Spec.Cells {
			out = append(out, c.Window)
		}
	}
	return out
}

// AskedBy are the views whose rows look the use up, to any depth, each once in the order of their names.
func (u *Use) AskedBy() []string {
	var names []string
	for _, p := range u.pieces() {
		for _, by := range p.askers {
			names = append(append(names, by.View.Name), by.AskedBy()...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// pieces are the uses of which a union is, or the use itself.
func (u *Use) pieces() []*Use {
	if len(u.parts) == 0 {
		return []*Use{u}
	}
	return u.parts
}

// retain has a union keep its rows for all that u keeps them for. kept are the texts of what it keeps them for already.
func (union *Use) retain(u *Use, kept map[string]bool) {
	for _, p := range u.pieces() {
		if text := p.Retained(); !kept[text] {
			kept[text] = true
			union.parts = append(union.parts, p)
		}
	}
}

// Retained is the text of what retention of the use depends on: uses of one base with equal texts keep their rows equally long.
func (u *Use) Retained() string {
	var parts []string
	for _, p := range u.pieces() {
		texts := []string{strconv.FormatInt(p.history(), 10), strconv.FormatInt(p.View.AsOf.Or(0), 10)}
		for _, w := range p.Windows() {
			texts = append(texts, expr.WindowText(w))
		}
		for _, by := range p.askers {
			texts = append(texts, "("+by.Retained()+")")
		}
		slices.Sort(texts[2:])
		parts = append(parts, strings.Join(slices.Compact(texts), " "))
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "; ")
}

// history is how far back questions reach: the longest that a source of the use declares.
func (u *Use) history() int64 {
	var back int64
	for _, s := range u.Sources {
		back = max(back, s.Source.History.Or(0))
	}
	return back
}

// oldest is the least T, and the least knowledge, that a question asked at now may be about: now less history and the declared lag, and where
// others look the use up the least event time of theirs, less that lag.
func (u *Use) oldest(now int64) int64 {
	oldest := selfsame.MaxTime
	for _, p := range u.pieces() {
		at := window.SatSub(now, p.history())
		for _, by := range p.askers {
			at = min(at, by.least(now))
		}
		oldest = min(oldest, window.SatSub(at, p.View.AsOf.Or(0)))
	}
	return oldest
}

// least is the least event time of a row that a window of the use reaches in a question asked at now. Of rows that are summed once they are old
// enough only those that are not count.
func (u *Use) least(now int64) int64 {
	least := selfsame.MaxTime
	for _, p := range u.pieces() {
		at := p.oldest(now)
		least = min(least, at)
		for _, w := range p.Windows() {
			b, err := window.Compile(w)
			switch {
			case err != nil, p.rows && Unbounded(w):
				return selfsame.MinTime // nothing may go; a window that is none was compiled before
			case Unbounded(w):
				least = min(least, b.Upper(at))
			default:
				least = min(least, b.Lower(at))
			}
		}
	}
	return least
}
