// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package pit

import (
	"math/rand/v2"
	"sync"
	"testing"

	"selfsame"
	"selfsame/column"
)

// TestEntityStandsAtTheCut holds that events a little behind or ahead of a cut come in and go out, rather than being masked, and that many
// are masked rather than moved.
func TestEntityStandsAtTheCut(t *testing.T) {
	x := newBenchEntity(t, 500)
	late := benchEntityEvents(1, 0, x.step)
	for i := range 200 { // each thirty places late
		late.Seq[0], late.Tau[0] = int64(500+i), int64(470+i)*x.step+int64(i)
		late.Alpha[0] = late.Tau[0]
		x.e.Append(late)
	}
	x.ask.At[0] = 1000 * x.step
	for _, c := range []struct {
		cut  int64
		want int // live events
	}{
		{499, 500}, {400, 500}, {550, 551}, {500, 501}, {510, 511}, {460, 461}, {1, 461}, {699, 700}, {634, 700}, {635, 636}, {636, 637}, {selfsame.MaxTime, 700},
	} {
		x.ask.Known[0] = c.cut
		for _, out := range x.out {
			out.Reset()
		}
		if err := x.e.Eval(&x.ask, x.out, nil); err != nil {
			t.Fatal(err)
		}
		if n := x.e.live.rows.len(); n != c.want || x.e.Events() != 700 {
			t.Errorf("at cut %d %d of %d events are live, want %d", c.cut, n, x.e.Events(), c.want)
		}
		if got, want := x.out[24].Ints[0], min(c.cut, 699)+1; got != want {
			t.Errorf("at cut %d the count of all is %d, want %d", c.cut, got, want)
		}
	}
}

// TestEntityEndsGoBack moves retractions to and fro, the values beside a book of all events that is made anew for each question.
func TestEntityEndsGoBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	w := newEntityWorld(r, inTime, false)
	for len(w.spec.Cells) < 6 {
		w.cells(r)
	}
	w.rows = w.rows[:0]
	e := newTestEntity(t, w.spec)
	for i := range 150 {
		ev := &event{tau: int64(r.IntN(60)), hash: r.Uint64(), values: randomValues(r), until: selfsame.MaxTime, order: selfsame.Value{Status: selfsame.Null}}
		ev.from = ev.tau
		w.rows = append(w.rows, entityRow{event: ev, seq: int64(2 * i), untilSeq: selfsame.MaxTime})
		e.Append(w.bring(w.rows[i:]))
		if i > 20 && r.IntN(2) == 0 {
			row := &w.rows[i-r.IntN(20)]
			if row.untilSeq == selfsame.MaxTime {
				row.untilSeq, row.until = int64(2*i+1), row.tau+100
				if !e.Retract(row.seq, row.untilSeq, row.until) {
					t.Fatal("an event is not there")
				}
			}
		}
		at := int64(r.IntN(80))
		w.ask(t, e, &Ask{At: []int64{at}, Known: []int64{int64(2*i+1) - r.Int64N(min(int64(2*i+2), 60))}})
	}
	if e.Retract(999, 1, 1) || e.ended.len() == 0 {
		t.Error("an event that is not there ends, or none did")
	}
	out := []*column.Column{column.New(w.outputs()[0], 0)}
	if err := e.Eval(&Ask{At: []int64{1}, Cells: []int{0}}, out, nil); err != nil {
		t.Fatal(err)
	}
}

// TestPreparedIsShared makes entities and asks about lists of cells from several goroutines.
func TestPreparedIsShared(t *testing.T) {
	spec := benchEntitySpec(t)
	prepared, err := Prepare(spec)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			for range 100 {
				e := prepared.NewEntity()
				e.Load(benchEntityEvents(3, 0, 10))
				cells := r.Perm(len(spec.Cells))[:1+r.IntN(3)]
				var out []*column.Column
				for _, c := range cells {
					out = append(out, column.New(spec.Cells[c].Call.Result, 1))
				}
				if err := e.Eval(&Ask{At: []int64{21}, Cells: cells}, out, nil); err != nil {
					t.Error(err)
				}
				for i, c := range cells {
					if c%6 == 0 && out[i].Ints[0] != 3 {
						t.Errorf("cell %d counts %d events", c, out[i].Ints[0])
					}
				}
			}
		})
	}
	wg.Wait()
}
