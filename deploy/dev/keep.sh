#!/bin/bash
# keep.sh: runs one program of a stack, starts it again when it dies, and ends it when it is told to (SIGTERM).
# usage: keep.sh STATE NAME STOP_SIGNAL PROGRAM [ARGUMENT…]
# STATE/run/NAME.keeper and NAME.pid hold our and the program's process ids, NAME.born when it began (in the kernel's
# ticks), because a process id alone may be another's by now. STATE/override/NAME.env adds lines
# KEY=VALUE to the program's environment at every start, NAME.once at the next start only (tests set these).
set -u
state=$1 name=$2 signal=$3
shift 3
child='' stopping='' delay_ms=200
umask 022

note() { printf 'time=%(%Y-%m-%dT%H:%M:%SZ)T level=info service=keeper program=%s msg="%s"\n' -1 "$name" "$*"; }

on_term() {
    stopping=1
    [ -z "$child" ] || kill -s "$signal" "$child" 2>/dev/null
}
trap on_term TERM

start() {
    local extra=()
    if [ -f "$state/override/$name.env" ]; then
        mapfile -t -O "${#extra[@]}" extra <"$state/override/$name.env"
    fi
    if [ -f "$state/override/$name.once" ]; then
        mapfile -t -O "${#extra[@]}" extra <"$state/override/$name.once"
        rm -f "$state/override/$name.once"
    fi
    setsid env "${extra[@]}" "$@" &
    child=$!
    cut -d ' ' -f 22 "/proc/$child/stat" >"$state/run/$name.born" 2>/dev/null
    echo "$child" >"$state/run/$name.pid.new"
    mv "$state/run/$name.pid.new" "$state/run/$name.pid"
    [ -z "$stopping" ] || kill -s "$signal" "$child" 2>/dev/null
}

# A trap interrupts `wait`, so ask until the program is really gone; one that went in that instant is asked for once more,
# because what `wait` said was the interruption.
await() {
    status=0
    while :; do
        wait "$child"
        status=$?
        kill -0 "$child" 2>/dev/null || break
    done
    [ "$status" -gt 128 ] || return 0
    wait "$child"
    again=$?
    [ "$again" = 127 ] || status=$again # 127: it was told already
}

export TZ=UTC
echo $$ >"$state/run/$name.keeper"
while [ -z "$stopping" ]; do
    began=$SECONDS
    start "$@"
    await
    child=''
    rm -f "$state/run/$name.pid"
    [ -z "$stopping" ] || break
    [ $((SECONDS - began)) -lt 10 ] || delay_ms=200
    note "ended with status $status, starts again in $delay_ms ms"
    sleep "$((delay_ms / 1000)).$(printf %03d $((delay_ms % 1000)))" &
    wait $!
    delay_ms=$((delay_ms * 2 > 5000 ? 5000 : delay_ms * 2))
done
note "stopped with status ${status:-0}"
rm -f "$state/run/$name.keeper"
