// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package serve

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
)

// BenchmarkFeatures asks a service of a windowed and an as-of view in process, one row a call.
func BenchmarkFeatures(b *testing.B) {
	w := newWorld(b, definitions, nil)
	const users = 1000
	for i := range users {
		var list []order
		for k := range 20 {
			list = append(list, order{fmt.Sprint(i, "-", k), fmt.Sprint("user-", i), float64(k), "ams", noon - int64(k)*hour})
		}
		w.push(noon-int64(users-i), list...)
	}
	requests := make([]*Request, users)
	for i := range requests {
		requests[i] = &Request{Service: "fraud", Given: given([]string{"user_id"}, texts(fmt.Sprint("user-", i)))}
	}
	ask := func(i int) {
		q := *requests[i%users]
		v, err := w.server.Features(context.Background(), &q)
		if err != nil {
			b.Fatal(err)
		}
		v.Release()
	}
	for i := range users {
		ask(i)
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			ask(i * 7919)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		var next atomic.Int64
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ask(int(next.Add(7919)))
			}
		})
	})
	b.Run("hot key, parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ask(0)
			}
		})
	})
}
