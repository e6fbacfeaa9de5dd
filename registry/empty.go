// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"

	"selfsame"
)

// Empty returns a registry in which nothing is applied and nothing can be: what a plan is against before the first apply.
func Empty(dir string) Registry { return Over(empty{}, dir) }

type empty struct{}

func (empty) Load(context.Context, int64) ([]*Record, error) { return nil, nil }

func (empty) Append(context.Context, *Record, map[string][]byte) error {
	return &selfsame.Error{Class: selfsame.ClassInternal, Ref: "registry", Message: "nothing can be applied to the empty registry"}
}

func (empty) Texts(context.Context, []string) (map[string][]byte, error) { return nil, nil }

func (empty) Close() error { return nil }
