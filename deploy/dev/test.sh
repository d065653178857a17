# test.sh: every test of the tree: ctest over the sanitizer build, then pytest over a stack of its own.

TEST_FAILURES=()
UNSTEADY_MAX=3 # as the help and docs/testing.md say

#: test [--yes] [--unit] [--keep] [-k EXPRESSION] [FILE...]
#: Build with sanitizers, and a release, and run every test; the last line counts them.
#:
#: --unit runs only what needs no Kafka, PostgreSQL and Redis. -k and files choose among tests/it, as pytest does.
#: The tests of tests/web and tests/it have a stack of their own (SEADESK_STACK=test), made anew and stopped at the end;
#: --keep leaves it running. What fails there runs once more at the end: if it passes then, the closing lines call it
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

test_services() {
    local keep=$1 stack=${SEADESK_STACK:-test}
    shift
    if ! SEADESK_STACK=$stack "$ROOT/dev" clean --data || ! SEADESK_STACK=$stack "$ROOT/dev" up; then
        TEST_FAILURES+=("the stack of the tests did not start")
    else
        [ $# -gt 0 ] || test_folder "$stack" web # first: it likes a desk without other people's tickets
        test_folder "$stack" it "$@"
    fi
    [ -n "$keep" ] && return 0
    SEADESK_STACK=$stack "$ROOT/dev" down
    test_logs "$ROOT/.stack/$stack/log"
}

# test_folder STACK FOLDER [OPTION...]: the tests of tests/FOLDER against a running stack; what failed runs once more.
test_folder() {
    local stack=$1 folder=$2 status=0
    shift 2
    info "running tests/$folder"
    (
        eval "$(SEADESK_STACK=$stack "$ROOT/dev" env)"
        cd "$ROOT/tests/$folder"
        test_pytest "$folder" "$@" || status=$?
        [ "$status" != 1 ] ||
            test_pytest "$folder.again" --last-failed --last-failed-no-failures none "$@" || status=$?
        exit "$status"
    ) || status=$?
    case $status in
        0 | 1) ;;
        5) ;; # nothing was chosen; the closing line says so
        *) TEST_FAILURES+=("pytest of tests/$folder ended with status $status") ;;
    esac
}

# test_pytest RESULTS [OPTION...]: the cache remembers which failed, for the second run.
test_pytest() {
    local results=$1
    shift
    $PYTHON -m pytest -o cache_dir="$RESULTS/cache.${results%.again}" --junitxml "$RESULTS/$results.xml" "$@"
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
