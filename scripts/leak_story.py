"""The leak story on the flights example: three models, each trained as its author would, then asked live.

usage: leak_story.py LABELS ARRIVALS TRAIN   (TRAIN: made by `selfsame train delay`)

Gradient-boosted trees, trained on January to September, tested on October to December. "training" is the AUC on the test months of the
features as the author computed them; "live" feeds the same model what could be known an hour before the scheduled departure.
"""
import sys

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

labels, arrivals = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
train = pd.read_parquet(sys.argv[3])
y = labels["arr_delay_over_15"]
known = y.notna()
day = labels["event_time"].dt.tz_convert("America/New_York").dt.date
first = labels["event_time"] < pd.Timestamp("2013-10-01", tz="America/New_York")
target = y.fillna(False).astype(bool)


def schedule():
    local = labels["event_time"].dt.tz_convert("America/New_York")
    return pd.DataFrame({"hour": local.dt.hour, "weekday": local.dt.day_of_week, "distance": labels["distance"], "origin": labels["origin"].astype("category").cat.codes,
                         "carrier": labels["carrier"].astype("category").cat.codes, "dest": labels["dest"].astype("category").cat.codes})


def score(name, trained_on, live):
    model = HistGradientBoostingClassifier(random_state=0)
    model.fit(trained_on[known & first], target[known & first])
    test = known & ~first
    a = roc_auc_score(target[test], model.predict_proba(trained_on[test])[:, 1])
    b = roc_auc_score(target[test], model.predict_proba(live[test])[:, 1])
    print(f"{name:<42} {a:8.2f} {b:8.2f}")


def day_means(rows):
    """The usual SQL: group by day and a key, join on day and key."""
    rows = rows.dropna(subset=["arr_delay"])
    out = {}
    for keys in (["origin"], ["dest"], ["carrier"], ["carrier", "origin"], ["origin", "dest"], ["tailnum"]):
        g = rows.groupby(["day", *keys])["arr_delay"].mean().rename("m").reset_index()
        out["day_" + "_".join(keys)] = labels.assign(day=day).merge(g, on=["day", *keys], how="left")["m"].to_numpy()
    return pd.DataFrame(out)


def day_means_live():
    """The same means of what had landed an hour before each flight's schedule."""
    out = {}
    rows = arrivals.dropna(subset=["arr_delay"]).sort_values("event_time")
    rows["day"] = rows["scheduled_departure"].dt.tz_convert("America/New_York").dt.date
    asked = labels.assign(day=day, row=np.arange(len(labels))).sort_values("asked_at")
    for keys in (["origin"], ["dest"], ["carrier"], ["carrier", "origin"], ["origin", "dest"], ["tailnum"]):
        g = rows.groupby(["day", *keys])["arr_delay"]
        so_far = rows.assign(m=g.cumsum() / (g.cumcount() + 1))
        joined = pd.merge_asof(asked, so_far[["event_time", "day", *keys, "m"]].rename(columns={"event_time": "landed"}), left_on="asked_at",
                               right_on="landed", by=["day", *keys], allow_exact_matches=False)
        out["day_" + "_".join(keys)] = joined.sort_values("row")["m"].to_numpy()
    return pd.DataFrame(out)


print(f"{'model':<42} {'training':>8} {'live':>8}")
s = schedule()
score("schedule only", s, s)
arrivals["day"] = arrivals["scheduled_departure"].dt.tz_convert("America/New_York").dt.date
score("schedule + the day's mean delays (leaks)", pd.concat([s, day_means(arrivals)], axis=1), pd.concat([s, day_means_live()], axis=1))
features = train.select_dtypes(["number", "bool"]).drop(columns=["arr_delay_over_15", "flight", "sched_arr_local", "distance"], errors="ignore").astype(float)
both = pd.concat([s, features], axis=1)
score("schedule + selfsame, as known when asked", both, both)
