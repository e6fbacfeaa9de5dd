# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""Polars: events and labels in one frame sorted by user and time, `rolling` with closed="left", then the labels alone."""

import polars as pl

WINDOWS = ["1h", "24h", "7d", "30d"]


def frame(events, labels, columns):
    e = pl.scan_parquet(events).select("user_id", "at", *columns)
    l = pl.scan_parquet(labels).select("user_id", "at", "label_id")
    return pl.concat([e, l], how="diagonal").sort("user_id", "at")


def rolled(rows, window, aggregates):
    return (
        rows.rolling(index_column="at", period=window, closed="left", group_by="user_id")
        .agg(pl.col("label_id").last().alias("unused"), *aggregates)
        .drop("unused", "user_id", "at")
    )


def finish(rows, parts, out):
    # Every part has the rows of the sorted frame in its order.
    whole = pl.concat([rows.select("label_id", "user_id", "at"), *parts], how="horizontal")
    whole.filter(pl.col("label_id").is_not_null()).sort("label_id").write_parquet(out, compression="zstd")


def windows24(events, labels, out):
    rows = frame(events, labels, ["amount"]).collect()
    x = pl.col("amount")
    parts = []
    for w in WINDOWS:
        part = rolled(
            rows.lazy(),
            w,
            [
                x.count().alias(f"n_{w}"),
                x.sum().alias(f"s_{w}"),
                x.mean().alias(f"a_{w}"),
                x.min().alias(f"lo_{w}"),
                x.max().alias(f"hi_{w}"),
                x.std().alias(f"sd_{w}"),
            ],
        )
        empty = pl.col(f"n_{w}") == 0
        part = part.with_columns(pl.when(empty).then(None).otherwise(pl.col(f"s_{w}")).alias(f"s_{w}")).collect()
        parts.append(part)
    finish(rows, parts, out)


def recent(events, labels, out):
    rows = frame(events, labels, ["merchant_id", "amount"]).collect()
    m, x = pl.col("merchant_id"), pl.col("amount").drop_nulls()
    parts = [
        rolled(rows.lazy(), "7d", [m.drop_nulls().n_unique().alias("d_7d")]).collect(),
        rolled(
            rows.lazy(),
            "30d",
            [m.drop_nulls().n_unique().alias("d_30d"), x.last().alias("last_30d"), x.tail(5).reverse().alias("five_30d")],
        ).collect(),
    ]
    finish(rows, parts, out)


def asof(profiles, labels, out):
    p = pl.scan_parquet(profiles).sort("at")
    l = pl.scan_parquet(labels).select("label_id", "user_id", "at").sort("at")
    l.join_asof(p, on="at", by="user_id", strategy="backward").sort("label_id").sink_parquet(out, compression="zstd")
