// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"selfsame"
)

// route is one path of HTTP. A part in braces stands for one segment.
type route struct {
	method  string
	pattern string
	parts   []string
	local   bool // not below /v1
	reads   bool // waits for its turn before it computes
	serve   func(h *HTTP, x *exchange) error
}

func routes() []route {
	list := []route{
		{method: "POST", pattern: "/v1/services/{service}/features", reads: true, serve: (*HTTP).serviceFeatures},
		{method: "GET", pattern: "/v1/features/online/{entity_id}", reads: true, serve: (*HTTP).entityFeatures},
		{method: "POST", pattern: "/v1/features/online", reads: true, serve: (*HTTP).listedFeatures},
		{method: "POST", pattern: "/v1/events/{source}", serve: (*HTTP).push},
		{method: "POST", pattern: "/v1/predictions", serve: (*HTTP).predictions},
		{method: "POST", pattern: "/v1/outcomes", serve: (*HTTP).outcomes},
		{method: "GET", pattern: "/v1/services", serve: (*HTTP).services},
		{method: "GET", pattern: "/healthz", serve: (*HTTP).healthz, local: true},
		{method: "GET", pattern: "/readyz", serve: (*HTTP).readyz, local: true},
		{method: "GET", pattern: "/metrics", serve: (*HTTP).metrics, local: true},
		{method: "POST", pattern: "/admin/{verb}", serve: (*HTTP).admin, local: true},
	}
	list = append(list, jobRoutes()...)
	list = append(list, lookRoutes()...)
	list = append(list,
		route{method: "POST", pattern: "/v1/features", serve: (*HTTP).define},
		route{method: "POST", pattern: "/v1/models", serve: (*HTTP).register})
	for i := range list {
		list[i].parts = segments(list[i].pattern)
	}
	return list
}

// Routes lists the methods and paths of HTTP, for documents and tests.
func Routes() [][2]string {
	var out [][2]string
	for _, r := range routes() {
		out = append(out, [2]string{r.method, r.pattern})
	}
	return out
}

func segments(path string) []string {
	return strings.Split(strings.Trim(path, "/"), "/")
}

// match finds the route of a request and what its braces stand for. Paths without /v1 are the same.
func (h *HTTP) match(r *http.Request) (*route, string, error) {
	var room [8]string
	have := room[:0]
	for part := range strings.SplitSeq(strings.Trim(r.URL.EscapedPath(), "/"), "/") {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return nil, "", usage(r.URL.Path, "the path is not escaped as paths are", "")
		}
		have = append(have, plain)
	}
	var allow []string
	for i := range h.routes {
		route := &h.routes[i]
		want := route.parts
		if !route.local && have[0] != "v1" {
			want = want[1:]
		}
		arg, ok := fits(want, have)
		switch {
		case !ok:
		case route.method == r.Method || (r.Method == "HEAD" && route.method == "GET"):
			return route, arg, nil
		default:
			allow = append(allow, route.method)
		}
	}
	if allow != nil {
		slices.Sort(allow)
		return nil, "", &notAllowed{strings.Join(slices.Compact(allow), ", "), r}
	}
	return nil, "", h.unknown(r.URL.Path, have)
}

// reserved are the words of paths that no feature, view or service may have as its name.
var reserved = []string{"online", "batch"}

// fits reports whether segments are those of a pattern, and what its braces stand for.
func fits(want, have []string) (arg string, ok bool) {
	if len(want) != len(have) {
		return "", false
	}
	for i, part := range want {
		switch {
		case part == "{name}" && slices.Contains(reserved, have[i]):
			return "", false // the path of something else
		case part[0] == '{' && have[i] != "":
			arg = have[i]
		case part != have[i]:
			return "", false
		}
	}
	return arg, true
}

// notAllowed is a path asked for with a method that it does not know.
type notAllowed struct {
	allow string
	r     *http.Request
}

func (n *notAllowed) Error() string { return n.Unwrap().Error() }

func (n *notAllowed) Unwrap() error {
	return &special{faultMethod, usage(n.r.URL.Path, "does not know "+n.r.Method, "send "+n.allow)}
}

// unknown names the route nearest to a path that is none.
func (h *HTTP) unknown(path string, have []string) error {
	var paths []string
	for _, route := range h.routes {
		for i, want := range [][]string{route.parts, route.parts[1:]} {
			if len(want) != len(have) || (route.local && i > 0) {
				continue
			}
			filled := slices.Clone(want)
			for i, part := range want {
				if part[0] == '{' {
					filled[i] = have[i]
				}
			}
			paths = append(paths, "/"+strings.Join(filled, "/"))
		}
	}
	e := &selfsame.Error{Class: selfsame.ClassNotFound, Ref: path, Message: "there is no such path", Hint: "docs/api.md lists the paths"}
	if near := selfsame.Nearest(path, paths); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return e
}
