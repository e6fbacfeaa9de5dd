// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// channel is the one that records are told on, with the schema as the message.
const channel = "selfsame_registry"

// Watch listens on a connection of its own.
func (s *Store) Watch(ctx context.Context, told func()) error {
	conn, err := pgx.ConnectConfig(ctx, s.conn)
	if err != nil {
		return s.fault(ctx, "watch", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return s.fault(ctx, "watch", err)
	}
	told() // of what came before it listened
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return s.fault(ctx, "watch", err)
		}
		if n.Payload == s.schema {
			told()
		}
	}
}
