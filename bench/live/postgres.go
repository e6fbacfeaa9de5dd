// Copyright 2026 The Selfsame Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"selfsame/internal/postgresql"
)

// postgresCaller reads from PostgreSQL; all callers share the pool, which has a connection for each.
type postgresCaller struct {
	pool *pgxpool.Pool
	read func(pool *pgxpool.Pool, i int) error
}

func (c *postgresCaller) call(i int) (bool, error) { return false, c.read(c.pool, i) }
func (c *postgresCaller) Close() error             { return nil }

// postgresUsers is how many users have a row of 50 columns and one of a packed value.
const postgresUsers = 10_000

var errPostgres = errors.New("an answer of PostgreSQL is not the one that was stored")

// fillPostgres stores what is read: 50 columns, and the same packed in one value.
func fillPostgres(pool *pgxpool.Pool) error {
	r := rand.New(rand.NewPCG(4, 4))
	var names, columns []string
	for f := range storedFeatures {
		names = append(names, fmt.Sprintf("f%02d", f))
		columns = append(columns, names[f]+" double precision NOT NULL")
	}
	for _, statement := range []string{"CREATE TABLE packed (user_id text PRIMARY KEY, value bytea NOT NULL)",
		"CREATE TABLE wide (user_id text PRIMARY KEY, " + strings.Join(columns, ", ") + ")"} {
		if _, err := pool.Exec(background, statement); err != nil {
			return err
		}
	}
	var packed, wide [][]any
	for u := range postgresUsers {
		row, value := []any{userName(u)}, []byte(nil)
		for range storedFeatures {
			v := float64(r.IntN(1_000_000)) / 100
			row, value = append(row, v), binary.LittleEndian.AppendUint64(value, math.Float64bits(v))
		}
		packed, wide = append(packed, []any{userName(u), value}), append(wide, row)
	}
	if _, err := pool.CopyFrom(background, pgx.Identifier{"packed"}, []string{"user_id", "value"}, pgx.CopyFromRows(packed)); err != nil {
		return err
	}
	if _, err := pool.CopyFrom(background, pgx.Identifier{"wide"}, append([]string{"user_id"}, names...), pgx.CopyFromRows(wide)); err != nil {
		return err
	}
	_, err := pool.Exec(background, "VACUUM ANALYZE")
	return err
}

// readPacked reads one packed value.
func readPacked(pool *pgxpool.Pool, i int) error {
	var value []byte
	err := pool.QueryRow(background, "SELECT value FROM packed WHERE user_id = $1", userName(i%postgresUsers)).Scan(&value)
	if err == nil && len(value) != 8*storedFeatures {
		err = errPostgres
	}
	return err
}

// readWide reads one row of 50 columns.
func readWide(pool *pgxpool.Pool, i int) error {
	rows, err := pool.Query(background, "SELECT * FROM wide WHERE user_id = $1", userName(i%postgresUsers))
	if err != nil {
		return err
	}
	defer rows.Close()
	var user string
	var values [storedFeatures]float64
	into := []any{&user}
	for f := range values {
		into = append(into, &values[f])
	}
	if !rows.Next() {
		return errors.Join(errPostgres, rows.Err())
	}
	return rows.Scan(into...)
}

// postgres measures single reads by key from a PostgreSQL of its own, through pgx with a pool and prepared statements. It syncs nothing, which reads do not need.
func (b *bench) postgres() (err error) {
	server, err := postgresql.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Remove()) }()
	c, err := pgxpool.ParseConfig(server.URL(""))
	if err != nil {
		return err
	}
	c.MaxConns = int32(b.conns)
	pool, err := pgxpool.NewWithConfig(background, c)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := fillPostgres(pool); err != nil {
		return err
	}
	for _, r := range []struct {
		name string
		read func(*pgxpool.Pool, int) error
	}{{"packed value of 50", readPacked}, {"row of 50 columns", readWide}} {
		if err := b.peer("PostgreSQL, "+r.name, 0, func() (caller, error) { return &postgresCaller{pool, r.read}, nil }, distinct); err != nil {
			return err
		}
	}
	return nil
}
