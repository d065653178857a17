/* fuzz_ingest.c: what company systems may send: whatever is found in it has an id,
 * the same one each time, and texts that a record can carry. Input: one character that chooses the
 * parser, then the body. */
#include <stdlib.h>
#include <string.h>

#include "ingest_business.h"
#include "ingest_generic.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sea_channel FORM = {"form", SEA_ADAPTER_GENERIC, SEA_CHANNEL_MESSAGING};
static const struct sea_account ACCOUNTS[] = {
    {.channel = &FORM, .name = "demo", .is_enabled = true}};

struct taken {
    struct sea_arena arena;
    yyjson_alc alc;
    struct ingest_items items;
    struct ingest_problem problem;
};

static bool take_event(struct taken *taken, const char *type, struct sea_str body)
{
    const struct ingest_business business = {.alc = &taken->alc};
    const struct ingest_cloudevent event = {.specversion = SEA_STR("1.0"),
                                            .id = SEA_STR("1"),
                                            .source = SEA_STR("/erp"),
                                            .type = SEA_STR("seadesk.parcel.scanned.v1"),
                                            .content_type = sea_str(type),
                                            .bytes = body};
    return ingest_business_take(&business, &event, 0, &taken->items, &taken->problem);
}

static bool take(struct taken *taken, char how, struct sea_str body)
{
    const struct ingest_business business = {.alc = &taken->alc};
    const struct sea_channels channels = {.accounts = ACCOUNTS,
                                          .account_count = SEA_COUNT(ACCOUNTS)};
    const struct ingest_generic generic = {
        .channels = &channels, .source = SEA_STR("s"), .body = body, .alc = &taken->alc};
    struct ingest_typing typing;
    struct sea_str text;
    uint32_t count;
    switch (how) {
    case 't':
        return ingest_generic_typing(body, &taken->alc, &typing, &taken->problem);
    case 'h':
        if (!ingest_cloudevent_header(body, &taken->arena, &text))
            return ingest_refuse(&taken->problem, 422, "invalid", "", "/id");
        sea_assert(text.len <= body.len && sea_utf8_is_valid(text));
        return true;
    case 'm':
        return ingest_generic_parse(&generic, &taken->items, &taken->problem, NULL);
    case 'j':
        return take_event(taken, "application/json", body);
    case 'p':
        return take_event(taken, "application/protobuf", body);
    case 'e':
    case 'E':
        return ingest_business_protobuf(&business, body, how == 'E', &taken->items, &count,
                                        &taken->problem);
    default:
        return ingest_business_json(&business, body, how == 'b', &taken->items, &count,
                                    &taken->problem);
    }
}

static void begin(struct taken *taken)
{
    *taken = (struct taken){.arena = SEA_ARENA(INGEST_ARENA_MAX)};
    taken->alc = ingest_json_pool(&taken->arena);
    taken->items.arena = &taken->arena;
}

static void check_item(const struct ingest_item *item)
{
    sea_assert(!sea_uuid_is_nil(item->id));
    if (item->kind == INGEST_MESSAGE) {
        sea_assert(ingest_is_id(item->contact_id) && ingest_is_id(item->message.external_id));
        sea_assert(sea_utf8_is_valid(item->message.text));
        sea_assert(item->message.attachments_count <= INGEST_ATTACHMENTS_MAX);
    } else if (item->kind == INGEST_ORDER) {
        sea_assert(ingest_is_id(item->order.order_id) && item->order.occurred_at_ms != 0);
    } else if (item->kind == INGEST_PROFILE) {
        sea_assert(item->profile.customer_ref.len > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct taken first, second;
    if (size == 0) return 0;
    char *copy = sea_realloc(NULL, size);
    memcpy(copy, data, size);
    struct sea_str body = {copy + 1, size - 1};
    begin(&first);
    begin(&second);
    bool is_good = take(&first, copy[0], body);
    sea_assert(take(&second, copy[0], body) == is_good);
    sea_assert(is_good || (first.problem.status >= 400 && first.problem.code));
    sea_assert(first.items.count == second.items.count);
    for (size_t i = 0; is_good && i < first.items.count; i++) {
        check_item(&first.items.list[i]);
        sea_assert(sea_uuid_eq(first.items.list[i].id, second.items.list[i].id));
    }
    sea_arena_free(&first.arena);
    sea_arena_free(&second.arena);
    free(copy);
    return 0;
}
