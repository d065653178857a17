# commands.sh: help, and the commands that act on a stack: up, down, env, status, logs, restart, psql.
# The lines `#:` above a command are its help: usage first, then one line that says what it does.

help_of() {
    awk -v want="cmd_$1()" '/^#: ?/ { sub(/^#: ?/, ""); text = text $0 "\n"; next }
        index($0, want) == 1 { printf "usage: ./dev %s", text; exit } { text = "" }' "$ROOT"/deploy/dev/*.sh
}

#: help [COMMAND]
#: List the commands, or explain one.
cmd_help() {
    if [ $# -gt 0 ]; then
        help_of "$1"
        return
    fi
    say "Seadesk's development command. Each command explains itself with --help."
    say ""
    awk '/^#: ?/ { sub(/^#: ?/, ""); line[++n] = $0; next } 
        /^cmd_/ && n > 1 { split(line[1], word, " "); printf "  %-8s %s\n", word[1], line[2] } { n = 0 }' \
        "$ROOT"/deploy/dev/*.sh | sort
    say ""
    say "SEADESK_STACK=name chooses a stack with its own state and ports (now: $STACK);"
    say "SEADESK_BUILD=dev|release the binaries it runs; SEADESK_CACHE the folder of downloads ($CACHE)."
}

#: up [--yes] [--infra | SERVICE...]
#: Set the machine up, build, and start the stack.
#:
#: --infra starts Kafka, PostgreSQL and Redis alone (for tests that start services themselves).
#: With names, only those programs of a stack that is already prepared are started, e.g. after ./dev down kafka.
#: What runs already is left alone, unless a newer binary was built. Running it again is quick.
cmd_up() {
    local infra='' names=()
    while [ $# -gt 0 ]; do
        case $1 in
            --yes) ASSUME_YES=1 ;;
            --infra) infra=1 ;;
            *) require_program "$1" && names+=("$1") ;;
        esac
        shift
    done
    if [ ${#names[@]} -gt 0 ]; then
        up_named "${names[@]}"
    elif [ -n "$infra" ]; then
        setup_machine build stack
        stack_lock
        stack_prepare
        infra_up
        info "Kafka, PostgreSQL and Redis of stack $STACK are up; their addresses: ./dev env"
    else
        stack_up
    fi
}

up_named() {
    local name
    require_stack
    stack_lock
    for name in "$@"; do start "$name"; done
    for name in "$@"; do
        wait_until "$READY_SECONDS" program_ready "$name" || not_ready "$name" "$(readyz_of "$name")"
    done
}

program_ready() {
    if is_service "$1"; then service_ready "$1"; else "${1}_ready"; fi
}

require_program() {
    is_one_of "$1" "${INFRA[@]}" "${SERVICES[@]}" ||
        die "there is no program '$1'; there are: ${INFRA[*]} ${SERVICES[*]}"
}

require_stack() {
    [ -f "$STATE/ports" ] || die "stack $STACK was never started; ./dev up does that"
}

# The whole way: machine, build, infrastructure, schema, topics, services.
stack_up() {
    setup_machine build stack
    is_running kafka || machine_check
    stack_lock
    stack_prepare
    build_preset "$(cat "$STATE/build")"
    info "starting Kafka, PostgreSQL and Redis"
    infra_up
    if is_built seadesk; then
        step "Migrating" seadesk migrate
        step "Creating topics" seadesk topics
    else
        warn "seadesk is not built yet: no schema, no topics"
    fi
    info "starting the services"
    services_up
    info "stack $STACK is up"
}

#: down [PROGRAM...]
#: Stop the stack, or only the named programs; its data stays.
cmd_down() {
    local name
    [ -f "$STATE/ports" ] || return 0
    for name in "$@"; do require_program "$name"; done
    stack_lock
    if [ $# -gt 0 ]; then
        stop "$@"
    else
        stop "${SERVICES[@]}"
        stop "${INFRA[@]}"
        info "stack $STACK is down; ./dev clean --data forgets its data"
    fi
}

#: restart PROGRAM...
#: Stop and start programs of the stack, and wait until they are ready.
cmd_restart() {
    [ $# -gt 0 ] || die "which? ./dev restart PROGRAM…"
    cmd_down "$@"
    up_named "$@"
}

#: status
#: Show what runs: process, port, and whether it is ready (exit 1 if something isn't).
cmd_status() {
    local name pid ready all=0
    require_stack
    printf 'stack %s, build %s, state %s\n' "$STACK" "$(cat "$STATE/build")" "$STATE"
    printf '%-20s %8s %7s  %s\n' program pid port state
    for name in "${INFRA[@]}" "${SERVICES[@]}"; do
        ready=stopped
        if is_running "$name"; then
            program_ready "$name" 2>/dev/null && ready=ready || ready="not ready $(readyz_of "$name")"
        elif is_service "$name" && ! is_built "$name"; then
            ready='not built'
        fi
        [ "$ready" = ready ] || all=1
        pid=$(pid_of "$name") || pid=-
        printf '%-20s %8s %7s  %s\n' "$name" "$pid" "$(port "$name" || port "${name}_admin")" "$ready"
    done
    return $all
}

#: logs [-f] [PROGRAM]
#: Show the end of the logs, all of them or one program's; -f follows.
cmd_logs() {
    local follow=() files=()
    require_stack
    if [ "${1:-}" = -f ]; then
        follow=(-F)
        shift
    fi
    if [ $# -gt 0 ]; then
        require_program "$1"
        files=("$STATE/log/$1.log")
    else
        files=("$STATE"/log/*.log)
    fi
    tail -n "$([ ${#files[@]} = 1 ] && echo 200 || echo 10)" "${follow[@]}" "${files[@]}"
}

#: psql [DATABASE] [ARGUMENT...]
#: Open psql as the administrator on the stack's PostgreSQL (database seadesk unless named).
cmd_psql() {
    local database=seadesk
    require_stack
    case ${1:-} in
        '' | -*) ;;
        *) database=$1 && shift ;;
    esac
    pg "$database" "$@"
}

#: env [SERVICE]
#: Print shell exports of every address of the stack.
#:
#: With a service: that service's own environment, e.g. to run it by hand.
#: eval "$(./dev env)" is what tests and benches do.
cmd_env() {
    require_stack
    if [ $# -gt 0 ]; then
        is_service "$1" || die "there is no service '$1'; there are: ${SERVICES[*]}"
        service_env "$1" | sed 's/^/export /'
        return
    fi
    stack_env | sed "s/^\([A-Z_]*\)=\(.*\)/export \1='\2'/"
}

stack_env() {
    local password name
    password=$(cat "$(secret postgres-admin)")
    cat <<EOF
SEADESK_STACK=$STACK
SEADESK_KAFKA=127.0.0.1:$(port kafka)
SEADESK_REDIS=redis://127.0.0.1:$(port redis)/0
SEADESK_POSTGRES=postgresql://postgres:$password@127.0.0.1:$(port postgres)/seadesk
SEADESK_KEYS_POSTGRES=postgresql://postgres:$password@127.0.0.1:$(port postgres)/seadesk_keys
SEADESK_INGEST_URL=$(url_of ingest)
SEADESK_CHAT_URL=$(url_of notifier)
SEADESK_DESK_URL=$(url_of desk)
SEADESK_FAKE_URL=$(url_of fake-provider)
EOF
    for name in "${SERVICES[@]}"; do
        if has_port "${name}_admin"; then
            printf 'SEADESK_ADMIN_%s=%s\n' "$(tr a-z- A-Z_ <<<"$name")" "$(url_of "${name}_admin")"
        fi
    done
    cat <<EOF
SEADESK_CHECKOUT=$ROOT
SEADESK_STATE_DIR=$STATE
SEADESK_LOG_DIR=$STATE/log
SEADESK_PID_DIR=$STATE/run
SEADESK_BIN_DIR=$ROOT/build/$(cat "$STATE/build")/bin
EOF
}
