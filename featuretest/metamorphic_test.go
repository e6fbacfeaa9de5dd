// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"selfsame"
	"selfsame/batch"
	"selfsame/definition"
)

// variant is a world that must give the values of another.
type variant struct {
	Case
	engine Batch
	row    []int             // row i of the other world asks as row[i] of this one, -1: not at all. nil: as row i
	view   func(string) bool // views whose values must be equal; nil: all
}

// relation changes a world so that no bit of a value may change. It reports whether it applies.
type relation struct {
	name   string
	change func(rng *rand.Rand, v *variant) bool
}

var relations = []relation{
	{"labels shuffled and asked twice", shuffleLabels},
	{"one row alone", oneRow},
	{"one feature alone", oneFeature},
	{"threads and memory", changePhysics},
	{"many files", splitFiles},
	{"folders by date, pruned", func(_ *rand.Rand, v *variant) bool { v.engine.ByDate = true; return !v.upserts() }},
	{"events permuted, their arrivals with them", permuteEvents},
	{"events delivered twice", duplicateEvents},
	{"events inserted and deleted at once", insertAndDelete},
	{"events of other keys", addStrangers},
	{"what arrives after the cut left out (P1)", dropUnknown},
	{"refused events added", addRefused},
}

// TestMetamorphic holds the batch driver to relations between worlds (semantics, section 8). A failure shrinks, and prints the seed and
// the script.
func TestMetamorphic(t *testing.T) {
	t.Parallel()
	applied := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		text := Generate(rand.New(rand.NewPCG(seed, 1)).IntN, Shape{Most: rapid.IntRange(1, 60).Draw(rt, "most")})
		s, err := Parse("generated.test", text)
		if err != nil {
			rt.Fatal(err)
		}
		r := &Runner{Define: definition.Parse, Engine: Batch{Options: batch.Options{Threads: 1}}}
		err = r.each(t.Context(), s, func(_ *Scenario, _ *question, c *Case, a *Answer, askErr error) error {
			if askErr != nil {
				return askErr
			}
			if i := slices.IndexFunc(a.Warnings, func(w string) bool { return strings.HasPrefix(w, "leak ") }); i >= 0 {
				return fmt.Errorf("the leak proof is broken (P1): %s", a.Warnings[i])
			}
			for k, rel := range relations {
				rng := rand.New(rand.NewPCG(seed, uint64(k+2)))
				v := newVariant(c)
				if !rel.change(rng, v) {
					continue
				}
				applied[rel.name]++
				if err := v.holds(t, c, a); err != nil {
					return fmt.Errorf("%s: %w", rel.name, err)
				}
			}
			return nil
		}, &Result{})
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
	})
	for _, rel := range relations {
		if applied[rel.name] == 0 {
			t.Errorf("%s was never tried", rel.name)
		}
	}
}

func newVariant(c *Case) *variant {
	v := &variant{Case: *c, engine: Batch{Options: batch.Options{Threads: 1}}}
	v.Logs = map[string][][]selfsame.Value{}
	for name, log := range c.Logs {
		v.Logs[name] = slices.Clone(log)
	}
	v.Rows = slices.Clone(c.Rows)
	return v
}

// holds asks the variant and compares its answer with that of the world that it comes from.
func (v *variant) holds(t *testing.T, c *Case, want *Answer) error {
	got, err := v.engine.Ask(t.Context(), &v.Case)
	if err != nil {
		return err
	}
	for i, name := range got.Outputs {
		j := indexOf(want.Outputs, name)
		if view, _, _ := strings.Cut(name, "__"); v.view != nil && !v.view(view) {
			continue
		}
		for row := range c.Rows {
			at := row
			if v.row != nil {
				at = v.row[row]
			}
			if at >= 0 && !Same(got.Rows[at][i], want.Rows[row][j]) {
				return fmt.Errorf("row %d (T = %s), %s: %s, and %s before", row, formatTime(c.Rows[row].At), name, Format(got.Rows[at][i]), Format(want.Rows[row][j]))
			}
		}
	}
	return nil
}

// sources are those of the case, by name.
func (v *variant) sources() []*selfsame.Source {
	var out []*selfsame.Source
	for _, name := range slices.Sorted(maps.Keys(v.Logs)) {
		out = append(out, v.Project.Source(name))
	}
	return out
}

func (v *variant) upserts() bool { return len(v.sources()[0].PrimaryKey) > 0 }

func place(src *selfsame.Source, field string) int {
	return slices.IndexFunc(src.Schema, func(f selfsame.Field) bool { return f.Name == field })
}

// text is a field of a row for comparison; "" where it is not there or null.
func text(src *selfsame.Source, row []selfsame.Value, field string) string {
	i := place(src, field)
	if i < 0 || row[i].Status != selfsame.Present {
		return ""
	}
	return Format(row[i])
}

func shuffleLabels(rng *rand.Rand, v *variant) bool {
	n := len(v.Rows)
	v.Rows = append(v.Rows, v.Rows...)
	perm := rng.Perm(2 * n)
	shuffled := make([]Row, 2*n)
	for i, p := range perm {
		shuffled[p] = v.Rows[i]
	}
	v.Rows, v.row = shuffled, perm[:n]
	return true
}

func oneRow(rng *rand.Rand, v *variant) bool {
	k := rng.IntN(len(v.Rows))
	v.row = slices.Repeat([]int{-1}, len(v.Rows))
	v.row[k], v.Rows = 0, v.Rows[k:k+1]
	return true
}

func oneFeature(rng *rand.Rand, v *variant) bool {
	outputs := v.outputs()
	o := outputs[rng.IntN(len(outputs))]
	v.Service, v.Features = "", []string{o.view + "." + o.feature.Name}
	return true
}

func changePhysics(rng *rand.Rand, v *variant) bool {
	v.engine.Options = batch.Options{Threads: 1 + rng.IntN(4), Memory: int64(rng.IntN(2)) * 4096}
	return true
}

func splitFiles(rng *rand.Rand, v *variant) bool {
	v.engine.Files = 2 + rng.IntN(20)
	v.engine.Options.Threads = 1 + rng.IntN(2)
	return true
}

// permuteEvents keeps the log order of those rows alone whose order in the log is part of the contract: copies with one arrival, and
// versions with one order value.
func permuteEvents(rng *rand.Rand, v *variant) bool {
	for _, src := range v.sources() {
		log := v.Logs[src.Name]
		group := func(row []selfsame.Value) string {
			if len(src.PrimaryKey) > 0 {
				return text(src, row, src.PrimaryKey[0]) + " " + text(src, row, src.Order)
			}
			id := text(src, row, src.ID)
			if id != "" {
				id += " " + text(src, row, src.EventTime) + " " + text(src, row, src.Arrival)
			}
			return id
		}
		perm := rng.Perm(len(log))
		places := map[string][]int{}
		for i, row := range log {
			if g := group(row); g != "" {
				places[g] = append(places[g], perm[i])
			}
		}
		for _, p := range places {
			slices.Sort(p)
		}
		out := make([][]selfsame.Value, len(log))
		for i, row := range log {
			at := perm[i]
			if g := group(row); g != "" {
				at, places[g] = places[g][0], places[g][1:]
			}
			out[at] = row
		}
		v.Logs[src.Name] = out
	}
	return true
}

// duplicateEvents delivers rows with an identity again, right behind the first copy.
func duplicateEvents(rng *rand.Rand, v *variant) bool {
	done := false
	for _, src := range v.sources() {
		var out [][]selfsame.Value
		for _, row := range v.Logs[src.Name] {
			out = append(out, row)
			identified := len(src.PrimaryKey) > 0 || text(src, row, src.ID) != ""
			if identified && rng.IntN(2) == 0 {
				out, done = append(out, row), true
			}
		}
		v.Logs[src.Name] = out
	}
	return done
}

// insertAndDelete adds rows that are deleted the moment they are known. For an as-of view a delete is a row, so that only windows are
// compared.
func insertAndDelete(rng *rand.Rand, v *variant) bool {
	v.view = func(name string) bool { return v.Project.View(name).Kind == selfsame.WindowedView }
	done := false
	for _, src := range v.sources() {
		if src.Operation == "" {
			continue
		}
		for k := range 1 + rng.IntN(5) {
			row := v.borrowed(rng, src)
			if row == nil {
				continue
			}
			v.name(src, row, k)
			gone := slices.Clone(row)
			set(src, row, src.Operation, selfsame.Value{Str: "insert"})
			set(src, gone, src.Operation, selfsame.Value{Str: "delete"})
			set(src, row, src.Order, selfsame.Value{Int: 1})
			set(src, gone, src.Order, selfsame.Value{Int: 2})
			v.Logs[src.Name], done = append(v.Logs[src.Name], row, gone), true
		}
	}
	return done
}

// borrowed is a copy of a random row that is known the moment it happens, nil where none has an event time.
func (v *variant) borrowed(rng *rand.Rand, src *selfsame.Source) []selfsame.Value {
	log := v.Logs[src.Name]
	row := slices.Clone(log[rng.IntN(len(log))])
	if text(src, row, src.EventTime) == "" {
		return nil
	}
	set(src, row, src.Arrival, row[place(src, src.EventTime)])
	return row
}

// name gives a row an identity that no other has.
func (v *variant) name(src *selfsame.Source, row []selfsame.Value, k int) {
	set(src, row, src.ID, selfsame.Value{Str: fmt.Sprint("new ", k)})
	for _, f := range src.PrimaryKey {
		set(src, row, f, selfsame.Value{Int: int64(1000 + k)})
	}
}

func set(src *selfsame.Source, row []selfsame.Value, field string, value selfsame.Value) {
	if i := place(src, field); i >= 0 {
		value.Type = src.Schema[i].Type
		row[i] = value
	}
}

// addStrangers adds rows of a key that no row asks for. The view of the whole world sees them.
func addStrangers(rng *rand.Rand, v *variant) bool {
	v.view = func(name string) bool { return v.Project.View(name).Entity != "" }
	for _, src := range v.sources() {
		for k := range 50 {
			row := v.borrowed(rng, src)
			if row == nil {
				continue
			}
			v.name(src, row, k)
			set(src, row, "k", selfsame.Value{Int: 77, Str: "stranger"})
			set(src, row, src.Operation, selfsame.Value{Str: "insert"})
			v.Logs[src.Name] = slices.Insert(v.Logs[src.Name], rng.IntN(len(v.Logs[src.Name])+1), row)
		}
	}
	return true
}

// dropUnknown leaves out what one row cannot know: everything that arrives after its cut, and events after T of sources whose events
// stand alone.
func dropUnknown(rng *rand.Rand, v *variant) bool {
	oneRow(rng, v)
	row, done := v.Rows[0], false
	for _, src := range v.sources() {
		tau, alpha := place(src, src.EventTime), place(src, src.Arrival)
		v.Logs[src.Name] = slices.DeleteFunc(v.Logs[src.Name], func(e []selfsame.Value) bool {
			if e[tau].Status != selfsame.Present {
				return false
			}
			known := row.At
			if row.Known != nil {
				known = *row.Known
			}
			hidden := src.Operation == "" && e[tau].Int > row.At
			if !v.Mode.Final {
				switch {
				case alpha < 0:
					hidden = hidden || plus(e[tau].Int, src.KnowledgeDelay.Or(0)) > known
				default:
					hidden = hidden || e[alpha].Status != selfsame.Present || e[alpha].Int > known
				}
			}
			done = done || hidden
			return hidden
		})
	}
	return done
}

// addRefused adds rows that are late, early or without a time.
func addRefused(rng *rand.Rand, v *variant) bool {
	for _, src := range v.sources() {
		for k := range 1 + rng.IntN(6) {
			row := v.borrowed(rng, src)
			if row == nil {
				continue
			}
			set(src, row, src.Operation, selfsame.Value{Str: "insert"})
			at := row[place(src, src.EventTime)].Int
			switch {
			case k%3 == 0 && src.Lateness.Set && src.Arrival != "":
				set(src, row, src.Arrival, selfsame.Value{Int: at + src.Lateness.Micros + 1})
			case k%3 == 1 && src.Skew.Set && src.Arrival != "":
				set(src, row, src.Arrival, selfsame.Value{Int: at - src.Skew.Micros - 1})
			case k%3 == 2 && src.Operation != "":
				set(src, row, src.Operation, selfsame.Value{Str: "replace"})
			default:
				set(src, row, src.EventTime, selfsame.Value{Status: selfsame.Null})
			}
			v.Logs[src.Name] = slices.Insert(v.Logs[src.Name], rng.IntN(len(v.Logs[src.Name])+1), row)
		}
	}
	return true
}
