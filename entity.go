// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package selfsame

// Field is a named, typed column of a source, a request or an entity key.
type Field struct {
	Name     string
	Type     Type
	Optional bool // request fields only: may be absent, which is null
	Pos      Pos
}

// Entity is a thing that features describe. Its key is typed and ordered; a composite key is never joined by a separator.
type Entity struct {
	Name        string
	Key         []Field
	Description string
	Owner       string
	Tags        map[string]string
	Pos         Pos
}
