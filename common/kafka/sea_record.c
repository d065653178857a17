/* sea_record.c: a record's headers from text and back (CloudEvents 1.0, Kafka protocol binding,
 * binary mode). */
#include <stdio.h>
#include <string.h>

#include "sea_enc.h"
#include "sea_kafka_private.h"

static struct sea_str value_of(const void *data, size_t len)
{
    return (struct sea_str){data, data ? len : 0};
}

static void read_header(struct sea_headers *headers, const char *name, struct sea_str value)
{
    if (strcmp(name, "ce_id") == 0) {
        if (!sea_uuid_parse(value, &headers->id)) headers->id = (struct sea_uuid){{0}};
    } else if (strcmp(name, "sd-root") == 0) {
        if (!sea_uuid_parse(value, &headers->root)) headers->root = (struct sea_uuid){{0}};
    } else if (strcmp(name, "ce_type") == 0) {
        headers->type = value;
    } else if (strcmp(name, "ce_source") == 0) {
        headers->source = value;
    } else if (strcmp(name, "ce_time") == 0) {
        if (!sea_time_parse(value, &headers->time_ms)) headers->time_ms = 0;
    } else if (strcmp(name, "traceparent") == 0) {
        headers->trace = value;
    } else if (strcmp(name, "sd-src") == 0) {
        headers->src = value;
    } else if (strcmp(name, "sd-pos") == 0) {
        if (!sea_str_u64(value, &headers->pos)) headers->pos = 0;
    } else if (strcmp(name, "ce_originid") == 0) {
        headers->originid = value;
    } else if (strcmp(name, "content-type") == 0) {
        headers->content_type = value;
    }
}

void sea_record_of(rd_kafka_message_t *message, enum sea_topic topic, struct sea_record *ret)
{
    rd_kafka_headers_t *list = NULL;

    *ret = (struct sea_record){
        .topic = topic,
        .partition = message->partition,
        .offset = message->offset,
        .log_time_ms = rd_kafka_message_timestamp(message, NULL),
        .key = value_of(message->key, message->key_len),
        .value = value_of(message->payload, message->len),
        .message = message,
    };
    if (rd_kafka_message_headers(message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    const char *name;
    const void *data;
    size_t len;
    for (size_t i = 0; rd_kafka_header_get_all(list, i, &name, &data, &len) == 0; i++)
        read_header(&ret->headers, name, value_of(data, len));
    if (sea_uuid_is_nil(ret->headers.root)) ret->headers.root = ret->headers.id;
}

static void add(rd_kafka_headers_t *list, const char *name, const char *value, size_t len)
{
    (void)rd_kafka_header_add(list, name, -1, value, (ssize_t)len);
}

static void add_str(rd_kafka_headers_t *list, const char *name, struct sea_str value)
{
    if (value.len) add(list, name, value.ptr, value.len);
}

static void add_uuid(rd_kafka_headers_t *list, const char *name, struct sea_uuid id)
{
    char text[SEA_UUID_TEXT];
    sea_uuid_print(id, text);
    add(list, name, text, SEA_UUID_TEXT - 1);
}

rd_kafka_headers_t *sea_headers_write(const struct sea_headers *headers)
{
    rd_kafka_headers_t *list = rd_kafka_headers_new(12);
    char text[32];

    add_str(list, "content-type",
            headers->content_type.len ? headers->content_type : SEA_STR("application/protobuf"));
    add(list, "ce_specversion", "1.0", 3);
    add_uuid(list, "ce_id", headers->id);
    add_str(list, "ce_type", headers->type);
    add_str(list, "ce_source", headers->source);
    sea_time_print(headers->time_ms, text);
    add(list, "ce_time", text, strlen(text));
    add_str(list, "ce_originid", headers->originid);
    add_str(list, "traceparent", headers->trace);
    add_uuid(list, "sd-root", sea_uuid_is_nil(headers->root) ? headers->id : headers->root);
    if (headers->src.len) {
        int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)headers->pos);
        add_str(list, "sd-src", headers->src);
        add(list, "sd-pos", text, (size_t)len);
    }
    return list;
}
