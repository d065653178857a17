/* sea_days.c: day keys in locked memory, kept fresh by a thread. */
#include "sea_days.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sea_clock.h"
#include "sea_keyring.h"
#include "sea_log.h"
#include "sea_random.h"

enum {
    DAYS_MOST = 48, /* the store tells of 40 days past and what is ahead */
    DAYS_AHEAD = 3, /* today, tomorrow and the day after */
    DAYS_PAST = 40,
    DAY_MS = 86400000,
    REFRESH_MS = 30000,
    PAST_KEY_MS = 60000, /* a past day's key may have been destroyed: it isn't used longer than this
                            unconfirmed */
    RETRY_FIRST_MS = 200,
    RETRY_MOST_MS = 5000,
};

struct day {
    uint32_t day;
    bool is_live;
    struct sea_data_key key;
};

struct table {
    struct day days[DAYS_MOST];
    size_t count;
};

struct sea_days {
    struct sea_keyring ring; /* the thread's */
    struct sea_pg_args args; /* the thread's */
    unsigned purposes;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct table *tables; /* one per purpose, in locked memory */
    struct table *fresh;  /* the thread's, filled outside the lock */
    int64_t refreshed_ms; /* when the last successful fetch began, CLOCK_BOOTTIME; 0: never */
    int64_t missed_ms;    /* when `missed_day` was first asked for in vain */
    uint32_t missed_day;
    bool is_closing, is_wanted;
};

static const struct {
    const char *name;
    struct sea_pg_stmt stmt;
} purposes[SEA_DAYS_PURPOSES] = {
    {"intake", {"keys_intake_days", "SELECT day, wrapped FROM keys.intake_days($1, $2, $3)"}},
    {"dead", {"keys_dead_days", "SELECT day, wrapped FROM keys.dead_days($1, $2, $3)"}},
};

uint32_t sea_days_of(int64_t time_ms)
{
    sea_assert(time_ms >= 0);
    return (uint32_t)(time_ms / DAY_MS);
}

static uint32_t today(void)
{
    return sea_days_of(sea_clock_wall_ms());
}

static void add_wanted(struct sea_days *days, const char *purpose)
{
    uint32_t first = today();
    sea_pg_args_reset(&days->args);
    sea_pg_array_begin(&days->args, SEA_PG_I32);
    for (uint32_t i = 0; i < DAYS_AHEAD; i++) sea_pg_add_i32(&days->args, (int32_t)(first + i));
    sea_pg_array_end(&days->args);
    sea_pg_array_begin(&days->args, SEA_PG_BYTES);
    for (uint32_t i = 0; i < DAYS_AHEAD; i++) {
        struct sea_data_key key;
        uint8_t wrapped[SEA_WRAPPED_BYTES];
        uint32_t day = first + i;
        struct sea_place place = sea_keyring_day_place(purpose, &day);
        sea_random_bytes(key.bytes, sizeof key.bytes);
        sea_keyring_wrap(&days->ring, &place, &key, wrapped);
        sea_pg_add_bytes(&days->args, wrapped, sizeof wrapped);
        sodium_memzero(&key, sizeof key);
    }
    sea_pg_array_end(&days->args);
    sea_pg_arg_i32(&days->args, (int32_t)sea_keyring_newest(&days->ring));
}

static enum sea_err take_rows(struct sea_days *days, const char *purpose, const PGresult *rows,
                              struct table *ret)
{
    ret->count = 0;
    for (int i = 0; i < sea_pg_count(rows) && ret->count < DAYS_MOST; i++) {
        struct day *day = &ret->days[ret->count++];
        day->day = (uint32_t)sea_pg_i64(rows, i, 0);
        day->is_live = !sea_pg_is_null(rows, i, 1);
        struct sea_place place = sea_keyring_day_place(purpose, &day->day);
        enum sea_err err = SEA_OK;
        if (day->is_live)
            err = sea_keyring_unwrap(&days->ring, &place, sea_pg_str(rows, i, 1), &day->key);
        if (err == SEA_ERR_RETRY)
            sea_keyring_forget(&days->ring); /* wrapped with a key newer than those known */
        if (err != SEA_OK) return err;
    }
    return SEA_OK;
}

static enum sea_err fetch(struct sea_days *days, size_t purpose)
{
    PGresult *rows;
    enum sea_err err = sea_keyring_refresh(&days->ring, INT64_MAX);
    if (err != SEA_OK) return err;
    add_wanted(days, purposes[purpose].name);
    err = sea_keyring_query(&days->ring, &purposes[purpose].stmt, &days->args, &rows);
    if (err != SEA_OK) return err;
    err = take_rows(days, purposes[purpose].name, rows, &days->fresh[purpose]);
    sea_pg_clear(&rows);
    return err;
}

static enum sea_err refresh(struct sea_days *days)
{
    size_t bytes = SEA_DAYS_PURPOSES * sizeof *days->fresh;
    int64_t start_ms = sea_clock_boot_ms();
    enum sea_err err = SEA_OK;
    for (size_t i = 0; i < SEA_DAYS_PURPOSES && err == SEA_OK; i++) {
        if ((days->purposes & 1U << i) != 0) err = fetch(days, i);
    }
    if (err == SEA_OK) {
        pthread_mutex_lock(&days->lock);
        memcpy(days->tables, days->fresh, bytes);
        days->refreshed_ms = start_ms;
        pthread_mutex_unlock(&days->lock);
    }
    sodium_memzero(days->fresh, bytes);
    return err;
}

/* Waits until `wait_ms` are over, somebody wants a refresh, or the end; false at the end. */
static bool wait_for_work(struct sea_days *days, int64_t wait_ms)
{
    int64_t until_ms = sea_clock_mono_ms() + wait_ms;
    struct timespec until = {(time_t)(until_ms / 1000), (long)(until_ms % 1000) * 1000000};
    pthread_mutex_lock(&days->lock);
    int woken = 0;
    while (!days->is_closing && !days->is_wanted && woken == 0) {
        woken = pthread_cond_timedwait(&days->changed, &days->lock, &until);
    }
    days->is_wanted = false;
    bool goes_on = !days->is_closing;
    pthread_mutex_unlock(&days->lock);
    return goes_on;
}

static void *run(void *arg)
{
    struct sea_days *days = arg;
    uint32_t failures = 0;
    int64_t wait_ms;
    do {
        if (refresh(days) == SEA_OK) {
            failures = 0;
            wait_ms = REFRESH_MS;
        } else {
            wait_ms = sea_random_backoff_ms(failures++, RETRY_FIRST_MS, RETRY_MOST_MS);
        }
    } while (wait_for_work(days, wait_ms));
    return NULL;
}

static struct table *tables_open(void)
{
    struct table *tables = sodium_allocarray(SEA_DAYS_PURPOSES, sizeof *tables);
    sea_assert(tables != NULL);
    sodium_memzero(tables, SEA_DAYS_PURPOSES * sizeof *tables);
    return tables;
}

enum sea_err sea_days_open(struct sea_days **ret, const struct sea_keys_options *options,
                           unsigned purposes_wanted)
{
    pthread_condattr_t monotonic;
    struct sea_days *days = sea_alloc(sizeof *days);
    enum sea_err err = sea_keyring_open(&days->ring, options);
    if (err != SEA_OK) {
        free(days);
        return err;
    }
    days->args = (struct sea_pg_args)SEA_PG_ARGS;
    days->purposes = purposes_wanted;
    days->tables = tables_open();
    days->fresh = tables_open();
    pthread_mutex_init(&days->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&days->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sea_assert(pthread_create(&days->thread, NULL, run, days) == 0);
    *ret = days;
    return SEA_OK;
}

void sea_days_close(struct sea_days **days)
{
    struct sea_days *each = *days;
    if (each == NULL) return;
    pthread_mutex_lock(&each->lock);
    each->is_closing = true;
    pthread_cond_signal(&each->changed);
    pthread_mutex_unlock(&each->lock);
    pthread_join(each->thread, NULL);
    pthread_cond_destroy(&each->changed);
    pthread_mutex_destroy(&each->lock);
    sodium_free(each->tables); /* overwrites them first */
    sodium_free(each->fresh);
    sea_keyring_close(&each->ring);
    sea_pg_args_free(&each->args);
    free(each);
    *days = NULL;
}

static struct day *find(struct sea_days *days, enum sea_days_purpose purpose, uint32_t day)
{
    struct table *table = &days->tables[purpose];
    for (size_t i = 0; i < table->count; i++) {
        if (table->days[i].day == day) return &table->days[i];
    }
    return NULL;
}

static bool is_live(struct sea_days *days, enum sea_days_purpose purpose, uint32_t day)
{
    const struct day *found = find(days, purpose, day);
    return found != NULL && found->is_live;
}

bool sea_days_is_ready(struct sea_days *days)
{
    bool is_ready = true;
    uint32_t now = today();
    pthread_mutex_lock(&days->lock);
    for (int i = 0; i < SEA_DAYS_PURPOSES; i++) {
        enum sea_days_purpose purpose = (enum sea_days_purpose)i;
        if ((days->purposes & 1U << i) == 0) continue;
        is_ready = is_ready && is_live(days, purpose, now) && is_live(days, purpose, now + 1);
    }
    pthread_mutex_unlock(&days->lock);
    return is_ready;
}

bool sea_days_has_keys(void *days, struct sea_buf *why)
{
    if (sea_days_is_ready(days)) return true;
    sea_buf_text(why, "no day key: the key store is away, or not migrated (seadesk migrate)");
    return false;
}

enum sea_err sea_days_seal(struct sea_days *days, enum sea_days_purpose purpose,
                           const struct sea_place *place, struct sea_str plain, struct sea_buf *ret,
                           uint32_t *ret_day)
{
    enum sea_err err = SEA_ERR_RETRY;
    uint32_t now = today();
    pthread_mutex_lock(&days->lock);
    const struct day *day = find(days, purpose, now);
    if (day != NULL && day->is_live) {
        sea_seal(ret, &day->key, now, place, plain);
        if (ret_day != NULL) *ret_day = now;
        err = SEA_OK;
    }
    pthread_mutex_unlock(&days->lock);
    return err;
}

/* The day isn't known: a key that was made since the last fetch, or one that never was. Under the
 * lock. */
static enum sea_err miss(struct sea_days *days, uint32_t day, bool *ret_is_gone)
{
    if (day + DAYS_PAST <= today()) {
        *ret_is_gone = true;
        return SEA_OK;
    }
    if (days->missed_day == day && days->missed_ms > 0 && days->refreshed_ms > days->missed_ms)
        return SEA_ERR_REJECT;
    if (days->missed_day != day || days->missed_ms == 0) {
        days->missed_day = day;
        days->missed_ms = sea_clock_boot_ms();
    }
    days->is_wanted = true;
    pthread_cond_signal(&days->changed);
    return SEA_ERR_RETRY;
}

static enum sea_err unseal(struct sea_days *days, enum sea_days_purpose purpose,
                           const struct sea_place *place, struct sea_str sealed,
                           struct sea_buf *ret, bool *ret_is_gone)
{
    uint32_t number;
    if (!sea_seal_generation(sealed, &number) || number > INT32_MAX) return SEA_ERR_REJECT;
    const struct day *day = find(days, purpose, number);
    if (day == NULL) return miss(days, number, ret_is_gone);
    *ret_is_gone = !day->is_live;
    if (!day->is_live) return SEA_OK;
    bool is_old = number < today() && sea_clock_boot_ms() - days->refreshed_ms > PAST_KEY_MS;
    if (is_old) return SEA_ERR_RETRY;
    return sea_unseal(ret, &day->key, place, sealed) ? SEA_OK : SEA_ERR_REJECT;
}

enum sea_err sea_days_unseal(struct sea_days *days, enum sea_days_purpose purpose,
                             const struct sea_place *place, struct sea_str sealed,
                             struct sea_buf *ret, bool *ret_is_gone)
{
    pthread_mutex_lock(&days->lock);
    enum sea_err err = unseal(days, purpose, place, sealed, ret, ret_is_gone);
    pthread_mutex_unlock(&days->lock);
    return err;
}
