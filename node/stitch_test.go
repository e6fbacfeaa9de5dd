// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"testing"
	"time"

	"selfsame"
)

// warehouse is a project whose history says later than the log when its rows became known, as tables do that are loaded at night.
const warehouse = `project: warehouse
entities:
  user: {key: {k: string}}
sources:
  pays:
    schema: {k: string, x: int64, id: string, at: timestamp, created: timestamp}
    event_time: at
    arrival: created
    id: id
    history: 3650d
    batch: {path: pays.csv}
    stream: {push: true}
  homes:
    schema: {k: string, x: int64, pk: int64, op: string, seq: int64, at: timestamp, created: timestamp}
    event_time: at
    arrival: created
    operation: op
    primary_key: [pk]
    order: seq
    history: 3650d
    batch: {path: homes.csv}
    stream: {push: true}
views:
  paid:  {entity: user, source: pays, features: {n: count(*) over lifetime, s: sum(x) over lifetime}}
  lag:   {entity: user, source: pays, as_of: 1m, features: {n: count(*) over lifetime}}
  owned: {entity: user, source: homes, features: {n: "sum(x) over lifetime"}}
services:
  all: {features: [paid.*, lag.n, owned.n]}
`

// TestHistoryKnownLaterThanTheLog: copies and versions that came live before the file with them was loaded were known since they came, whatever the
// file says.
func TestHistoryKnownLaterThanTheLog(t *testing.T) {
	stamp := func(after int64) string { return time.UnixMicro(bankStart + after).UTC().Format(time.RFC3339Nano) }
	w := newLiveWorld(t, warehouse, map[string]string{
		"pays.csv":  "k,x,id,at,created\na,1,p1," + stamp(0) + "," + stamp(selfsame.Hour) + "\nb,7,p2," + stamp(0) + "," + stamp(selfsame.Hour) + "\n",
		"homes.csv": "k,x,pk,op,seq,at,created\na,100,1,upsert,3," + stamp(0) + "," + stamp(selfsame.Hour) + "\n",
	})
	w.push("pays", fmt.Sprintf(`{"k": "a", "x": 5, "id": "p1", "at": %q, "created": %q}`, stamp(0), stamp(0)))
	for _, version := range [][2]int{{10, 2}, {20, 1}} {
		w.push("homes", fmt.Sprintf(`{"k": "a", "x": %d, "pk": 1, "op": "upsert", "seq": %d, "at": %q, "created": %q}`, version[0], version[1], stamp(0), stamp(0)))
	}
	w.clock.Store(bankStart + 2*selfsame.Hour)
	w.must("backfill", &LoadArgs{})
	for _, at := range []int64{selfsame.Minute, 2 * selfsame.Minute, 10 * selfsame.Minute, selfsame.Hour, selfsame.Hour + selfsame.Minute} {
		at += bankStart
		w.ask(&at)
	}
	w.ask(nil)
}
