// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package pit

import (
	"errors"
	"os"
)

const canMap = false

func mapFile(*os.File, int64) ([]byte, error) { return nil, errors.ErrUnsupported }

func (m *mapping) release() {}

func (m *mapping) unmap() {}
