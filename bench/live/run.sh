#!/bin/sh
# Copyright 2026 The Selfsame Authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds selfsame and the load generator, installs Redis, PostgreSQL and Feast where they are missing, and measures them side by side.
#   run.sh                            everything, the better part of an hour
#   run.sh -only reads,stored50,grpc  a part; run.sh -h lists the flags
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
cache=${SELFSAME_BENCH_DIR:-$HOME/.cache/selfsame-bench}
mkdir -p "$cache/bin"
# The echo, which is in the load generator, is compiled with the same profile.
(cd "$here/../.." && make -s build && cp bin/selfsame "$cache/bin/" && CGO_ENABLED=0 go build -pgo=cmd/selfsame/cpu.pgo -trimpath -o "$cache/bin/live" ./bench/live)
missing=
command -v redis-server >/dev/null || missing=redis-server
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
if [ -n "$missing" ]; then
	echo "installing $missing" >&2
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then # no service is started by its installation
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod +x $policy
		trap 'rm -f $policy' EXIT
	fi
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi
if ! cmp -s "$here/feast/requirements.txt" "$cache/feast/requirements.txt"; then
	echo "setting up $cache/feast" >&2
	python3 -m venv "$cache/feast"
	"$cache/feast/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/feast/requirements.txt"
	cp "$here/feast/requirements.txt" "$cache/feast/requirements.txt"
fi
"$cache/bin/live" -selfsame "$cache/bin/selfsame" -venv "$cache/feast" "$@"
