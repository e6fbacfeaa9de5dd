// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package node

import "os"

// syncData makes the bytes of a file durable.
func syncData(f *os.File) error { return f.Sync() }
