// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package scalar

import (
	"regexp"
	"strings"

	"selfsame"
	"selfsame/column"
)

// regexpFunctions are part of the section pattern of the reference. Patterns are constants of RE2 and compiled once a call; the work
// of a match grows with the text only. Classes of characters follow the Unicode tables of the Go release that built the engine.
var regexpFunctions = []Function{
	{Name: "regexp_matches", Group: "pattern", Params: "s, pattern", Summary: "Whether the RE2 pattern, a constant, matches a part of s; ^ and $ tie it to the ends.",
		Example: "regexp_matches('card-17', '[0-9]+')", Result: "true", Bind: choose("regexp_matches", "s, pattern",
			overload{args: takes(stringType, stringType), result: boolType, bind: bindRegexp("regexp_matches", -1, evalMatches)})},
	{Name: "regexp_count", Group: "pattern", Params: "s, pattern", Summary: "How many matches of pattern s has, from the left and without overlap.",
		Example: "regexp_count('a1b22c', '[0-9]+')", Result: "2", Bind: choose("regexp_count", "s, pattern",
			overload{args: takes(stringType, stringType), result: intType, bind: bindRegexp("regexp_count", -1, evalCount)})},
	{Name: "regexp_extract", Group: "pattern", Params: "s, pattern, group", Summary: "The first match of pattern in s, or what its group (a constant; default 0, the whole match) took; null where nothing matches.",
		Example: "regexp_extract('order 17/B', '([0-9]+)/([A-Z])', 2)", Result: "B", Bind: choose("regexp_extract", "s, pattern, group",
			overload{args: takes(stringType, stringType, intType), optional: 1, result: stringType, bind: bindRegexp("regexp_extract", 2, evalExtract)})},
	{Name: "regexp_extract_all", Group: "pattern", Params: "s, pattern, group", Summary: "The list of all matches of pattern in s, or of what its group took; an element is null where the group took no part. An error (max_values) where there are more than 1,000,000.",
		Example: "regexp_extract_all('a1b22c', '[0-9]+')", Result: "[1, 22]", Bind: choose("regexp_extract_all", "s, pattern, group",
			overload{args: takes(stringType, stringType, intType), optional: 1, result: selfsame.ListOf(stringType), bind: bindRegexp("regexp_extract_all", 2, evalExtractAll)})},
	{Name: "regexp_replace", Group: "pattern", Params: "s, pattern, replacement", Summary: "s with every match of pattern replaced; in the replacement, a constant, \\1 to \\9 are groups, \\0 the match and \\\\ a backslash.",
		Example: "regexp_replace('2024-05-17', '([0-9]+)-([0-9]+)', '\\2/\\1')", Result: "05/2024-17", Bind: choose("regexp_replace", "s, pattern, replacement",
			overload{args: takes(stringType, stringType, stringType), result: stringType, bind: bindReplace})},
}

// regexpCall is a bound call: its pattern and the group that it asks for.
type regexpCall struct {
	re    *regexp.Regexp
	group int
}

// bindRegexp reads the pattern, argument 1, and the group, the argument at place group where there is one.
func bindRegexp(name string, group int, newEval func(regexpCall) Eval) func([]Arg) (func() Eval, error) {
	return func(args []Arg) (func() Eval, error) {
		re, err := patternArgument(name, args)
		if err != nil {
			return nil, err
		}
		c := regexpCall{re: re}
		if group >= 0 && group < len(args) {
			n := args[group].Const
			if n == nil || n.Status != selfsame.Present || n.Int < 0 || n.Int > int64(re.NumSubexp()) {
				return nil, badArgument(name, "its group is a constant from 0 to %d, the number of groups of its pattern", re.NumSubexp())
			}
			c.group = int(n.Int)
		}
		return func() Eval { return newEval(c) }, nil
	}
}

func patternArgument(name string, args []Arg) (*regexp.Regexp, error) {
	pattern, err := constantText(name, "pattern", args, 1)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, badArgument(name, "%s; patterns are RE2, without back-references and looking around", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

func evalMatches(c regexpCall) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i := range rows {
			out.Bools[i] = !skipped(skip, i) && c.re.Match(args[0].Str(i))
		}
	}
}

func evalCount(c regexpCall) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		out.Resize(rows)
		for i := range rows {
			out.Ints[i] = 0
			if !skipped(skip, i) {
				n := int64(0)
				c.re.ReplaceAllFunc(args[0].Str(i), func([]byte) []byte { n++; return nil }) // a list of places would take many times the text
				out.Ints[i] = n
			}
		}
	}
}

func evalExtract(c regexpCall) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		for i := range rows {
			if skipped(skip, i) {
				out.AppendStatus(selfsame.Present)
				continue
			}
			c.appendGroup(out, args[0].Str(i), c.re.FindSubmatchIndex(args[0].Str(i)))
		}
	}
}

// appendGroup appends what the group took of s: null where it took no part.
func (c regexpCall) appendGroup(out *column.Column, s []byte, places []int) {
	if places == nil || places[2*c.group] < 0 {
		out.AppendStatus(selfsame.Null)
		return
	}
	out.AppendBytes(s[places[2*c.group]:places[2*c.group+1]])
}

// maxMatches is how many matches of one text regexp_extract_all lists: their places take many times the text.
const maxMatches = 1_000_000

func evalExtractAll(c regexpCall) Eval {
	return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
		for i := range rows {
			if skipped(skip, i) {
				out.AppendStatus(selfsame.Present)
				continue
			}
			found := c.re.FindAllSubmatchIndex(args[0].Str(i), maxMatches+1)
			if len(found) > maxMatches {
				out.AppendStatus(selfsame.ErrorMaxValues)
				continue
			}
			for _, places := range found {
				c.appendGroup(out.Elems, args[0].Str(i), places)
			}
			out.Offsets = append(out.Offsets, uint32(out.Elems.Len()))
			if out.Status != nil {
				out.Status = append(out.Status, selfsame.Present)
			}
		}
	}
}

func bindReplace(args []Arg) (func() Eval, error) {
	const name = "regexp_replace"
	re, err := patternArgument(name, args)
	if err != nil {
		return nil, err
	}
	replacement, err := constantText(name, "replacement", args, 2)
	if err != nil {
		return nil, err
	}
	template, err := templateOf(replacement, re.NumSubexp())
	if err != nil {
		return nil, err
	}
	return func() Eval {
		return func(out *column.Column, args []*column.Column, rows int, _ []int64, skip []bool) {
			for i := range rows {
				if !skipped(skip, i) {
					out.Bytes = append(out.Bytes, re.ReplaceAll(args[0].Str(i), template)...)
				}
				out.AppendBytes(nil)
			}
		}
	}, nil
}

// templateOf is a replacement as the package regexp has it: ${1} for \1.
func templateOf(s string, groups int) (template []byte, err error) {
	for {
		text, rest, escaped := strings.Cut(s, `\`)
		template = append(template, strings.ReplaceAll(text, "$", "$$")...)
		switch {
		case !escaped:
			return template, nil
		case rest != "" && rest[0] == '\\':
			template = append(template, '\\')
		case rest == "" || rest[0] < '0' || rest[0] > '9' || int(rest[0]-'0') > groups:
			return nil, badArgument("regexp_replace", "behind a backslash its replacement has a group of the pattern, 0 to %d, or a backslash", groups)
		default:
			template = append(template, '$', '{', rest[0], '}')
		}
		s = rest[1:]
	}
}
