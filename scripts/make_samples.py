#!/usr/bin/env python3
# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
"""Write testdata/samples: one small table as pandas, pyarrow, Polars, DuckDB and Spark write it.

    python scripts/make_samples.py [writer ...]

Writers: pandas pyarrow polars duckdb spark. Each needs its library (pandas 3.1, pyarrow, polars 2.1, duckdb 2.0, pyspark 4.1
with Java 17); without arguments, those that can be imported run. source/samples_test.go says what must be read from each file.
"""
import datetime as dt
import decimal
import importlib.util
import pathlib
import shutil
import sys
import tempfile

OUT = pathlib.Path(__file__).resolve().parent.parent / "testdata" / "samples"
UTC = dt.timezone.utc
AT = [
    dt.datetime(2024, 12, 1, 0, 0, 0, tzinfo=UTC),
    dt.datetime(2024, 12, 1, 23, 59, 59, 999999, tzinfo=UTC),
    dt.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=UTC),
    None,
    dt.datetime(2025, 3, 30, 1, 30, 0, tzinfo=UTC),
]
ROWS = {
    "id": [1, 2, 3, 4, 9007199254740993],
    "user": ["ann", "bob", None, "", "ann"],
    "amount": [1.5, -0.0, None, 1e300, 0.1],
    "qty": [1, 2, 3, None, -5],
    "ok": [True, False, None, True, False],
    "day": [dt.date(2024, 12, 1), dt.date(1960, 2, 29), None, dt.date(2000, 1, 1), dt.date(2024, 2, 29)],
    "price": [decimal.Decimal("12.34"), decimal.Decimal("-0.01"), None, decimal.Decimal("99999999.99"), decimal.Decimal("0.00")],
    "tags": [["a", "b"], [], None, ["c", None], ["d"]],
    "at": AT,
}


def arrow_table():
    import pyarrow as pa
    return pa.table({
        "id": pa.array(ROWS["id"], pa.int64()),
        "user": pa.array(ROWS["user"], pa.string()),
        "amount": pa.array(ROWS["amount"], pa.float64()),
        "qty": pa.array(ROWS["qty"], pa.int32()),
        "ok": pa.array(ROWS["ok"], pa.bool_()),
        "day": pa.array(ROWS["day"], pa.date32()),
        "price": pa.array(ROWS["price"], pa.decimal128(10, 2)),
        "tags": pa.array(ROWS["tags"], pa.list_(pa.string())),
        "at": pa.array(AT, pa.timestamp("us", "UTC")),
    })


def pandas():
    import pandas as pd
    import pyarrow as pa
    df = arrow_table().to_pandas()
    df["qty"] = df["qty"].astype("Int32")
    df["user"] = df["user"].astype("category")
    df["at"] = df["at"].astype("datetime64[ns, UTC]")
    df.to_parquet(OUT / "pandas_ns_category.parquet", index=False)
    naive = df.copy()
    naive["at"] = naive["at"].dt.tz_convert("Europe/Berlin").dt.tz_localize(None).astype("datetime64[ms]")
    naive.to_parquet(OUT / "pandas_naive_ms.parquet", index=False, engine="pyarrow")
    plain = arrow_table().drop_columns(["tags"]).to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
    plain.to_csv(OUT / "pandas.csv", index=False)
    plain.to_csv(OUT / "pandas.csv.gz", index=False, compression={"method": "gzip", "mtime": 0})
    arrow_table().to_pandas().to_json(OUT / "pandas.jsonl", orient="records", lines=True, date_format="iso", date_unit="us")


def pyarrow():
    import pyarrow as pa
    import pyarrow.parquet as pq
    base = arrow_table()
    pq.write_table(base, OUT / "pyarrow_dictionary.parquet", use_dictionary=True, row_group_size=2, compression="snappy")
    pq.write_table(base, OUT / "pyarrow_v2_delta.parquet", use_dictionary=False, data_page_version="2.0", compression="zstd",
                   column_encoding={"id": "DELTA_BINARY_PACKED", "user": "DELTA_BYTE_ARRAY", "amount": "BYTE_STREAM_SPLIT"})
    pq.write_table(base.drop_columns(["id"]), OUT / "pyarrow_int96.parquet", use_deprecated_int96_timestamps=True)
    naive = [t and t.replace(tzinfo=None) for t in AT]
    whole = [t and t.replace(microsecond=0) for t in naive]
    ints = [0, 1, 127, None, 100]
    units = pa.table({
        "s": pa.array(whole, pa.timestamp("s")),
        "ms": pa.array(whole, pa.timestamp("ms")),
        "us": pa.array(naive, pa.timestamp("us")),
        "ns": pa.array(naive, pa.timestamp("ns")),
        "berlin": pa.array(AT, pa.timestamp("us", "Europe/Berlin")),
        "date64": pa.array(ROWS["day"], pa.date64()),
        "i8": pa.array(ints, pa.int8()), "i16": pa.array(ints, pa.int16()),
        "u8": pa.array(ints, pa.uint8()), "u16": pa.array(ints, pa.uint16()),
        "u32": pa.array([4294967295, 0, 1, None, 2], pa.uint32()), "u64": pa.array([9223372036854775807, 0, 1, None, 2], pa.uint64()),
        "f16": pa.array([0.5, -2.0, 0.0, None, 65504.0], pa.float16()), "f32": pa.array([0.5, 16777216.0, -0.0, None, 0.25], pa.float32()),
        "large": pa.array(ROWS["user"], pa.large_string()),
        "dict": pa.array(ROWS["user"], pa.string()).dictionary_encode(),
        "bin": pa.array([b"\x00\x01", b"", None, b"x", b"\xff"], pa.binary()),
        "fixed": pa.array([b"ab", b"cd", None, b"ef", b"gh"], pa.binary(2)),
        "deep": pa.array([[[1, 2], []], [], None, [None, [3, None]], [[4]]], pa.list_(pa.list_(pa.int64()))),
        "largelist": pa.array([[1], [], None, [2, 3], [4]], pa.large_list(pa.int32())),
        "map": pa.array([[("b", 1), ("a", 2)], [], None, [("z", None)], [("k", 5)]], pa.map_(pa.string(), pa.int64())),
        "big": pa.array([decimal.Decimal("12345678901234567890123456.789"), decimal.Decimal("-0.001"), None, decimal.Decimal(0), decimal.Decimal(1)],
                        pa.decimal128(38, 3)),
        "none": pa.nulls(5),
    })
    pq.write_table(units, OUT / "pyarrow_types.parquet")
    pq.write_table(pa.table({
        "id": pa.array([1], pa.int64()),
        "struct": pa.array([{"a": 1}], pa.struct([("a", pa.int64())])),
        "duration": pa.array([1], pa.duration("us")),
        "time": pa.array([dt.time(1, 2)], pa.time64("us")),
        "wide": pa.array([decimal.Decimal(1)], pa.decimal256(60, 2)),
        "intmap": pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64())),
    }), OUT / "pyarrow_homeless.parquet")
    pq.write_table(pa.table({
        "ns": pa.array([1, 1000, 1999, -1, 0], pa.timestamp("ns", "UTC")),
        "u64": pa.array([2**64 - 1, 1, 2, 3, 4], pa.uint64()),
        "far": pa.array([2**60, 0, 1, 2, 3], pa.timestamp("ms", "UTC")),
        "i64": pa.array([2**53 + 1, 1, 2, 3, 4], pa.int64()),
        "price": pa.array([decimal.Decimal("1.239"), decimal.Decimal("1.230"), None, decimal.Decimal(0), decimal.Decimal(1)], pa.decimal128(10, 3)),
        "text": pa.array(["2024-12-01", "2024-12-01T01:00:00+01:00", None, "2024-12-01 00:00:00", "2024-12-01 00:00:00.000001Z"], pa.string()),
    }), OUT / "pyarrow_losses.parquet")


def polars():
    import polars as pl
    df = pl.from_arrow(arrow_table())
    df.write_parquet(OUT / "polars.parquet")
    df.drop("tags").write_csv(OUT / "polars.csv")
    df.write_ndjson(OUT / "polars.ndjson")


def duckdb():
    import duckdb as ddb
    con = ddb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.register("t", arrow_table())
    con.execute(f"COPY (SELECT * FROM t) TO '{OUT}/duckdb.parquet' (FORMAT parquet, COMPRESSION zstd)")
    con.execute(f"COPY (SELECT * FROM t) TO '{OUT}/duckdb.csv' (FORMAT csv, HEADER)")
    hive = OUT / "hive"
    shutil.rmtree(hive, ignore_errors=True)
    con.execute(f"""COPY (SELECT *, "at"::date AS date FROM t WHERE "at" IS NOT NULL) TO '{hive}' (FORMAT parquet, PARTITION_BY (date))""")


def spark():
    from pyspark.sql import SparkSession
    from pyspark.sql import types as T
    schema = T.StructType([
        T.StructField("id", T.LongType()), T.StructField("user", T.StringType()), T.StructField("amount", T.DoubleType()),
        T.StructField("qty", T.IntegerType()), T.StructField("ok", T.BooleanType()), T.StructField("day", T.DateType()),
        T.StructField("price", T.DecimalType(10, 2)), T.StructField("tags", T.ArrayType(T.StringType())), T.StructField("at", T.TimestampType())])
    rows = list(zip(*ROWS.values()))
    spark = (SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
             .config("spark.sql.parquet.int96RebaseModeInWrite", "CORRECTED").getOrCreate())
    for kind in ["INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"]:
        spark.conf.set("spark.sql.parquet.outputTimestampType", kind)
        df = spark.createDataFrame(rows, schema).coalesce(1)
        with tempfile.TemporaryDirectory() as tmp:
            df.write.mode("overwrite").parquet(tmp + "/out")
            part = next(pathlib.Path(tmp, "out").glob("part-*.parquet"))
            shutil.copyfile(part, OUT / f"spark_{kind.lower()}.parquet")
    spark.stop()


WRITERS = {"pandas": pandas, "pyarrow": pyarrow, "polars": polars, "duckdb": duckdb, "spark": spark}
NEEDS = {"spark": "pyspark"}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    chosen = sys.argv[1:] or [w for w in WRITERS if importlib.util.find_spec(NEEDS.get(w, w))]
    for writer in chosen:
        WRITERS[writer]()
        print("wrote", writer)
