// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"mime"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"selfsame/api"
	"selfsame/registry"
)

// contract is docs/openapi.yaml.
type contract struct {
	doc map[string]any
	r   *rand.Rand
}

func readContract(t *testing.T) *contract {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "docs", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c := &contract{r: rand.New(rand.NewPCG(5, 23))}
	if err := yaml.Unmarshal(src, &c.doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// resolve follows a reference.
func (c *contract) resolve(v any) map[string]any {
	m, _ := v.(map[string]any)
	ref, ok := m["$ref"].(string)
	if !ok {
		return m
	}
	var at any = c.doc
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(map[string]any)[part]
	}
	if at == nil {
		panic("docs/openapi.yaml has no " + ref)
	}
	return c.resolve(at)
}

// typesOf are the types that a schema allows; none: all.
func typesOf(schema map[string]any) []string {
	switch t := schema["type"].(type) {
	case string:
		return []string{t}
	case []any:
		var out []string
		for _, one := range t {
			out = append(out, fmt.Sprint(one))
		}
		return out
	}
	return nil
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == float64(int64(v)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// check lists where a value is not as its schema describes it; a key that is not described is one such place.
func (c *contract) check(schema map[string]any, v any, at string) (out []string) {
	schema = c.resolve(schema)
	if forms, ok := schema["oneOf"].([]any); ok {
		for i, form := range forms {
			wrong := c.check(c.resolve(form), v, at)
			if len(wrong) == 0 {
				return nil
			}
			if i == 0 || len(wrong) < len(out) {
				out = wrong
			}
		}
		return out
	}
	is := typeOf(v)
	if want := typesOf(schema); want != nil && !slices.Contains(want, is) && (is != "integer" || !slices.Contains(want, "number")) {
		return []string{fmt.Sprintf("%s is %s, not %v", at, is, want)}
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, v) {
		return []string{fmt.Sprintf("%s is %v, not one of %v", at, v, enum)}
	}
	if list, ok := v.([]any); ok && schema["items"] != nil {
		for i, item := range list {
			out = append(out, c.check(c.resolve(schema["items"]), item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return out
	}
	required, _ := schema["required"].([]any)
	for _, k := range required {
		if _, ok := object[k.(string)]; !ok {
			out = append(out, at+" lacks "+k.(string))
		}
	}
	properties, closed := schema["properties"].(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(object)) {
		switch {
		case properties[k] != nil:
			out = append(out, c.check(c.resolve(properties[k]), object[k], at+"."+k)...)
		case closed:
			out = append(out, at+"."+k+" is not described")
		}
	}
	return out
}

// words stand for strings: names of the bank, and what nobody means.
var words = []string{"all", "all@1", "paid", "paid.s", "place.x", "place.x@1", "place:x", "tapped.*", "user", "pays", "m", "m@1", "a", "k", "x", "1", "1d", "2024-03-01", "2024-03-01T00:00:00Z",
	"labels.csv", "../x", "", " ", "é", "%00", "a/b", "online", "\x00", "null", "-1", "9223372036854775808", strings.Repeat("w", 300)}

func (c *contract) pick(list []string) string { return list[c.r.IntN(len(list))] }

// text draws a parameter.
func (c *contract) text(schema map[string]any) string {
	if enum, ok := schema["enum"].([]any); ok && c.r.IntN(8) > 0 {
		return fmt.Sprint(enum[c.r.IntN(len(enum))])
	}
	switch types := typesOf(schema); {
	case c.r.IntN(8) == 0:
	case slices.Contains(types, "integer"):
		return fmt.Sprint(c.r.IntN(20) - 1)
	case slices.Contains(types, "boolean"):
		return c.pick([]string{"true", "false", "1", "yes"})
	}
	return c.pick(words)
}

// value draws a value of a schema, now and then one that is not.
func (c *contract) value(schema map[string]any, depth int) any {
	schema = c.resolve(schema)
	if one, ok := schema["oneOf"].([]any); ok {
		return c.value(c.resolve(one[c.r.IntN(len(one))]), depth)
	}
	if enum, ok := schema["enum"].([]any); ok && c.r.IntN(10) > 0 {
		return enum[c.r.IntN(len(enum))]
	}
	types := typesOf(schema)
	if len(types) == 0 || c.r.IntN(20) == 0 || depth > 5 {
		types = []string{"string", "integer", "boolean", "null", "number"}
	}
	switch c.pick(types) {
	case "object":
		out := map[string]any{}
		properties, _ := schema["properties"].(map[string]any)
		required, _ := schema["required"].([]any)
		for _, k := range slices.Sorted(maps.Keys(properties)) {
			if c.r.IntN(4) == 0 || slices.Contains(required, any(k)) && c.r.IntN(10) > 0 {
				out[k] = c.value(c.resolve(properties[k]), depth+1)
			}
		}
		if properties == nil || c.r.IntN(20) == 0 {
			for range c.r.IntN(3) {
				out[c.pick(words)] = c.value(nil, depth+1)
			}
			out["k"], out["event_time"] = c.pick(words), "2024-03-01T00:00:00Z"
		}
		return out
	case "array":
		out := []any{}
		for range c.r.IntN(3) {
			out = append(out, c.value(c.resolve(schema["items"]), depth+1))
		}
		return out
	case "integer":
		return c.r.IntN(5) - 1
	case "number":
		return c.r.Float64()
	case "boolean":
		return c.r.IntN(2) == 0
	case "null":
		return nil
	}
	return c.pick(words)
}

// goodBodies are some that are right, by operation: what is drawn seldom is.
var goodBodies = map[string]string{"define": spentView, "register": `{"name": "m", "version": "2", "service": "all"}`,
	"start_job":      `{"features": ["place.x"], "rows": [{"k": "a", "event_time": "2024-03-01T00:00:00Z"}]}`,
	"listedFeatures": `{"service": "all", "entity": {"k": "a"}}`, "push": `{"k": "a", "x": 1, "id": "p", "at": "2024-02-28T00:00:00Z"}`}

// request draws a request of an operation.
func (c *contract) request(method, path string, op map[string]any) (target, body string, header map[string]string) {
	query, header := url.Values{}, map[string]string{}
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		p := c.resolve(p)
		name, text := p["name"].(string), c.text(c.resolve(p["schema"]))
		switch p["in"] {
		case "path":
			if text == "" {
				text = "all" // without a name it is another path
			}
			path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(text))
		case "header":
			if c.r.IntN(4) == 0 && !strings.ContainsAny(text, "\x00") {
				header[name] = text
			}
		default:
			if c.r.IntN(4) == 0 {
				query.Set(name, text)
			}
		}
	}
	content, _ := c.resolve(op["requestBody"])["content"].(map[string]any)
	if form, ok := content["application/json"].(map[string]any); ok {
		b, err := json.Marshal(c.value(c.resolve(form["schema"]), 0))
		if body = string(b); err != nil || c.r.IntN(6) == 0 {
			body = c.pick([]string{"", "{", "[]", "views: {spent: {entity: user, source: pays, features: {t: sum(x) over 1d}}}", "views:\n  spent: [\n", "\xff"})
		}
	}
	if good := goodBodies[fmt.Sprint(op["operationId"])]; good != "" && c.r.IntN(3) == 0 {
		body = good
	}
	if query := query.Encode(); query != "" {
		path += "?" + query
	}
	return path, body, header
}

// TestAnswersKeepTheContract draws requests from docs/openapi.yaml, many of them wrong, and holds every answer of a live server to it: no status of 500 or more but those that
// say that a time is over, and nothing in an answer that is not described.
func TestAnswersKeepTheContract(t *testing.T) {
	w := bankWorld(t)
	if _, err := w.live.Register(t.Context(), []byte(`{"name": "m", "version": "1", "service": "all", "metrics": {"auc": 0.5}}`), nil); err != nil {
		t.Fatal(err)
	}
	w.start(`{"service": "all", "rows_file": "labels.csv", "format": "csv"}`)
	w.live.ready.Store(true)
	h, c := api.New(w.live.options("")).HTTP(), readContract(t)
	paths := c.doc["paths"].(map[string]any)
	seen := map[int]int{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if path == "/metrics" || strings.HasPrefix(path, "/admin") {
			continue
		}
		ops := paths[path].(map[string]any)
		for _, method := range slices.Sorted(maps.Keys(ops)) {
			op := c.resolve(ops[method])
			for range 40 {
				target, body, header := c.request(method, path, op)
				r := httptest.NewRequest(strings.ToUpper(method), target, strings.NewReader(body))
				for k, v := range header {
					r.Header.Set(k, v)
				}
				a := httptest.NewRecorder()
				h.ServeHTTP(a, r)
				seen[a.Code]++
				for _, p := range c.answer(op, a) {
					t.Errorf("%s %s %s %v: %d: %s\n%.300s", method, target, body, header, a.Code, p, a.Body)
				}
			}
		}
	}
	t.Logf("answers by status: %v", seen)
	c.whole(t, w, h)
	if seen[200] < 100 || seen[201] == 0 || seen[400] < 100 || seen[404] < 100 || seen[422] == 0 {
		t.Errorf("the requests are too much alike: %v", seen)
	}
}

// whole holds answers that have everything in them to the document: a value's lineage, the impact of a change, an experiment, a run.
func (c *contract) whole(t *testing.T, w *liveWorld, h *api.HTTP) {
	t.Helper()
	week := strings.Replace(strings.Replace(bank, "s: sum(x) over 7d", "s: sum(x) over 8d", 1), "project: bank\n", "", 1)
	week = strings.Replace(week, "source: fixes, features", "source: fixes, where: x > 0, features", 1) // whose state is another
	changed := httptest.NewRecorder()
	h.ServeHTTP(changed, httptest.NewRequest("POST", "/v1/features?yes=true&sample=20&author=ann", strings.NewReader(week)))
	for _, has := range []string{`"apply":`, `"differences":[`, `"changed":["`, `"users":[{`, `"models":[{`, `"samples":[{`, `"impacts":[{`, `"loads":[{`, `"rows_per_second":`} {
		if changed.Code != 201 || !strings.Contains(changed.Body.String(), has) {
			t.Errorf("a change: %d lacks %s: %s", changed.Code, has, changed.Body)
		}
	}
	for _, p := range c.answer(c.resolve(c.doc["paths"].(map[string]any)["/v1/features"].(map[string]any)["post"]), changed) {
		t.Errorf("a change: %s\n%s", p, changed.Body)
	}
	arms := []registry.Arm{{Name: "old", Version: 1, Share: 5000}, {Name: "new", Version: 2, Share: 5000}}
	if _, err := w.live.Act(t.Context(), registry.By{Author: "ann"}, &registry.Experiment{Service: "all", Name: "ab", Arms: arms}); err != nil {
		t.Fatal(err)
	}
	w.push("pays", `{"k": "a", "x": 3, "id": "whole", "at": "2024-02-29T00:00:00Z"}`)
	for _, q := range []struct{ path, target, has string }{
		{"/v1/history", "/v1/history", `"impact":{`},
		{"/v1/runs", "/v1/runs", `"checksum":`},
		{"/v1/experiments", "/v1/experiments", `"share":5000`},
		{"/v1/features", "/v1/features?query=paid", `"definition":`},
		{"/v1/features/{name}", "/v1/features/paid.s", `"differences":[`},
		{"/v1/features/{name}", "/v1/features/paid.s@1", `"definition":"sum(x) over 7d"`},
		{"/v1/services/{name}", "/v1/services/all@1", `"description":"paid.s@1.0.0"`},
		{"/v1/features/{name}/versions", "/v1/features/paid.s/versions", `"found":"major"`},
		{"/v1/services/{name}/versions", "/v1/services/all/versions", `"entries":[`},
		{"/v1/models/{name}", "/v1/models/m@1", `"auc":0.5`},
		{"/v1/features/{name}/lineage", "/v1/features/paid.s/lineage?columns=true", `"roles":[`},
		{"/v1/features/{name}/lineage", "/v1/features/paid.s/lineage?entity=a", `"events":[{`},
		{"/v1/features/{name}/lineage", "/v1/features/home.x/lineage?entity=a&at=2024-02-27T00:00:00Z", `"outcome":`},
	} {
		a := httptest.NewRecorder()
		h.ServeHTTP(a, httptest.NewRequest("GET", q.target, nil))
		if a.Code != 200 || !strings.Contains(a.Body.String(), q.has) {
			t.Errorf("%s: %d lacks %s: %.2000s", q.target, a.Code, q.has, a.Body)
		}
		op := c.doc["paths"].(map[string]any)[q.path].(map[string]any)["get"]
		for _, p := range c.answer(c.resolve(op), a) {
			t.Errorf("%s: %s\n%.2000s", q.target, p, a.Body)
		}
	}
}

// answer lists where an answer is not as its operation describes it.
func (c *contract) answer(op map[string]any, a *httptest.ResponseRecorder) []string {
	if a.Code >= 500 && a.Code != 504 {
		return []string{"a fault"}
	}
	responses := op["responses"].(map[string]any)
	described := c.resolve(responses[fmt.Sprint(a.Code)])
	if described == nil {
		described = c.resolve(responses["default"])
	}
	content, _ := described["content"].(map[string]any)
	media, _, _ := mime.ParseMediaType(a.Header().Get("Content-Type"))
	if content == nil || a.Body.Len() == 0 {
		return nil
	}
	form, ok := content[media].(map[string]any)
	if !ok {
		return []string{"the media type " + media + " is not described"}
	}
	if !strings.HasSuffix(media, "json") {
		return nil
	}
	var v any
	if err := json.Unmarshal(a.Body.Bytes(), &v); err != nil {
		return []string{err.Error()}
	}
	return c.check(c.resolve(form["schema"]), v, "answer")
}
