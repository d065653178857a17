# machine.sh: may this machine run Seadesk? Memory, disk, system; asked before anything is installed.

MEMORY_LEAST_MB=2000
MEMORY_WANTED_MB=3000
DISK_LEAST_MB=1500
DISK_FOR_PACKAGES_MB=5000

memory_mb() { awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo; }
disk_mb() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }

# machine_check [DISK_MB]: refuses what can't work, warns of what may not.
machine_check() {
    local free disk=${1:-$DISK_LEAST_MB} folder
    have apt-get || die "this isn't Debian (no apt-get); Seadesk's development set-up knows Debian 12 or newer"
    free=$(memory_mb)
    [ "$free" -ge $MEMORY_LEAST_MB ] || die "$free MB of memory are free, at least $MEMORY_LEAST_MB MB are needed"
    [ "$free" -ge $MEMORY_WANTED_MB ] || warn "only $free MB of memory are free; $MEMORY_WANTED_MB MB are comfortable"
    for folder in "$ROOT" /var/tmp; do
        free=$(disk_mb "$folder")
        [ "$free" -ge "$disk" ] || die "$free MB of disk are free under $folder, at least $disk MB are needed"
    done
}
