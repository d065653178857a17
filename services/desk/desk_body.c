/* desk_body.c: reads request bodies member by member; the first mistake is the answer. */
#include "desk_body.h"

#include <string.h>

#include <yyjson.h>

#include "desk_rights.h"
#include "sea_enc.h"
#include "sea_id.h"

const char *const DESK_VERB_NAMES[DESK_VERBS] = {"take",     "reply",  "note",  "resolve",
                                                 "transfer", "snooze", "video", "presence"};

/* A JSON object being read. */
struct reader {
    yyjson_val *object;
    struct sea_arena *arena;
    struct sea_problem *problem;
};

static bool wrong(struct reader *reader, const char *pointer, const char *detail)
{
    *reader->problem =
        (struct sea_problem){.code = SEA_PROBLEM_INVALID, .detail = detail, .field = pointer};
    return false;
}

/* `pointer` is the JSON pointer of a member: a slash and its name. NULL: absent. */
static yyjson_val *member(const struct reader *reader, const char *pointer)
{
    yyjson_val *value = yyjson_obj_get(reader->object, pointer + 1);
    return yyjson_is_null(value) ? NULL : value;
}

enum text_kind { TEXT_OPTIONAL, TEXT_REQUIRED, TEXT_PROSE /* required, line breaks allowed */ };

static bool has_controls(struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20) return true;
    return false;
}

static bool read_text(struct reader *reader, const char *pointer, size_t max, enum text_kind kind,
                      struct sea_str *ret)
{
    yyjson_val *value = member(reader, pointer);
    *ret = (struct sea_str){NULL, 0};
    if (value && !yyjson_is_str(value)) return wrong(reader, pointer, "must be a text");
    struct sea_str text = {yyjson_get_str(value), yyjson_get_len(value)};
    if (kind != TEXT_OPTIONAL && sea_str_trim(text).len == 0)
        return wrong(reader, pointer, "is missing");
    if (text.len > max) return wrong(reader, pointer, "is too long");
    if (kind != TEXT_PROSE && has_controls(text))
        return wrong(reader, pointer, "must not hold control characters");
    if (text.len) *ret = sea_arena_str(reader->arena, text);
    return true;
}

static bool open_reader(struct reader *reader, struct sea_str body, yyjson_doc **ret)
{
    char *text = sea_arena_dup(reader->arena, body.len ? body : SEA_STR("{}"));
    yyjson_doc *doc = text ? yyjson_read(text, body.len ? body.len : 2, YYJSON_READ_NOFLAG) : NULL;
    if (!doc) {
        *reader->problem =
            (struct sea_problem){.code = SEA_PROBLEM_MALFORMED, .detail = "the body must be JSON"};
        return false;
    }
    reader->object = yyjson_doc_get_root(doc);
    *ret = doc;
    if (yyjson_is_obj(reader->object)) return true;
    return wrong(reader, "", "must be an object");
}

/* ---- commands ---- */

/* RFC 9110 §13.1.1 with the version as the tag: "12", also W/"12" and 12. */
static bool version_of_tag(struct sea_str tag, uint64_t *ret)
{
    tag = sea_str_trim(tag);
    if (sea_str_starts(tag, "W/")) tag = (struct sea_str){tag.ptr + 2, tag.len - 2};
    if (tag.len >= 2 && tag.ptr[0] == '"' && tag.ptr[tag.len - 1] == '"')
        tag = (struct sea_str){tag.ptr + 1, tag.len - 2};
    return sea_str_u64(tag, ret);
}

static bool read_version(struct reader *reader, struct sea_str if_match, uint64_t *ret)
{
    yyjson_val *value = member(reader, "/expected_version");
    *ret = 0;
    if (value) {
        if (!yyjson_is_uint(value) || yyjson_get_uint(value) == 0)
            return wrong(reader, "/expected_version", "must be a positive whole number");
        *ret = yyjson_get_uint(value);
    } else if (if_match.len && (!version_of_tag(if_match, ret) || *ret == 0)) {
        return wrong(reader, NULL, "the header If-Match must be a version, such as \"12\"");
    }
    return true;
}

static bool is_language(struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && !(c == '-' && i > 0)) return false;
    }
    return text.len <= 35;
}

static bool read_reply(struct reader *reader, struct desk_command *ret)
{
    if (!read_text(reader, "/text", DESK_TEXT_MAX_BYTES, TEXT_PROSE, &ret->text) ||
        !read_text(reader, "/language", DESK_SHORT_MAX_BYTES, TEXT_OPTIONAL, &ret->language) ||
        !read_text(reader, "/channel", DESK_SHORT_MAX_BYTES, TEXT_OPTIONAL, &ret->channel))
        return false;
    return is_language(ret->language) ||
           wrong(reader, "/language", "must be a language tag, such as pt-BR");
}

static bool read_tags(struct reader *reader, struct desk_command *ret)
{
    yyjson_val *tags = member(reader, "/tags");
    if (!tags) return true;
    if (!yyjson_is_obj(tags)) return wrong(reader, "/tags", "must be an object");
    struct reader inner = {tags, reader->arena, reader->problem};
    const struct {
        const char *name, *pointer;
        struct sea_str *ret;
    } rows[] = {{"/issue", "/tags/issue", &ret->issue},
                {"/emotion", "/tags/emotion", &ret->emotion},
                {"/product_version", "/tags/product_version", &ret->product_version},
                {"/stage", "/tags/stage", &ret->stage}};
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        if (read_text(&inner, rows[i].name, DESK_SHORT_MAX_BYTES, TEXT_OPTIONAL, rows[i].ret))
            continue;
        reader->problem->field = rows[i].pointer;
        return false;
    }
    return true;
}

static bool read_time(struct reader *reader, const char *pointer, struct desk_command *ret)
{
    struct sea_str text;
    if (!read_text(reader, pointer, DESK_SHORT_MAX_BYTES, TEXT_REQUIRED, &text)) return false;
    return sea_time_parse(text, &ret->until_ms) ||
           wrong(reader, pointer, "must be a time, such as 2026-11-22T08:15:00Z");
}

static bool read_limits(struct reader *reader, yyjson_val *channels, struct desk_command *ret)
{
    yyjson_val *name, *value;
    yyjson_obj_iter iter;
    if (!channels || yyjson_is_null(channels)) return true;
    if (!yyjson_is_obj(channels) || yyjson_obj_size(channels) > DESK_LIMITS_MAX)
        return wrong(reader, "/capacity/channels", "must be an object of at most 16 channels");
    yyjson_obj_iter_init(channels, &iter);
    while ((name = yyjson_obj_iter_next(&iter))) {
        value = yyjson_obj_iter_get_val(name);
        struct sea_str channel = {yyjson_get_str(name), yyjson_get_len(name)};
        if (!yyjson_is_uint(value) || yyjson_get_uint(value) > DESK_WEIGHT_MAX ||
            channel.len == 0 || channel.len > DESK_SHORT_MAX_BYTES || has_controls(channel))
            return wrong(reader, "/capacity/channels",
                         "must be whole numbers of 0 to 1000 by channel");
        ret->limits[ret->limits_count++] = (struct desk_limit){
            sea_arena_str(reader->arena, channel), (uint32_t)yyjson_get_uint(value)};
    }
    return true;
}

static bool read_presence(struct reader *reader, struct desk_command *ret)
{
    if (!read_text(reader, "/state", DESK_SHORT_MAX_BYTES, TEXT_REQUIRED, &ret->state))
        return false;
    if (!sea_str_is(ret->state, "online") && !sea_str_is(ret->state, "away") &&
        !sea_str_is(ret->state, "offline"))
        return wrong(reader, "/state", "must be online, away or offline");
    yyjson_val *capacity = member(reader, "/capacity");
    if (!capacity) return true;
    yyjson_val *weight = yyjson_obj_get(capacity, "weight");
    if (!yyjson_is_obj(capacity)) return wrong(reader, "/capacity", "must be an object");
    if (!yyjson_is_uint(weight) || yyjson_get_uint(weight) > DESK_WEIGHT_MAX)
        return wrong(reader, "/capacity/weight", "must be a whole number of 0 to 1000");
    ret->has_capacity = true;
    ret->weight = (uint32_t)yyjson_get_uint(weight);
    return read_limits(reader, yyjson_obj_get(capacity, "channels"), ret);
}

static bool read_command(struct reader *reader, struct desk_command *ret)
{
    switch (ret->verb) {
    case DESK_TAKE:
        return true;
    case DESK_REPLY:
        return read_reply(reader, ret);
    case DESK_NOTE:
        return read_text(reader, "/text", DESK_TEXT_MAX_BYTES, TEXT_PROSE, &ret->text);
    case DESK_RESOLVE:
        return read_tags(reader, ret);
    case DESK_TRANSFER:
        return read_text(reader, "/to", DESK_SHORT_MAX_BYTES, TEXT_REQUIRED, &ret->to);
    case DESK_SNOOZE:
        return read_time(reader, "/until", ret);
    case DESK_VIDEO:
        return read_time(reader, "/at", ret);
    case DESK_PRESENCE:
        return read_presence(reader, ret);
    case DESK_VERBS:
        break;
    }
    return false;
}

bool desk_body_command(enum desk_verb verb, struct sea_str body, struct sea_str if_match,
                       struct sea_arena *arena, struct desk_command *ret,
                       struct sea_problem *ret_problem)
{
    struct reader reader = {NULL, arena, ret_problem};
    yyjson_doc *doc = NULL;
    sea_assert(verb < DESK_VERBS);
    *ret = (struct desk_command){.verb = verb};
    bool is_good = open_reader(&reader, body, &doc) &&
                   read_version(&reader, if_match, &ret->expected_version) &&
                   read_command(&reader, ret);
    yyjson_doc_free(doc);
    return is_good;
}

size_t desk_limits_parse(struct sea_str text, struct desk_limit ret[DESK_LIMITS_MAX])
{
    size_t count = 0;
    while (text.len && count < DESK_LIMITS_MAX) {
        const char *comma = memchr(text.ptr, ',', text.len);
        struct sea_str pair = {text.ptr, comma ? (size_t)(comma - text.ptr) : text.len};
        size_t taken = pair.len + (comma != NULL);
        text = (struct sea_str){text.ptr + taken, text.len - taken};
        const char *equals = pair.len ? memchr(pair.ptr, '=', pair.len) : NULL;
        if (!equals || equals == pair.ptr) continue;
        struct sea_str channel = {pair.ptr, (size_t)(equals - pair.ptr)};
        struct sea_str number = {equals + 1, pair.len - channel.len - 1};
        uint64_t limit;
        if (!sea_str_u64(number, &limit) || limit > DESK_WEIGHT_MAX) continue;
        ret[count++] = (struct desk_limit){channel, (uint32_t)limit};
    }
    return count;
}

/* ---- the others ---- */

bool desk_body_signin(struct sea_str body, struct sea_arena *arena, struct desk_signin *ret,
                      struct sea_problem *ret_problem)
{
    struct reader reader = {NULL, arena, ret_problem};
    yyjson_doc *doc = NULL;
    bool is_good =
        open_reader(&reader, body, &doc) &&
        read_text(&reader, "/user", DESK_SHORT_MAX_BYTES, TEXT_REQUIRED, &ret->user) &&
        read_text(&reader, "/password", DESK_PASSWORD_MAX_BYTES, TEXT_REQUIRED, &ret->password);
    yyjson_doc_free(doc);
    return is_good;
}

bool desk_body_consent(struct sea_str body, struct sea_arena *arena, struct desk_consent *ret,
                       struct sea_problem *ret_problem)
{
    /* The place in the list is the number of seadesk.v1.ConsentClass, less one. */
    static const char *const CLASSES[] = {"service", "marketing", "recording"};
    struct reader reader = {NULL, arena, ret_problem};
    yyjson_doc *doc = NULL;
    struct sea_str class;
    *ret = (struct desk_consent){.class = 0};
    bool is_good =
        open_reader(&reader, body, &doc) &&
        read_text(&reader, "/channel", DESK_SHORT_MAX_BYTES, TEXT_REQUIRED, &ret->channel) &&
        read_text(&reader, "/class", DESK_SHORT_MAX_BYTES, TEXT_REQUIRED, &class) &&
        read_text(&reader, "/proof", DESK_PROOF_MAX_BYTES, TEXT_OPTIONAL, &ret->proof);
    for (size_t i = 0; is_good && i < SEA_COUNT(CLASSES); i++)
        if (sea_str_is(class, CLASSES[i])) ret->class = (int)i + 1;
    if (is_good && !ret->class)
        is_good = wrong(&reader, "/class", "must be service, marketing or recording");
    if (is_good && !yyjson_is_bool(member(&reader, "/granted")))
        is_good = wrong(&reader, "/granted", "must be true or false");
    if (is_good) ret->is_granted = yyjson_get_bool(member(&reader, "/granted"));
    yyjson_doc_free(doc);
    return is_good;
}

bool desk_body_privacy(struct sea_str body, struct sea_arena *arena, struct desk_privacy *ret,
                       struct sea_problem *ret_problem)
{
    struct reader reader = {NULL, arena, ret_problem};
    yyjson_doc *doc = NULL;
    struct sea_str customer;
    bool is_good =
        open_reader(&reader, body, &doc) &&
        read_text(&reader, "/customer_id", DESK_SHORT_MAX_BYTES, TEXT_REQUIRED, &customer) &&
        read_text(&reader, "/kind", DESK_SHORT_MAX_BYTES, TEXT_REQUIRED, &ret->kind);
    if (is_good && !sea_uuid_parse(customer, &ret->customer_id))
        is_good = wrong(&reader, "/customer_id", "must be a UUID");
    if (is_good && !sea_str_is(ret->kind, "erase") && !sea_str_is(ret->kind, "export"))
        is_good = wrong(&reader, "/kind", "must be erase or export");
    yyjson_doc_free(doc);
    return is_good;
}
