// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"go.yaml.in/yaml/v4"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"selfsame"
	"selfsame/column"
	"selfsame/config"
	"selfsame/definition"
	"selfsame/node"
	"selfsame/plan"
)

// server is the whole of a running server as an Engine: events are pushed and vectors read over HTTP, or read over gRPC.
type server struct {
	files map[string][]byte // the definitions as they were written; define keeps them
	seed  uint64
	count map[string]int
}

// declined is the error of a case that no running server can be asked.
type declined struct{ why string }

func (d declined) Error() string { return "declined: " + d.why }

// define is definition.Parse, and keeps what it parsed.
func (s *server) define(files map[string][]byte, dir string) (*selfsame.Project, error) {
	s.files = files
	return definition.Parse(files, dir)
}

// Name is "request".
func (*server) Name() string { return "request" }

// Ask starts a server with a clock of its own, pushes what became known at its time and asks each row when it is that time, or later with `at`.
func (s *server) Ask(ctx context.Context, c *Case) (*Answer, error) {
	replays, err := c.replays()
	if err != nil {
		return nil, err
	}
	if err := servable(c, replays); err != nil {
		return nil, err
	}
	p, err := planOf(c.Project, c)
	if err != nil {
		return nil, err
	}
	w := &serverWorld{streamWorld: streamWorld{replay: replays[0], plan: p, counts: s.count, out: &Answer{Rows: make([][]selfsame.Value, len(c.Rows))}},
		rng: rand.New(rand.NewPCG(s.seed, uint64(s.count["cases"])))}
	s.count["cases"]++
	for _, o := range p.Outputs {
		w.out.Outputs = append(w.out.Outputs, o.Name)
	}
	dir, err := os.MkdirTemp("", "selfsame-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := w.start(ctx, dir, s.files, c.Live == nil); err != nil {
		return nil, errors.Join(err, w.stop())
	}
	err = w.play(ctx)
	return w.out, errors.Join(err, w.stop())
}

// servable says why a case cannot be asked of a running server.
func servable(c *Case, replays []*replay) error {
	switch {
	case c.Mode.Final:
		return declined{"final mode is not for online reads"}
	case len(replays) != 1 || replays[0].loads:
		return declined{"part of it is history"}
	}
	r := replays[0]
	for _, g := range r.groups {
		if g.alpha < clockStart || g.alpha > -clockStart {
			return declined{"its times are beyond those of a clock"}
		}
		for _, a := range g.rows {
			if a.source != g.rows[0].source {
				return declined{"two sources became known in one microsecond"}
			}
		}
	}
	for _, q := range r.questions {
		at := c.Rows[q.row].At
		if !q.past && (q.after > 0 && r.groups[q.after-1].alpha > at || q.after < len(r.groups) && r.groups[q.after].alpha <= at) {
			return declined{"a row asks at a T that is not the moment of its cut"}
		}
	}
	for _, v := range c.Project.Views {
		if v.Offline {
			return declined{"a view is for training only"}
		}
	}
	return nil
}

// clockStart is where the clock of a server stands at first: two centuries before 1970.
const clockStart = -73_000 * selfsame.DayLength

// serverWorld is a replay against a running server.
type serverWorld struct {
	streamWorld
	rng    *rand.Rand
	clock  atomic.Int64
	server *node.Server
	done   chan error
	end    context.CancelFunc
	grpc   *grpc.ClientConn
}

func (w *serverWorld) start(ctx context.Context, dir string, files map[string][]byte, widen bool) error {
	if err := os.Mkdir(filepath.Join(dir, definition.FeaturesDir), 0o755); err != nil {
		return err
	}
	for name, text := range files {
		patched, err := pushedOnly(text, widen)
		if err != nil {
			return err
		}
		if filepath.Base(name) != definition.ProjectFile {
			name = filepath.Join(definition.FeaturesDir, "script.yaml")
		}
		if err := os.WriteFile(filepath.Join(dir, name), patched, 0o644); err != nil {
			return err
		}
	}
	cfg := config.Default()
	cfg.Dir, cfg.HTTP, cfg.GRPC = filepath.Join(dir, "data"), "127.0.0.1:0", "127.0.0.1:0"
	w.clock.Store(clockStart)
	var err error
	if w.server, err = node.OpenServer(ctx, node.LiveConfig{Config: cfg, Project: dir, Now: w.clock.Load}); err != nil {
		return err
	}
	if _, err := w.server.ApplyFirst(ctx); err != nil {
		return err
	}
	run, end := context.WithCancel(ctx)
	w.end, w.done = end, make(chan error, 1)
	go func() { w.done <- w.server.Run(run) }()
	w.grpc, err = grpc.NewClient(w.server.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	return err
}

func (w *serverWorld) stop() error {
	var errs []error
	if w.grpc != nil {
		errs = append(errs, w.grpc.Close())
	}
	if w.end != nil {
		w.end()
		errs = append(errs, <-w.done)
	}
	if w.server != nil {
		errs = append(errs, w.server.Close())
	}
	return errors.Join(errs...)
}

// pushedOnly makes the sources of definitions ones that are pushed and nothing else. With widen, bounds that are not declared are those of
// files: none.
func pushedOnly(text []byte, widen bool) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil || len(root.Content) == 0 {
		return text, err
	}
	sources := entry(root.Content[0], "sources")
	if sources == nil {
		return text, nil
	}
	for i := 1; i < len(sources.Content); i += 2 {
		s := sources.Content[i]
		if entry(s, "event_time") == nil {
			continue
		}
		for _, key := range []string{"batch", "arrival", "knowledge_delay", "stream", "history", "timezone", "on_bad_row"} {
			remove(s, key)
		}
		add := "{stream: {push: true}, history: 36500d"
		for _, bound := range []string{"lateness", "skew", "corrections"} {
			if widen && entry(s, bound) == nil && (bound != "corrections" || entry(s, "operation") != nil) {
				add += ", " + bound + ": 36500d"
			}
		}
		var more yaml.Node
		if err := yaml.Unmarshal([]byte(add+"}"), &more); err != nil {
			return nil, err
		}
		s.Content = append(s.Content, more.Content[0].Content...)
	}
	return yaml.Marshal(&root)
}

func entry(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

func remove(m *yaml.Node, key string) {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			m.Content = slices.Delete(m.Content, i, i+2)
			return
		}
	}
}

// play pushes and asks along the clock, and then asks about the past.
func (w *serverWorld) play(ctx context.Context) error {
	for g := 0; g <= len(w.groups); g++ {
		var now []inquiry
		for _, q := range w.questions {
			if !q.past && q.after == g {
				now = append(now, q)
			}
		}
		slices.SortStableFunc(now, func(a, b inquiry) int { return int(min(1, max(-1, w.c.Rows[a.row].At-w.c.Rows[b.row].At))) })
		if err := w.ask(ctx, now); err != nil {
			return fmt.Errorf("after %d of %d groups: %w", g, len(w.groups), err)
		}
		if g < len(w.groups) {
			if err := w.push(ctx, &w.groups[g]); err != nil {
				return err
			}
		}
	}
	var past []inquiry
	for _, q := range w.questions {
		if at := w.c.Rows[q.row].At; q.past && q.after == len(w.groups) {
			w.clock.Store(max(w.clock.Load(), at))
			past = append(past, q)
		}
	}
	if err := w.ask(ctx, past); err != nil {
		return fmt.Errorf("about the past: %w", err)
	}
	return nil
}

func (w *serverWorld) push(ctx context.Context, g *group) error {
	rows := column.NewBatch(g.rows[0].source.Schema, len(g.rows))
	for _, a := range g.rows {
		for k, v := range a.row {
			rows.Columns[k].Append(v)
		}
		rows.Rows++
	}
	lines := w.rng.IntN(2) == 0
	var body []byte
	for i := range rows.Rows {
		if i > 0 && !lines {
			body = append(body, ',')
		}
		body = append(column.AppendRowJSON(body, rows, i), '\n')
	}
	if !lines {
		body = append(append([]byte{'['}, body...), ']')
	}
	w.clock.Store(max(w.clock.Load(), g.alpha))
	var receipt struct {
		Accepted int
		Arrival  string
		Rows     []struct {
			Row          int
			Fate, Reason string
		}
	}
	if err := w.post(ctx, "/v1/events/"+g.rows[0].source.Name, body, &receipt); err != nil {
		return err
	}
	w.counts["pushed"] += len(g.rows)
	for _, r := range receipt.Rows {
		w.counts[r.Fate]++
		if g.rows[r.Row].offset >= 0 && (r.Fate == "late" || r.Fate == "early" || r.Fate == "schema") {
			return fmt.Errorf("source %s: row %d is refused: %s, %s", g.rows[0].source.Name, r.Row, r.Fate, r.Reason)
		}
	}
	if receipt.Accepted == 0 {
		return nil
	}
	if at, err := parseTime(receipt.Arrival); err != nil || at != g.alpha {
		return fmt.Errorf("source %s: rows of %s were stamped %s", g.rows[0].source.Name, formatTime(g.alpha), receipt.Arrival)
	}
	return nil
}

// post sends JSON and decodes the answer.
func (w *serverWorld) post(ctx context.Context, path string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.server.HTTP+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %s: %s", path, res.Status, text)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// ask asks rows of one T together, over one of the wires.
func (w *serverWorld) ask(ctx context.Context, list []inquiry) error {
	for len(list) > 0 {
		at, n := w.c.Rows[list[0].row].At, 1
		for n < len(list) && w.c.Rows[list[n].row].At == at {
			n++
		}
		var rows []int
		for _, q := range list[:n] {
			rows = append(rows, q.row)
		}
		given, err := w.given(rows)
		if err != nil {
			return err
		}
		x := &exchange{at: at, past: list[0].past, rows: len(rows), given: column.NewBatch(nil, 0)}
		for i, f := range w.plan.Requests {
			x.given.Fields, x.given.Columns = append(x.given.Fields, selfsame.Field{Name: f.Name, Type: f.Type}), append(x.given.Columns, given[i])
		}
		x.given.Rows = len(rows)
		if !x.past {
			w.clock.Store(max(w.clock.Load(), at))
		}
		wire := []func(context.Context, *exchange) ([][]selfsame.Value, error){w.overRows, w.overColumns, w.overGRPC}[w.rng.IntN(3)]
		got, err := wire(ctx, x)
		if err != nil {
			return err
		}
		for i, row := range rows {
			if err := w.answered(row, got[i]); err != nil {
				return fmt.Errorf("past %v: %w", x.past, err)
			}
		}
		list = list[n:]
	}
	return nil
}

// exchange is one read.
type exchange struct {
	at    int64
	past  bool
	rows  int
	given *column.Batch
}

// body is the request as JSON, in one form or the other.
func (w *serverWorld) body(x *exchange, columns bool) ([]byte, string) {
	b := []byte("{")
	if columns {
		b = append(b, `"format":"columns","columns":{`...)
		for k, f := range x.given.Fields {
			if k > 0 {
				b = append(b, ',')
			}
			b = append(column.AppendQuoted(b, []byte(f.Name)), ":["...)
			for i := range x.rows {
				if i > 0 {
					b = append(b, ',')
				}
				b = column.AppendJSON(b, x.given.Columns[k], i)
			}
			b = append(b, ']')
		}
		b = append(b, '}')
	} else {
		b = append(b, `"format":"rows","rows":[`...)
		for i := range x.rows {
			if i > 0 {
				b = append(b, ',')
			}
			b = column.AppendRowJSON(b, x.given, i)
		}
		b = append(b, ']')
	}
	if x.past {
		b = fmt.Appendf(b, `,"at":%d`, x.at)
	}
	path := "/v1/features/online"
	if w.c.Service != "" {
		path = "/v1/services/" + w.c.Service + "/features"
	} else {
		refs, _ := json.Marshal(w.c.Features)
		b = fmt.Appendf(b, `,"features":%s`, refs)
	}
	return append(b, '}'), path
}

// shownValues is an answer in JSON.
type shownValues struct {
	At       string
	Features []struct{ Name, Type string }
	Rows     []struct {
		Values map[string]any
		Status map[string]string
		Errors map[string]string
	}
	Columns []struct {
		Name   string
		Values []any
		Status []string
		Errors []string
	}
}

func (w *serverWorld) overRows(ctx context.Context, x *exchange) ([][]selfsame.Value, error) {
	body, path := w.body(x, false)
	var a shownValues
	if err := w.post(ctx, path, body, &a); err != nil {
		return nil, err
	}
	w.count("HTTP, rows")
	out := make([][]selfsame.Value, x.rows)
	for i := range out {
		r := a.Rows[i]
		for k, o := range w.plan.Outputs {
			name := a.Features[k].Name
			v, err := fromJSON(o, r.Values[name], r.Status[name], r.Errors[name])
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], v)
		}
	}
	return out, w.sameMoment(x, a.At)
}

func (w *serverWorld) overColumns(ctx context.Context, x *exchange) ([][]selfsame.Value, error) {
	body, path := w.body(x, true)
	var a shownValues
	if err := w.post(ctx, path, body, &a); err != nil {
		return nil, err
	}
	w.count("HTTP, columns")
	out := make([][]selfsame.Value, x.rows)
	for i := range out {
		for k, o := range w.plan.Outputs {
			c, status, kind := a.Columns[k], "", ""
			if c.Status != nil {
				status = c.Status[i]
			}
			if c.Errors != nil {
				kind = c.Errors[i]
			}
			v, err := fromJSON(o, c.Values[i], status, kind)
			if err != nil {
				return nil, err
			}
			out[i] = append(out[i], v)
		}
	}
	return out, w.sameMoment(x, a.At)
}

// sameMoment fails where the answer is about another T.
func (w *serverWorld) sameMoment(x *exchange, at string) error {
	if t, err := parseTime(at); err != nil || t != x.at {
		return fmt.Errorf("the answer is of T = %s, want %s", at, formatTime(x.at))
	}
	return nil
}

// fromJSON reads a value back, bit for bit.
func fromJSON(o plan.Output, v any, status, kind string) (selfsame.Value, error) {
	for word, s := range statusWords {
		if status == word || status == "error" && word == "error("+kind+")" {
			return selfsame.Value{Type: o.Type, Status: s}, nil
		}
	}
	if v == nil || status != "" && status != "present" {
		return selfsame.Value{}, fmt.Errorf("output %s: no value, status %q %q", o.Name, status, kind)
	}
	return valueOf(o.Type, v)
}

func valueOf(t selfsame.Type, v any) (selfsame.Value, error) {
	out := selfsame.Value{Type: t}
	switch x := v.(type) {
	case nil:
		out.Status = selfsame.Null
		return out, nil
	case []any:
		out.Elems = []selfsame.Value{}
		for _, e := range x {
			got, err := valueOf(*t.Elem, e)
			if err != nil {
				return out, err
			}
			out.Elems = append(out.Elems, got)
		}
		return out, nil
	case map[string]any:
		out.Elems = []selfsame.Value{}
		for _, key := range slices.Sorted(maps.Keys(x)) {
			got, err := valueOf(*t.Elem, x[key])
			if err != nil {
				return out, err
			}
			out.Keys, out.Elems = append(out.Keys, key), append(out.Elems, got)
		}
		return out, nil
	case string:
		if t.Kind == selfsame.String {
			out.Str = x
			return out, nil
		}
		return parseValue(strings.Replace(x, "Infinity", "Inf", 1), t)
	}
	return parseValue(fmt.Sprint(v), t)
}
