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
    """Distinct counts by rolling, less the null that label rows bring; the last five by shifts of the events and one as-of join."""
    rows = frame(events, labels, ["merchant_id"]).collect()
    m = pl.col("merchant_id")
    parts = [
        rolled(rows.lazy(), w, [(m.n_unique() - (m.null_count() > 0).cast(pl.UInt32)).alias(f"d_{w}")]).collect() for w in ["7d", "30d"]
    ]
    counts = pl.concat([rows.select("label_id"), *parts], how="horizontal").filter(pl.col("label_id").is_not_null())
    e = pl.scan_parquet(events).select("user_id", "at", "amount").sort("user_id", "at")
    shifts = [pl.col("amount").shift(i).over("user_id").alias(f"x{i}") for i in range(5)]
    shifts += [pl.col("at").shift(i).over("user_id").alias(f"t{i}") for i in range(5)]
    e = e.select("user_id", "at", *shifts).sort("at")
    l = pl.scan_parquet(labels).select("label_id", "user_id", "at").sort("at")
    joined = l.join_asof(e, on="at", by="user_id", strategy="backward", allow_exact_matches=False)
    kept = [pl.when(pl.col(f"t{i}") >= pl.col("at") - pl.duration(days=30)).then(pl.col(f"x{i}")) for i in range(5)]
    five = pl.concat_list(kept).list.drop_nulls()
    joined = joined.select(
        "label_id", "user_id", "at", five.list.first().alias("last_30d"), pl.when(five.list.len() > 0).then(five).alias("five_30d")
    )
    joined.join(counts.lazy(), on="label_id").sort("label_id").collect().write_parquet(out, compression="zstd")


def asof(profiles, labels, out):
    p = pl.scan_parquet(profiles).sort("at")
    l = pl.scan_parquet(labels).select("label_id", "user_id", "at").sort("at")
    l.join_asof(p, on="at", by="user_id", strategy="backward").sort("label_id").sink_parquet(out, compression="zstd")
