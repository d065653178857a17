/* fake_script.c: rules from JSON, and which of them fits. */
#include "fake_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <yyjson.h>

static const char *const CHANNELS[FAKE_CHANNELS] = {
    "whatsapp",           "twilio-sms", "translate", "zendesk",   "freshdesk", "intercom", "media",
    "africastalking-sms", "gateway",    "line",      "messenger", "telegram",  "slack"};

enum kind { KIND_TEXT, KIND_NUMBER, KIND_BOOL, KIND_TRISTATE, KIND_STATUSES };

static const struct member {
    const char *name;
    enum kind kind;
    size_t offset;
    int64_t most;
} MEMBERS[] = {
    {"to", KIND_TEXT, offsetof(struct fake_rule, to), FAKE_MATCH_TEXT},
    {"text", KIND_TEXT, offsetof(struct fake_rule, text), FAKE_MATCH_TEXT},
    {"skip", KIND_NUMBER, offsetof(struct fake_rule, skip), 1000000},
    {"times", KIND_NUMBER, offsetof(struct fake_rule, times), 1000000},
    {"delay_ms", KIND_NUMBER, offsetof(struct fake_rule, delay_ms), 600000},
    {"status", KIND_NUMBER, offsetof(struct fake_rule, status), 599},
    {"retry_after_s", KIND_NUMBER, offsetof(struct fake_rule, retry_after_s), 86400},
    {"error", KIND_NUMBER, offsetof(struct fake_rule, error), 9999999},
    {"accepted", KIND_TRISTATE, offsetof(struct fake_rule, accepted), 1},
    {"silent", KIND_BOOL, offsetof(struct fake_rule, silent), 1},
    {"mangle", KIND_BOOL, offsetof(struct fake_rule, mangle), 1},
    {"statuses", KIND_STATUSES, offsetof(struct fake_rule, statuses), FAKE_STATUSES_MAX},
    {"status_gap_ms", KIND_NUMBER, offsetof(struct fake_rule, status_gap_ms), 600000},
    {"status_error", KIND_NUMBER, offsetof(struct fake_rule, status_error), 9999999},
};

static const struct fake_rule NORMAL = {.status = 0, .accepted = -1, .status_gap_ms = 30};

const char *fake_channel_name(enum fake_channel channel)
{
    sea_assert((size_t)channel < FAKE_CHANNELS);
    return CHANNELS[channel];
}

static bool fail(struct fake_script_error *ret, const char *field, const char *detail)
{
    snprintf(ret->field, sizeof ret->field, "%s", field);
    snprintf(ret->detail, sizeof ret->detail, "%s", detail);
    return false;
}

static bool read_text(yyjson_val *value, char *ret, size_t size)
{
    if (!yyjson_is_str(value) || yyjson_get_len(value) >= size) return false;
    memcpy(ret, yyjson_get_str(value), yyjson_get_len(value) + 1);
    return true;
}

static bool read_statuses(yyjson_val *list, struct fake_rule *rule)
{
    struct fake_statuses *statuses = &rule->statuses;
    size_t i, count;
    yyjson_val *value;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) > FAKE_STATUSES_MAX) return false;
    yyjson_arr_foreach(list, i, count, value)
    {
        if (!read_text(value, statuses->names[statuses->count++], FAKE_STATUS_TEXT)) return false;
    }
    rule->has_statuses = true;
    return true;
}

static bool read_member(const struct member *member, yyjson_val *value, struct fake_rule *rule)
{
    void *field = (char *)rule + member->offset;
    switch (member->kind) {
    case KIND_TEXT:
        return read_text(value, field, (size_t)member->most);
    case KIND_NUMBER:
        if (!yyjson_is_uint(value) || yyjson_get_uint(value) > (uint64_t)member->most) return false;
        *(int64_t *)field = (int64_t)yyjson_get_uint(value);
        return true;
    case KIND_BOOL:
        *(bool *)field = yyjson_is_true(value);
        return yyjson_is_bool(value);
    case KIND_TRISTATE:
        *(int64_t *)field = yyjson_is_true(value);
        return yyjson_is_bool(value);
    case KIND_STATUSES:
        return read_statuses(value, rule);
    }
    return false;
}

static bool read_rule(yyjson_val *object, const char *place, struct fake_rule *rule,
                      struct fake_script_error *ret_error)
{
    size_t i, count;
    yyjson_val *key, *value;
    if (!yyjson_is_obj(object)) return fail(ret_error, place, "a rule is an object");
    *rule = NORMAL;
    yyjson_obj_foreach(object, i, count, key, value)
    {
        char field[96];
        const char *name = yyjson_get_str(key);
        size_t m = 0;
        snprintf(field, sizeof field, "%s/%.24s", place, name);
        while (m < SEA_COUNT(MEMBERS) && strcmp(MEMBERS[m].name, name) != 0) m++;
        if (m == SEA_COUNT(MEMBERS)) return fail(ret_error, field, "no rule has such a member");
        if (!read_member(&MEMBERS[m], value, rule))
            return fail(ret_error, field, "not a value that this member takes");
    }
    if (rule->status != 0 && rule->status < 200)
        return fail(ret_error, place, "a status is from 200 to 599");
    return true;
}

static bool read_channel(struct fake_script *script, const char *name, yyjson_val *list,
                         struct fake_script_error *ret_error)
{
    size_t channel = 0, i, count;
    yyjson_val *object;
    char place[64];
    snprintf(place, sizeof place, "/%.24s", name);
    while (channel < FAKE_CHANNELS && strcmp(CHANNELS[channel], name) != 0) channel++;
    if (channel == FAKE_CHANNELS)
        return fail(ret_error, place,
                    "the channels are whatsapp, twilio-sms, translate, zendesk, "
                    "freshdesk, intercom and media");
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) > FAKE_RULES_MAX)
        return fail(ret_error, place, "a channel has a list of at most 64 rules");
    yyjson_arr_foreach(list, i, count, object)
    {
        snprintf(place, sizeof place, "/%.24s/%zu", name, i);
        if (!read_rule(object, place, &script->rules[channel][i], ret_error)) return false;
    }
    script->counts[channel] = yyjson_arr_size(list);
    return true;
}

bool fake_script_parse(struct sea_str json, struct fake_script *ret,
                       struct fake_script_error *ret_error)
{
    static struct fake_script script; /* too large for the stack; there is one thread */
    size_t i, count;
    yyjson_val *key, *list;
    yyjson_doc *doc = yyjson_read(json.ptr, json.len, 0);
    yyjson_val *root = yyjson_doc_get_root(doc);
    bool is_good = yyjson_is_obj(root) || fail(ret_error, "", "the script is a JSON object");
    memset(&script, 0, sizeof script);
    yyjson_obj_foreach(root, i, count, key, list)
    {
        is_good = is_good && read_channel(&script, yyjson_get_str(key), list, ret_error);
    }
    if (is_good) *ret = script;
    yyjson_doc_free(doc);
    return is_good;
}

static bool fits(const struct fake_rule *rule, struct sea_str to, struct sea_str text)
{
    if (rule->to[0] != '\0' && !sea_str_is(to, rule->to)) return false;
    return rule->text[0] == '\0' ||
           (text.len > 0 && memmem(text.ptr, text.len, rule->text, strlen(rule->text)) != NULL);
}

struct fake_rule fake_script_take(struct fake_script *script, enum fake_channel channel,
                                  struct sea_str to, struct sea_str text)
{
    sea_assert((size_t)channel < FAKE_CHANNELS);
    for (size_t i = 0; i < script->counts[channel]; i++) {
        struct fake_rule *rule = &script->rules[channel][i];
        bool is_spent = rule->times > 0 && rule->hits >= rule->skip + rule->times;
        if (is_spent || !fits(rule, to, text)) continue;
        if (rule->hits++ >= rule->skip) return *rule;
    }
    return NORMAL;
}

bool fake_rule_accepts(const struct fake_rule *rule)
{
    return rule->accepted >= 0 ? rule->accepted == 1 : rule->status < 300;
}

static void print_rule(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct fake_rule *rule)
{
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
    for (size_t m = 0; m < SEA_COUNT(MEMBERS); m++) {
        const void *field = (const char *)rule + MEMBERS[m].offset;
        const char *name = MEMBERS[m].name;
        if (MEMBERS[m].kind == KIND_TEXT && *(const char *)field != '\0')
            yyjson_mut_obj_add_str(doc, object, name, field);
        if (MEMBERS[m].kind == KIND_NUMBER && *(const int64_t *)field != 0)
            yyjson_mut_obj_add_sint(doc, object, name, *(const int64_t *)field);
        if (MEMBERS[m].kind == KIND_BOOL && *(const bool *)field)
            yyjson_mut_obj_add_bool(doc, object, name, true);
        if (MEMBERS[m].kind == KIND_TRISTATE && *(const int64_t *)field >= 0)
            yyjson_mut_obj_add_bool(doc, object, name, *(const int64_t *)field == 1);
    }
    if (rule->has_statuses) {
        yyjson_mut_val *statuses = yyjson_mut_obj_add_arr(doc, object, "statuses");
        for (size_t i = 0; i < rule->statuses.count; i++)
            yyjson_mut_arr_add_str(doc, statuses, rule->statuses.names[i]);
    }
    yyjson_mut_obj_add_sint(doc, object, "hits", rule->hits);
}

void fake_script_print(const struct fake_script *script, struct sea_buf *ret)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    size_t len = 0;
    yyjson_mut_doc_set_root(doc, root);
    for (size_t channel = 0; channel < FAKE_CHANNELS; channel++) {
        yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, CHANNELS[channel]);
        for (size_t i = 0; i < script->counts[channel]; i++)
            print_rule(doc, list, &script->rules[channel][i]);
    }
    char *text = yyjson_mut_write(doc, 0, &len);
    sea_buf_add(ret, text, len);
    free(text);
    yyjson_mut_doc_free(doc);
}
