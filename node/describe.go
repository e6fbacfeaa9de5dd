// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"io"
	"strings"

	"selfsame"
	"selfsame/batch"
)

// Describe writes what a prepared run will do: the plan, then for each source the files, what pruning leaves out and which columns
// are read, and about how much memory the run needs.
func (p *Prepared) Describe(w io.Writer) error {
	p.Plan.Print(w)
	return p.describeReads(w, true)
}

// Summarize writes the short form of Describe: a line for each view and for each source.
func (p *Prepared) Summarize(w io.Writer) error {
	p.Plan.Summary(w)
	return p.describeReads(w, false)
}

// Reads says what the run would read from each source.
func (p *Prepared) Reads() ([]batch.Read, error) {
	return batch.Reads(p.request())
}

func (p *Prepared) describeReads(w io.Writer, columns bool) error {
	rows := int64(p.Rows.Batch.Rows)
	fmt.Fprintf(w, "  rows       %d from %s, mode %s\n", rows, p.rowsPath(), p.request().Mode)
	reads, err := p.Reads()
	if err != nil {
		return err
	}
	memory := rows * 8 * int64(len(p.Rows.Batch.Fields))
	for _, r := range reads {
		fmt.Fprintf(w, "  source     %s: %d of %d files, %d of %d row groups", r.Source, r.Files-r.Pruned.FilesByPartition, r.Files,
			r.Pruned.Groups-r.Pruned.GroupsByStatistic, r.Pruned.Groups)
		if r.Rows >= 0 {
			fmt.Fprintf(w, ", %d rows", r.Rows)
			memory += r.Rows * r.Width
		}
		if columns {
			fmt.Fprintf(w, ", columns %s", strings.Join(r.Fields, ", "))
		}
		fmt.Fprintln(w)
		if columns && r.Lower != selfsame.MinTime {
			fmt.Fprintf(w, "             event times from %s to %s\n", instantText(r.Lower), instantText(r.Upper))
		}
	}
	for _, u := range p.Plan.Uses {
		memory += rows * 9 * int64(max(len(u.Spec.Cells), len(u.Spec.Columns)))
	}
	fmt.Fprintf(w, "  memory     about %d MiB where everything fits; --memory bounds it and spills\n", memory>>20+1)
	return nil
}

func (p *Prepared) rowsPath() string {
	c := p.Config.Rows
	if c.AllAt != nil {
		return "every entity at " + instantText(*c.AllAt)
	}
	if c.Journal != nil {
		return "the journal, service " + c.Journal.Service
	}
	return c.File + c.Entities + c.EventsOf
}
