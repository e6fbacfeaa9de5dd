// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"selfsame"
	"selfsame/registry"
)

// verb is one thing that the command line asks of a data directory: of the server that owns it, or of one that is opened for it. It
// answers in JSON lines.
type verb func(l *Live, ctx context.Context, args []byte, line func(v any) error) error

// verbs are the verbs of Admin.
var verbs = map[string]verb{
	"status":      func(l *Live, ctx context.Context, _ []byte, line func(any) error) error { return line(l.Status()) },
	"pin":         taking((*Live).pinVerb),
	"plan":        taking((*Live).planVerb),
	"apply":       taking((*Live).applyVerb),
	"events":      taking((*Live).eventsVerb),
	"readmit":     taking((*Live).readmitVerb),
	"backfill":    taking((*Live).backfillVerb),
	"materialize": taking((*Live).materializeVerb),
}

// taking reads a verb's arguments.
func taking[T any](do func(l *Live, ctx context.Context, args *T, line func(v any) error) error) verb {
	return func(l *Live, ctx context.Context, args []byte, line func(v any) error) error {
		var a T
		if err := json.Unmarshal(args, &a); err != nil {
			return &selfsame.Error{Class: selfsame.ClassUsage, Message: "the arguments of the verb cannot be read", Err: err,
				Hint: "use the selfsame of the same version as the server"}
		}
		return do(l, ctx, &a, line)
	}
}

// Do implements api.Admin.
func (l *Live) Do(ctx context.Context, name string, args []byte, line func([]byte) error) error {
	do, ok := verbs[name]
	if !ok {
		return &selfsame.Error{Class: selfsame.ClassNotFound, Ref: name, Message: "no such verb of a server",
			Hint: "the verbs are " + strings.Join(slices.Sorted(maps.Keys(verbs)), ", ")}
	}
	return do(l, ctx, args, func(v any) error {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return line(b)
	})
}

// Status is what a data directory holds.
type Status struct {
	Applied int64   `json:"applied"` // next offset of the online state
	End     int64   `json:"end"`     // next offset of the log
	Apply   int64   `json:"apply"`   // number of the newest applied definitions
	States  int     `json:"states"`
	Cache   int64   `json:"cache_bytes"`
	Queued  int64   `json:"queued_bytes"`
	Hits    float64 `json:"cache_hit_rate"`
}

// Status returns what the data directory holds now.
func (l *Live) Status() *Status {
	end, _ := l.log.End()
	c := l.reader.CacheStats()
	s := &Status{Applied: l.driver.Applied().Offset, End: end, Apply: l.snapshot.Load().ID(), States: len(l.driver.States().List()), Cache: c.Bytes, Queued: l.loop.Queued()}
	if n := c.Hits + c.Misses; n > 0 {
		s.Hits = float64(c.Hits) / float64(n)
	}
	return s
}

func (l *Live) planVerb(ctx context.Context, c *registry.Change, line func(any) error) error {
	d, err := l.Plan(ctx, c)
	if err != nil {
		return err
	}
	return line(d)
}

func (l *Live) applyVerb(ctx context.Context, c *registry.Change, line func(any) error) error {
	d, err := l.Apply(ctx, c)
	if err != nil {
		return err
	}
	return line(d)
}
