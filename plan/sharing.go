// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"selfsame"
	"selfsame/compute/expr"
)

// baseFormat is the first line of a base.
const baseFormat = "selfsame.base/1"

// Base is the canonical text of what two uses must share to keep one state: the types of the entity's key and the expressions that
// fill it, the where, the sources with all that decides their rows, and of an as-of view ttl and closed. Features, max_values and
// as_of are no part of it: they decide what is asked of the rows. Equal texts mean equal rows for equal entities.
func (u *Use) Base() string { return u.base }

// findBase works out the base.
func (u *Use) findBase() error {
	var b baseText
	b.line(baseFormat)
	if b.line("kind", u.View.Kind.String()); u.rows {
		b.line("rows") // as they came, for those who look other views up
	}
	if u.Entity != nil {
		for _, k := range u.Entity.Key {
			text, err := normalText(u.keyExpr(k.Name, u.Sources[0].Source))
			if err != nil {
				return err
			}
			b.line("key", k.Type.String(), text)
		}
	}
	if u.View.Where != nil && (!u.rows || u.Sources[0].Where != nil) {
		text, err := normalText(*u.View.Where)
		if err != nil {
			return err
		}
		b.line("where", text)
	}
	if u.Spec.AsOf {
		if u.View.TTL.Set {
			b.line("ttl", strconv.FormatInt(u.View.TTL.Micros, 10))
		}
		b.line("closed", u.View.Closed.String())
	}
	for _, s := range u.Sources {
		b.source(s.Source)
	}
	u.base = b.String()
	return nil
}

// keyExpr is the expression that fills a field of the entity's key from rows of a source.
func (u *Use) keyExpr(field string, s *selfsame.Source) selfsame.Expr {
	if field == SeasonField {
		return seasonOf(*u.View.Season, s)
	}
	if e, ok := u.View.Key[field]; ok {
		return e
	}
	return selfsame.Expr{Text: `"` + field + `"`, Pos: u.View.Pos}
}

func normalText(e selfsame.Expr) (string, error) {
	n, err := expr.Parse(e)
	if err != nil {
		return "", err
	}
	return expr.Print(n), nil
}

// rowsOf is the text of a source: what decides its rows.
func rowsOf(s *selfsame.Source) string {
	var b baseText
	b.source(s)
	return b.String()
}

// baseText is lines of a word and quoted texts.
type baseText struct{ strings.Builder }

func (b *baseText) line(word string, texts ...string) {
	b.WriteString(word)
	for _, t := range texts {
		b.WriteByte(' ')
		b.WriteString(strconv.Quote(t))
	}
	b.WriteByte('\n')
}

func (b *baseText) source(s *selfsame.Source) {
	b.line("source", s.Name)
	for _, f := range s.Schema {
		b.line("field", f.Name, f.Type.String())
	}
	b.names("event_time", s.EventTime)
	b.names("arrival", s.Arrival)
	b.names("id", s.ID)
	b.names("order", s.Order)
	b.names("operation", s.Operation)
	b.names("primary_key", s.PrimaryKey...)
	if s.KnowledgeDelay.Micros != 0 {
		b.line("knowledge_delay", strconv.FormatInt(s.KnowledgeDelay.Micros, 10))
	}
	b.span("lateness", s.Lateness)
	b.span("skew", s.Skew)
	b.span("corrections", s.Corrections)
	if s.Timezone != "UTC" {
		b.names("timezone", s.Timezone)
	}
	b.names("time_format", s.TimeFormat)
	b.line("reads", fmt.Sprintf("floor=%t nan=%t skip=%t", s.Floor, s.KeepNaN, s.SkipBad))
	b.mapping("rename", s.Rename)
	if s.Batch != nil {
		b.mapping("partition", s.Batch.Partition)
	}
}

// names writes a setting that is there.
func (b *baseText) names(word string, names ...string) {
	if len(names) > 0 && names[0] != "" {
		b.line(word, names...)
	}
}

func (b *baseText) span(word string, d selfsame.Duration) {
	if d.Set {
		b.line(word, strconv.FormatInt(d.Micros, 10))
	}
}

func (b *baseText) mapping(word string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b.line(word, k, m[k])
	}
}
