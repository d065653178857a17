/* Positions, senders and frames of the worker. */
#include "sea_cmocka.h"
#include "sea_frame.h"
#include "sea_id.h"
#include "sea_inputs.h"

#include <stdlib.h>
#include <string.h>

static const struct sea_src ROUTER_3 = {SEA_SENDER_ROUTER, 3, 1};

static void a_source_text_is_read_back_as_it_was_written(void **state)
{
    (void)state;
    char text[SEA_SRC_TEXT];
    struct sea_src got;
    sea_src_print(ROUTER_3, text);
    assert_string_equal(text, "router/3/1");
    assert_true(sea_src_parse(sea_str(text), &got));
    assert_int_equal(got.service, SEA_SENDER_ROUTER);
    assert_int_equal(got.number, 3);
    assert_int_equal(got.incarnation, 1);
}

static void a_malformed_source_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "router",
                                      "router/3",
                                      "router/13/1",
                                      "nobody/1/1",
                                      "router/3/1/2",
                                      "router/-1/1",
                                      "router/3/x",
                                      "router/3/99999999999"};
    struct sea_src got;
    for (size_t i = 0; i < SEA_COUNT(BAD); i++) assert_false(sea_src_parse(sea_str(BAD[i]), &got));
}

static void a_sender_is_taken_once_per_position_and_topic(void **state)
{
    (void)state;
    static struct sea_inputs inputs;
    memset(&inputs, 0, sizeof(inputs));
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, ROUTER_3, 5), SEA_NEW);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, ROUTER_3, 5), SEA_DUPLICATE);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, ROUTER_3, 4), SEA_DUPLICATE);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_DELIVERIES, ROUTER_3, 4), SEA_NEW);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, ROUTER_3, 9), SEA_NEW);
    struct sea_src other = {SEA_SENDER_ROUTER, 4, 1};
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, other, 1), SEA_NEW);
}

static void a_higher_incarnation_starts_again_and_a_lower_one_is_refused(void **state)
{
    (void)state;
    static struct sea_inputs inputs;
    memset(&inputs, 0, sizeof(inputs));
    struct sea_src second = {SEA_SENDER_ROUTER, 3, 2};
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, ROUTER_3, 900), SEA_NEW);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, second, 1), SEA_NEW);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, ROUTER_3, 901),
                     SEA_OLD_INCARNATION);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, second, 1), SEA_DUPLICATE);
}

static void a_full_table_of_senders_says_so(void **state)
{
    (void)state;
    static struct sea_inputs inputs;
    memset(&inputs, 0, sizeof(inputs));
    for (uint32_t i = 0; i < SEA_SENDERS_MAX; i++) {
        struct sea_src src = {SEA_SENDER_ROUTER, i % 13, 1};
        enum sea_topic topic = (enum sea_topic)(i / 13);
        assert_int_equal(sea_inputs_take(&inputs, topic, src, 1), SEA_NEW);
    }
    struct sea_src one_more = {SEA_SENDER_DESK, 0, 1};
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, one_more, 1),
                     SEA_TOO_MANY_SENDERS);
}

static void inputs_survive_their_text(void **state)
{
    (void)state;
    static struct sea_inputs inputs, got;
    struct sea_buf text = SEA_BUF(SEA_INPUTS_TEXT_MAX), again = SEA_BUF(SEA_INPUTS_TEXT_MAX);
    struct sea_uuid id = {{1, 2, 3}};
    memset(&inputs, 0, sizeof(inputs));
    sea_inputs_read(&inputs, SEA_TOPIC_MESSAGES, 41, id);
    sea_inputs_read(&inputs, SEA_TOPIC_TRANSLATIONS, 0, id);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TRANSLATIONS, ROUTER_3, 77), SEA_NEW);
    sea_inputs_print(&inputs, &text);
    assert_string_equal(text.ptr, "seadesk.messages 42 01020300-0000-0000-0000-000000000000\n"
                                  "seadesk.translations 1 01020300-0000-0000-0000-000000000000\n"
                                  "> router/3/1 77\n");
    assert_true(sea_inputs_parse(sea_buf_view(&text), &got));
    sea_inputs_print(&got, &again);
    assert_string_equal(again.ptr, text.ptr);
    assert_int_equal(sea_inputs_take(&got, SEA_TOPIC_TRANSLATIONS, ROUTER_3, 77), SEA_DUPLICATE);
    sea_buf_free(&text);
    sea_buf_free(&again);
}

/* After a lost log a topic is read from its beginning: what took effect is still known. */
static void a_forgotten_topic_still_knows_its_senders(void **state)
{
    (void)state;
    static struct sea_inputs inputs, got;
    struct sea_buf text = SEA_BUF(SEA_INPUTS_TEXT_MAX);
    struct sea_uuid id = {{1}};
    memset(&inputs, 0, sizeof(inputs));
    sea_inputs_read(&inputs, SEA_TOPIC_MESSAGES, 4, id);
    sea_inputs_read(&inputs, SEA_TOPIC_TICKETS, 9, id);
    assert_int_equal(sea_inputs_take(&inputs, SEA_TOPIC_TICKETS, ROUTER_3, 77), SEA_NEW);
    assert_true(sea_inputs_forget(&inputs, SEA_TOPIC_MESSAGES));
    assert_true(sea_inputs_forget(&inputs, SEA_TOPIC_TICKETS));
    assert_false(sea_inputs_forget(&inputs, SEA_TOPIC_TICKETS));
    sea_inputs_print(&inputs, &text);
    assert_string_equal(text.ptr, "seadesk.tickets 0 00000000-0000-0000-0000-000000000000\n"
                                  "> router/3/1 77\n");
    assert_true(sea_inputs_parse(sea_buf_view(&text), &got));
    assert_false(got.topics[SEA_TOPIC_TICKETS].is_known);
    assert_int_equal(sea_inputs_take(&got, SEA_TOPIC_TICKETS, ROUTER_3, 77), SEA_DUPLICATE);
    assert_int_equal(sea_inputs_take(&got, SEA_TOPIC_TICKETS, ROUTER_3, 78), SEA_NEW);
    sea_buf_free(&text);
}

/* One log of tickets and one of deliveries; privacy's one partition is no part of it. */
static void the_input_has_reached_a_time_only_when_all_that_stood_there_was_read(void **state)
{
    (void)state;
    static const enum sea_topic TOPICS[] = {SEA_TOPIC_TICKETS, SEA_TOPIC_PRIVACY,
                                            SEA_TOPIC_DELIVERIES};
    static const struct {
        int64_t fetched_at_ms, t_ms, tickets, low, high, deliveries_low, deliveries_high;
        bool want;
    } CASES[] = {
        {1001, 1000, 10, 0, 10, 0, 0, true},  {1000, 1000, 10, 0, 10, 0, 0, false},
        {999, 1000, 10, 0, 10, 0, 0, false},  {0, 1000, 10, 0, 10, 0, 0, false},
        {1001, 1000, 9, 0, 10, 0, 0, false},  {1001, 1000, 11, 0, 10, 0, 0, true},
        {1001, 1000, 0, 0, 1, 0, 0, false},   {1001, 1000, 0, 0, 0, 0, 0, true},
        {1001, 1000, 10, 0, 10, 0, 1, false}, /* the last topic counts too */
        {1001, 1000, 10, 0, 10, 5, 5, true},  /* all of it expired before we came */
        {1001, 1000, 10, 0, 10, 5, 6, false},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        static struct sea_inputs inputs;
        struct sea_watermark mark = {.fetched_at_ms = CASES[i].fetched_at_ms};
        struct sea_uuid id = {{1}};
        memset(&inputs, 0, sizeof(inputs));
        if (CASES[i].tickets) sea_inputs_read(&inputs, SEA_TOPIC_TICKETS, CASES[i].tickets - 1, id);
        mark.logs[SEA_TOPIC_TICKETS].low = CASES[i].low;
        mark.logs[SEA_TOPIC_TICKETS].high = CASES[i].high;
        mark.logs[SEA_TOPIC_DELIVERIES].low = CASES[i].deliveries_low;
        mark.logs[SEA_TOPIC_DELIVERIES].high = CASES[i].deliveries_high;
        mark.logs[SEA_TOPIC_PRIVACY].high = 99;
        mark.logs[SEA_TOPIC_MESSAGES].high = 99; /* not one of ours */
        assert_int_equal(
            sea_inputs_reached(&inputs, &mark, TOPICS, SEA_COUNT(TOPICS), CASES[i].t_ms),
            CASES[i].want);
    }
}

static void malformed_inputs_are_refused_whole(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "> router/3/1 77\n",
        "seadesk.nothing 1 01020300-0000-0000-0000-000000000000\n",
        "seadesk.messages 0 x\n",
        "seadesk.messages -1 01020300-0000-0000-0000-000000000000\n",
        "seadesk.messages 1 01020300-0000-0000-0000-000000000000\n> nobody/3/1 7\n",
        "x"};
    static struct sea_inputs got;
    for (size_t i = 0; i < SEA_COUNT(BAD); i++)
        assert_false(sea_inputs_parse(sea_str(BAD[i]), &got));
}

static struct sea_outgoing an_outgoing(void)
{
    return (struct sea_outgoing){.topic = SEA_TOPIC_DRAFTS,
                                 .key = SEA_STR("k"),
                                 .value = SEA_STR("value"),
                                 .headers = {.id = {{9}},
                                             .root = {{8}},
                                             .time_ms = 1234567890123,
                                             .type = SEA_STR("seadesk.v1.Draft"),
                                             .source = SEA_STR("/seadesk/router"),
                                             .trace = SEA_STR("00-…")}};
}

static void a_frame_gives_its_records_back_with_rising_positions(void **state)
{
    (void)state;
    struct sea_buf frame = SEA_BUF(65536);
    struct sea_frame_reader reader;
    struct sea_outgoing out = an_outgoing(), got;
    for (int i = 0; i < 3; i++) sea_frame_add(&frame, ROUTER_3, &out);
    assert_true(sea_frame_open(&reader, sea_buf_view(&frame), 100));
    for (uint64_t i = 0; i < 3; i++) {
        assert_true(sea_frame_next(&reader, &got));
        assert_int_equal(got.topic, SEA_TOPIC_DRAFTS);
        assert_true(sea_str_is(got.value, "value") && sea_str_is(got.key, "k"));
        assert_true(sea_str_is(got.headers.src, "router/3/1"));
        assert_int_equal(got.headers.pos, 100 + i);
        assert_true(got.headers.time_ms == out.headers.time_ms);
        assert_true(sea_uuid_eq(got.headers.root, out.headers.root));
    }
    assert_false(sea_frame_next(&reader, &got));
    assert_int_equal(reader.rest.len, 0);
    sea_buf_free(&frame);
}

static void a_cut_frame_ends_with_a_rest(void **state)
{
    (void)state;
    struct sea_buf frame = SEA_BUF(65536);
    struct sea_outgoing out = an_outgoing(), got;
    sea_frame_add(&frame, ROUTER_3, &out);
    for (size_t len = 0; len < frame.len; len++) {
        /* a copy of its own, so that a read past the end is seen */
        char *copy = malloc(len ? len : 1);
        struct sea_frame_reader reader;
        memcpy(copy, frame.ptr, len);
        if (sea_frame_open(&reader, (struct sea_str){copy, len}, 1))
            assert_false(sea_frame_next(&reader, &got));
        free(copy);
    }
    sea_buf_free(&frame);
}

SEA_TESTS(cmocka_unit_test(a_source_text_is_read_back_as_it_was_written),
          cmocka_unit_test(a_malformed_source_is_refused),
          cmocka_unit_test(a_sender_is_taken_once_per_position_and_topic),
          cmocka_unit_test(a_higher_incarnation_starts_again_and_a_lower_one_is_refused),
          cmocka_unit_test(a_full_table_of_senders_says_so),
          cmocka_unit_test(inputs_survive_their_text),
          cmocka_unit_test(a_forgotten_topic_still_knows_its_senders),
          cmocka_unit_test(the_input_has_reached_a_time_only_when_all_that_stood_there_was_read),
          cmocka_unit_test(malformed_inputs_are_refused_whole),
          cmocka_unit_test(a_frame_gives_its_records_back_with_rising_positions),
          cmocka_unit_test(a_cut_frame_ends_with_a_rest))
