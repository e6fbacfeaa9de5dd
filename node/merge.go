// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"selfsame"
	"selfsame/column"
	archived "selfsame/offline/archive"
	"selfsame/source"
)

// archivedFile is a file of the archive by itself, with the columns that it has.
type archivedFile struct{ table *source.Table }

// readArchived opens a file of the archive for archive.Merge.
func readArchived(ctx context.Context, path string) (archived.Opened, error) {
	t, err := source.Open(ctx, source.Spec{Name: "archive", Dir: filepath.Dir(path), KeepNaN: true,
		Batch: selfsame.BatchSource{Path: filepath.Base(path), Format: "parquet"}}, formats())
	if err != nil {
		return nil, err
	}
	return archivedFile{t}, nil
}

func (f archivedFile) Fields() []selfsame.Field { return f.table.Fields() }

func (f archivedFile) Each(ctx context.Context, visit func(*column.Batch) error) error {
	w := source.Want{Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
	for _, field := range f.table.Fields() {
		w.Fields = append(w.Fields, field.Name)
	}
	splits, _, err := f.table.Splits(w)
	if err != nil {
		return err
	}
	for _, sp := range splits {
		if err := f.table.Read(ctx, sp, w, func(c *source.Chunk) error { return visit(c.Batch) }); err != nil {
			return err
		}
	}
	return nil
}

// unmerged names files of the archive, complete below an offset, as they were before some were merged: a training set is made again of the same rows.
func unmerged(files []source.File, complete int64) ([]source.File, error) {
	var out []source.File
	for _, f := range files {
		parts, err := archived.Parts(f.Path)
		if err != nil {
			return nil, err
		}
		if parts == nil {
			out = append(out, f)
		}
		for _, p := range parts {
			if p.First < complete {
				out = append(out, source.File{Name: p.Name, Size: p.Size, Checksum: p.Checksum, Rows: p.Rows})
			}
		}
	}
	slices.SortFunc(out, func(a, b source.File) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
