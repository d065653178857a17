# services.sh: the one table of what a stack runs, the ports it listens on, and the environment that each program gets.

INFRA=(kafka postgres redis)

# Before [KEY=VALUE…] COMMAND…: runs it without the caller's own settings.
CLEAN_ENV=(env -i PATH="$PATH" HOME="${HOME:-/root}" LANG=C.UTF-8 TZ=UTC)

# name, listen port, admin port (of the default stack; - is none)
services_table() {
    cat <<'EOF'
fake-provider       8099  -
ingest              8080  9101
router              -     9102
translator-gateway  -     9103
sla-timer           -     9104
notifier            8081  9105
retention-purger    -     9106
desk                8090  9107
order-tracker       -     9108
media-fetcher       -     9110
EOF
}

mapfile -t SERVICES < <(services_table | awk '{ print $1 }')

# port_names: every port of a stack and its number in the default stack.
port_names() {
    services_table | awk '$2 != "-" { print $1, $2 } $3 != "-" { print $1 "_admin", $3 }'
    printf '%s\n' 'kafka 19092' 'kafka_controller 19093' 'redis 16379' 'postgres 15432'
}

# is_one_of NAME NAME…: without a pipe, whose writer would die when the reader has seen enough, and fail the whole.
is_one_of() { local one; for one in "${@:2}"; do [ "$one" != "$1" ] || return 0; done; return 1; }
is_service() { is_one_of "$1" "${SERVICES[@]}"; }
has_port() { grep -q "^$1 " "$STATE/ports"; }
url_of() { printf 'http://127.0.0.1:%s' "$(port "$1")"; }
binary_of() { printf '%s' "$ROOT/build/$(cat "$STATE/build")/bin/$1"; }
is_built() { [ -x "$(binary_of "$1")" ]; }

# The part that every program shares; unknown SEADESK_ names would stop it, so nothing else of ours is passed on.
shared_env() {
    local at=127.0.0.1
    cat <<EOF
SEADESK_KAFKA=$at:$(port kafka)
SEADESK_REDIS=redis://$at:$(port redis)/0
SEADESK_MASTER_KEY_FILE=$(secret master-key)
SEADESK_PEPPER_FILE=$(secret pepper)
SEADESK_CONFIG=$ROOT/deploy/config
SEADESK_PUBLIC_URL=$(url_of ingest)
SEADESK_INGEST_URL=$(url_of ingest)
SEADESK_DESK_URL=$(url_of desk)
SEADESK_FAKE_URL=$(url_of fake-provider)
EOF
}

# service_env NAME: KEY=VALUE lines of one service.
service_env() {
    shared_env
    cat <<EOF
SEADESK_POSTGRES=postgresql://127.0.0.1:$(port postgres)/seadesk
SEADESK_KEYS_POSTGRES=postgresql://127.0.0.1:$(port postgres)/seadesk_keys
SEADESK_POSTGRES_PASSWORD_FILE=$(secret postgres-services)
EOF
    if [ "$1" = media-fetcher ]; then echo "SEADESK_MEDIA_PRIVATE_HOSTS=127.0.0.1:$(port fake-provider)"; fi
    if [ "$1" = router ]; then echo "SEADESK_ROUTER_VIDEO_URL=https://meet.example/"; fi
    if has_port "$1"; then echo "SEADESK_LISTEN=127.0.0.1:$(port "$1")"; fi
    if has_port "$1_admin"; then echo "SEADESK_ADMIN_LISTEN=127.0.0.1:$(port "$1_admin")"; fi
}

# operator_env: KEY=VALUE lines of the command `seadesk`, which acts as the administrator.
operator_env() {
    shared_env
    cat <<EOF
SEADESK_POSTGRES=postgresql://postgres@127.0.0.1:$(port postgres)/seadesk
SEADESK_KEYS_POSTGRES=postgresql://postgres@127.0.0.1:$(port postgres)/seadesk_keys
SEADESK_POSTGRES_PASSWORD_FILE=$(secret postgres-admin)
SEADESK_SERVICE_PASSWORD_FILE=$(secret postgres-services)
EOF
}

# seadesk ARGUMENT…: the operator's command against this stack.
seadesk() {
    local env
    mapfile -t env < <(operator_env)
    "${CLEAN_ENV[@]}" "${env[@]}" "$(binary_of seadesk)" "$@"
}


# What a service's /readyz says, one line; false unless it is 200.
service_ready() {
    if has_port "$1_admin"; then
        curl -sS -f -m 2 -o /dev/null "$(url_of "$1_admin")/readyz"
    else
        port_taken "$(port "$1")"
    fi
}
