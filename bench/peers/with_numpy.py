# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""NumPy by hand: one sorted key of user and time, binary search for the edges, prefix sums, sparse tables level by level.

What an expert writes when the dataframe libraries are too slow. Prefix sums of floats and of their squares round.
"""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HOUR = 3_600_000_000
WINDOWS = {"1h": HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR}


def column(table, name):
    values = table.column(name)
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    return values.to_numpy()


def extremes(x, lo, hi, pick, empty):
    """Least or greatest of x[lo:hi] for each pair: overlapping runs of a power of two, one level in memory at a time."""
    out = np.full(len(lo), empty)
    length = hi - lo
    level = np.where(length > 0, np.frexp(np.maximum(length, 1).astype(np.float64))[1] - 1, -1)
    order = np.argsort(level, kind="stable")
    bounds = np.searchsorted(level[order], np.arange(level.max() + 2))
    table, run = x, 1
    for k in range(level.max() + 1):
        rows = order[bounds[k] : bounds[k + 1]]
        out[rows] = pick(table[lo[rows]], table[hi[rows] - run])
        if k < level.max():
            table = pick(table[:-run], table[run:])
            run *= 2
    return out


def windows24(events, labels, out):
    e = pq.read_table(events, columns=["user_id", "at", "amount"])
    l = pq.read_table(labels, columns=["label_id", "user_id", "at"])
    at, asked = column(e, "at"), column(l, "at")
    start = min(at.min(), asked.min()) - max(WINDOWS.values())
    span = int(max(at.max(), asked.max()) - start + 1)
    key = column(e, "user_id") * span + (at - start)
    order = np.argsort(key)
    key, x = key[order], column(e, "amount")[order]
    del at, order, e
    sums = np.concatenate([[0.0], np.cumsum(x)])
    squares = np.concatenate([[0.0], np.cumsum(x * x)])
    users = column(l, "user_id")
    by_key = np.argsort(users * span + (asked - start))
    question = (users * span + (asked - start))[by_key]
    hi = np.searchsorted(key, question)
    back = np.empty(len(by_key), np.int64)
    back[by_key] = np.arange(len(by_key))
    columns = {"label_id": l.column("label_id"), "user_id": l.column("user_id"), "at": l.column("at")}
    for name, w in WINDOWS.items():
        lo = np.searchsorted(key, question - w)
        n = hi - lo
        none = n == 0
        with np.errstate(invalid="ignore", divide="ignore"):
            s, q = sums[hi] - sums[lo], squares[hi] - squares[lo]
            sd = np.sqrt(np.maximum(q - s * s / n, 0) / (n - 1))
            mean = s / n
        cells = [("n", n, None), ("s", s, none), ("a", mean, none), ("lo", extremes(x, lo, hi, np.minimum, np.inf), none),
                 ("hi", extremes(x, lo, hi, np.maximum, -np.inf), none), ("sd", sd, n < 2)]
        for short, values, mask in cells:
            columns[f"{short}_{name}"] = pa.array(values[back], mask=None if mask is None else mask[back])
    pq.write_table(pa.table(columns), out, compression="zstd")
