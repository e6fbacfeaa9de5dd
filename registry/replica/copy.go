// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package replica

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"selfsame"
	"selfsame/registry"
)

// Copied is what Copy did.
type Copied struct {
	Project string `json:"project"`
	Before  int64  `json:"before"`  // records that the store had
	Records int64  `json:"records"` // that it has now
}

// Copy appends to a store what another has beyond it: the same ids, versions and bytes. The store must be empty or hold the first records of the
// other; else it is refused with class changed and nothing is stored. Everything is read and held together before the first record is written. What
// is interrupted goes on when it is called again.
func Copy(ctx context.Context, from, to registry.Store) (*Copied, error) {
	records, err := from.Load(ctx, 0)
	if err != nil {
		return nil, err
	}
	texts, err := whole(ctx, from, records)
	if err != nil {
		return nil, err
	}
	have, err := to.Load(ctx, 0)
	if err != nil {
		return nil, err
	}
	for i, r := range have {
		if i >= len(records) || !r.Equal(records[i]) {
			return nil, other(r, records)
		}
	}
	out := &Copied{Before: int64(len(have)), Records: int64(len(have))}
	if len(records) > 0 {
		out.Project = records[0].Project
	}
	for _, r := range records[len(have):] {
		if err := to.Append(ctx, r, chosen(texts, needs([]*registry.Record{r}))); err != nil {
			return out, err
		}
		out.Records++
	}
	return out, nil
}

// whole reads the texts of records and holds everything together as a registry does.
func whole(ctx context.Context, from registry.Store, records []*registry.Record) (map[string][]byte, error) {
	found, err := registry.Texts(ctx, from, needs(records))
	if err != nil {
		return nil, err
	}
	_, err = registry.Over(from, ".").Snapshot(ctx)
	return found, err
}

// needs are the hashes of the texts that records name.
func needs(records []*registry.Record) []string {
	seen := map[string]bool{}
	for _, r := range records {
		for i := range r.Files {
			seen[r.Files[i].Hash] = true
		}
		for i := range r.Features {
			seen[r.Features[i].Hash] = true
		}
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen))
}

// chosen are the texts of some hashes.
func chosen(texts map[string][]byte, hashes []string) map[string][]byte {
	out := make(map[string][]byte, len(hashes))
	for _, h := range hashes {
		if text, ok := texts[h]; ok {
			out[h] = text
		}
	}
	return out
}

// other is the refusal of a store whose record r the other has not.
func other(r *registry.Record, records []*registry.Record) error {
	e := &selfsame.Error{Class: selfsame.ClassChanged, Ref: "registry", Hint: "import into an empty registry, or into one that holds the beginning of what is imported",
		Message: fmt.Sprintf("it is another one: its record %d is by %s at %s", r.ID, r.Author, time.UnixMicro(r.Time).UTC().Format(time.RFC3339))}
	if int(r.ID) > len(records) {
		e.Message = fmt.Sprintf("it is ahead: it has record %d, and what is imported ends with %d", r.ID, len(records))
		e.Hint = "there is nothing to import"
	}
	return e
}
