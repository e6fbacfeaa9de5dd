# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
#
# Writes frequencies.json: what NumPy, SciPy and the standard library say of small sets of values, for frequencies_test.go.
#
#     pip install numpy scipy && python frequencies.py
import json
import random
from collections import Counter

import numpy as np
from scipy.stats import entropy

random.seed(20260101)
cases = []
for n in [1, 2, 3, 5, 8, 13, 40, 100, 1000]:
    for different in [1, 2, 7, 100]:
        keys = [f"k{random.randrange(different):03d}" for _ in range(n)]
        x = [round(random.lognormvariate(3, 2), 2) for _ in range(n)]
        counts = Counter(sorted(keys))  # ties: the least value first
        top = counts.most_common(3)
        groups = {k: [a for a, b in zip(x, keys) if b == k] for k in sorted(counts)}
        cases.append({
            "keys": keys,
            "x": x,
            "entropy": float(entropy(list(counts.values()))),
            "top_ratio": max(counts.values()) / n,
            "mode_count": max(counts.values()),
            "top_k": [k for k, _ in top],
            "top_k_counts": [c for _, c in top],
            "collect_distinct": sorted(counts),
            "count_by": {k: counts[k] for k in sorted(counts)},
            "avg_by": {k: float(np.mean(np.array(v, dtype=np.longdouble))) for k, v in groups.items()},
            "max_by": {k: max(v) for k, v in groups.items()},
            "percentile": {str(q): float(np.quantile(x, q, method="inverted_cdf")) for q in [0, 0.25, 0.5, 0.95, 1]},
        })
with open("frequencies.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
