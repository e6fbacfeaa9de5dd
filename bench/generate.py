# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""Generates the workloads, deterministically: the same files on every machine with the pinned NumPy and pyarrow.

events    user_id (Zipf), merchant_id (Zipf), amount with cents, at: 90 days, about in order of time, each instant once
profiles  user_id, at, ten columns of numbers
labels    label_id (the row number), user_id (as in events), at: in the last 60 days, in no order, label
"""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CHUNK = 1_000_000
START = 1_704_067_200_000_000  # 2024-01-01
SPAN = 90 * 86_400_000_000
UTC = pa.timestamp("us", tz="UTC")


class Zipf:
    """Draws of 0 … n-1 with weights 1/rank^s, ranks scattered over the numbers."""

    def __init__(self, n, s, seed):
        weights = 1.0 / np.arange(1, n + 1) ** s
        self.cumulative = np.cumsum(weights) / weights.sum()
        self.names = np.random.Generator(np.random.PCG64(seed)).permutation(n)

    def draw(self, rng, size):
        ranks = np.searchsorted(self.cumulative, rng.random(size))
        return self.names[np.minimum(ranks, len(self.names) - 1)].astype(np.int64)


def users_of(events):
    return 1_000_000 if events >= 100_000_000 else 100_000


def instants(rng, first, size, total):
    """Unique instants, ascending, then shuffled within blocks of 64 rows."""
    step = SPAN // total
    rows = np.arange(first, first + size, dtype=np.int64)
    at = START + rows * step + rng.integers(0, step, size)
    order = np.arange(size)
    whole = size - size % 64
    order[:whole] = rng.permuted(order[:whole].reshape(-1, 64), axis=1).reshape(-1)
    return at[order]


def amounts(rng, size):
    cents = np.clip(np.exp(rng.normal(3.5, 1.2, size)) * 100, 1, 999_999).astype(np.int64)
    return cents / 100.0


def write(path, schema, total, make):
    """Writes make(rng, first, size) chunk by chunk to path, once."""
    if os.path.exists(path):
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    part = path + ".part"
    with pq.ParquetWriter(part, schema, compression="zstd") as out:
        for chunk, first in enumerate(range(0, total, CHUNK)):
            rng = np.random.Generator(np.random.PCG64([hash_name(path), chunk]))
            out.write_table(pa.table(make(rng, first, min(CHUNK, total - first)), schema=schema), row_group_size=CHUNK)
    os.replace(part, path)
    return path


def hash_name(path):
    value = 0
    for byte in os.path.basename(path).encode():
        value = (value * 131 + byte) % 2**31
    return value


def events(folder, total):
    users, merchants = Zipf(users_of(total), 1.05, 1), Zipf(5_000, 1.05, 2)
    schema = pa.schema([("user_id", pa.int64()), ("merchant_id", pa.int64()), ("amount", pa.float64()), ("at", UTC)])

    def make(rng, first, size):
        return {
            "user_id": users.draw(rng, size),
            "merchant_id": merchants.draw(rng, size),
            "amount": amounts(rng, size),
            "at": pa.array(instants(rng, first, size, total), pa.int64()).cast(UTC),
        }

    return write(f"{folder}/events_{total}.parquet", schema, total, make)


def profiles(folder, total):
    users = Zipf(users_of(total), 1.05, 1)
    names = [f"c{i}" for i in range(10)]
    schema = pa.schema([("user_id", pa.int64()), ("at", UTC)] + [(n, pa.float64()) for n in names])

    def make(rng, first, size):
        columns = {
            "user_id": users.draw(rng, size),
            "at": pa.array(instants(rng, first, size, total), pa.int64()).cast(UTC),
        }
        for n in names:
            columns[n] = amounts(rng, size)
        return columns

    return write(f"{folder}/profiles_{total}.parquet", schema, total, make)


def labels(folder, total, population):
    users = Zipf(population, 1.05, 1)
    schema = pa.schema([("label_id", pa.int64()), ("user_id", pa.int64()), ("at", UTC), ("label", pa.int64())])

    def make(rng, first, size):
        at = START + SPAN // 3 + rng.integers(0, SPAN - SPAN // 3, size)
        return {
            "label_id": np.arange(first, first + size, dtype=np.int64),
            "user_id": users.draw(rng, size),
            "at": pa.array(at, pa.int64()).cast(UTC),
            "label": (rng.random(size) < 0.02).astype(np.int64),
        }

    return write(f"{folder}/labels_{total}_of_{population}.parquet", schema, total, make)
