/* What stands beside a delivery in its transaction, in small cases and in a batch too large for
 * pairs. */
#include <stdlib.h>

#include "notify_beside.h"
#include "sea_cmocka.h"

static struct sea_uuid id_of(uint64_t n, uint8_t kind)
{
    struct sea_uuid id = {{kind}};
    for (size_t i = 0; i < 8; i++) id.bytes[8 + i] = (uint8_t)(n >> (8 * i));
    return id;
}

static struct sea_key key_of(uint64_t n)
{
    struct sea_key key;
    struct sea_uuid id = id_of(n, 9);
    for (size_t i = 0; i < sizeof(key.bytes); i++) key.bytes[i] = id.bytes[i];
    return key;
}

/* The n-th message of a person, on their only contact. */
static struct notify_delivery delivery(uint64_t person, uint64_t n)
{
    return (struct notify_delivery){.id = id_of(person * 100000 + n, 1),
                                    .draft_id = id_of(person * 100000 + n, 2),
                                    .customer_id = id_of(person, 3),
                                    .contact_key = key_of(person),
                                    .state = NOTIFY_WAITING,
                                    .seq = n,
                                    .offset = (int64_t)n,
                                    .order = {.prev_seq = n - 1}};
}

struct world {
    struct sea_arena arena;
    struct notify_set all, todo;
};

static struct world world_of(struct notify_delivery *items, size_t count)
{
    struct world world = {.arena = SEA_ARENA(512 * 1024 * 1024)};
    for (size_t i = 0; i < count; i++) notify_set_add(&world.arena, &world.all, &items[i]);
    return world;
}

static struct notify_beside look(struct world *world)
{
    return notify_beside_of(&world->arena, &world->all, &world->todo);
}

static void an_earlier_one_that_is_still_to_go_stands_before(void **state)
{
    (void)state;
    struct notify_delivery items[] = {delivery(1, 1), delivery(1, 2), delivery(2, 3)};
    struct world world = world_of(items, 3);
    struct notify_beside beside = look(&world);
    assert_false(notify_beside_is_behind(&beside, &items[0]));
    assert_true(notify_beside_is_behind(&beside, &items[1]));
    assert_false(notify_beside_is_behind(&beside, &items[2])); /* of another contact */
    items[0].state = NOTIFY_HELD;
    beside = look(&world);
    assert_false(notify_beside_is_behind(&beside, &items[1]));
    sea_arena_free(&world.arena);
}

static void what_is_yet_to_be_decided_stands_before_once_it_is(void **state)
{
    (void)state;
    struct notify_delivery items[] = {delivery(1, 1), delivery(1, 2)};
    struct world world = world_of(items, 2);
    notify_set_add(&world.arena, &world.todo, &items[0]);
    notify_set_add(&world.arena, &world.todo, &items[1]);
    struct notify_beside beside = look(&world);
    assert_false(notify_beside_is_behind(&beside, &items[1]));
    items[0].state = NOTIFY_DROPPED;
    notify_beside_decided(&beside, &items[0]);
    assert_false(notify_beside_is_behind(&beside, &items[1]));
    items[0].state = NOTIFY_SENDING;
    notify_beside_decided(&beside, &items[0]);
    assert_true(notify_beside_is_behind(&beside, &items[1]));
    sea_arena_free(&world.arena);
}

static void the_predecessor_is_the_persons_whatever_the_contact(void **state)
{
    (void)state;
    struct notify_delivery items[] = {delivery(1, 1), delivery(1, 2), delivery(2, 1)};
    items[0].contact_key = key_of(77);
    struct world world = world_of(items, 3);
    struct notify_beside beside = look(&world);
    assert_ptr_equal(notify_beside_predecessor(&beside, &items[1]), &items[0]);
    assert_null(notify_beside_predecessor(&beside, &items[0]));
    sea_arena_free(&world.arena);
}

static void newer_news_and_what_supersedes_overtake(void **state)
{
    (void)state;
    struct notify_delivery items[] = {delivery(1, 1), delivery(1, 2), delivery(2, 3),
                                      delivery(1, 4), delivery(1, 5)};
    for (size_t i = 0; i < 3; i++) items[i].collapse_key = SEA_STR("o-1");
    items[4].order.supersedes = items[3].draft_id;
    struct world world = world_of(items, 5);
    notify_set_add(&world.arena, &world.todo, &items[4]);
    struct notify_beside beside = look(&world);
    assert_true(notify_beside_is_overtaken(&beside, &items[0]));
    assert_false(notify_beside_is_overtaken(&beside, &items[1]));
    assert_false(notify_beside_is_overtaken(&beside, &items[2])); /* another person's */
    assert_true(notify_beside_is_overtaken(&beside, &items[3]));
    assert_false(notify_beside_is_overtaken(&beside, &items[4]));
    sea_arena_free(&world.arena);
}

static void of_one_that_comes_twice_the_first_is_found(void **state)
{
    (void)state;
    struct notify_delivery items[] = {delivery(1, 1), delivery(1, 1)};
    struct world world = world_of(items, 2);
    struct notify_beside beside = look(&world);
    assert_ptr_equal(notify_beside_find(&beside, items[1].id), &items[0]);
    assert_null(notify_beside_find(&beside, id_of(5, 5)));
    sea_arena_free(&world.arena);
}

/* Pairs of so many would take minutes. */
static void a_large_batch_of_one_contact_is_no_matter(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    struct notify_delivery *items = calloc(MANY, sizeof(*items));
    assert_non_null(items);
    for (size_t i = 0; i < MANY; i++) {
        items[i] = delivery(1, i + 1);
        items[i].collapse_key = SEA_STR("o-1");
    }
    struct world world = world_of(items, MANY);
    for (size_t i = 0; i < MANY; i++) notify_set_add(&world.arena, &world.todo, &items[i]);
    struct notify_beside beside = look(&world);
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(notify_beside_find(&beside, items[i].id), &items[i]);
        assert_true(notify_beside_is_behind(&beside, &items[i]) == (i > 0));
        assert_true(notify_beside_is_overtaken(&beside, &items[i]) == (i + 1 < MANY));
        assert_ptr_equal(notify_beside_predecessor(&beside, &items[i]),
                         i > 0 ? &items[i - 1] : NULL);
        notify_beside_decided(&beside, &items[i]);
    }
    sea_arena_free(&world.arena);
    free(items);
}

SEA_TESTS(cmocka_unit_test(an_earlier_one_that_is_still_to_go_stands_before),
          cmocka_unit_test(what_is_yet_to_be_decided_stands_before_once_it_is),
          cmocka_unit_test(the_predecessor_is_the_persons_whatever_the_contact),
          cmocka_unit_test(newer_news_and_what_supersedes_overtake),
          cmocka_unit_test(of_one_that_comes_twice_the_first_is_found),
          cmocka_unit_test(a_large_batch_of_one_contact_is_no_matter))
