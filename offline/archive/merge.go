// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
)

// Opened is a file of the archive that is read.
type Opened interface {
	Fields() []selfsame.Field
	// Each visits the rows in their order; a batch is valid until visit returns.
	Each(ctx context.Context, visit func(*column.Batch) error) error
}

// Reader opens a file of the archive.
type Reader func(ctx context.Context, path string) (Opened, error)

// What is merged when. A day is closed an hour after its end; late events open it again for as long as they come.
const (
	closedAfter = time.Hour
	manyFiles   = 8              // are merged at once,
	quietAfter  = 24 * time.Hour // fewer when none has come for so long
	// partsStay is how long files stay that another one has taken in: whoever had opened them reads on.
	partsStay = 24 * time.Hour

	mergeFolder = ".merge" // files in the making; what an interrupted run left there is removed by the next
	partsSuffix = ".json"
)

// Merge makes one file of the files of a closed day, of rows in their order, where those are many or small, and removes those that were merged a day ago. It is safe
// beside Advance and beside readers; one Merge runs at a time. What it has merged when it is stopped stays. now is the machine's time.
func (a *Archive) Merge(ctx context.Context, read Reader, now time.Time) error {
	a.merging.Lock()
	defer a.merging.Unlock()
	if err := os.RemoveAll(filepath.Join(a.dir, mergeFolder)); err != nil {
		return problem(a.dir, "cannot be cleaned", err)
	}
	if err := a.clean(filepath.Join("*", "date=*", ".*"+partsSuffix+".*.tmp")); err != nil {
		return err
	}
	if err := a.Check(); err != nil { // a merge of the files around one that is lost would hide it
		return err
	}
	all, err := list(a.dir)
	if err != nil {
		return err
	}
	complete := a.Complete()
	folders := map[string][]File{}
	for _, f := range all {
		if f.Next <= complete {
			folders[filepath.Dir(f.Path)] = append(folders[filepath.Dir(f.Path)], f)
		}
	}
	open := string(column.AppendDate(nil, dayOf(now.Add(-closedAfter).UnixMicro())))
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		whole, parts := merged(folders[dir])
		if err := a.removeParts(whole, parts, now); err != nil {
			return err
		}
		if day, dated := strings.CutPrefix(filepath.Base(dir), "date="); !dated || day == noDate || day >= open {
			continue
		}
		if err := a.mergeFolder(ctx, read, whole, now); err != nil {
			return err
		}
	}
	return nil
}

// removeParts removes files that another one took in a while ago.
func (a *Archive) removeParts(whole, parts []File, now time.Time) error {
	dir := ""
	for _, p := range parts {
		i := slices.IndexFunc(whole, func(w File) bool { return w.First <= p.First && p.Next <= w.Next })
		info, err := os.Stat(whole[i].Path)
		if err != nil {
			return problem(whole[i].Path, "cannot be read", err)
		}
		if now.Sub(info.ModTime()) < partsStay {
			continue
		}
		for _, path := range []string{p.Path, partsOf(p.Path)} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return problem(path, "cannot be removed", err)
			}
		}
		dir = filepath.Dir(p.Path)
	}
	if dir == "" {
		return nil
	}
	return syncDir(dir)
}

// mergeFolder merges what of a folder's files is due: all where it has been quiet, else the last ones that are not small beside what comes after them.
func (a *Archive) mergeFolder(ctx context.Context, read Reader, files []File, now time.Time) error {
	if len(files) < 2 {
		return nil
	}
	first, after, newest := len(files), int64(0), time.Time{}
	for i := len(files) - 1; i >= 0; i-- {
		info, err := os.Stat(files[i].Path)
		if err != nil {
			return problem(files[i].Path, "cannot be read", err)
		}
		if i == first-1 && (after == 0 || info.Size() <= 2*after) {
			first, after = i, after+info.Size()
		}
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	switch quiet := now.Sub(newest) >= quietAfter; {
	case quiet:
		first = 0
	case len(files)-first < manyFiles:
		return nil
	}
	for rest := files[first:]; len(rest) > 0; {
		n, err := a.mergeRun(ctx, read, rest)
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// mergeRun merges the first of the files and those behind it that have its columns, and returns how many those are.
func (a *Archive) mergeRun(ctx context.Context, read Reader, files []File) (int, error) {
	var run []Opened
	for _, f := range files {
		o, err := read(ctx, f.Path)
		if err != nil {
			return 0, err
		}
		if len(run) > 0 && !slices.EqualFunc(run[0].Fields(), o.Fields(), sameField) {
			break
		}
		run = append(run, o)
	}
	if len(run) == 1 {
		return 1, nil
	}
	return len(run), a.merge(ctx, read, files[:len(run)], run)
}

func sameField(x, y selfsame.Field) bool { return x.Name == y.Name && x.Type.Equal(y.Type) }

// merge writes one file of the rows of some, beside the archive, reads it back, and moves it to its place: from then on it counts, and they do not.
func (a *Archive) merge(ctx context.Context, read Reader, files []File, run []Opened) error {
	name := fmt.Sprintf("%0*d-%0*d%s", digits, files[0].First, digits, files[len(files)-1].Next, extension)
	staged, path := filepath.Join(a.dir, mergeFolder, name), filepath.Join(filepath.Dir(files[0].Path), name)
	if err := a.makeDir(filepath.Dir(staged)); err != nil {
		return err
	}
	w, err := a.create(staged, run[0].Fields(), offline.Options{})
	if err != nil {
		return err
	}
	defer w.Abort()
	wrote, rows := newRowHash(), make([]int64, len(run))
	for i, o := range run {
		before := wrote.rows
		err := o.Each(ctx, func(b *column.Batch) error {
			wrote.add(b)
			return w.Write(b)
		})
		if err != nil {
			return err
		}
		rows[i] = wrote.rows - before
	}
	if err := w.Close(); err != nil {
		return err
	}
	back, err := read(ctx, staged)
	if err != nil {
		return err
	}
	have := newRowHash()
	if err := back.Each(ctx, func(b *column.Batch) error { have.add(b); return nil }); err != nil {
		return err
	}
	if !slices.EqualFunc(back.Fields(), run[0].Fields(), sameField) || !have.same(wrote) {
		return &selfsame.Error{Class: selfsame.ClassInternal, Pos: selfsame.Pos{File: path}, Message: "merged files do not read as they were: they stay as they are", Hint: "please report it"}
	}
	if err := a.recordParts(path, files, rows); err != nil {
		return err
	}
	if err := os.Rename(staged, path); err != nil {
		return problem(path, "cannot be published", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	source := filepath.Base(filepath.Dir(filepath.Dir(path)))
	if !slices.Contains(a.listedSources(), source) {
		return nil // the next run of Advance lists it
	}
	l, err := a.describeFile(source, path)
	if err != nil {
		return err
	}
	return a.relist(source, []listed{l}, selfsame.MaxTime)
}

// rowHash is a hash of rows in their order, whatever the batches.
type rowHash struct {
	h    *xxh3.Hasher
	rows int64
	buf  []byte
}

func newRowHash() *rowHash { return &rowHash{h: xxh3.New()} }

func (r *rowHash) add(b *column.Batch) {
	for i := range b.Rows {
		r.buf = r.buf[:0]
		for _, c := range b.Columns {
			r.buf = c.AppendFramed(r.buf, i)
		}
		_, _ = r.h.Write(r.buf) // it has no error to give
		r.rows++
	}
}

func (r *rowHash) same(o *rowHash) bool { return r.rows == o.rows && r.h.Sum128() == o.h.Sum128() }

// Part is a file that was merged into another, as it was.
type Part struct {
	Name     string `json:"name"` // below the folder of its source, slashes
	First    int64  `json:"first"`
	Rows     int64  `json:"rows"`
	Size     int64  `json:"size"`
	Checksum string `json:"checksum"` // "xxh3:" and 32 hex digits of the 128-bit hash of its bytes
}

// partsOf is the record of what was merged into a file.
func partsOf(path string) string { return strings.TrimSuffix(path, extension) + partsSuffix }

// Parts returns the files that were merged into one, nil for a file that was written so: whoever names the archive's files, in the record of a training set, names
// those, so that the name of the same rows stays.
func Parts(path string) ([]Part, error) {
	text, err := os.ReadFile(partsOf(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var record struct {
		Parts []Part `json:"parts"`
	}
	if err == nil {
		err = json.Unmarshal(text, &record)
	}
	if err != nil {
		return nil, problem(partsOf(path), "cannot be read", err)
	}
	return record.Parts, nil
}

// recordParts writes what is merged into the file at path, before that is there.
func (a *Archive) recordParts(path string, files []File, rows []int64) error {
	var parts []Part
	for i, f := range files {
		earlier, err := Parts(f.Path)
		if err != nil {
			return err
		}
		if len(earlier) > 0 {
			parts = append(parts, earlier...)
			continue
		}
		p, err := describe(f)
		if err != nil {
			return err
		}
		p.Rows = rows[i]
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(x, y Part) int { return cmp.Compare(x.First, y.First) })
	return writeJSON(partsOf(path), struct {
		Version int    `json:"version"`
		Parts   []Part `json:"parts"`
	}{1, parts})
}

// describe sums up a file.
func describe(f File) (Part, error) {
	r, err := os.Open(f.Path)
	if err != nil {
		return Part{}, problem(f.Path, "cannot be read", err)
	}
	defer r.Close()
	h := xxh3.New()
	size, err := io.Copy(h, r)
	if err != nil {
		return Part{}, problem(f.Path, "cannot be read", err)
	}
	sum := h.Sum128()
	return Part{Name: filepath.Base(filepath.Dir(f.Path)) + "/" + filepath.Base(f.Path), First: f.First, Size: size, Checksum: fmt.Sprintf("xxh3:%016x%016x", sum.Hi, sum.Lo)}, nil
}
