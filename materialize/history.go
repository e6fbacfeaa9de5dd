// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package materialize

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"selfsame"
	"selfsame/batch"
	"selfsame/online"
)

// HistoryFormat is the number of the form of History and Record.
const HistoryFormat = 1

// History says which history the live states hold: the files of a snapshot, whole or within ranges of event time. The zero History is none. Its text is
// what stream keeps beside the states (stream.Driver.History).
type History struct {
	Format   int      `json:"format"`
	Snapshot string   `json:"snapshot"` // 32 hex digits
	Sources  []string `json:"sources"`  // in the order of tokens; a source keeps its place
	Ranges   []Range  `json:"ranges,omitempty"`
}

// Range is the event times [From, To) of a source that were loaded; MinTime and MaxTime: no bound.
type Range struct {
	Source string `json:"source"`
	From   int64  `json:"from"`
	To     int64  `json:"to"`
}

// ParseHistory reads the text of a History; the empty text is none.
func ParseHistory(text string) (*History, error) {
	h := &History{}
	if text == "" {
		return h, nil
	}
	if err := json.Unmarshal([]byte(text), h); err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassInternal, Ref: "online state", Message: "what it says of its history cannot be read", Err: err}
	}
	if err := checkFormat("online state", h.Format); err != nil {
		return nil, err
	}
	if _, err := decodeID(h.Snapshot); err != nil {
		return nil, err
	}
	return h, nil
}

func checkFormat(ref string, format int) error {
	if format > HistoryFormat {
		return &selfsame.Error{Class: selfsame.ClassInput, Ref: ref, Message: fmt.Sprintf("its history has form %d, this version of Selfsame reads form %d", format, HistoryFormat),
			Hint: "use the newer selfsame that wrote it"}
	}
	return nil
}

func decodeID(text string) (id [16]byte, err error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(id) {
		return id, &selfsame.Error{Class: selfsame.ClassInternal, Ref: "snapshot " + text, Message: "it is no snapshot of history files", Err: err}
	}
	return [16]byte(b), nil
}

// None reports whether no history is loaded.
func (h *History) None() bool { return h.Snapshot == "" }

// Text is what ParseHistory reads; equal for equal histories.
func (h *History) Text() string {
	if h.None() {
		return ""
	}
	b, err := json.Marshal(h)
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(b)
}

// ID is the snapshot as tokens hold it; zero for none.
func (h *History) ID() [16]byte {
	id, _ := decodeID(h.Snapshot) // zero where there is none
	return id
}

// TokenRanges are the ranges as tokens hold them.
func (h *History) TokenRanges() []online.TokenRange {
	var out []online.TokenRange
	for _, r := range h.Ranges {
		out = append(out, online.TokenRange{Source: uint64(slices.Index(h.Sources, r.Source)), Lo: r.From, Hi: r.To})
	}
	return out
}

// Loaded are the ranges as batch takes them.
func (h *History) Loaded() []batch.LoadedRange {
	var out []batch.LoadedRange
	for _, r := range h.Ranges {
		out = append(out, batch.LoadedRange{Source: r.Source, Lower: r.From, Upper: r.To})
	}
	return out
}

// Of returns the range that is loaded of a source, false where none is.
func (h *History) Of(source string) (Range, bool) {
	if !slices.Contains(h.Sources, source) {
		return Range{}, false
	}
	for _, r := range h.Ranges {
		if r.Source == source {
			return r, true
		}
	}
	return Whole(source), true
}

// Whole is the range that all of a source's history is in.
func Whole(source string) Range { return Range{source, selfsame.MinTime, selfsame.MaxTime} }

// Bounded reports whether the range leaves anything out.
func (r Range) Bounded() bool { return r.From != selfsame.MinTime || r.To != selfsame.MaxTime }

// Holds reports whether all of o is in r.
func (r Range) Holds(o Range) bool { return r.From <= o.From && r.To >= o.To }

// Set says what is loaded of a source from now on.
func (h *History) Set(r Range) {
	if !slices.Contains(h.Sources, r.Source) {
		h.Sources = append(h.Sources, r.Source)
	}
	h.Ranges = slices.DeleteFunc(h.Ranges, func(have Range) bool { return have.Source == r.Source })
	if r.Bounded() {
		h.Ranges = append(h.Ranges, r)
		slices.SortFunc(h.Ranges, func(a, b Range) int { return slices.Index(h.Sources, a.Source) - slices.Index(h.Sources, b.Source) })
	}
}

// Record is a snapshot of history files, and when what of it was loaded. It is the file SNAPSHOT.json of the folder of records.
type Record struct {
	Format   int           `json:"format"`
	Snapshot string        `json:"snapshot"`
	Sources  []batch.Input `json:"sources"` // in the order of tokens
	Loads    []LoadRecord  `json:"loads"`
}

// LoadRecord is one load.
type LoadRecord struct {
	At     string   `json:"at"`     // RFC 3339
	Offset int64    `json:"offset"` // of the log: what lies below it was applied when the states were looked at
	Views  []string `json:"views"`  // whose states were built
	Ranges []Range  `json:"ranges,omitempty"`
}

// Snapshot names files: equal names, sizes and checksums of the same sources in the same order have one.
func Snapshot(sources []batch.Input) string {
	_, sum, _ := strings.Cut(batch.Snapshot(batch.Input{}, sources), ":")
	return sum
}

// Input returns the files of a source, nil where the record has none.
func (r *Record) Input(source string) *batch.Input {
	if r == nil {
		return nil
	}
	i := slices.IndexFunc(r.Sources, func(in batch.Input) bool { return in.Name == source })
	if i < 0 {
		return nil
	}
	return &r.Sources[i]
}

// Names are those of the sources, in the order of tokens.
func (r *Record) Names() []string {
	var out []string
	for _, in := range r.Sources {
		out = append(out, in.Name)
	}
	return out
}

// ReadRecord reads the record of a snapshot in a folder of records, nil where there is none.
func ReadRecord(dir, snapshot string) (*Record, error) {
	path := filepath.Join(dir, snapshot+".json")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Message: "cannot be read", Err: err}
	}
	r := &Record{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: path, Message: "it is no record of history files", Err: err,
			Hint: "run selfsame backfill: it is written anew"}
	}
	if err := checkFormat(path, r.Format); err != nil {
		return nil, err
	}
	if r.Snapshot != snapshot || Snapshot(r.Sources) != snapshot {
		return nil, &selfsame.Error{Class: selfsame.ClassInput, Ref: path, Message: "its files are not those of the snapshot that it is named for",
			Hint: "run selfsame backfill: it is written anew"}
	}
	return r, nil
}

// Write makes the record durable in a folder of records.
func (r *Record) Write(dir string) error {
	path := filepath.Join(dir, r.Snapshot+".json")
	b, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = writeDurable(path, append(b, '\n'))
	}
	if err != nil {
		return &selfsame.Error{Class: selfsame.ClassResource, Ref: path, Message: "cannot be written", Err: err}
	}
	return nil
}

// writeDurable writes a file under another name, makes it durable and gives it its name.
func writeDurable(path string, b []byte) (err error) {
	f, err := os.Create(path + ".tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".tmp"))
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
