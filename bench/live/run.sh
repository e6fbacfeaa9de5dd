#!/bin/sh
# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds selfsame and the load generator, installs Redis and Feast where they are missing, and measures them side by side.
#   run.sh                            everything, about half an hour
#   run.sh -only reads,stored50,grpc  a part; run.sh -h lists the flags
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cache=${SELFSAME_BENCH_DIR:-$HOME/.cache/selfsame-bench}
mkdir -p "$cache/bin"
(cd "$here/../.." && go build -o "$cache/bin/selfsame" ./cmd/selfsame && go build -o "$cache/bin/live" ./bench/live)
if ! command -v redis-server >/dev/null; then
	echo "installing redis-server" >&2
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then # no service is started by its installation
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod +x $policy
		trap 'rm -f $policy' EXIT
	fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server
fi
if ! cmp -s "$here/feast/requirements.txt" "$cache/feast/requirements.txt"; then
	echo "setting up $cache/feast" >&2
	python3 -m venv "$cache/feast"
	"$cache/feast/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/feast/requirements.txt"
	cp "$here/feast/requirements.txt" "$cache/feast/requirements.txt"
fi
"$cache/bin/live" -selfsame "$cache/bin/selfsame" -venv "$cache/feast" "$@"
