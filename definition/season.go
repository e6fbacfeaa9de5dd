// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"slices"

	"selfsame"
	"selfsame/compute/expr"
)

// keyKinds are the kinds that a key field may have.
var keyKinds = []selfsame.Kind{selfsame.Bool, selfsame.Int64, selfsame.Decimal, selfsame.String, selfsame.Bytes, selfsame.Timestamp, selfsame.Date}

// checkSeason checks the season of a view: an expression of now() alone.
func (l *loader) checkSeason(v *selfsame.FeatureView) {
	if v.Season == nil {
		return
	}
	ref := "view " + v.Name
	n, ok := l.parse(*v.Season, ref)
	if !ok {
		return
	}
	s := &scope{t: l.typing, v: &selfsame.FeatureView{Name: v.Name}}
	t, problems := s.check(n, seasonUse)
	for _, p := range problems {
		l.problem(*v.Season, ref, p)
	}
	const hint = "such as season: hour(now(), 'Europe/Berlin'), or day_of_week(now()) * 24 + hour(now())"
	switch {
	case len(problems) > 0 || t.Kind == selfsame.Unknown:
	case !slices.Contains(keyKinds, t.Kind):
		l.fail(v.Season.Pos, ref, "the season is "+article(t)+", which cannot be told apart exactly", "a season is bool, int64, decimal, string, bytes, timestamp or date, "+hint)
	case !hasNow(n):
		l.fail(v.Season.Pos, ref, "the season is the same at all times", hint)
	}
}

func hasNow(n expr.Node) bool {
	found := false
	expr.Walk(n, func(n expr.Node) bool {
		c, ok := n.(*expr.Call)
		found = found || ok && c.Name == "now"
		return !found
	})
	return found
}

// checkKeyMapping checks what an expression in a key mapping gives. fields are the names that it may read.
func (l *loader) checkKeyMapping(pos selfsame.Pos, ref string, k selfsame.Field, text string, s *scope) {
	if s == nil {
		l.fail(pos, ref, "the key "+k.Name+" of a service's feature is filled by an expression: "+text, "name a column; expressions stand in the `inputs` of a view")
		return
	}
	n, err := expr.Parse(selfsame.Expr{Text: text, Pos: selfsame.Pos{Line: 1, Column: 1}})
	if err != nil {
		p := asProblem(err, nil)
		l.fail(pos, ref, "the key "+k.Name+": "+p.Message, p.Hint)
		return
	}
	t, problems := s.check(n, seasonUse)
	for _, p := range problems {
		l.fail(pos, ref, "the key "+k.Name+": "+p.Message, p.Hint)
	}
	if len(problems) == 0 && t.Kind != selfsame.Unknown && k.Type.Kind != selfsame.Unknown && !t.Equal(k.Type) {
		l.fail(pos, ref, "the key "+k.Name+" is "+k.Type.String()+", and "+text+" is "+t.String(), "write cast("+text+" as "+k.Type.String()+")")
	}
}
