// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package canonical

// ServiceFormat is the name and version of the canonical form of a service's list.
const ServiceFormat = "selfsame.service/1"

// Output is one output of a service: its name, its feature by view.feature and by the hash of its form, and the columns that fill the
// view's key, by entity key field.
type Output struct {
	Name    string
	Feature string
	Hash    string
	Key     map[string]string
}

// Service returns the canonical form of a service's list of outputs. Equal bytes mean equal answers. docs/format/canonical.md
// describes it.
func Service(outputs []Output) []byte {
	list := make([]any, 0, len(outputs))
	for _, o := range outputs {
		d := document{}
		d.set("name", o.Name)
		d.set("feature", o.Feature)
		d.set("hash", o.Hash)
		key := document{}
		for field, column := range o.Key {
			if field != column {
				key.set(field, column)
			}
		}
		if len(key) > 0 {
			d.set("key", key)
		}
		list = append(list, d)
	}
	d := document{}
	d.set("format", ServiceFormat)
	d.set("features", list)
	return d.append(nil)
}
