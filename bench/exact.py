# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""The exact answers of windows24, independent of every engine: binary search for the edges, Python integers for the sums.

A float64 amount with 0.01 <= x < 2^14 is X / 2^60 with an integer X. X splits into three parts of at most 30 bits, so that
NumPy adds parts and products of parts without rounding; Python joins them and rounds each quotient once.
"""

import math
from fractions import Fraction

import numpy as np
import pyarrow.parquet as pq

from peers.with_numpy import WINDOWS, column

MASK = (1 << 30) - 1


def parts(x):
    whole = np.floor(x)
    rest = (x - whole) * 2.0**30
    middle = np.floor(rest)
    low = (rest - middle) * 2.0**30
    if not (np.all(low == np.floor(low)) and np.all(whole < 2**14)):
        raise ValueError("an amount does not fit the exact reference")
    return whole.astype(np.int64), middle.astype(np.int64), low.astype(np.int64)


def total(products):
    """The exact sum of products below 2^60: the halves cannot overflow."""
    return (int((products >> 30).sum()) << 30) + int((products & MASK).sum())


def moments(x):
    a, b, c = parts(x)
    s = (int(a.sum()) << 60) + (int(b.sum()) << 30) + int(c.sum())
    q = (total(a * a) << 120) + (2 * total(a * b) << 90) + ((2 * total(a * c) + total(b * b)) << 60)
    q += (2 * total(b * c) << 30) + total(c * c)
    return Fraction(s, 1 << 60), Fraction(q, 1 << 120)


def rounded(f):
    return f.numerator / f.denominator  # Python divides integers with one rounding


def cells(x):
    """n, s, a, lo, hi, sd of the values of one window."""
    n = len(x)
    if n == 0:
        return 0, None, None, None, None, None
    s, q = moments(x)
    sd = math.sqrt(rounded((n * q - s * s) / (n * (n - 1)))) if n > 1 else None
    return n, rounded(s), rounded(s / n), float(x.min()), float(x.max()), sd


def windows24(events, labels, sample):
    """The 24 cells of label rows `sample`: {column: [values]}."""
    e = pq.read_table(events, columns=["user_id", "at", "amount"])
    l = pq.read_table(labels, columns=["user_id", "at"]).take(sample)
    users, asked = column(l, "user_id"), column(l, "at")
    wanted = np.isin(column(e, "user_id"), np.unique(users))
    e_users, at, amount = column(e, "user_id")[wanted], column(e, "at")[wanted], column(e, "amount")[wanted]
    order = np.lexsort((at, e_users))
    e_users, at, amount = e_users[order], at[order], amount[order]
    out = {f"{c}_{w}": [] for w in WINDOWS for c in ("n", "s", "a", "lo", "hi", "sd")}
    for user, t in zip(users, asked):
        first, last = np.searchsorted(e_users, [user, user + 1])
        times = at[first:last]
        hi = first + np.searchsorted(times, t)
        for name, w in WINDOWS.items():
            lo = first + np.searchsorted(times, t - w)
            for c, value in zip(("n", "s", "a", "lo", "hi", "sd"), cells(amount[lo:hi])):
                out[f"{c}_{name}"].append(value)
    return out
