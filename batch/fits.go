// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"errors"
	"fmt"
	"slices"

	"selfsame"
	"selfsame/compute/pit"
)

// fits refuses, before anything is swept, a use of which one key is too large for the memory limit, and says which row asks about it.
func (r *runner) fits() error {
	for i, u := range r.uses {
		err := u.sweep.Fits()
		if err == nil {
			continue
		}
		var e *selfsame.Error
		var hot *pit.HotKey
		if errors.As(err, &e) && errors.As(err, &hot) {
			e.Ref = fmt.Sprintf("view %s, the key of row %d", u.use.View.Name, slices.Index(r.ids[i], hot.Entity))
		}
		return err
	}
	return nil
}
