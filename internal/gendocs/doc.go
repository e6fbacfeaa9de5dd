// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

// Package gendocs writes the pages of the documentation that follow from code: docs/expressions.md, docs/aggregations.md and
// docs/config.md.
// Its test fails where a page is not what the code says; `make gen` writes the pages again. Nothing imports it.
package gendocs
