# demo.sh: the commands that play with a stack: demo, send, story, clock.

# The demo's clock: late evening in Germany, which is day in the Americas.
DEMO_ZONE=Europe/Berlin
DEMO_TIME=22:30

#: demo [--yes]
#: Set everything up, start it, play real-format traffic through it and show what happened.
#:
#: The stack's clock is set to half past ten in the evening in Germany, so that one notice is held for the night
#: whatever the time is; ./dev clock shows and moves it. Everything is left running.
cmd_demo() {
    [ "${1:-}" != --yes ] || ASSUME_YES=1
    stack_up
    flock -u 9
    demo_clock
    play demo
}

# Moves the clock on to the evening, unless it is there already; never back.
demo_clock() {
    local now hour
    now=$(clock_now_ms)
    hour=$(TZ=$DEMO_ZONE date -d "@$((now / 1000))" +%H)
    if [ "$hour" = "${DEMO_TIME%:*}" ]; then
        clock_tell_fake
        return
    fi
    clock_set "$(demo_evening_after "$((now / 1000))")"
}

demo_evening_after() {
    local day at
    for day in today tomorrow; do
        at=$(TZ=$DEMO_ZONE date -d "$(TZ=$DEMO_ZONE date -d "@$1" +%F) $DEMO_TIME $day" +%s)
        [ "$at" -lt "$1" ] || break
    done
    echo "$((at * 1000))"
}

play() {
    local env
    mapfile -t env < <(stack_env)
    env "${env[@]}" $PYTHON -B "$ROOT/deploy/dev/play.py" "$@"
}

#: send CHANNEL TEXT [SENDER]
#: Sign a customer's message as its provider would, post it, and follow its story.
#:
#: Channels: whatsapp, twilio-sms (sender: a phone number with country code), form (an e-mail address).
cmd_send() {
    [ $# -ge 2 ] || die "what and where? ./dev send whatsapp \"Onde está o meu pedido?\""
    require_stack
    play send "$@"
}

#: story EVENT_ID
#: Tell where one event went, when, and how long each step took.
cmd_story() {
    [ $# -gt 0 ] || die "which event? ./dev story EVENT_ID"
    require_stack
    seadesk story "$@"
}

#: clock [now | advance DURATION | set TIME | reset]
#: Show or shift the time that all services of the stack go by (never in production mode).
#:
#: DURATION: 2h, 90m, 1d12h, 30s. TIME: anything `date` understands. now prints milliseconds since 1970.
cmd_clock() {
    local by to
    require_stack
    case ${1:-} in
        '') clock_show ;;
        now) clock_now_ms ;;
        advance)
            by=$(clock_duration_ms "${2:-}")
            clock_write "offset_ms + $by"
            clock_show
            ;;
        set)
            shift
            to=$(date -d "$*" +%s%3N)
            clock_set "$to"
            clock_show
            ;;
        reset)
            clock_write 0
            clock_show
            ;;
        *) die "clock knows now, advance, set and reset, not '$1'" ;;
    esac
}

clock_now_ms() { pg seadesk -qAtc 'select clock.now_ms()'; }
clock_set() { clock_write "$1 - (extract(epoch from clock_timestamp()) * 1000)::bigint"; }

clock_write() {
    pg seadesk -qc "update clock.shift set offset_ms = $1"
    clock_tell_fake
}

# The fake provider has no database to read the time from; its statuses are stamped with what it is told here.
clock_tell_fake() {
    local offset
    offset=$(pg seadesk -qAtc 'select offset_ms from clock.shift')
    curl -fsS -m 2 -o /dev/null -X PUT -d "{\"offset_ms\": $offset}" "$(url_of fake-provider)/clock" ||
        warn "the fake provider wasn't told the time; is it running?"
}

clock_show() {
    local now
    now=$(clock_now_ms)
    printf 'the stack has %s, the world %s\n' "$(date -u -d "@$((now / 1000))" +%FT%TZ)" "$(date -u +%FT%TZ)"
}

clock_duration_ms() {
    local rest=$1 total=0 unit
    while [[ $rest =~ ^([0-9]+)([dhms])(.*)$ ]]; do
        case ${BASH_REMATCH[2]} in d) unit=86400 ;; h) unit=3600 ;; m) unit=60 ;; s) unit=1 ;; esac
        total=$((total + BASH_REMATCH[1] * unit * 1000))
        rest=${BASH_REMATCH[3]}
    done
    [ -z "$rest" ] && [ "$total" -gt 0 ] || die "a duration is like 2h, 90m or 1d12h, not '$1'"
    echo "$total"
}
