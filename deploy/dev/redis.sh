# redis.sh: a private Redis 7; nothing in it is needed that PostgreSQL cannot give back.

redis_prepare() { mkdir -p "$STATE/redis"; }

# Debian's redis-tools carries the server under another name; the package redis-server would start one of its own.
redis_command() {
    local settings=(--port "$(port redis)" --bind 127.0.0.1 --dir "$STATE/redis" --daemonize no --save ''
        --appendonly yes --appendfsync everysec --maxmemory-policy noeviction)
    if have redis-server; then
        COMMAND=(redis-server "${settings[@]}")
    else
        COMMAND=(bash -c 'exec -a redis-server redis-check-rdb "$@"' redis "${settings[@]}")
    fi
}

redis_ready() { [ "$(redis-cli -h 127.0.0.1 -p "$(port redis)" ping 2>/dev/null)" = PONG ]; }
