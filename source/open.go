// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/zone"
)

// Table is the files of one source, opened. It is safe for concurrent use.
type Table struct {
	spec     Spec
	how      *Reading
	fields   []selfsame.Field
	files    []file
	columnOf map[string]string // field -> column in the files
}

// file is a File with what opening found.
type file struct {
	File
	reader   Reader
	parts    []part
	span     *span  // of its folder's date, where that is the date of event times
	snapshot *int64 // the event time of its rows, where its folder's date is that of a snapshot
}

// Open lists the files of a source and opens each. formats are keyed parquet, arrow, avro, csv and jsonl.
// Errors are *selfsame.Error of class input that name the file and the column, or of class definition for a setting.
func Open(ctx context.Context, spec Spec, formats map[string]Format) (*Table, error) {
	how, err := resolve(&spec)
	if err != nil {
		return nil, err
	}
	listed, err := list(&spec)
	if err != nil {
		return nil, err
	}
	t := &Table{spec: spec, how: how, columnOf: map[string]string{}}
	t.files = make([]file, len(listed))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range listed {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error
			t.files[i], err = t.openFile(ctx, f, formats)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if spec.Schema == nil {
		err = t.infer()
	} else {
		err = t.declare()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// resolve checks the settings of a spec.
func resolve(spec *Spec) (*Reading, error) {
	how := &Reading{Floor: spec.Floor, KeepNaN: spec.KeepNaN, SkipBad: spec.SkipBad, Declared: spec.Schema != nil}
	var err error
	if how.Time, err = ParseTimeFormat(spec.TimeFormat); err != nil {
		return nil, err
	}
	if spec.Timezone != "" && spec.Timezone != "UTC" {
		if how.Zone, err = zone.Load(spec.Timezone); err != nil {
			return nil, err
		}
	}
	return how, nil
}

func (t *Table) openFile(ctx context.Context, f File, formats map[string]Format) (file, error) {
	name := t.spec.Batch.Format
	if name == "" {
		name = FormatOf(f.Name)
	}
	format := formats[name]
	if format == nil {
		e := InputError(f.Path, "the file's format is not known by its name", nil)
		if name != "" {
			e.Message = "there is no format " + quote(name)
		}
		e.Hint = "name it with format: parquet, arrow, avro, csv or jsonl"
		return file{}, e
	}
	r, err := format.Open(ctx, f.Path, t.how)
	if err != nil {
		return file{}, err
	}
	out := file{File: f, reader: r, parts: partsOf(strings.TrimPrefix(f.Path, t.spec.Dir))}
	out.Rows = 0
	for _, g := range r.Groups() {
		if g.Rows < 0 {
			out.Rows = -1
			break
		}
		out.Rows += g.Rows
	}
	return out, t.resolveParts(&out)
}

// declare checks that every declared field is in every file.
func (t *Table) declare() error {
	t.fields = t.spec.Schema
	renamed := map[string]bool{}
	for column, field := range t.spec.Rename {
		t.columnOf[field] = column
		renamed[column] = true
	}
	for _, f := range t.fields {
		if t.columnOf[f.Name] == "" && !renamed[f.Name] {
			t.columnOf[f.Name] = f.Name
		}
	}
	for i := range t.files {
		for _, f := range t.fields {
			if _, err := t.locate(&t.files[i], f); err != nil {
				return err
			}
		}
	}
	return nil
}

// locate says where a file holds a field: in a column (constant nil), or in its folders.
func (t *Table) locate(f *file, field selfsame.Field) (where located, err error) {
	name := t.columnOf[field.Name]
	columns := f.reader.Columns()
	if err := once(f, columns, name); err != nil {
		return where, err
	}
	i := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })
	if i >= 0 || (columns == nil && name != "") {
		if _, ok := f.part(name); i >= 0 || !ok {
			return located{column: name}, nil
		}
	}
	where.constant, err = t.constant(f, field)
	if err != nil || where.constant != nil {
		return where, err
	}
	if t.spec.Absent {
		null := column.New(field.Type, 1)
		null.AppendStatus(selfsame.Null)
		return located{constant: null}, nil
	}
	e := InputError(f.Path, "there is no such column", nil)
	e.Ref = t.spec.ref("column " + field.Name)
	if name != "" && name != field.Name {
		e.Message = "there is no column " + quote(name) + ", from which it is renamed"
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	if near := selfsame.Nearest(field.Name, names); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s? `rename: {%s: %s}` reads it", near, near, field.Name)
	} else {
		e.Hint = "the columns are " + strings.Join(names, ", ")
	}
	return where, e
}

// infer takes the schema from the files: the columns of the first, with types that hold those of all.
func (t *Table) infer() error {
	at := map[string]int{}
	for i := range t.files {
		f := &t.files[i]
		columns := f.reader.Columns()
		for _, c := range columns {
			if slices.Contains(t.spec.Omit, c.Name) {
				continue
			}
			if err := once(f, columns, c.Name); err != nil {
				return err
			}
			if c.Reason != "" {
				e := InputError(f.Path, c.Reason, nil)
				e.Ref, e.Hint = "column "+c.Name, "leave it out (of rows: --omit "+c.Name+"), or convert it to a type that Selfsame has"
				return e
			}
			k, ok := at[c.Name]
			if !ok {
				if i > 0 && f.reader.Groups() != nil {
					return t.differs(f, c.Name, "the first file has no such column")
				}
				at[c.Name] = len(t.fields)
				t.fields = append(t.fields, selfsame.Field{Name: t.fieldOf(c.Name), Type: c.Type})
				t.columnOf[t.fieldOf(c.Name)] = c.Name
				continue
			}
			u, ok := unify(t.fields[k].Type, c.Type)
			if !ok {
				return t.differs(f, c.Name, c.Type.String()+" here, "+t.fields[k].Type.String()+" in files before")
			}
			t.fields[k].Type = u
		}
		if missing := t.missing(columns, f); missing != "" {
			return t.differs(f, missing, "the column is missing here")
		}
	}
	for i := range t.fields {
		if t.fields[i].Type.Kind == selfsame.Unknown { // not one value: any type will do
			t.fields[i].Type = selfsame.Scalar(selfsame.String)
		}
	}
	t.inferParts()
	return t.checkOmitted()
}

// checkOmitted refuses to leave out a column that is not there.
func (t *Table) checkOmitted() error {
	var known []string
	for i := range t.files {
		for _, c := range t.files[i].reader.Columns() {
			known = append(known, c.Name)
		}
		for _, p := range partsOf(t.files[i].Name) {
			known = append(known, p.name)
		}
	}
	for _, o := range t.spec.Omit {
		if slices.Contains(known, o) {
			continue
		}
		e := InputError(t.files[0].Path, "there is no such column to leave out", nil)
		e.Ref, e.Hint = "column "+o, "the columns are "+strings.Join(known, ", ")
		if near := selfsame.Nearest(o, known); near != "" {
			e.Hint = "did you mean " + near + "?"
		}
		return e
	}
	return nil
}

// once refuses a file that holds two columns of one name: which is meant cannot be known.
func once(f *file, columns []Column, name string) error {
	n := 0
	for _, c := range columns {
		if c.Name == name {
			n++
		}
	}
	if n < 2 {
		return nil
	}
	e := InputError(f.Path, fmt.Sprintf("the file has %d columns of this name", n), nil)
	e.Ref, e.Hint = "column "+name, "rename all but one of them"
	return e
}

func (t *Table) fieldOf(column string) string {
	if f := t.spec.Rename[column]; f != "" {
		return f
	}
	return column
}

// missing returns a field that a file with rows does not have.
func (t *Table) missing(columns []Column, f *file) string {
	if len(f.reader.Groups()) == 0 && len(columns) == 0 {
		return ""
	}
	for _, field := range t.fields {
		if !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == t.columnOf[field.Name] }) {
			return t.columnOf[field.Name]
		}
	}
	return ""
}

func (t *Table) differs(f *file, column, message string) error {
	e := InputError(f.Path, "the files have different columns: "+message, nil)
	e.Ref, e.Hint = "column "+column, "name files of one schema"
	return e
}

// inferParts adds the partition folders below the source's path that no column of the files has.
func (t *Table) inferParts() {
	values := map[string][]string{}
	var names []string
	for i := range t.files {
		for _, p := range partsOf(t.files[i].Name) {
			if values[p.name] == nil {
				names = append(names, p.name)
			}
			values[p.name] = append(values[p.name], p.value)
		}
	}
	for _, n := range names {
		known := slices.Contains(t.spec.Omit, n) || slices.ContainsFunc(t.fields, func(f selfsame.Field) bool { return f.Name == t.fieldOf(n) })
		if !known && len(values[n]) == len(t.files) {
			t.fields = append(t.fields, selfsame.Field{Name: t.fieldOf(n), Type: inferPart(values[n])})
			t.columnOf[t.fieldOf(n)] = n
		}
	}
}

// unify returns the type that holds the values of both.
func unify(a, b selfsame.Type) (selfsame.Type, bool) {
	if a.Equal(b) || b.Kind == selfsame.Unknown {
		return a, true
	}
	if a.Kind == selfsame.Unknown {
		return b, true
	}
	if a.Kind > b.Kind {
		a, b = b, a
	}
	if a.Kind == selfsame.Int64 && b.Kind == selfsame.Float64 {
		return b, true
	}
	return selfsame.Type{}, false
}
