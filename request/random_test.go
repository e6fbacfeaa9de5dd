// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package request_test

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"selfsame"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/eventlog"
	"selfsame/featuretest"
	"selfsame/online/embedded"
	"selfsame/plan"
	"selfsame/request"
	"selfsame/stream"
)

// TestRandomCases holds reads of online state to the oracle: random definitions, every event pushed, the driver's state in the embedded
// store, and questions at random cuts, by position and as of their T, from a warm cache, a cold one and none.
func TestRandomCases(t *testing.T) {
	compared := 0
	rapid.Check(t, func(rt *rapid.T) {
		picks := rapid.SliceOfN(rapid.Uint16(), 300, 600).Draw(rt, "picks")
		text := featuretest.Generate(func(n int) int {
			if len(picks) == 0 {
				return 0
			}
			p := int(picks[0]) % n
			picks = picks[1:]
			return p
		}, featuretest.Shape{})
		diff, n, err := featuretest.Disagreement(context.Background(), definition.Parse, pushed{online{}}, pushed{featuretest.Oracle{}}, text)
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		if diff != "" {
			rt.Fatalf("the store and the oracle differ\n%s", diff)
		}
		compared += n
	})
	if compared < 1000 {
		t.Errorf("only %d values were compared", compared)
	}
}

// pushed asks an engine a case all of whose events came live: equal cases become equal ones.
type pushed struct{ featuretest.Engine }

// Ask gives the rows of the logs places in one live log, in random groups, and each question a cut.
func (p pushed) Ask(ctx context.Context, c *featuretest.Case) (*featuretest.Answer, error) {
	h := fnv.New64()
	for _, s := range c.Project.Sources {
		for _, row := range c.Logs[s.Name] {
			for _, v := range row {
				h.Write([]byte(featuretest.Format(v)))
			}
		}
	}
	rng := rand.New(rand.NewPCG(h.Sum64(), uint64(len(c.Rows))))
	live := *c
	live.Mode, live.Live, live.Rows = featuretest.Mode{}, map[string][]featuretest.Entry{}, slices.Clone(c.Rows)
	type place struct {
		source   *selfsame.Source
		row      int
		tau, due int64
	}
	var log []place
	for _, s := range c.Project.Sources {
		live.Live[s.Name] = make([]featuretest.Entry, len(c.Logs[s.Name]))
		for i, row := range c.Logs[s.Name] {
			live.Live[s.Name][i].Offset = -1
			if operates(s, row) {
				tau := row[field(s, s.EventTime)].Int
				log = append(log, place{s, i, tau, tau + []int64{-30 * selfsame.Second, 0, 1, selfsame.Hour, 3 * selfsame.Hour}[rng.IntN(5)]})
			}
		}
	}
	slices.SortStableFunc(log, func(a, b place) int { return cmp.Compare(a.due, b.due) })
	alpha, offset, ends := selfsame.MinTime, int64(0), []int64{0}
	for _, p := range log {
		if alpha == selfsame.MinTime || rng.IntN(3) > 0 {
			if offset > ends[len(ends)-1] {
				ends = append(ends, offset)
			}
			alpha = max(alpha+1, p.due)
		}
		op := field(p.source, p.source.Operation)
		if admitted(p.source, p.tau, alpha, op >= 0 && c.Logs[p.source.Name][p.row][op].Str != "insert") {
			live.Live[p.source.Name][p.row] = featuretest.Entry{Offset: offset, Alpha: alpha}
			offset++
		}
	}
	if offset > ends[len(ends)-1] {
		ends = append(ends, offset)
	}
	for i := range live.Rows {
		live.Rows[i].Known = nil
		live.Rows[i].Served = &featuretest.Served{Offset: ends[rng.IntN(len(ends))], Past: rng.IntN(3) == 0, Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	}
	return p.Engine.Ask(ctx, &live)
}

// operates reports whether a row can be pushed at all.
func operates(s *selfsame.Source, row []selfsame.Value) bool {
	at, op := field(s, s.EventTime), field(s, s.Operation)
	if at < 0 || row[at].Status != selfsame.Present {
		return false
	}
	return op < 0 || row[op].Str == "insert" || row[op].Str == "delete" || row[op].Str == "upsert" && len(s.PrimaryKey) > 0
}

// admitted reports whether the log takes a row in.
func admitted(s *selfsame.Source, tau, alpha int64, correction bool) bool {
	late := s.Lateness.Or(eventlog.DefaultLateness)
	if correction {
		late = s.Corrections.Or(eventlog.DefaultCorrections)
	}
	return alpha-tau <= late && tau-alpha <= s.Skew.Or(eventlog.DefaultSkew)
}

func field(s *selfsame.Source, name string) int {
	return slices.IndexFunc(s.Schema, func(f selfsame.Field) bool { return f.Name == name })
}

// online is the request driver over what the stream driver made of a case.
type online struct{}

// Name is "online".
func (online) Name() string { return "online" }

// Ask pushes the case's log and asks.
func (online) Ask(ctx context.Context, c *featuretest.Case) (*featuretest.Answer, error) {
	refs, err := definition.References(c.Project, c.Features)
	if err != nil {
		return nil, err
	}
	p, err := plan.Build(c.Project, plan.Request{Service: c.Service, Features: refs})
	if err != nil {
		return nil, err
	}
	store, err := embedded.Open("online", embedded.Options{FS: vfs.NewMem(), Reserve: -1})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	log := blocksOf(c)
	var readers []*request.Reader
	d, err := stream.Open(ctx, store, log, stream.Options{Changed: func(s *plan.State, entity, rows []byte) {
		for _, r := range readers {
			r.Changed(s, entity, rows)
		}
	}})
	if err != nil {
		return nil, err
	}
	for _, bytes := range []int64{0, 8 << 10, -1} {
		readers = append(readers, request.New(store, d.States, request.Options{CacheBytes: bytes}))
	}
	if err := d.Switch(ctx, p.Uses); err != nil {
		return nil, err
	}
	a := &asking{c: c, p: request.Prepare(p), alphas: map[int64]int64{0: selfsame.MinTime}, out: &featuretest.Answer{Rows: make([][]selfsame.Value, len(c.Rows))}}
	for _, o := range p.Outputs {
		a.out.Outputs = append(a.out.Outputs, o.Name)
	}
	for i := -1; i < len(log.blocks); i++ {
		if i >= 0 {
			if _, err := d.Apply(ctx, log.blocks[i:i+1]); err != nil {
				return nil, err
			}
		}
		cut := d.Applied()
		a.alphas[cut.Offset] = cut.Alpha
		if err := a.ask(ctx, readers, func(s *featuretest.Served) bool { return s.Offset == cut.Offset }); err != nil {
			return nil, err
		}
	}
	// Once more, now that all of it is known: a cut is a cut.
	if err := a.ask(ctx, readers, func(*featuretest.Served) bool { return true }); err != nil {
		return nil, err
	}
	return a.out, a.retain(ctx, d, append(readers, request.New(store, d.States, request.Options{})))
}

// retain has retention work, long after the last event, and fails where an answer about what comes then changes: in the readers that have
// the entities as they were, and in the last, which finds what is left.
func (a *asking) retain(ctx context.Context, d *stream.Driver, readers []*request.Reader) error {
	cut := d.Applied()
	if cut.Offset == 0 {
		return nil
	}
	now := cut.Alpha + 400*selfsame.DayLength
	late := asking{c: &featuretest.Case{Columns: a.c.Columns}, p: a.p, alphas: a.alphas, out: &featuretest.Answer{Outputs: a.out.Outputs, Rows: make([][]selfsame.Value, len(a.c.Rows))}}
	for i, row := range a.c.Rows {
		row.At, row.Served = now+int64(i)*selfsame.Hour, &featuretest.Served{Offset: cut.Offset}
		late.c.Rows = append(late.c.Rows, row)
	}
	all := func(*featuretest.Served) bool { return true }
	if err := late.ask(ctx, readers[:len(readers)-1], all); err != nil {
		return err
	}
	for range 40 {
		if err := d.Maintain(ctx, now); err != nil {
			return err
		}
	}
	if err := late.ask(ctx, readers, all); err != nil {
		return fmt.Errorf("after retention: %w", err)
	}
	return nil
}

// asking is the questions of a case and their answers.
type asking struct {
	c      *featuretest.Case
	p      *request.Prepared
	alphas map[int64]int64 // offset of a cut -> α of the last entry below it
	out    *featuretest.Answer
}

// ask asks the rows whose cut is picked, by every reader, and fails where two answers to one question differ.
func (a *asking) ask(ctx context.Context, readers []*request.Reader, pick func(*featuretest.Served) bool) error {
	for i, row := range a.c.Rows {
		if !pick(row.Served) {
			continue
		}
		for _, r := range readers {
			got, err := a.row(ctx, r, row)
			if err != nil {
				return err
			}
			if a.out.Rows[i] == nil {
				a.out.Rows[i] = got
			}
			for k, v := range got {
				if !featuretest.Same(v, a.out.Rows[i][k]) {
					return fmt.Errorf("row %d, %s: %s was %s", i, a.out.Outputs[k], featuretest.Format(v), featuretest.Format(a.out.Rows[i][k]))
				}
			}
		}
	}
	return nil
}

func (a *asking) row(ctx context.Context, r *request.Reader, row featuretest.Row) ([]selfsame.Value, error) {
	labels := column.NewBatch(a.c.Columns, 1)
	labels.Rows = 1
	for i, f := range a.c.Columns {
		v := plain(row.Given[f.Name], false)
		v.Type = f.Type
		labels.Columns[i].Append(v)
	}
	q := &request.Query{Plan: a.p, Rows: 1, At: row.At, Past: row.Served.Past, Cut: request.Cut{Offset: row.Served.Offset, Alpha: a.alphas[row.Served.Offset]}}
	for _, f := range a.p.Plan().Requests {
		c, err := batch.LabelColumn(labels, f, "given")
		if err != nil {
			return nil, err
		}
		q.Given = append(q.Given, c)
	}
	res, err := r.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	defer res.Release()
	var out []selfsame.Value
	for _, c := range res.Columns {
		out = append(out, c.Value(0))
	}
	return out, nil
}

// plain is a value as it is stored.
func plain(v selfsame.Value, keepNaN bool) selfsame.Value {
	if v.Status == selfsame.Present && v.Type.Kind == selfsame.Float64 {
		if math.IsNaN(v.Float) && !keepNaN {
			return selfsame.Value{Type: v.Type, Status: selfsame.Null}
		}
		v.Float += 0
	}
	return v
}

// listLog is a log in memory.
type listLog struct {
	blocks []*eventlog.Block
	next   int64
}

// blocksOf is the log of a case: a block for each run of rows of one source and one α.
func blocksOf(c *featuretest.Case) *listLog {
	type entry struct {
		featuretest.Entry
		source *selfsame.Source
		row    []selfsame.Value
	}
	var entries []entry
	for _, s := range c.Project.Sources {
		for i, e := range c.Live[s.Name] {
			if e.Offset >= 0 {
				entries = append(entries, entry{e, s, c.Logs[s.Name][i]})
			}
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(a.Offset - b.Offset) })
	l := &listLog{next: int64(len(entries))}
	for _, e := range entries {
		var b *eventlog.Block
		if n := len(l.blocks); n > 0 && l.blocks[n-1].Alpha == e.Alpha && l.blocks[n-1].Source == e.source {
			b = l.blocks[n-1]
		} else {
			b = &eventlog.Block{Source: e.source, Name: e.source.Name, First: e.Offset, Alpha: e.Alpha, Rows: column.NewBatch(e.source.Schema, 1)}
			l.blocks = append(l.blocks, b)
		}
		for i, v := range e.row {
			b.Rows.Columns[i].Append(plain(v, e.source.KeepNaN))
		}
		b.Rows.Rows++
		b.Tau = append(b.Tau, e.row[field(e.source, e.source.EventTime)].Int)
		if op := field(e.source, e.source.Operation); op >= 0 {
			b.Ops = append(b.Ops, map[string]eventlog.Op{"insert": eventlog.Insert, "delete": eventlog.Delete, "upsert": eventlog.Upsert}[e.row[op].Str])
		}
	}
	return l
}

func (l *listLog) Append(context.Context, []*eventlog.Append, int64) error { return nil }

func (l *listLog) Read(_ context.Context, from, to int64, visit func(*eventlog.Block) error) error {
	return fmt.Errorf("nothing reads [%d, %d) here", from, to)
}

func (l *listLog) End() (int64, int64) { return 0, selfsame.MinTime } // states are built from nothing; the test applies what it likes
func (l *listLog) Close() error        { return nil }
