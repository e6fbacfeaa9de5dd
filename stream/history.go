// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import "selfsame/plan"

// Fresh returns the unions of those uses that a Switch to them would have to build states for. again says which bases are built anew though their
// shape is the same; nil: none.
func (d *Driver) Fresh(uses []*plan.Use, again func(base string) bool) ([]*plan.Use, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*plan.Use
	for _, group := range byBase(uses) {
		union, _, _, err := plan.Union(group)
		if err != nil {
			return nil, err
		}
		if (again != nil && again(union.Base())) || d.staying(union) == nil {
			out = append(out, union)
		}
	}
	return out, nil
}

// History returns the text that the last Load with history left: which history the live states hold. It is stored in the batch that makes the states of
// that load the live ones. States().History() is the same text for whoever reads; this one is there before the first Switch too.
func (d *Driver) History() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.catalog.History
}
