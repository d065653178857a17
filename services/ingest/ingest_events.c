/* ingest_events.c: both encodings become BusinessData (business.proto), by its own description, and
 * one set of rules serves both. */
#include "ingest_events.h"

#include <stdio.h>
#include <string.h>

#include "ingest_json.h"
#include "sea_decode.h"
#include "sea_enc.h"

#define EVENT(name, kind, fact, about) {name, INGEST_EVENT_##kind, SEADESK__V1__ORDER_FACT__##fact},
#define NEED(kind, path)
#define INSIDE(path)
#define WORDS(path, words)
#define RANGE(path, low, high)
#define LONG(path, bytes)
#define LETTERS(path, count)
#define NEVER(kind, path)
static const struct ingest_event_type TYPES[] = {
#include "ingest_events.def"
};
#undef EVENT
#define EVENT(name, kind, fact, about)

#undef NEED
#define NEED(kind, path) {INGEST_EVENT_##kind, path},
static const struct {
    enum ingest_event_kind kind;
    const char *path;
} NEEDS[] = {
#include "ingest_events.def"
};
#undef NEED
#define NEED(kind, path)

#undef INSIDE
#define INSIDE(path) path,
static const char *const INSIDES[] = {
#include "ingest_events.def"
};
#undef INSIDE
#define INSIDE(path)

#undef NEVER
#define NEVER(kind, path) {INGEST_EVENT_##kind, path},
static const struct {
    enum ingest_event_kind kind;
    const char *path;
} NEVERS[] = {
#include "ingest_events.def"
};
#undef NEVER
#define NEVER(kind, path)

enum rule_kind { RULE_WORDS, RULE_RANGE, RULE_LONG, RULE_LETTERS };

#undef WORDS
#undef RANGE
#undef LONG
#undef LETTERS
#define WORDS(path, words)     {RULE_WORDS, path, words, 0, 0},
#define RANGE(path, low, high) {RULE_RANGE, path, NULL, low, high},
#define LONG(path, bytes)      {RULE_LONG, path, NULL, 0, bytes},
#define LETTERS(path, count)   {RULE_LETTERS, path, NULL, count, count},
static const struct rule {
    enum rule_kind kind;
    const char *path, *words;
    int64_t low, high;
} RULES[] = {
#include "ingest_events.def"
};

const struct ingest_event_type *ingest_event_type_of(struct sea_str name)
{
    for (size_t i = 0; i < SEA_COUNT(TYPES); i++)
        if (sea_str_is(name, TYPES[i].name)) return &TYPES[i];
    return NULL;
}

/* A walk through the data: where it is. */
struct walk {
    struct sea_arena *arena;
    struct ingest_problem *problem;
    char path[INGEST_FIELD_TEXT]; /* JSON pointer from the event on: /data/parcel/parcel_id */
    size_t len;
};

static struct walk walk_of(struct sea_arena *arena, struct ingest_problem *problem)
{
    return (struct walk){arena, problem, "/data", 5};
}

/* Goes one step down; the result takes it back. */
static size_t enter(struct walk *walk, const char *name)
{
    size_t before = walk->len;
    int more = snprintf(walk->path + before, sizeof(walk->path) - before, "/%s", name);
    sea_assert(more > 0 && before + (size_t)more < sizeof(walk->path));
    walk->len += (size_t)more;
    return before;
}

static size_t enter_item(struct walk *walk, size_t n)
{
    char number[24];
    snprintf(number, sizeof(number), "%zu", n);
    return enter(walk, number);
}

static void leave(struct walk *walk, size_t before)
{
    walk->len = before;
    walk->path[before] = '\0';
}

static bool invalid(const struct walk *walk, const char *detail)
{
    return ingest_refuse(walk->problem, 422, "invalid", detail, walk->path);
}

static const struct rule *rule_of(const struct walk *walk, enum rule_kind kind)
{
    for (size_t i = 0; i < SEA_COUNT(RULES); i++)
        if (RULES[i].kind == kind && strcmp(walk->path + 5, RULES[i].path) == 0) return &RULES[i];
    return NULL;
}

static bool check_whole(const struct walk *walk, int64_t value)
{
    const struct rule *range = rule_of(walk, RULE_RANGE);
    return !range || (value >= range->low && value <= range->high) ||
           invalid(walk, "is out of its range");
}

static void *member_of(ProtobufCMessage *message, unsigned offset)
{
    return (char *)message + offset;
}

static const void *value_of(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

static bool read_object(struct walk *walk, yyjson_val *object, ProtobufCMessage *message);

/* protobuf-c wants terminated strings; yyjson's are. */
static bool read_text(struct walk *walk, yyjson_val *value, char **ret)
{
    if (!yyjson_is_str(value)) return invalid(walk, "must be text");
    if (strlen(yyjson_get_str(value)) != yyjson_get_len(value))
        return invalid(walk, "must be text without NUL");
    *ret = (char *)(uintptr_t)yyjson_get_str(value);
    return true;
}

static bool read_whole(struct walk *walk, yyjson_val *value, int64_t *ret)
{
    if (!yyjson_is_int(value) ||
        (yyjson_is_uint(value) && yyjson_get_uint(value) > (uint64_t)INT64_MAX))
        return invalid(walk, "must be a whole number");
    *ret = yyjson_get_sint(value);
    return check_whole(walk, *ret);
}

static bool read_message(struct walk *walk, yyjson_val *value,
                         const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret)
{
    if (!yyjson_is_obj(value)) return invalid(walk, "must be an object");
    *ret = sea_arena_alloc(walk->arena, type->sizeof_message);
    if (!*ret) return invalid(walk, "the event is too large");
    protobuf_c_message_init(type, *ret);
    return read_object(walk, value, *ret);
}

static bool read_value(struct walk *walk, yyjson_val *value, const ProtobufCFieldDescriptor *field,
                       void *ret)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) return read_text(walk, value, ret);
    if (field->type == PROTOBUF_C_TYPE_INT64) return read_whole(walk, value, ret);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return read_message(walk, value, field->descriptor, ret);
    sea_assert(field->type == PROTOBUF_C_TYPE_BOOL); /* business.proto has no other type */
    if (!yyjson_is_bool(value)) return invalid(walk, "must be true or false");
    *(protobuf_c_boolean *)ret = yyjson_get_bool(value);
    return true;
}

/* Texts and messages: both are pointers. */
static bool read_list(struct walk *walk, yyjson_val *list, const ProtobufCFieldDescriptor *field,
                      ProtobufCMessage *message)
{
    size_t i, n = yyjson_arr_size(list), max, *count = member_of(message, field->quantifier_offset);
    yyjson_val *value;
    if (!yyjson_is_arr(list) || n > INGEST_LIST_MAX)
        return invalid(walk, "must be a list of at most 20");
    void **items = sea_arena_zero(walk->arena, (n + 1) * sizeof(*items));
    if (!items) return invalid(walk, "the event is too large");
    *(void ***)member_of(message, field->offset) = items;
    yyjson_arr_foreach(list, i, max, value)
    {
        size_t before = enter_item(walk, i);
        if (!read_value(walk, value, field, &items[i])) return false;
        leave(walk, before);
        *count = i + 1;
    }
    return true;
}

/* Members that the description doesn't know are ignored; null is absent. */
static bool read_object(struct walk *walk, yyjson_val *object, ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        yyjson_val *value = yyjson_obj_get(object, field->name);
        if (!value || yyjson_is_null(value)) continue;
        size_t before = enter(walk, field->name);
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (!(is_list ? read_list(walk, value, field, message)
                      : read_value(walk, value, field, member_of(message, field->offset))))
            return false;
        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
            *(int *)member_of(message, field->quantifier_offset) = (int)field->id;
        leave(walk, before);
    }
    return true;
}

Seadesk__V1__BusinessData *ingest_events_json(yyjson_val *object, struct sea_arena *arena,
                                              struct ingest_problem *problem)
{
    struct walk walk = walk_of(arena, problem);
    Seadesk__V1__BusinessData *data = sea_arena_alloc(arena, sizeof(*data));
    if (!yyjson_is_obj(object) || !data) {
        invalid(&walk, "data must be an object");
        return NULL;
    }
    seadesk__v1__business_data__init(data);
    return read_object(&walk, object, &data->base) ? data : NULL;
}

Seadesk__V1__BusinessData *ingest_events_protobuf(struct sea_str bytes, struct sea_arena *arena,
                                                  struct ingest_problem *problem)
{
    struct walk walk = walk_of(arena, problem);
    Seadesk__V1__BusinessData *data =
        sea_decode(&seadesk__v1__business_data__descriptor, bytes, arena);
    if (!data) invalid(&walk, "data is not seadesk.v1.BusinessData");
    return data;
}

/* Whether `text` is one of a|b|c. */
static bool is_word(const char *words, struct sea_str text)
{
    while (*words) {
        size_t len = strcspn(words, "|");
        if (sea_str_eq(text, (struct sea_str){words, len})) return true;
        words += len + (words[len] == '|');
    }
    return false;
}

static bool is_letters(struct sea_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char lower = (char)(text.ptr[i] | 0x20);
        if (lower < 'a' || lower > 'z') return false;
    }
    return true;
}

static bool check_text(const struct walk *walk, struct sea_str text)
{
    const struct rule *words, *letters, *longer = rule_of(walk, RULE_LONG);
    size_t max = longer ? (size_t)longer->high : INGEST_ID_MAX;
    int64_t ms;
    if (!text.len) return true;
    if (text.len > max) return invalid(walk, "is longer than it may be (512 bytes unless said)");
    if (!sea_utf8_is_valid(text)) return invalid(walk, "is not UTF-8");
    if ((words = rule_of(walk, RULE_WORDS)) && !is_word(words->words, text))
        return invalid(walk, "is none of the words allowed");
    if ((letters = rule_of(walk, RULE_LETTERS)) &&
        (text.len != (size_t)letters->high || !is_letters(text)))
        return invalid(walk, "must be letters, as many as it must have");
    bool is_time = walk->len > 3 && strcmp(walk->path + walk->len - 3, "_at") == 0;
    return !is_time || sea_time_parse(text, &ms) || invalid(walk, "must be an RFC 3339 time");
}

static bool check_message(struct walk *walk, const ProtobufCMessage *message);

static bool check_value(struct walk *walk, const ProtobufCFieldDescriptor *field,
                        const void *member)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return check_text(walk, sea_str(*(char *const *)member));
    if (field->type == PROTOBUF_C_TYPE_INT64)
        return *(const int64_t *)member == 0 || check_whole(walk, *(const int64_t *)member);
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) return true;
    const ProtobufCMessage *inner = *(ProtobufCMessage *const *)member;
    return !inner || check_message(walk, inner);
}

static bool check_list(struct walk *walk, const ProtobufCMessage *message,
                       const ProtobufCFieldDescriptor *field)
{
    size_t count = *(const size_t *)value_of(message, field->quantifier_offset);
    void *const *items = *(void *const *const *)value_of(message, field->offset);
    if (count > INGEST_LIST_MAX) return invalid(walk, "must be a list of at most 20");
    for (size_t i = 0; i < count; i++) {
        size_t before = enter_item(walk, i);
        if (!check_value(walk, field, &items[i])) return false;
        leave(walk, before);
    }
    return true;
}

/* Every value by itself. So no record of an event can be larger than a record may be. */
static bool check_message(struct walk *walk, const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t before = enter(walk, field->name);
        bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;
        if (!(is_list ? check_list(walk, message, field)
                      : check_value(walk, field, value_of(message, field->offset))))
            return false;
        leave(walk, before);
    }
    return true;
}

/* A path's first name; *path loses it. */
static struct sea_str next_name(const char **path, const char *end)
{
    const char *from = *path + 1; /* after the '/' */
    const char *to = memchr(from, '/', (size_t)(end - from));
    *path = to ? to : end;
    return (struct sea_str){from, (size_t)(*path - from)};
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message,
                                                struct sea_str name)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (sea_str_is(name, message->descriptor->fields[i].name))
            return &message->descriptor->fields[i];
    sea_assert(false); /* ingest_events.def names a field that business.proto doesn't have */
    return NULL;
}

/* Whether something stands at the path; whether a zero was said JSON alone knows. */
static bool is_there(const ProtobufCMessage *message, yyjson_val *object, const char *path,
                     const char *end)
{
    while (path < end) {
        struct sea_str name = next_name(&path, end);
        const ProtobufCFieldDescriptor *field = field_of(message, name);
        const void *member = value_of(message, field->offset);
        yyjson_val *value = yyjson_obj_getn(object, name.ptr, name.len);
        if (field->type == PROTOBUF_C_TYPE_STRING) return **(char *const *)member != '\0';
        if (field->type != PROTOBUF_C_TYPE_MESSAGE && object)
            return value && !yyjson_is_null(value);
        if (field->type == PROTOBUF_C_TYPE_INT64) return *(const int64_t *)member != 0;
        if (field->type == PROTOBUF_C_TYPE_BOOL) return true;
        message = *(ProtobufCMessage *const *)member;
        object = value;
        if (!message) return false;
    }
    return true;
}

static bool require(const Seadesk__V1__BusinessData *data, yyjson_val *object, const char *path,
                    struct ingest_problem *problem)
{
    char field[INGEST_FIELD_TEXT];
    const char *all = path;
    for (;; path++) {
        const char *end = path + strcspn(path, "|");
        if (is_there(&data->base, object, path, end)) return true;
        path = end;
        if (!*path) break;
    }
    snprintf(field, sizeof(field), "/data%.*s", (int)strcspn(all, "|"), all);
    return ingest_refuse(problem, 422, "invalid", "is required for this type", field);
}

/* Of a boolean of the data themselves. */
static bool is_true(const Seadesk__V1__BusinessData *data, const char *path)
{
    const ProtobufCFieldDescriptor *field = field_of(&data->base, sea_str(path + 1));
    sea_assert(field->type == PROTOBUF_C_TYPE_BOOL);
    return *(const protobuf_c_boolean *)value_of(&data->base, field->offset);
}

static bool forbid(const char *path, struct ingest_problem *problem)
{
    char field[INGEST_FIELD_TEXT];
    snprintf(field, sizeof(field), "/data%s", path);
    return ingest_refuse(problem, 422, "invalid", "may not be true for this type", field);
}

/* The path without its last name. */
static const char *parent_end(const char *path)
{
    return strrchr(path, '/');
}

bool ingest_events_check(const Seadesk__V1__BusinessData *data, enum ingest_event_kind kind,
                         yyjson_val *object, struct ingest_problem *problem)
{
    struct walk walk = walk_of(NULL, problem);
    if (!check_message(&walk, &data->base)) return false;
    if (!require(data, object, "/occurred_at", problem)) return false;
    for (size_t i = 0; i < SEA_COUNT(NEEDS); i++)
        if (NEEDS[i].kind == kind && !require(data, object, NEEDS[i].path, problem)) return false;
    for (size_t i = 0; i < SEA_COUNT(NEVERS); i++)
        if (NEVERS[i].kind == kind && is_true(data, NEVERS[i].path))
            return forbid(NEVERS[i].path, problem);
    for (size_t i = 0; object && i < SEA_COUNT(INSIDES); i++)
        if (is_there(&data->base, object, INSIDES[i], parent_end(INSIDES[i])) &&
            !require(data, object, INSIDES[i], problem))
            return false;
    return true;
}
