# stack.sh: one stack's ports and secrets, and starting, watching and stopping what it runs.

READY_SECONDS=180 # a program may take as long as this to be ready: a busy machine is slow, not broken

port() { awk -v n="$1" '$1 == n { print $2; found = 1 } END { exit !found }' "$STATE/ports"; }
secret() { printf '%s' "$STATE/secrets/$1"; }
pid_of() { cat "$STATE/run/$1.pid" 2>/dev/null; }

# stack_prepare: the state folder with its ports and secrets; safe to repeat.
stack_prepare() {
    local name
    mkdir -p "$STATE/log" "$STATE/run" "$STATE/override"
    mkdir -p "$STATE/secrets"
    chmod 0700 "$STATE/secrets"
    stack_has_its_ports || stack_choose_ports
    for name in postgres-admin postgres-services master-key pepper; do
        [ -s "$(secret "$name")" ] || stack_make_secret "$name"
    done
    echo "${SEADESK_BUILD:-$(cat "$STATE/build" 2>/dev/null || echo release)}" >"$STATE/build.new"
    mv "$STATE/build.new" "$STATE/build"
}

stack_make_secret() {
    (umask 077 && od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$(secret "$1").new")
    mv "$(secret "$1").new" "$(secret "$1")"
}

# False for a new stack, and for one whose table of programs has changed since.
stack_has_its_ports() {
    local name
    cmp -s <(port_names | awk '{ print $1 }') <(awk '{ print $1 }' "$STATE/ports" 2>/dev/null) && return 0
    for name in "${INFRA[@]}" "${SERVICES[@]}"; do
        ! is_running "$name" || die "stack $STACK runs programs of another version: ./dev down first"
    done
    return 1
}

# The default stack has the documented ports; another one takes a free row below the ephemeral range, for good.
stack_choose_ports() {
    local count base try
    if [ "$STACK" = default ]; then
        port_names >"$STATE/ports.new"
    else
        count=$(port_names | wc -l)
        for try in {1..100}; do
            base=$((20000 + RANDOM % 600 * 20))
            stack_row_is_free "$base" "$count" && break
            [ "$try" -lt 100 ] || die "no $count free ports in a row between 20000 and 32000"
        done
        port_names | awk -v p="$base" '{ print $1, p++ }' >"$STATE/ports.new"
    fi
    mv "$STATE/ports.new" "$STATE/ports"
}

stack_row_is_free() {
    local p
    for ((p = $1; p < $1 + $2; p++)); do
        ! port_taken "$p" || return 1
        ! grep -qs " $p\$" "$ROOT"/.stack/*/ports || return 1
    done
}

# keeper_of NAME: its keeper's pid, if that process really is ours.
keeper_of() {
    local pid
    pid=$(cat "$STATE/run/$1.keeper" 2>/dev/null) || return 1
    grep -qzxF -- "$STATE" "/proc/$pid/cmdline" 2>/dev/null || return 1
    echo "$pid"
}

# child_of NAME: the program's pid, if that process really is ours (also when its keeper is gone).
child_of() {
    local pid born
    pid=$(pid_of "$1") && born=$(cut -d ' ' -f 22 "/proc/$pid/stat" 2>/dev/null) || return 1
    [ "$born" = "$(cat "$STATE/run/$1.born" 2>/dev/null)" ] || return 1
    echo "$pid"
}

is_running() { keeper_of "$1" >/dev/null; }
is_stopped() { ! keeper_of "$1" >/dev/null && ! child_of "$1" >/dev/null; }

# start NAME: hands the program to a keeper that outlives us and holds none of our files.
start() {
    local name=$1 signal=TERM env=()
    is_running "$name" && return 0
    stop "$name"
    require_ports "$name"
    case $name in
        kafka | redis) "${name}_command" ;;
        postgres) "${name}_command" && signal=INT ;;
        *) COMMAND=("$(binary_of "$name")") && mapfile -t env < <(service_env "$name") ;;
    esac
    (
        cd "$STATE"
        exec </dev/null >>"$STATE/log/$name.log" 2>&1 8>&- 9>&-
        exec "${CLEAN_ENV[@]}" "${env[@]}" setsid bash "$ROOT/deploy/dev/keep.sh" \
            "$STATE" "$name" "$signal" "${COMMAND[@]}"
    ) &
    wait_until 5 is_running "$name" || die "$name's keeper did not start; see $STATE/log/$name.log"
}

# stop NAME…: asks all, waits for all, and kills what doesn't listen.
stop() {
    local name pid
    for name in "$@"; do
        if pid=$(keeper_of "$name"); then
            kill -TERM "$pid" 2>/dev/null || true
        elif pid=$(child_of "$name"); then
            kill -TERM "$pid" 2>/dev/null || true
        fi
    done
    for name in "$@"; do
        wait_until 20 is_stopped "$name" && continue
        warn "$name did not stop within 20 s; killing it"
        if pid=$(keeper_of "$name"); then kill -KILL "$pid" 2>/dev/null || true; fi
        if pid=$(child_of "$name"); then kill -KILL "-$pid" 2>/dev/null || true; fi
        rm -f "$STATE/run/$name.pid" "$STATE/run/$name.keeper"
    done
    return 0
}

# require_ports NAME: says who stands in the way of a program that we are about to start.
require_ports() {
    local each
    for each in "$1" "$1_admin" "$1_controller"; do
        has_port "$each" || continue
        ! port_taken "$(port "$each")" ||
            die "port $(port "$each") ($each of stack $STACK) is taken by $(port_holder "$(port "$each")"); stop that, or use SEADESK_STACK=name for a stack with other ports"
    done
}

# Kafka, PostgreSQL and Redis, prepared and started side by side.
infra_up() {
    local name pids=() pid
    for name in "${INFRA[@]}"; do
        is_running "$name" && continue
        (
            "${name}_prepare"
            start "$name"
        ) &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || die "the stack did not start"; done
    for name in "${INFRA[@]}"; do
        wait_until "$READY_SECONDS" "${name}_ready" || not_ready "$name"
    done
    postgres_databases
}

not_ready() {
    printf 'error: %s is not ready%s; the end of %s:\n' "$1" "${2:+ ($2)}" "$STATE/log/$1.log" >&2
    tail -n 15 "$STATE/log/$1.log" | sed 's/^/    /' >&2
    exit 1
}

# services_up: restarts what runs an older binary, starts the rest, waits until everything is ready.
services_up() {
    local name running=()
    for name in "${SERVICES[@]}"; do
        if ! is_built "$name"; then
            warn "$name is not built yet and is left out"
            continue
        fi
        running+=("$name")
        [ ! "$(binary_of "$name")" -nt "$STATE/run/$name.keeper" ] || stop "$name"
        start "$name"
    done
    for name in "${running[@]}"; do
        wait_until "$READY_SECONDS" service_ready "$name" || not_ready "$name" "$(readyz_of "$name")"
    done
}

readyz_of() {
    if has_port "$1_admin"; then curl -s -m 2 "$(url_of "$1_admin")/readyz" || echo 'no answer'; fi
}

stack_lock() {
    mkdir -p "$STATE"
    exec 9>"$STATE/lock"
    flock -w 600 9 || die "another ./dev has held $STATE/lock for ten minutes"
}
