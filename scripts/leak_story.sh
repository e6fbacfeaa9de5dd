#!/usr/bin/env bash
# Prints the leak story of the README: sets up scikit-learn in a virtual environment, makes the training set, scores three models.
set -euo pipefail
cd "$(dirname "$0")/.."
venv="${SELFSAME_CACHE:-$HOME/.cache/selfsame}/leak-venv"
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import sklearn, pandas, pyarrow' 2>/dev/null; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q pandas==3.1.1 pyarrow==26.0.1 numpy==2.4.6 scikit-learn
fi
mkdir -p out
flights=examples/flights
bin/selfsame train delay --project $flights --rows $flights/data/labels.parquet --time asked_at --out out/leak.parquet --quiet
"$venv/bin/python" scripts/leak_story.py $flights/data/labels.parquet $flights/data/arrivals.parquet out/leak.parquet
