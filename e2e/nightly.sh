#!/usr/bin/env bash
# Runs what is too long for CI, crashes and a soak of the real binary and random cases through every driver, and writes what it finds to docs/nightly.md.
# CRASHES=100, SOAK=20m and DRAWS=1000 are its measure; the page says with which it ran.
set -uo pipefail
cd "$(dirname "$0")/.."
crashes=${CRASHES:-100} soak=${SOAK:-20m} draws=${DRAWS:-1000} page=docs/nightly.md
tests='TestCrash|TestSoak|TestStopUnderLoad|TestApplyWhileServing|TestOverload|TestStalledClients|TestFaultsOfTheDisk|TestDiskFull|TestDiskReadOnly|TestDamageIsFound'
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
	${GO:-go} test -count=1 -v -timeout 120m ./e2e -run "^($tests)\$" -crashes "$crashes" -soak "$soak"
	code=$?
	${GO:-go} test -count=1 -v -timeout 120m ./featuretest -run '^TestTriangle$' -triangle "$soak" || code=$?
	${GO:-go} test -count=1 -v -timeout 120m ./featuretest -run 'Oracle$|^TestMetamorphic$|^TestAuditOfRandomReads$|^TestExplanationsOf' -rapid.checks "$draws" || code=$?
	exit $code
} 2>&1 | tee "$log"
code=$?
dirty=$(git status --porcelain -- '*.go' go.mod go.sum | head -1)
{
	echo "# The last night"
	echo
	echo "Written by \`make nightly\`, which runs the tests of \`e2e/\` and \`featuretest/\` that are too long for CI: \`CRASHES=$crashes SOAK=$soak make nightly\`"
	echo "on $(date -u +%Y-%m-%d) at commit $(git rev-parse --short HEAD)${dirty:+ with changes}, $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown) at the end. [operations](operations.md) says what they hold."
	echo
	echo "| test | result | seconds | says |"
	echo "|---|---|---|---|"
	awk '
		/^=== RUN/ { name = $3; says[name] = "" }
		/^    [a-z_]*\.go:[0-9]*: / { line = $0; sub(/^    [^ ]* /, "", line); gsub(/\|/, "\\|", line); says[name] = says[name] (says[name] == "" ? "" : "; ") line }
		/^--- / { result = tolower($2); sub(/:/, "", result); seconds = $4; gsub(/[()s]/, "", seconds); printf "| %s | %s | %s | %s |\n", $3, result, seconds, says[$3] }
	' "$log" | sed -E 's#/[^ :]*/data/#data/#g'
} >"$page"
echo "wrote $page"
exit $code
