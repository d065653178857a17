#!/usr/bin/env bash
# test.sh: the Compose deployment for real, on any Docker engine: up, a webhook through to the provider, two routers, a killed
# container process comes back, down. Says so and exits 77 when no engine can run. Its project, secrets and ports are its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { printf '%s compose test: %s\n' "$(date +%T)" "$*"; }

if ! docker version >/dev/null 2>&1; then
    say "SKIPPED: no Docker engine answers here (docker version fails); the files alone are checked"
    deploy/compose/init >/dev/null
    docker compose -f docker-compose.yml config -q && say "docker-compose.yml is well-formed"
    exit 77
fi

export COMPOSE_PROJECT_NAME=seadesk-test$$ COMPOSE_ANSI=never COMPOSE_PROGRESS=plain COMPOSE_PROFILES=demo
export SEADESK_INGEST_PORT=${SEADESK_INGEST_PORT:-18080} SEADESK_CHAT_PORT=${SEADESK_CHAT_PORT:-18081}
export SEADESK_DESK_PORT=${SEADESK_DESK_PORT:-18090} SEADESK_FAKE_PORT=${SEADESK_FAKE_PORT:-18099}
export SEADESK_PUBLIC_URL=http://127.0.0.1:$SEADESK_INGEST_PORT
ingest=http://127.0.0.1:$SEADESK_INGEST_PORT desk=http://127.0.0.1:$SEADESK_DESK_PORT fake=http://127.0.0.1:$SEADESK_FAKE_PORT
services="ingest order-tracker router translator-gateway sla-timer notifier retention-purger desk"

finish() {
    local status=$?
    [ "$status" = 0 ] || docker compose logs --no-color --tail 15 >&2 </dev/null || true
    docker compose down -v --remove-orphans -t 12 </dev/null >/dev/null 2>&1 || true
    [ "$status" = 0 ] && say "passed" || say "FAILED"
    exit "$status"
}
trap finish EXIT

# until_true SECONDS WHAT COMMAND…: repeats the command until it succeeds.
until_true() {
    local seconds=$1 what=$2 end
    shift 2
    end=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { say "not within $seconds s: $what"; return 1; }
        sleep 0.5
    done
    say "ok: $what"
}

healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]; }
all_healthy() { local id; for id in $(docker compose ps -q $services </dev/null); do healthy "$id" || return 1; done; }

# say_whatsapp TEXT ID: a signed message of a customer's.
say_whatsapp() {
    local body signature
    body=$(printf '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"1","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Ana"},"wa_id":"14155550199"}],"messages":[{"from":"14155550199","id":"%s","timestamp":"%s","type":"text","text":{"body":"%s"}}]}}]}]}' "$2" "$(date +%s)" "$1")
    signature=$(printf %s "$body" | openssl dgst -sha256 -hmac demo-whatsapp-secret | sed 's/.* //')
    curl -sf -X POST "$ingest/v1/channels/whatsapp/demo" -H "X-Hub-Signature-256: sha256=$signature" \
        -H 'Content-Type: application/json' -d "$body"
}

api() { curl -sf -H 'Authorization: Bearer demo-desk-key' -H 'Seadesk-Agent: ana' -H 'Content-Type: application/json' "$@"; }
routed() { api "$desk/api/v1/messages/whatsapp/demo/$1"; }
ticket_of() { routed "$1" | sed 's/.*"ticket_id":"\([^"]*\)".*/\1/'; }
version_of() { api "$desk/api/v1/tickets/$1" | sed 's/.*"version":\([0-9]*\).*/\1/'; }

command() {
    local ticket=$1 verb=$2 fields=$3
    api -X POST "$desk/api/v1/tickets/$ticket/$verb" -H "Idempotency-Key: $verb-$RANDOM$RANDOM" \
        -d "{\"expected_version\":$(version_of "$ticket")$fields}"
}

sent() { curl -sf "$fake/log" | grep -q "$1"; }

deploy/compose/init >/dev/null
say "building and starting (some minutes the first time)"
docker compose build </dev/null >/dev/null
docker compose up -d </dev/null
until_true 180 "all services healthy" all_healthy

say_whatsapp "Hello, my parcel is late" wamid.compose1
until_true 30 "the message is a ticket at the desk" routed wamid.compose1
api -X PUT "$desk/api/v1/agents/me/presence" -d '{"state":"online","capacity":{"weight":10}}' >/dev/null
ticket=$(ticket_of wamid.compose1)
until_true 20 "taken" command "$ticket" take ""
until_true 20 "answered" command "$ticket" reply ',"text":"We are on it, compose","language":"en"'
until_true 30 "the provider accepted the answer" sent "We are on it, compose"

docker compose up -d --scale router=2 </dev/null >/dev/null 2>&1
until_true 60 "two routers healthy" all_healthy
[ "$(docker compose ps -q router </dev/null | wc -l)" = 2 ]
say_whatsapp "Anybody there?" wamid.compose2
until_true 30 "routed by two" routed wamid.compose2

victim=$(docker compose ps -q notifier </dev/null)
kill -9 "$(docker inspect -f '{{.State.Pid}}' "$victim")"
until_true 60 "the killed notifier is back" healthy "$victim"
until_true 20 "answered again" command "$ticket" reply ',"text":"Still with you, compose","language":"en"'
until_true 30 "the provider accepted it" sent "Still with you, compose"
