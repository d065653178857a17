#!/usr/bin/env bash
# Fails when a program of a release lacks what cmake/SeaOptions.cmake promises: position independence, RELRO with all
# symbols bound at start, no executable stack, no run path, stack protector and fortified calls. 77: nothing was built.
set -euo pipefail
folder=$1
failed=0

# check FILE WHAT COMMAND…: the command's output must not be empty.
check() {
    local file=$1 what=$2
    shift 2
    [ -n "$("$@")" ] && return
    printf '%s: %s\n' "$(basename "$file")" "$what" >&2
    failed=1
}

check_program() {
    local file=$1 dynamic segments symbols
    dynamic=$(readelf -dW "$file")
    segments=$(readelf -lW "$file")
    symbols=$(readelf --dyn-syms -W "$file")
    check "$file" 'is not position independent' awk '/FLAGS_1/ && /PIE/' <<<"$dynamic"
    check "$file" 'binds symbols lazily' awk '/FLAGS/ && /NOW/' <<<"$dynamic"
    check "$file" 'has no RELRO segment' awk '/GNU_RELRO/' <<<"$segments"
    check "$file" 'has an executable stack' awk '/GNU_STACK/ && !/RWE/' <<<"$segments"
    check "$file" 'has a run path' awk '/RPATH|RUNPATH/ { n++ } END { if (!n) print "none" }' <<<"$dynamic"
    check "$file" 'has relocations in its text' awk '/TEXTREL/ { n++ } END { if (!n) print "none" }' <<<"$dynamic"
    check "$file" 'has no stack protector' awk '/__stack_chk_fail/' <<<"$symbols"
    check "$file" 'has no fortified call' awk '/__(mem|str|[a-z]*printf)[a-z]*_chk/' <<<"$symbols"
}

count=0
for file in "$folder"/*; do
    [ "$(head -c 4 "$file" 2>/dev/null | tail -c 3)" = ELF ] || continue
    check_program "$file"
    count=$((count + 1))
done
if [ "$count" = 0 ]; then
    printf 'there is no program in %s: ./dev build release makes them\n' "$folder"
    exit 77
fi
exit $failed
