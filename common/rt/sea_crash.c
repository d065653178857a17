/* sea_crash.c: named points where a test build dies or pauses on demand. */
#include "sea_crash.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CRASH_ARMED_MOST = 8, CRASH_NAME_BYTES = 64, CRASH_STATUS = 137, PAUSE_MOST_MS = 600000 };

struct armed {
    char name[CRASH_NAME_BYTES];
    uint64_t left;     /* passes until death; 0 once it is not to die */
    uint64_t pause_ms; /* 0: no pause */
    bool is_asleep;    /* until the process is ready */
};

static struct armed armed[CRASH_ARMED_MOST];
static size_t armed_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool take_prefix(struct sea_str *text, const char *prefix)
{
    if (!sea_str_starts(*text, prefix)) return false;
    *text = (struct sea_str){text->ptr + strlen(prefix), text->len - strlen(prefix)};
    return true;
}

static bool parse_one(struct sea_str text, struct armed *ret)
{
    bool is_asleep = take_prefix(&text, "ready:");
    bool is_pause = take_prefix(&text, "pause:");
    const char *colon = text.len > 0 ? memchr(text.ptr, ':', text.len) : NULL;
    if (colon == NULL) return false;
    struct sea_str name = {text.ptr, (size_t)(colon - text.ptr)};
    struct sea_str number = {colon + 1, text.len - name.len - 1};
    uint64_t n;
    if (name.len == 0 || name.len >= CRASH_NAME_BYTES) return false;
    if (!sea_str_u64(number, &n) || n == 0 || (is_pause && n > PAUSE_MOST_MS)) return false;
    *ret = (struct armed){
        .left = is_pause ? 0 : n, .pause_ms = is_pause ? n : 0, .is_asleep = is_asleep};
    memcpy(ret->name, name.ptr, name.len);
    return true;
}

bool sea_crash_arm(const char *spec)
{
    armed_count = 0;
#ifndef SEA_CRASHPOINTS
    return *spec == '\0';
#endif
    while (*spec != '\0') {
        size_t len = strcspn(spec, ",");
        if (armed_count == CRASH_ARMED_MOST) return false;
        if (!parse_one((struct sea_str){spec, len}, &armed[armed_count])) return false;
        armed_count++;
        spec += len;
        if (*spec == ',') spec++;
    }
    return true;
}

void sea_crash_ready(void)
{
    if (armed_count == 0) return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < armed_count; i++) armed[i].is_asleep = false;
    pthread_mutex_unlock(&lock);
}

void sea_crash_point(const char *name)
{
    uint64_t pause_ms = 0;
    if (armed_count == 0) return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < armed_count; i++) {
        if (armed[i].is_asleep || strcmp(armed[i].name, name) != 0) continue;
        if (armed[i].left > 0 && --armed[i].left == 0) _exit(CRASH_STATUS);
        pause_ms += armed[i].pause_ms;
    }
    pthread_mutex_unlock(&lock);
    struct timespec wait = {(time_t)(pause_ms / 1000), (long)(pause_ms % 1000) * 1000000};
    if (pause_ms > 0) nanosleep(&wait, NULL);
}
