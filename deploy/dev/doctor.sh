# doctor.sh: what is wrong with this machine, or with the stack; each finding says what to do.

#: doctor
#: Say what is wrong with the machine or the stack (exit 1 if anything is).
cmd_doctor() {
    local findings=0
    doctor_machine
    if [ -f "$STATE/ports" ]; then doctor_stack; else say "stack $STACK was never started: ./dev up"; fi
    [ "$findings" = 0 ] && say "nothing is wrong"
}

finding() {
    findings=$((findings + 1))
    printf 'wrong: %s\n' "$*"
}

doctor_machine() {
    local missing bits folder
    mapfile -t missing < <(packages_missing build stack test)
    [ ${#missing[@]} = 0 ] || finding "packages are missing (${missing[*]}): ./dev setup --test"
    [ "$(memory_mb)" -ge $MEMORY_LEAST_MB ] || finding "only $(memory_mb) MB of memory are free: stop something"
    for folder in "$ROOT" /var/tmp; do
        [ "$(disk_mb "$folder")" -ge $DISK_LEAST_MB ] || finding "only $(disk_mb "$folder") MB of disk are free under $folder"
    done
    if [ -d "$KAFKA_LIBS" ]; then
        kafka_verify "$KAFKA_LIBS" >/dev/null 2>&1 || finding "Kafka's jars are damaged: remove $KAFKA_LIBS and run ./dev up"
    fi
    bits=$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)
    [ "$bits" -le 30 ] || finding "vm.mmap_rnd_bits is $bits, and the sanitizers of Debian 12 crash at times above 30: sysctl vm.mmap_rnd_bits=28"
}

doctor_stack() {
    local name each
    for name in "${INFRA[@]}" "${SERVICES[@]}"; do
        if is_service "$name" && ! is_built "$name"; then
            finding "$name is not built: ./dev up"
        elif ! is_running "$name"; then
            finding "$name does not run: ./dev up"
            for each in "$name" "${name}_admin"; do
                if has_port "$each" && port_taken "$(port "$each")"; then
                    finding "its port $(port "$each") is taken by $(port_holder "$(port "$each")"): stop that"
                fi
            done
        elif ! program_ready "$name" 2>/dev/null; then
            finding "$name is not ready: $(readyz_of "$name") ./dev logs $name"
        fi
        doctor_restarts "$name"
    done
    if is_built seadesk && is_running postgres && is_running kafka; then
        seadesk doctor || finding "seadesk doctor found something, see above"
    fi
}

doctor_restarts() {
    local times
    times=$(grep -cs 'service=keeper .*starts again' "$STATE/log/$1.log") || return 0
    say "note: $1 was started again $times times since its log began: ./dev logs $1"
}
