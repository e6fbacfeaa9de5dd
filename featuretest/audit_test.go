// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"selfsame"
	"selfsame/audit"
	"selfsame/batch"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/journal"
	"selfsame/online"
	"selfsame/plan"
	"selfsame/source"
)

// audited journals what the oracle answers as if it had been served, and audits that. Its answers are the oracle's.
type audited struct {
	Oracle
	dir    string
	tamper bool // one served value is changed
	seen   *int64
}

// Name is "audit".
func (audited) Name() string { return "audit" }

// Ask serves, journals and audits a case.
func (a audited) Ask(ctx context.Context, c *Case) (*Answer, error) {
	answer, err := a.Oracle.Ask(ctx, c)
	if err != nil {
		return nil, err
	}
	p, err := plan.Build(c.Project, plan.Request{Service: c.Service})
	if err != nil {
		return nil, err
	}
	known := *p
	known.Outputs = nil
	for _, name := range answer.Outputs { // what is beyond the oracle was not served
		for _, o := range p.Outputs {
			if o.Name == name {
				known.Outputs = append(known.Outputs, o)
			}
		}
	}
	dir, err := os.MkdirTemp(a.dir, "")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	values, err := a.serve(ctx, dir, c, &known, answer)
	if err != nil {
		return nil, err
	}
	report, err := audit.Run(ctx, a.options(dir, c, &known))
	if err != nil {
		return nil, err
	}
	*a.seen += report.Values
	want := int64(0)
	if a.tamper {
		want = 1
	}
	if report.Mismatched != want || report.Values != values || report.Unauditable != 0 || report.Passed() != (want == 0) {
		var b strings.Builder
		report.WriteText(&b)
		return nil, fmt.Errorf("%d mismatches of %d values, want %d of %d\n%s", report.Mismatched, report.Values, want, values, b.String())
	}
	if a.tamper && report.Mismatches[0].Explanation == nil {
		return nil, fmt.Errorf("a mismatch is not explained: %+v", report.Mismatches[0])
	}
	return answer, nil
}

// serve journals every row of a case as a request.
func (a audited) serve(ctx context.Context, dir string, c *Case, p *plan.Plan, answer *Answer) (values int64, err error) {
	shape := &journal.Shape{Service: c.Service, Version: 1, Given: c.Columns}
	for i := range p.Outputs {
		o := &p.Outputs[i]
		shape.Outputs = append(shape.Outputs, journal.Output{Name: o.Name, Ref: o.Ref(), Type: o.EdgeType()})
	}
	w, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{Durable: true})
	if err != nil {
		return 0, err
	}
	rng := rand.New(rand.NewPCG(uint64(len(c.Rows)), uint64(len(p.Outputs))))
	row, output := rng.IntN(len(c.Rows)), rng.IntN(len(p.Outputs))
	all := c.entityRows().Batch
	for r := range c.Rows {
		s := &journal.Served{RequestID: fmt.Sprint("request-", r), Shape: shape, At: c.Rows[r].At, Cut: token(c, c.Rows[r].Served), Past: c.Rows[r].Served.Past, Rows: 1}
		for k, f := range c.Columns {
			s.Given = append(s.Given, column.New(f.Type, 1))
			s.Given[k].AppendFrom(all.Columns[k], r)
		}
		for k, o := range shape.Outputs {
			v := answer.Rows[r][k]
			v.Type = o.Type
			if a.tamper && r == row && k == output {
				v = selfsame.Value{Type: o.Type, Status: otherStatus(v.Status)}
			}
			s.Values = append(s.Values, column.New(o.Type, 1))
			s.Values[k].Append(v)
			values++
		}
		if err := w.Served(ctx, s); err != nil {
			return 0, err
		}
	}
	return values, w.Close()
}

func otherStatus(s selfsame.Status) selfsame.Status {
	if s == selfsame.Null {
		return selfsame.NotFound
	}
	return selfsame.Null
}

// token is a cut as answers carry it.
func token(c *Case, s *Served) string {
	cut := s.cut(c.Project)
	t := online.Token{Offset: cut.Offset, Snapshot: cut.Snapshot}
	for _, r := range cut.Ranges {
		i := slices.IndexFunc(c.Project.Sources, func(s *selfsame.Source) bool { return s.Name == r.Source })
		t.Ranges = append(t.Ranges, online.TokenRange{Source: uint64(i), Lo: r.Lower, Hi: r.Upper})
	}
	return t.String()
}

func (a audited) options(dir string, c *Case, p *plan.Plan) audit.Options {
	o := audit.Options{Journal: journal.NewReader(filepath.Join(dir, "journal")), Snapshot: snapshot, Complete: selfsame.MaxTime, Explain: 1, Gap: true,
		Batch: batch.Options{Threads: 2},
		Plan:  func(*journal.Shape) (*plan.Plan, error) { return p, nil },
		Inputs: func(ctx context.Context, p *plan.Plan) (*audit.Inputs, error) {
			in := &audit.Inputs{Tables: map[string]*source.Table{}, Archive: map[string]*source.Table{}}
			for _, s := range p.Sources() {
				var err error
				if in.Tables[s.Name], err = (Batch{}).table(ctx, dir, c, s); err != nil {
					return nil, err
				}
				if in.Archive[s.Name], err = archive(ctx, dir, c, s); err != nil {
					return nil, err
				}
			}
			return in, nil
		}}
	var names []string
	for _, s := range c.Project.Sources {
		names = append(names, s.Name)
	}
	o.Cut = cutReader(names)
	return o
}

// cutReader reads tokens that name these sources by their place.
func cutReader(names []string) func(*journal.Shape, string) (batch.ServedCut, error) {
	return func(_ *journal.Shape, text string) (batch.ServedCut, error) {
		t, err := online.ParseToken(text)
		c := batch.ServedCut{Offset: t.Offset, Snapshot: t.Snapshot}
		for _, r := range t.Ranges {
			if r.Source >= uint64(len(names)) {
				return c, errors.New("its cut names a source that is not known")
			}
			c.Ranges = append(c.Ranges, batch.LoadedRange{Source: names[r.Source], Lower: r.Lo, Upper: r.Hi})
		}
		return c, err
	}
}

// TestAuditOfRandomReads audits what the oracle would have served: nothing differs, and one changed value is found.
func TestAuditOfRandomReads(t *testing.T) {
	t.Parallel()
	for _, tamper := range []bool{false, true} {
		seen, dir := int64(0), t.TempDir()
		rapid.Check(t, func(rt *rapid.T) {
			text := Generate(choices(rt, 300), Shape{})
			diff, _, err := Disagreement(context.Background(), definition.Parse, lively{audited{dir: dir, tamper: tamper, seen: &seen}, true}, lively{Oracle{}, true}, text)
			if err != nil || diff != "" {
				rt.Fatalf("tampered %v: %v\n%s", tamper, err, diff)
			}
		})
		if seen < 100 {
			t.Fatalf("only %d values were audited", seen)
		}
	}
}

// TestUnauditable audits vectors of which something is missing: they neither pass nor fail.
func TestUnauditable(t *testing.T) {
	dir := t.TempDir()
	w, err := journal.Open(dir, journal.Options{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	shape := &journal.Shape{Service: "s", Version: 2}
	vector := func(id, cut string) {
		if err := w.Served(t.Context(), &journal.Served{RequestID: id, Shape: shape, Cut: cut, Rows: 2}); err != nil {
			t.Fatal(err)
		}
	}
	vector("a", online.Token{Snapshot: [16]byte{9}}.String())
	vector("b", online.Token{Offset: 11}.String())
	vector("c", "not a token")
	vector("d", online.Token{Snapshot: snapshot, Ranges: []online.TokenRange{{Source: 3}}}.String())
	vector("e", online.Token{Offset: 10}.String())
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := audit.Run(t.Context(), audit.Options{Journal: journal.NewReader(dir), Snapshot: snapshot, Complete: 10, Cut: cutReader(nil),
		Plan: func(*journal.Shape) (*plan.Plan, error) { return nil, fmt.Errorf("service s has no version 2") }})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := report.WriteText(&got); err != nil {
		t.Fatal(err)
	}
	want := `10 vectors of 5 requests: 0 audited, 10 unauditable
0 values compared, 0 mismatches
  s version 2: 0 vectors audited, 0 mismatches, 10 unauditable
unauditable, 2 vectors (request a is one): it was served from other history files than those at hand
unauditable, 2 vectors (request b is one): the log up to its cut is not at hand
unauditable, 2 vectors (request c is one): its cut token cannot be read
unauditable, 2 vectors (request d is one): its cut names a source that is not known
unauditable, 2 vectors (request e is one): its definitions are not at hand: service s has no version 2
`
	if text := got.String(); !strings.HasPrefix(text, want) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	again, err := audit.Run(t.Context(), audit.Options{Journal: journal.NewReader(dir), From: position(t, report.Next)})
	if err != nil || again.Vectors != 0 || again.Next != report.Next {
		t.Errorf("an audit that goes on behind the end found %d vectors (%v)", again.Vectors, err)
	}
}

func position(t *testing.T, text string) journal.Position {
	p, err := journal.ParsePosition(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
