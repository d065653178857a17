/* sea_base.c: allocation that cannot fail, and strings that somebody else owns. */
#include "sea_base.h"

#include <stdlib.h>
#include <string.h>

void *sea_alloc(size_t size)
{
    void *ptr = calloc(1, size > 0 ? size : 1);
    sea_assert(ptr != NULL);
    return ptr;
}

void *sea_realloc(void *ptr, size_t size)
{
    sea_assert(size > 0);
    void *moved = realloc(ptr, size);
    sea_assert(moved != NULL);
    return moved;
}

char *sea_strdup(const char *text)
{
    return text != NULL ? sea_str_dup(sea_str(text)) : NULL;
}

struct sea_str sea_str(const char *text)
{
    return (struct sea_str){text, text != NULL ? strlen(text) : 0};
}

bool sea_str_eq(struct sea_str a, struct sea_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool sea_str_is(struct sea_str a, const char *text)
{
    return sea_str_eq(a, sea_str(text));
}

bool sea_str_starts(struct sea_str a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && (len == 0 || memcmp(a.ptr, prefix, len) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct sea_str sea_str_trim(struct sea_str a)
{
    while (a.len > 0 && is_blank(a.ptr[a.len - 1])) a.len--;
    while (a.len > 0 && is_blank(a.ptr[0])) {
        a.ptr++;
        a.len--;
    }
    return a;
}

char *sea_str_dup(struct sea_str a)
{
    char *copy = sea_alloc(a.len + 1);
    if (a.len > 0) memcpy(copy, a.ptr, a.len);
    return copy;
}

bool sea_str_u64(struct sea_str a, uint64_t *ret)
{
    uint64_t value = 0;
    if (a.len == 0) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] < '0' || a.ptr[i] > '9') return false;
        if (__builtin_mul_overflow(value, 10U, &value)) return false;
        if (__builtin_add_overflow(value, (uint64_t)(a.ptr[i] - '0'), &value)) return false;
    }
    *ret = value;
    return true;
}

bool sea_str_i64(struct sea_str a, int64_t *ret)
{
    bool is_negative = a.len > 0 && a.ptr[0] == '-';
    struct sea_str digits = is_negative ? (struct sea_str){a.ptr + 1, a.len - 1} : a;
    uint64_t value;
    if (!sea_str_u64(digits, &value)) return false;
    if (value > (uint64_t)INT64_MAX + (is_negative ? 1U : 0U)) return false;
    *ret = (int64_t)(is_negative ? 0U - value : value);
    return true;
}
