# test.sh: every test of the tree: ctest over the sanitizer build, then pytest over a stack of its own.

TEST_FAILURES=()
UNSTEADY_MAX=3 # as the help and docs/testing.md say

#: test [--yes] [--unit] [--keep] [-k EXPRESSION] [FILE...]
#: Build with sanitizers, and a release, and run every test; the last line counts them.
#:
#: --unit runs only what needs no Kafka, PostgreSQL and Redis. -k and files choose among tests/it, as pytest does.
#: The tests of tests/web and tests/it have stacks of their own (SEADESK_STACK=test and test-2, on which they run side by
#: side; test alone for chosen ones), made anew and stopped at the end; --keep leaves them running. What fails there runs once more at the end: if it passes then, the closing lines call it
#: unsteady; more than three of these fail the run.
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

# Everything runs in two halves at once, each on a stack of its own: most tests wait most of the time.
test_services() {
    local keep=$1 stack=${SEADESK_STACK:-test} halves=()
    shift
    if [ $# -gt 0 ]; then
        test_up "$stack" && test_folder "$stack" it it "$@"
        test_again "$stack" it it "$@"
    elif test_up "$stack" && test_up "$stack-2"; then
        mapfile -t halves < <($PYTHON "$ROOT/deploy/dev/halves.py" "$ROOT/tests/it")
        set -m # a process group of its own, which an interrupt is handed on to
        {
            test_folder "$stack" web web # first: it likes a desk without other people's tickets
            test_folder "$stack" it it-1 ${halves[0]}
        } >"$RESULTS/first.log" 2>&1 8>&- &
        set +m
        trap 'kill -- "-$!"; exit 130' INT TERM
        test_folder "$stack-2" it it-2 ${halves[1]}
        wait $!
        trap - INT TERM
        cat "$RESULTS/first.log"
        test_again "$stack" web web
        test_again "$stack" it it-1 ${halves[0]}
        test_again "$stack-2" it it-2 ${halves[1]}
    fi
    for stack in "$stack" "$stack-2"; do
        [ -z "$keep" ] && [ -d "$ROOT/.stack/$stack/log" ] || continue
        SEADESK_STACK=$stack "$ROOT/dev" down
        test_logs "$ROOT/.stack/$stack/log"
    done
}

test_up() {
    SEADESK_STACK=$1 "$ROOT/dev" clean --data && SEADESK_STACK=$1 "$ROOT/dev" up && return 0
    TEST_FAILURES+=("the stack of the tests did not start")
    return 1
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
    [ "$(cat "$RESULTS/$name.status" 2>/dev/null)" != 1 ] ||
        test_folder "$stack" "$folder" "$name.again" --last-failed --last-failed-no-failures none "$@"
    for status in "$RESULTS/$name.status" "$RESULTS/$name.again.status"; do
        [ ! -f "$status" ] || grep -qx '[015]' "$status" ||
            TEST_FAILURES+=("pytest of tests/$folder ended with status $(cat "$status")")
    done
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
