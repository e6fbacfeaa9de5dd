# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes numeric.json: what NumPy and SciPy say of the numeric aggregates. Run it beside this file: python3 numeric.py"""

import json
import warnings

import numpy as np
from scipy import stats

warnings.simplefilter("ignore")


def value(x):
    return None if np.isnan(x) or np.isinf(x) else float(x)


def case(name, x, y):
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    n = len(x)
    flat_x, flat_y = np.all(x == x[0]), np.all(y == y[0])
    line = None if flat_y else stats.linregress(y, x)
    want = {
        "skewness_pop": None if flat_x else value(stats.skew(x)),
        "skewness": None if flat_x or n < 3 else value(stats.skew(x, bias=False)),
        "kurtosis_pop": None if flat_x else value(stats.kurtosis(x)),
        "kurtosis": None if flat_x or n < 4 else value(stats.kurtosis(x, bias=False)),
        "covar_pop": value(np.cov(x, y, ddof=0)[0, 1]),
        "covar_samp": None if n < 2 else value(np.cov(x, y, ddof=1)[0, 1]),
        "corr": None if flat_x or flat_y else value(stats.pearsonr(x, y).statistic),
        "regr_slope": None if flat_y else value(line.slope),
        "regr_intercept": None if flat_y else value(line.intercept),
        "geometric_mean": None if np.any(x < 0) else value(stats.gmean(x)),
    }
    return {"name": name, "x": x.tolist(), "y": y.tolist(), "want": want}


rng = np.random.default_rng(6)
cases = [
    case("one", [3], [4]),
    case("two", [1, 2], [5, 3]),
    case("three", [1, 2, 4], [1, 3, 2]),
    case("four", [1, 2, 4, 8], [3, 1, 4, 1]),
    case("equal x", [2, 2, 2, 2], [1, 2, 3, 4]),
    case("equal y", [1, 2, 3, 5], [7, 7, 7, 7]),
    case("line", [1, 3, 5, 7, 9], [0, 1, 2, 3, 4]),
    case("zero", [0, 1, 2, 3], [1, 2, 2, 1]),
    case("powers", [2, 8, 4, 4], [1, 1, 2, 2]),
]
for n in [5, 17, 100, 400]:
    cases.append(case(f"normal {n}", rng.normal(size=n), rng.normal(size=n)))
    money = np.round(np.exp(3 + 1.5 * rng.normal(size=n)), 2)
    cases.append(case(f"money {n}", money, 2.5 * money + rng.normal(size=n)))
    cases.append(case(f"whole {n}", rng.integers(1, 50, size=n), rng.integers(-9, 9, size=n)))
    cases.append(case(f"skewed {n}", rng.exponential(size=n) * 1e-6, rng.exponential(size=n) * 1e6))

words = [[12], [12, 10], [-1, 7], [-8, -3, 5], rng.integers(-(2**62), 2**62, size=20).tolist()]
bits = [
    {
        "x": w,
        "want": {
            "bit_and": int(np.bitwise_and.reduce(np.array(w, dtype=np.int64))),
            "bit_or": int(np.bitwise_or.reduce(np.array(w, dtype=np.int64))),
            "bit_xor": int(np.bitwise_xor.reduce(np.array(w, dtype=np.int64))),
        },
    }
    for w in words
]
with open("numeric.json", "w") as f:
    f.write('{"cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + '\n], "bits": [\n' + ",\n".join(json.dumps(c) for c in bits) + "\n]}\n")
