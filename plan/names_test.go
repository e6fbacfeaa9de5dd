// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	"selfsame/compute/aggregate"
	"selfsame/compute/expr"
)

// TestAggregateNames holds the parser's list of aggregates to the registry: what parses as one is one or is refused by name, and
// every aggregate parses as one.
func TestAggregateNames(t *testing.T) {
	for _, name := range expr.AggregateNames() {
		if _, refused := aggregate.Refused(name); aggregate.Lookup(name) == nil && !refused {
			t.Errorf("%s parses as an aggregate, and the registry neither has it nor refuses it", name)
		}
	}
	for _, f := range aggregate.All() {
		if f.Name != "count(distinct)" && !expr.IsAggregate(f.Name) {
			t.Errorf("%s is an aggregate, and does not parse as one: add it to the list in compute/expr", f.Name)
		}
	}
}
