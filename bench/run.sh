#!/bin/sh
# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
#
# Sets up the Python environment of the benchmarks with pinned versions and runs them: see run.py --help.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cache=${SELFSAME_BENCH_DIR:-$HOME/.cache/selfsame-bench}
mkdir -p "$cache"
stamp="$cache/venv/requirements.txt"
if ! cmp -s "$here/requirements.txt" "$stamp"; then
	echo "setting up $cache/venv" >&2
	python3 -m venv "$cache/venv"
	"$cache/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
	cp "$here/requirements.txt" "$stamp"
fi
SELFSAME_BENCH_DIR=$cache exec "$cache/venv/bin/python" "$here/run.py" "$@"
