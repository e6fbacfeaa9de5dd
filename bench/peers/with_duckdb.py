# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""DuckDB: events and labels in one relation, window functions over RANGE frames, then the labels alone."""

import duckdb

WINDOWS = {"1h": 3_600_000_000, "24h": 86_400_000_000, "7d": 7 * 86_400_000_000, "30d": 30 * 86_400_000_000}  # microseconds


def connect():
    con = duckdb.connect()
    con.execute("SET threads = 2")
    con.execute("SET preserve_insertion_order = false")
    con.execute("SET TimeZone = 'UTC'")
    return con


def frames(names):
    return ", ".join(
        # Frames over integers are several times faster than frames over timestamps and intervals.
        f"w{n} AS (PARTITION BY user_id ORDER BY us RANGE BETWEEN {WINDOWS[n]} PRECEDING AND 1 PRECEDING)"
        for n in names
    )


def rows(events, labels, columns):
    fields = ", ".join(columns)
    nulls = ", ".join(f"NULL AS {c}" for c in columns)
    return (
        f"SELECT NULL::BIGINT AS label_id, user_id, \"at\", epoch_us(\"at\") AS us, {fields} FROM '{events}' "
        f"UNION ALL SELECT label_id, user_id, \"at\", epoch_us(\"at\") AS us, {nulls} FROM '{labels}'"
    )


def write(con, query, out):
    con.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def windows24(events, labels, out):
    cells = ", ".join(
        f"{f}(amount) OVER w{n} AS {name}_{n}"
        for n in WINDOWS
        for name, f in [("n", "count"), ("s", "sum"), ("a", "avg"), ("lo", "min"), ("hi", "max"), ("sd", "stddev_samp")]
    )
    write(
        connect(),
        f"SELECT * FROM (SELECT label_id, user_id, \"at\", {cells} FROM ({rows(events, labels, ['amount'])}) WINDOW {frames(WINDOWS)}) "
        "WHERE label_id IS NOT NULL ORDER BY label_id",
        out,
    )


def recent(events, labels, out):
    """Distinct counts by frames; the last five by lags of the events and one as-of join."""
    lags = ", ".join(f"lag(amount, {i}) OVER u AS x{i}, lag(\"at\", {i}) OVER u AS t{i}" for i in range(5))
    kept = ", ".join(f"CASE WHEN e.t{i} >= l.\"at\" - INTERVAL 30 DAYS THEN e.x{i} END" for i in range(5))
    write(
        connect(),
        "WITH cells AS (SELECT * FROM (SELECT label_id, count(DISTINCT merchant_id) OVER w7d AS d_7d, "
        f"count(DISTINCT merchant_id) OVER w30d AS d_30d FROM ({rows(events, labels, ['merchant_id'])}) WINDOW {frames(['7d', '30d'])}) "
        f"WHERE label_id IS NOT NULL), e AS (SELECT user_id, \"at\", {lags} FROM '{events}' WINDOW u AS (PARTITION BY user_id ORDER BY \"at\")), "
        f"five AS (SELECT l.label_id, l.user_id, l.\"at\", list_filter([{kept}], lambda x: x IS NOT NULL) AS five "
        f"FROM '{labels}' l ASOF LEFT JOIN e ON l.user_id = e.user_id AND l.\"at\" > e.\"at\") "
        "SELECT label_id, user_id, \"at\", d_7d, d_30d, five[1] AS last_30d, CASE WHEN len(five) > 0 THEN five END AS five_30d "
        "FROM five JOIN cells USING (label_id) ORDER BY label_id",
        out,
    )


def asof(profiles, labels, out):
    columns = ", ".join(f"p.c{i}" for i in range(10))
    write(
        connect(),
        f"SELECT l.label_id, l.user_id, l.\"at\", {columns} FROM '{labels}' l ASOF LEFT JOIN '{profiles}' p "
        "ON l.user_id = p.user_id AND l.\"at\" >= p.\"at\" ORDER BY l.label_id",
        out,
    )
