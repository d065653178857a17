# test.sh: every test of the tree: ctest over the sanitizer build, then pytest over a stack of its own.

TEST_FAILURES=()
UNSTEADY_MAX=3 # as the help and docs/testing.md say

#: test [--yes] [--unit] [--keep] [-k EXPRESSION] [FILE...]
#: Build with sanitizers, and a release, and run every test; the last line counts them.
#:
#: --unit runs only what needs no Kafka, PostgreSQL and Redis. -k and files choose among tests/it, as pytest does.
#: The tests of tests/web and tests/it run in two halves side by side, each on a stack of its own (SEADESK_STACK=test and
#: test-2; chosen ones on test), made anew and stopped at the end; --keep leaves them running. What fails there runs once
#: more at the end: if it passes then, the closing lines call it unsteady; more than three of these fail the run.
cmd_test() {
    local unit_only='' keep='' chosen=() status=0
    while [ $# -gt 0 ]; do
        case $1 in
            --yes) ASSUME_YES=1 ;;
            --unit) unit_only=1 ;;
            --keep) keep=1 ;;
            -k) chosen+=(-k "${2:?-k needs an expression}") && shift ;;
            -*) die "test knows --yes, --unit, --keep and -k, not '$1'" ;;
            *) chosen+=("$1") ;;
        esac
        shift
    done
    mkdir -p "$ROOT/.stack"
    exec 8>"$ROOT/.stack/test.lock"
    flock -n 8 || die "another ./dev test runs in this checkout"
    setup_machine build stack test
    export SEADESK_BUILD=dev
    RESULTS=$ROOT/build/dev/results
    [ ${#chosen[@]} -gt 0 ] || build_preset release
    build_preset dev
    rm -rf "$RESULTS"
    mkdir -p "$RESULTS"
    [ ${#chosen[@]} -gt 0 ] || test_ctest
    [ -n "$unit_only" ] || test_services "$keep" "${chosen[@]}"
    test_closing_line
}

test_ctest() {
    info "running unit tests, gates and fuzz corpora"
    ctest --preset dev -j "$(nproc)" --output-junit "$RESULTS/ctest.xml" --progress >"$RESULTS/ctest.log" 2>&1 ||
        test_show_end "$RESULTS/ctest.log"
    [ -s "$RESULTS/ctest.xml" ] || TEST_FAILURES+=("ctest wrote no results; see $RESULTS/ctest.log")
}

test_show_end() { grep -v -e ' Passed ' -e 'Test *#.*: ' "$1" | tail -n 60; }

test_services() {
    local keep=$1 stack stacks=("${SEADESK_STACK:-test}")
    shift
    [ $# -gt 0 ] || stacks+=("${stacks[0]}-2")
    if ! test_up "${stacks[@]}"; then
        TEST_FAILURES+=("the stacks of the tests did not start")
    elif [ $# -gt 0 ]; then
        test_folder "${stacks[0]}" it it "$@"
        test_again "${stacks[0]}" it it "$@"
    else
        test_halves "${stacks[@]}"
    fi
    [ -n "$keep" ] && return 0
    for stack in "${stacks[@]}"; do
        SEADESK_STACK=$stack "$ROOT/dev" down
        test_logs "$ROOT/.stack/$stack/log"
    done
}

test_up() {
    local stack
    for stack; do
        SEADESK_STACK=$stack "$ROOT/dev" clean --data && SEADESK_STACK=$stack "$ROOT/dev" up || return 1
    done
}

# test_halves STACK STACK: everything, in two halves at once: most tests wait most of the time.
test_halves() {
    local halves=()
    mapfile -t halves < <($PYTHON "$ROOT/deploy/dev/halves.py" "$ROOT/tests/it")
    [ ${#halves[@]} = 2 ] || { TEST_FAILURES+=("tests/it could not be halved") && return 0; }
    set -m # a process group of its own, which an interrupt is handed on to
    {
        test_folder "$1" web web # first: it likes a desk without other people's tickets
        test_folder "$1" it it-1 ${halves[0]}
    } >"$RESULTS/first.log" 2>&1 8>&- &
    set +m
    trap 'kill -- "-$!"; exit 130' INT TERM
    test_folder "$2" it it-2 ${halves[1]}
    wait $! || true # a half that ended early has left no status
    trap - INT TERM
    cat "$RESULTS/first.log"
    test_again "$1" web web
    test_again "$1" it it-1 ${halves[0]}
    test_again "$2" it it-2 ${halves[1]}
}

# test_folder STACK FOLDER NAME [OPTION...]: tests of tests/FOLDER against a running stack; their results are called NAME.
test_folder() {
    local stack=$1 folder=$2 name=$3 status=0
    shift 3
    info "running tests/$folder on stack $stack"
    (
        eval "$(SEADESK_STACK=$stack "$ROOT/dev" env)"
        cd "$ROOT/tests/$folder"
        $PYTHON -m pytest -o cache_dir="$RESULTS/cache.${name%.again}" --junitxml "$RESULTS/$name.xml" "$@"
    ) || status=$?
    echo "$status" >"$RESULTS/$name.status"
}

# test_again STACK FOLDER NAME [OPTION...]: what failed there runs once more. pytest's 5: nothing was chosen, as the closing line says.
test_again() {
    local stack=$1 folder=$2 name=$3 status
    shift 3
    status=$(cat "$RESULTS/$name.status" 2>/dev/null || echo none)
    if [ "$status" = 1 ]; then
        test_folder "$stack" "$folder" "$name.again" --last-failed --last-failed-no-failures none "$@"
        status=$(cat "$RESULTS/$name.again.status")
    fi
    [[ $status = [015] ]] || TEST_FAILURES+=("pytest of tests/$folder ended with status $status")
}

# What the programs say when they end is a test of its own: leaks, undefined behaviour, a drain that failed.
test_logs() {
    local found logs=("${SERVICES[@]/#/$1/}")
    found=$(grep -lE 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$1"/*.log) &&
        TEST_FAILURES+=("a sanitizer reported in" $found)
    found=$(grep -lE 'service=keeper .*stopped with status [1-9]' "${logs[@]/%/.log}" 2>/dev/null) &&
        TEST_FAILURES+=("ended with an error when told to stop:" $found)
    return 0
}

test_closing_line() {
    local counts=() passed=0 failed=0 skipped=0 unsteady=0
    mapfile -t counts < <($PYTHON "$ROOT/deploy/dev/count_tests.py" "$RESULTS")
    read -r passed failed skipped unsteady <<<"${counts[0]}"
    [ ${#counts[@]} = 1 ] || printf '%s\n' "${counts[@]:1}"
    [ "$unsteady" -le "$UNSTEADY_MAX" ] || TEST_FAILURES+=("$unsteady unsteady tests, $UNSTEADY_MAX are borne")
    if [ ${#TEST_FAILURES[@]} -gt 0 ]; then
        printf 'failed: %s\n' "${TEST_FAILURES[*]}"
        failed=$((failed + 1))
    fi
    [ "$skipped" = 0 ] || say "$skipped skipped"
    [ "$unsteady" = 0 ] || say "$unsteady of the passed failed first, and passed when run again"
    [ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || warn "no test ran"
    say "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
