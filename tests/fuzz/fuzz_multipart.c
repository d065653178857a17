/* fuzz_multipart.c: any form: each part lies within the body, and there are no more than promised.
 * Input: the Content-Type on a line of its own, then the body. */
#include <string.h>

#include "ingest_multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct sea_str part, struct sea_str body)
{
    sea_assert(!part.len || (part.ptr >= body.ptr && part.len <= body.len &&
                             part.ptr + part.len <= body.ptr + body.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ingest_multipart multipart;
    struct ingest_part part;
    const char *end = size ? memchr(data, '\n', size) : NULL;
    if (!end) return 0;
    const struct sea_str type = {(const char *)data, (size_t)(end - (const char *)data)};
    const struct sea_str body = {end + 1, size - type.len - 1};
    if (!ingest_multipart_open(&multipart, type, body)) return 0;
    size_t count = 0;
    while (ingest_multipart_next(&multipart, &part)) {
        const struct sea_str all[] = {part.name, part.type, part.value, part.file};
        for (size_t i = 0; i < SEA_COUNT(all); i++) check(all[i], body);
        sea_assert(++count <= INGEST_FIELDS_MAX);
    }
    return 0;
}
