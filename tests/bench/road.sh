#!/usr/bin/env bash
# road.sh: the whole road under load, on a stack of its own in release build: webhook in, ticket queued and visible; see road.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
export SEADESK_STACK=${SEADESK_STACK:-bench} SEADESK_BUILD=release
./dev clean --data >/dev/null
./dev up --yes
cmake --build build/release --target bench_load >/dev/null
status=0
/usr/bin/python3 tests/bench/road.py "$@" || status=$?
./dev down
exit "$status"
