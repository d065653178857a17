/* test_desk_event.c: events of the live stream, and coming back to it. */
#include "desk_event.h"
#include "sea_cmocka.h"

enum { SIZE = 4 };

static void add(struct desk_ring *ring, uint64_t version)
{
    struct desk_event event;
    desk_event_begin(&event, DESK_EVENT_TICKET);
    desk_event_u64(&event, "version", version);
    desk_ring_add(ring, &event);
}

static void an_event_is_a_short_object(void **state)
{
    (void)state;
    struct desk_event event;
    struct desk_ring ring;
    struct sea_buf got = SEA_BUF(4096);
    desk_ring_init(&ring, SIZE, 0xabc);
    desk_event_begin(&event, DESK_EVENT_DELIVERY);
    desk_event_id(&event, "ticket_id", (struct sea_uuid){{1}});
    desk_event_id(&event, "event_id", (struct sea_uuid){{0}}); /* absent */
    desk_event_text(&event, "state", SEA_STR("held"));
    desk_event_text(&event, "reason", SEA_STR(""));
    desk_event_time(&event, "release_at", 1795331700000);
    desk_event_time(&event, "at", 0);
    desk_event_u64(&event, "version", 3);
    desk_ring_add(&ring, &event);
    desk_ring_print(&ring, 0, &got);
    assert_str_equal(sea_buf_view(&got),
                     "id: 0000000000000abc-1\nevent: delivery\n"
                     "data: {\"ticket_id\":\"01000000-0000-0000-0000-000000000000\","
                     "\"state\":\"held\",\"release_at\":\"2026-11-22T07:15:00Z\",\"version\":3}"
                     "\n\n");
    sea_buf_free(&got);
    desk_ring_free(&ring);
}

static void texts_that_would_break_the_line_are_left_out(void **state)
{
    (void)state;
    static const char *const BAD[] = {"a\"b", "a\\b", "a\nb", "\xff"};
    struct desk_event event;
    desk_event_begin(&event, DESK_EVENT_ORDER);
    for (size_t i = 0; i < SEA_COUNT(BAD); i++)
        desk_event_text(&event, "order_id", sea_str(BAD[i]));
    assert_string_equal(event.data, "{");
    desk_event_text(&event, "order_id", SEA_STR("Bestellung-ß"));
    assert_string_equal(event.data, "{\"order_id\":\"Bestellung-ß\"");
}

static void what_has_no_room_is_left_out_whole(void **state)
{
    (void)state;
    char text[DESK_EVENT_DATA_MAX];
    for (size_t len = 0; len < sizeof(text); len++) {
        struct desk_event event;
        memset(text, 'a', sizeof(text));
        desk_event_begin(&event, DESK_EVENT_ORDER);
        desk_event_text(&event, "order_id", (struct sea_str){text, len});
        desk_event_text(&event, "more", SEA_STR("b"));
        assert_int_equal(strlen(event.data), event.len);
        assert_true(event.len < sizeof(event.data));
        assert_true(event.len == 1 || event.data[event.len - 1] == '"');
    }
}

static void a_reader_that_comes_back_gets_what_it_missed(void **state)
{
    (void)state;
    struct desk_ring ring;
    struct sea_buf got = SEA_BUF(4096);
    uint64_t serial = 0;
    desk_ring_init(&ring, SIZE, 1);
    for (uint64_t n = 1; n <= 6; n++) add(&ring, n);
    assert_true(desk_ring_find(&ring, SEA_STR("0000000000000001-4"), &serial));
    assert_int_equal(serial, 4);
    desk_ring_print(&ring, serial, &got);
    assert_str_equal(sea_buf_view(&got),
                     "id: 0000000000000001-5\nevent: ticket\ndata: {\"version\":5}\n\n"
                     "id: 0000000000000001-6\nevent: ticket\ndata: {\"version\":6}\n\n");
    sea_buf_free(&got);
    desk_ring_free(&ring);
}

static void a_place_that_is_no_longer_held_is_not_found(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        bool is_held;
    } CASES[] = {
        {"0000000000000001-6", true},  /* nothing missed */
        {"0000000000000001-2", true},  /* the four that are kept */
        {"0000000000000001-1", false}, /* one too old */
        {"0000000000000001-7", false}, /* never given out */
        {"0000000000000002-4", false}, /* another process */
        {"0000000000000001", false},
        {"0000000000000001-", false},
        {"", false},
        {"0000000000000001-x", false},
        {"0000000000000001_4", false},
        {"0000000000000001-99999999999999999999", false},
    };
    struct desk_ring ring;
    desk_ring_init(&ring, SIZE, 1);
    for (uint64_t n = 1; n <= 6; n++) add(&ring, n);
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        uint64_t serial = 77;
        assert_int_equal(desk_ring_find(&ring, sea_str(CASES[i].id), &serial), CASES[i].is_held);
        if (!CASES[i].is_held) assert_int_equal(serial, 77);
    }
    desk_ring_free(&ring);
}

static void a_reader_without_events_has_a_place_too(void **state)
{
    (void)state;
    struct desk_ring ring;
    struct sea_buf got = SEA_BUF(4096);
    uint64_t serial = 77;
    desk_ring_init(&ring, SIZE, 5);
    desk_ring_print_place(&ring, &got);
    assert_str_equal(sea_buf_view(&got), "id: 0000000000000005-0\n\n");
    assert_true(desk_ring_find(&ring, SEA_STR("0000000000000005-0"), &serial));
    assert_int_equal(serial, 0);
    sea_buf_free(&got);
    desk_ring_free(&ring);
}

static void an_event_that_is_not_kept_has_no_place(void **state)
{
    (void)state;
    struct desk_event event;
    struct sea_buf got = SEA_BUF(4096);
    desk_event_begin(&event, DESK_EVENT_PRESENCE);
    desk_event_text(&event, "who", SEA_STR("customer"));
    desk_event_true(&event, "typing");
    desk_event_print(&event, &got);
    assert_str_equal(sea_buf_view(&got),
                     "event: presence\ndata: {\"who\":\"customer\",\"typing\":true}\n\n");
    sea_buf_free(&got);
}

static void reset_stands_at_the_end_of_the_ring(void **state)
{
    (void)state;
    struct desk_ring ring;
    struct sea_buf got = SEA_BUF(4096);
    desk_ring_init(&ring, SIZE, 0xfffffffffffffffe);
    add(&ring, 1);
    desk_ring_print_reset(&ring, &got);
    assert_str_equal(sea_buf_view(&got), "id: fffffffffffffffe-1\nevent: reset\ndata: {}\n\n");
    sea_buf_free(&got);
    desk_ring_free(&ring);
}

SEA_TESTS(cmocka_unit_test(an_event_is_a_short_object),
          cmocka_unit_test(texts_that_would_break_the_line_are_left_out),
          cmocka_unit_test(what_has_no_room_is_left_out_whole),
          cmocka_unit_test(a_reader_that_comes_back_gets_what_it_missed),
          cmocka_unit_test(a_place_that_is_no_longer_held_is_not_found),
          cmocka_unit_test(a_reader_without_events_has_a_place_too),
          cmocka_unit_test(an_event_that_is_not_kept_has_no_place),
          cmocka_unit_test(reset_stands_at_the_end_of_the_ring))
