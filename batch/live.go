// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/plan"
	"selfsame/source"
)

// The columns that files of the archive have beside the fields of the source.
const (
	ArchiveOffset  = "_offset"  // int64: place in the log
	ArchiveArrival = "_arrival" // timestamp: α
	ArchiveOp      = "_op"      // string: insert, delete or upsert
)

// archiveColumns is how many those are.
const archiveColumns = 3

// archived is the position of log offset 0: behind every row of history.
const archived source.Position = 1 << 62

// ArchiveFields returns the columns of the archive's files of a source: its schema, then what the log says of a row.
func ArchiveFields(src *selfsame.Source) []selfsame.Field {
	return append(slices.Clone(src.Schema),
		selfsame.Field{Name: ArchiveOffset, Type: selfsame.Scalar(selfsame.Int64)},
		selfsame.Field{Name: ArchiveArrival, Type: selfsame.Scalar(selfsame.Timestamp)},
		selfsame.Field{Name: ArchiveOp, Type: selfsame.Scalar(selfsame.String)})
}

// ArchiveSpec says how the archive of a source, the files below dir, is opened, of an archive that is complete below an offset: what an
// interrupted run of the archiver left beyond it is left out. Fields that were added to the source after a file was written are null in
// its rows.
func ArchiveSpec(src *selfsame.Source, dir string, complete int64) source.Spec {
	return source.Spec{Name: src.Name, Schema: ArchiveFields(src), EventTime: src.EventTime, KeepNaN: src.KeepNaN, Absent: true,
		Skip:  func(name string) bool { return !Archived(name, complete) },
		Batch: selfsame.BatchSource{Path: dir, Format: "parquet", Partition: map[string]string{"date": "event_time"}}}
}

// Archived reports whether a file of the archive, by its name FIRST-NEXT.parquet, belongs to what is complete below an offset.
func Archived(name string, complete int64) bool {
	name, ok := strings.CutSuffix(path.Base(name), ".parquet")
	_, last, split := strings.Cut(name, "-")
	next, err := strconv.ParseInt(last, 10, 64)
	return ok && split && err == nil && next <= complete
}

// lens is the axis of knowledge on which a use looks at events.
type lens uint8

const (
	byArrival       lens = iota // an event is known from α on
	byOffset                    // it is known from its place in the log on, history from -1 on
	byOffsetVersion             // the same for as-of views: deletes and newer versions are rows and end nothing
	lenses
)

// ServedCut is the cut of an online read.
type ServedCut struct {
	Offset   int64         // C: the rows of the log with offsets below it are known
	Snapshot [16]byte      // of the history; zero: none was loaded
	Past     bool          // T was asked for: the read was as_of T, within what is loaded
	Ranges   []LoadedRange // parts of sources' histories that were loaded. Sources that are not named were loaded whole
}

// LoadedRange is the part of a source's history with event times in [Lower, Upper); where they are equal, nothing of it was loaded.
type LoadedRange struct {
	Source       string
	Lower, Upper int64
	Without      string // names of files that were not there then, one a line; their rows might as well not be there
}

// scope is the part of history and log that a run looks at. Rows outside might as well not be there.
type scope struct {
	before    int64 // log offsets from here on are outside
	noHistory bool
	past      bool // rows look at it by arrival
	ranges    []LoadedRange
}

// loaded is the part of a source's history that is inside.
func (s *scope) loaded(src string) LoadedRange {
	for _, r := range s.ranges {
		if r.Source == src {
			return r
		}
	}
	return LoadedRange{Source: src, Lower: selfsame.MinTime, Upper: selfsame.MaxTime}
}

// splits leaves out what is of files that were not there.
func (r *LoadedRange) splits(all []source.Split, files []source.File) []source.Split {
	if r.Without == "" {
		return all
	}
	without := strings.Split(r.Without, "\n")
	return slices.DeleteFunc(all, func(s source.Split) bool { return slices.Contains(without, files[s.File].Name) })
}

// piece is a chunk of a source's history, or of its archive.
type piece struct {
	*source.Chunk
	row     source.Position // position of the first row in its table
	arrival []int64         // archive: α of each row; nil: history
	op      *column.Column  // archive: operation of each row
}

// input is one table of a source, as a scan reads it.
type input struct {
	table   *source.Table
	archive bool
	want    source.Want
	places  []int // of each wanted field in the source's schema; beyond it, the archive's own columns
	splits  []source.Split
	first   int // number of its first split
}

// Opened is the tables of one source; nil where there is none.
type Opened struct{ History, Log *source.Table }

func (r *Request) opened(src *selfsame.Source) Opened {
	if o, ok := r.Versions[src]; ok {
		return o
	}
	return Opened{r.Tables[src.Name], r.Archive[src.Name]}
}

// inputs lists the tables of a source that are in scope, history before archive, and their splits.
func (r *runner) inputs(src *selfsame.Source, w source.Want) ([]input, source.Pruned, error) {
	var out []input
	opened := r.opened(src)
	loaded := r.scope.loaded(src.Name)
	if t := opened.History; t != nil && !r.scope.noHistory && loaded.Lower != loaded.Upper {
		out = append(out, input{table: t, want: w})
	}
	if t := opened.Log; t != nil && r.scope.before > 0 {
		w.Fields = append(slices.Clone(w.Fields), ArchiveOffset, ArchiveArrival, ArchiveOp)
		out = append(out, input{table: t, want: w, archive: true})
	}
	var all source.Pruned
	n := 0
	for i := range out {
		in := &out[i]
		splits, pruned, err := in.table.Splits(in.want)
		if err != nil {
			return nil, all, err
		}
		if !in.archive {
			splits = loaded.splits(splits, in.table.Files())
		}
		in.splits, in.first = splits, n
		n += len(splits)
		all.FilesByPartition += pruned.FilesByPartition
		all.GroupsByStatistic += pruned.GroupsByStatistic
		all.Files += pruned.Files
		all.Groups += pruned.Groups
		for k, f := range in.want.Fields {
			place := fieldIndex(src, f)
			if place < 0 {
				place = len(src.Schema) + 1 + k - (len(in.want.Fields) - archiveColumns)
			}
			in.places = append(in.places, place)
		}
	}
	return out, all, nil
}

// take makes p the piece of a chunk whose columns stand at their places.
func (in *input) take(p *piece, c *source.Chunk, cols []*column.Column) error {
	*p = piece{Chunk: c, row: c.First}
	if !in.archive || c.Batch.Rows == 0 {
		return nil
	}
	own := cols[len(cols)-archiveColumns:]
	p.arrival, p.op = own[1].Ints, own[2]
	pos := make([]source.Position, c.Batch.Rows)
	for i, offset := range own[0].Ints {
		pos[i] = archived + offset
	}
	for i := range pos {
		whole := own[0].StatusAt(i) == selfsame.Present && own[1].StatusAt(i) == selfsame.Present && own[2].StatusAt(i) == selfsame.Present
		if !whole || pos[i] < archived || i > 0 && pos[i] <= pos[i-1] {
			at := c.First + int64(i)
			return &selfsame.Error{Class: selfsame.ClassInput, Pos: selfsame.Pos{File: in.table.Files()[at>>40].Path}, Ref: fmt.Sprintf("row %d", at&(1<<40-1)),
				Message: "the archive is damaged: its offsets, arrivals and operations are not those of a log",
				Hint:    "archive files are written by selfsame alone: bring the file back from a copy"}
		}
	}
	p.Pos = pos
	return nil
}

// offsetOf is the offset at which a row became known: -1 for rows of history.
func offsetOf(p source.Position) int64 {
	if p >= archived {
		return p - archived
	}
	return -1
}

// lensOf returns the axis on which a use looks at events.
func (r *runner) lensOf(u *plan.Use) lens {
	switch {
	case !r.Mode.Served || r.scope.past || r.Rows != nil && r.Rows.most != nil || u.View.AsOf.Set || u.Spec.Static:
		return byArrival
	case u.Spec.AsOf:
		return byOffsetVersion
	}
	return byOffset
}

// find returns the place of a position in the piece, and whether it is there.
func (p *piece) find(pos source.Position) (int, bool) {
	if p.Pos != nil {
		return sort.Find(len(p.Pos), func(i int) int { return int(max(min(pos-p.Pos[i], 1), -1)) })
	}
	i := pos - p.First
	return int(i), i >= 0 && i < int64(p.Batch.Rows)
}
