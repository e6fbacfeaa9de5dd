// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package definition reads, checks and formats definition files: selfsame.yaml and features/**/*.yaml.
//
// A file goes through four steps. Package definition/syntax turns YAML into nodes that know their place; the readers (entity.go, source.go,
// view.go, service.go) turn nodes into the project model of package selfsame; the checks (check_*.go) type every
// expression and resolve every name; definition/canonical prints what can change a feature's value. Every mistake is kept and the
// work goes on, so that all mistakes of a project are reported at once, each with file:line:column and an excerpt.
//
// reader.go keeps what was read of each file, and what was found of each view with all that the check of it looked at (typing.note), so that a project of which
// a file changed is read and checked where it changed. Mistakes are never kept beyond their file: a view that has one is checked anew.
//
// Scalars are decoded from their source text, never by YAML's own typing: no is a string and 010 is not 8.
//
// The package decides what a definition means as a document. What an expression or an aggregate means is decided in
// compute/expr and compute/aggregate, which it calls. Functions are safe for concurrent use.
package definition
