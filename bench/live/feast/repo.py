# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""A Feast repository with the 50 stored features of a user; `python repo.py fill` writes the online rows."""

import sys
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

USERS, FEATURES = 10_000, [f"f{i:02d}" for i in range(50)]

user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.STRING)
source = FileSource(name="profiles", path="profiles.parquet", timestamp_field="updated")
profile = FeatureView(
    name="profile",
    entities=[user],
    ttl=timedelta(days=3650),
    schema=[Field(name=f, dtype=Float64) for f in FEATURES],
    source=source,
)


def rows() -> pd.DataFrame:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.integers(0, 1_000_000, (USERS, len(FEATURES))) / 100, columns=FEATURES)
    frame.insert(0, "user_id", [f"user-{i:07d}" for i in range(USERS)])
    frame["updated"] = datetime.now(timezone.utc)
    return frame


if __name__ == "__main__" and sys.argv[1:] == ["fill"]:
    rows().head(10).to_parquet("profiles.parquet")
    store = FeatureStore(".")
    store.apply([user, source, profile])
    store.write_to_online_store("profile", rows())
