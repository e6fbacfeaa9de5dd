// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"time"
)

// Compacted says what a forced compaction took.
type Compacted struct {
	Seconds float64 `json:"seconds"`
}

// compactVerb rewrites all files of the online state, which the store otherwise does in parts when it has to. No answer changes, and reads and pushes go on
// beside it: what they notice of it is what benchmarks force it for.
func (l *Live) compactVerb(ctx context.Context, _ *struct{}, line func(any) error) error {
	begin := time.Now()
	if err := l.store.Compact(ctx); err != nil {
		return err
	}
	return line(&Compacted{time.Since(begin).Seconds()})
}

// Compact asks for a compaction of the online state, and returns after it.
func (c *Client) Compact(ctx context.Context) (*Compacted, error) {
	var done Compacted
	err := c.Do(ctx, "compact", struct{}{}, func(b []byte) error { return json.Unmarshal(b, &done) })
	return &done, err
}
