/* What publishers may send: every type of event by its own needs, in both formats, within the scope
 * and the rate of their key, and for this region's markets alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest_business.h"
#include "ingest_events.h"
#include "ingest_json.h"
#include "ingest_rate.h"
#include "sea_buf.h"
#include "sea_cmocka.h"
#include "sea_id.h"
#include "seadesk/v1/business.pb-c.h"
#include "seadesk/v1/calls.pb-c.h"
#include "seadesk/v1/cloudevents.pb-c.h"

static const struct sea_market GLOBAL = {.code = "GLOBAL"};
static const struct sea_market MARKETS[] = {
    {.code = "BR", .parent = &GLOBAL, .region = "latam"},
    {.code = "DE", .parent = &GLOBAL, .region = "eu"},
    {.code = "AQ", .parent = &GLOBAL},
};
static const struct sea_country BRAZIL = {"BR", &MARKETS[0], NULL};
static const struct sea_country *const COUNTRIES[] = {&BRAZIL};
static const struct sea_phone_prefix PREFIXES[] = {{.digits = "55", .country = &BRAZIL}};
static const struct sea_markets PACKS = {.items = MARKETS,
                                         .count = SEA_COUNT(MARKETS),
                                         .global = &GLOBAL,
                                         .countries = COUNTRIES,
                                         .country_count = 1,
                                         .prefixes = PREFIXES,
                                         .prefix_count = 1};

/* One request. */
struct request {
    struct sea_arena arena;
    yyjson_alc alc;
    struct ingest_items items;
    struct ingest_problem problem;
    struct ingest_business business;
};

static int begin(void **state)
{
    struct request *request = sea_alloc(sizeof(*request));
    request->arena = (struct sea_arena)SEA_ARENA(INGEST_ARENA_MAX);
    request->alc = ingest_json_pool(&request->arena);
    request->items.arena = &request->arena;
    request->business.alc = &request->alc;
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

static bool take(struct request *request, const char *type, const char *data)
{
    const struct ingest_cloudevent event = {.specversion = SEA_STR("1.0"),
                                            .id = SEA_STR("e-1"),
                                            .source = SEA_STR("/erp/cn"),
                                            .type = sea_str(type),
                                            .content_type = SEA_STR("application/json"),
                                            .bytes = sea_str(data)};
    request->items.count = 0;
    request->problem = (struct ingest_problem){0};
    return ingest_business_take(&request->business, &event, 0, &request->items, &request->problem);
}

#define AT "\"occurred_at\":\"2026-11-22T08:00:00Z\""
#define REVIEW                                                                                     \
    "\"review\":{\"review_id\":\"r-1\",\"platform\":\"demo\",\"rating\":1,\"text\":\"Mal\"}"
#define CALL                                                                                       \
    "\"call\":{\"call_id\":\"c-1\",\"account\":\"demo\",\"number\":\"+5511912345678\","            \
    "\"direction\":\"inbound\",\"outcome\":\"missed\",\"rings\":4,"                                \
    "\"started_at\":\"2026-11-22T08:00:00Z\",\"ended_at\":\"2026-11-22T08:00:30Z\"}"

static void what_a_company_brings_out_is_a_launch(void **state)
{
    struct request *request = *state;
    assert_true(take(request, "seadesk.product.launched.v1",
                     "{" AT ",\"product\":{\"product_id\":\"p-1\",\"name\":\"Kettle\","
                     "\"markets\":[\"BR\",\"MX\"]}}"));
    const struct ingest_launch *launch = &request->items.list[0].launch;
    assert_int_equal(request->items.list[0].kind, INGEST_LAUNCH);
    assert_false(launch->is_campaign);
    assert_str_equal(launch->id, "p-1");
    assert_int_equal(launch->markets_count, 2);
    assert_string_equal(launch->markets[1], "MX");
    assert_true(launch->from_ms == request->items.list[0].time_ms);
    assert_true(take(request, "seadesk.campaign.launched.v1",
                     "{" AT ",\"campaign\":{\"campaign_id\":\"k-1\","
                     "\"starts_at\":\"2026-11-23T00:00:00Z\"}}"));
    assert_true(request->items.list[0].launch.is_campaign);
    assert_true(request->items.list[0].launch.from_ms > request->items.list[0].time_ms);
}

static void a_review_is_a_message_of_its_author(void **state)
{
    struct request *request = *state;
    assert_true(take(request, "seadesk.review.posted.v1",
                     "{\"order_id\":\"1001\"," AT "," REVIEW
                     ",\"customer\":{\"customer_ref\":\"c-77\"}}"));
    const struct ingest_item *item = &request->items.list[0];
    assert_int_equal(request->items.count, 2);
    assert_int_equal(item->kind, INGEST_MESSAGE);
    assert_str_equal(item->channel, "review");
    assert_str_equal(item->contact_id, "c-77");
    assert_str_equal(item->message.order_id, "1001");
    assert_str_equal(item->message.text, "Mal");
    assert_int_equal(item->message.rating, 1);
    assert_false(sea_uuid_eq(item->id, item->root));
    assert_int_equal(request->items.list[1].kind, INGEST_PROFILE);
    assert_false(
        take(request, "seadesk.review.posted.v1", "{\"historical\":true," AT "," REVIEW "}"));
    assert_string_equal(request->problem.field, "/data/historical");
}

static void a_call_is_a_record_under_its_number(void **state)
{
    struct request *request = *state;
    assert_true(take(request, "seadesk.call.ended.v1", "{" AT "," CALL "}"));
    const struct ingest_item *item = &request->items.list[0];
    assert_int_equal(item->kind, INGEST_CALL);
    assert_str_equal(item->channel, "phone");
    assert_str_equal(item->contact_id, "+5511912345678");
    assert_int_equal(item->call.outcome, SEADESK__V1__CALL_OUTCOME__CALL_MISSED);
    assert_int_equal(item->call.direction, SEADESK__V1__CALL_DIRECTION__CALL_INBOUND);
    assert_int_equal(item->call.rings, 4);
    assert_true(item->call.answered_at_ms == 0);
}

static void a_call_under_way_is_told_with_its_state_and_rings(void **state)
{
    static const struct {
        const char *type;
        int state;
    } ROWS[] = {{"seadesk.call.ringing.v1", SEADESK__V1__CALL_STATE__CALL_RINGING},
                {"seadesk.call.answered.v1", SEADESK__V1__CALL_STATE__CALL_TAKEN},
                {"seadesk.call.recorded.v1", SEADESK__V1__CALL_STATE__CALL_RECORDED}};
    struct request *request = *state;
    for (size_t i = 0; i < SEA_COUNT(ROWS); i++) {
        assert_true(take(request, ROWS[i].type,
                         "{" AT ",\"call\":{\"call_id\":\"c-1\",\"account\":\"demo\",\"number\":"
                         "\"+5511912345678\",\"direction\":\"inbound\",\"rings\":3,"
                         "\"recording\":\"rec/17\"}}"));
        const struct ingest_item *item = &request->items.list[0];
        assert_int_equal(item->kind, INGEST_CALL);
        assert_int_equal(item->call.state, ROWS[i].state);
        assert_int_equal(item->call.rings, 3);
        assert_int_equal(item->call.ended_at_ms, 0);
        assert_true(item->time_ms > 0);
    }
    assert_false(take(request, "seadesk.call.recorded.v1",
                      "{" AT
                      ",\"call\":{\"call_id\":\"c-1\",\"account\":\"demo\",\"number\":\"+1\"}}"));
    assert_string_equal(request->problem.field, "/data/call/recording");
}

static void reviews_and_calls_need_a_registered_account(void **state)
{
    struct request *request = *state;
    const struct sea_account phone = {
        .channel = sea_channel_of(SEA_STR("phone")), .name = "demo", .is_enabled = true};
    const struct sea_channels channels = {.accounts = &phone, .account_count = 1};
    request->business.channels = &channels;
    assert_true(take(request, "seadesk.call.ended.v1", "{" AT "," CALL "}"));
    assert_false(take(request, "seadesk.review.posted.v1", "{" AT "," REVIEW "}"));
    assert_string_equal(request->problem.field, "/data/review/platform");
}

static void what_the_data_of_a_type_lack_is_named(void **state)
{
    static const struct {
        const char *type, *data, *field;
    } CASES[] = {
        {"seadesk.product.launched.v1", "{" AT "}", "/data/product/product_id"},
        {"seadesk.product.launched.v1", "{" AT ",\"product\":{\"product_id\":\"p\"}}",
         "/data/product/name"},
        {"seadesk.product.launched.v1",
         "{" AT ",\"product\":{\"product_id\":\"p\",\"name\":\"n\",\"markets\":[7]}}",
         "/data/product/markets/0"},
        {"seadesk.campaign.launched.v1",
         "{" AT ",\"campaign\":{\"campaign_id\":\"k\",\"starts_at\":\"soon\"}}",
         "/data/campaign/starts_at"},
        {"seadesk.review.posted.v1",
         "{" AT ",\"review\":{\"review_id\":\"r\",\"platform\":\"demo\",\"rating\":6}}",
         "/data/review/rating"},
        {"seadesk.review.posted.v1",
         "{" AT ",\"review\":{\"review_id\":\"r\",\"platform\":\"demo\",\"rating\":0}}",
         "/data/review/rating"},
        {"seadesk.review.posted.v1",
         "{" AT ",\"review\":{\"review_id\":\"r\",\"platform\":\"demo\"}}", "/data/review/rating"},
        {"seadesk.call.ended.v1", "{" AT ",\"call\":{\"call_id\":\"c\",\"account\":\"demo\"}}",
         "/data/call/number"},
        {"seadesk.customer.created.v1", "{" AT "}", "/data/customer/customer_ref"},
        {"seadesk.customer.consent.v1",
         "{\"order_id\":\"1\"," AT ",\"consent\":{\"channel\":\"whatsapp\",\"account\":\"demo\","
         "\"id\":\"5\",\"class\":\"marketing\"}}",
         "/data/consent/granted"},
        {"seadesk.customer.consent.v1",
         "{\"order_id\":\"1\"," AT ",\"consent\":{\"channel\":\"whatsapp\",\"account\":\"demo\","
         "\"id\":\"5\",\"class\":\"love\",\"granted\":true}}",
         "/data/consent/class"},
        {"seadesk.order.paid.v1", "{\"order_id\":\"1\"," AT ",\"historical\":\"yes\"}",
         "/data/historical"},
        {"seadesk.order.paid.v1", "{\"order_id\":\"1\"," AT ",\"customer\":\"Ana\"}",
         "/data/customer"},
        {"seadesk.order.paid.v1", "{\"order_id\":\"1\"," AT ",\"amount\":{\"currency\":\"BRL\"}}",
         "/data/amount/minor"},
        {"seadesk.order.paid.v1",
         "{\"order_id\":\"1\"," AT ",\"amount\":{\"minor\":1,\"currency\":\"real\"}}",
         "/data/amount/currency"},
        {"seadesk.order.paid.v1", "{\"order_id\":\"a\\u0000b\"," AT "}", "/data/order_id"},
        {"seadesk.order.paid.v1",
         "{\"order_id\":\"1\"," AT ",\"customer\":{\"channels\":[{\"id\":\"a\"},{\"id\":5}]}}",
         "/data/customer/channels/1/id"},
    };
    struct request *request = *state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        assert_false(take(request, CASES[i].type, CASES[i].data));
        assert_string_equal(request->problem.field, CASES[i].field);
        assert_string_equal(request->problem.code, "invalid");
    }
}

static void a_text_may_have_its_bytes_and_no_more(void **state)
{
    struct request *request = *state;
    struct sea_buf data = SEA_BUF(64 * 1024);
    for (int more = 0; more < 2; more++) {
        sea_buf_reset(&data);
        sea_buf_printf(&data, "{\"order_id\":\"%0*d\"," AT "}", INGEST_ID_MAX + more, 0);
        assert_int_equal(take(request, "seadesk.order.paid.v1", data.ptr), !more);
        sea_buf_reset(&data);
        sea_buf_printf(&data,
                       "{" AT ",\"review\":{\"review_id\":\"r\",\"platform\":\"demo\",\"rating\":5,"
                       "\"text\":\"%0*d\"}}",
                       16384 + more, 0);
        assert_int_equal(take(request, "seadesk.review.posted.v1", data.ptr), !more);
    }
    sea_buf_free(&data);
}

/* ---- attributes ---- */

static void a_header_carries_an_attribute_quoted_and_percent_encoded_or_is_refused(void **state)
{
    static const struct {
        const char *value, *attribute; /* NULL: it is none */
    } CASES[] = {
        {"e-1", "e-1"},
        {"", ""},
        {"a b", "a b"},
        {"%41%20%25", "A %"},
        {"%2541", "%41"},
        {"Jo%C3%A3o", "Jo\303\243o"},
        {"\"e-1\"", "e-1"},
        {"\"\"", ""},
        {"a\"b", "a\"b"},
        {"\"a\\\"b\\\\%41\"", "a\"b\\A"},
        {"Jo\303\243o", "Jo\303\243o"},
        {"%", NULL},
        {"%4", NULL},
        {"%zz", NULL},
        {"%ff", NULL},
        {"%C0%80", NULL},
        {"\"", NULL},
        {"\"a", NULL},
        {"\"a\"b\"", NULL},
        {"\"a\\\"", NULL},
    };
    struct request *request = *state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_str got = SEA_STR("untouched");
        bool is_good = ingest_cloudevent_header(sea_str(CASES[i].value), &request->arena, &got);
        assert_int_equal(is_good, CASES[i].attribute != NULL);
        assert_str_equal(got, is_good ? CASES[i].attribute : "untouched");
    }
}

static bool take_json(struct request *request, const char *body)
{
    uint32_t count;
    request->items.count = 0;
    request->problem = (struct ingest_problem){0};
    return ingest_business_json(&request->business, sea_str(body), false, &request->items, &count,
                                &request->problem);
}

#define PAID                                                                                       \
    "{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/"                                       \
    "erp\",\"type\":\"seadesk.order.paid.v1\","
#define PAID_DATA "\"data\":{\"order_id\":\"1\"," AT "}}"

static void an_attribute_that_is_wrong_is_named(void **state)
{
    static const struct {
        const char *body, *field; /* NULL: it is taken */
    } CASES[] = {
        {PAID PAID_DATA, NULL},
        {PAID "\"time\":null," PAID_DATA, NULL},
        {PAID "\"time\":\"2026-11-22T16:15:00.123+08:00\"," PAID_DATA, NULL},
        {PAID "\"time\":\"yesterday\"," PAID_DATA, "/time"},
        {PAID "\"time\":\"2026-11-22 16:15:00\"," PAID_DATA, "/time"},
        {PAID "\"time\":1763800000," PAID_DATA, "/time"},
        {PAID "\"data_base64\":\"e30\"}", "/data_base64"},
        {PAID "\"data_base64\":\"e30=\"}", "/data/occurred_at"},
        {PAID "\"datacontenttype\":\"Application/Protobuf\"," PAID_DATA, "/data"},
        {PAID "\"datacontenttype\":\"application/protobuf\",\"data_base64\":\"/w==\"}", "/data"},
    };
    struct request *request = *state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        assert_int_equal(take_json(request, CASES[i].body), CASES[i].field == NULL);
        if (CASES[i].field) assert_string_equal(request->problem.field, CASES[i].field);
    }
}

static void what_is_no_json_is_told_where(void **state)
{
    struct request *request = *state;
    assert_false(take_json(request, "\xef\xbb\xbf{}"));
    assert_string_equal(request->problem.code, "malformed");
    assert_non_null(strstr(request->problem.detail, "BOM"));
    assert_false(take_json(request, "{\"id\":x}"));
    assert_non_null(strstr(request->problem.detail, "(byte 6)"));
    assert_false(take_json(request, ""));
    assert_non_null(strstr(request->problem.detail, "empty"));
}

/* ---- bounds ---- */

/* As much of an event as may be of one pattern, as JSON or protobuf. */
static size_t used_by(struct request *request, const char *type, struct sea_str begin,
                      struct sea_str pattern)
{
    struct sea_buf data = SEA_BUF(INGEST_EVENT_BYTES_MAX);
    struct ingest_cloudevent event = {.specversion = SEA_STR("1.0"),
                                      .id = SEA_STR("e-1"),
                                      .source = SEA_STR("/erp/cn"),
                                      .type = SEA_STR("seadesk.order.paid.v1"),
                                      .content_type = sea_str(type)};
    sea_buf_str(&data, begin);
    while (data.len + pattern.len <= INGEST_EVENT_BYTES_MAX) sea_buf_str(&data, pattern);
    event.bytes = sea_buf_view(&data);
    sea_arena_reset(&request->arena);
    request->items = (struct ingest_items){.arena = &request->arena};
    assert_false(
        ingest_business_take(&request->business, &event, 0, &request->items, &request->problem));
    sea_buf_free(&data);
    return request->arena.used;
}

/* The batch of a topic (ingest_topic.c) and one event more always find room, whatever they hold. */
static void an_event_unpacks_to_a_bounded_size(void **state)
{
    static const struct {
        const char *type;
        struct sea_str begin, pattern;
    } CASES[] = {
        {"application/json", SEA_STR(""), SEA_STR("[")},
        {"application/json", SEA_STR("["), SEA_STR("0,")},
        {"application/json", SEA_STR("["), SEA_STR("{},")},
        {"application/protobuf", SEA_STR(""), SEA_STR("\x28\x00")},
        {"application/protobuf", SEA_STR(""), SEA_STR("\x0a\x00")},
        /* a customer of just so many channels, which are empty */
        {"application/protobuf", SEA_STR("\x2a\xfc\xff\x0b"), SEA_STR("\x3a\x00")},
        {"application/protobuf", SEA_STR("\x2a\xfc\xff\x0b"), SEA_STR("\x0a\x00")},
    };
    struct request *request = *state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        size_t used = used_by(request, CASES[i].type, CASES[i].begin, CASES[i].pattern);
        print_message("%zu: %zu bytes\n", i, used);
        assert_true(used < INGEST_ARENA_MAX / 3);
    }
}

/* ---- the protobuf format ---- */

static struct sea_str data_bytes(struct request *request, const char *order_id)
{
    Seadesk__V1__BusinessData data = SEADESK__V1__BUSINESS_DATA__INIT;
    data.order_id = (char *)(uintptr_t)order_id;
    data.occurred_at = (char *)(uintptr_t) "2026-11-22T08:00:00Z";
    uint8_t *bytes = sea_arena_alloc(&request->arena, 1024);
    return (struct sea_str){(const char *)bytes, seadesk__v1__business_data__pack(&data, bytes)};
}

static Seadesk__V1__CloudEvent order_paid(const char *id)
{
    Seadesk__V1__CloudEvent event = SEADESK__V1__CLOUD_EVENT__INIT;
    event.id = (char *)(uintptr_t)id;
    event.source = (char *)(uintptr_t) "/erp/cn";
    event.spec_version = (char *)(uintptr_t) "1.0";
    event.type = (char *)(uintptr_t) "seadesk.order.paid.v1";
    return event;
}

static bool take_packed(struct request *request, const Seadesk__V1__CloudEvent *event)
{
    uint8_t bytes[2048];
    uint32_t count = 0;
    size_t len = seadesk__v1__cloud_event__pack(event, bytes);
    request->items.count = 0;
    return ingest_business_protobuf(&request->business, (struct sea_str){(const char *)bytes, len},
                                    false, &request->items, &count, &request->problem);
}

static void a_protobuf_cloudevent_carries_its_data_in_three_ways(void **state)
{
    struct request *request = *state;
    struct sea_str data = data_bytes(request, "1001");
    Seadesk__V1__CloudEvent event = order_paid("e-1");
    event.data_case = SEADESK__V1__CLOUD_EVENT__DATA_BINARY_DATA;
    event.binary_data = (ProtobufCBinaryData){data.len, (uint8_t *)(uintptr_t)data.ptr};
    assert_true(take_packed(request, &event));
    assert_str_equal(request->items.list[0].order.order_id, "1001");

    Seadesk__V1__CloudEventAny any = SEADESK__V1__CLOUD_EVENT_ANY__INIT;
    any.type_url = (char *)(uintptr_t) "type.googleapis.com/seadesk.v1.BusinessData";
    any.value = event.binary_data;
    event.data_case = SEADESK__V1__CLOUD_EVENT__DATA_PROTO_DATA;
    event.proto_data = &any;
    assert_true(take_packed(request, &event));
    any.type_url = (char *)(uintptr_t) "type.googleapis.com/seadesk.v1.Money";
    assert_false(take_packed(request, &event));
    assert_string_equal(request->problem.field, "/data");

    event.data_case = SEADESK__V1__CLOUD_EVENT__DATA_TEXT_DATA;
    event.text_data = (char *)(uintptr_t) "{\"order_id\":\"1002\"," AT "}";
    assert_true(take_packed(request, &event));
    assert_str_equal(request->items.list[0].order.order_id, "1002");
}

static void a_protobuf_batch_names_the_event_that_is_wrong(void **state)
{
    struct request *request = *state;
    Seadesk__V1__CloudEvent good = order_paid("e-1"), bad = order_paid("");
    Seadesk__V1__CloudEvent *events[] = {&good, &bad};
    Seadesk__V1__CloudEventBatch batch = SEADESK__V1__CLOUD_EVENT_BATCH__INIT;
    uint8_t bytes[2048];
    uint32_t count = 0;
    good.data_case = SEADESK__V1__CLOUD_EVENT__DATA_TEXT_DATA;
    good.text_data = (char *)(uintptr_t) "{\"order_id\":\"1\"," AT "}";
    batch.events = events;
    batch.n_events = 2;
    struct sea_str body = {(const char *)bytes,
                           seadesk__v1__cloud_event_batch__pack(&batch, bytes)};
    assert_false(ingest_business_protobuf(&request->business, body, true, &request->items, &count,
                                          &request->problem));
    assert_int_equal(request->problem.index, 1);
    assert_string_equal(request->problem.field, "/id");
    assert_false(ingest_business_protobuf(&request->business, SEA_STR("\xff"), true,
                                          &request->items, &count, &request->problem));
    assert_string_equal(request->problem.code, "malformed");
}

/* ---- scope, region, rate ---- */

static void a_key_publishes_only_the_types_sources_and_markets_of_its_scope(void **state)
{
    static const char *const SOURCES[] = {"/erp/*"}, *const TYPES[] = {"seadesk.order.*"};
    static const struct sea_market *const BOUND[] = {&MARKETS[0]};
    const struct sea_source source = {.name = "erp",
                                      .allowed = {SOURCES, 1},
                                      .types = {TYPES, 1},
                                      .markets = BOUND,
                                      .market_count = 1};
    struct request *request = *state;
    request->business.scope = (struct ingest_scope){&source, &PACKS, ""};
    assert_true(
        take(request, "seadesk.order.paid.v1", "{\"order_id\":\"1\",\"market\":\"BR\"," AT "}"));
    assert_true(take(request, "seadesk.order.paid.v1",
                     "{\"order_id\":\"1\",\"customer\":{\"phone\":\"+5511912345678\"}," AT "}"));
    assert_false(
        take(request, "seadesk.order.paid.v1", "{\"order_id\":\"1\",\"market\":\"DE\"," AT "}"));
    assert_int_equal(request->problem.status, 403);
    assert_string_equal(request->problem.field, "/data/market");
    assert_false(take(request, "seadesk.order.paid.v1", "{\"order_id\":\"1\"," AT "}"));
    assert_false(take(request, "seadesk.customer.tier.v1", "{" AT "}"));
    assert_string_equal(request->problem.field, "/type");
}

static void cp_09_another_regions_market_is_refused_by_the_regions_name(void **state)
{
    struct request *request = *state;
    request->business.scope = (struct ingest_scope){NULL, &PACKS, "eu"};
    assert_true(
        take(request, "seadesk.order.paid.v1", "{\"order_id\":\"1\",\"market\":\"DE\"," AT "}"));
    assert_true(
        take(request, "seadesk.order.paid.v1", "{\"order_id\":\"1\",\"market\":\"AQ\"," AT "}"));
    assert_true(take(request, "seadesk.order.paid.v1", "{\"order_id\":\"1\"," AT "}"));
    assert_false(
        take(request, "seadesk.order.paid.v1", "{\"order_id\":\"1\",\"market\":\"BR\"," AT "}"));
    assert_int_equal(request->problem.status, 421);
    assert_string_equal(request->problem.reason, "latam");
    assert_false(take(request, "seadesk.order.paid.v1",
                      "{\"order_id\":\"1\",\"customer\":{\"phone\":\"+5511912345678\"}," AT "}"));
    assert_false(take(request, "seadesk.call.ended.v1", "{" AT "," CALL "}"));
    assert_string_equal(request->problem.code, "wrong-region");
    assert_int_equal(request->items.count, 0);
}

static void a_source_may_send_its_burst_and_then_its_rate(void **state)
{
    const struct sea_source source = {.rate_per_s = 10, .burst = 100};
    const struct sea_source any = {0};
    struct ingest_rate rate = {0};
    int64_t now_us = INT64_C(5000000);
    uint32_t wait_s = 0;
    (void)state;
    assert_true(ingest_rate_take(&rate, &source, 60, now_us, &wait_s));
    assert_true(ingest_rate_take(&rate, &source, 40, now_us, &wait_s));
    assert_false(ingest_rate_take(&rate, &source, 1, now_us, &wait_s));
    assert_int_equal(wait_s, 1);
    assert_false(ingest_rate_take(&rate, &source, 25, now_us, &wait_s));
    assert_int_equal(wait_s, 3);
    assert_true(ingest_rate_take(&rate, &source, 25, now_us + 2500000, &wait_s));
    assert_false(ingest_rate_take(&rate, &source, 1, now_us + 2500000, &wait_s));
    assert_true(ingest_rate_take(&rate, &source, 100, now_us + INT64_C(3600000000), &wait_s));
    assert_false(ingest_rate_take(&rate, &source, 1, now_us + INT64_C(3600000000), &wait_s));
    for (int i = 0; i < 1000; i++) assert_true(ingest_rate_take(&rate, &any, 100, 0, &wait_s));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

SEA_TESTS(TEST(what_a_company_brings_out_is_a_launch), TEST(a_review_is_a_message_of_its_author),
          TEST(a_call_is_a_record_under_its_number),
          TEST(a_call_under_way_is_told_with_its_state_and_rings),
          TEST(reviews_and_calls_need_a_registered_account),
          TEST(what_the_data_of_a_type_lack_is_named), TEST(a_text_may_have_its_bytes_and_no_more),
          TEST(a_header_carries_an_attribute_quoted_and_percent_encoded_or_is_refused),
          TEST(an_attribute_that_is_wrong_is_named), TEST(what_is_no_json_is_told_where),
          TEST(an_event_unpacks_to_a_bounded_size),
          TEST(a_protobuf_cloudevent_carries_its_data_in_three_ways),
          TEST(a_protobuf_batch_names_the_event_that_is_wrong),
          TEST(a_key_publishes_only_the_types_sources_and_markets_of_its_scope),
          TEST(cp_09_another_regions_market_is_refused_by_the_regions_name),
          TEST(a_source_may_send_its_burst_and_then_its_rate))
