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
	"compact":     taking((*Live).compactVerb),
	"pin":         taking((*Live).pinVerb),
	"plan":        taking((*Live).planVerb),
	"act":         taking((*Live).actVerb),
	"apply":       taking((*Live).applyVerb),
	"events":      taking((*Live).eventsVerb),
	"readmit":     taking((*Live).readmitVerb),
	"backfill":    taking((*Live).backfillVerb),
	"materialize": taking((*Live).materializeVerb),
	"lineage":     taking((*Live).lineageVerb),
	"value":       taking((*Live).valueVerb),
	"record":      taking((*Live).recordVerb),
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

func (l *Live) applyVerb(ctx context.Context, c *registry.Change, line func(any) error) error {
	d, err := l.Apply(ctx, c)
	if err != nil {
		return err
	}
	return line(d)
}
