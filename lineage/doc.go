// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package lineage is the graph of what depends on what: sources, their columns, views, features in their versions, services, models and runs, and
// the provenance of one value.
//
// It holds shapes and what follows from them: which columns a planned feature reads, walks up and down, texts. It opens nothing and knows neither
// registry nor files: node fills a Graph from them. Edges point where data flows, from a source down to a model; the graph has no circle.
//
// A Graph is built by one goroutine and immutable from Seal on; then it is safe for concurrent use. The same graph and question give the same bytes.
package lineage
