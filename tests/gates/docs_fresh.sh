#!/usr/bin/env bash
# Fails when a page differs from what the command after it writes.
set -euo pipefail
page=$1
shift
if ! difference=$(diff -u "$page" <("$@")); then
    printf '%s is not what its declarations say; run cmake --build --preset dev --target docs\n%s\n' "$page" "$difference" >&2
    exit 1
fi
