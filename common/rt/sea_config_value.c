/* sea_config_value.c: the text of one setting made into its value. */
#include "sea_config_value.h"

#include <string.h>

struct unit {
    const char *name;
    int64_t size;
};

static const struct unit none[] = {{"", 1}, {NULL, 0}};
static const struct unit durations[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sizes[] = {
    {"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}, {NULL, 0}};

static const struct unit *units_of(enum sea_setting_type type)
{
    if (type == SEA_SETTING_DURATION) return durations;
    return type == SEA_SETTING_BYTES ? sizes : none;
}

bool sea_config_value_is_text(enum sea_setting_type type)
{
    return type == SEA_SETTING_STR || type == SEA_SETTING_URL || type == SEA_SETTING_LISTEN ||
           type == SEA_SETTING_SECRET;
}

static bool parse_number(struct sea_str text, const struct unit *units, int64_t *ret)
{
    size_t digits = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') digits++;
    struct sea_str unit = {text.ptr + digits, text.len - digits};
    int64_t value;
    if (!sea_str_i64((struct sea_str){text.ptr, digits}, &value)) return false;
    for (; units->name != NULL; units++) {
        if (sea_str_is(unit, units->name)) return !__builtin_mul_overflow(value, units->size, ret);
    }
    return false;
}

/* Both ends of "least..most"; a range is a constant of ours. */
static void parse_range(const struct sea_setting *setting, int64_t *ret_least, int64_t *ret_most)
{
    const char *dots = strstr(setting->range, "..");
    const struct unit *units = units_of(setting->type);
    sea_assert(dots != NULL);
    struct sea_str least = {setting->range, (size_t)(dots - setting->range)};
    sea_assert(parse_number(least, units, ret_least));
    sea_assert(parse_number(sea_str(dots + 2), units, ret_most));
}

static bool is_in_range(const struct sea_setting *setting, int64_t value)
{
    int64_t least, most;
    if (setting->range[0] == '\0') return true;
    parse_range(setting, &least, &most);
    return value >= least && value <= most;
}

/* The place of `text` among "a|b|c", or -1. */
static int find_choice(const char *choices, struct sea_str text)
{
    for (int i = 0;; i++) {
        size_t len = strcspn(choices, "|");
        if (sea_str_eq(text, (struct sea_str){choices, len})) return i;
        if (choices[len] == '\0') return -1;
        choices += len + 1;
    }
}

static bool is_url(const struct sea_setting *setting, const char *text)
{
    const char *colon = strstr(text, "://");
    if (colon == NULL || colon[3] == '\0' || strpbrk(text, " \t\r\n\"<>\\") != NULL) return false;
    return find_choice(setting->range, (struct sea_str){text, (size_t)(colon - text)}) >= 0;
}

static bool is_listen(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon == NULL || !sea_str_u64(sea_str(colon + 1), &port) || port > UINT16_MAX) return false;
    struct sea_str host = {text, (size_t)(colon - text)};
    bool is_bracketed = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    return host.len < 256 && (is_bracketed || memchr(text, ':', host.len) == NULL);
}

static bool is_text_fine(const struct sea_setting *setting, const char *text)
{
    bool may_be_empty = setting->standard != NULL && setting->standard[0] == '\0';
    if (text[0] == '\0' && may_be_empty) return true;
    if (setting->type == SEA_SETTING_URL) return is_url(setting, text);
    if (setting->type == SEA_SETTING_LISTEN) return is_listen(text);
    return is_in_range(setting, (int64_t)strlen(text));
}

static bool parse(const struct sea_setting *setting, const char *text, void *field)
{
    int64_t number;
    int choice;
    switch (setting->type) {
    case SEA_SETTING_STR:
    case SEA_SETTING_URL:
    case SEA_SETTING_LISTEN:
    case SEA_SETTING_SECRET:
        if (!is_text_fine(setting, text)) return false;
        *(const char **)field = sea_strdup(text);
        return true;
    case SEA_SETTING_INT:
    case SEA_SETTING_DURATION:
    case SEA_SETTING_BYTES:
        if (!parse_number(sea_str(text), units_of(setting->type), &number)) return false;
        if (!is_in_range(setting, number)) return false;
        *(int64_t *)field = number;
        return true;
    case SEA_SETTING_BOOL:
        choice = find_choice("false|true", sea_str(text));
        if (choice < 0) return false;
        *(bool *)field = choice == 1;
        return true;
    case SEA_SETTING_ENUM:
        choice = find_choice(setting->range, sea_str(text));
        if (choice < 0) return false;
        *(int *)field = choice;
        return true;
    }
    return false;
}

bool sea_config_value_parse(const struct sea_setting *setting, const char *text, void *field,
                            struct sea_buf *ret_expected)
{
    if (parse(setting, text, field)) return true;
    sea_config_value_expected(setting, ret_expected);
    return false;
}

static void add_choices(struct sea_buf *ret, const char *choices)
{
    for (;;) {
        size_t len = strcspn(choices, "|");
        sea_buf_add(ret, choices, len);
        choices += len;
        if (*choices++ == '\0') return;
        sea_buf_text(ret, strchr(choices, '|') != NULL ? ", " : " or ");
    }
}

static void add_range(struct sea_buf *ret, const struct sea_setting *setting, const char *what)
{
    const char *dots = strstr(setting->range, "..");
    if (dots == NULL) return;
    size_t least = (size_t)(dots - setting->range);
    bool is_exact = strncmp(setting->range, dots + 2, least) == 0 && dots[2 + least] == '\0';
    if (is_exact) {
        sea_buf_printf(ret, " of %s%s", dots + 2, what);
    } else {
        sea_buf_printf(ret, " from %.*s to %s%s", (int)least, setting->range, dots + 2, what);
    }
}

void sea_config_value_expected(const struct sea_setting *setting, struct sea_buf *ret)
{
    switch (setting->type) {
    case SEA_SETTING_STR:
    case SEA_SETTING_SECRET:
        sea_buf_text(ret, setting->type == SEA_SETTING_STR ? "a text" : "a secret");
        add_range(ret, setting, " bytes");
        return;
    case SEA_SETTING_INT:
        sea_buf_text(ret, "a whole number");
        add_range(ret, setting, "");
        return;
    case SEA_SETTING_BOOL:
        sea_buf_text(ret, "true or false");
        return;
    case SEA_SETTING_DURATION:
        sea_buf_text(ret, "a duration (ms, s, m, h, d)");
        add_range(ret, setting, "");
        return;
    case SEA_SETTING_BYTES:
        sea_buf_text(ret, "a size (B, KiB, MiB, GiB)");
        add_range(ret, setting, "");
        return;
    case SEA_SETTING_URL:
        sea_buf_text(ret, "an address with ");
        add_choices(ret, setting->range);
        sea_buf_text(ret, "://");
        return;
    case SEA_SETTING_LISTEN:
        sea_buf_text(ret, "host:port");
        return;
    case SEA_SETTING_ENUM:
        add_choices(ret, setting->range);
        return;
    }
}

void sea_config_value_show(const struct sea_setting *setting, const char *text, struct sea_buf *ret)
{
    enum { SHOWN_BYTES = 200 };
    if (setting->type == SEA_SETTING_SECRET) {
        sea_buf_printf(ret, "(%zu bytes)", strlen(text));
        return;
    }
    const char *at = strrchr(text, '@'), *start = strstr(text, "://");
    if (setting->type == SEA_SETTING_URL && at != NULL && start != NULL && start < at) {
        const char *colon = memchr(start + 3, ':', (size_t)(at - start - 3));
        if (colon != NULL) {
            sea_buf_printf(ret, "%.*s***", (int)(colon + 1 - text), text);
            text = at;
        }
    }
    sea_buf_printf(ret, "%.*s", SHOWN_BYTES, text);
}
