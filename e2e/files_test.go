// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"selfsame"
	"selfsame/column"
	"selfsame/offline"
	offlinearrow "selfsame/offline/arrow"
	offlinecsv "selfsame/offline/csv"
	offlinejsonl "selfsame/offline/jsonl"
	offlineparquet "selfsame/offline/parquet"
	"selfsame/source"
	"selfsame/source/arrow"
	"selfsame/source/csv"
	"selfsame/source/jsonl"
	"selfsame/source/parquet"
)

// pageDir is where the documentation lies, whatever folder a session is in.
var pageDir = func() string {
	dir, err := filepath.Abs(filepath.Join("..", "docs"))
	if err != nil {
		panic(err)
	}
	return dir
}()

var readers = map[string]source.Format{"parquet": parquet.New(), "arrow": arrow.New(), "csv": csv.New(), "jsonl": jsonl.New()}

var creators = map[string]offline.Creator{"parquet": offlineparquet.Create, "arrow": offlinearrow.Create, "csv": offlinecsv.Create, "jsonl": offlinejsonl.Create}

// show FILE prints any table file as CSV after a line of its types.
func show(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: show FILE")
	}
	fields, batches := readTable(ts, args[0])
	var types []string
	for _, f := range fields {
		types = append(types, f.Type.String())
	}
	fmt.Fprintln(ts.Stdout(), strings.Join(types, ","))
	text := filepath.Join(ts.MkAbs("."), ".shown.csv")
	writeTable(ts, text, "csv", fields, batches)
	fmt.Fprint(ts.Stdout(), ts.ReadFile(text))
	ts.Check(os.Remove(text))
}

// convert FROM TO writes a table file in the format that TO's name says.
func convert(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: convert FROM TO")
	}
	fields, batches := readTable(ts, args[0])
	writeTable(ts, ts.MkAbs(args[1]), strings.TrimPrefix(filepath.Ext(args[1]), "."), fields, batches)
}

func readTable(ts *testscript.TestScript, path string) ([]selfsame.Field, []*column.Batch) {
	ctx := context.Background()
	t, err := source.Open(ctx, source.Spec{Name: path, Batch: selfsame.BatchSource{Path: ts.MkAbs(path)}}, readers)
	ts.Check(err)
	w := source.Want{Upper: selfsame.MaxTime, Lower: selfsame.MinTime}
	for _, f := range t.Fields() {
		w.Fields = append(w.Fields, f.Name)
	}
	splits, _, err := t.Splits(w)
	ts.Check(err)
	all := column.NewBatch(t.Fields(), 0)
	for _, s := range splits {
		ts.Check(t.Read(ctx, s, w, func(c *source.Chunk) error {
			all.Append(c.Batch)
			return nil
		}))
	}
	return t.Fields(), []*column.Batch{all}
}

func writeTable(ts *testscript.TestScript, path, format string, fields []selfsame.Field, batches []*column.Batch) {
	create := creators[format]
	if create == nil {
		ts.Fatalf("%s: no format for it", path)
	}
	w, err := create(path, fields, offline.Options{})
	ts.Check(err)
	defer w.Abort()
	for _, b := range batches {
		ts.Check(w.Write(b))
	}
	ts.Check(w.Close())
}

// edit FILE OLD NEW replaces the only occurrence of OLD.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%s holds %q %d times, want once", args[0], args[1], n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o644))
}

// shorten FILE N cuts the last N bytes of a file off.
func shorten(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shorten FILE N")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), info.Size()-n))
}

// generate FILE ROWS USERS writes a CSV of orders, the same bytes every time: order_id, user_id, amount, at.
func generate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: generate FILE ROWS USERS")
	}
	rows, err := strconv.Atoi(args[1])
	ts.Check(err)
	users, err := strconv.Atoi(args[2])
	ts.Check(err)
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "order_id,user_id,amount,at")
	x := uint64(1)
	for i := range rows {
		x = x*6364136223846793005 + 1442695040888963407
		second := (x >> 20) % (90 * 86400)
		fmt.Fprintf(w, "o%d,u%d,%d.%02d,%d\n", i, (x>>33)%uint64(users), (x>>40)%1000, (x>>50)%100, 1704067200+second)
	}
	ts.Check(w.Flush())
}

// count PATTERN N checks how many files match, also those whose names begin with a dot.
func count(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: count PATTERN N")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) != want {
		var b bytes.Buffer
		for _, f := range found {
			fmt.Fprintln(&b, "  ", f)
		}
		ts.Fatalf("got %d files that match %s, want %d\n%s", len(found), args[0], want, b.String())
	}
}

// printed PAGE COMMAND checks that what a page of docs shows of a command is in its output: its lines, in their order, others may stand between.
func printed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: printed PAGE COMMAND")
	}
	page, err := os.ReadFile(filepath.Join(pageDir, args[0]))
	ts.Check(err)
	_, shown, ok := strings.Cut(string(page), "\n$ "+args[1]+"\n")
	if !ok {
		ts.Fatalf("docs/%s does not show %s", args[0], args[1])
	}
	said := strings.Split(ts.ReadFile("stdout"), "\n")
	for line := range strings.Lines(shown) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "$ ") || line == "```" {
			return
		}
		at := slices.Index(said, line)
		if at < 0 {
			ts.Fatalf("docs/%s shows of %s a line that it does not print there: %q", args[0], args[1], line)
		}
		said = said[at+1:]
	}
}

// shop FILE writes the example of docs/definitions.md, the whole language in one file.
func shop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: shop FILE")
	}
	page, err := os.ReadFile(filepath.Join(pageDir, "definitions.md"))
	ts.Check(err)
	_, after, found := strings.Cut(string(page), "```yaml\nproject: shop\n")
	text, _, closed := strings.Cut(after, "```")
	if !found || !closed {
		ts.Fatalf("docs/definitions.md has no example that begins with project: shop")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("project: shop\n"+text), 0o644))
}
