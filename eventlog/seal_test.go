// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package eventlog

// Sealed puts a form and a right checksum before a body.
func Sealed(body []byte) []byte {
	return seal(append([]byte{blockForm, 0, 0, 0, 0}, body...), 0)
}
