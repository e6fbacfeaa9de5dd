// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/plan"
)

// MissesPerReason is how many near misses of one reason an explanation lists.
const MissesPerReason = 5

// Explanation lists the raw events that made one value of a training set.
type Explanation struct {
	Row    int              `json:"row"` // from 0
	Given  []Named          `json:"given"`
	At     selfsame.Instant `json:"at"` // T
	Mode   string           `json:"mode"`
	Output string           `json:"output"`
	Value  *Origin          `json:"value"`
	Result selfsame.Value   `json:"-"`
	File   *Compared        `json:"file,omitempty"`
}

// Named is a column of the row that asks.
type Named struct {
	Name  string `json:"name"`
	Value Shown  `json:"value"`
}

// Compared says what a training set's file holds.
type Compared struct {
	Path  string `json:"path"`
	Value *Shown `json:"value,omitempty"` // nil: not compared
	Same  bool   `json:"same"`
	Note  string `json:"note,omitempty"` // why it was not compared
}

// Origin is one value and where it comes from: a feature, or a column of the rows.
type Origin struct {
	Name       string            `json:"name"` // view.feature, or the column
	Kind       string            `json:"kind"` // windowed, as-of, on-demand, column
	Type       string            `json:"type"`
	Expression string            `json:"expression,omitempty"`
	Value      Shown             `json:"value"`
	Default    bool              `json:"default,omitempty"` // the declared default took the place of null or not_found
	Newest     *selfsame.Instant `json:"newest,omitempty"`  // of the newest event or row used
	Key        []Named           `json:"key,omitempty"`
	NoEntity   bool              `json:"no_entity,omitempty"` // the key holds a null
	Known      *selfsame.Instant `json:"cut,omitempty"`       // κ: events that arrived later are not known; nil: final
	Offset     *int64            `json:"offset,omitempty"`    // C of a served cut: what came at that offset of the log or later is not known
	Where      string            `json:"where,omitempty"`
	// Recomputed says that the value, folded again over exactly the listed events, has the bits that the engine gave. It is never false:
	// a difference is an error.
	Recomputed bool           `json:"recomputed"`
	Cells      []*CellOrigin  `json:"cells,omitempty"`   // windowed
	Version    *VersionOrigin `json:"version,omitempty"` // as-of
	Inputs     []*Origin      `json:"inputs,omitempty"`  // on-demand
}

// CellOrigin is one aggregate over one window: events with Lower <= event time < Upper.
type CellOrigin struct {
	Call      string           `json:"call"`
	Value     Shown            `json:"value"`
	Lower     selfsame.Instant `json:"lower"`
	Upper     selfsame.Instant `json:"upper"`
	Inside    int              `json:"inside"`  // events in the window
	Counted   int              `json:"counted"` // of them, those that contribute
	Arguments []string         `json:"arguments,omitempty"`
	Events    []Event          `json:"events"`   // that contribute, the newest first
	LeftOut   int              `json:"left_out"` // older ones that are not listed
	Misses    []Misses         `json:"near_misses,omitempty"`
}

// VersionOrigin is the row that an as-of feature reads.
type VersionOrigin struct {
	Outcome string   `json:"outcome"` // used, expired, deleted, not_found
	Why     string   `json:"why,omitempty"`
	Age     *Span    `json:"age,omitempty"`
	TTL     *Span    `json:"ttl,omitempty"`
	Columns []string `json:"columns"`
	Row     *Event   `json:"row,omitempty"` // the newest row, also where it is expired or a delete
	Misses  []Misses `json:"near_misses,omitempty"`
}

// OwnRow is the Source of an event that is the row that asks: a window with request counts it. It is in no file.
const OwnRow = "the request"

// Event is one row of a source.
type Event struct {
	Source  string            `json:"source"`
	File    string            `json:"file"`
	Row     int64             `json:"row"`               // in the file, from 0
	Offset  *int64            `json:"offset,omitempty"`  // in the log; nil: of history
	Time    *selfsame.Instant `json:"time,omitempty"`    // τ; nil: none
	Arrival *selfsame.Instant `json:"arrival,omitempty"` // α; nil: null
	ID      string            `json:"id,omitempty"`
	Delete  bool              `json:"delete,omitempty"`
	Values  []Shown           `json:"values,omitempty"` // beside CellOrigin.Arguments or VersionOrigin.Columns
	// LookedUp is what the expressions over the row read from other views, as of its time and the knowledge of the row that asks.
	LookedUp []Named `json:"looked_up,omitempty"`
}

// Misses are the rows that one reason kept out, the nearest first.
type Misses struct {
	Reason  Reason `json:"reason"`
	Count   int    `json:"count"` // of all of them
	Nearest []Miss `json:"nearest"`
}

// Miss is a row that did not make the value.
type Miss struct {
	Event
	Text string `json:"text"` // in plain words
}

// Shown is a value as an explanation shows it.
type Shown struct {
	Status string          `json:"status"`
	Kind   string          `json:"error,omitempty"` // of an error status
	Value  json.RawMessage `json:"value"`           // null unless present
	text   string
}

// String is the value as text, its status where it is not present.
func (s Shown) String() string { return s.text }

// Show returns v as explanations show it.
func Show(v selfsame.Value) Shown {
	s := Shown{Status: v.Status.String(), Kind: v.Status.ErrorKind(), Value: json.RawMessage("null"), text: v.Status.String()}
	if s.Kind != "" {
		s.text += " (" + s.Kind + ")"
	}
	if v.Status != selfsame.Present {
		return s
	}
	c := single(v)
	s.Value = column.AppendJSON(nil, c, 0)
	if k := v.Type.Kind; k == selfsame.Timestamp {
		s.text = selfsame.Instant(v.Int).String()
	} else {
		s.text = string(column.AppendText(nil, c, 0))
	}
	return s
}

// single is a column of one value.
func single(v selfsame.Value) *column.Column {
	c := column.New(v.Type, 1)
	c.Append(v)
	return c
}

// SameBits reports whether two values of one type have one status and the same canonical bytes.
func SameBits(a, b selfsame.Value) bool {
	return a.Status == b.Status && (a.Status != selfsame.Present || bytes.Equal(single(a).AppendFramed(nil, 0), single(b).AppendFramed(nil, 0)))
}

// explainer is one explanation at work.
type explainer struct {
	ctx   context.Context
	req   Request // of the one row
	limit int
	res   *Result
	asm   *assembler // holds the engine's value of every slot
	uses  map[int]*gathered
	seen  map[int]*traced
}

// traced is a slot with its value.
type traced struct {
	origin *Origin
	value  selfsame.Value
}

// Explain says where the value of the plan's first output comes from in one row of req.Rows, counted from 0. It runs the engine for that
// row alone, lists at most limit events a cell, and folds the events again one by one: a difference in a bit is an error of class
// internal. Error values are explained like others.
func Explain(ctx context.Context, req Request, row, limit int) (*Explanation, error) {
	if row < 0 || row >= req.Rows.Batch.Rows {
		return nil, &selfsame.Error{Class: selfsame.ClassUsage, Ref: fmt.Sprintf("row %d", row), Message: fmt.Sprintf("there are %d rows", req.Rows.Batch.Rows),
			Hint: "rows are numbered from 0"}
	}
	req.Rows = req.Rows.one(row)
	req.Options.ErrorStatus, req.Options.Progress = true, nil
	res, err := Run(ctx, req)
	if err != nil {
		return nil, err
	}
	x := &explainer{ctx: ctx, req: req, limit: limit, res: res, asm: newAssembler(res), uses: map[int]*gathered{}, seen: map[int]*traced{}}
	if _, err := x.asm.chunk(0, 1); err != nil {
		return nil, err
	}
	o := req.Plan.Outputs[0]
	t, err := x.slot(o.Slot)
	if err != nil {
		return nil, err
	}
	e := &Explanation{Row: row, At: selfsame.Instant(req.Rows.At[0]), Mode: req.Mode.String(), Output: o.Name, Value: t.origin, Result: t.value}
	for i, f := range req.Rows.Batch.Fields {
		e.Given = append(e.Given, Named{f.Name, Show(req.Rows.Batch.Columns[i].Value(0))})
	}
	return e, nil
}

// one returns a row alone.
func (r *EntityRows) one(row int) *EntityRows {
	out := &EntityRows{Batch: column.NewBatch(r.Batch.Fields, 1), At: r.At[row : row+1]}
	for i, c := range out.Batch.Columns {
		c.AppendFrom(r.Batch.Columns[i], row)
	}
	out.Batch.Rows = 1
	if r.Cut != nil {
		out.Cut = r.Cut[row : row+1]
	}
	if r.Served != nil {
		out.Served = r.Served[row : row+1]
	}
	return out
}

// slot explains one value of the row space.
func (x *explainer) slot(si int) (*traced, error) {
	if t := x.seen[si]; t != nil {
		return t, nil
	}
	s := x.req.Plan.Slots[si]
	t := &traced{value: x.asm.slots[si].Value(0)}
	var err error
	switch {
	case s.Column != "":
		t.origin = &Origin{Name: s.Column, Kind: "column"}
	case s.Use >= 0:
		t.origin, err = x.stored(si, s)
	default:
		t.origin, err = x.onDemand(si, s)
	}
	if err != nil {
		return nil, err
	}
	t.origin.Type, t.origin.Value, t.origin.Recomputed = s.Type.String(), Show(t.value), true
	x.seen[si] = t
	return t, nil
}

// stored explains a feature of a view with a source.
func (x *explainer) stored(si int, s plan.Slot) (*Origin, error) {
	u := x.req.Plan.Uses[s.Use]
	f := u.Features[s.Feature]
	g := x.uses[s.Use]
	if g == nil {
		var err error
		if g, err = gather(x.ctx, x.req, u); err != nil {
			return nil, err
		}
		x.uses[s.Use] = g
	}
	o := &Origin{Name: f.View.Name + "." + f.Name, Kind: u.View.Kind.String(), Expression: f.Value.Text}
	if u.View.Where != nil {
		o.Where = u.View.Where.Text
	}
	switch {
	case g.final || u.Spec.Static:
	case g.lens == byArrival:
		o.Known = instant(g.known)
	default:
		next := g.known + 1
		o.Offset = &next
	}
	for _, name := range u.Key {
		v := x.req.Rows.Batch.Column(name).Value(0)
		o.Key = append(o.Key, Named{name, Show(v)})
		o.NoEntity = o.NoEntity || v.Status != selfsame.Present
	}
	explain := x.cells
	if u.Spec.AsOf {
		explain = x.version
	}
	inputs, err := explain(o, s, g)
	if err != nil {
		return nil, err
	}
	return o, x.check(o, f, inputs, g.row, si)
}

// onDemand explains an on-demand feature by its inputs.
func (x *explainer) onDemand(si int, s plan.Slot) (*Origin, error) {
	f := x.req.Plan.OnDemand[s.OnDemand]
	o := &Origin{Name: f.View.Name + "." + f.Name, Kind: f.View.Kind.String(), Expression: f.Value.Text}
	inputs := make([]*column.Column, len(x.req.Plan.Slots))
	for _, in := range f.Program.Slots() {
		t, err := x.slot(in)
		if err != nil {
			return nil, err
		}
		inputs[in] = single(t.value)
		o.Inputs = append(o.Inputs, t.origin)
		if n := t.origin.Newest; n != nil && (o.Newest == nil || *n > *o.Newest) {
			o.Newest = n
		}
	}
	return o, x.check(o, f, inputs, selfsame.Present, si)
}

// check evaluates the feature's expression over recomputed inputs and compares the value with the engine's. row is the status of an
// as-of view's row: where there is none, so is the value.
func (x *explainer) check(o *Origin, f *plan.Feature, inputs []*column.Column, row selfsame.Status, si int) error {
	v := f.Program.NewEvaluator().Eval(&expr.Input{Columns: inputs, At: x.req.Rows.At, Rows: 1}).Value(0)
	if row != selfsame.Present {
		v = selfsame.Value{Type: f.Type, Status: row}
	}
	if d := f.Default; d != nil && (v.Status == selfsame.Null || v.Status == selfsame.NotFound) {
		v, o.Default = *d, true
		v.Type = f.Type
	}
	return differs(o.Name, v, x.asm.slots[si].Value(0))
}

// differs is the error of a value that is not what the engine gave.
func differs(name string, listed, engine selfsame.Value) error {
	if SameBits(listed, engine) {
		return nil
	}
	return &selfsame.Error{Class: selfsame.ClassInternal, Ref: name,
		Message: fmt.Sprintf("over the listed events it is %s, the engine gave %s", Show(listed), Show(engine)),
		Hint:    "this is a fault in selfsame: please report it with the definition and the rows"}
}

func instant(t int64) *selfsame.Instant {
	i := selfsame.Instant(t)
	return &i
}

// show returns a row as explanations list it, with some of its event columns.
func (e *candidate) show(columns []int) Event {
	out := Event{Delete: e.delete}
	if e.own {
		out.Source = OwnRow
	} else {
		out.Source, out.File, out.Row = e.src.Name, e.files[e.row>>40].Name, e.row&(1<<40-1)
	}
	if e.pos >= archived {
		offset := offsetOf(e.pos)
		out.Offset = &offset
	}
	if e.tau != selfsame.MinTime {
		out.Time = instant(e.tau)
	}
	if e.alpha != selfsame.MaxTime && e.tau != selfsame.MinTime {
		out.Arrival = instant(e.alpha)
	}
	if e.ids != nil && e.ids.StatusAt(e.i) == selfsame.Present {
		out.ID = Show(e.ids.Value(e.i)).String()
	}
	for _, c := range columns {
		out.Values = append(out.Values, Show(e.block.Columns[c].Value(e.i)))
	}
	for i, c := range e.found {
		out.LookedUp = append(out.LookedUp, Named{e.names[i], Show(c.Value(e.i))})
	}
	return out
}

// missing collects near misses: of each reason the count and the nearest.
type missing struct {
	columns []int
	byWhy   [len(reasons)]struct {
		count   int
		nearest []missed
	}
}

type missed struct {
	*candidate
	distance int64 // how near: less is nearer
	text     string
}

// add counts a row and keeps it where it is among the nearest; of rows of one distance the first stay. Only then is its text made.
func (m *missing) add(why Reason, e *candidate, distance int64, text func() string) {
	r := &m.byWhy[why]
	r.count++
	i := len(r.nearest)
	for i > 0 && distance < r.nearest[i-1].distance {
		i--
	}
	if i == MissesPerReason {
		return
	}
	r.nearest = slices.Insert(r.nearest, i, missed{e, distance, text()})
	r.nearest = r.nearest[:min(len(r.nearest), MissesPerReason)]
}

func (m *missing) list() []Misses {
	var out []Misses
	for why, r := range m.byWhy {
		if r.count == 0 {
			continue
		}
		one := Misses{Reason: Reason(why), Count: r.count}
		for _, e := range r.nearest {
			one.Nearest = append(one.Nearest, Miss{e.show(m.columns), e.text})
		}
		out = append(out, one)
	}
	return out
}

// text is a text that is made already.
func text(s string) func() string { return func() string { return s } }

func columnTexts(u *plan.Use, columns []int) []string {
	var out []string
	for _, c := range columns {
		out = append(out, strings.TrimSpace(u.ColumnText(c)))
	}
	return out
}
