/* test_desk_typists.c: whose typing is told to the agents, and how often a ticket is looked up. */
#include "desk_typists.h"
#include "sea_cmocka.h"
#include "sea_id.h"

enum { AT_MS = 50000, FOUND_MS = 10000, NONE_MS = 2000 };

static struct desk_typists typists;
static const struct sea_uuid TICKET = {{1}}, NO_TICKET = {{0}};

static struct sea_key contact(uint8_t n, uint8_t last)
{
    return (struct sea_key){{n, n, [15] = last}};
}

static enum desk_typist_step hear(struct sea_key who, int64_t at_ms, struct sea_uuid *ret)
{
    return desk_typists_hear(&typists, who, at_ms, ret);
}

static int begin(void **state)
{
    (void)state;
    typists = (struct desk_typists){.second = 0};
    return 0;
}

static void a_ticket_is_looked_up_once_in_a_while(void **state)
{
    (void)state;
    struct sea_uuid got = NO_TICKET;
    assert_int_equal(hear(contact(1, 0), AT_MS, &got), DESK_TYPIST_FIND);
    assert_int_equal(hear(contact(1, 0), AT_MS, &got), DESK_TYPIST_FIND); /* nothing was learnt */
    desk_typists_learn(&typists, contact(1, 0), TICKET, AT_MS);
    assert_int_equal(hear(contact(1, 0), AT_MS + 3000, &got), DESK_TYPIST_TELL);
    assert_true(sea_uuid_eq(got, TICKET));
    assert_int_equal(hear(contact(1, 0), AT_MS + FOUND_MS - 1, &got), DESK_TYPIST_TELL);
    assert_int_equal(hear(contact(1, 0), AT_MS + FOUND_MS, &got), DESK_TYPIST_FIND);
}

static void that_there_is_none_is_remembered_for_a_moment(void **state)
{
    (void)state;
    struct sea_uuid got;
    desk_typists_learn(&typists, contact(2, 0), NO_TICKET, AT_MS);
    assert_int_equal(hear(contact(2, 0), AT_MS + NONE_MS - 1, &got), DESK_TYPIST_PASS);
    assert_int_equal(hear(contact(2, 0), AT_MS + NONE_MS, &got), DESK_TYPIST_FIND);
}

static void two_contacts_in_one_place_never_have_each_others_ticket(void **state)
{
    (void)state;
    struct sea_uuid got;
    desk_typists_learn(&typists, contact(3, 1), TICKET, AT_MS);
    assert_int_equal(hear(contact(3, 2), AT_MS, &got), DESK_TYPIST_FIND);
    desk_typists_learn(&typists, contact(3, 2), NO_TICKET, AT_MS);
    assert_int_equal(hear(contact(3, 1), AT_MS, &got), DESK_TYPIST_FIND);
}

static void only_so_many_are_told_in_a_second(void **state)
{
    (void)state;
    struct sea_uuid got;
    for (int i = 0; i < DESK_TYPISTS_PER_S; i++)
        assert_int_equal(hear(contact((uint8_t)i, 0), AT_MS + i, &got), DESK_TYPIST_FIND);
    assert_int_equal(hear(contact(200, 0), AT_MS + 999, &got), DESK_TYPIST_DROP);
    assert_int_equal(hear(contact(200, 0), AT_MS + 1000, &got), DESK_TYPIST_FIND);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

SEA_TESTS(TEST(a_ticket_is_looked_up_once_in_a_while),
          TEST(that_there_is_none_is_remembered_for_a_moment),
          TEST(two_contacts_in_one_place_never_have_each_others_ticket),
          TEST(only_so_many_are_told_in_a_second))
