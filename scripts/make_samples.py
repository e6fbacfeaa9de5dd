#!/usr/bin/env python3
# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
"""Write testdata/samples: one small table as pandas, pyarrow, Polars, DuckDB and Spark write it.

    python scripts/make_samples.py [writer ...]

Writers: pandas pyarrow polars duckdb spark ipc fastavro. Each needs its library (pandas 3.1, pyarrow, polars 2.1, duckdb 2.0, pyspark 4.1
with Java 17, fastavro with cramjam; ipc needs the first three); without arguments, those that can be imported run. source/samples_test.go says what must be read from each file.
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
    pq.write_table(types_table(), OUT / "pyarrow_types.parquet")
    pq.write_table(homeless_table(), OUT / "pyarrow_homeless.parquet")
    pq.write_table(pa.table({
        "ns": pa.array([1, 1000, 1999, -1, 0], pa.timestamp("ns", "UTC")),
        "u64": pa.array([2**64 - 1, 1, 2, 3, 4], pa.uint64()),
        "far": pa.array([2**60, 0, 1, 2, 3], pa.timestamp("ms", "UTC")),
        "i64": pa.array([2**53 + 1, 1, 2, 3, 4], pa.int64()),
        "price": pa.array([decimal.Decimal("1.239"), decimal.Decimal("1.230"), None, decimal.Decimal(0), decimal.Decimal(1)], pa.decimal128(10, 3)),
        "text": pa.array(["2024-12-01", "2024-12-01T01:00:00+01:00", None, "2024-12-01 00:00:00", "2024-12-01 00:00:00.000001Z"], pa.string()),
    }), OUT / "pyarrow_losses.parquet")


def types_table():
    import pyarrow as pa
    naive = [t and t.replace(tzinfo=None) for t in AT]
    whole = [t and t.replace(microsecond=0) for t in naive]
    ints = [0, 1, 127, None, 100]
    return pa.table({
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


def homeless_table():
    import pyarrow as pa
    return pa.table({
        "id": pa.array([1], pa.int64()),
        "struct": pa.array([{"a": 1}], pa.struct([("a", pa.int64())])),
        "duration": pa.array([1], pa.duration("us")),
        "time": pa.array([dt.time(1, 2)], pa.time64("us")),
        "wide": pa.array([decimal.Decimal(1)], pa.decimal256(60, 2)),
        "intmap": pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64())),
    })
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


def ipc():
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    import pyarrow.feather

    def write(name, table, rows=None, **options):
        with pa.ipc.new_file(OUT / name, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
            out.write_table(table, max_chunksize=rows)

    write("pyarrow_types.arrow", types_table())
    write("pyarrow_homeless.arrow", homeless_table())
    base = arrow_table()
    write("pyarrow_zstd.arrow", base, rows=2, compression="zstd")
    dictionary = base.set_column(base.schema.get_field_index("user"), "user", base["user"].dictionary_encode())
    write("pyarrow_dictionary_lz4.arrow", dictionary, rows=3, compression="lz4")
    views = pa.table({
        "view": pa.array(ROWS["user"], pa.string_view()), "bview": pa.array([b"a", b"longer than twelve bytes", None, b"", b"x"], pa.binary_view()),
        "pair": pa.array([[1, 2], [3, 4], None, [5, None], [6, 7]], pa.list_(pa.int16(), 2)),
        "dec32": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-0.01"), decimal.Decimal(0), decimal.Decimal(9)], pa.decimal32(9, 2)),
        "dec64": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-0.01"), decimal.Decimal(0), decimal.Decimal(9)], pa.decimal64(18, 2)),
        "days": pa.array(ROWS["day"], pa.date32()).dictionary_encode(),
        "maps": pa.array([[("b", [1]), ("a", None)], [], None, [("z", [2, None])], [("k", [])]], pa.map_(pa.string(), pa.list_(pa.int8()))),
    })
    write("pyarrow_views.arrow", pa.concat_tables([views, views]).combine_chunks(), rows=4)
    with pa.ipc.new_stream(OUT / "pyarrow_stream.arrow", base.schema) as out:
        out.write_table(base)
    pa.feather.write_feather(base.drop_columns(["tags", "price"]), OUT / "feather_v1.feather", version=1)
    df = base.to_pandas(types_mapper={pa.int32(): pd.Int32Dtype()}.get)
    df["user"] = df["user"].astype("category")
    df.to_feather(OUT / "pandas.feather")
    pl.from_arrow(base).write_ipc(OUT / "polars.arrow", compression="zstd")


def fastavro():
    import uuid

    import fastavro as fa

    def write(name, fields, rows, codec="null"):
        schema = fa.parse_schema({"type": "record", "name": "row", "fields": [{"name": n, "type": t} for n, t in fields]})
        with open(OUT / name, "wb") as out:
            fa.writer(out, schema, rows, codec=codec, sync_marker=bytes(range(16)), sync_interval=60)

    def rows():
        return [dict(zip(ROWS, values)) for values in zip(*ROWS.values())]

    def optional(t):
        return ["null", t]

    decimals = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}
    fields = [("id", "long"), ("user", optional("string")), ("amount", optional("double")), ("qty", optional("int")), ("ok", optional("boolean")),
              ("day", optional({"type": "int", "logicalType": "date"})), ("price", optional(decimals)), ("tags", optional({"type": "array", "items": optional("string")}))]
    write("fastavro_deflate.avro", fields + [("at", optional({"type": "long", "logicalType": "timestamp-micros"}))], rows(), "deflate")
    write("fastavro_snappy.avro", fields + [("at", optional({"type": "long", "logicalType": "timestamp-millis"}))], rows(), "snappy")
    naive = dt.datetime(2024, 7, 1, 12, 30, 0, 7)
    write("fastavro_types.avro", [
        ("i", "int"), ("f", optional("float")), ("enum", {"type": "enum", "name": "letter", "symbols": ["A", "B"]}), ("uuid", {"type": "string", "logicalType": "uuid"}), ("bytes", "bytes"),
        ("fixed", {"type": "fixed", "name": "pair", "size": 2}), ("fixdec", {"type": "fixed", "name": "nine", "size": 9, "logicalType": "decimal", "precision": 20, "scale": 4}),
        ("local", {"type": "long", "logicalType": "local-timestamp-micros"}), ("nanos", {"type": "long", "logicalType": "timestamp-nanos"}),
        ("maps", {"type": "map", "values": {"type": "array", "items": optional("long")}}), ("none", "null"),
        ("time", {"type": "int", "logicalType": "time-millis"}), ("either", ["null", "long", "string"]), ("record", {"type": "record", "name": "inner", "fields": [{"name": "x", "type": "long"}]}),
        ("wide", {"type": "bytes", "logicalType": "decimal", "precision": 40, "scale": 2})],
        [{"i": -2**31, "f": 0.5, "enum": "B", "uuid": uuid.UUID("12345678123456781234567812345678"), "bytes": b"\x00\xff", "fixed": b"ab", "fixdec": decimal.Decimal("-1234567890123456.7891"),
          "local": naive, "nanos": 1719837000000001000, "maps": {"b": [1, None], "a": []}, "none": None, "time": dt.time(1, 2), "either": 1, "record": {"x": 1}, "wide": decimal.Decimal(1)},
         {"i": 7, "f": None, "enum": "A", "uuid": uuid.UUID(int=0), "bytes": b"", "fixed": b"cd", "fixdec": decimal.Decimal("0.0001"),
          "local": dt.datetime(1969, 12, 31, 23, 59, 59, 999999), "nanos": -1000, "maps": {}, "none": None, "time": dt.time(0, 0), "either": "x", "record": {"x": 2}, "wide": decimal.Decimal(2)}])
    write("fastavro_losses.avro", [("long", "long"), ("price", {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 3}), ("ns", {"type": "long", "logicalType": "timestamp-nanos"}),
                                   ("far", {"type": "long", "logicalType": "timestamp-millis"}), ("text", "string")],
          [{"long": 1, "price": decimal.Decimal("1.230"), "ns": 1000, "far": 0, "text": "2024-12-01"}, {"long": 2**53 + 1, "price": decimal.Decimal("1.239"), "ns": 1999, "far": 2**60, "text": "soon"},
           {"long": -1, "price": decimal.Decimal(0), "ns": -1000, "far": -1, "text": "2024-12-01T01:00:00+01:00"}])


WRITERS = {"fastavro": fastavro, "ipc": ipc, "pandas": pandas, "pyarrow": pyarrow, "polars": polars, "duckdb": duckdb, "spark": spark}
NEEDS = {"spark": "pyspark", "ipc": "polars"}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    chosen = sys.argv[1:] or [w for w in WRITERS if importlib.util.find_spec(NEEDS.get(w, w))]
    for writer in chosen:
        WRITERS[writer]()
        print("wrote", writer)
