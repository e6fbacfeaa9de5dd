// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package examples holds the example projects, inside the binary: `selfsame init` writes them out.
package examples

import "embed"

// Files holds one folder for each example: starter, fraud, flights.
//
//go:embed starter fraud flights
var Files embed.FS
