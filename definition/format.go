// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package definition

import "selfsame/definition/syntax"

// Format lays a definition file out in the canonical way and keeps its comments: two spaces a level, one space after a colon or a
// comma, comments two spaces behind the text and aligned with their neighbours' of the same depth, no trailing space, at most one blank line in a
// row. Order, quotes and line breaks stay as they are. It never changes what the file means, and formatting twice is formatting once.
// The error is Errors where the file is not YAML that definitions are made of; names and types do not matter here.
func Format(src []byte, name string) ([]byte, error) {
	out, errs := syntax.Format(src, name)
	if len(errs) > 0 {
		return nil, Errors(errs).sorted()
	}
	return out, nil
}
