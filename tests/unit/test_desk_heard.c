/* test_desk_heard.c: records of the topics as events of the live stream. */
#include "desk_heard.h"
#include "sea_cmocka.h"
#include "seadesk/v1/clocks.pb-c.h"
#include "seadesk/v1/deliveries.pb-c.h"
#include "seadesk/v1/tickets.pb-c.h"
#include "seadesk/v1/translations.pb-c.h"

#define ID(n) n "000000-0000-0000-0000-000000000000"

static uint8_t id_1[16] = {1}, id_2[16] = {2};
static uint8_t packed[4096];
static struct sea_arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena = (struct sea_arena)SEA_ARENA(1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    sea_arena_free(&arena);
    return 0;
}

static struct desk_heard hear(enum sea_topic topic, const char *key,
                              const ProtobufCMessage *message)
{
    struct desk_heard heard;
    struct sea_record record = {.topic = topic, .key = sea_str(key)};
    record.headers.root = (struct sea_uuid){{9}};
    record.headers.type = sea_str(message->descriptor->name);
    record.value = (struct sea_str){(const char *)packed, protobuf_c_message_pack(message, packed)};
    desk_heard_of(&record, &arena, &heard);
    return heard;
}

static ProtobufCBinaryData bytes(uint8_t *id)
{
    return (ProtobufCBinaryData){16, id};
}

static void a_changed_ticket_names_itself_and_its_message(void **state)
{
    (void)state;
    Seadesk__V1__TicketChanged ticket = SEADESK__V1__TICKET_CHANGED__INIT;
    ticket.ticket_id = bytes(id_1);
    ticket.version = 7;
    ticket.status = SEADESK__V1__TICKET_STATUS__ASSIGNED;
    ticket.cause = (char *)(uintptr_t) "taken";
    struct desk_heard heard = hear(SEA_TOPIC_TICKETS, "k", &ticket.base);
    assert_int_equal(heard.count, 1);
    assert_false(heard.is_outcome);
    assert_int_equal(heard.events[0].kind, DESK_EVENT_TICKET);
    assert_string_equal(heard.events[0].data,
                        "{\"id\":\"" ID("01") "\",\"version\":7,"
                                              "\"status\":\"assigned\",\"cause\":\"taken\"");
    ticket.message_id = bytes(id_2);
    heard = hear(SEA_TOPIC_TICKETS, "k", &ticket.base);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.events[1].kind, DESK_EVENT_MESSAGE);
    assert_string_equal(heard.events[1].data, "{\"event_id\":\"" ID("09") "\",\"message_id\":\"" ID(
                                                  "02") "\","
                                                        "\"ticket_id\":\"" ID("01") "\"");
}

static void outcomes_of_commands_reach_the_call_and_the_stream(void **state)
{
    (void)state;
    Seadesk__V1__CommandDone done = SEADESK__V1__COMMAND_DONE__INIT;
    Seadesk__V1__CommandRefused refused = SEADESK__V1__COMMAND_REFUSED__INIT;
    done.command_id = refused.command_id = bytes(id_2);
    done.ticket_id = refused.ticket_id = bytes(id_1);
    done.version = 8;
    done.body_hash = bytes(id_1);
    refused.reason = (char *)(uintptr_t) "not_open";
    struct desk_heard heard = hear(SEA_TOPIC_TICKETS, "k", &done.base);
    assert_true(heard.is_outcome);
    assert_int_equal(heard.command_id.bytes[0], 2);
    assert_int_equal(heard.body_hash.len, 16);
    assert_memory_equal(heard.body_hash.ptr, id_1, 16);
    assert_null(heard.reason);
    assert_string_equal(heard.events[0].data, "{\"id\":\"" ID("01") "\",\"event_id\":\"" ID(
                                                  "02") "\","
                                                        "\"version\":8,\"outcome\":\"done\"");
    heard = hear(SEA_TOPIC_TICKETS, "k", &refused.base);
    assert_true(heard.is_outcome);
    assert_string_equal(heard.reason, "not_open");
    assert_int_equal(heard.body_hash.len, 0);
    assert_string_equal(heard.events[0].data,
                        "{\"id\":\"" ID("01") "\",\"event_id\":\"" ID(
                            "02") "\","
                                  "\"outcome\":\"refused\",\"reason\":\"not_open\"");
}

static void presence_is_told_by_the_agents_name(void **state)
{
    (void)state;
    Seadesk__V1__CommandDone done = SEADESK__V1__COMMAND_DONE__INIT;
    done.command_id = bytes(id_2);
    struct desk_heard heard = hear(SEA_TOPIC_TICKETS, "ana", &done.base);
    assert_true(heard.is_outcome);
    assert_int_equal(heard.events[0].kind, DESK_EVENT_PRESENCE);
    assert_string_equal(heard.events[0].data,
                        "{\"agent\":\"ana\",\"event_id\":\"" ID("02") "\","
                                                                      "\"outcome\":\"done\"");
}

static void translations_deliveries_and_deadlines_name_their_ticket(void **state)
{
    (void)state;
    Seadesk__V1__TranslationDone done = SEADESK__V1__TRANSLATION_DONE__INIT;
    Seadesk__V1__DeliveryChanged delivery = SEADESK__V1__DELIVERY_CHANGED__INIT;
    Seadesk__V1__DeadlineChanged deadline = SEADESK__V1__DEADLINE_CHANGED__INIT;
    done.ticket_id = delivery.ticket_id = deadline.ticket_id = bytes(id_1);
    done.message_id = delivery.message_id = bytes(id_2);
    done.state = (char *)(uintptr_t) "done";
    delivery.state = SEADESK__V1__DELIVERY_STATE__ACCEPTED;
    deadline.name = (char *)(uintptr_t) "first_response";
    deadline.state = SEADESK__V1__CLOCK_STATE__CLOCK_BREACHED;
    deadline.due_at_ms = INT64_C(1795331700000);
    struct desk_heard heard = hear(SEA_TOPIC_TRANSLATIONS, "k", &done.base);
    assert_string_equal(heard.events[0].data,
                        "{\"event_id\":\"" ID("09") "\",\"message_id\":\"" ID(
                            "02") "\","
                                  "\"ticket_id\":\"" ID("01") "\",\"state\":\"done\"");
    heard = hear(SEA_TOPIC_DELIVERIES, "k", &delivery.base);
    assert_string_equal(heard.events[0].data,
                        "{\"event_id\":\"" ID("09") "\",\"message_id\":\"" ID(
                            "02") "\","
                                  "\"ticket_id\":\"" ID("01") "\",\"state\":\"accepted\"");
    heard = hear(SEA_TOPIC_DEADLINES, "k", &deadline.base);
    assert_string_equal(
        heard.events[0].data,
        "{\"ticket_id\":\"" ID("01") "\",\"clock\":\"first_response\","
                                     "\"state\":\"breached\",\"due_at\":\"2026-11-22T07:15:00Z\"");
}

static void what_is_not_understood_says_nothing(void **state)
{
    (void)state;
    Seadesk__V1__DeadlineChanged other = SEADESK__V1__DEADLINE_CHANGED__INIT; /* of no ticket */
    other.owner = (char *)(uintptr_t) "order-tracker";
    assert_int_equal(hear(SEA_TOPIC_DEADLINES, "k", &other.base).count, 0);
    assert_int_equal(hear(SEA_TOPIC_TICKETS, "k", &other.base).count, 0); /* another type */
    struct desk_heard heard;
    struct sea_record broken = {.topic = SEA_TOPIC_TICKETS, .value = SEA_STR("\xff\xff\xff")};
    broken.headers.type = SEA_STR("seadesk.v1.TicketChanged");
    desk_heard_of(&broken, &arena, &heard);
    assert_int_equal(heard.count, 0);
    Seadesk__V1__TicketChanged later = SEADESK__V1__TICKET_CHANGED__INIT;
    later.status = (Seadesk__V1__TicketStatus)99; /* of a later version */
    later.ticket_id = bytes(id_1);
    assert_string_equal(hear(SEA_TOPIC_TICKETS, "k", &later.base).events[0].data,
                        "{\"id\":\"" ID("01") "\",\"version\":0");
}

static void whatever_is_told_of_an_order_names_it(void **state)
{
    (void)state;
    struct desk_heard heard;
    struct sea_record record = {.topic = SEA_TOPIC_TIMELINES, .key = SEA_STR("1001")};
    desk_heard_of(&record, &arena, &heard);
    assert_int_equal(heard.events[0].kind, DESK_EVENT_ORDER);
    assert_string_equal(heard.events[0].data, "{\"order_id\":\"1001\"");
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

SEA_TESTS(WITH_ARENA(a_changed_ticket_names_itself_and_its_message),
          WITH_ARENA(outcomes_of_commands_reach_the_call_and_the_stream),
          WITH_ARENA(presence_is_told_by_the_agents_name),
          WITH_ARENA(translations_deliveries_and_deadlines_name_their_ticket),
          WITH_ARENA(what_is_not_understood_says_nothing),
          WITH_ARENA(whatever_is_told_of_an_order_names_it))
