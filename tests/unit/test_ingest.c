/* The adapters of the edge: what they find in providers' bodies, and what they refuse. */
#include <stdio.h>
#include <stdlib.h>

#include "ingest_adapter.h"
#include "ingest_business.h"
#include "ingest_generic.h"
#include "ingest_json.h"
#include "ingest_memory.h"
#include "sea_buf.h"
#include "sea_cmocka.h"
#include "sea_enc.h"
#include "sea_id.h"
#include "seadesk/v1/consents.pb-c.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/orders.pb-c.h"
#include "seadesk/v1/types.pb-c.h"

static const struct sea_channel WHATSAPP = {"whatsapp", SEA_ADAPTER_WHATSAPP,
                                            SEA_CHANNEL_MESSAGING};
static const struct sea_channel TWILIO = {"twilio-sms", SEA_ADAPTER_TWILIO_SMS,
                                          SEA_CHANNEL_MESSAGING};

/* One request: arena, items, problem. */
struct request {
    struct sea_arena arena;
    yyjson_alc alc;
    struct ingest_items items;
    struct ingest_reply reply;
    struct ingest_problem problem;
};

static int begin(void **state)
{
    struct request *request = sea_alloc(sizeof(*request));
    request->arena = (struct sea_arena)SEA_ARENA(INGEST_ARENA_MAX);
    request->alc = ingest_json_pool(&request->arena);
    request->items.arena = &request->arena;
    *state = request;
    return 0;
}

static int end(void **state)
{
    struct request *request = *state;
    sea_arena_free(&request->arena);
    free(request);
    return 0;
}

static bool parse(struct request *request, const struct sea_channel *channel, const char *body,
                  const char *query)
{
    const struct ingest_adapter *adapter = ingest_adapter_of(channel->adapter);
    struct sea_account account = {.channel = channel, .name = "demo", .is_enabled = true};
    struct ingest_webhook hook = {
        .account = &account, .body = sea_str(body), .query = sea_str(query), .alc = &request->alc};
    request->reply = adapter->reply;
    return adapter->parse(&hook, &request->items, &request->reply, &request->problem);
}

static bool whatsapp(struct request *request, const char *body)
{
    return parse(request, &WHATSAPP, body, "");
}

#define VALUE(inside)                                                                              \
    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{\"field\":"  \
    "\"messages\","                                                                                \
    "\"value\":{" inside "}}]}]}"

static void a_whatsapp_text_is_taken_whole(void **state)
{
    struct request *request = *state;
    assert_true(whatsapp(
        request,
        VALUE(
            "\"contacts\":[{\"profile\":{\"name\":\"Ana\"},\"wa_id\":\"5511\"}],"
            "\"messages\":[{\"from\":\"5511\",\"id\":\"wamid.1\",\"timestamp\":\"1763800000\","
            "\"type\":\"text\",\"text\":{\"body\":\"Oi \\u00e1\"},\"context\":{\"id\":\"w0\"}}]")));
    assert_int_equal(request->items.count, 1);
    const struct ingest_item *item = &request->items.list[0];
    assert_int_equal(item->kind, INGEST_MESSAGE);
    assert_true(item->time_ms == INT64_C(1763800000000));
    assert_str_equal(item->contact_id, "5511");
    assert_str_equal(item->message.phone, "+5511");
    assert_str_equal(item->message.name, "Ana");
    assert_str_equal(item->message.text, "Oi á");
    assert_str_equal(item->message.external_id, "wamid.1");
    assert_str_equal(item->message.in_reply_to, "w0");
    assert_int_equal(item->message.kind, SEADESK__V1__MESSAGE_KIND__TEXT);
    assert_non_null(strstr(item->message.raw.ptr, "wamid.1"));
}

static void every_type_of_whatsapp_message_gives_a_message(void **state)
{
    static const struct {
        const char *type, *part, *text;
        int kind;
    } CASES[] = {
        {"image", "{\"id\":\"m1\",\"mime_type\":\"image/jpeg\",\"caption\":\"look\"}", "look",
         SEADESK__V1__MESSAGE_KIND__IMAGE},
        {"audio", "{\"id\":\"m1\",\"mime_type\":\"audio/ogg\",\"voice\":true}", "",
         SEADESK__V1__MESSAGE_KIND__AUDIO},
        {"video", "{\"id\":\"m1\"}", "", SEADESK__V1__MESSAGE_KIND__VIDEO},
        {"document", "{\"id\":\"m1\",\"filename\":\"a.pdf\"}", "",
         SEADESK__V1__MESSAGE_KIND__DOCUMENT},
        {"sticker", "{\"id\":\"m1\"}", "", SEADESK__V1__MESSAGE_KIND__IMAGE},
        {"location", "{\"latitude\":1,\"longitude\":2,\"address\":\"Rua 1\"}", "Rua 1\n1,2",
         SEADESK__V1__MESSAGE_KIND__LOCATION},
        {"reaction", "{\"message_id\":\"w0\",\"emoji\":\"ok\"}", "ok",
         SEADESK__V1__MESSAGE_KIND__REACTION},
        {"button", "{\"text\":\"Yes\"}", "Yes", SEADESK__V1__MESSAGE_KIND__TEXT},
        {"interactive", "{\"type\":\"list_reply\",\"list_reply\":{\"id\":\"1\",\"title\":\"Two\"}}",
         "Two", SEADESK__V1__MESSAGE_KIND__TEXT},
        {"order", "{\"catalog_id\":\"1\"}", "[order]", SEADESK__V1__MESSAGE_KIND__OTHER},
        {"unsupported", "null", "[unsupported]", SEADESK__V1__MESSAGE_KIND__OTHER},
        {"averyveryverylongtypenameindeed", "{}", "[averyveryverylongtypenameindeed]",
         SEADESK__V1__MESSAGE_KIND__OTHER},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        void *fresh;
        char body[1024];
        begin(&fresh);
        struct request *request = fresh;
        snprintf(body, sizeof(body),
                 VALUE("\"messages\":[{\"from\":\"5511\",\"id\":\"w\",\"type\":\"%s\",\"%s\":%s}]"),
                 CASES[i].type, CASES[i].type, CASES[i].part);
        assert_true(whatsapp(request, body));
        assert_int_equal(request->items.count, 1);
        assert_int_equal(request->items.list[0].message.kind, CASES[i].kind);
        assert_str_equal(request->items.list[0].message.text, CASES[i].text);
        end(&fresh);
    }
}

static void every_message_and_status_of_every_entry_is_taken(void **state)
{
    struct request *request = *state;
    assert_true(whatsapp(request, "{\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":{"
                                  "\"messages\":[{\"from\":\"1\",\"id\":\"a\"},{\"from\":"
                                  "\"2\",\"id\":\"b\"}]}},{\"field\":\"account_update\",\"value\":{"
                                  "\"messages\":[{\"from\":\"1\",\"id\":\"z\"}]}}]},"
                                  "{\"changes\":[{\"field\":\"messages\",\"value\":{\"statuses\":[{"
                                  "\"id\":\"s1\",\"status\":\"delivered\",\"timestamp\":"
                                  "\"1\",\"recipient_id\":\"3\",\"biz_opaque_callback_data\":"
                                  "\"01020300-0000-0000-0000-000000000000\"},{\"id\":\"s2\","
                                  "\"status\":\"failed\",\"recipient_id\":\"3\",\"errors\":[{"
                                  "\"code\":131047}]},{\"id\":\"s3\",\"status\":"
                                  "\"warped\"}]}}]}]}"));
    assert_int_equal(request->items.count, 4);
    const struct ingest_item *items = request->items.list;
    assert_int_equal(items[2].kind, INGEST_RECEIPT);
    assert_int_equal(items[2].receipt.state, SEADESK__V1__DELIVERY_STATE__DELIVERED);
    assert_int_equal(items[2].receipt.attempt.bytes[2], 3);
    assert_str_equal(items[2].contact_id, "3");
    assert_int_equal(items[3].receipt.state, SEADESK__V1__DELIVERY_STATE__FAILED);
    assert_str_equal(items[3].receipt.error_code, "131047");
}

static void the_same_message_has_the_same_id_and_each_status_its_own(void **state)
{
    struct request *request = *state;
    const char *body = VALUE(
        "\"messages\":[{\"from\":\"1\",\"id\":\"a\"}],\"statuses\":[{\"id\":\"a\",\"status\":"
        "\"sent\","
        "\"timestamp\":\"1\"},{\"id\":\"a\",\"status\":\"read\",\"timestamp\":\"1\"},{\"id\":\"a\","
        "\"status\":\"read\",\"timestamp\":\"2\"}]");
    assert_true(whatsapp(request, body));
    assert_true(whatsapp(request, body));
    assert_int_equal(request->items.count, 8);
    for (size_t i = 0; i < 4; i++) {
        assert_true(sea_uuid_eq(request->items.list[i].id, request->items.list[i + 4].id));
        for (size_t k = 0; k < i; k++)
            assert_false(sea_uuid_eq(request->items.list[i].id, request->items.list[k].id));
    }
}

static void a_message_without_its_identity_goes_to_the_dead_letters(void **state)
{
    struct request *request = *state;
    assert_true(whatsapp(
        request,
        VALUE("\"messages\":[{\"id\":\"a\"},{\"from\":\"1\"},{\"from\":\"1\",\"id\":\"b\"},7]")));
    assert_int_equal(request->items.count, 4);
    assert_int_equal(request->items.list[0].kind, INGEST_DEAD);
    assert_int_equal(request->items.list[1].kind, INGEST_DEAD);
    assert_int_equal(request->items.list[2].kind, INGEST_MESSAGE);
    assert_int_equal(request->items.list[3].kind, INGEST_DEAD);
}

static void what_is_no_webhook_is_refused_by_name(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *code;
    } CASES[] = {
        {"", 400, "malformed"},    {"{", 400, "malformed"},
        {"[]", 422, "invalid"},    {"{\"entry\":{}}", 422, "invalid"},
        {"\"x\"", 422, "invalid"}, {"{\"entry\":[]} x", 400, "malformed"},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        void *fresh;
        begin(&fresh);
        struct request *request = fresh;
        assert_false(whatsapp(request, CASES[i].body));
        assert_int_equal(request->problem.status, CASES[i].status);
        assert_string_equal(request->problem.code, CASES[i].code);
        end(&fresh);
    }
}

static void an_empty_list_is_a_success(void **state)
{
    struct request *request = *state;
    assert_true(whatsapp(request, "{\"entry\":[]}"));
    assert_int_equal(request->items.count, 0);
}

static void a_depth_bomb_is_only_malformed(void **state)
{
    struct request *request = *state;
    size_t depth = 200000;
    char *bomb = sea_alloc(depth + 1);
    memset(bomb, '[', depth);
    assert_false(whatsapp(request, bomb));
    assert_string_equal(request->problem.code, "malformed");
    free(bomb);
}

static struct sea_str challenge(struct request *request, const char *query)
{
    struct sea_account account = {.channel = &WHATSAPP, .name = "demo"};
    account.verify_token = (struct sea_secrets){.live = {SEA_STR("demo-verify")}, .count = 1};
    struct ingest_webhook hook = {.account = &account, .query = sea_str(query)};
    const struct ingest_adapter *adapter = ingest_adapter_of(SEA_ADAPTER_WHATSAPP);
    request->reply = (struct ingest_reply){0};
    bool is_good = adapter->challenge(&hook, &request->arena, &request->reply);
    return is_good ? request->reply.body : SEA_STR("refused");
}

static void the_challenge_is_answered_to_our_token_alone(void **state)
{
    struct request *request = *state;
    const char *good = "hub.mode=subscribe&hub.verify_token=demo-verify&hub.challenge=4%202";
    assert_str_equal(challenge(request, good), "4 2");
    const char *other = "hub.mode=subscribe&hub.verify_token=demo-verif&hub.challenge=42";
    assert_str_equal(challenge(request, other), "refused");
    const char *none = "hub.verify_token=demo-verify&hub.challenge=42";
    assert_str_equal(challenge(request, none), "refused");
}

static void a_twilio_sms_and_its_media_are_taken(void **state)
{
    struct request *request = *state;
    assert_true(parse(request, &TWILIO,
                      "MessageSid=SM1&From=%2B14155550001&To=%2B1500&Body=Where+is+it%3F&NumMedia="
                      "1&MediaUrl0=https%3A%2F%2Fx"
                      "&MediaContentType0=image%2Fpng",
                      ""));
    const struct ingest_item *item = &request->items.list[0];
    assert_int_equal(item->kind, INGEST_MESSAGE);
    assert_str_equal(item->message.text, "Where is it?");
    assert_str_equal(item->message.phone, "+14155550001");
    assert_int_equal(item->message.attachments_count, 1);
    assert_str_equal(item->message.attachments[0].url, "https://x");
    assert_int_equal(item->message.kind, SEADESK__V1__MESSAGE_KIND__IMAGE);
    assert_string_equal(request->reply.content_type, "text/xml");
}

static void a_twilio_status_callback_is_a_receipt_and_wants_no_body(void **state)
{
    struct request *request = *state;
    assert_true(parse(request, &TWILIO,
                      "MessageSid=SM1&MessageStatus=undelivered&To=%2B14155550001&ErrorCode=30003",
                      "attempt=01020300-0000-0000-0000-000000000000"));
    const struct ingest_item *item = &request->items.list[0];
    assert_int_equal(item->kind, INGEST_RECEIPT);
    assert_int_equal(item->receipt.state, SEADESK__V1__DELIVERY_STATE__FAILED);
    assert_str_equal(item->receipt.error_code, "30003");
    assert_str_equal(item->contact_id, "+14155550001");
    assert_int_equal(item->receipt.attempt.bytes[0], 1);
    assert_int_equal(request->reply.status, 204);
}

static void a_twilio_form_without_its_sid_is_refused(void **state)
{
    struct request *request = *state;
    assert_false(parse(request, &TWILIO, "From=%2B1&Body=x", ""));
    assert_string_equal(request->problem.field, "/MessageSid");
}

/* ---- business events ---- */

static const struct ingest_business ANYBODY = {0};

static bool business(struct request *request, const char *body, bool is_batch, uint32_t *ret_count)
{
    struct ingest_business any = ANYBODY;
    any.alc = &request->alc;
    return ingest_business_json(&any, sea_str(body), is_batch, &request->items, ret_count,
                                &request->problem);
}

#define EVENT(type, data)                                                                          \
    "{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/erp/cn\",\"type\":\"" type              \
    "\",\"data\":" data "}"
#define PARCEL                                                                                      \
    "{\"order_id\":\"1001\",\"market\":\"BR\",\"occurred_at\":\"2026-11-22T08:14:10+08:00\","       \
    "\"sequence\":7,"                                                                               \
    "\"parcel\":{\"parcel_id\":\"P1\",\"carrier\":\"correios\",\"tracking_number\":\"LX1\"},"       \
    "\"reason\":\"missing_tax_id\","                                                                \
    "\"expected_at\":\"2026-11-25T00:00:00Z\",\"amount\":{\"minor\":12990,\"currency\":\"BRL\"},"   \
    "\"customer\":{\"customer_ref\":\"c-77\",\"name\":\"João\",\"phone\":\"+5511\",\"channels\":[" \
    "{\"channel\":"                                                                                 \
    "\"whatsapp\",\"account\":\"demo\",\"id\":\"5511\"}]}}"

static void a_customs_hold_gives_an_order_fact_and_a_profile(void **state)
{
    struct request *request = *state;
    uint32_t count = 0;
    assert_true(business(request, EVENT("seadesk.parcel.customs_held.v1", PARCEL), false, &count));
    assert_int_equal(count, 1);
    assert_int_equal(request->items.count, 2);
    const struct ingest_item *order = &request->items.list[0], *profile = &request->items.list[1];
    assert_int_equal(order->kind, INGEST_ORDER);
    assert_int_equal(order->order.fact, SEADESK__V1__ORDER_FACT__PARCEL_CUSTOMS_HELD);
    int64_t want_ms = 0;
    assert_true(sea_time_parse(SEA_STR("2026-11-22T00:14:10Z"), &want_ms));
    assert_true(order->order.occurred_at_ms == want_ms);
    assert_true(order->order.has_sequence && order->order.sequence == 7);
    assert_str_equal(order->order.reason, "missing_tax_id");
    assert_true(order->order.has_amount && order->order.minor == 12990);
    assert_str_equal(order->order.customer_ref, "c-77");
    assert_int_equal(profile->kind, INGEST_PROFILE);
    assert_str_equal(profile->profile.order_id, "1001");
    assert_int_equal(profile->profile.channels_count, 1);
    assert_true(sea_uuid_eq(order->root, profile->root));
    assert_false(sea_uuid_eq(order->id, profile->id));
}

static void every_type_of_the_contract_is_known(void **state)
{
    static const char *const TYPES[] = {"order.placed",
                                        "order.paid",
                                        "order.changed",
                                        "order.cancelled",
                                        "parcel.dispatched",
                                        "parcel.scanned",
                                        "parcel.in_customs",
                                        "parcel.customs_held",
                                        "parcel.customs_cleared",
                                        "parcel.address_problem",
                                        "parcel.address_corrected",
                                        "parcel.out_for_delivery",
                                        "parcel.delivery_failed",
                                        "parcel.delivered",
                                        "parcel.returned",
                                        "refund.completed",
                                        "customer.updated",
                                        "customer.preference",
                                        "customer.tier"};
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(TYPES); i++) {
        void *fresh;
        uint32_t count;
        char body[2048];
        begin(&fresh);
        snprintf(body, sizeof(body), EVENT("seadesk.%s.v1", "%s"), TYPES[i], PARCEL);
        assert_true(business(fresh, body, false, &count));
        end(&fresh);
    }
}

static void what_is_missing_in_an_event_is_named(void **state)
{
    static const struct {
        const char *body, *code, *field;
    } CASES[] = {
        {"{}", "invalid", "/specversion"},
        {"[]", "invalid", ""},
        {"nope", "malformed", ""},
        {EVENT("seadesk.order.eaten.v1", PARCEL), "invalid", "/type"},
        {EVENT("seadesk.order.paid.v1", "7"), "invalid", "/data"},
        {EVENT("seadesk.order.paid.v1", "{\"order_id\":\"1\"}"), "invalid", "/data/occurred_at"},
        {EVENT("seadesk.order.paid.v1", "{\"order_id\":\"1\",\"occurred_at\":\"yesterday\"}"),
         "invalid", "/data/occurred_at"},
        {EVENT("seadesk.order.paid.v1", "{\"occurred_at\":\"2026-11-22T08:14:10Z\"}"), "invalid",
         "/data/order_id"},
        {EVENT("seadesk.parcel.scanned.v1",
               "{\"order_id\":\"1\",\"occurred_at\":\"2026-11-22T08:14:10Z\"}"),
         "invalid", "/data/parcel/parcel_id"},
        {EVENT("seadesk.customer.tier.v1",
               "{\"order_id\":\"1\",\"occurred_at\":\"2026-11-22T08:14:10Z\"}"),
         "invalid", "/data/customer/customer_ref"},
        {EVENT("seadesk.order.paid.v1",
               "{\"order_id\":7,\"occurred_at\":\"2026-11-22T08:14:10Z\"}"),
         "invalid", "/data/order_id"},
        {EVENT("seadesk.order.paid.v1",
               "{\"order_id\":\"1\",\"occurred_at\":\"2026-11-22T08:14:10Z\",\"sequence\":\"x\"}"),
         "invalid", "/data/sequence"},
        {EVENT("seadesk.order.paid.v1", "{\"order_id\":\"1\",\"occurred_at\":\"2026-11-22T08:14:"
                                        "10Z\",\"sequence\":99999999999999999999}"),
         "invalid", "/data/sequence"},
        {EVENT("seadesk.order.paid.v1", "{\"order_id\":\"1\",\"occurred_at\":\"2026-11-22T08:14:"
                                        "10Z\",\"amount\":{\"minor\":1.5}}"),
         "invalid", "/data/amount/minor"},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        void *fresh;
        uint32_t count;
        begin(&fresh);
        struct request *request = fresh;
        assert_false(business(request, CASES[i].body, false, &count));
        assert_string_equal(request->problem.code, CASES[i].code);
        assert_string_equal(request->problem.field, CASES[i].field);
        assert_int_equal(request->problem.index, -1);
        end(&fresh);
    }
}

static void a_batch_names_the_event_that_is_wrong(void **state)
{
    struct request *request = *state;
    uint32_t count;
    assert_false(
        business(request, "[" EVENT("seadesk.order.paid.v1", PARCEL) ",{}]", true, &count));
    assert_int_equal(request->problem.index, 1);
    assert_string_equal(request->problem.field, "/specversion");
}

static void a_batch_of_101_events_is_too_many(void **state)
{
    struct request *request = *state;
    struct sea_buf body = SEA_BUF(1 << 20);
    uint32_t count;
    for (int i = 0; i < 101; i++) sea_buf_text(&body, i ? ",{}" : "[{}");
    sea_buf_text(&body, "]");
    assert_false(business(request, body.ptr, true, &count));
    assert_string_equal(request->problem.code, "too-many");
    assert_int_equal(request->problem.status, 422);
    sea_buf_free(&body);
}

static void a_consent_event_becomes_a_consent(void **state)
{
    struct request *request = *state;
    uint32_t count;
    assert_true(business(
        request,
        EVENT(
            "seadesk.customer.consent.v1",
            "{\"occurred_at\":\"2026-11-22T08:14:10Z\",\"customer\":{\"customer_ref\":\"c\"},"
            "\"consent\":{"
            "\"channel\":\"whatsapp\",\"account\":\"demo\",\"id\":\"5511\",\"class\":\"marketing\","
            "\"granted\":true}}"),
        false, &count));
    assert_int_equal(request->items.list[0].kind, INGEST_CONSENT);
    assert_int_equal(request->items.list[0].consent.class,
                     SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING);
    assert_true(request->items.list[0].consent.is_granted);
}

static bool generic(struct request *request, const struct sea_account *account, const char *body)
{
    return ingest_generic_take(yyjson_doc_get_root(ingest_json_parse(sea_str(body), &request->alc)),
                               SEA_STR("m-1"), sea_str(body), account, &request->items,
                               &request->problem);
}

static void ch_25_a_generic_message_has_its_clients_id(void **state)
{
    struct request *request = *state;
    const struct sea_channel chat = {"chat", SEA_ADAPTER_GENERIC, SEA_CHANNEL_LIVE_CHAT};
    const struct sea_account account = {.channel = &chat, .name = "demo", .is_enabled = true};
    struct sea_uuid client;
    assert_true(sea_uuid_parse(SEA_STR("0190b6a2-6b2e-7cc3-98c4-dc0c0c07398f"), &client));
    assert_true(generic(request, &account,
                        "{\"text\":\"Hallo\",\"contact\":{\"id\":\"v\"},"
                        "\"client_message_id\":\"0190B6A2-6b2e-7cc3-98c4-dc0c0c07398f\"}"));
    assert_true(sea_uuid_eq(request->items.list[0].id, ingest_client_id(client)));
    assert_false(generic(request, &account,
                         "{\"text\":\"Hallo\",\"contact\":{\"id\":\"v\"},"
                         "\"client_message_id\":\"7\"}"));
    assert_string_equal(request->problem.field, "/client_message_id");
}

static void a_part_says_which_of_how_many_it_is(void **state)
{
    static const struct {
        const char *text, *part, *field;
    } ROWS[] = {
        {"x", "{\"reference\":\"7\",\"number\":2,\"total\":3}", NULL},
        {"x", "{\"number\":2,\"total\":3}", "/part/reference"},
        {"x", "7", "/part/reference"},
        {"x", "{\"reference\":\"7\",\"number\":2,\"total\":1}", "/part/total"},
        {"x", "{\"reference\":\"7\",\"number\":2,\"total\":21}", "/part/total"},
        {"x", "{\"reference\":\"7\",\"number\":0,\"total\":3}", "/part/number"},
        {"x", "{\"reference\":\"7\",\"number\":4,\"total\":3}", "/part/number"},
        {"", "{\"reference\":\"7\",\"number\":2,\"total\":3}", "/text"},
    };
    struct request *request = *state;
    const struct sea_channel sms = {"sms", SEA_ADAPTER_GENERIC, SEA_CHANNEL_MESSAGING};
    const struct sea_account account = {.channel = &sms, .name = "demo", .is_enabled = true};
    for (size_t i = 0; i < SEA_COUNT(ROWS); i++) {
        char body[256];
        snprintf(body, sizeof(body),
                 "{\"subject\":\"s\",\"text\":\"%s\",\"contact\":{\"id\":\"+1\"},\"part\":%s}",
                 ROWS[i].text, ROWS[i].part);
        request->items.count = 0;
        assert_int_equal(generic(request, &account, body), !ROWS[i].field);
        if (ROWS[i].field) assert_string_equal(request->problem.field, ROWS[i].field);
    }
}

static void cp_12_consent_to_recording_goes_before_its_message(void **state)
{
    struct request *request = *state;
    const struct sea_channel chat = {"chat", SEA_ADAPTER_GENERIC, SEA_CHANNEL_LIVE_CHAT};
    const struct sea_account account = {.channel = &chat, .name = "demo", .is_enabled = true};
    assert_true(generic(request, &account,
                        "{\"text\":\"Hallo\",\"contact\":{\"id\":\"v\",\"locale\":\"de-DE\"},"
                        "\"consent\":{\"recording\":true,\"notice_version\":\"3\"}}"));
    assert_true(ingest_generic_put_consent(&request->items, &account));
    const struct ingest_item *items = request->items.list;
    assert_int_equal(request->items.count, 2);
    assert_int_equal(items[0].kind, INGEST_CONSENT);
    assert_int_equal(items[0].consent.class, SEADESK__V1__CONSENT_CLASS__CONSENT_RECORDING);
    assert_true(items[0].consent.is_granted);
    assert_str_equal(items[0].consent.proof, "notice 3 de-DE");
    assert_str_equal(items[0].contact_id, "v");
    assert_int_equal(items[1].kind, INGEST_MESSAGE);
    assert_str_equal(items[1].message.text, "Hallo");
    assert_true(sea_uuid_eq(items[0].root, items[1].id));
    assert_false(sea_uuid_eq(items[0].id, items[1].id));
}

static void what_is_said_of_the_notice_is_bounded(void **state)
{
    struct request *request = *state;
    const struct sea_channel chat = {"chat", SEA_ADAPTER_GENERIC, SEA_CHANNEL_LIVE_CHAT};
    const struct sea_account account = {.channel = &chat, .name = "demo", .is_enabled = true};
    char body[256];
    snprintf(body, sizeof(body),
             "{\"text\":\"x\",\"contact\":{\"id\":\"v\"},\"consent\":{\"locale\":\"%065d\"}}", 0);
    assert_false(generic(request, &account, body));
    assert_string_equal(request->problem.field, "/consent/locale");
    assert_false(generic(request, &account,
                         "{\"text\":\"x\",\"contact\":{\"id\":\"v\"},"
                         "\"consent\":{\"notice_version\":1}}"));
    assert_string_equal(request->problem.field, "/consent/notice_version");
}

static void who_types_says_nothing_but_locale_and_consent(void **state)
{
    static const struct {
        const char *body, *locale, *code;
        bool has_consent;
    } ROWS[] = {
        {"{}", "", NULL, false},
        {"{\"locale\":\"de-DE\",\"consent\":{\"recording\":true},\"text\":7}", "de-DE", NULL, true},
        {"{\"locale\":null,\"consent\":null}", "", NULL, false},
        {"{\"consent\":{\"recording\":\"yes\"}}", "", NULL, false},
        {"", "", "malformed", false},
        {"{\"locale\":", "", "malformed", false},
        {"[]", "", "invalid", false},
        {"{\"locale\":7}", "", "invalid", false},
    };
    struct request *request = *state;
    for (size_t i = 0; i < SEA_COUNT(ROWS); i++) {
        struct ingest_typing typing = {.locale = {NULL, 0}};
        bool is_good =
            ingest_generic_typing(sea_str(ROWS[i].body), &request->alc, &typing, &request->problem);
        assert_int_equal(is_good, !ROWS[i].code);
        if (ROWS[i].code) assert_string_equal(request->problem.code, ROWS[i].code);
        assert_str_equal(typing.locale, ROWS[i].locale);
        assert_int_equal(typing.has_recording_consent, ROWS[i].has_consent);
    }
}

static void an_sms_in_broken_utf_8_keeps_what_can_be_read(void **state)
{
    struct request *request = *state;
    assert_true(parse(request, &TWILIO,
                      "MessageSid=SM1&From=%2B447700900001&Body=a%FFb%E2%82%ACc%E2%82", ""));
    assert_str_equal(request->items.list[0].message.text, "a?b€c??");
}

static void an_id_is_text_without_nul(void **state)
{
    struct request *request = *state;
    assert_true(whatsapp(request, VALUE("\"messages\":[{\"from\":\"55\\u000011\",\"id\":\"w\"}]")));
    assert_int_equal(request->items.list[0].kind, INGEST_DEAD);
    assert_string_equal(request->items.list[0].dead.reason, "unreadable");
    assert_false(parse(request, &TWILIO, "MessageSid=SM%00&From=%2B44", ""));
    assert_true(parse(request, &TWILIO, "MessageSid=SM1&From=%FF", ""));
    assert_int_equal(request->items.list[1].kind, INGEST_DEAD);
    assert_true(request->items.list[1].dead.offset == -1);
}

static void an_event_of_a_batch_has_its_own_limit(void **state)
{
    struct request *request = *state;
    const struct ingest_business business = {.alc = &request->alc};
    struct sea_buf body = SEA_BUF(1 << 20);
    uint32_t count = 0;
    const char *small = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/erp\","
                        "\"type\":\"seadesk.order.paid.v1\",\"data\":{\"order_id\":\"1\","
                        "\"occurred_at\":\"2026-11-22T08:00:00Z\"}}";
    sea_buf_printf(&body, "[%s,{\"x\":\"%0*d\"}]", small, INGEST_EVENT_BYTES_MAX, 0);
    assert_false(ingest_business_json(&business, sea_buf_view(&body), true, &request->items, &count,
                                      &request->problem));
    assert_int_equal(request->problem.status, 413);
    assert_int_equal(request->problem.index, 1);
    sea_buf_reset(&body);
    sea_buf_printf(&body, "[%s%*s]", small, INGEST_EVENT_BYTES_MAX, ""); /* blanks don't count */
    assert_true(ingest_business_json(&business, sea_buf_view(&body), true, &request->items, &count,
                                     &request->problem));
    assert_int_equal(count, 1);
    sea_buf_free(&body);
}

static void what_was_kept_is_known_and_the_oldest_is_forgotten(void **state)
{
    struct ingest_memory *memory;
    uint32_t check;
    (void)state;
    ingest_memory_open(&memory);
    for (uint32_t i = 1; i <= 2 * INGEST_MEMORY_IDS + 1; i++) {
        struct sea_uuid id = {{0}};
        memcpy(id.bytes, &i, sizeof(i));
        assert_false(ingest_memory_knows(memory, id, &check));
        ingest_memory_keep(memory, id, i);
        assert_true(ingest_memory_knows(memory, id, &check));
        assert_int_equal(check, i);
    }
    struct sea_uuid first = {{1}}, newest = {{0}};
    uint32_t last = 2 * INGEST_MEMORY_IDS;
    memcpy(newest.bytes, &last, sizeof(last));
    assert_false(ingest_memory_knows(memory, first, &check));
    assert_true(ingest_memory_knows(memory, newest, &check));
    ingest_memory_close(&memory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

SEA_TESTS(TEST(a_whatsapp_text_is_taken_whole), TEST(an_sms_in_broken_utf_8_keeps_what_can_be_read),
          TEST(a_part_says_which_of_how_many_it_is),
          TEST(ch_25_a_generic_message_has_its_clients_id),
          TEST(who_types_says_nothing_but_locale_and_consent),
          TEST(cp_12_consent_to_recording_goes_before_its_message),
          TEST(what_is_said_of_the_notice_is_bounded), TEST(an_id_is_text_without_nul),
          TEST(an_event_of_a_batch_has_its_own_limit),
          TEST(every_type_of_whatsapp_message_gives_a_message),
          TEST(every_message_and_status_of_every_entry_is_taken),
          TEST(the_same_message_has_the_same_id_and_each_status_its_own),
          TEST(a_message_without_its_identity_goes_to_the_dead_letters),
          TEST(what_is_no_webhook_is_refused_by_name), TEST(an_empty_list_is_a_success),
          TEST(a_depth_bomb_is_only_malformed), TEST(the_challenge_is_answered_to_our_token_alone),
          TEST(a_twilio_sms_and_its_media_are_taken),
          TEST(a_twilio_status_callback_is_a_receipt_and_wants_no_body),
          TEST(a_twilio_form_without_its_sid_is_refused),
          TEST(a_customs_hold_gives_an_order_fact_and_a_profile),
          TEST(every_type_of_the_contract_is_known), TEST(what_is_missing_in_an_event_is_named),
          TEST(a_batch_names_the_event_that_is_wrong), TEST(a_batch_of_101_events_is_too_many),
          TEST(a_consent_event_becomes_a_consent),
          TEST(what_was_kept_is_known_and_the_oldest_is_forgotten))
