#!/bin/sh
# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
#
# Writes cmd/selfsame/cpu.pgo, by which `make build` has the compiler inline what training and serving run most: the profiles of
# the benchmarks' training sets, of the flights service, and of a server that is read and fed. Takes about five minutes; do it where the hot paths have changed.
set -eu
cd "$(dirname "$0")/.."
export SELFSAME_BENCH_DIR="${SELFSAME_BENCH_DIR:-$HOME/.cache/selfsame-bench}"
make build
bench/run.sh --sizes 10 --workloads windows24,asof --engines selfsame --no-write # makes the inputs
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
train() {
	SELFSAME_CPU_PROFILE="$out/$1.prof" bin/selfsame train --quiet --out "$out/rows.parquet" "$@"
	rm -f "$out"/rows.parquet*
}
labels="$SELFSAME_BENCH_DIR/inputs/labels_1000000_of_100000.parquet"
train windows24 --rows "$labels" --project "$SELFSAME_BENCH_DIR/project_events_10000000"
train asof --rows "$labels" --project "$SELFSAME_BENCH_DIR/project_events_10000000"
train delay --rows examples/flights/data/labels.parquet --time asked_at --project examples/flights
for part in reads,stored50,windows100,http,grpc ingest; do
	SELFSAME_CPU_PROFILE="$out/serve-$part.prof" bench/live/run.sh -only "$part" -rounds 2
done
go tool pprof -proto "$out"/*.prof >cmd/selfsame/cpu.pgo
