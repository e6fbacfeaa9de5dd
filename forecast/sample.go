// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package forecast

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/compute/expr"
	"selfsame/compute/window"
	"selfsame/journal"
	"selfsame/plan"
	"selfsame/source"
)

// drawnFrom is how many of the newest rows a row of the sample is drawn from.
const drawnFrom = 10

// sampler draws the rows on which values are compared: the same from the same files.
type sampler struct {
	f      *forecaster
	plan   *plan.Plan
	opened map[*selfsame.Source]batch.Opened

	rows *batch.EntityRows // in the order of their moments
	mode batch.Mode
	from []string // where they are from, in words
	said []string // notes
}

// pool is rows that could ask.
type pool struct {
	given      *column.Batch // beside Plan.Requests
	tau, alpha []int64       // MaxTime: never known
}

func (s *sampler) newPool() *pool {
	return &pool{given: column.NewBatch(s.plan.Requests, 0)}
}

// draw finds rows that bring all that is asked for: those of a file that was named; of requests that were served, where features need what only requests
// bring; of the events of a source.
func (s *sampler) draw(ctx context.Context) error {
	if s.f.args.Sample.File != "" {
		return s.fromFile(ctx)
	}
	fields := s.requestFields()
	if len(fields) > 0 {
		p, err := s.served(ctx)
		if err != nil {
			return err
		}
		if p.given.Rows > 0 {
			s.from = []string{"requests in the journal"}
			return s.choose(p, false)
		}
	}
	p, err := s.events(ctx)
	if err != nil {
		return err
	}
	if p.given.Rows > 0 {
		if len(fields) > 0 {
			s.said = append(s.said, "request fields "+listed(fields)+" are those columns of the events")
		}
		return s.choose(p, true)
	}
	if len(fields) > 0 {
		return &selfsame.Error{Class: selfsame.ClassNotFound, Message: "it needs request fields " + listed(fields) + ", and neither the journal nor a source has rows with all of them; " +
			"--sample-rows FILE names some"}
	}
	return &selfsame.Error{Class: selfsame.ClassNotFound, Message: "there is no history to look at: no event of " + listed(s.plan.SourceNames()) + " is at hand"}
}

func listed(names []string) string {
	out := ""
	for i, n := range names {
		switch {
		case i > 0 && i == len(names)-1:
			out += " and "
		case i > 0:
			out += ", "
		}
		out += n
	}
	return out
}

// requestFields are the columns that no key is filled from: only requests bring them.
func (s *sampler) requestFields() []string {
	var out []string
	for _, r := range s.plan.Requests {
		isKey := slices.ContainsFunc(s.plan.Uses, func(u *plan.Use) bool { return slices.Contains(u.Key, r.Name) })
		if !isKey {
			out = append(out, r.Name)
		}
	}
	return out
}

// fromFile takes rows of a file of labels.
func (s *sampler) fromFile(ctx context.Context) error {
	path := s.f.args.Sample.File
	t, err := s.f.hand.Rows(ctx, s.plan, path)
	if err != nil {
		return err
	}
	rows, err := batch.ReadRows(ctx, t, batch.RowOptions{Start: selfsame.MinTime, End: selfsame.MaxTime})
	if err != nil {
		return err
	}
	out := s.newPool()
	for i, r := range s.plan.Requests {
		c, err := batch.LabelColumn(rows.Batch, r, "column of the rows")
		if err != nil {
			return err
		}
		out.given.Columns[i] = c
	}
	out.given.Rows, out.tau, out.alpha = rows.Batch.Rows, rows.At, rows.At
	if out.given.Rows == 0 {
		return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: path, Message: "there are no rows in it"}
	}
	s.from = []string{filepath.Base(path)}
	return s.choose(out, false)
}

// served collects the newest requests of the journal that brought all that is asked for.
func (s *sampler) served(ctx context.Context) (*pool, error) {
	type vector struct {
		served *journal.Served
		row    int
	}
	most := drawnFrom * s.f.args.Sample.Rows
	var newest []vector
	_, err := journal.NewReader(s.f.hand.Journal).Read(ctx, journal.Query{}, func(r *journal.Record) error {
		if r.Served == nil || s.columnsOf(r.Served) == nil {
			return nil
		}
		for i := range r.Served.Rows {
			newest = append(newest, vector{r.Served, i})
		}
		if len(newest) >= 2*most {
			newest = slices.Delete(newest, 0, len(newest)-most)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	p := s.newPool()
	for _, v := range newest[max(0, len(newest)-most):] {
		for i, c := range s.columnsOf(v.served) {
			if c == nil {
				p.given.Columns[i].AppendStatus(selfsame.Null)
			} else {
				p.given.Columns[i].AppendFrom(c, v.row)
			}
		}
		p.given.Rows++
		p.tau, p.alpha = append(p.tau, v.served.At), append(p.alpha, v.served.At)
	}
	return p, nil
}

// columnsOf are the columns of a request beside Plan.Requests, nil for an optional one that it has not; nil where it does not bring all.
func (s *sampler) columnsOf(r *journal.Served) []*column.Column {
	out := make([]*column.Column, len(s.plan.Requests))
	for i, want := range s.plan.Requests {
		at := slices.IndexFunc(r.Shape.Given, func(f selfsame.Field) bool { return f.Name == want.Name && f.Type.Equal(want.Type) })
		if at < 0 && !want.Optional {
			return nil
		}
		if at >= 0 {
			out[i] = r.Given[at]
		}
	}
	return out
}

// origin is a source whose rows bring all that is asked for.
type origin struct {
	source   *selfsame.Source
	programs []*expr.Program // beside Plan.Requests: of keys
	fields   []string        // beside Plan.Requests: of the source, for request fields of the same name and type
	read     []string        // fields that have to be read
}

// origins returns the sources that can fill every column. Those whose rows have no time are the last.
func (s *sampler) origins() []*origin {
	var out, static []*origin
	seen := map[string]bool{}
	for _, src := range s.plan.Sources() {
		o := s.originOf(src)
		if o == nil || seen[src.Name] {
			continue
		}
		seen[src.Name] = true
		if src.EventTime == "" {
			static = append(static, o)
		} else {
			out = append(out, o)
		}
	}
	return append(out, static...)
}

func (s *sampler) originOf(src *selfsame.Source) *origin {
	o := &origin{source: src, programs: make([]*expr.Program, len(s.plan.Requests)), fields: make([]string, len(s.plan.Requests))}
	need := map[string]bool{src.EventTime: true, src.Arrival: true}
	for _, u := range s.plan.Uses {
		for _, su := range u.Sources {
			if su.Source != src {
				continue
			}
			for _, i := range su.Fields {
				need[src.Schema[i].Name] = true
			}
			for i, r := range s.plan.Requests {
				if k := slices.IndexFunc(u.Fill, func(k plan.KeyField) bool { return k.Column == r.Name }); k >= 0 && su.OwnKey() {
					o.programs[i] = su.Key[k]
				}
			}
		}
	}
	for i, r := range s.plan.Requests {
		if o.programs[i] != nil {
			continue
		}
		same := slices.ContainsFunc(src.Schema, func(f selfsame.Field) bool { return f.Name == r.Name && f.Type.Equal(r.Type) })
		switch {
		case same:
			o.fields[i], need[r.Name] = r.Name, true
		case !r.Optional:
			return nil
		}
	}
	for _, f := range src.Schema {
		if need[f.Name] {
			o.read = append(o.read, f.Name)
		}
	}
	return o
}

// events collects the last rows of the sources that bring all that is asked for.
func (s *sampler) events(ctx context.Context) (*pool, error) {
	p := s.newPool()
	for _, o := range s.origins() {
		if o.source.EventTime == "" && p.given.Rows > 0 {
			break
		}
		at := s.opened[o.source]
		for _, from := range []struct {
			table *source.Table
			log   bool
			text  string
		}{{at.Log, true, "live events of " + o.source.Name}, {at.History, false, "history of " + o.source.Name}} {
			if from.table == nil {
				continue
			}
			before := p.given.Rows
			if err := s.last(ctx, p, o, from.table, from.log); err != nil {
				return nil, err
			}
			if p.given.Rows > before {
				s.from = append(s.from, from.text)
			}
		}
	}
	return p, nil
}

// last adds the last rows of a table to a pool.
func (s *sampler) last(ctx context.Context, p *pool, o *origin, t *source.Table, log bool) error {
	w := source.Want{Fields: o.read, Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	if log {
		w.Fields = append(slices.Clone(o.read), batch.ArchiveArrival)
	}
	return last(ctx, t, w, func(b *column.Batch) { s.take(p, o, b, log) })
}

// take adds the rows of a batch that name an entity and a moment.
func (s *sampler) take(p *pool, o *origin, b *column.Batch, log bool) {
	in := &expr.Input{Rows: b.Rows}
	for _, f := range o.source.Schema {
		in.Columns = append(in.Columns, b.Column(f.Name))
	}
	name := column.New(selfsame.Scalar(selfsame.String), b.Rows)
	for range b.Rows {
		name.AppendBytes([]byte(o.source.Name))
	}
	in.Columns = append(in.Columns, name)
	values := make([]*column.Column, len(s.plan.Requests))
	for i := range s.plan.Requests {
		switch {
		case o.programs[i] != nil:
			values[i] = o.programs[i].NewEvaluator().Eval(in)
		case o.fields[i] != "":
			values[i] = b.Column(o.fields[i])
		}
	}
	tau, arrival := b.Column(o.source.EventTime), b.Column(o.source.Arrival)
	if log {
		arrival = b.Column(batch.ArchiveArrival)
	}
	for i := range b.Rows {
		at, known := s.f.args.Time, s.f.args.Time // of a row without a time any moment gives the same
		if tau != nil {
			if tau.StatusAt(i) != selfsame.Present {
				continue
			}
			at = tau.Ints[i]
			known = window.SatAdd(at, o.source.KnowledgeDelay.Micros)
		}
		if arrival != nil && arrival.StatusAt(i) == selfsame.Present {
			known = arrival.Ints[i]
		} else if arrival != nil {
			known = selfsame.MaxTime
		}
		if !named(values, o, i) {
			continue
		}
		for k, c := range values {
			if c == nil {
				p.given.Columns[k].AppendStatus(selfsame.Null)
			} else {
				p.given.Columns[k].AppendFrom(c, i)
			}
		}
		p.given.Rows++
		p.tau, p.alpha = append(p.tau, at), append(p.alpha, known)
	}
}

// named reports whether row i has a value in every key column.
func named(values []*column.Column, o *origin, i int) bool {
	for k, c := range values {
		if o.programs[k] != nil && c.StatusAt(i) != selfsame.Present {
			return false
		}
	}
	return true
}

// choose draws the rows of the sample from the newest of a pool, by a hash of key and moment. A row of events asks in the moment in which it was known, or,
// every other one, some time later: at the latest in the newest moment of all. Where most rows became known long after they happened, what is known now
// counts, and the moments are those of the events.
func (s *sampler) choose(p *pool, events bool) error {
	idx := make([]uint32, p.given.Rows)
	for i := range idx {
		idx[i] = uint32(i)
	}
	slices.SortStableFunc(idx, func(a, b uint32) int { return cmp.Compare(p.tau[b], p.tau[a]) })
	if most := drawnFrom * s.f.args.Sample.Rows; len(idx) > most && s.f.args.Sample.File == "" {
		idx = idx[:most]
	}
	late := 0
	for _, i := range idx {
		if window.SatSub(p.alpha[i], p.tau[i]) > selfsame.DayLength {
			late++
		}
	}
	if s.mode.Final = late > len(idx)/2; s.mode.Final {
		s.said = append(s.said, "most events became known more than a day after they happened: values are those of what is known now")
	}
	newest := selfsame.MinTime
	moment := func(i uint32) int64 {
		if s.mode.Final || p.alpha[i] == selfsame.MaxTime {
			return p.tau[i]
		}
		return max(p.tau[i], p.alpha[i])
	}
	for _, i := range idx {
		newest = max(newest, moment(i))
	}
	asks := make([]asking, 0, len(idx))
	for _, i := range idx {
		a := asking{row: i, at: moment(i)}
		for _, c := range p.given.Columns {
			a.key = c.AppendFramed(a.key, int(i))
		}
		a.hash = xxh3.Hash(binary.BigEndian.AppendUint64(a.key[:len(a.key):len(a.key)], uint64(p.tau[i])))
		if events && a.hash&1 == 1 {
			a.at += window.SatSub(newest, a.at) >> (a.hash >> 1 & 31)
		}
		asks = append(asks, a)
	}
	s.rows = &batch.EntityRows{Batch: column.NewBatch(s.plan.Requests, 0)}
	var take []uint32
	for _, a := range draw(asks, s.f.args.Sample.Rows) {
		take, s.rows.At = append(take, a.row), append(s.rows.At, a.at)
	}
	for i, c := range p.given.Columns {
		s.rows.Batch.Columns[i].Gather(c, take)
	}
	s.rows.Batch.Rows = len(take)
	return nil
}

// asking is a row that may be part of a sample.
type asking struct {
	row  uint32
	at   int64
	key  []byte // what it asks with
	hash uint64
}

// draw takes the n rows of the least hashes, none twice, and puts them into the order of their moments.
func draw(asks []asking, n int) []asking {
	slices.SortFunc(asks, func(a, b asking) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.row, b.row)) })
	seen := map[string]bool{}
	var out []asking
	for _, a := range asks {
		if len(out) == n {
			break
		}
		if id := fmt.Sprintf("%d %s", a.at, a.key); !seen[id] {
			seen[id] = true
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b asking) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(string(a.key), string(b.key)))
	})
	return out
}
