// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"net/http"
	"testing"

	"selfsame"
)

type overlong struct{ error }

func (o overlong) Unwrap() error  { return o.error }
func (o overlong) TooLarge() bool { return true }

// TestTooLargeBehindTheWire holds the status of what is found to be too large only when it is decoded.
func TestTooLargeBehindTheWire(t *testing.T) {
	p := problemOf(overlong{&selfsame.Error{Class: selfsame.ClassUsage, Message: "the call holds more than 2 events", Hint: "send them in several"}})
	if p.fault.HTTP != http.StatusRequestEntityTooLarge || p.class != selfsame.ClassUsage || p.hint != "send them in several" {
		t.Errorf("got %+v", p)
	}
	if p := problemOf(errors.New("a fault")); p.fault.HTTP != http.StatusInternalServerError {
		t.Errorf("got %+v", p)
	}
}
