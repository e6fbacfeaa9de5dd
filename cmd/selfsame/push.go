// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/spf13/cobra"

	"selfsame"
	"selfsame/config"
	"selfsame/node"
	"selfsame/source"
)

// liveFlags say which data directory a verb asks.
type liveFlags struct {
	project string
	json    bool
}

func (f *liveFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.project, "project", ".", "folder of the project")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	config.Bind(c.Flags(), "data.dir", "registry.url")
}

// with asks the server that owns the data directory, or opens the directory.
func (f *liveFlags) with(c *cobra.Command, do func(to *node.Client) error) (err error) {
	cfg, err := loadConfig(c, f.project)
	if err != nil {
		return err
	}
	to, err := node.Dial(c.Context(), node.LiveConfig{Config: cfg, Project: f.project})
	if err != nil {
		return err
	}
	defer func() {
		if closing := to.Close(); err == nil {
			err = closing
		}
	}()
	return do(to)
}

func pushCommand() *cobra.Command {
	var f liveFlags
	var batch int
	c := &cobra.Command{
		Use:   "push SOURCE [FILE]...",
		Short: "push events from files, or JSON lines from standard input",
		Long: `Push events from files (JSON lines, CSV, Parquet, Arrow, Avro; text also .gz and .zst), or JSON lines from standard input. Events are durable and applied when the command says so. Each
event that is not accepted is printed with its fate and the reason; it never keeps the others out. Pushing the same events again changes nothing where the source declares an id.

CSV and Parquet are read as history files of the source are. To bring in history, use selfsame backfill: what is pushed is admitted by its age.`,
		Example: `  selfsame push transactions events.jsonl
  selfsame push transactions today.csv
  tail -f events.jsonl | selfsame push transactions`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("push", "name the source of the events", "selfsame push transactions events.jsonl")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return f.with(c, func(to *node.Client) error {
				p := &pusher{to: to, project: f.project, source: args[0], batch: batch, out: c.OutOrStdout(), json: f.json, fates: map[string]int64{}}
				if len(args) == 1 {
					if err := p.read(c.Context(), "standard input", c.InOrStdin()); err != nil {
						return err
					}
				}
				for _, path := range args[1:] {
					if err := p.file(c.Context(), path); err != nil {
						return err
					}
				}
				return p.report()
			})
		},
	}
	f.register(c)
	c.Flags().IntVar(&batch, "batch", 1000, "events of one call")
	return c
}

// pusher sends lines in calls of some events each.
type pusher struct {
	to      *node.Client
	project string
	source  string
	batch   int
	out     io.Writer
	json    bool

	body  bytes.Buffer
	names []place // of the events in body
	fates map[string]int64
	total int64
}

// place is where an event stands.
type place struct {
	file   string
	number int64 // of the line, from 1; of the row of a table, from 0
	row    bool
}

func (p place) String() string {
	if p.row {
		return fmt.Sprintf("%s, row %d", p.file, p.number)
	}
	return fmt.Sprintf("%s:%d", p.file, p.number)
}

// table pushes the rows of a CSV or Parquet file.
func (p *pusher) table(ctx context.Context, path string) error {
	err := node.EachEvent(ctx, p.project, p.source, path, func(row int64, object []byte) error {
		p.body.Write(object)
		p.body.WriteByte('\n')
		p.names = append(p.names, place{path, row, true})
		if len(p.names) >= p.batch {
			return p.send(ctx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.send(ctx)
}

func (p *pusher) file(ctx context.Context, path string) error {
	if format := source.FormatOf(path); format != "" && format != "jsonl" {
		return p.table(ctx, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return &selfsame.Error{Class: selfsame.ClassInput, Ref: path, Message: "cannot be read", Err: err}
	}
	defer f.Close()
	var in io.Reader = f
	switch {
	case strings.HasSuffix(path, ".gz"):
		if in, err = gzip.NewReader(f); err != nil {
			return &selfsame.Error{Class: selfsame.ClassInput, Ref: path, Message: "is not gzip", Err: err}
		}
	case strings.HasSuffix(path, ".zst"):
		z, err := zstd.NewReader(f)
		if err != nil {
			return &selfsame.Error{Class: selfsame.ClassInput, Ref: path, Message: "is not zstd", Err: err}
		}
		defer z.Close()
		in = z
	}
	return p.read(ctx, path, in)
}

// read sends the lines of in. A batch goes out when it is full or when no further line is there yet, so that events of a pipe do not wait.
func (p *pusher) read(ctx context.Context, name string, in io.Reader) error {
	r := bufio.NewReaderSize(in, 1<<20)
	for line := int64(1); ; line++ {
		b, err := r.ReadBytes('\n')
		if len(bytes.TrimSpace(b)) > 0 {
			p.body.Write(b)
			if b[len(b)-1] != '\n' {
				p.body.WriteByte('\n')
			}
			p.names = append(p.names, place{name, line, false})
		}
		if err != nil && err != io.EOF {
			return &selfsame.Error{Class: selfsame.ClassInput, Ref: fmt.Sprintf("%s, line %d", name, line), Message: "cannot be read", Err: err}
		}
		if len(p.names) >= p.batch || err == io.EOF || r.Buffered() == 0 {
			if err := p.send(ctx); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// receipt is the answer to a push, as the wire writes it.
type receipt struct {
	Accepted int `json:"accepted"`
	Refused  []struct {
		Row    int    `json:"row"`
		Fate   string `json:"fate"`
		Reason string `json:"reason"`
	} `json:"rows"`
}

func (p *pusher) send(ctx context.Context) error {
	if len(p.names) == 0 {
		return nil
	}
	b, err := p.to.Post(ctx, "/v1/events/"+url.PathEscape(p.source), "application/jsonl", p.body.Bytes())
	if err != nil {
		return err
	}
	var got receipt
	if err := json.Unmarshal(b, &got); err != nil {
		return &selfsame.Error{Class: selfsame.ClassInternal, Message: "the answer cannot be read", Err: err}
	}
	p.total += int64(len(p.names))
	p.fates["accepted"] += int64(got.Accepted)
	for _, r := range got.Refused {
		p.fates[r.Fate]++
		if !p.json {
			fmt.Fprintf(p.out, "%s: %s: %s\n", p.names[r.Row], r.Fate, r.Reason)
		}
	}
	p.body.Reset()
	p.names = p.names[:0]
	return nil
}

// fateOrder is the order in which fates are reported.
var fateOrder = []string{"accepted", "duplicate", "superseded", "conflict", "late", "early", "schema"}

func (p *pusher) report() error {
	if p.json {
		b, err := json.Marshal(map[string]any{"source": p.source, "events": p.total, "fates": p.fates})
		if err == nil {
			_, err = fmt.Fprintf(p.out, "%s\n", b)
		}
		return err
	}
	fmt.Fprintf(p.out, "%s: %s events", p.source, grouped(p.total))
	for _, f := range fateOrder {
		if n := p.fates[f]; n > 0 {
			fmt.Fprintf(p.out, ", %s %s", grouped(n), f)
		}
	}
	fmt.Fprintln(p.out)
	return nil
}
