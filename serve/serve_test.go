// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/column"
	"selfsame/online"
	"selfsame/plan"
	"selfsame/request"
)

func TestFeatures(t *testing.T) {
	var kept []*Record
	w := newWorld(t, definitions, func(o *Options) {
		o.Journal = func(r *Record) {
			kept = append(kept, &Record{Vector: &Vector{RequestID: r.RequestID, Token: r.Token}, Fields: r.Fields})
		}
		o.JournalTimes = true
	})
	w.push(noon-2*hour, order{"1", "u", 0.1, "ams", noon - 2*hour}, order{"2", "u", 250, "osl", noon - 2*hour})
	w.push(noon-hour, order{"3", "v", 1, "ams", noon - hour})
	v := w.fraud("u", "v", "w")
	if v.Service != "fraud" || v.Version != 1 || v.Rows != 3 || v.At != noon || v.Past || v.Stale || len(v.RequestID) != 26 || len(v.Warnings) > 0 {
		t.Errorf("%+v", v)
	}
	if token, err := online.ParseToken(v.Token); err != nil || token.Offset != 3 || v.Cut.Offset != 3 {
		t.Errorf("token %q: %+v, %v", v.Token, token, err)
	}
	o := v.Outputs[1]
	if o.Name != "spend__total" || o.Reference != "spend.total@1.0.0" || o.Version != "1.0.0" || !strings.HasPrefix(o.Definition, "sha256:") || o.Type.Kind != selfsame.Float64 {
		t.Errorf("%+v", o)
	}
	for row, want := range []struct {
		n      int64
		total  float64
		big    int64
		amount float64
		city   string
	}{{2, float64(float32(250.1)), 1, 250, "osl"}, {1, 1, 0, 1, "ams"}} {
		total, amount := w.value(v, "spend__total", row), w.value(v, "last_order__amount", row)
		if w.value(v, "spend__n", row).Int != want.n || total.Float != want.total || w.value(v, "spend__big", row).Int != want.big ||
			amount.Float != want.amount || w.value(v, "last_order__city", row).Str != want.city {
			t.Errorf("row %d: %v %v %v", row, w.value(v, "spend__n", row), total, amount)
		}
	}
	if w.value(v, "spend__n", 2).Int != 0 || w.value(v, "spend__total", 2).Status != selfsame.Null || w.value(v, "last_order__city", 2).Status != selfsame.NotFound {
		t.Error("an unknown user is not empty")
	}
	if v.EventTimes[0][0] != noon-2*hour || v.EventTimes[3][1] != noon-hour || v.EventTimes[3][2] != selfsame.MinTime {
		t.Errorf("event times %v", v.EventTimes)
	}
	if len(kept) != 1 || kept[0].RequestID != v.RequestID || kept[0].Token != v.Token || len(kept[0].Fields) != 1 {
		t.Errorf("journal: %+v", kept)
	}
	w.push(noon, order{"4", "u", 1, "ams", noon - 1})
	if again := w.fraud("u"); w.value(again, "spend__n", 0).Int != 3 || again.Token == v.Token || again.RequestID == v.RequestID {
		t.Errorf("after a push: %+v", again)
	}
}

// TestRowThatAsks: rows of one key have values of their own where windows count the row or take their length from it, and a length out of bounds is told.
func TestRowThatAsks(t *testing.T) {
	w := newWorld(t, definitions, nil)
	w.push(noon-2*hour, order{"1", "u", 10, "ams", noon - 2*hour})
	w.push(noon-hour, order{"2", "u", 1, "ams", noon - hour})
	amounts := &column.Column{Type: selfsame.Scalar(selfsame.Float64), Floats: []float64{100, 200, 300, 400}}
	ask := &Request{Service: "rule", Given: given([]string{"user_id", "amount", "back"}, texts("u", "u", "v", "u"), amounts, texts("1d", "90m", "1d", "2d"))}
	for range 2 { // from the store, then from the cache
		v, err := w.server.Features(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		for row, want := range []float64{111, 201, 300} {
			if got := w.value(v, "rules__over", row); got.Status != selfsame.Present || got.Float != want {
				t.Errorf("row %d: %+v, want %v", row, got, want)
			}
		}
		if got := w.value(v, "rules__over", 3); got.Status != selfsame.ErrorLength {
			t.Errorf("two days back: %+v", got)
		}
		if n := w.value(v, "rules__plain", 3).Int; n != 2 {
			t.Errorf("a window beside is %d", n)
		}
		if want := []string{"rules__over: back must be a duration from 1us to 1d, such as 1d"}; !slices.Equal(v.Warnings, want) {
			t.Errorf("got %q, want %q", v.Warnings, want)
		}
		v.Release()
	}
	ask.Given = given([]string{"user_id", "amount"}, texts("u"), &column.Column{Type: selfsame.Scalar(selfsame.Float64), Floats: []float64{1}})
	if _, err := w.server.Features(t.Context(), ask); err == nil || !strings.Contains(err.Error(), "needed as a request field") {
		t.Errorf("without the length: %v", err)
	}
}

func TestMoments(t *testing.T) {
	w := newWorld(t, definitions, nil)
	if got := w.server.Answered(); got != math.MinInt64 {
		t.Errorf("nothing was answered, and Answered is %d", got)
	}
	w.push(noon-2*hour, order{"1", "u", 1, "ams", noon - 3*hour})
	w.push(noon+5, order{"2", "u", 1, "ams", noon + 2}) // α is ahead of the clock
	v := w.fraud("u")
	if v.At != noon+5 || w.value(v, "spend__n", 0).Int != 2 || w.server.Answered() != noon+5 {
		t.Errorf("T is %d, want the last α; answered %d", v.At-noon, w.server.Answered()-noon)
	}
	ask := func(at int64, service string) (*Vector, error) {
		v, err := w.server.Features(context.Background(), &Request{Service: service, Given: given([]string{"user_id"}, texts("u")), At: &at})
		if err == nil {
			t.Cleanup(v.Release)
		}
		return v, err
	}
	for _, c := range []struct{ at, n int64 }{{noon - 3*hour, 0}, {noon - 2*hour - 1, 0}, {noon - 2*hour, 1}, {noon + 4, 1}, {noon + 5, 2}} {
		v, err := ask(c.at, "fraud")
		if err != nil {
			t.Fatal(err)
		}
		if got := w.value(v, "spend__n", 0).Int; got != c.n || v.At != c.at || !v.Past || v.Stale {
			t.Errorf("as of noon%+d: %d events, stale %v, want %d", c.at-noon, got, v.Stale, c.n)
		}
	}
	_, err := ask(noon+6, "fraud")
	if selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), "later than now") {
		t.Errorf("a time to come: %v", err)
	}
	w.now.Store(noon + 10)
	if v, err = ask(noon+6, "fraud"); err != nil || !v.Stale {
		t.Errorf("an entry could still get this α, and the answer is not stale: %v", err)
	}
	// A declared lag goes by α at any T, and T - lag is complete here.
	if v := w.ask(&Request{Service: "late", EntityID: "u"}); w.value(v, "slow__n_slow", 0).Int != 1 || v.Stale {
		t.Errorf("with a lag of an hour: %v, stale %v", w.value(v, "slow__n_slow", 0), v.Stale)
	}
	w.now.Store(noon + 2*hour)
	if v := w.ask(&Request{Service: "late", EntityID: "u"}); w.value(v, "slow__n_slow", 0).Int != 2 || !v.Stale {
		t.Errorf("an hour later: %v, stale %v", w.value(v, "slow__n_slow", 0), v.Stale)
	}
	if v := w.fraud("u"); v.Stale {
		t.Error("a cut by position is complete")
	}
}

func TestHooks(t *testing.T) {
	var asked []int64
	w := newWorld(t, definitions, func(o *Options) {
		o.History = func(text string) (*History, error) {
			h := &History{Snapshot: [16]byte{text[0]}}
			switch text {
			case "part":
				h.Ranges = []online.TokenRange{{Source: 0, Lo: 1, Hi: 2}}
			case "broken":
				return nil, errors.New("no such history")
			}
			return h, nil
		}
		o.Complete = func(_ request.Cut, known int64) bool { asked = append(asked, known); return true }
		o.Horizon = func(u *plan.Use) int64 {
			if u.View.Name == "spend" {
				return noon - hour
			}
			return selfsame.MinTime
		}
	})
	at := noon - hour
	if v := w.ask(&Request{Service: "fraud", EntityID: "u", At: &at}); v.Stale || !slices.Equal(asked, []int64{at}) {
		t.Errorf("asked whether %v is complete", asked)
	}
	at--
	_, err := w.server.Features(context.Background(), &Request{Service: "fraud", EntityID: "u", At: &at})
	if selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), "view spend keeps") {
		t.Errorf("beyond the horizon: %v", err)
	}
	w.ask(&Request{Service: "late", EntityID: "u", At: &at})
	if token, err := online.ParseToken(w.fraud("u").Token); err != nil || token.Snapshot != [16]byte{} {
		t.Errorf("without history: %+v, %v", token, err)
	}
	loaded := func(text string) {
		states := w.driver.States().WithHistory(text)
		w.server.opt.Reader = request.New(w.rows, func() *plan.States { return states }, request.Options{})
	}
	loaded("whole")
	v := w.fraud("u")
	if token, err := online.ParseToken(v.Token); err != nil || token.Snapshot != [16]byte{'w'} || v.Stale {
		t.Errorf("%+v, %v", token, err)
	}
	loaded("part")
	v = w.fraud("u")
	if token, _ := online.ParseToken(v.Token); !v.Stale || len(token.Ranges) != 1 || token.Snapshot != [16]byte{'p'} {
		t.Errorf("part of the history: stale %v, %+v", v.Stale, token)
	}
	loaded("broken")
	if _, err := w.server.Features(context.Background(), &Request{Service: "fraud", EntityID: "u"}); err == nil || err.Error() != "no such history" {
		t.Errorf("%v", err)
	}
}

func TestReferences(t *testing.T) {
	w := newWorld(t, definitions, nil)
	w.push(noon-hour, order{"1", "u", 12, "ams", noon - hour})
	for _, c := range []struct {
		refs  []string
		names string
	}{
		{[]string{"spend.n"}, "spend__n"}, {[]string{"spend:n"}, "spend__n"}, {[]string{"spend.n@1"}, "spend__n"}, {[]string{"spend:n:v1"}, "spend__n"},
		{[]string{"spend.n==1.0.0"}, "spend__n"}, {[]string{"spend.*"}, "spend__n spend__total spend__big"}, {[]string{"city", "big"}, "last_order__city spend__big"},
	} {
		v := w.ask(&Request{References: c.refs, EntityID: "u"})
		var names []string
		for _, o := range v.Outputs {
			names = append(names, o.Name)
		}
		if got := strings.Join(names, " "); got != c.names || v.Service != "" || v.Version != 0 {
			t.Errorf("%v gives %s", c.refs, got)
		}
	}
	for _, c := range []struct {
		q    Request
		kind selfsame.ErrorClass
		want string
	}{
		{Request{}, selfsame.ClassUsage, "neither a service nor features"},
		{Request{Service: "fraud", References: []string{"spend.n"}}, selfsame.ClassUsage, "both"},
		{Request{References: []string{"spend.n"}, Version: 1}, selfsame.ClassUsage, "a version needs a service"},
		{Request{Service: "frad"}, selfsame.ClassNotFound, "fraud"},
		{Request{Service: "fraud", Version: 2}, selfsame.ClassNotFound, "no such version"},
		{Request{References: []string{"spend.nn"}}, selfsame.ClassNotFound, "no feature nn"},
		{Request{References: []string{"n"}}, selfsame.ClassNotFound, "several views have a feature n: arrivals, spend"},
		{Request{References: []string{"spend.n@3"}}, selfsame.ClassNotFound, "no such version"},
		{Request{References: []string{"spend.n", "spend.n"}}, selfsame.ClassUsage, "spend.n is asked for twice"},
	} {
		c.q.EntityID = "u"
		_, err := w.server.Features(context.Background(), &c.q)
		if selfsame.ClassOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s with %q", c.q, err, c.kind, c.want)
		}
	}
}

func TestVersionsSideBySide(t *testing.T) {
	w := newWorld(t, definitions, nil)
	w.push(noon-hour, order{"1", "u", 12, "ams", noon - hour}, order{"2", "u", 300, "ams", noon - hour})
	if v := w.ask(&Request{Service: "both", Given: given([]string{"user_id", "airport"}, texts("u"), texts("ams"))}); w.value(v, "spend__n", 0).Int != 2 {
		t.Error("version 1 of a feature")
	}
	w.apply(strings.Replace(definitions, "n: count(*)\n", "n: count(*) filter (where amount > 100)\n", 1))
	v := w.ask(&Request{Service: "both", Given: given([]string{"user_id", "airport"}, texts("u"), texts("ams"))})
	if got := w.value(v, "spend__n", 0).Int; got != 1 || v.Version != 2 || v.Outputs[0].Reference != "spend.n@2.0.0" {
		t.Errorf("version 2: %d, %+v", got, v.Outputs[0])
	}
	v = w.ask(&Request{Service: "both", Version: 1, Given: given([]string{"user_id", "airport"}, texts("u"), texts("ams"))})
	if got := w.value(v, "spend__n", 0).Int; got != 2 || v.Version != 1 || v.Outputs[0].Reference != "spend.n@1.0.0" {
		t.Errorf("version 1 beside it: %d, %+v", got, v.Outputs[0])
	}
	v = w.ask(&Request{References: []string{"spend.n@1", "spend.n@2", "spend.n"}, EntityID: "u"})
	if one, two, now := w.value(v, "spend__n@1", 0).Int, w.value(v, "spend__n@2", 0).Int, w.value(v, "spend__n", 0).Int; one != 2 || two != 1 || now != 1 {
		t.Errorf("versions side by side in one list: %d, %d, %d", one, two, now)
	}
}

func TestNothingApplied(t *testing.T) {
	w := newWorld(t, definitions, nil)
	s := New(Options{Definitions: func() Definitions { return unapplied{} }, Reader: w.reader, Applied: w.server.opt.Applied, Now: w.now.Load})
	_, err := s.Features(context.Background(), &Request{Service: "fraud"})
	if selfsame.ClassOf(err) != selfsame.ClassNotFound || !strings.Contains(err.Error(), "selfsame apply") {
		t.Errorf("%v", err)
	}
}

// unapplied are the definitions of a registry without an apply.
type unapplied struct{ Definitions }

func (unapplied) Project() *selfsame.Project { return nil }

func TestGiven(t *testing.T) {
	w := newWorld(t, definitions, nil)
	w.push(noon-hour, order{"1", "u", 8, "ams", noon - hour})
	floats := func(v ...float64) *column.Column {
		return &column.Column{Type: selfsame.Scalar(selfsame.Float64), Floats: v}
	}
	ints := func(v ...int64) *column.Column {
		return &column.Column{Type: selfsame.Scalar(selfsame.Int64), Ints: v}
	}
	null := func() *column.Column { return &column.Column{Status: []selfsame.Status{selfsame.Null}} }
	v := w.ask(&Request{Service: "ask", EntityID: "u", Given: given([]string{"amount", "day", "price", "moment", "units"},
		ints(4), texts("2024-02-29"), texts("12.50"), texts("2024-02-29T12:00:00Z"), texts("9007199254740993"))})
	if got := w.value(v, "ratio__share", 0).Float; got != 0.5 {
		t.Errorf("share %v", got)
	}
	if got := w.value(v, "ratio__day", 0).Int; got != 19782 {
		t.Errorf("day %d", got)
	}
	if got := w.value(v, "ratio__price", 0).Dec; got != (selfsame.Int128{Lo: 1250}) {
		t.Errorf("price %v", got)
	}
	if got := w.value(v, "ratio__later", 0).Int; got != 19782*selfsame.DayLength+12*hour {
		t.Errorf("when %d", got)
	}
	if got := w.value(v, "ratio__units", 0).Int; got != 1<<53+1 {
		t.Errorf("units %d", got)
	}
	v = w.ask(&Request{Service: "ask", EntityID: "u", Given: given([]string{"amount", "units", "nte"}, floats(math.NaN()), null(), texts("x"))})
	if w.value(v, "ratio__share", 0).Status != selfsame.Null || w.value(v, "ratio__units", 0).Status != selfsame.Null || w.value(v, "ratio__shown", 0).Str != "none" {
		t.Error("NaN, a null and an absent field")
	}
	if len(v.Warnings) != 1 || v.Warnings[0] != "nothing reads the given column nte: did you mean note?" {
		t.Errorf("warnings %q", v.Warnings)
	}
	for _, c := range []struct {
		id    string
		given *column.Batch
		kind  selfsame.ErrorClass
		want  string
	}{
		{"u", given([]string{"amount"}, texts("many")), selfsame.ClassInput, `row 0, column amount: "many" is not a number`},
		{"", given([]string{"amount", "user_id"}, ints(1, 2), texts("u", "\xff")), selfsame.ClassInput, "row 1, column user_id"},
		{"", given([]string{"amount", "userid"}, ints(1), texts("u")), selfsame.ClassUsage, "rename the column userid"},
		{"", given([]string{"user_id"}, texts("u")), selfsame.ClassUsage, "column amount: the rows have no such column, needed as a request field (float64)"},
		{"u", given([]string{"amount", "user_id"}, ints(1), texts("u")), selfsame.ClassUsage, "given as columns already"},
		{"u", &column.Batch{Fields: []selfsame.Field{{Name: "amount"}}, Columns: []*column.Column{ints()}}, selfsame.ClassUsage, "there are none"},
		{"u", given([]string{"amount"}, ints(make([]int64, 1001)...)), selfsame.ClassUsage, "1000 are the most"},
		{"u", &column.Batch{Fields: []selfsame.Field{{Name: "amount"}}, Columns: []*column.Column{ints(1)}, Rows: 2}, selfsame.ClassUsage, "column amount has 1 values"},
		{"u", given([]string{"amount", "day"}, ints(1), texts("2024-02-30")), selfsame.ClassInput, "row 0, column day"},
		{"u", given([]string{"amount"}, ints(1<<53+1)), selfsame.ClassInput, "float64 does not hold"},
	} {
		_, err := w.server.Features(context.Background(), &Request{Service: "ask", EntityID: c.id, Given: c.given})
		if selfsame.ClassOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s with %q", err, c.kind, c.want)
		}
	}
	_, err := w.server.Features(context.Background(), &Request{Service: "both", EntityID: "u"})
	if selfsame.ClassOf(err) != selfsame.ClassUsage || !strings.Contains(err.Error(), "user_id, airport") {
		t.Errorf("an id that could be two keys: %v", err)
	}
}

func TestExpiredValues(t *testing.T) {
	w := newWorld(t, definitions, nil)
	w.push(noon-25*hour, order{"1", "u", 0.1, "ams", noon - 25*hour})
	if v := w.fraud("u"); w.value(v, "last_order__amount", 0).Status != selfsame.Expired {
		t.Error("an order of yesterday is not expired")
	}
	v := w.ask(&Request{Service: "fraud", EntityID: "u", Expired: true})
	if c := v.Columns[3]; c.StatusAt(0) != selfsame.Expired || c.Floats[0] != 0.1 || string(v.Columns[4].Str(0)) != "ams" {
		t.Errorf("asked for, it is %v", c)
	}
	if got := w.value(v, "spend__n", 0); got.Int != 1 {
		t.Errorf("the other view gives %v", got)
	}
}

func TestRequestIDs(t *testing.T) {
	w := newWorld(t, definitions, nil)
	if v := w.ask(&Request{Service: "fraud", EntityID: "u", RequestID: "mine-1"}); v.RequestID != "mine-1" {
		t.Errorf("%q", v.RequestID)
	}
	for _, id := range []string{"a b", "a\n", "é", strings.Repeat("x", 129)} {
		_, err := w.server.Features(context.Background(), &Request{Service: "fraud", EntityID: "u", RequestID: id})
		if selfsame.ClassOf(err) != selfsame.ClassUsage {
			t.Errorf("%q: %v", id, err)
		}
	}
	seen := map[string]bool{}
	for range 1000 {
		id := newID()
		if seen[id] || len(id) != 26 || checkID(id) != nil {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}

func TestTimingAndPlans(t *testing.T) {
	w := newWorld(t, definitions, nil)
	v := w.ask(&Request{Service: "fraud", EntityID: "u", Timing: true})
	if m := v.Milliseconds; m.Read <= 0 || m.Compute <= 0 || v.CacheMisses != 2 || v.CacheHits != 0 {
		t.Errorf("%+v, %d misses", m, v.CacheMisses)
	}
	if v := w.ask(&Request{Service: "fraud", EntityID: "u"}); v.CacheHits != 2 || v.Milliseconds != (Milliseconds{}) {
		t.Errorf("%+v", v)
	}
	w.ask(&Request{Service: "fraud", EntityID: "u", EventTimes: true})
	if v := w.ask(&Request{Service: "fraud", EntityID: "u"}); v.EventTimes != nil {
		t.Errorf("event times that nobody asked for: %v", v.EventTimes)
	}
	for i := range 2 * maxPlans { // as many lists as callers think of
		refs := []string{"spend.n"}
		for bit := range 11 {
			if i>>bit&1 == 1 {
				refs = append(refs, []string{"spend.total", "spend.big", "last_order.city", "last_order.amount"}[bit%4]+strings.Repeat(" ", bit/4))
			}
		}
		v, err := w.server.Features(context.Background(), &Request{References: refs, EntityID: "u"})
		if err == nil {
			v.Release()
		}
	}
	if n := len(w.server.plans.by); n == 0 || n > maxPlans {
		t.Errorf("%d plans are kept", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.server.Features(ctx, &Request{Service: "fraud", EntityID: "u"}); selfsame.ClassOf(err) != selfsame.ClassCanceled {
		t.Errorf("a caller that is gone: %v", err)
	}
}
