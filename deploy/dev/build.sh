# build.sh: compiling by CMake presets, and the commands about sources: build, clean.

# build_preset NAME: configures when needed, and compiles; quick when nothing changed.
build_preset() {
    local preset=$1 launcher=()
    cd "$ROOT"
    export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1
    if have ccache && [ -z "${CMAKE_C_COMPILER_LAUNCHER:-}" ]; then
        launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    fi
    if [ ! -f "build/$preset/build.ninja" ]; then
        step "Configuring the $preset build" cmake --preset "$preset" "${launcher[@]}"
    fi
    step "Building ($preset)" cmake --build --preset "$preset"
}

#: build [dev|release|fuzz|coverage|tidy]
#: Compile one CMake preset (release unless named).
cmd_build() {
    setup_machine build
    build_preset "${1:-release}"
}

#: clean [--data | --all]
#: Remove what was built; --data forgets the stack's data instead, --all both and every stack.
#:
#: Downloads in the cache and installed packages stay.
cmd_clean() {
    case ${1:-} in
        '') rm -rf "$ROOT/build" ;;
        --data) clean_stack ;;
        --all)
            rm -rf "$ROOT/build"
            clean_every_stack
            ;;
        *) die "clean knows --data and --all, not '$1'" ;;
    esac
}

clean_stack() {
    [ ! -d "$STATE" ] || cmd_down
    rm -rf "$PG_FOLDER" "$STATE"
}

clean_every_stack() {
    local each
    for each in "$ROOT"/.stack/*/; do
        [ -d "$each" ] || continue
        SEADESK_STACK=$(basename "$each") "$ROOT/dev" clean --data
    done
}

#: fmt
#: Format every C file with clang-format 14.
cmd_fmt() {
    setup_machine tools
    source_files | xargs -r -0 clang-format-14 -i
}

source_files() {
    find "$ROOT"/{common,services,tools,tests} \( -name '*.c' -o -name '*.h' -o -name '*.cpp' \) -print0
}

#: lint
#: Check formatting, shell scripts and Python, then the gates of the tree, then every source with clang-tidy (slow).
cmd_lint() {
    local failed=0 scripts=()
    setup_machine build test tools
    info "clang-format"
    source_files | xargs -r -0 clang-format-14 --dry-run -Werror || failed=1
    info "shell"
    mapfile -t scripts < <(grep -rlE '^#!/bin/(ba)?sh' "$ROOT"/dev "$ROOT"/.ci "$ROOT"/deploy "$ROOT"/tests "$ROOT"/tools)
    for script in "${scripts[@]}" "$ROOT"/deploy/dev/*.sh; do bash -n "$script" || failed=1; done
    shellcheck -S warning -s bash -e SC1090,SC1091,SC2034,SC2164,SC2206 "${scripts[@]}" "$ROOT"/deploy/dev/*.sh || failed=1
    info "python"
    find "$ROOT/deploy" "$ROOT/tests" -name '*.py' -print0 | xargs -0 -r $PYTHON "$ROOT/deploy/dev/check_python.py" || failed=1
    build_preset release
    build_preset dev
    info "gates"
    ctest --preset dev -L gate || failed=1
    build_preset tidy || failed=1
    [ "$failed" = 0 ] && info "nothing to complain about"
}

#: fuzz [TARGET] [SECONDS]
#: Fuzz one target, or each of them, for a time (60 s each unless given).
#:
#: What is found new goes to tests/fuzz/corpus/TARGET; a crash is left in the current folder as crash-*.
cmd_fuzz() {
    local seconds target targets=()
    case ${1:-} in [0-9]*) set -- '' "$1" ;; esac
    seconds=${2:-60}
    setup_machine build tools
    build_preset fuzz
    mapfile -t targets < <(find build/fuzz -maxdepth 4 -type f -executable -name 'fuzz_*' -printf '%f\n' | sort)
    [ ${#targets[@]} -gt 0 ] || die "there is nothing to fuzz yet"
    [ -z "${1:-}" ] || targets=("$1")
    for target in "${targets[@]}"; do fuzz_one "$target" "$seconds"; done
}

fuzz_one() {
    local program corpus=$ROOT/tests/fuzz/corpus/$1 seeds=()
    program=$(find "$ROOT/build/fuzz" -type f -executable -name "$1" | head -n 1)
    [ -n "$program" ] || die "there is no fuzz target '$1'"
    mkdir -p "$corpus"
    [ "$1" != fuzz_adapter ] || seeds=("$ROOT/tests/corpus") # what providers were seen to send
    info "fuzzing $1 for $2 s"
    "$program" -max_total_time="$2" -print_final_stats=0 "$corpus" "${seeds[@]}"
}

#: bench [NAME [ARGUMENT...]]
#: Run a benchmark of tests/bench; without a name, list them.
cmd_bench() {
    local script=$ROOT/tests/bench/${1:-}.sh
    if [ $# = 0 ]; then
        say "benchmarks:"
        find "$ROOT/tests/bench" -maxdepth 1 -name '*.sh' -printf '  %f\n' 2>/dev/null | sed 's/\.sh$//' | sort
        return
    fi
    [ -f "$script" ] || die "there is no benchmark '$1'; ./dev bench lists them"
    setup_machine build stack tools
    shift
    exec bash "$script" "$@"
}
