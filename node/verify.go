// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"strings"

	"selfsame"
	"selfsame/batch"
)

// Verify compares a prepared run with the manifest of an earlier one. Its error, of class changed, lists every input file and
// every definition that is not what the manifest names.
func (p *Prepared) Verify(ctx context.Context, m *batch.Manifest) error {
	var changes []string
	now := map[string]string{}
	records, err := p.features()
	if err != nil {
		return err
	}
	for _, r := range records {
		now[r.Output] = r.Hash
	}
	for _, f := range m.Features {
		hash, ok := now[f.Output]
		delete(now, f.Output)
		switch {
		case !ok:
			changes = append(changes, fmt.Sprintf("feature %s (%s) is gone", f.Output, f.Feature))
		case hash != f.Hash:
			changes = append(changes, fmt.Sprintf("feature %s (%s) is defined otherwise: %s, was %s", f.Output, f.Feature, hash, f.Hash))
		}
	}
	for _, o := range p.Plan.Outputs {
		if _, isNew := now[o.Name]; isNew {
			changes = append(changes, fmt.Sprintf("feature %s (%s) is new", o.Name, o.Ref()))
		}
	}
	rows, sources, err := p.inputs(ctx)
	if err != nil {
		return err
	}
	then := append([]batch.Input{m.Rows}, m.Sources...)
	for i, in := range append([]batch.Input{rows}, sources...) {
		if i >= len(then) || then[i].Name != in.Name {
			changes = append(changes, fmt.Sprintf("source %s was not read then", in.Name))
			continue
		}
		for _, c := range batch.Changes(then[i], in) {
			changes = append(changes, fmt.Sprintf("%s: file %s %s", c.Input, c.File, c.What))
		}
	}
	if len(changes) > 0 {
		return &selfsame.Error{Class: selfsame.ClassChanged, Ref: m.Output.Path, Message: "it cannot be made again:\n  " + strings.Join(changes, "\n  "),
			Hint: "bring these back, or make a new training set without --from-manifest"}
	}
	return nil
}

// Compare returns an error where the values of this run are not those of the manifest.
func (t *Trained) Compare(m *batch.Manifest) error {
	var differ []string
	for i, c := range t.Manifest.Output.Columns {
		if i < len(m.Output.Columns) && c != m.Output.Columns[i] {
			differ = append(differ, c.Name)
		}
	}
	if t.Manifest.Output.ValuesChecksum == m.Output.ValuesChecksum {
		return nil
	}
	return &selfsame.Error{Class: selfsame.ClassChanged, Ref: m.Output.Path, Message: "the same inputs give other values in: " + strings.Join(differ, ", "),
		Hint: fmt.Sprintf("the manifest is of engine %s with zone database %s, this is %s with %s", m.Engine.Version, m.Engine.ZoneDatabase,
			t.Manifest.Engine.Version, t.Manifest.Engine.ZoneDatabase)}
}
