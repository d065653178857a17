# machine.sh: may this machine run Seadesk? Memory, disk, system; asked before anything is installed.

MEMORY_LEAST_MB=2000
MEMORY_WANTED_MB=3000
DISK_LEAST_MB=4000

memory_mb() { awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo; }
disk_mb() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }

# machine_check: refuses what can't work, warns of what may not.
machine_check() {
    local free
    have apt-get || die "this isn't Debian (no apt-get); Seadesk's development set-up knows Debian 12 or newer"
    free=$(memory_mb)
    [ "$free" -ge $MEMORY_LEAST_MB ] || die "$free MB of memory are free, at least $MEMORY_LEAST_MB MB are needed"
    [ "$free" -ge $MEMORY_WANTED_MB ] || warn "only $free MB of memory are free; $MEMORY_WANTED_MB MB are comfortable"
    free=$(disk_mb "$ROOT")
    [ "$free" -ge $DISK_LEAST_MB ] || die "$free MB of disk are free under $ROOT, at least $DISK_LEAST_MB MB are needed"
    free=$(disk_mb /var)
    [ "$free" -ge $DISK_LEAST_MB ] || die "$free MB of disk are free under /var, at least $DISK_LEAST_MB MB are needed"
}
