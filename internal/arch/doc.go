// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package arch holds the repository to its manners: who may import whom, names, headers, documentation, sizes, and what value
// code may compute with. It has tests only; their messages say what to do.
package arch
