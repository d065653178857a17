/* ingest_cloudevents.c: whole CloudEvents, one or a batch, in their JSON and protobuf formats
 * (cloudevents/spec 1.0.2: json-format.md, protobuf-format.md). */
#include <stdlib.h>
#include <string.h>

#include "ingest_business.h"
#include "ingest_json.h"
#include "sea_decode.h"
#include "sea_enc.h"
#include "seadesk/v1/cloudevents.pb-c.h"

/* RFC 9110 §5.6.4: what is between the quotes, its escapes undone; other values as they stand.
 * False: a quotation mark too many or too few. */
static bool unquote(struct sea_str value, char *ret, size_t *ret_len)
{
    bool is_quoted = value.ptr[0] == '"';
    size_t len = 0, end = value.len - is_quoted;
    if (is_quoted && (value.len < 2 || value.ptr[end] != '"')) return false;
    for (size_t i = is_quoted; i < end; i++) {
        if (is_quoted && value.ptr[i] == '"') return false;
        if (is_quoted && value.ptr[i] == '\\' && ++i == end) return false;
        ret[len++] = value.ptr[i];
    }
    *ret_len = len;
    return true;
}

bool ingest_cloudevent_header(struct sea_str value, struct sea_arena *arena, struct sea_str *ret)
{
    size_t len = 0;
    char *text = sea_arena_alloc(arena, value.len + 1);
    if (!value.len) *ret = (struct sea_str){NULL, 0};
    if (!value.len) return true;
    if (!text || !unquote(value, text, &len) ||
        !sea_percent_decode((struct sea_str){text, len}, false, text, &len))
        return false;
    struct sea_str decoded = {text, len};
    if (!sea_utf8_is_valid(decoded)) return false;
    *ret = decoded;
    return true;
}

struct ingest_cloudevent ingest_cloudevent_of(yyjson_val *object, struct sea_arena *arena)
{
    struct ingest_cloudevent event = {
        .specversion = ingest_json_str(object, "specversion"),
        .id = ingest_json_str(object, "id"),
        .source = ingest_json_str(object, "source"),
        .type = ingest_json_str(object, "type"),
        .subject = ingest_json_str(object, "subject"),
        .time = ingest_json_id(object, "time", arena), /* a number is no time, and is told so */
        .content_type = ingest_json_str(object, "datacontenttype"),
        .data = ingest_json_obj(object, "data"),
    };
    struct sea_str base64 = ingest_json_str(object, "data_base64");
    if (base64.len) {
        size_t len = 0;
        uint8_t *bytes = sea_arena_alloc(arena, base64.len);
        event.is_data_broken = !bytes || !sea_base64_parse(base64, bytes, base64.len, &len);
        event.bytes = (struct sea_str){(const char *)bytes, len};
    }
    return event;
}

/* An event of a batch; its size is measured only where the whole body is larger than one may be. */
static bool is_too_large(yyjson_val *object, size_t body_bytes)
{
    size_t len = 0;
    if (body_bytes <= INGEST_EVENT_BYTES_MAX) return false;
    char *text = yyjson_val_write(object, 0, &len);
    bool is_good = text && len <= INGEST_EVENT_BYTES_MAX;
    free(text);
    return !is_good;
}

static bool too_large(const struct ingest_cloudevent *event, struct ingest_problem *problem)
{
    ingest_refuse(problem, 413, "too-large", "an event may have 192 KiB", NULL);
    return ingest_business_refused(event, problem);
}

static bool too_many(struct ingest_problem *problem)
{
    return ingest_refuse(problem, 422, "too-many", "a batch may have 100 events", "");
}

static bool take_object(const struct ingest_business *business, yyjson_val *object,
                        size_t body_bytes, uint32_t index, struct ingest_items *items,
                        struct ingest_problem *problem)
{
    if (!yyjson_is_obj(object))
        return ingest_refuse(problem, 422, "invalid", "an event must be an object", "");
    struct ingest_cloudevent event = ingest_cloudevent_of(object, items->arena);
    if (is_too_large(object, body_bytes)) return too_large(&event, problem);
    return ingest_business_take(business, &event, index, items, problem);
}

/* In a batch a problem says which event it is. */
static bool placed(bool is_good, struct ingest_problem *problem, size_t index)
{
    if (!is_good) problem->index = (int)index;
    return is_good;
}

bool ingest_business_json(const struct ingest_business *business, struct sea_str body,
                          bool is_batch, struct ingest_items *items, uint32_t *ret_count,
                          struct ingest_problem *problem)
{
    size_t i, n;
    yyjson_val *root = yyjson_doc_get_root(ingest_json_parse(body, business->alc)), *object;
    if (!root) return ingest_json_refuse(body, business->alc, problem);
    *ret_count = 1;
    if (!is_batch) return take_object(business, root, body.len, 0, items, problem);
    if (!yyjson_is_arr(root))
        return ingest_refuse(problem, 422, "invalid", "a batch must be an array", "");
    if (yyjson_arr_size(root) > INGEST_EVENTS_MAX) return too_many(problem);
    yyjson_arr_foreach(root, i, n, object)
    {
        if (!placed(take_object(business, object, body.len, (uint32_t)i, items, problem), problem,
                    i))
            return false;
    }
    *ret_count = (uint32_t)yyjson_arr_size(root);
    return true;
}

static struct sea_str attribute(const Seadesk__V1__CloudEvent *event, const char *name)
{
    for (size_t i = 0; i < event->n_attributes; i++) {
        const Seadesk__V1__CloudEvent__AttributesEntry *entry = event->attributes[i];
        if (strcmp(entry->key, name) != 0 || !entry->value) continue;
        if (entry->value->attr_case == SEADESK__V1__CLOUD_EVENT_VALUE__ATTR_CE_STRING)
            return sea_str(entry->value->ce_string);
    }
    return (struct sea_str){NULL, 0};
}

/* Binary data are read as their content type says; as protobuf when it says none. */
static bool read_data(const Seadesk__V1__CloudEvent *from, struct ingest_cloudevent *ret)
{
    static const char TYPE[] = "seadesk.v1.BusinessData";
    const Seadesk__V1__CloudEventAny *any;
    const char *name;
    if (from->data_case == SEADESK__V1__CLOUD_EVENT__DATA_BINARY_DATA) {
        ret->bytes = (struct sea_str){(const char *)from->binary_data.data, from->binary_data.len};
        if (!ret->content_type.len) ret->content_type = SEA_STR("application/protobuf");
    }
    if (from->data_case == SEADESK__V1__CLOUD_EVENT__DATA_TEXT_DATA)
        ret->bytes = sea_str(from->text_data);
    if (from->data_case != SEADESK__V1__CLOUD_EVENT__DATA_PROTO_DATA) return true;
    any = from->proto_data;
    name = strrchr(any->type_url, '/');
    ret->bytes = (struct sea_str){(const char *)any->value.data, any->value.len};
    ret->content_type = SEA_STR("application/protobuf");
    return strcmp(name ? name + 1 : any->type_url, TYPE) == 0;
}

static bool take_event(const struct ingest_business *business, const Seadesk__V1__CloudEvent *from,
                       uint32_t index, struct ingest_items *items, struct ingest_problem *problem)
{
    struct ingest_cloudevent event = {
        .specversion = sea_str(from->spec_version),
        .id = sea_str(from->id),
        .source = sea_str(from->source),
        .type = sea_str(from->type),
        .subject = attribute(from, "subject"),
        .time = attribute(from, "time"),
        .content_type = attribute(from, "datacontenttype"),
    };
    if (seadesk__v1__cloud_event__get_packed_size(from) > INGEST_EVENT_BYTES_MAX)
        return too_large(&event, problem);
    if (!read_data(from, &event))
        return ingest_refuse(problem, 422, "invalid", "proto_data is not seadesk.v1.BusinessData",
                             "/data");
    return ingest_business_take(business, &event, index, items, problem);
}

bool ingest_business_protobuf(const struct ingest_business *business, struct sea_str body,
                              bool is_batch, struct ingest_items *items, uint32_t *ret_count,
                              struct ingest_problem *problem)
{
    *ret_count = 1;
    if (!is_batch) {
        Seadesk__V1__CloudEvent *event =
            sea_decode(&seadesk__v1__cloud_event__descriptor, body, items->arena);
        if (event) return take_event(business, event, 0, items, problem);
        return ingest_refuse(problem, 400, "malformed", "the body is not a CloudEvent", NULL);
    }
    Seadesk__V1__CloudEventBatch *batch =
        sea_decode(&seadesk__v1__cloud_event_batch__descriptor, body, items->arena);
    if (!batch)
        return ingest_refuse(problem, 400, "malformed", "the body is not a CloudEventBatch", NULL);
    if (batch->n_events > INGEST_EVENTS_MAX) return too_many(problem);
    for (uint32_t i = 0; i < batch->n_events; i++)
        if (!placed(take_event(business, batch->events[i], i, items, problem), problem, i))
            return false;
    *ret_count = (uint32_t)batch->n_events;
    return true;
}
