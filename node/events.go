// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"maps"
	"slices"

	"selfsame"
	"selfsame/api"
	"selfsame/column"
	"selfsame/definition"
	"selfsame/eventlog"
	"selfsame/source"
)

// EventsArgs select refused events of the side log. Empty fields select all.
type EventsArgs struct {
	Verdict string `json:"verdict,omitempty"` // late, early, schema or conflict
	Source  string `json:"source,omitempty"`
	After   int64  `json:"after,omitempty"` // those with a greater number; numbers begin at 1
	Limit   int    `json:"limit,omitempty"` // 0: all
}

// RefusedEvent is one event of the side log.
type RefusedEvent struct {
	Number  int64             `json:"number"`
	Source  string            `json:"source"`
	Verdict string            `json:"verdict"`
	Reason  string            `json:"reason"`
	Arrived selfsame.Instant  `json:"arrived"`
	Time    *selfsame.Instant `json:"event_time,omitempty"`
	Row     string            `json:"row"` // the event as JSON, or the text as it came
}

// refused visits the events that the arguments select.
func (l *Live) refused(ctx context.Context, a *EventsArgs, visit func(r *eventlog.Refused) error) error {
	if err := checkVerdict(a.Verdict); err != nil {
		return err
	}
	if a.Source != "" {
		if _, err := l.source(a.Source); err != nil {
			return err
		}
	}
	left := a.Limit
	var failed error
	err := l.log.RefusedRows(ctx, a.After, func(r eventlog.Refused) bool {
		if (a.Verdict != "" && r.Verdict != a.Verdict) || (a.Source != "" && r.Source != a.Source) {
			return true
		}
		failed = visit(&r)
		left--
		return failed == nil && left != 0
	})
	if failed != nil {
		return failed
	}
	return err
}

func checkVerdict(v string) error {
	known := []string{api.Late.String(), api.Early.String(), api.SchemaMismatch.String(), api.Conflict.String()}
	if v == "" {
		return nil
	}
	for _, k := range known {
		if v == k {
			return nil
		}
	}
	e := &selfsame.Error{Class: selfsame.ClassUsage, Ref: "verdict " + v, Message: "the side log knows late, early, schema and conflict"}
	if near := selfsame.Nearest(v, known); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}

func (l *Live) eventsVerb(ctx context.Context, a *EventsArgs, line func(any) error) error {
	return l.refused(ctx, a, func(r *eventlog.Refused) error {
		e := &RefusedEvent{Number: r.Seq + 1, Source: r.Source, Verdict: r.Verdict, Reason: r.Reason, Arrived: selfsame.Instant(r.Alpha), Row: r.Row}
		if r.Tau != selfsame.MinTime {
			t := selfsame.Instant(r.Tau)
			e.Time = &t
		}
		return line(e)
	})
}

// Readmitted says what became of refused events that came in again.
type Readmitted struct {
	Events int            `json:"events"`
	Fates  map[string]int `json:"fates"`
}

// readmitBytes is about what one append of readmitted events holds at most.
const readmitBytes = 1 << 20

// readmitting are events of one source that come in again together.
type readmitting struct {
	body   []byte
	events int
}

// readmitVerb appends late and early events of the side log anew: they get a new α and are admitted whatever their age. Events that do not fit their
// schema, and conflicts, stay refused.
func (l *Live) readmitVerb(ctx context.Context, a *EventsArgs, line func(any) error) error {
	total := &Readmitted{Fates: map[string]int{}}
	waiting := map[string]*readmitting{}
	flush := func(source string) error {
		w := waiting[source]
		if w.events == 0 {
			return nil
		}
		got, err := l.readmit(ctx, source, w.body)
		if err != nil {
			return err
		}
		w.body, w.events = w.body[:0], 0
		for _, f := range got {
			total.Fates[f.String()]++
			total.Events++
		}
		return nil
	}
	err := l.refused(ctx, a, func(r *eventlog.Refused) error {
		if r.Verdict != api.Late.String() && r.Verdict != api.Early.String() {
			return nil
		}
		w := waiting[r.Source]
		if w == nil {
			w = &readmitting{}
			waiting[r.Source] = w
		}
		w.body, w.events = append(append(w.body, r.Row...), '\n'), w.events+1
		if len(w.body) < readmitBytes && w.events < l.Config.IngestEvents {
			return nil
		}
		return flush(r.Source)
	})
	if err != nil {
		return err
	}
	for _, source := range slices.Sorted(maps.Keys(waiting)) {
		if err := flush(source); err != nil {
			return err
		}
	}
	return line(total)
}

// readmit pushes rows of one source past its bounds.
func (l *Live) readmit(ctx context.Context, name string, body []byte) ([]api.Fate, error) {
	src, err := l.source(name)
	if err != nil {
		return nil, err
	}
	rows, err := l.decode(src, &api.EventBatch{Source: name, Body: body})
	if err != nil {
		return nil, err
	}
	rows.Readmit = true
	got, err := l.loop.Push(ctx, rows)
	if err != nil {
		return nil, err
	}
	var out []api.Fate
	for _, f := range got.Fates {
		out = append(out, api.Fate(f))
	}
	return out, nil
}

// EachEvent reads a table file as history files of a project's source are read, and hands its rows over as JSON objects with their numbers, from 0. An object
// is the reader's again when yield returns.
func EachEvent(ctx context.Context, project, name, path string, yield func(row int64, object []byte) error) error {
	p, err := definition.Load(project)
	if err != nil {
		return err
	}
	s := p.Source(name)
	if s == nil {
		return noSource(p, name)
	}
	file := *s
	file.Batch, file.SkipBad = &selfsame.BatchSource{Path: path}, false // nothing is left out unseen
	t, err := openSource(ctx, "", &file)
	if err != nil {
		return err
	}
	w := source.Want{Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	for _, f := range t.Fields() {
		w.Fields = append(w.Fields, f.Name)
	}
	splits, _, err := t.Splits(w)
	if err != nil {
		return err
	}
	var object []byte
	for _, split := range splits {
		err := t.Read(ctx, split, w, func(c *source.Chunk) error {
			if len(c.Bad) > 0 {
				return c.Bad[0].Err()
			}
			for i := range c.Batch.Rows {
				at := c.First + int64(i)
				if c.Pos != nil {
					at = c.Pos[i]
				}
				object = column.AppendRowJSON(object[:0], c.Batch, i)
				if err := yield(at, object); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
