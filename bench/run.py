# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0

"""Runs the benchmarks: Selfsame and its peers, end to end from Parquet to Parquet, two threads, each in its own process.

    bench/run.sh                       1 M events x 100 K labels and 10 M x 1 M, every workload, every engine
    bench/run.sh large                 100 M events x 1 M labels, Selfsame alone; fails above 8 GB
    bench/run.sh --workloads flights   the service of examples/flights, Selfsame alone
    bench/run.sh --sizes 1 --engines polars,numpy --workloads windows24 --no-write

SELFSAME_BENCH_DIR (default ~/.cache/selfsame-bench) holds the environment, the inputs and the outputs.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import struct
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import exact
import generate

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
CACHE = os.environ["SELFSAME_BENCH_DIR"]
BINARY = os.path.join(ROOT, "bin", "selfsame")
MEMORY = os.environ.get("SELFSAME_BENCH_MEMORY", "0")  # Selfsame's --memory; 0: no limit
DOCS = os.path.join(ROOT, "docs", "benchmarks.md")
LIMIT_SECONDS, LIMIT_BYTES = 600, 20 << 30
LARGE_PEAK = 8 << 30
SLOW = 20  # seconds: a run that takes longer is not repeated
SAMPLE = 2_000
MILLION = 1_000_000

ENGINES = {
    "windows24": ["selfsame", "numpy", "polars", "duckdb", "pandas"],
    "recent": ["selfsame", "polars", "duckdb"],
    "asof": ["selfsame", "polars", "duckdb", "pandas"],
}

PROJECT = """project: bench

entities:
  user: {key: {user_id: int64}}

sources:
  events:
    schema: {user_id: int64, merchant_id: int64, amount: float64, at: timestamp}
    event_time: at
    batch: {path: %(events)s}
  profiles:
    schema: {user_id: int64, at: timestamp, %(columns)s}
    event_time: at
    batch: {path: %(profiles)s}

views:
  spend:
    entity: user
    source: events
    features:
      n:  count(*) over [1h, 24h, 7d, 30d]
      s:  sum(amount) over [1h, 24h, 7d, 30d]
      a:  avg(amount) over [1h, 24h, 7d, 30d]
      lo: min(amount) over [1h, 24h, 7d, 30d]
      hi: max(amount) over [1h, 24h, 7d, 30d]
      sd: stddev(amount) over [1h, 24h, 7d, 30d]
  recency:
    entity: user
    source: events
    features:
      d:    count(distinct merchant_id) over [7d, 30d]
      last: last(amount) over [30d]
      five: last(amount, 5) over [30d]
  profile:
    entity: user
    source: profiles
    features: [%(names)s]

services:
  windows24: {features: [{view: spend, prefix: ""}]}
  recent:    {features: [{view: recency, prefix: ""}]}
  asof:      {features: [{view: profile, prefix: ""}]}
"""


def project(events, profiles):
    """Writes the project of one size and returns its folder."""
    folder = os.path.join(CACHE, "project_" + os.path.basename(events).removesuffix(".parquet"))
    os.makedirs(folder, exist_ok=True)
    names = [f"c{i}" for i in range(10)]
    with open(os.path.join(folder, "selfsame.yaml"), "w") as f:
        f.write(PROJECT % {"events": events, "profiles": profiles, "names": ", ".join(names),
                           "columns": ", ".join(f"{n}: float64" for n in names)})
    return folder


def command(engine, workload, source, labels, out, folder):
    if engine == "selfsame":
        return [BINARY, "train", workload, "--rows", labels, "--out", out, "--project", folder, "--timings", out + ".timings.json", "--memory", MEMORY]
    return [sys.executable, "-m", "peers", engine, workload, source, labels, out]


def measure(argv, log):
    """Runs argv alone: (seconds, peak bytes, error). Two threads; ten minutes and 20 GB at most."""
    env = dict(os.environ, GOMAXPROCS="2", POLARS_MAX_THREADS="2", OMP_NUM_THREADS="2", ARROW_NUM_THREADS="2", PYTHONPATH=HERE)
    cores = sorted(os.sched_getaffinity(0))[:2]

    def prepare():
        os.sched_setaffinity(0, cores)
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))

    began = time.monotonic()
    process = subprocess.Popen(argv, env=env, cwd=HERE, stdout=log, stderr=log, preexec_fn=prepare)
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.monotonic() - began
        if pid:
            break
        if seconds > LIMIT_SECONDS:
            process.kill()
            os.wait4(process.pid, 0)
            process.returncode = -9
            return seconds, 0, "over ten minutes"
        time.sleep(0.005)
    process.returncode = os.waitstatus_to_exitcode(status)
    error = "" if process.returncode == 0 else f"exit {process.returncode}, see {log.name}"
    return seconds, usage.ru_maxrss * 1024, error


def bits(value):
    return None if value is None else struct.pack(">d", value) if isinstance(value, float) else value


def stages(out):
    """What `selfsame train --timings` wrote beside an output; nothing for other engines."""
    path = out + ".timings.json"
    if not os.path.exists(path):
        return None
    with open(path) as f:
        return json.load(f)


def flights(repeat):
    """Runs the service of the flights example: one result."""
    folder = os.path.join(ROOT, "examples", "flights")
    labels = os.path.join(folder, "data", "labels.parquet")
    out = os.path.join(CACHE, "out", "flights_selfsame.parquet")
    os.makedirs(os.path.dirname(out), exist_ok=True)
    best = None
    for _ in range(repeat):
        with open(out + ".log", "w") as log:
            got = measure(command("selfsame", "delay", None, labels, out, folder) + ["--time", "asked_at"], log)
        if best is None or got[0] < best[0] or got[2]:
            best = (*got, stages(out))
    row = {"engine": "selfsame", "seconds": best[0], "peak": best[1], "error": best[2], "rows": pq.read_metadata(labels).num_rows, "stages": best[3]}
    print(line(row, [row]), flush=True)
    return [row]


def differing(out, want, sample):
    """How many values of the sampled rows differ in a bit from `want`, by column."""
    table = pq.read_table(out).take(sample)
    count = {}
    for name, values in want.items():
        have = table.column(name).to_pylist()
        count[name] = sum(bits(None if w is None else type(w)(h) if h is not None else None) != bits(w) for h, w in zip(have, values))
    return count


def raw(column):
    """(validity, bit patterns) of a column of numbers."""
    column = column.combine_chunks()
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.cast(pa.float64()) if pa.types.is_integer(column.type) else column
    return valid, values.fill_null(0).to_numpy(zero_copy_only=False).view(np.int64)


def against(out, reference):
    """How many values differ in a bit from another engine's file, and how many there are. Lists are compared as text."""
    mine, theirs = pq.read_table(out), pq.read_table(reference)
    different = values = 0
    for name in theirs.column_names:
        if name not in mine.column_names or name in ("label_id", "user_id", "at", "label"):
            continue
        a, b = mine.column(name), theirs.column(name)
        values += len(b)
        if pa.types.is_list(b.type) or pa.types.is_large_list(b.type):
            different += sum((x or None) != (y or None) for x, y in zip(a.to_pylist(), b.to_pylist()))
            continue
        (va, xa), (vb, xb) = raw(a), raw(b)
        different += int(((va != vb) | (va & vb & (xa != xb))).sum())
    return different, values


def run(workload, events, labels_count, engines, repeat):
    """Runs one workload of one size. Returns the rows of its table."""
    inputs = os.path.join(CACHE, "inputs")
    files = {"events": generate.events(inputs, events), "profiles": None}
    if workload == "asof":
        files["profiles"] = generate.profiles(inputs, events)
    labels = generate.labels(inputs, labels_count, generate.users_of(events))
    folder = project(files["events"], files["profiles"] or os.path.join(inputs, f"profiles_{events}.parquet"))
    source = files["profiles"] or files["events"]
    want, sample = None, None
    if workload == "windows24":
        sample = np.sort(np.random.Generator(np.random.PCG64(7)).choice(labels_count, SAMPLE, replace=False))
        want = exact.windows24(files["events"], labels, sample)
    results, reference = [], None
    os.makedirs(os.path.join(CACHE, "out"), exist_ok=True)
    for engine in engines:
        if engine == "selfsame" and not os.path.exists(BINARY):
            print("bin/selfsame is not there: run make build", file=sys.stderr)
            continue
        out = os.path.join(CACHE, "out", f"{workload}_{events}_{engine}.parquet")
        best = None
        for _ in range(repeat):
            if os.path.exists(out):
                os.remove(out)
            with open(out + ".log", "w") as log:
                got = measure(command(engine, workload, source, labels, out, folder), log)
            if best is None or got[0] < best[0] or got[2]:
                best = (*got, stages(out))
            if got[2] or got[0] > SLOW:
                break
        row = {"engine": engine, "seconds": best[0], "peak": best[1], "error": best[2], "rows": events}
        if engine == "selfsame":
            row["stages"] = best[3]
        if not best[2]:
            if want:
                count = differing(out, want, sample)
                row["sampled"], row["of"] = sum(count.values()), SAMPLE * len(count)
                row["by"] = {}
                for name, n in count.items():
                    row["by"][name.split("_")[0]] = row["by"].get(name.split("_")[0], 0) + n
            if engine == "selfsame" and (not want or row["sampled"] == 0):
                reference = out
            elif reference:
                row["different"], row["values"] = against(out, reference)
        results.append(row)
        print(line(row, results), flush=True)
    return results


def line(row, results):
    base = next((r["seconds"] for r in results if r["engine"] == "selfsame" and not r["error"]), None)
    if row["error"]:
        return f"| {row['engine']} | {row['error']} | | | | | |"
    ratio = f"{row['seconds'] / base:.2f}" if base else ""
    sampled = f"{row['sampled']:,} of {row['of']:,}" if "of" in row else ""
    whole = f"{row['different']:,} of {row['values']:,}" if "values" in row else ""
    return (f"| {row['engine']} | {row['seconds']:.2f} | {row['peak'] / 2**20:,.0f} | {row['rows'] / row['seconds']:,.0f} "
            f"| {ratio} | {sampled} | {whole} |")


def apart(results):
    """The stages of Selfsame's run as lines of text."""
    for r in results:
        if r.get("stages"):
            s = r["stages"]
            return ["", f"Selfsame apart: prepare {s['prepare']:.2f} s, read {s['read']:.2f} s, compute {s['compute']:.2f} s, write {s['write']:.2f} s."]
    return []


HEAD = ("| engine | seconds | peak MiB | events/s | times Selfsame | other bits than exact, sampled rows | other bits than Selfsame, all rows |\n"
        "|---|---|---|---|---|---|---|")


def section(name, results):
    """Replaces the text between the markers of a section, adding the section where it is new."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    body = "\n".join([begin, HEAD] + [line(r, results) for r in results] + apart(results) + [end])
    text = open(DOCS).read() if os.path.exists(DOCS) else "# Benchmarks\n"
    if begin in text:
        text = text[: text.index(begin)] + body + text[text.index(end) + len(end):]
    else:
        text += f"\n## {name}\n\n{body}\n"
    with open(DOCS, "w") as f:
        f.write(text)


def machine():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {memory} GB, {platform.system()}"


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("what", nargs="?", choices=["all", "large"], default="all")
    args.add_argument("--sizes", default="1,10", help="millions of events; labels are a tenth of them, at most a million")
    args.add_argument("--workloads", default=",".join(ENGINES) + ",flights")
    args.add_argument("--engines", default="")
    args.add_argument("--repeat", type=int, default=3, help="the fastest run counts")
    args.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md alone")
    a = args.parse_args()
    print(machine())
    if a.what == "large":
        a.sizes, a.workloads, a.engines, a.repeat = "100", "windows24", "selfsame", 1
    failed = False
    for size in [int(s) * MILLION for s in a.sizes.split(",")]:
        for workload in a.workloads.split(","):
            if workload == "flights":
                continue
            engines = [e for e in ENGINES[workload] if not a.engines or e in a.engines.split(",")]
            labels = min(size // 10, MILLION)
            name = f"{workload}, {size // MILLION} M rows, {labels:,} labels"
            print(f"\n{name}\n{HEAD}")
            results = run(workload, size, labels, engines, a.repeat)
            for r in results:
                if r.get("by") and r["sampled"]:
                    print(f"  {r['engine']}: " + ", ".join(f"{k} {n:,}" for k, n in r["by"].items()))
                if r["engine"] == "selfsame":
                    failed = failed or bool(r["error"]) or r.get("sampled", 0) > 0
                    if a.what == "large" and r["peak"] > LARGE_PEAK:
                        print(f"peak memory {r['peak'] / 2**30:.2f} GB is above 8 GB", file=sys.stderr)
                        failed = True
            print("\n".join(apart(results)))
            if not a.no_write:
                section(name, results)
    if "flights" in a.workloads.split(","):
        print(f"\nflights service\n{HEAD}")
        results = flights(a.repeat)
        failed = failed or bool(results[0]["error"])
        if not a.no_write:
            section("flights service, rows a second instead of events", results)
    free = shutil.disk_usage(CACHE).free >> 30
    print(f"\ninputs and outputs stay in {CACHE} ({free} GB free)")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
