// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"selfsame/online"
	"selfsame/online/embedded"
	"selfsame/plan"
)

// TestHistoryOutlivesACrash: the log cannot give history again, so it is durable when Load returns.
func TestHistoryOutlivesACrash(t *testing.T) {
	p, uses := usesOf(t, fmt.Sprintf(world, viewsOf(worldSources...)))
	versions := slices.DeleteFunc(slices.Clone(uses), func(u *plan.Use) bool { return !u.Spec.AsOf })
	r := rand.New(rand.NewPCG(5, 5))
	_, entries := draw(r, p, 1)
	all := withHistory(r, p, entries, 20)[:20]
	fs := vfs.NewCrashableMem()
	store, err := embedded.Open("online", embedded.Options{FS: fs, Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	d := openOver(t, store, &listLog{}, versions, Options{})
	if err := d.Load(t.Context(), Load{Uses: versions, Again: func(string) bool { return true }, Fill: fillWith(r, all, 0, 20)}); err != nil {
		t.Fatal(err)
	}
	left := fs.CrashClone(vfs.CrashCloneCfg{})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if store, err = embedded.Open("online", embedded.Options{FS: left, Reserve: -1}); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, s := range openOver(t, store, &listLog{}, versions, Options{}).States().List() {
		found += len(entitiesOf(t, store, online.State(s.ID)))
	}
	if found == 0 {
		t.Error("nothing is left of the history")
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}
