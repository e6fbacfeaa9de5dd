// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"fmt"
	"reflect"
	"slices"

	"selfsame"
	"selfsame/compute/aggregate"
	"selfsame/compute/window"
)

// compiled is a Spec with everything found once that cells share.
type compiled struct {
	Spec
	windows []*window.Bounds // distinct
	uppers  []int            // window -> the first window with the same upper bound
	groups  []group
	traces  []trace // Detail: distinct (arguments, filter, window)
	cells   []place // cell -> where it is evaluated

	all *selection // every cell

	asOf      bool // rows have cuts: Rows.Known is not nil
	arrivals  bool // α is needed beside visibility: Detail, or the ties of an as-of view
	canonical bool // events of one τ must stand in canonical order
	request   bool // some window counts the row that asks

	chosen   []string // fields that choose the lengths of windows
	chosenBy []int    // window -> the field, -1: none

	slots []int // of an Entity: column -> where its values are (packed)
	words int   // of a packed event
}

// group is the cells that share a kernel: one family over the same arguments and filter.
type group struct {
	family  string
	args    []int
	filter  int
	members []*aggregate.Call
	windows []windowCells
}

// windowCells are the cells of a group that share a window.
type windowCells struct {
	window  int
	cells   []int
	members []int // of the group, of each cell
}

// trace is the cells that share their newest event.
type trace struct {
	group, window int
}

type place struct {
	group, member, window, trace int
}

func compile(spec Spec, rows Rows) (*compiled, error) {
	c := &compiled{Spec: spec, asOf: rows.Known != nil}
	c.arrivals = spec.Detail || spec.AsOf
	c.canonical = spec.NeedOrder || spec.AsOf
	if len(rows.At) != len(rows.Entity) || (rows.Known != nil && len(rows.Known) != len(rows.Entity)) {
		return nil, fault(spec.Name, "rows of unequal length")
	}
	if uint64(len(rows.Entity)) >= 1<<32 {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: spec.Name, Message: fmt.Sprintf("%d rows in one run, 4294967295 are the most", len(rows.Entity)),
			Hint: "split the label file"}
	}
	for i := range spec.Cells {
		if err := c.addCell(i); err != nil {
			return nil, err
		}
	}
	if !rows.Request.fits(c, len(rows.Entity)) {
		return nil, fault(spec.Name, "rows whose request columns are not those of the view")
	}
	c.all = c.choose(nil)
	return c, nil
}

// selection is what the evaluation of some cells takes.
type selection struct {
	cells   []int // as-of: event columns
	windows []int
	uppers  []int // of each of windows: the first of them with the same upper bound
	groups  []chosen
	traces  []int
}

// chosen is a group with the cells of it that are asked for.
type chosen struct {
	group   int
	windows []windowCells
	request bool // some of the windows counts the row that asks
}

// choose makes the selection of some cells, nil for all. Cells that are not there are left out.
func (c *compiled) choose(cells []int) *selection {
	s := &selection{cells: cells}
	if cells == nil {
		n := len(c.cells)
		if c.AsOf {
			n = len(c.Columns)
		}
		for i := range n {
			s.cells = append(s.cells, i)
		}
	}
	if c.AsOf {
		return s
	}
	for i := range c.windows {
		if !slices.ContainsFunc(s.cells, func(cell int) bool { return c.cells[cell].window == i }) {
			continue
		}
		upper := slices.IndexFunc(s.windows, func(w int) bool { return c.uppers[w] == c.uppers[i] })
		if upper < 0 {
			s.uppers = append(s.uppers, i)
		} else {
			s.uppers = append(s.uppers, s.windows[upper])
		}
		s.windows = append(s.windows, i)
	}
	for i := range c.groups {
		if g := c.groups[i].choose(i, s.cells); len(g.windows) > 0 {
			g.request = slices.ContainsFunc(g.windows, func(w windowCells) bool { return c.windows[w.window].Window().Request })
			s.groups = append(s.groups, g)
		}
	}
	if c.Detail {
		for i := range c.traces {
			if slices.ContainsFunc(s.cells, func(cell int) bool { return c.cells[cell].trace == i }) {
				s.traces = append(s.traces, i)
			}
		}
	}
	return s
}

// choose returns group number n with the cells of it that are among some.
func (g *group) choose(n int, cells []int) chosen {
	out := chosen{group: n}
	for _, w := range g.windows {
		in := windowCells{window: w.window}
		for i, cell := range w.cells {
			if slices.Contains(cells, cell) {
				in.cells, in.members = append(in.cells, cell), append(in.members, w.members[i])
			}
		}
		if len(in.cells) > 0 {
			out.windows = append(out.windows, in)
		}
	}
	return out
}

func fault(ref, what string) error {
	return &selfsame.Error{Class: selfsame.ClassInternal, Ref: ref, Message: what}
}

func (c *compiled) addCell(i int) error {
	cell := &c.Cells[i]
	for _, a := range cell.Args {
		if a < 0 || a >= len(c.Columns) {
			return fault(c.Name, fmt.Sprintf("cell %d names event column %d of %d", i, a, len(c.Columns)))
		}
	}
	if cell.Filter >= len(c.Columns) || (cell.Filter >= 0 && c.Columns[cell.Filter].Kind != selfsame.Bool) {
		return fault(c.Name, fmt.Sprintf("cell %d filters by event column %d, which is no bool", i, cell.Filter))
	}
	w, err := c.window(cell.Window)
	if err != nil {
		return err
	}
	g := c.group(cell)
	p := place{group: g, window: w, member: c.groups[g].member(cell.Call)}
	if c.Detail {
		p.trace = c.trace(p)
	}
	c.groups[g].put(i, p.member, w)
	c.cells = append(c.cells, p)
	c.canonical = c.canonical || cell.Call.NeedOrder || cell.Window.Kind == selfsame.LastRows
	c.request = c.request || cell.Window.Request
	return nil
}

func (c *compiled) window(w selfsame.Window) (int, error) {
	for i, b := range c.windows {
		if b.Window() == w {
			return i, nil
		}
	}
	b, err := window.Compile(w)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(c.windows, b.SameUpper)
	if i < 0 {
		i = len(c.windows)
	}
	c.windows, c.uppers, c.chosenBy = append(c.windows, b), append(c.uppers, i), append(c.chosenBy, c.choice(w.Chosen))
	return len(c.windows) - 1, nil
}

// choice returns the number of the field that chooses a window's length, -1 for none.
func (c *compiled) choice(field string) int {
	i := slices.Index(c.chosen, field)
	if i < 0 && field != "" {
		i = len(c.chosen)
		c.chosen = append(c.chosen, field)
	}
	return i
}

func (c *compiled) group(cell *Cell) int {
	family := cell.Call.Family
	for i := range c.groups {
		g := &c.groups[i]
		if !slices.Equal(g.args, cell.Args) || g.filter != cell.Filter {
			continue
		}
		if g.family == family && (family != "" || same(g.members[0], cell.Call)) && g.members[0].SameBound(cell.Call) {
			return i
		}
	}
	c.groups = append(c.groups, group{family: family, args: cell.Args, filter: cell.Filter})
	return len(c.groups) - 1
}

func (g *group) put(cell, member, window int) {
	i := slices.IndexFunc(g.windows, func(w windowCells) bool { return w.window == window })
	if i < 0 {
		i = len(g.windows)
		g.windows = append(g.windows, windowCells{window: window})
	}
	in := &g.windows[i]
	in.cells, in.members = append(in.cells, cell), append(in.members, member)
}

func (g *group) member(call *aggregate.Call) int {
	for i, m := range g.members {
		if same(m, call) {
			return i
		}
	}
	g.members = append(g.members, call)
	return len(g.members) - 1
}

// same reports whether two calls have the same value over the same events.
func same(a, b *aggregate.Call) bool {
	return a == b || (a.Func == b.Func && a.Func != nil && reflect.DeepEqual(a.Spec, b.Spec))
}

func (c *compiled) trace(p place) int {
	g := &c.groups[p.group]
	for i, t := range c.traces {
		o := &c.groups[t.group]
		if t.window == p.window && slices.Equal(o.args, g.args) && o.filter == g.filter {
			return i
		}
	}
	c.traces = append(c.traces, trace{group: p.group, window: p.window})
	return len(c.traces) - 1
}

// fits checks the shape of a block.
func (c *compiled) fits(b *Block) error {
	n := len(b.Entity)
	ok := len(b.Tau) == n && fitsLen(b.From, n) && fitsLen(b.Until, n) && fitsLen(b.Arrival, n) && fitsLen(b.Hash, n) && fitsLen(b.Delete, n)
	if !ok || len(b.Columns) != len(c.Columns) || (b.Order != nil && b.Order.Len() != n) {
		return fault(c.Name, "a block of events whose columns have unequal lengths")
	}
	for i, col := range b.Columns {
		if col.Len() != n || !col.Type.Equal(c.Columns[i]) {
			return fault(c.Name, fmt.Sprintf("event column %d is %d values of %s in a block of %d rows, declared %s", i, col.Len(), col.Type, n, c.Columns[i]))
		}
	}
	return nil
}

func fitsLen[T any](s []T, n int) bool { return s == nil || len(s) == n }
