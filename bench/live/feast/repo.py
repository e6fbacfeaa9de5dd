# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""A Feast repository with the 50 stored features of a user and the 250 of a wide one; `python repo.py fill` writes the online rows."""

import sys
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

VIEWS = {"profile": (50, 10_000), "wide": (250, 2_000)}  # features and users of each

user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)


def names(count: int) -> list[str]:
    return [f"f{i:02d}" for i in range(count)]


def view(name: str) -> FeatureView:
    return FeatureView(
        name=name,
        entities=[user],
        ttl=timedelta(days=3650),
        schema=[Field(name=f, dtype=Float64) for f in names(VIEWS[name][0])],
        source=FileSource(name=name, path=f"{name}.parquet", timestamp_field="updated"),
    )


views = {name: view(name) for name in VIEWS}


def rows(name: str) -> pd.DataFrame:
    features, users = VIEWS[name]
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.integers(0, 1_000_000, (users, features)) / 100, columns=names(features))
    frame.insert(0, "user_id", [f"user-{i:07d}" for i in range(users)])
    frame["updated"] = datetime.now(timezone.utc)
    return frame


if __name__ == "__main__" and sys.argv[1:] == ["fill"]:
    for name in VIEWS:
        rows(name).head(10).to_parquet(f"{name}.parquet")
    store = FeatureStore(".")
    store.apply([user, *views.values()])
    for name in VIEWS:
        store.write_to_online_store(name, rows(name))
