# postgres.sh: a private PostgreSQL 15 cluster in /var/tmp, because the user postgres may be unable to enter the checkout.

PG_BIN=/usr/lib/postgresql/15/bin
PG_FOLDER=/var/tmp/seadesk-$(printf '%s' "$STATE" | hash_of)

# as_postgres COMMAND…: PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    else
        "$@"
    fi
}

postgres_prepare() {
    postgres_folder
    [ -f "$PG_FOLDER/data/PG_VERSION" ] || postgres_init
    postgres_settings | as_postgres tee "$PG_FOLDER/data/stack.conf" >/dev/null
}

# /var/tmp is everybody's: take the folder only if it is ours. It outlives a checkout that is removed; a new one in its
# place has other secrets, so a cluster that this stack has no link to is not its own.
postgres_folder() {
    local owner=postgres
    [ "$(id -u)" = 0 ] || owner=$(id -un)
    if [ ! -e "$PG_FOLDER" ]; then
        mkdir -m 0700 "$PG_FOLDER"
        [ "$(id -u)" != 0 ] || chown postgres:postgres "$PG_FOLDER"
    fi
    [ ! -L "$PG_FOLDER" ] && [ "$(stat -c %U "$PG_FOLDER")" = "$owner" ] || die "$PG_FOLDER is not ours; remove it"
    [ -L "$STATE/postgres" ] || as_postgres rm -rf "$PG_FOLDER/data"
    ln -sfn "$PG_FOLDER" "$STATE/postgres"
}

postgres_init() {
    as_postgres rm -rf "$PG_FOLDER/data" "$PG_FOLDER/new"
    (umask 077 && as_postgres tee "$PG_FOLDER/password" <"$(secret postgres-admin)" >/dev/null)
    (cd / && as_postgres "$PG_BIN/initdb" -D "$PG_FOLDER/new" -U postgres -A scram-sha-256 --pwfile="$PG_FOLDER/password" \
        -E UTF8 --locale=C.UTF-8) >"$STATE/log/postgres-init.log" 2>&1 9>&- ||
        die "the PostgreSQL cluster could not be made; see $STATE/log/postgres-init.log"
    as_postgres rm -f "$PG_FOLDER/password"
    echo "include 'stack.conf'" | as_postgres tee -a "$PG_FOLDER/new/postgresql.conf" >/dev/null
    as_postgres mv "$PG_FOLDER/new" "$PG_FOLDER/data"
}

# Fast, and an answered commit is on disk.
postgres_settings() {
    cat <<EOF
listen_addresses = '127.0.0.1'
port = $(port postgres)
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
fsync = on
synchronous_commit = on
wal_compression = on
max_wal_size = 2GB
checkpoint_timeout = 15min
track_commit_timestamp = off
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
EOF
}

postgres_command() {
    COMMAND=("$PG_BIN/postgres" -D "$PG_FOLDER/data")
    if [ "$(id -u)" = 0 ]; then
        COMMAND=(setpriv --reuid=postgres --regid=postgres --init-groups "${COMMAND[@]}")
    fi
}

# pg DATABASE [ARGUMENT…]: psql as the administrator.
pg() {
    local database=$1
    shift
    PGPASSWORD=$(cat "$(secret postgres-admin)") psql -X -h 127.0.0.1 -p "$(port postgres)" -U postgres -d "$database" "$@"
}

postgres_ready() { pg postgres -qAtc 'select 1' >/dev/null 2>&1; }

# Once per cluster; safe to repeat.
postgres_databases() {
    local database
    for database in seadesk seadesk_keys; do
        pg postgres -qAtc "select 1 from pg_database where datname = '$database'" | grep -q 1 ||
            pg postgres -qc "create database $database"
    done
}
