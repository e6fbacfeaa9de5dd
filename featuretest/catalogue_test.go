// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package featuretest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"selfsame"
	"selfsame/compute/expr"
	"selfsame/definition"
)

const catalogueProject = `project: catalogue
entities: {user: {key: {user_id: string}}}
sources:
  events:
    schema: {user_id: string, x: float64, y: float64, n: int64, s: string, b: bool, v: list<float64>, at: timestamp}
    event_time: at
    batch: {path: events.parquet}
views:
  view:
    entity: user
    source: events
    features:
      f:
        value: %q
`

// defineFeature checks a project with one feature.
func defineFeature(text string) error {
	_, err := definition.Parse(map[string][]byte{"selfsame.yaml": fmt.Appendf(nil, catalogueProject, text)}, ".")
	return err
}

// hints are those of all problems of an error.
func hints(err error) (all []string) {
	var one *selfsame.Error
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		for _, e := range many.Unwrap() {
			all = append(all, hints(e)...)
		}
	} else if errors.As(err, &one) && one.Hint != "" {
		all = append(all, one.Hint)
	}
	return all
}

var callable = regexp.MustCompile(`^[A-Za-z_0-9]+$`)

// TestCatalogue resolves every row of docs/catalogue.csv: what is here is a feature that checks, and whoever writes the other system's name is told so; what is
// refused does not check and says what to write.
func TestCatalogue(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "docs", "catalogue.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0], []string{"system", "function", "here", "reason"}) {
		t.Fatalf("the columns are %v", rows[0])
	}
	count := map[string]int{}
	for _, row := range rows[1:] {
		system, function, here, reason := row[0], row[1], row[2], row[3]
		count[system]++
		switch {
		case (here == "") == (reason == ""):
			t.Errorf("%s %s is here or refused for a reason, and not both", system, function)
		case here == "":
			checkRefused(t, function)
		default:
			checkHere(t, function, here)
		}
	}
	for _, system := range []string{"Chronon", "Tecton", "OpenMLDB", "Fennel", "Feathr", "SQL"} {
		if count[system] < 10 {
			t.Errorf("%s has %d rows", system, count[system])
		}
	}
}

// foreignCall is what someone who knows another system writes.
func foreignCall(function string) string { return strings.ToLower(function) + "(x) over 30d" }

func checkRefused(t *testing.T, function string) {
	t.Helper()
	if err := defineFeature(foreignCall(function)); err == nil || len(hints(err)) == 0 {
		t.Errorf("%s is refused, and someone who writes it is told %v", function, err)
	}
}

func checkHere(t *testing.T, function, here string) {
	t.Helper()
	if err := defineFeature(here); err != nil {
		t.Errorf("%s: %s: %v", function, here, err)
		return
	}
	n, err := expr.Parse(selfsame.Expr{Text: here})
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, a := range expr.Aggregates(n) {
		ours = append(ours, a.Func)
	}
	if !callable.MatchString(function) || expr.IsAggregate(function) || function == "buckets" || function == "aggregation_secondary_key" || function == "Distinct" {
		return // one of our names, a setting, or a word that begins something else
	}
	err = defineFeature(foreignCall(function))
	told := slices.ContainsFunc(hints(err), func(hint string) bool {
		return slices.ContainsFunc(ours, func(name string) bool { return strings.Contains(hint, name+"(") })
	})
	if !told {
		t.Errorf("%s is %s here, and someone who writes it is told %v", function, here, err)
	}
}
