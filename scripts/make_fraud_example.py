"""Writes the small data of examples/fraud: the same bytes on every run. Standard library only."""
import csv, gzip, io, json, os, random
from datetime import datetime, timedelta, timezone

OUT = os.path.join(os.path.dirname(__file__), "..", "examples", "fraud", "data")
R = random.Random(20241212)
END = datetime(2024, 12, 12, 10, 30, 45, tzinfo=timezone.utc)
USERS = [f"user_{n}" for n in range(100, 160)]
MERCHANTS = [f"m_{n:02d}" for n in range(1, 21)]


def stamp(t):
    return t.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def when(days):
    return END - timedelta(seconds=R.uniform(0, days * 86400))


def write_csv(name, header, rows):
    with open(os.path.join(OUT, name), "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(header)
        w.writerows(rows)


def write_jsonl(name, rows):
    raw = io.BytesIO()
    with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as z:
        for r in rows:
            z.write((json.dumps(r, separators=(",", ":")) + "\n").encode())
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(raw.getvalue())


os.makedirs(OUT, exist_ok=True)
home = {u: (round(R.uniform(33, 42), 4), round(R.uniform(-118, -74), 4)) for u in USERS}
profiles = []
for u in USERS:
    t = END - timedelta(days=R.uniform(200, 300))
    profiles.append([u, *home[u], stamp(t), stamp(t + timedelta(minutes=R.uniform(1, 90)))])
    if R.random() < 0.3:  # moved house; a correction is another row
        t = END - timedelta(days=R.uniform(5, 100))
        profiles.append([u, round(home[u][0] + 1, 4), round(home[u][1] + 1, 4), stamp(t), stamp(t + timedelta(hours=R.uniform(1, 30)))])
profiles.sort(key=lambda r: r[3])
write_csv("profiles.csv", ["user_id", "home_lat", "home_lon", "updated", "loaded_at"], profiles)

txns = []
for u in USERS:
    scale = R.uniform(20, 120)
    for _ in range(R.randint(20, 60)):
        t = when(95)
        status = R.choices(["approved", "declined", "chargeback"], [90, 7, 3])[0]
        txns.append([u, R.choice(MERCHANTS), round(R.lognormvariate(0, 0.6) * scale, 2), status, t])
txns.sort(key=lambda r: r[4])
rows = [[f"txn_{i:05d}", *r[:4], stamp(r[4])] for i, r in enumerate(txns)]
rows.insert(700, rows[699])  # a retry: the same id and time, counted once
write_csv("transactions.csv", ["txn_id", "user_id", "merchant_id", "amount", "status", "at"], rows)

clicks, carts = [], []
for u in USERS:
    for _ in range(R.randint(3, 8)):
        t = when(20)
        for _ in range(R.randint(2, 12)):
            t += timedelta(seconds=R.uniform(5, 400))
            if t > END:
                break
            clicks.append({"click_id": "", "user_id": u, "page": R.choice(["home", "item", "cart", "pay"]), "at": t})
            if R.random() < 0.4:
                carts.append({"user_id": u, "action": R.choices(["add", "remove"], [4, 1])[0], "price": round(R.uniform(5, 80), 2), "at": t + timedelta(seconds=1)})
clicks.sort(key=lambda r: r["at"])
for i, c in enumerate(clicks):
    c["click_id"], c["at"] = f"c{i:05d}", stamp(c["at"])
carts.sort(key=lambda r: r["at"])
for i, c in enumerate(carts):
    c["cart_event"], c["at"] = f"e{i:05d}", stamp(c["at"])
write_jsonl("clicks.jsonl.gz", clicks)
write_jsonl("carts.jsonl.gz", carts)

labels = []
for i in range(400):
    u, t = R.choice(USERS), when(30)
    lat, lon = home[u]
    fraud = R.random() < 0.08
    if fraud:
        lat, lon = lat + R.uniform(-8, 8), lon + R.uniform(-20, 20)
    labels.append([f"req_{i:04d}", u, R.choice(MERCHANTS), stamp(t), round(R.lognormvariate(0, 0.7) * (220 if fraud else 60), 2), round(lat + R.gauss(0, 0.05), 4), round(lon + R.gauss(0, 0.05), 4), str(fraud).lower()])
write_csv("labels.csv", ["request_id", "user_id", "merchant_id", "event_time", "amount", "lat", "lon", "is_fraud"], labels)
