// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime/debug"
)

// keepLess lets the collector run more often than Go does by itself: a run's memory is a few hundred slices without pointers, which cost
// little to look through, and half of the garbage is less to ask the system for. Where memory is limited it runs more often still. GOGC
// overrides it.
func keepLess(limit int64) {
	percent := 50
	if limit > 0 {
		percent = 20
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
