// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strings"
	"testing"

	"selfsame"
	v1 "selfsame/api/selfsamev1"
)

// TestVersionsOfQuestionsAndArmsOfAnswers: both protocols ask for one version of all features, and name the arm of each row.
func TestVersionsOfQuestionsAndArmsOfAnswers(t *testing.T) {
	var asked []string
	s := &store{answer: func(q *Question) *Answer {
		asked = append(asked, q.FeatureVersion)
		return &Answer{RequestID: "r", Service: "fraud", Rows: 2, Experiment: `a"b`, Variants: []string{"control", "new"}, Cut: "c",
			Columns: []AnswerColumn{{Name: "x", Reference: "v.x", Values: of(selfsame.Int64, num(1), num(2))}}}
	}}
	h := New(s.options()).HTTP()
	for _, version := range []string{`"1.1.0"`, `2`, `null`} {
		w := call(h, "POST", "/v1/features/online", `{"features":["v.x"],"feature_version":`+version+`,"rows":[{"k":1},{"k":2}]}`)
		if want := `"service":"fraud","version":0,"experiment":"a\"b","variants":["control","new"],"at":`; w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("got %d %s, want %s", w.Code, w.Body, want)
		}
	}
	client := v1.NewFeaturesClient(dial(t, s.options()))
	for _, form := range []v1.Form{v1.Form_COLUMNS, v1.Form_PACKED} {
		answer, err := client.GetFeatures(t.Context(), &v1.GetFeaturesRequest{What: &v1.GetFeaturesRequest_Features{Features: &v1.References{Reference: []string{"v.x"}}},
			FeatureVersion: "3", EntityId: "1", Form: form})
		if err != nil || answer.Experiment != `a"b` || !slices.Equal(answer.Variants, []string{"control", "new"}) {
			t.Errorf("got %v, %v", answer, err)
		}
	}
	if want := []string{"1.1.0", "2", "", "3", "3"}; !slices.Equal(asked, want) {
		t.Errorf("asked for versions %q, want %q", asked, want)
	}
}
