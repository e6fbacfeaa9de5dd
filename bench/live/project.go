// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// storedFeatures is how many columns a profile has, wideFeatures how many a wide one.
const storedFeatures, wideFeatures = 50, 250

// definitions are the project that is measured: 50 stored features of a user, and 250; 30 exact windows of 30 days; and a source with an id whose events
// feed two views.
func definitions() string {
	var schema, names []string
	for i := range storedFeatures {
		kind := []string{"float64", "float64", "float64", "int64"}[i%4]
		schema, names = append(schema, fmt.Sprintf("f%02d: %s", i, kind)), append(names, fmt.Sprintf("f%02d", i))
	}
	var wide, wideNames []string
	for i := range wideFeatures {
		wide, wideNames = append(wide, fmt.Sprintf("f%02d: float64", i)), append(wideNames, fmt.Sprintf("f%02d", i))
	}
	var windows []string
	for _, column := range []string{"a", "b", "c", "d", "e"} {
		for _, f := range []string{"count", "sum", "avg", "min", "max", "stddev"} {
			windows = append(windows, fmt.Sprintf("      %s_%s: %s(%s) over 30d", f, column, f, column))
		}
	}
	return `project: bench
entities:
  user: {key: {user_id: string}}
  shop: {key: {shop_id: string}}
sources:
  profiles:
    schema: {user_id: string, ` + strings.Join(schema, ", ") + `, updated: timestamp}
    event_time: updated
    stream: {push: true}
  wides:
    schema: {user_id: string, ` + strings.Join(wide, ", ") + `, updated: timestamp}
    event_time: updated
    stream: {push: true}
  payments:
    schema: {user_id: string, a: float64, b: float64, c: float64, d: float64, e: float64, at: timestamp}
    event_time: at
    lateness: 60d
    stream: {push: true}
  orders:
    schema: {order_id: string, user_id: string, shop_id: string, amount: float64, at: timestamp}
    event_time: at
    id: order_id
    stream: {push: true}
views:
  profile:
    entity: user
    source: profiles
    features: [` + strings.Join(names, ", ") + `]
  wide:
    entity: user
    source: wides
    features: [` + strings.Join(wideNames, ", ") + `]
  spend:
    entity: user
    source: payments
    features:
` + strings.Join(windows, "\n") + `
  by_user:
    entity: user
    source: orders
    features:
      orders: count(*) over [1h, 24h]
      amount: sum(amount) over [1h, 24h]
  by_shop:
    entity: shop
    source: orders
    features:
      orders: count(*) over [1h, 24h]
      amount: sum(amount) over [1h, 24h]
services:
  stored:  {features: [profile.*]}
  wide:    {features: [wide.*]}
  windows: {features: [spend.*]}
  orders:  {features: [by_user.*]}
`
}

// writeProject writes the project into a new folder.
func writeProject(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "selfsame.yaml"), []byte(definitions()), 0o666)
}
