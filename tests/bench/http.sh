#!/usr/bin/env bash
# http.sh: the HTTP server alone against a bare epoll loop, both answering POSTs of 512 bytes with 202 at once; rounds interleaved,
# medians. Usage: http.sh [ROUNDS] [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5} seconds=${2:-2}
[ -d build/release ] || cmake --preset release >/dev/null
cmake --build build/release --target bench_http bare_http >/dev/null
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

cat >"$work/post.lua" <<'LUA'
wrk.method = "POST"
wrk.body = '{"text":"' .. string.rep("x", 500) .. '"}'
wrk.headers["Content-Type"] = "application/json"
LUA

build/release/bin/bare_http 8071 & pids+=($!)
build/release/bin/bench_http 127.0.0.1:8070 >/dev/null & pids+=($!)
sleep 0.5

ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

# measure NAME PID URL CONNECTIONS: a line "CONNECTIONS NAME requests/s CPU-s per 10,000".
measure() {
    local before after
    before=$(ticks "$2")
    wrk -t1 -c"$4" -d"$seconds" -s "$work/post.lua" "$3" >"$work/out"
    after=$(ticks "$2")
    ! grep -q 'Non-2xx' "$work/out" || { cat "$work/out" >&2; exit 1; }
    awk -v n="$1" -v c="$4" -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" \
        '/requests in/ { q = $1 } /Requests\/sec/ { print c, n, $2, t / hz / q * 10000 }' "$work/out" >>"$work/figures"
}

median() { awk -v c="$1" -v n="$2" -v f="$3" '$1 == c && $2 == n { print $f }' "$work/figures" | sort -n | sed -n "$(((rounds + 1) / 2))p"; }

for ((round = 0; round < rounds; round++)); do
    for connections in 64 256; do
        measure bare "${pids[0]}" http://127.0.0.1:8071/ "$connections"
        measure at-once "${pids[1]}" http://127.0.0.1:8070/ "$connections"
        measure later "${pids[1]}" http://127.0.0.1:8070/later "$connections"
    done
done

echo 'connections  server    requests/s  CPU-s/10k  CPU to bare'
for connections in 64 256; do
    for name in bare at-once later; do
        printf '%11s  %-8s  %10.0f  %9.4f  %11.2f\n' "$connections" "$name" "$(median "$connections" "$name" 3)" \
            "$(median "$connections" "$name" 4)" \
            "$(awk -v a="$(median "$connections" "$name" 4)" -v b="$(median "$connections" bare 4)" 'BEGIN { print a / b }')"
    done
done
