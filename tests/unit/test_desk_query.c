/* test_desk_query.c: filters and cursors of the list of tickets. */
#include "desk_query.h"
#include "sea_cmocka.h"

#define ID "0189d7a4-51c2-7b6e-8a3f-0123456789ab"

static bool parse(const char *text, struct sea_arena *arena, struct desk_query *ret)
{
    struct sea_problem problem = {0};
    bool is_good = desk_query_parse(sea_str(text), SEA_STR("ana"), arena, ret, &problem);
    if (!is_good) assert_int_equal(sea_problem_status(problem.code), 422);
    if (!is_good) assert_non_null(problem.detail);
    return is_good;
}

static void nothing_asked_gives_the_newest(void **state)
{
    (void)state;
    struct sea_arena arena = SEA_ARENA(65536);
    struct desk_query query;
    assert_true(parse("", &arena, &query));
    assert_int_equal(query.sort, DESK_NEWEST);
    assert_int_equal(query.limit, DESK_PAGE);
    assert_false(query.has_cursor);
    assert_true(parse("status=&q=&cursor=&color=red", &arena, &query));
    assert_int_equal(query.sort, DESK_NEWEST);
    sea_arena_free(&arena);
}

static void every_filter_is_read_and_decoded(void **state)
{
    (void)state;
    struct sea_arena arena = SEA_ARENA(65536);
    struct desk_query query;
    assert_true(parse("status=open&queue=br%2Dgeneral&market=BR&channel=twilio-sms&assignee=me"
                      "&order_id=A%201+b&customer_id=" ID "&limit=7",
                      &arena, &query));
    assert_str_equal(query.status, "open");
    assert_str_equal(query.queue, "br-general");
    assert_str_equal(query.market, "BR");
    assert_str_equal(query.channel, "twilio-sms");
    assert_str_equal(query.assignee, "ana");
    assert_str_equal(query.order_id, "A 1 b");
    assert_false(sea_uuid_is_nil(query.customer_id));
    assert_int_equal(query.limit, 7);
    sea_arena_free(&arena);
}

static void tickets_that_wait_come_as_a_queue(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        enum desk_sort want;
    } CASES[] = {{"status=open", DESK_QUEUE},          {"status=offered", DESK_QUEUE},
                 {"status=assigned", DESK_NEWEST},     {"status=open,offered", DESK_QUEUE},
                 {"status=open,waiting", DESK_NEWEST}, {"status=closed", DESK_NEWEST}};
    struct sea_arena arena = SEA_ARENA(65536);
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct desk_query query;
        assert_true(parse(CASES[i].query, &arena, &query));
        assert_int_equal(query.sort, CASES[i].want);
    }
    sea_arena_free(&arena);
}

static void a_search_is_a_tickets_id_or_an_order(void **state)
{
    (void)state;
    struct sea_arena arena = SEA_ARENA(65536);
    struct desk_query query;
    assert_true(parse("q=" ID, &arena, &query));
    assert_false(sea_uuid_is_nil(query.ticket_id));
    assert_int_equal(query.order_id.len, 0);
    assert_true(parse("q=1001", &arena, &query));
    assert_true(sea_uuid_is_nil(query.ticket_id));
    assert_str_equal(query.order_id, "1001");
    sea_arena_free(&arena);
}

static void a_page_has_at_most_a_hundred(void **state)
{
    (void)state;
    struct sea_arena arena = SEA_ARENA(65536);
    struct desk_query query;
    assert_true(parse("limit=100000000000", &arena, &query));
    assert_int_equal(query.limit, DESK_PAGE_MAX);
    sea_arena_free(&arena);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const char *const CASES[] = {"status=opened",
                                        "status=open,",
                                        "status=open,,closed",
                                        "status=Open",
                                        "limit=0",
                                        "limit=-1",
                                        "limit=ten",
                                        "customer_id=1",
                                        "cursor=x",
                                        "cursor=n.12." ID "x",
                                        "queue=%FF",
                                        "queue=a%00b",
                                        "status=open&cursor=n.12." ID, /* of another order */
                                        "cursor=q3.12." ID};
    struct sea_arena arena = SEA_ARENA(65536);
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct desk_query query;
        assert_false(parse(CASES[i], &arena, &query));
    }
    char text[300] = "queue=";
    memset(text + 6, 'a', 201);
    struct desk_query query;
    assert_false(parse(text, &arena, &query));
    sea_arena_free(&arena);
}

static void me_needs_somebody(void **state)
{
    (void)state;
    struct sea_arena arena = SEA_ARENA(65536);
    struct desk_query query;
    struct sea_problem problem = {0};
    assert_false(desk_query_parse(SEA_STR("assignee=me"), SEA_STR(""), &arena, &query, &problem));
    sea_arena_free(&arena);
}

static void cursors_come_back_as_they_went(void **state)
{
    (void)state;
    static const struct desk_cursor CASES[] = {
        {.sort = DESK_NEWEST, .opened_ms = 1763798400000, .id = {{1, 2, 3}}},
        {.sort = DESK_QUEUE, .priority = 1000, .opened_ms = 1, .id = {{0xff}}},
        {.sort = DESK_QUEUE, .priority = 0, .opened_ms = INT64_MAX, .id = {{0}}},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        char text[DESK_CURSOR_TEXT];
        struct desk_cursor got = {.sort = DESK_NEWEST};
        desk_cursor_print(&CASES[i], text);
        assert_true(desk_cursor_parse(sea_str(text), &got));
        assert_int_equal(got.sort, CASES[i].sort);
        assert_int_equal(got.priority, CASES[i].priority);
        assert_int_equal(got.opened_ms, CASES[i].opened_ms);
        assert_memory_equal(&got.id, &CASES[i].id, sizeof(got.id));
    }
}

static void forged_cursors_are_refused(void **state)
{
    (void)state;
    static const char *const CASES[] = {
        "",          "n",           "n.",        "n.1",     "n.1.x",
        "q.1." ID,   "q1001.1." ID, "q-1.1." ID, "m.1." ID, "n.1." ID ".",
        "n.one." ID, "n..1." ID,    "q9" ID,     ".1." ID,  "q99999999999999999999.1." ID};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct desk_cursor got = {.opened_ms = 42};
        assert_false(desk_cursor_parse(sea_str(CASES[i]), &got));
        assert_int_equal(got.opened_ms, 42);
    }
}

SEA_TESTS(cmocka_unit_test(nothing_asked_gives_the_newest),
          cmocka_unit_test(every_filter_is_read_and_decoded),
          cmocka_unit_test(tickets_that_wait_come_as_a_queue),
          cmocka_unit_test(a_search_is_a_tickets_id_or_an_order),
          cmocka_unit_test(a_page_has_at_most_a_hundred), cmocka_unit_test(mistakes_are_named),
          cmocka_unit_test(me_needs_somebody), cmocka_unit_test(cursors_come_back_as_they_went),
          cmocka_unit_test(forged_cursors_are_refused))
