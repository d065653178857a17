# packages.sh: Debian's packages from the lists in deploy/packages, installed so that none leaves a server running.

ASSUME_YES=${ASSUME_YES:-}
NO_CLUSTER=/etc/postgresql-common/createcluster.d/seadesk.conf

# packages_of LIST…: the names, without comments.
packages_of() {
    local list
    for list in "$@"; do sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$ROOT/deploy/packages/$list.txt"; done | sort -u
}

packages_missing() {
    packages_of "$@" | xargs dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null |
        awk '$2 == "installed" { print $1 }' | sort -u | comm -13 - <(packages_of "$@")
}

# setup_machine LIST…: checks and installs; says nothing when there is nothing to do.
setup_machine() {
    local missing
    mapfile -t missing < <(packages_missing "$@")
    if [ ${#missing[@]} -gt 0 ]; then
        machine_check "$DISK_FOR_PACKAGES_MB"
        packages_explain "${missing[@]}"
        with_lock packages packages_install "${missing[@]}" || exit 1
    fi
    if packages_of "$@" | grep -qx maven; then kafka_get || die_offline "Maven Central" "Kafka's jars"; fi
}

packages_explain() {
    local answer
    say "Missing Debian packages: $# (they bring others along)"
    printf '%s ' "$@" | fold -s -w 96 | sed -e 's/^/    /' -e '$a\'
    say "They are installed by apt-get. Kafka's jars go to $CACHE (and Maven's copies to ~/.m2),"
    say "builds to $ROOT/build, and what a stack keeps to $ROOT/.stack and /var/tmp/seadesk-*."
    say "No server is started but the stack's own, on 127.0.0.1, and ./dev down stops those."
    [ -z "$ASSUME_YES" ] && [ -t 0 ] && [ -t 1 ] || return 0
    read -r -p "Go on? [Y/n] " answer
    case $answer in
        '' | [yY]*) ;;
        *) die "nothing was changed" ;;
    esac
}

packages_install() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600) failed=''
    require_root
    step "Reading Debian's package lists" as_root "${apt[@]}" update ||
        die_offline "Debian's packages (apt-get update)" "the packages above"
    # Debian's PostgreSQL would make and start a cluster of its own.
    as_root mkdir -p "${NO_CLUSTER%/*}"
    echo 'create_main_cluster = false' | as_root tee "$NO_CLUSTER" >/dev/null
    step "Installing packages" as_root "${apt[@]}" install --no-install-recommends "$@" || failed=1
    as_root rm -f "$NO_CLUSTER"
    [ -z "$failed" ] || die_offline "Debian's packages (apt-get install)" "the packages above"
}

die_offline() {
    die "$1 could not be used; it is needed for $2. Is this machine offline? Needed once: Debian's packages, Maven Central, PyPI."
}

#: setup [--yes] [--test]
#: Install packages and fetch Kafka, and nothing else; other commands do it by themselves.
#:
#: --test adds what tests, linting and fuzzing need. --yes asks nothing.
cmd_setup() {
    local lists=(build stack)
    while [ $# -gt 0 ]; do
        case $1 in
            --yes) ASSUME_YES=1 ;;
            --test) lists+=(test) ;;
            *) die "setup knows --yes and --test, not '$1'" ;;
        esac
        shift
    done
    setup_machine "${lists[@]}"
    info "this machine is ready"
}
