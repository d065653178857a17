/* router_codes.c: codes of tables and records. */
#include "router_codes.h"

#include <string.h>

static const Seadesk__V1__MessageClass NUMBERS[SEA_CLASS_COUNT] = {
    [SEA_CLASS_REPLY] = SEADESK__V1__MESSAGE_CLASS__REPLY,
    [SEA_CLASS_AUTO] = SEADESK__V1__MESSAGE_CLASS__AUTO,
    [SEA_CLASS_SERVICE] = SEADESK__V1__MESSAGE_CLASS__SERVICE,
    [SEA_CLASS_MARKETING] = SEADESK__V1__MESSAGE_CLASS__MARKETING,
    [SEA_CLASS_INTERNAL] = SEADESK__V1__MESSAGE_CLASS__INTERNAL,
    [SEA_CLASS_LEGAL] = SEADESK__V1__MESSAGE_CLASS__LEGAL,
};

enum sea_message_class router_class_of(int number)
{
    for (int i = 0; i < SEA_CLASS_COUNT; i++)
        if ((int)NUMBERS[i] == number) return (enum sea_message_class)i;
    return SEA_CLASS_INTERNAL;
}

Seadesk__V1__MessageClass router_class_number(enum sea_message_class class)
{
    sea_assert(class < SEA_CLASS_COUNT);
    return NUMBERS[class];
}

static struct router_limit *place(struct router_agent *agent, struct sea_str channel)
{
    for (uint32_t i = 0; i < agent->limit_count; i++)
        if (sea_str_eq(agent->limits[i].channel, channel)) return &agent->limits[i];
    if (agent->limit_count == ROUTER_LIMITS_MAX) return NULL;
    struct router_limit *limit = &agent->limits[agent->limit_count++];
    *limit = (struct router_limit){channel, UINT32_MAX, 0};
    return limit;
}

static void parse(struct router_agent *agent, struct sea_str text, bool is_limit)
{
    while (text.len) {
        const char *comma = memchr(text.ptr, ',', text.len);
        size_t len = comma ? (size_t)(comma - text.ptr) : text.len;
        const char *equals = memchr(text.ptr, '=', len);
        size_t name_len = equals ? (size_t)(equals - text.ptr) : len;
        uint64_t n;
        if (equals && sea_str_u64((struct sea_str){equals + 1, len - name_len - 1}, &n) &&
            n < UINT32_MAX) {
            struct router_limit *limit = place(agent, (struct sea_str){text.ptr, name_len});
            if (limit && is_limit) limit->limit = (uint32_t)n;
            if (limit && !is_limit) limit->count = (uint32_t)n;
        }
        size_t step = comma ? len + 1 : len;
        text = (struct sea_str){text.ptr + step, text.len - step};
    }
}

void router_limits_parse(struct router_agent *agent, struct sea_str limits, struct sea_str counts)
{
    agent->limit_count = 0;
    parse(agent, limits, true);
    parse(agent, counts, false);
}

static void print_one(struct sea_buf *ret, struct sea_str channel, uint32_t n)
{
    sea_buf_printf(ret, "%s%.*s=%u", ret->len ? "," : "", (int)channel.len, channel.ptr, n);
}

void router_limits_print(const struct router_agent *agent, struct sea_buf *ret_limits,
                         struct sea_buf *ret_counts)
{
    for (uint32_t i = 0; i < agent->limit_count; i++) {
        const struct router_limit *limit = &agent->limits[i];
        if (limit->limit != UINT32_MAX) print_one(ret_limits, limit->channel, limit->limit);
        if (limit->count) print_one(ret_counts, limit->channel, limit->count);
    }
}
