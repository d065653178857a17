#!/usr/bin/env bash
# test.sh: the Compose deployment for real, on any Docker engine: up, a webhook through to the provider, two routers, a killed
# container process comes back, down. Says so and exits 77 when no engine can run. Its project, secrets and ports are its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec

say() { printf '%s compose test: %s\n' "$(date +%T)" "$*"; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export SEADESK_SECRETS=$folder/secrets
deploy/compose/init "$SEADESK_SECRETS" >/dev/null

if ! docker compose version >/dev/null 2>&1; then
    say "SKIPPED: there is no 'docker compose' here; nothing was checked"
    exit 77
fi
docker compose --profile demo config -q || { say "FAILED: docker-compose.yml is not well-formed"; exit 1; }
say "ok: docker-compose.yml is well-formed"
if ! docker version >/dev/null 2>&1; then
    say "SKIPPED: no Docker engine answers here (docker version fails); docker-compose.yml alone was checked"
    exit 77
fi
for tool in curl openssl; do
    command -v "$tool" >/dev/null || { say "FAILED: this test needs $tool"; exit 1; }
done

export COMPOSE_PROJECT_NAME=seadesk-test$$ COMPOSE_ANSI=never COMPOSE_PROGRESS=plain COMPOSE_PROFILES=demo
export SEADESK_INGEST_PORT=${SEADESK_INGEST_PORT:-18080} SEADESK_CHAT_PORT=${SEADESK_CHAT_PORT:-18081}
export SEADESK_DESK_PORT=${SEADESK_DESK_PORT:-18090} SEADESK_FAKE_PORT=${SEADESK_FAKE_PORT:-18099}
export SEADESK_PUBLIC_URL=http://127.0.0.1:$SEADESK_INGEST_PORT
ingest=http://127.0.0.1:$SEADESK_INGEST_PORT desk=http://127.0.0.1:$SEADESK_DESK_PORT fake=http://127.0.0.1:$SEADESK_FAKE_PORT
services="ingest order-tracker router translator-gateway sla-timer notifier retention-purger desk media-fetcher"

finish() {
    local status=$?
    [ "$status" = 0 ] || docker compose logs --no-color --tail 15 >&2 || true
    docker compose down -v --remove-orphans -t 12 >/dev/null 2>&1 || true
    rm -rf "$folder"
    [ "$status" = 0 ] && say "passed in $SECONDS s" || say "FAILED"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

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

# quietly COMMAND…: its output is shown only when it fails.
quietly() {
    "$@" >"$folder/output" 2>&1 || { tail -n 40 "$folder/output" >&2; return 1; }
}

healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]; }
all_healthy() { local id; for id in $(docker compose ps -q $services); do healthy "$id" || return 1; done; }
restarted() { [ "$(docker inspect -f '{{.RestartCount}}' "$1")" -gt 0 ] && healthy "$1"; }

# hardened CONTAINER: no root, no privilege, nothing of the image can be written, memory has a limit.
hardened() {
    [ "$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}' "$1")" = \
        'true [ALL] [no-new-privileges:true]' ] &&
        [ "$(docker inspect -f '{{.Config.User}}' "$1")" = 10001 ] && [ "$(docker inspect -f '{{.HostConfig.Memory}}' "$1")" -gt 0 ]
}
all_hardened() { local id; for id in $(docker compose ps -q $services); do hardened "$id" || return 1; done; }

nothing_is_left() {
    local of="label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    [ -z "$(docker ps -aq --filter "$of")$(docker volume ls -q --filter "$of")$(docker network ls -q --filter "$of")" ]
}

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

# command TICKET VERB FIELDS: done, not only taken in: a 202 is asked again by the same key.
command() {
    local ticket=$1 verb=$2 fields=$3 key=$2-$RANDOM$RANDOM body code
    body="{\"expected_version\":$(version_of "$ticket")$fields}"
    for _ in {1..60}; do
        code=$(api -o /dev/null -w '%{http_code}' -X POST "$desk/api/v1/tickets/$ticket/$verb" -H "Idempotency-Key: $key" -d "$body") || return 1
        [ "$code" = 202 ] || break
        sleep 0.5
    done
    [ "$code" = 200 ]
}

sent() { curl -sf "$fake/log" | grep -q "$1"; }

say "building the images (some minutes the first time)"
COMPOSE_PARALLEL_LIMIT=1 quietly docker compose build # a builder without BuildKit would compile once for each image at once
say "ok: built"
quietly docker compose up -d
until_true 300 "all services healthy" all_healthy
until_true 1 "no service is root, writes its image or has a privilege" all_hardened

say_whatsapp "Hello, my parcel is late" wamid.compose1
until_true 120 "the message is a ticket at the desk" routed wamid.compose1
api -X PUT "$desk/api/v1/agents/me/presence" -d '{"state":"online","capacity":{"weight":10}}' >/dev/null
ticket=$(ticket_of wamid.compose1)
until_true 120 "taken" command "$ticket" take ""
until_true 120 "answered" command "$ticket" reply ',"text":"We are on it, compose","language":"en"'
until_true 120 "the provider accepted the answer" sent "We are on it, compose"

quietly docker compose up -d --scale router=2
until_true 120 "two routers healthy" all_healthy
[ "$(docker compose ps -q router | wc -l)" = 2 ]
say_whatsapp "Anybody there?" wamid.compose2
until_true 120 "routed by two" routed wamid.compose2

victim=$(docker compose ps -q notifier)
# every process of the container but its init and the shell itself; `docker kill` would be a wish to stop, and nothing would restart it
docker compose exec -T notifier sh -c 'kill -9 -1' || true
until_true 120 "the killed notifier is back" restarted "$victim"
until_true 120 "answered again" command "$ticket" reply ',"text":"Still with you, compose","language":"en"'
until_true 120 "the provider accepted it" sent "Still with you, compose"

quietly docker compose down -v -t 12
until_true 1 "down: no container, volume or network is left" nothing_is_left
