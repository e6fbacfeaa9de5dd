#!/usr/bin/env bash
# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs the examples end to end with bin/selfsame, which `make build` makes, and compares what they give with the committed
# examples/expected.txt. The checksum of the values is contract: it changes only where a definition or the data changes.
# With -rewrite it writes the expectations instead.
set -euo pipefail
cd "$(dirname "$0")/.."
expected=examples/expected.txt
out=out/examples
rm -rf "$out"
mkdir -p "$out"
found=$out/found.txt

# member NAME FILE prints a member of the output that the file's manifest describes.
member() { sed -n '/^  "output"/,$s/^    "'"$1"'": "\{0,1\}\([^",]*\)"\{0,1\},\{0,1\}$/\1/p' "$2.manifest.json"; }

# example NAME SERVICE ROWS FLAGS…
example() {
	local name=$1 service=$2 rows=$3 project=examples/$1 file=$out/$1.parquet
	shift 3
	bin/selfsame check "$project"
	bin/selfsame train "$service" --project "$project" --rows "$project/$rows" --out "$file" --quiet "$@"
	echo "$name: $(member rows "$file") rows, $(grep -c '"hash":' "$file.manifest.json") features, values $(member values_checksum "$file")" | tee -a "$found"
	cp "$file" "$file.first"
	bin/selfsame train --from-manifest "$file.manifest.json" --quiet
	if ! cmp "$file" "$file.first"; then
		echo "$name: made again from its manifest it has other bytes" >&2
		exit 1
	fi
}

example starter shop data/labels.csv
example fraud fraud data/labels.csv
example flights delay data/labels.parquet --time asked_at

if [ "${1:-}" = -rewrite ]; then
	cp "$found" "$expected"
elif ! diff -u "$expected" "$found"; then
	echo "the examples give other values than $expected says" >&2
	exit 1
fi
