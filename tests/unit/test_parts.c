/* Messages in parts: whole in any order, incomplete after their time, within bounds. */
#include <stdio.h>
#include <stdlib.h>

#include "ingest_parts.h"
#include "sea_cmocka.h"
#include "sea_id.h"

enum { WAIT_MS = 60000 };

static const struct sea_channel SMS = {"sms", SEA_ADAPTER_GENERIC, SEA_CHANNEL_MESSAGING};
static const struct sea_account DEMO = {.channel = &SMS, .name = "demo", .is_enabled = true};

static struct ingest_item part_of(const char *reference, unsigned number, unsigned total)
{
    static const char *const IDS[] = {"m-1", "m-2", "m-3"}, *const TEXTS[] = {"One ", "two ", "3."};
    struct ingest_item item = {.kind = INGEST_MESSAGE,
                               .channel = SEA_STR("sms"),
                               .account = SEA_STR("demo"),
                               .contact_id = SEA_STR("+254711000001")};
    item.message.part_of = sea_str(reference);
    item.message.part = number;
    item.message.parts = total;
    item.message.external_id = sea_str(IDS[number - 1]);
    item.message.text = sea_str(TEXTS[number - 1]);
    return item;
}

static enum ingest_parts_state add(struct ingest_parts *parts, unsigned number, int64_t now_ms)
{
    const struct ingest_item item = part_of("77", number, 3);
    return ingest_parts_add(parts, &item, SEA_STR("demo"), SEA_STR("{}"), now_ms);
}

static struct sea_uuid joined(struct ingest_parts *parts, const char *text, const char *external_id,
                              bool is_incomplete)
{
    struct sea_arena arena = SEA_ARENA(1 << 20);
    struct ingest_item item = part_of("77", 2, 3);
    assert_true(ingest_parts_join(parts, &arena, &DEMO, &item));
    assert_true(sea_str_is(item.message.text, text));
    assert_true(sea_str_is(item.message.external_id, external_id));
    assert_int_equal(item.message.is_incomplete, is_incomplete);
    sea_arena_free(&arena);
    return item.id;
}

static void parts_are_one_message_in_whatever_order_they_come(void **state)
{
    static const unsigned ORDERS[][4] = {{1, 2, 3, 3}, {3, 1, 1, 2}, {2, 3, 2, 1}};
    struct sea_uuid ids[SEA_COUNT(ORDERS)];
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(ORDERS); i++) {
        struct ingest_parts *parts;
        ingest_parts_open(&parts, WAIT_MS);
        bool is_early = ORDERS[i][2] == ORDERS[i][1] || ORDERS[i][2] == ORDERS[i][0];
        assert_int_equal(add(parts, ORDERS[i][0], 0), INGEST_PARTS_WAIT);
        assert_int_equal(add(parts, ORDERS[i][1], 1), INGEST_PARTS_WAIT);
        assert_int_equal(add(parts, ORDERS[i][2], 2),
                         is_early ? INGEST_PARTS_WAIT : INGEST_PARTS_WHOLE);
        assert_int_equal(add(parts, ORDERS[i][3], 3), INGEST_PARTS_WHOLE);
        ids[i] = joined(parts, "One two 3.", "m-1", false);
        assert_true(sea_uuid_eq(ids[i], ids[0]));
        ingest_parts_close(&parts);
    }
}

static void what_did_not_come_in_time_goes_on_with_its_gaps(void **state)
{
    struct ingest_parts *parts;
    struct ingest_parts_left left;
    const struct ingest_item item = part_of("77", 1, 3);
    (void)state;
    ingest_parts_open(&parts, WAIT_MS);
    assert_int_equal(add(parts, 2, 0), INGEST_PARTS_WAIT);
    assert_false(ingest_parts_over(parts, WAIT_MS - 1, &left));
    assert_true(ingest_parts_over(parts, WAIT_MS, &left) && sea_str_is(left.body, "{}"));
    struct sea_uuid first = joined(parts, "[…]two […]", "m-2/2", true);
    ingest_parts_passed(parts, ingest_parts_id(&item));
    assert_false(ingest_parts_over(parts, WAIT_MS, &left));
    assert_int_equal(add(parts, 3, WAIT_MS + 1), INGEST_PARTS_OVER); /* late, but here */
    assert_false(sea_uuid_eq(first, joined(parts, "[…]two 3.", "m-2/6", true)));
    assert_true(ingest_parts_over(parts, WAIT_MS + 1, &left)); /* until it is on the log */
    assert_int_equal(add(parts, 1, WAIT_MS + 2), INGEST_PARTS_WHOLE);
    joined(parts, "One two 3.", "m-1", false);
    ingest_parts_passed(parts, ingest_parts_id(&item));
    assert_int_equal(add(parts, 1, 2 * WAIT_MS - 1), INGEST_PARTS_WHOLE); /* its answer was lost */
    assert_false(ingest_parts_over(parts, 2 * WAIT_MS, &left));
    assert_int_equal(add(parts, 1, 2 * WAIT_MS), INGEST_PARTS_WAIT); /* forgotten */
    ingest_parts_close(&parts);
}

static void references_contacts_and_totals_are_kept_apart(void **state)
{
    struct ingest_item one = part_of("77", 1, 3), other = part_of("78", 1, 3),
                       shorter = part_of("77", 1, 2), somebody = part_of("77", 1, 3);
    (void)state;
    somebody.contact_id = SEA_STR("+254711000002");
    assert_false(sea_uuid_eq(ingest_parts_id(&one), ingest_parts_id(&other)));
    assert_false(sea_uuid_eq(ingest_parts_id(&one), ingest_parts_id(&shorter)));
    assert_false(sea_uuid_eq(ingest_parts_id(&one), ingest_parts_id(&somebody)));
}

static void more_than_there_is_room_for_is_not_kept(void **state)
{
    struct ingest_parts *parts;
    char reference[16];
    (void)state;
    ingest_parts_open(&parts, WAIT_MS);
    for (int i = 0; i <= INGEST_PARTS_MESSAGES_MAX; i++) {
        snprintf(reference, sizeof(reference), "%d", i);
        const struct ingest_item item = part_of(reference, 1, 3);
        enum ingest_parts_state expected =
            i < INGEST_PARTS_MESSAGES_MAX ? INGEST_PARTS_WAIT : INGEST_PARTS_FULL;
        assert_int_equal(ingest_parts_add(parts, &item, SEA_STR("s"), SEA_STR("b"), i), expected);
    }
    ingest_parts_close(&parts);
    ingest_parts_open(&parts, WAIT_MS);
    const struct ingest_item item = part_of("77", 1, 3);
    char *body = sea_alloc(INGEST_PARTS_BYTES_MAX);
    assert_int_equal(ingest_parts_add(parts, &item, SEA_STR("s"),
                                      (struct sea_str){body, INGEST_PARTS_BYTES_MAX}, 0),
                     INGEST_PARTS_FULL);
    free(body);
    ingest_parts_close(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_one_message_in_whatever_order_they_come),
        cmocka_unit_test(what_did_not_come_in_time_goes_on_with_its_gaps),
        cmocka_unit_test(references_contacts_and_totals_are_kept_apart),
        cmocka_unit_test(more_than_there_is_room_for_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
