#!/usr/bin/env bash
# signature.sh: the check of a signed webhook of 1 KB and its parsing, beside a plain HMAC of the same bytes; see bench_signature.c.
# Usage: signature.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -d build/release ] || cmake --preset release >/dev/null
cmake --build build/release --target bench_signature >/dev/null
exec build/release/bin/bench_signature "$@"
