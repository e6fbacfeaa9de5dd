// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"strings"

	"selfsame"
)

// identified reports whether rows of a source have an identity.
func identified(s *selfsame.Source) bool { return s.ID != "" || len(s.PrimaryKey) > 0 }

// resolutionText is all of a source's definition that resolution depends on. Definitions with one text share a namespace.
func resolutionText(s *selfsame.Source) string {
	var b strings.Builder
	fmt.Fprintf(&b, "source %q\n", s.Name)
	for _, f := range s.Schema {
		fmt.Fprintf(&b, "field %q %q\n", f.Name, f.Type.String())
	}
	fmt.Fprintf(&b, "time %q arrival %q id %q order %q operation %q key %q\n", s.EventTime, s.Arrival, s.ID, s.Order, s.Operation, s.PrimaryKey)
	for _, d := range []selfsame.Duration{s.Lateness, s.Skew, s.Corrections} {
		fmt.Fprintf(&b, "bound %t %d\n", d.Set, d.Micros)
	}
	return b.String()
}
