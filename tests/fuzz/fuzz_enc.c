/* fuzz_enc.c: every reader of common/base and of trace headers: what is read and printed again
 * reads the same, and what is refused changes nothing. The first byte of an input chooses the
 * reader. */
#include <stdlib.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_id.h"
#include "sea_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(struct sea_str text)
{
    size_t cap = text.len / 4 * 3, len = 0;
    uint8_t *bytes = sea_alloc(cap);
    char *again = sea_alloc(text.len + 1);
    if (sea_base64_parse(text, bytes, cap, &len)) {
        sea_assert(len <= cap && sea_base64_size(len) == text.len);
        sea_base64_print(bytes, len, again);
        sea_assert(sea_str_is(text, again));
    }
    free(bytes);
    free(again);
}

static void check_percent(struct sea_str text)
{
    char *plain = sea_alloc(text.len);
    size_t len = 0;
    if (sea_percent_decode(text, true, plain, &len)) sea_assert(len <= text.len);
    free(plain);
}

static void check_utf8(struct sea_str text)
{
    bool is_valid = sea_utf8_is_valid(text);
    for (size_t max = 0; max <= text.len && max < 64; max++) {
        struct sea_str cut = sea_utf8_cut(text, max);
        sea_assert(cut.len <= max);
        if (is_valid) sea_assert(sea_utf8_is_valid(cut) && cut.len + 4 > max);
    }
}

static void check_time(struct sea_str text)
{
    int64_t ms = -1, again = -2;
    char printed[SEA_TIME_TEXT];
    if (!sea_time_parse(text, &ms)) {
        sea_assert(ms == -1);
        return;
    }
    sea_time_print(ms, printed);
    sea_assert(sea_time_parse(sea_str(printed), &again) && again == ms);
}

static void check_ids(struct sea_str text)
{
    struct sea_uuid id, same_id;
    struct sea_key key, same_key;
    char printed[SEA_UUID_TEXT];
    if (sea_uuid_parse(text, &id)) {
        sea_uuid_print(id, printed);
        sea_assert(sea_uuid_parse(sea_str(printed), &same_id) && sea_uuid_eq(id, same_id));
    }
    if (sea_key_parse(text, &key)) {
        sea_key_print(key, printed);
        sea_assert(sea_key_parse(sea_str(printed), &same_key) && sea_key_eq(key, same_key));
    }
    sea_assert(sea_partition_of(text, SEA_PARTITIONS) < SEA_PARTITIONS);
}

static void check_trace(struct sea_str text)
{
    struct sea_trace trace;
    char printed[SEA_TRACE_TEXT];
    if (!sea_trace_parse(text, &trace)) return;
    sea_trace_print(&trace, printed);
    sea_assert(strncmp(printed + 3, text.ptr + 3, 50) == 0);
}

static void check_numbers(struct sea_str text)
{
    uint64_t u;
    int64_t i;
    bool is_u = sea_str_u64(text, &u), is_i = sea_str_i64(text, &i);
    if (is_u && is_i) sea_assert((uint64_t)i == u);
    if (is_u && u <= INT64_MAX) sea_assert(is_i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const checks[])(struct sea_str) = {
        check_base64, check_percent, check_utf8, check_time, check_ids, check_trace, check_numbers};
    if (size == 0) return 0;
    char *copy = sea_alloc(size); /* on its own, so that reading past its end is seen */
    memcpy(copy, data + 1, size - 1);
    copy = sea_realloc(copy, size - 1 > 0 ? size - 1 : 1);
    checks[data[0] % SEA_COUNT(checks)]((struct sea_str){copy, size - 1});
    free(copy);
    return 0;
}
