// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"time"

	"selfsame"
	"selfsame/definition"
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
func Copy(ctx context.Context, from, to Store) (*Copied, error) {
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
		if err := to.Append(ctx, r, chosen(texts, needs([]*Record{r}))); err != nil {
			return out, err
		}
		out.Records++
	}
	return out, nil
}

// whole reads the texts of records and holds everything together as a registry does.
func whole(ctx context.Context, from Store, records []*Record) (map[string][]byte, error) {
	found, err := texts(ctx, from, needs(records))
	if err != nil {
		return nil, err
	}
	s := empties(&projects{store: from, dir: ".", parsed: map[int64]*selfsame.Project{}})
	if s, err = s.fold(records...); err != nil {
		return nil, err
	}
	if s.applied == 0 {
		return found, nil
	}
	files := map[string][]byte{}
	for path, hash := range s.files(s.applied) {
		files[path] = found[hash]
	}
	if _, err := definition.Parse(files, "."); err != nil {
		return nil, damaged(fmt.Sprintf("apply %d", s.applied), "its definitions cannot be read", err)
	}
	return found, nil
}

// other is the refusal of a store whose record r the other has not.
func other(r *Record, records []*Record) error {
	e := &selfsame.Error{Class: selfsame.ClassChanged, Ref: "registry", Hint: "import into an empty registry, or into one that holds the beginning of what is imported",
		Message: fmt.Sprintf("it is another one: its record %d is by %s at %s", r.ID, r.Author, time.UnixMicro(r.Time).UTC().Format(time.RFC3339))}
	if int(r.ID) > len(records) {
		e.Message = fmt.Sprintf("it is ahead: it has record %d, and what is imported ends with %d", r.ID, len(records))
		e.Hint = "there is nothing to import"
	}
	return e
}
