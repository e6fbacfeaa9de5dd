// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime/debug"
)

// keepLess lets the collector run more often than Go does by itself: a run's memory is a few hundred slices without pointers, which cost
// little to look through, and half of the garbage is less to ask the system for. GOGC overrides it.
func keepLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
