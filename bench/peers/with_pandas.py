# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""pandas: grouped time-based rolling windows with closed="left"; merge_asof."""

import pandas as pd

WINDOWS = ["1h", "24h", "7d", "30d"]


def windows24(events, labels, out):
    e = pd.read_parquet(events, columns=["user_id", "at", "amount"])
    l = pd.read_parquet(labels, columns=["label_id", "user_id", "at"])
    rows = pd.concat([e, l], ignore_index=True).sort_values(["user_id", "at"], kind="stable", ignore_index=True)
    wanted = rows["label_id"].notna().to_numpy()
    columns = {"label_id": rows["label_id"].to_numpy()[wanted].astype("int64")}
    for w in WINDOWS:
        rolled = rows.groupby("user_id").rolling(w, on="at", closed="left", min_periods=1)["amount"]
        for name, f in [("n", "count"), ("s", "sum"), ("a", "mean"), ("lo", "min"), ("hi", "max"), ("sd", "std")]:
            columns[f"{name}_{w}"] = getattr(rolled, f)().to_numpy()[wanted]
        columns[f"n_{w}"] = pd.Series(columns[f"n_{w}"]).fillna(0).astype("int64").to_numpy()
    cells = pd.DataFrame(columns)
    l.merge(cells, on="label_id", how="left").to_parquet(out, compression="zstd", index=False)


def asof(profiles, labels, out):
    p = pd.read_parquet(profiles).sort_values("at")
    l = pd.read_parquet(labels, columns=["label_id", "user_id", "at"]).sort_values("at")
    joined = pd.merge_asof(l, p, on="at", by="user_id", direction="backward").sort_values("label_id")
    joined.to_parquet(out, compression="zstd", index=False)
