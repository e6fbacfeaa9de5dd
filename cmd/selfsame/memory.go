// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
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

// room is never written, so that it takes no memory: the collector counts it as if it were in use, and lets that much more garbage gather.
var room []byte

// leaveRoom lets the collector of a server run more rarely than Go does by itself. A server that holds some 40 MiB would be collected after every 40 MiB of
// garbage, which at 10,000 reads a second is so often that one read in a hundred meets a collection; behind roomBytes more it is one in four hundred. GOGC and
// GOMEMLIMIT override it.
func leaveRoom() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		room = make([]byte, roomBytes)
		runtime.KeepAlive(room)
	}
}

const roomBytes = 128 << 20
