/* sea_log.c: logfmt lines on standard error, each in one write, with a limit per message and
 * second. */
#include "sea_log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_id.h"

enum { LINE_BYTES = 4096, VALUE_BYTES = 512, SAME_MSG_MOST = 20, SEEN_SLOTS = 64 };

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* What was written of one msg in the present second. Slots are found by the msg's text; when two
 * share one, the newer takes it over, so a rare message is never held back by a frequent one for
 * longer than that. */
struct seen {
    const char *msg;
    int64_t second;
    uint32_t written, suppressed;
};

static struct {
    const char *svc;
    atomic_int level;
    pthread_mutex_t lock;
    int64_t swept_second;
    struct seen seen[SEEN_SLOTS];
} logger = {.svc = "seadesk", .level = SEA_LOG_INFO, .lock = PTHREAD_MUTEX_INITIALIZER};

void sea_log_init(const char *svc, enum sea_log_level level)
{
    logger.svc = svc;
    logger.level = (int)level;
}

bool sea_log_level_parse(struct sea_str text, enum sea_log_level *ret)
{
    for (size_t i = 0; i < SEA_COUNT(level_names); i++) {
        if (!sea_str_is(text, level_names[i])) continue;
        *ret = (enum sea_log_level)i;
        return true;
    }
    return false;
}

bool sea_log_is_on(enum sea_log_level level)
{
    return (int)level >= atomic_load_explicit(&logger.level, memory_order_relaxed);
}

struct sea_str sea_log_same(struct sea_str text)
{
    return text;
}

static bool is_plain(struct sea_str text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:+,@%";
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\0' || strchr(plain, text.ptr[i]) == NULL) return false;
    }
    return text.len > 0;
}

static void add_escape(struct sea_buf *ret, uint8_t byte)
{
    switch (byte) {
    case '\n':
        sea_buf_text(ret, "\\n");
        return;
    case '\t':
        sea_buf_text(ret, "\\t");
        return;
    case '"':
    case '\\':
        sea_buf_char(ret, '\\');
        sea_buf_char(ret, (char)byte);
        return;
    default:
        sea_buf_printf(ret, "\\x%02x", byte);
    }
}

void sea_log_value(struct sea_buf *ret, struct sea_str text)
{
    struct sea_str cut = sea_utf8_cut(text, VALUE_BYTES);
    if (is_plain(cut) && cut.len == text.len) {
        sea_buf_str(ret, cut);
        return;
    }
    bool is_utf8 = sea_utf8_is_valid(cut);
    sea_buf_char(ret, '"');
    for (size_t i = 0; i < cut.len; i++) {
        uint8_t byte = (uint8_t)cut.ptr[i];
        /* U+0080 … U+009F are controls to a terminal as well. */
        bool is_c1 = byte == 0xc2 && i + 1 < cut.len && (uint8_t)cut.ptr[i + 1] < 0xa0;
        bool after_c1 = i > 0 && (uint8_t)cut.ptr[i - 1] == 0xc2 && byte < 0xa0 && byte >= 0x80;
        bool is_odd =
            byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\' || is_c1 || after_c1;
        if (is_odd || (byte >= 0x80 && !is_utf8)) {
            add_escape(ret, byte);
        } else {
            sea_buf_char(ret, (char)byte);
        }
    }
    sea_buf_text(ret, cut.len < text.len ? "…\"" : "\"");
}

static void add_field(struct sea_buf *ret, const struct sea_field *field)
{
    char text[SEA_UUID_TEXT];
    sea_buf_printf(ret, " %s=", field->name);
    switch (field->kind) {
    case SEA_FIELD_STR:
        sea_log_value(ret, field->str);
        return;
    case SEA_FIELD_I64:
        sea_buf_printf(ret, "%lld", (long long)field->i64);
        return;
    case SEA_FIELD_U64:
        sea_buf_printf(ret, "%llu", (unsigned long long)field->u64);
        return;
    case SEA_FIELD_BOOL:
        sea_buf_text(ret, field->flag ? "true" : "false");
        return;
    case SEA_FIELD_UUID:
        sea_uuid_print(field->uuid, text);
        sea_buf_text(ret, text);
        return;
    case SEA_FIELD_KEY:
        sea_key_print(field->key, text);
        sea_buf_text(ret, text);
        return;
    }
}

void sea_log_format(struct sea_buf *ret, int64_t time_ms, enum sea_log_level level, const char *svc,
                    const char *msg, const struct sea_field *fields)
{
    char time[SEA_TIME_TEXT];
    sea_time_print(time_ms, time);
    sea_buf_printf(ret, "ts=%s level=%s svc=%s msg=", time, level_names[level], svc);
    sea_log_value(ret, sea_str(msg));
    for (; fields->name != NULL; fields++) {
        size_t len = ret->len;
        add_field(ret, fields);
        if (!ret->is_full && ret->max - ret->len > sizeof " cut=true\n") continue;
        ret->is_full = false;
        ret->len = len;
        sea_buf_text(ret, " cut=true");
        break;
    }
    sea_buf_char(ret, '\n');
}

static void write_line(enum sea_log_level level, const char *msg, const struct sea_field *fields)
{
    char memory[LINE_BYTES + 1];
    struct sea_buf line = {.ptr = memory, .cap = sizeof memory, .max = LINE_BYTES};
    sea_log_format(&line, sea_clock_wall_ms(), level, logger.svc, msg, fields);
    /* A line that standard error does not take is lost: there is nowhere else to say so. */
    ssize_t written SEA_UNUSED = write(STDERR_FILENO, line.ptr, line.len);
}

static void report(struct seen *seen)
{
    if (seen->suppressed == 0) return;
    const struct sea_field fields[] = {
        SEA_F_STR("of", seen->msg), SEA_F_U64("count", seen->suppressed), {0}};
    write_line(SEA_LOG_WARN, "suppressed", fields);
    seen->suppressed = 0;
}

static void sweep(int64_t second)
{
    if (second == logger.swept_second) return;
    logger.swept_second = second;
    for (size_t i = 0; i < SEEN_SLOTS; i++) {
        if (logger.seen[i].second != second) report(&logger.seen[i]);
    }
}

static struct seen *find(const char *msg)
{
    uint32_t hash = sea_partition_of(sea_str(msg), SEEN_SLOTS);
    return &logger.seen[hash];
}

static bool may_write(const char *msg, int64_t second)
{
    struct seen *seen = find(msg);
    bool is_same = seen->msg != NULL && strcmp(seen->msg, msg) == 0;
    if (!is_same || seen->second != second) {
        report(seen);
        *seen = (struct seen){.msg = msg, .second = second};
    }
    if (seen->written == SAME_MSG_MOST) {
        seen->suppressed++;
        return false;
    }
    seen->written++;
    return true;
}

void sea_log_write(enum sea_log_level level, const char *msg, const struct sea_field *fields)
{
    if (!sea_log_is_on(level)) return;
    int64_t second = sea_clock_mono_ms() / 1000;
    pthread_mutex_lock(&logger.lock);
    sweep(second);
    if (may_write(msg, second)) write_line(level, msg, fields);
    pthread_mutex_unlock(&logger.lock);
}

void sea_log_flush(void)
{
    pthread_mutex_lock(&logger.lock);
    for (size_t i = 0; i < SEEN_SLOTS; i++) report(&logger.seen[i]);
    pthread_mutex_unlock(&logger.lock);
}
