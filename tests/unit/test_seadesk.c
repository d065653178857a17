/* The pure parts of the operator's command. */
#include "sea_cmocka.h"
#include "seadesk_inventory.h"
#include "seadesk_lag.h"
#include "seadesk_replay_rules.h"

/* ---- positions beside logs ---- */

static void a_position_inside_the_log_is_fine(void **state)
{
    (void)state;
    static const struct {
        struct seadesk_log log;
        enum seadesk_log_state state;
        int64_t lag;
    } cases[] = {
        {{true, 5, 0, 9, false}, SEADESK_LOG_FINE, 4},
        {{true, 9, 0, 9, false}, SEADESK_LOG_FINE, 0},
        {{true, 5, 5, 9, false}, SEADESK_LOG_FINE, 4}, /* read ones expired */
        {{true, 9, 9, 9, false}, SEADESK_LOG_FINE, 0},
        {{false, 0, 3, 9, false}, SEADESK_LOG_FINE, 6}, /* nothing was read yet */
        {{true, 0, 0, 0, false}, SEADESK_LOG_FINE, 0},
        {{true, 10, 0, 9, false}, SEADESK_LOG_SHORTER, 0},
        {{true, 1, 0, 0, false}, SEADESK_LOG_SHORTER, 0}, /* made anew, empty */
        {{true, 5, 6, 9, false}, SEADESK_LOG_EXPIRED, 0},
        {{true, 5, 0, 9, true}, SEADESK_LOG_REPLACED, 0},
    };
    for (size_t i = 0; i < SEA_COUNT(cases); i++) {
        assert_int_equal(seadesk_log_state(&cases[i].log), cases[i].state);
        assert_int_equal(seadesk_log_lag(&cases[i].log), cases[i].lag);
    }
}

/* ---- replay ---- */

static void a_record_that_stands_for_itself_may_come_late(void **state)
{
    (void)state;
    struct seadesk_replay_case given = {.topic = SEA_TOPIC_MESSAGES, .is_later_taken = true};
    assert_null(seadesk_replay_refusal(&given));
    given.topic = SEA_TOPIC_TICKETS;
    assert_null(seadesk_replay_refusal(&given));
}

static void what_is_said_to_customers_never_follows_newer_words(void **state)
{
    (void)state;
    struct seadesk_replay_case given = {.topic = SEA_TOPIC_OUTBOUND};
    assert_null(seadesk_replay_refusal(&given));
    given.is_later_taken = true;
    assert_non_null(strstr(seadesk_replay_refusal(&given), "later messages"));
    given.topic = SEA_TOPIC_DRAFTS;
    assert_non_null(seadesk_replay_refusal(&given));
    given.topic = SEA_TOPIC_CLOCKS;
    assert_non_null(seadesk_replay_refusal(&given));
}

static void the_sixth_attempt_is_refused(void **state)
{
    (void)state;
    struct seadesk_replay_case given = {.topic = SEA_TOPIC_MESSAGES, .attempts = 4};
    assert_null(seadesk_replay_refusal(&given));
    given.attempts = 5;
    assert_non_null(strstr(seadesk_replay_refusal(&given), "five times"));
}

static void what_the_topic_no_longer_holds_is_refused(void **state)
{
    (void)state;
    struct seadesk_replay_case given = {.topic = SEA_TOPIC_MESSAGES, .is_gone = true};
    assert_non_null(strstr(seadesk_replay_refusal(&given), "no longer holds"));
}

static void company_events_are_published_again_instead(void **state)
{
    (void)state;
    struct seadesk_replay_case given = {.topic = SEA_TOPIC_BUSINESS};
    assert_non_null(strstr(seadesk_replay_refusal(&given), "publish"));
}

/* ---- the inventory ---- */

static const char *const MESSAGE_COLUMNS[] = {"message_id", "sealed"};
static const char *const TICKET_COLUMNS[] = {"ticket_id"};
static const struct sea_store STORES[] = {
    {.kind = SEA_STORE_TABLE, .name = "router.message", .columns = {MESSAGE_COLUMNS, 2}},
    {.kind = SEA_STORE_TABLE, .name = "router.ticket", .columns = {TICKET_COLUMNS, 1}},
    {.kind = SEA_STORE_REDIS, .name = "sd:q:*"},
    {.kind = SEA_STORE_TOPIC, .name = "seadesk.messages", .keep_ms = INT64_C(7) * 86400000},
};
static const struct sea_inventory INVENTORY = {STORES, SEA_COUNT(STORES)};

static void equal_tables_differ_in_nothing(void **state)
{
    (void)state;
    const struct seadesk_table tables[] = {{"router.message", MESSAGE_COLUMNS, 2},
                                           {"router.ticket", TICKET_COLUMNS, 1}};
    struct sea_buf lines = SEA_BUF(4096);
    seadesk_inventory_tables(&INVENTORY, tables, 2, &lines);
    assert_int_equal(lines.len, 0);
    sea_buf_free(&lines);
}

static void a_new_table_and_a_new_column_are_named(void **state)
{
    (void)state;
    static const char *const more[] = {"message_id", "sealed", "mood"};
    const struct seadesk_table tables[] = {
        {"router.message", more, 3}, {"router.ticket", TICKET_COLUMNS, 1}, {"desk.note", more, 3}};
    struct sea_buf lines = SEA_BUF(4096);
    seadesk_inventory_tables(&INVENTORY, tables, 3, &lines);
    assert_string_equal(lines.ptr, "column router.message.mood is not in retention.yaml\n"
                                   "table desk.note is not in retention.yaml\n");
    sea_buf_free(&lines);
}

static void what_the_inventory_names_in_vain_is_named(void **state)
{
    (void)state;
    const struct seadesk_table tables[] = {{"router.message", MESSAGE_COLUMNS, 1}};
    struct sea_buf lines = SEA_BUF(4096);
    seadesk_inventory_tables(&INVENTORY, tables, 1, &lines);
    assert_string_equal(lines.ptr, "column router.message.sealed of retention.yaml does not exist\n"
                                   "table router.ticket of retention.yaml does not exist\n");
    sea_buf_free(&lines);
}

static void a_star_stands_for_the_table_in_every_schema(void **state)
{
    (void)state;
    static const char *const columns[] = {"number"}, *const more[] = {"number", "name"};
    const struct sea_store star = {
        .kind = SEA_STORE_TABLE, .name = "*.source", .columns = {columns, 1}};
    const struct sea_inventory inventory = {&star, 1};
    const struct seadesk_table tables[] = {{"router.source", columns, 1}, {"desk.source", more, 2}};
    struct sea_buf lines = SEA_BUF(4096);
    seadesk_inventory_tables(&inventory, tables, 2, &lines);
    assert_string_equal(lines.ptr, "column desk.source.name is not in retention.yaml\n");
    sea_buf_free(&lines);
}

static void missing_topics_and_families_are_named(void **state)
{
    (void)state;
    struct sea_buf lines = SEA_BUF(8192);
    seadesk_inventory_topics(&INVENTORY, &lines);
    assert_null(strstr(lines.ptr, "seadesk.messages"));
    assert_non_null(strstr(lines.ptr, "topic seadesk.drafts is not in retention.yaml\n"));
    sea_buf_reset(&lines);
    seadesk_inventory_families(&INVENTORY, &lines);
    assert_null(strstr(lines.ptr, "sd:q:"));
    assert_non_null(strstr(lines.ptr, "Redis family sd:sess:* is not in retention.yaml\n"));
    sea_buf_free(&lines);
}

static void another_retention_than_the_topics_own_is_named(void **state)
{
    (void)state;
    struct sea_store short_one = STORES[3];
    short_one.keep_ms = 3600000;
    const struct sea_inventory inventory = {&short_one, 1};
    struct sea_buf lines = SEA_BUF(8192);
    seadesk_inventory_topics(&inventory, &lines);
    assert_non_null(strstr(lines.ptr, "topic seadesk.messages is kept 168 h, not the 1 h"));
    sea_buf_free(&lines);
}

static void a_key_belongs_to_the_family_it_begins_with(void **state)
{
    (void)state;
    assert_ptr_equal(seadesk_inventory_family(&INVENTORY, SEA_STR("sd:q:BR")), &STORES[2]);
    assert_non_null(seadesk_inventory_family(&INVENTORY, SEA_STR("sd:q:")));
    assert_null(seadesk_inventory_family(&INVENTORY, SEA_STR("sd:q")));
    assert_null(seadesk_inventory_family(&INVENTORY, SEA_STR("session")));
}

SEA_TESTS(cmocka_unit_test(a_position_inside_the_log_is_fine),
          cmocka_unit_test(a_record_that_stands_for_itself_may_come_late),
          cmocka_unit_test(what_is_said_to_customers_never_follows_newer_words),
          cmocka_unit_test(the_sixth_attempt_is_refused),
          cmocka_unit_test(what_the_topic_no_longer_holds_is_refused),
          cmocka_unit_test(company_events_are_published_again_instead),
          cmocka_unit_test(equal_tables_differ_in_nothing),
          cmocka_unit_test(a_new_table_and_a_new_column_are_named),
          cmocka_unit_test(what_the_inventory_names_in_vain_is_named),
          cmocka_unit_test(a_star_stands_for_the_table_in_every_schema),
          cmocka_unit_test(missing_topics_and_families_are_named),
          cmocka_unit_test(another_retention_than_the_topics_own_is_named),
          cmocka_unit_test(a_key_belongs_to_the_family_it_begins_with))
