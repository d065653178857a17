/* sea_log.h: one line per fact, logfmt on standard error; typed fields and no format strings.
 *
 *     sea_log(SEA_LOG_WARN, "broker away", SEA_F_STR("cause", text), SEA_F_I64("tries", n));
 *
 * `msg` is constant text, so that a search finds its source; ids are fields. Never a body, name,
 * address, phone number or secret: only ids, keys, lengths and counts. Only shells log. Safe from
 * any thread. */
#ifndef SEA_LOG_H
#define SEA_LOG_H

#include "sea_base.h"
#include "sea_buf.h"

enum sea_log_level {
    SEA_LOG_DEBUG,
    SEA_LOG_INFO,  /* a fact of the business or of the process's life */
    SEA_LOG_WARN,  /* something failed and was coped with */
    SEA_LOG_ERROR, /* a person must act */
};

enum sea_field_kind {
    SEA_FIELD_STR = 1,
    SEA_FIELD_I64,
    SEA_FIELD_U64,
    SEA_FIELD_BOOL,
    SEA_FIELD_UUID,
    SEA_FIELD_KEY,
};

struct sea_field {
    const char *name; /* [a-z0-9_]+ */
    enum sea_field_kind kind;
    union {
        struct sea_str str;
        int64_t i64;
        uint64_t u64;
        bool flag;
        struct sea_uuid uuid;
        struct sea_key key;
    };
};

#define SEA_F_STR(field,                                                                           \
                  text) /* a C string (NULL is empty) or a struct sea_str; cut at 512 bytes */     \
    ((struct sea_field){.name = (field),                                                           \
                        .kind = SEA_FIELD_STR,                                                     \
                        .str = _Generic((text),                                                    \
                                   struct sea_str: sea_log_same,                                   \
                                   char *: sea_str,                                                \
                                   const char *: sea_str)(text)})
#define SEA_F_I64(field, n)                                                                        \
    ((struct sea_field){.name = (field), .kind = SEA_FIELD_I64, .i64 = (int64_t)(n)})
#define SEA_F_U64(field, n)                                                                        \
    ((struct sea_field){.name = (field), .kind = SEA_FIELD_U64, .u64 = (uint64_t)(n)})
#define SEA_F_BOOL(field, yes)                                                                     \
    ((struct sea_field){.name = (field), .kind = SEA_FIELD_BOOL, .flag = (yes)})
#define SEA_F_UUID(field, id)                                                                      \
    ((struct sea_field){.name = (field), .kind = SEA_FIELD_UUID, .uuid = (id)})
#define SEA_F_KEY(field, contact)                                                                  \
    ((struct sea_field){.name = (field), .kind = SEA_FIELD_KEY, .key = (contact)})

#define sea_log(level, msg, ...)                                                                   \
    sea_log_write((level), (msg), (const struct sea_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})

/* `svc` (kept) stands in every line; call before the first line and before threads start. Level:
 * info before that. */
void sea_log_init(const char *svc, enum sea_log_level level);
SEA_MUST_CHECK bool sea_log_level_parse(struct sea_str text, enum sea_log_level *ret);
bool sea_log_is_on(enum sea_log_level level);

/* More than 20 lines with the same msg within a second are counted instead, and the count is logged
 * once the second is over: with the next line of any kind, or by sea_log_flush. */
void sea_log_write(enum sea_log_level level, const char *msg, const struct sea_field *fields);
void sea_log_flush(void);

/* The line as written, with its line feed; at most 4096 bytes. For tests and sea_log itself. */
void sea_log_format(struct sea_buf *ret, int64_t time_ms, enum sea_log_level level, const char *svc,
                    const char *msg, const struct sea_field *fields);
/* `text` as a logfmt value: bare when it is plain, else in quotes with escapes; broken UTF-8 and
 * controls escaped. */
void sea_log_value(struct sea_buf *ret, struct sea_str text);
struct sea_str sea_log_same(struct sea_str text);

#endif
