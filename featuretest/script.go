// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"selfsame"
)

// Script is a parsed scenario script: cases, each a world of its own.
type Script struct {
	File  string
	Cases []*Scenario
	lines []string
}

// Scenario is one world: definitions, events, questions.
type Scenario struct {
	Name        string
	Definitions string // YAML; empty: the project that the runner was given
	definedAt   int    // line of the first line of Definitions
	Refused     *expectation
	Events      []*table
	Questions   []*question
	Pos         selfsame.Pos
}

// question is one `ask` section.
type question struct {
	service  string
	features []string
	mode     Mode
	fails    string   // text of the error that must come
	warns    []string // texts that the report must hold
	silent   []string // texts that it must not hold
	table    *table
	pos      selfsame.Pos
}

// table is a header and rows of cells. Cells before the bar are given, those behind it expected.
type table struct {
	source string // events: the source
	header []string
	given  int // cells before the bar; len(header) where there is none
	rows   []tableRow
	pos    selfsame.Pos

	headerLine int // 1-based
}

type tableRow struct {
	cells []string
	line  int // 1-based; rows of one repeated line share it
}

type expectation struct {
	text string
	line int
}

// Parse reads a script. Its error names file and line.
func Parse(file, text string) (*Script, error) {
	p := &parser{script: &Script{File: file, lines: strings.Split(text, "\n")}}
	for p.line < len(p.script.lines) {
		if err := p.section(); err != nil {
			return nil, err
		}
	}
	if len(p.script.Cases) == 0 {
		return nil, p.fail(1, "the script is empty", "write `definitions`, `events SOURCE` and `ask SERVICE` sections")
	}
	return p.script, nil
}

type parser struct {
	script *Script
	line   int // 0-based, next
}

func (p *parser) fail(line int, message, hint string) error {
	return &selfsame.Error{Class: selfsame.ClassUsage, Pos: selfsame.Pos{File: p.script.File, Line: line}, Message: message, Hint: hint}
}

// scenario returns the case being written, making the first one.
func (p *parser) scenario() *Scenario {
	if len(p.script.Cases) == 0 {
		p.script.Cases = append(p.script.Cases, &Scenario{Pos: selfsame.Pos{File: p.script.File, Line: p.line}})
	}
	return p.script.Cases[len(p.script.Cases)-1]
}

func blank(line string) bool {
	t := strings.TrimSpace(line)
	return t == "" || strings.HasPrefix(t, "#")
}

// section reads one section: a line that begins at the margin, and the indented lines below it.
func (p *parser) section() error {
	raw := p.script.lines[p.line]
	p.line++
	if blank(raw) {
		return nil
	}
	number := p.line
	words := cells(raw)
	if raw[0] == ' ' || raw[0] == '\t' {
		return p.fail(number, "an indented line outside a section", "begin a section at the margin: definitions, events, ask")
	}
	switch words[0] {
	case "case":
		name, err := strconv.Unquote(strings.TrimSpace(strings.TrimPrefix(raw, "case")))
		if err != nil {
			return p.fail(number, "a case needs a quoted name", `write: case "what it shows"`)
		}
		p.script.Cases = append(p.script.Cases, &Scenario{Name: name, Pos: selfsame.Pos{File: p.script.File, Line: number}})
		return nil
	case "definitions":
		p.definitions()
		return nil
	case "refused":
		text, err := strconv.Unquote(strings.TrimSpace(strings.TrimPrefix(raw, "refused")))
		if err != nil {
			return p.fail(number, "refused needs a quoted text", `write: refused "part of the message"`)
		}
		p.scenario().Refused = &expectation{text, number}
		return nil
	case "events":
		if len(words) != 2 {
			return p.fail(number, "events needs the name of a source", "write: events SOURCE")
		}
		t, err := p.table(number)
		if err != nil {
			return err
		}
		t.source = words[1]
		s := p.scenario()
		s.Events = append(s.Events, t)
		return nil
	case "ask":
		return p.ask(words[1:], number)
	}
	return p.fail(number, fmt.Sprintf("no such section: %s", words[0]), "the sections are case, definitions, refused, events, ask")
}

// definitions takes the indented lines below as YAML.
func (p *parser) definitions() {
	s := p.scenario()
	s.definedAt = p.line + 1
	var block []string
	for ; p.line < len(p.script.lines); p.line++ {
		l := p.script.lines[p.line]
		if l != "" && l[0] != ' ' && l[0] != '#' {
			break
		}
		block = append(block, strings.TrimPrefix(l, "  "))
	}
	s.Definitions = strings.Join(block, "\n") + "\n"
}

// ask reads `ask SERVICE|REF,REF… [as_of LAG|final] [fails "text"] [warns "text"]… [silent "text"]…` and its table.
func (p *parser) ask(words []string, number int) error {
	q := &question{pos: selfsame.Pos{File: p.script.File, Line: number}}
	if len(words) == 0 {
		return p.fail(number, "ask needs a service or features", "write: ask SERVICE, or: ask view.feature,view.*")
	}
	if strings.ContainsAny(words[0], ".,") {
		q.features = strings.Split(words[0], ",")
	} else {
		q.service = words[0]
	}
	for i := 1; i < len(words); i++ {
		argument := ""
		if i+1 < len(words) {
			argument = words[i+1]
		}
		text, quoted := strconv.Unquote(argument)
		switch {
		case words[i] == "final":
			q.mode.Final = true
			continue
		case words[i] == "as_of":
			n, unit := splitDuration(argument)
			if unit == 0 {
				return p.fail(number, "as_of needs a duration", "write: as_of 1h")
			}
			q.mode.Lag = n * unit
		case words[i] == "fails" && quoted == nil:
			q.fails = text
		case words[i] == "warns" && quoted == nil:
			q.warns = append(q.warns, text)
		case words[i] == "silent" && quoted == nil:
			q.silent = append(q.silent, text)
		default:
			return p.fail(number, "unknown word in ask: "+words[i], `the words are as_of LAG, final, fails "text", warns "text", silent "text"`)
		}
		i++
	}
	t, err := p.table(number)
	if err != nil {
		return err
	}
	q.table = t
	s := p.scenario()
	s.Questions = append(s.Questions, q)
	return nil
}

// table reads the indented header and rows below line number.
func (p *parser) table(number int) (*table, error) {
	t := &table{pos: selfsame.Pos{File: p.script.File, Line: number}}
	for ; p.line < len(p.script.lines); p.line++ {
		l := p.script.lines[p.line]
		if blank(l) {
			continue
		}
		if l[0] != ' ' && l[0] != '\t' {
			break
		}
		words := cells(l)
		given := indexOf(words, "|")
		if given >= 0 {
			words = append(words[:given:given], words[given+1:]...)
		} else {
			given = len(words)
		}
		if t.header == nil {
			t.header, t.given, t.headerLine = words, given, p.line+1
			continue
		}
		if len(words) != len(t.header) || given != t.given {
			return nil, p.fail(p.line+1, fmt.Sprintf("%d cells below a header of %d", len(words), len(t.header)),
				"write null for a value that is not there, quote a text with spaces, and keep the bar in its place")
		}
		repeated, err := repeat(words)
		if err != nil {
			return nil, p.fail(p.line+1, err.Error(), "write {1..1000}, the same in every cell")
		}
		for _, r := range repeated {
			t.rows = append(t.rows, tableRow{r, p.line + 1})
		}
	}
	if t.header == nil {
		return nil, p.fail(number, "the section has no table", "indent a header line with field names and the rows below it")
	}
	return t, nil
}

var cellPattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]|[^\s]+`)

// cells splits a line at white space outside quotes and brackets. A # begins a comment.
func cells(line string) []string {
	var out []string
	for _, w := range cellPattern.FindAllString(line, -1) {
		if strings.HasPrefix(w, "#") {
			break
		}
		out = append(out, w)
	}
	return out
}

var rangePattern = regexp.MustCompile(`\{(-?[0-9]+)\.\.(-?[0-9]+)\}`)

// repeat expands {a..b}: the row stands once for each number, which takes the braces' place in every cell.
func repeat(words []string) ([][]string, error) {
	m := rangePattern.FindStringSubmatch(strings.Join(words, " "))
	if m == nil {
		return [][]string{words}, nil
	}
	lo, err1 := strconv.Atoi(m[1])
	hi, err2 := strconv.Atoi(m[2])
	if err1 != nil || err2 != nil || hi < lo || hi-lo > 1_000_000 {
		return nil, fmt.Errorf("%s is not a range of up to a million", m[0])
	}
	var out [][]string
	for i := lo; i <= hi; i++ {
		row := make([]string, len(words))
		for j, w := range words {
			if rangePattern.MatchString(w) && !strings.Contains(w, m[0]) {
				return nil, fmt.Errorf("two different ranges in one row")
			}
			row[j] = strings.ReplaceAll(w, m[0], strconv.Itoa(i))
		}
		out = append(out, row)
	}
	return out, nil
}
