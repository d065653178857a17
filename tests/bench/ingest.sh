#!/bin/bash
# ingest.sh: signed WhatsApp webhooks into Kafka: ingest against a bare loop, Benthos, a Node and a Python service, all into the
# same topic.
# usage: ./dev bench ingest [--rounds 5] [--seconds 4] [--connections 64,256] [--contestants ingest,bare,benthos,benthos-keyed,node,python]
#        [--flush on,off] [--json FILE] [--short]
# A contestant ingest+SEADESK_INGEST_LINGER=5ms is ingest with that setting.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
export SEADESK_STACK=${SEADESK_BENCH_STACK:-bench} SEADESK_BUILD=release
for module in common machine packages kafka postgres redis services stack build; do . "$ROOT/deploy/dev/$module.sh"; done

BENTHOS=$CACHE/benthos-4.27.0

# Benthos is built once, where there is a Go that can: its modules come through Go's own proxy and are checked by Go.
benthos_get() {
    local go folder
    [ -x "$BENTHOS" ] && return 0
    go=$(command -v go) || go=/usr/local/go/bin/go
    [ -x "$go" ] || { NO_BENTHOS="there is no Go (1.24 or newer)" && return 0; }
    folder=$(mktemp -d)
    cp "$ROOT"/tests/bench/benthos/{go.mod,main.go} "$folder"
    step "Building Benthos 4.27.0 (some minutes)" env -C "$folder" GOFLAGS='-mod=mod -buildvcs=false' \
        "$go" build -o "$BENTHOS.new" . && mv "$BENTHOS.new" "$BENTHOS" || NO_BENTHOS="it could not be built, see above"
    rm -rf "$folder"
}

# Node's and Python's packages are fetched once, as pinned beside their services.
node_get() {
    NODE=$CACHE/bench-node-$(sha256sum <"$ROOT/tests/bench/node/package.json" | cut -c1-12)
    [ ! -d "$NODE/node_modules/kafkajs" ] || return 0
    have npm || { NO_NODE="there is no Node (20 or newer)" && return 0; }
    mkdir -p "$NODE" && cp "$ROOT/tests/bench/node/package.json" "$NODE"
    step "Fetching Node's packages" npm --prefix "$NODE" install --silent --ignore-scripts --no-package-lock --no-audit --no-fund ||
        NO_NODE="its packages could not be fetched, see above"
}

python_get() {
    PEER=$CACHE/bench-python-$(sha256sum <"$ROOT/tests/bench/python/requirements.txt" | cut -c1-12)
    [ ! -x "$PEER/bin/uvicorn" ] || return 0
    step "Fetching Python's packages" sh -c "python3 -m venv '$PEER' && '$PEER/bin/pip' install --quiet -r '$ROOT/tests/bench/python/requirements.txt'" ||
        NO_PYTHON="its packages could not be fetched, see above"
}

NO_BENTHOS='' NO_NODE='' NO_PYTHON=''
benthos_get
node_get
python_get
"$ROOT/dev" up --infra
[ -d "$ROOT/build/release" ] || step "Configuring" cmake -S "$ROOT" --preset release
step "Building ingest and the bare loop" \
    cmake --build "$ROOT/build/release" --target ingest seadesk bench_bare
step "Migrating" seadesk migrate
step "Creating topics" seadesk topics
stop ingest
mapfile -t INGEST_ENV < <(service_env ingest)
info "measuring; nothing else should run on this machine"
exec $PYTHON "$ROOT/tests/bench/ingest.py" --state "$STATE" --bin "$ROOT/build/release/bin" --benthos "$BENTHOS" \
    --no-benthos "$NO_BENTHOS" --node "$NODE" --no-node "$NO_NODE" --python "$PEER" --no-python "$NO_PYTHON" --kafka "127.0.0.1:$(port kafka)" --redis "$(port redis)" --port "$(port ingest)" \
    --admin "$(port ingest_admin)" --ingest-env "${INGEST_ENV[*]}" "$@"
