/* ingest_json.c: members of JSON objects by name and type. */
#include "ingest_json.h"

#include <stdlib.h>

#include "ingest_adapter.h"
#include "sea_enc.h"

static void *pool_malloc(void *arena, size_t size)
{
    return sea_arena_alloc(arena, size);
}

static void *pool_realloc(void *arena, void *ptr, size_t old_size, size_t size)
{
    void *copy = sea_arena_alloc(arena, size);
    if (copy) memcpy(copy, ptr, old_size < size ? old_size : size);
    return copy;
}

static void pool_free(void *arena, void *ptr)
{
    (void)arena;
    (void)ptr;
}

yyjson_alc ingest_json_pool(struct sea_arena *arena)
{
    return (yyjson_alc){pool_malloc, pool_realloc, pool_free, arena};
}

yyjson_doc *ingest_json_parse(struct sea_str body, const yyjson_alc *alc)
{
    if (!body.len) return NULL;
    /* Without the in-place flag the parser only reads. */
    return yyjson_read_opts((char *)(uintptr_t)body.ptr, body.len, 0, alc, NULL);
}

bool ingest_json_refuse(struct sea_str body, const yyjson_alc *alc, struct ingest_problem *problem)
{
    yyjson_read_err error = {.msg = "it is empty"};
    struct sea_str why = {NULL, 0};
    if (body.len) yyjson_read_opts((char *)(uintptr_t)body.ptr, body.len, 0, alc, &error);
    if (error.msg)
        why = ingest_printed(alc->ctx, "the body is not JSON: %s (byte %zu)", error.msg, error.pos);
    return ingest_refuse(problem, 400, "malformed", why.len ? why.ptr : "the body is not JSON",
                         NULL);
}

struct sea_str ingest_json_str(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    if (!yyjson_is_str(value)) return (struct sea_str){NULL, 0};
    return (struct sea_str){yyjson_get_str(value), yyjson_get_len(value)};
}

yyjson_val *ingest_json_obj(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_obj(value) ? value : NULL;
}

yyjson_val *ingest_json_arr(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return yyjson_is_arr(value) ? value : NULL;
}

bool ingest_json_true(yyjson_val *object, const char *name)
{
    return yyjson_is_true(yyjson_obj_get(object, name));
}

bool ingest_json_is_absent(yyjson_val *object, const char *name)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    return !value || yyjson_is_null(value);
}

bool ingest_json_int(yyjson_val *object, const char *name, int64_t *ret)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    if (!yyjson_is_int(value)) return false;
    if (yyjson_is_uint(value) && yyjson_get_uint(value) > INT64_MAX) return false;
    *ret = yyjson_get_sint(value);
    return true;
}

struct sea_str ingest_json_id(yyjson_val *object, const char *name, struct sea_arena *arena)
{
    yyjson_val *value = yyjson_obj_get(object, name);
    if (yyjson_is_uint(value))
        return ingest_printed(arena, "%llu", (unsigned long long)yyjson_get_uint(value));
    if (yyjson_is_int(value))
        return ingest_printed(arena, "%lld", (long long)yyjson_get_sint(value));
    return ingest_json_str(object, name);
}

int64_t ingest_json_time(yyjson_val *object, const char *name)
{
    int64_t time;
    uint64_t number;
    struct sea_str text = ingest_json_str(object, name);
    if (ingest_json_int(object, name, &time)) return ingest_unix_ms(time);
    if (sea_str_u64(text, &number))
        return number <= INT64_MAX ? ingest_unix_ms((int64_t)number) : 0;
    return text.len && sea_time_parse(text, &time) ? time : 0;
}

struct sea_str ingest_json_raw(yyjson_val *value, struct sea_arena *arena)
{
    size_t len = 0;
    char *text = yyjson_val_write(value, 0, &len);
    struct sea_str copy =
        text ? sea_arena_str(arena, (struct sea_str){text, len}) : (struct sea_str){NULL, 0};
    free(text);
    return copy;
}
