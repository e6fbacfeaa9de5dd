// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestSwitchWhileReading pushes and applies new definitions while many ask: every answer is of one version and of one cut, and holds
// exactly what lies below it.
func TestSwitchWhileReading(t *testing.T) {
	w := newWorld(t, definitions, nil)
	var done atomic.Bool
	var answers atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			last := int64(0)
			for !done.Load() || answers.Load() < 10 {
				v, err := w.server.Features(context.Background(), &Request{Service: "fraud", EntityID: "u"})
				if err != nil {
					t.Error(err)
					return
				}
				answers.Add(1)
				got := v.Columns[0].Ints[0]
				if got != v.Cut.Offset || got < last || !strings.HasPrefix(v.Outputs[0].Reference, fmt.Sprintf("spend.n@%d.", v.Version)) {
					t.Errorf("%s of version %d at cut %d: %d events, after %d", v.Outputs[0].Reference, v.Version, v.Cut.Offset, got, last)
					return
				}
				last = got
				v.Release()
			}
		})
	}
	event := 0
	for version := range 5 {
		for range 20 {
			w.now.Add(1)
			w.push(w.now.Load(), order{fmt.Sprint(event), "u", 200, "ams", noon - hour})
			event++
		}
		w.apply(strings.Replace(definitions, "n: count(*)\n", fmt.Sprintf("n: count(*) filter (where amount > %d)\n", version), 1))
	}
	done.Store(true)
	wg.Wait()
}
