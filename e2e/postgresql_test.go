// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"github.com/rogpeppe/go-internal/testscript"

	"selfsame/internal/postgresql"
)

// database NAME sets a variable to the URL of an empty registry in a PostgreSQL.
func database(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: postgresql NAME")
	}
	url, err := postgresql.Place()
	ts.Check(err)
	ts.Setenv(args[0], url)
}
