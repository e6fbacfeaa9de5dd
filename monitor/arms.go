// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"context"
	"math"
	"slices"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/journal"
	"selfsame/registry"
)

// Experiment is an experiment with what a journal has of each of its arms.
type Experiment struct {
	Service string   `json:"service"`
	Name    string   `json:"name"`
	Key     []string `json:"key,omitempty"`
	Arms    []Arm    `json:"arms"`
}

// Arm is what a journal has of an arm. Of several predictions of a row the newest counts, of several outcomes too.
type Arm struct {
	registry.Arm
	Requests    int64    `json:"requests"` // that were answered with rows of the arm
	Rows        int64    `json:"rows"`
	Predictions int64    `json:"predictions"`            // rows with one
	Score       *float64 `json:"mean_score,omitempty"`   // of the predictions that are numbers
	Outcomes    int64    `json:"outcomes"`               // rows with one
	Outcome     *float64 `json:"mean_outcome,omitempty"` // of the outcomes that are numbers; true counts as 1, false as 0
}

// mostJoined is how many rows of an experiment wait for a prediction or an outcome at a time. Later ones of a row before those are not counted.
const mostJoined = 1 << 20

// CountArms counts what the journal in a folder has of an experiment: rows that its arms answered, by its name, and what became of them.
func CountArms(ctx context.Context, dir string, e *registry.Experiment) (*Experiment, error) {
	c := newArmCounter(e, mostJoined)
	if _, err := journal.NewReader(dir).Read(ctx, journal.Query{Heads: true}, func(r *journal.Record) error {
		c.add(r)
		return nil
	}); err != nil {
		return nil, err
	}
	return c.finish(), nil
}

// armCounter joins rows with what became of them. Rows are in a ring: the oldest is settled when it gives way to a new one.
type armCounter struct {
	most       int
	experiment Experiment
	scores     []mean // beside experiment.Arms
	outcomes   []mean

	ring   []armRow
	oldest int             // once the ring is full
	places map[rowHash]int // in ring
}

// rowHash stands for a row of a request.
type rowHash struct {
	request xxh3.Uint128
	row     int
}

// armRow is a row, and what is known of it.
type armRow struct {
	id             rowHash
	arm            int
	score, outcome known
}

// known is a prediction or an outcome, where there is one.
type known struct {
	is     bool
	number float64 // NaN: it is none
}

// mean is a running mean.
type mean struct {
	n  int64
	of float64
}

func newArmCounter(e *registry.Experiment, most int) *armCounter {
	c := &armCounter{most: most, experiment: Experiment{Service: e.Service, Name: e.Name, Key: e.Key, Arms: []Arm{}}, scores: make([]mean, len(e.Arms)),
		outcomes: make([]mean, len(e.Arms)), places: map[rowHash]int{}}
	for _, a := range e.Arms {
		c.experiment.Arms = append(c.experiment.Arms, Arm{Arm: a})
	}
	return c
}

func (c *armCounter) add(r *journal.Record) {
	switch {
	case r.Served != nil:
		c.served(r.Served)
	case r.Prediction != nil:
		if at, ok := c.places[rowOf(r.Prediction.RequestID, r.Prediction.Row)]; ok {
			c.ring[at].score = known{true, numberOf(r.Prediction.Score)}
		}
	case r.Outcome != nil:
		if at, ok := c.places[rowOf(r.Outcome.RequestID, r.Outcome.Row)]; ok {
			c.ring[at].outcome = known{true, numberOf(r.Outcome.Label)}
		}
	}
}

func rowOf(request string, row int) rowHash { return rowHash{xxh3.HashString128(request), row} }

// served counts the rows of an arm's answer. An arm of an earlier experiment of the same name is another one where its version is.
func (c *armCounter) served(s *journal.Served) {
	if s.Experiment != c.experiment.Name || s.Shape.Service != c.experiment.Service {
		return
	}
	arm := slices.IndexFunc(c.experiment.Arms, func(a Arm) bool { return a.Name == s.Variant && a.Version == s.Shape.Version })
	if arm < 0 {
		return
	}
	c.experiment.Arms[arm].Requests++
	c.experiment.Arms[arm].Rows += int64(s.Rows)
	for i := range s.Rows {
		c.put(armRow{id: rowOf(s.RequestID, s.Number(i)), arm: arm})
	}
}

// put lets a row wait for what becomes of it.
func (c *armCounter) put(r armRow) {
	at := len(c.ring)
	if at < c.most {
		c.ring = append(c.ring, r)
	} else {
		at = c.oldest
		c.settle(at)
		c.ring[at] = r
		c.oldest = (at + 1) % c.most
	}
	c.places[r.id] = at
}

// settle counts what is known of a row, which waits no more.
func (c *armCounter) settle(at int) {
	r := &c.ring[at]
	if c.places[r.id] == at { // else the request was answered again
		delete(c.places, r.id)
	}
	a := &c.experiment.Arms[r.arm]
	if r.score.is {
		a.Predictions++
		c.scores[r.arm].add(r.score.number)
	}
	if r.outcome.is {
		a.Outcomes++
		c.outcomes[r.arm].add(r.outcome.number)
	}
}

// finish settles what still waits.
func (c *armCounter) finish() *Experiment {
	for i := range c.ring {
		c.settle(i)
	}
	for i := range c.experiment.Arms {
		c.experiment.Arms[i].Score, c.experiment.Arms[i].Outcome = c.scores[i].value(), c.outcomes[i].value()
	}
	return &c.experiment
}

func (m *mean) add(x float64) {
	if !math.IsNaN(x) && !math.IsInf(x, 0) {
		m.n++
		m.of += (x - m.of) / float64(m.n)
	}
}

// value is the mean; nil: of nothing, or beyond the range of numbers.
func (m *mean) value() *float64 {
	if m.n == 0 || math.IsNaN(m.of) || math.IsInf(m.of, 0) {
		return nil
	}
	return &m.of
}

// numberOf is a value as a number, NaN where it is none.
func numberOf(v selfsame.Value) float64 {
	switch {
	case v.Status != selfsame.Present:
	case v.Type.Kind == selfsame.Bool, v.Type.Kind == selfsame.Int64:
		return float64(v.Int)
	case v.Type.Kind == selfsame.Float64:
		return v.Float
	}
	return math.NaN()
}
