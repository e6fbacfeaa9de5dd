// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/zeebo/xxh3"
	"golang.org/x/sync/errgroup"

	"selfsame"
	"selfsame/column"
)

// located says where a file holds a field.
type located struct {
	column   string
	constant *column.Column // of one value; nil: in the column
}

// Fields returns the declared schema, or the inferred one.
func (t *Table) Fields() []selfsame.Field { return t.fields }

// Files returns the files in manifest order. The slice is a copy.
func (t *Table) Files() []File {
	out := make([]File, len(t.files))
	for i := range t.files {
		out[i] = t.files[i].File
	}
	return out
}

// Checksums fills File.Checksum of every file, two files at a time. It must not run beside Files.
func (t *Table) Checksums(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i := range t.files {
		f := &t.files[i]
		if f.Checksum != "" {
			continue
		}
		group.Go(func() (err error) {
			f.Checksum, err = Checksum(ctx, f.Path)
			return err
		})
	}
	return group.Wait()
}

// Checksum returns "xxh3:" and 32 hex digits: the 128-bit xxh3 hash of a file's bytes.
func Checksum(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", InputError(path, "cannot be read", cause(err))
	}
	defer f.Close()
	h := xxh3.New()
	buf := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			sum := h.Sum128()
			return ChecksumText(sum.Hi, sum.Lo), nil
		}
		if err != nil {
			return "", InputError(path, "cannot be read", cause(err))
		}
	}
}

// ChecksumText is how a checksum is written: "xxh3:" and the two halves of the hash as 32 hex digits.
func ChecksumText(high, low uint64) string { return fmt.Sprintf("xxh3:%016x%016x", high, low) }

// Splits returns the parts that hold wanted rows, in manifest order, and what was left out.
func (t *Table) Splits(w Want) ([]Split, Pruned, error) {
	var out []Split
	pruned := Pruned{Files: len(t.files)}
	if err := t.check(w); err != nil {
		return nil, pruned, err
	}
	for i := range t.files {
		f := &t.files[i]
		groups := f.reader.Groups()
		if f.outside(w, t.spec.EventTime) {
			pruned.FilesByPartition++
			continue
		}
		pruned.Groups += len(groups)
		event, prunable := t.eventColumn(f)
		wanted, _, err := t.wanted(f, w)
		if err != nil {
			return nil, pruned, err
		}
		for g, group := range groups {
			if prunable && group.Bounds != nil {
				least, greatest, ok := group.Bounds(event)
				if ok && !w.meets(least, greatest) {
					pruned.GroupsByStatistic++
					continue
				}
			}
			s := Split{File: i, Group: g, Rows: group.Rows}
			for _, c := range wanted {
				if group.Bytes != nil {
					s.Bytes += group.Bytes(c.Column)
				}
			}
			out = append(out, s)
		}
	}
	return out, pruned, nil
}

// check returns an error for a field that the table does not have.
func (t *Table) check(w Want) error {
	for _, name := range w.Fields {
		if !slices.ContainsFunc(t.fields, func(f selfsame.Field) bool { return f.Name == name }) {
			var names []string
			for _, f := range t.fields {
				names = append(names, f.Name)
			}
			e := &selfsame.Error{Class: selfsame.ClassInput, Ref: t.spec.ref(), Message: "there is no field " + quote(name)}
			if near := selfsame.Nearest(name, names); near != "" {
				e.Hint = "did you mean " + near + "?"
			}
			return e
		}
	}
	return nil
}

// meets reports whether some instant of [least, greatest] is wanted.
func (w Want) meets(least, greatest int64) bool {
	if w.Lower == 0 && w.Upper == 0 {
		return true
	}
	return greatest >= w.Lower && (least < w.Upper || w.Upper == selfsame.MaxTime)
}

// outside reports whether a file's folders say that none of its rows is wanted. What lies in a folder of another date, a row without
// event time too, is left out with it.
func (f *file) outside(w Want, eventTime string) bool {
	switch {
	case f.snapshot != nil:
		return !slices.ContainsFunc(f.reader.Columns(), func(c Column) bool { return c.Name == eventTime }) && f.reader.Columns() != nil &&
			!w.meets(*f.snapshot, *f.snapshot)
	case f.span != nil:
		return !w.meets(f.span.lower, f.span.upper-1)
	}
	return false
}

// eventColumn returns the column of a file that holds event times.
func (t *Table) eventColumn(f *file) (Wanted, bool) {
	i := slices.IndexFunc(t.fields, func(x selfsame.Field) bool { return x.Name == t.spec.EventTime })
	if i < 0 || t.fields[i].Type.Kind != selfsame.Timestamp {
		return Wanted{}, false
	}
	where, err := t.locate(f, t.fields[i])
	if err != nil || where.constant != nil {
		return Wanted{}, false
	}
	return Wanted{Field: t.fields[i], Column: where.column}, true
}

// wanted returns the columns of a file to read, and where each wanted field is: its place among them, or its constant. The event
// time is read along where the folder's date binds it.
func (t *Table) wanted(f *file, w Want) ([]Wanted, []located, error) {
	var columns []Wanted
	var where []located
	for _, name := range w.Fields {
		i := slices.IndexFunc(t.fields, func(x selfsame.Field) bool { return x.Name == name })
		at, err := t.locate(f, t.fields[i])
		if err != nil {
			return nil, nil, err
		}
		where = append(where, at)
		if at.constant == nil {
			columns = append(columns, Wanted{Field: t.fields[i], Column: at.column})
		}
	}
	if f.span != nil && !slices.Contains(w.Fields, t.spec.EventTime) {
		if event, ok := t.eventColumn(f); ok {
			columns = append(columns, event)
		}
	}
	return columns, where, nil
}

// Read yields the wanted rows of a split in order, in chunks of at most ChunkRows rows. It may run in several goroutines on one
// table. A chunk belongs to the table again when yield returns; an error of yield ends the read and is returned.
func (t *Table) Read(ctx context.Context, sp Split, w Want, yield func(*Chunk) error) error {
	if err := t.check(w); err != nil {
		return err
	}
	f := &t.files[sp.File]
	columns, where, err := t.wanted(f, w)
	if err != nil {
		return err
	}
	s := newAssembly(t, f, w, where, columns)
	base := int64(sp.File) << 40
	return f.reader.Read(ctx, sp.Group, columns, func(c *Chunk) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		out := s.assemble(c)
		out.First += base
		for i := range out.Pos {
			out.Pos[i] += base
		}
		return yield(out)
	})
}
