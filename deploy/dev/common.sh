# common.sh: what every module of ./dev uses: words to the user, steps with progress, names of folders.

export LC_ALL=C.UTF-8
export DEV_BEGAN=${DEV_BEGAN:-$EPOCHSECONDS} # a ./dev inside a ./dev goes on counting
CACHE=${SEADESK_CACHE:-${HOME:-/root}/.cache/seadesk}
PYTHON=/usr/bin/python3
STACK=${SEADESK_STACK:-default}
STATE=$ROOT/.stack/$STACK

say() { printf '%s\n' "$*"; }
info() { printf '[%4d s] %s\n' "$((EPOCHSECONDS - DEV_BEGAN))" "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
hash_of() { sha256sum | cut -c1-16; }

case $STACK in
    '' | *[!a-z0-9-]*) die "SEADESK_STACK must be of a-z, 0-9 and -, not '$STACK'" ;;
esac

# as_root COMMAND…: through sudo where we aren't root; require_root first, so that sudo asks before a step begins.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

require_root() {
    [ "$(id -u)" = 0 ] && return 0
    have sudo || die "installing packages needs root: run this once as root, or install sudo"
    sudo -n true 2>/dev/null || sudo -v || die "sudo refused"
}

# step WHAT COMMAND…: runs the command with its output in a log, shows that time passes, and the end of the log
# when it fails.
step() {
    local what=$1 log pid began=$SECONDS status=0
    shift
    mkdir -p "$STATE/log/steps"
    log=$STATE/log/steps/$(printf '%s' "$what" | tr -c 'A-Za-z0-9\n' '-' | cut -c1-40).log
    info "$what …"
    "$@" </dev/null >"$log" 2>&1 &
    pid=$!
    trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        step_progress "$what" "$log" "$((SECONDS - began))"
    done
    wait "$pid" || status=$?
    trap - INT TERM
    [ ! -t 1 ] || printf '\r\033[K'
    [ "$status" = 0 ] && return 0
    printf '%s failed (status %d); the end of %s:\n' "$what" "$status" "$log" >&2
    tail -n 25 "$log" | sed 's/^/    /' >&2
    return "$status"
}

# On a terminal one line that is rewritten; in a log one line every 20 seconds.
step_progress() {
    local tail_line
    if [ -t 1 ]; then
        tail_line=$(tail -n 1 "$2" 2>/dev/null | tr -d '\r\033' | cut -c1-60)
        printf '\r\033[K[%4d s] %s' "$((EPOCHSECONDS - DEV_BEGAN))" "$tail_line"
    elif [ "$3" -gt 0 ] && [ $(($3 % 20)) = 0 ] && [ "${STEP_SAID:-}" != "$1$3" ]; then
        STEP_SAID=$1$3
        info "$1, still at it after $3 s"
    fi
}

# wait_until SECONDS COMMAND…: asks again and again; false when the time is over.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# with_lock NAME COMMAND…: one at a time per cache; programs started meanwhile must close descriptor 9.
with_lock() {
    local name=$1
    shift
    mkdir -p "$CACHE"
    (
        flock -n 9 || {
            info "waiting for another ./dev ($name)"
            flock 9
        }
        "$@"
    ) 9>"$CACHE/$name.lock"
}

# port_taken PORT: whether somebody listens on 127.0.0.1.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# port_holder PORT: "pid name" of the listener, as far as /proc tells us.
port_holder() {
    local hex inode fd pid
    hex=$(printf ':%04X' "$1")
    inode=$(awk -v p="$hex" '$4 == "0A" && substr($2, length($2) - 4) == p { print $10; exit }' \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null)
    for fd in /proc/[0-9]*/fd/*; do
        if [ "$(readlink "$fd" 2>/dev/null)" = "socket:[$inode]" ]; then
            pid=${fd#/proc/}
            pid=${pid%%/*}
            printf 'pid %s (%s)' "$pid" "$(cat "/proc/$pid/comm" 2>/dev/null)"
            return 0
        fi
    done
    printf 'a process that cannot be named'
}
