// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"selfsame"
	"selfsame/plan"
)

// The bounds within which an entry of the log may meet others of its identity.

func skewOf(s *selfsame.Source) int64        { return s.Skew.Or(plan.DefaultSkew) }
func correctionsOf(s *selfsame.Source) int64 { return s.Corrections.Or(plan.DefaultCorrections) }
