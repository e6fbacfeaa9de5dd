// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"crypto/rand"
	"encoding/base32"
)

// idText writes request ids: no letter that reads like a digit, and one case.
var idText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

const longestID = 128

// newID returns a new request id: 128 random bits.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	var text [26]byte
	idText.Encode(text[:], b[:])
	return string(text[:])
}

// checkID refuses ids that logs and files could not hold.
func checkID(id string) error {
	if len(id) > longestID {
		return usage("request id", "it is longer than 128 bytes", "leave it out, and one is made")
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return usage("request id", "it holds other than printable ASCII", "leave it out, and one is made")
		}
	}
	return nil
}
