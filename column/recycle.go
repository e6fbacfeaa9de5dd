// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package column

import "selfsame"

// Recycle is Reset for a column whose statuses nobody else holds: it keeps their memory too.
func (c *Column) Recycle() {
	if c.Status != nil {
		c.spare = c.Status[:0]
	}
	c.Reset()
}

// statuses returns n statuses that say Present, with room for as many as the column has room for values.
func (c *Column) statuses(n int) []selfsame.Status {
	s := c.spare
	c.spare = nil
	if cap(s) < n {
		return make([]selfsame.Status, n, max(n, c.capacity()))
	}
	s = s[:n]
	clear(s)
	return s
}
