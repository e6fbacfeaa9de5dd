// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"selfsame"
	"selfsame/column"
	"selfsame/compute/textual"
)

// partFunctions take strings apart: documents, addresses, distances.
var partFunctions = []Function{
	{Name: "json_extract", Group: "pattern", Params: "json, path",
		Summary: "The value at path (a constant such as $.items[0].price or $['a b']; elements count from 0) of a JSON document, as text: a string bare, numbers, true, false, objects and arrays as they stand. CAST it to a number or bool. Null for null, nothing there, and what is not JSON.",
		Example: "json_extract('{\"items\": [{\"price\": 12.5}]}', '$.items[0].price')", Result: "12.5", Bind: choose("json_extract", "json, path",
			overload{args: takes(stringType, stringType), result: stringType, bind: bindPath("json_extract", evalJSON)})},
	{Name: "json_list", Group: "pattern", Params: "json, path",
		Summary: "The elements of the JSON array at path, each as json_extract gives it; null where no array is there.",
		Example: "json_list('{\"tags\": [\"a\", 7, null]}', '$.tags')", Result: "[a, 7, null]", Bind: choose("json_list", "json, path",
			overload{args: takes(stringType, stringType), result: selfsame.ListOf(stringType), bind: bindPath("json_list", evalJSONList)})},
	partFunction("url_host", "url", "The host of an absolute URL (scheme://…) in lower case, without user and port; null where there is none.",
		"url_host('https://shop.Example.com:8080/a?b=1')", "shop.example.com", func(dst []byte, a textArgs) ([]byte, bool) { return textual.AppendHost(dst, a.str(0)) }),
	partFunction("url_path", "url", "The path of an absolute URL as it stands; empty where it has none.",
		"url_path('https://example.com/a/b?c=1#d')", "/a/b", func(dst []byte, a textArgs) ([]byte, bool) {
			path, ok := textual.URLPath(a.str(0))
			return append(dst, path...), ok
		}),
	partFunction("url_query_param", "url, name", "The value of the first parameter of that name in the query of an absolute URL, percent-decoded; null where there is none.",
		"url_query_param('https://example.com/?q=red+shoes&page=2', 'q')", "red shoes", func(dst []byte, a textArgs) ([]byte, bool) {
			return textual.AppendQueryParam(dst, a.str(0), a.str(1))
		}),
	partFunction("email_domain", "address", "The domain of an e-mail address in lower case; null for what has nothing before or behind its last @.",
		"email_domain('Ann@Mail.Example.com')", "mail.example.com", func(dst []byte, a textArgs) ([]byte, bool) { return textual.AppendDomain(dst, a.str(0)) }),
	{Name: "levenshtein", Group: "pattern", Params: "a, b", Summary: "The least number of insertions, deletions and replacements of a code point that make b of a; null beyond 4,096 code points.",
		Example: "levenshtein('kitten', 'sitting')", Result: "3", Bind: choose("levenshtein", "a, b",
			overload{args: takes(stringType, stringType), result: intType, bind: eachCall(newLevenshtein)})},
	{Name: "jaro_winkler", Group: "pattern", Params: "a, b", Summary: "The similarity of Jaro and Winkler, 0 to 1; the prefix counts where that of Jaro is above 0.7. Null beyond 4,096 code points.",
		Example: "jaro_winkler('same', 'same')", Result: "1.0", Bind: choose("jaro_winkler", "a, b",
			overload{args: takes(stringType, stringType), result: floatType, bind: eachCall(newJaroWinkler)})},
	inGroup("hash", textFunction("md5", "s", "The MD5 of the bytes of s, 32 hexadecimal digits in lower case; to meet the names of other systems, not to hide s.", "md5('')",
		"d41d8cd98f00b204e9800998ecf8427e", takes(stringType), 0, func(dst []byte, a textArgs) []byte {
			sum := md5.Sum(a.str(0))
			return hex.AppendEncode(dst, sum[:])
		})),
	inGroup("hash", textFunction("sha256", "s", "The SHA-256 of the bytes of s, 64 hexadecimal digits in lower case.", "left(sha256(''), 16)",
		"e3b0c44298fc1c14", takes(stringType), 0, func(dst []byte, a textArgs) []byte {
			sum := sha256.Sum256(a.str(0))
			return hex.AppendEncode(dst, sum[:])
		})),
}

func inGroup(group string, f Function) Function {
	f.Group = group
	return f
}

// partFunction is a function from strings to a part of the first: f appends it, or reports false, which is null.
func partFunction(name, params, summary, example, result string, f func(dst []byte, a textArgs) ([]byte, bool)) Function {
	args := takes(stringType, stringType)[:1+strings.Count(params, ",")]
	return inGroup("pattern", textFunction(name, params, summary, example, result, args, 0, func(dst []byte, a textArgs) []byte {
		b, ok := f(dst, a)
		if !ok {
			return nil
		}
		return b
	}))
}

// bindPath reads the path, argument 1.
func bindPath(name string, newEval func(textual.Path) Eval) func([]Arg) (func() Eval, error) {
	return func(args []Arg) (func() Eval, error) {
		s, err := constantText(name, "path", args, 1)
		if err != nil {
			return nil, err
		}
		path, err := textual.ParsePath(s)
		if err != nil {
			return nil, badArgument(name, "%q: %v", s, err)
		}
		return func() Eval { return newEval(path) }, nil
	}
}

func evalJSON(path textual.Path) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		for i := range rows {
			if skipped(skip, i) {
				out.AppendStatus(selfsame.Present)
				continue
			}
			value, ok := path.Find(args[0].Str(i))
			if !ok {
				out.AppendStatus(selfsame.Null)
				continue
			}
			appendScalar(out, value)
		}
	}
}

func appendScalar(out *column.Column, value []byte) {
	b, ok := textual.AppendScalar(out.Bytes, value)
	if !ok {
		out.AppendStatus(selfsame.Null)
		return
	}
	out.Bytes = b
	out.AppendBytes(nil)
}

func evalJSONList(path textual.Path) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		for i := range rows {
			if skipped(skip, i) {
				out.AppendStatus(selfsame.Present)
				continue
			}
			value, ok := path.Find(args[0].Str(i))
			if !ok || !textual.Elements(value, func(element []byte) { appendScalar(out.Elems, element) }) {
				out.AppendStatus(selfsame.Null)
				continue
			}
			out.Offsets = append(out.Offsets, uint32(out.Elems.Len()))
		}
	}
}

// eachCall binds a kernel that keeps memory of its own.
func eachCall(newEval func() Eval) func([]Arg) (func() Eval, error) {
	return func([]Arg) (func() Eval, error) { return newEval, nil }
}

func newLevenshtein() Eval {
	var c textual.Comparer
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i := range rows {
			if skipped(skip, i) {
				continue
			}
			edits, ok := c.Levenshtein(args[0].Str(i), args[1].Str(i))
			if out.Ints[i] = int64(edits); !ok {
				setNull(out, skip, i)
			}
		}
	}
}

func newJaroWinkler() Eval {
	var c textual.Comparer
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i := range rows {
			if skipped(skip, i) {
				continue
			}
			similarity, ok := c.JaroWinkler(args[0].Str(i), args[1].Str(i))
			if out.Floats[i] = similarity; !ok {
				setNull(out, skip, i)
			}
		}
	}
}
