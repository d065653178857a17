/* sea_base.h: what every file shares: the kinds of error, assertions that stay on, ownership
 * helpers. */
#ifndef SEA_BASE_H
#define SEA_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An error says what the caller does next; its cause is logged once, where it was seen. */
enum sea_err {
    SEA_OK = 0,
    SEA_ERR_RETRY,  /* a dependency is away: keep the input, try again later */
    SEA_ERR_REJECT, /* this input can never succeed: put it aside and go on */
    SEA_ERR_FENCED, /* the partition belongs to somebody else now: drop what was done for it */
    SEA_ERR_FATAL,  /* this process cannot do its work: stop */
};

#define SEA_MUST_CHECK               __attribute__((warn_unused_result))
#define SEA_PRINTF(fmt_index, first) __attribute__((format(printf, fmt_index, first)))
#define SEA_CLEANUP(fn)              __attribute__((cleanup(fn)))
#define SEA_UNUSED                   __attribute__((unused))
#define SEA_COUNT(array)             (sizeof(array) / sizeof((array)[0]))

/* A broken invariant is a bug: the process dies and the supervisor restarts it. Never compiled out.
 */
#define sea_assert(cond) ((cond) ? (void)0 : sea_assert_failed(#cond, __FILE__, __LINE__))
_Noreturn void sea_assert_failed(const char *what, const char *file, int line);

/* Allocation that never returns NULL (the process dies, at-least-once delivery makes that safe). */
void *sea_alloc(size_t size);              /* zeroed; the caller frees with free() */
void *sea_realloc(void *ptr, size_t size); /* as realloc, size > 0 */
char *sea_strdup(const char *text);        /* NULL gives NULL */

/* Bytes that somebody else owns; `ptr` may be NULL only when `len` is 0. Not terminated. */
struct sea_str {
    const char *ptr;
    size_t len;
};

#define SEA_STR(literal) ((struct sea_str){(literal), sizeof(literal) - 1})
struct sea_str sea_str(const char *text); /* of a C string; NULL gives the empty one */
bool sea_str_eq(struct sea_str a, struct sea_str b);
bool sea_str_is(struct sea_str a, const char *text);
bool sea_str_starts(struct sea_str a, const char *prefix);
struct sea_str sea_str_trim(struct sea_str a); /* without ASCII white space at both ends */
char *sea_str_dup(struct sea_str a);           /* terminated copy; the caller frees */
/* Decimal without sign or blanks, all of `a`. False, and *ret untouched, for anything else or on
 * overflow. */
SEA_MUST_CHECK bool sea_str_u64(struct sea_str a, uint64_t *ret);
SEA_MUST_CHECK bool sea_str_i64(struct sea_str a, int64_t *ret); /* the same with an optional '-' */

/* A contact key: the first 16 bytes of HMAC-SHA256(pepper, channel NUL account NUL external id).
 * It names nobody and is the key of most topics, as 32 hex digits. */
struct sea_key {
    uint8_t bytes[16];
};

struct sea_uuid {
    uint8_t bytes[16];
};

enum { SEA_UUID_TEXT = 37, SEA_KEY_TEXT = 33 }; /* buffer sizes with the final NUL */

#endif
