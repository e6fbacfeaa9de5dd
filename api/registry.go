// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"selfsame"
)

// Registry answers questions about what is applied. An answer is plain data that encoding/json writes as docs/openapi.yaml describes it.
type Registry interface {
	// Look answers a question: a list with a *Listing. An error is of class not_found where nothing has the name, and says the nearest one.
	Look(ctx context.Context, q *Look) (any, error)
}

// Listing is a list in its order, with what tells its items apart. Pages are cut from it.
type Listing struct {
	Items []any
	Keys  []string // beside Items, each once
}

// Look is a question about what is applied.
type Look struct {
	Kind   string            // features, views, entities, sources, services, models, runs, experiments, history
	Name   string            // of one thing; empty: a list
	Part   string            // of it: versions or lineage; empty: its page
	Filter map[string]string // parameters of the path, by their names; instants as microseconds
}

// looks are the paths of questions: kind, parts of one thing, and the parameters that each knows.
var looks = []struct {
	kind  string
	parts []string // of one thing, beside its page; nil: the kind has lists only
	list  []string // parameters of a list
}{
	{"features", []string{"versions", "lineage"}, []string{"query", "owner", "tag", "entity", "view", "source", "service", "stage", "unused"}},
	{"views", []string{"lineage"}, []string{"query", "owner", "tag", "entity", "source", "service"}},
	{"entities", []string{}, []string{"query", "owner", "tag"}},
	{"sources", []string{"lineage"}, []string{"query", "owner", "tag", "service"}},
	{"services", []string{"versions", "lineage"}, nil},
	{"models", []string{"lineage"}, []string{"query", "service", "stage"}},
	{"experiments", []string{}, []string{}},
	{"runs", nil, []string{"kind", "service"}},
	{"history", nil, []string{"since", "until", "ref"}},
}

// Parameters of pages and of lineage.
var (
	pageParameters    = []string{"page_size", "page_token"}
	instantParameters = []string{"at", "since", "until"}
	lineageParameters = []string{"direction", "columns", "format", "at", "entity", "limit"}
)

// Bounds of a page.
const (
	defaultPage = 100
	mostPage    = 1000
)

// lookRoutes are the routes of questions. services has a list of its own, in the words of those who read.
func lookRoutes() []route {
	var out []route
	for _, l := range looks {
		path := "/v1/" + l.kind
		if l.list != nil {
			out = append(out, route{method: "GET", pattern: path, serve: lookList(l.kind, l.list)})
		}
		if l.parts == nil {
			continue
		}
		out = append(out, route{method: "GET", pattern: path + "/{name}", serve: lookOne(l.kind, "", nil)})
		for _, part := range l.parts {
			var known []string
			if part == "lineage" {
				known = lineageParameters
			}
			out = append(out, route{method: "GET", pattern: path + "/{name}/" + part, serve: lookOne(l.kind, part, known)})
		}
	}
	return out
}

// lookOne answers questions about one thing. With `entity`, a lineage is that of a value, and every further parameter is a key or a request field.
func lookOne(kind, part string, known []string) func(*HTTP, *exchange) error {
	return func(h *HTTP, x *exchange) error {
		q := &Look{Kind: kind, Name: x.arg, Part: part}
		values := x.r.URL.Query()
		var err error
		if q.Filter, err = parameters(values, known, part == "lineage" && kind == "features" && values.Has("entity")); err != nil {
			return err
		}
		return h.look(x, q, "")
	}
}

// lookList answers questions for a page of a list.
func lookList(kind string, known []string) func(*HTTP, *exchange) error {
	return func(h *HTTP, x *exchange) error {
		values := x.r.URL.Query()
		filter, err := parameters(values, slices.Concat(known, pageParameters), false)
		if err != nil {
			return err
		}
		return h.look(x, &Look{Kind: kind, Filter: filter}, kind)
	}
}

// parameters reads the parameters of a question, each at most once. Where others may stand, they are not held against the known ones.
func parameters(values url.Values, known []string, others bool) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !others && !slices.Contains(known, name) {
			hint := "there are none here"
			if len(known) > 0 {
				hint = "known: " + strings.Join(known, ", ")
			}
			if near := selfsame.Nearest(name, known); near != "" {
				hint = "did you mean " + near + "?"
			}
			return nil, usage(name, "there is no such parameter", hint)
		}
		if len(values[name]) > 1 {
			return nil, usage(name, "the parameter is there "+strconv.Itoa(len(values[name]))+" times", "name it once")
		}
		out[name] = values.Get(name)
		if slices.Contains(instantParameters, name) {
			t, err := instant(out[name])
			if err != nil {
				return nil, err
			}
			out[name] = strconv.FormatInt(t, 10)
		}
	}
	return out, nil
}

// look answers a question: one thing, or where list is not empty a page of the list of that name.
func (h *HTTP) look(x *exchange, q *Look, list string) error {
	if h.o.Registry == nil {
		return absent("questions about definitions")
	}
	ctx, err := h.deadline(x)
	if err != nil {
		return err
	}
	defer ctx.end()
	var page *page
	if list != "" {
		if page, err = pageOf(q.Filter); err != nil {
			return err
		}
	}
	found, err := h.o.Registry.Look(ctx, q)
	if err != nil {
		return err
	}
	if l, ok := found.(*Listing); ok && page != nil {
		if found, err = page.cut(list, l); err != nil {
			return err
		}
	}
	if text, ok := found.(string); ok { // of a form that is not JSON
		x.encoder.out = append(x.encoder.out[:0], text...)
		x.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		x.send(200)
		return nil
	}
	if err := x.encode(found); err != nil {
		return err
	}
	return x.tagged()
}

// tagged answers with JSON and its ETag, or says that the caller has it.
func (x *exchange) tagged() error {
	sum := sha256.Sum256(x.encoder.out)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	x.w.Header().Set("ETag", tag)
	for have := range strings.SplitSeq(x.r.Header.Get("If-None-Match"), ",") {
		if have = strings.TrimPrefix(strings.TrimSpace(have), "W/"); have == tag || have == "*" {
			x.status = 304
			x.w.WriteHeader(304)
			return nil
		}
	}
	return x.ok()
}

// page is a stretch of a list: those behind a name.
type page struct {
	size  int
	after string // key of the last item of the page before
}

// pageOf takes the parameters of pages out of a filter. A token is the key of the last item seen, so that what comes and goes between two calls neither
// repeats an item nor passes one over.
func pageOf(filter map[string]string) (*page, error) {
	p := &page{size: defaultPage}
	if s, ok := filter["page_size"]; ok {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > mostPage {
			return nil, usage("page_size", strconv.Quote(s)+" is not from 1 to "+strconv.Itoa(mostPage), "")
		}
		p.size = n
	}
	if s := filter["page_token"]; s != "" {
		b, err := hex.DecodeString(s)
		if err != nil {
			return nil, usage("page_token", strconv.Quote(s)+" is none", "take next_page_token of the page before")
		}
		p.after = string(b)
	}
	delete(filter, "page_size")
	delete(filter, "page_token")
	return p, nil
}

// cut is the answer of a page of a list.
func (p *page) cut(name string, l *Listing) (any, error) {
	first := 0
	if p.after != "" {
		if first = slices.Index(l.Keys, p.after) + 1; first == 0 { // it is gone: its place in a list by names is known all the same
			if !slices.IsSorted(l.Keys) {
				return nil, usage("page_token", "what it stands for is not in the list any more", "begin with the first page")
			}
			first, _ = slices.BinarySearch(l.Keys, p.after)
		}
	}
	end := min(first+p.size, len(l.Items))
	answer := map[string]any{name: l.Items[first:end], "total": len(l.Items)}
	if end < len(l.Items) {
		answer["next_page_token"] = hex.EncodeToString([]byte(l.Keys[end-1]))
	}
	return answer, nil
}
