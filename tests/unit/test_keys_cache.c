/* The cache of contacts' keys: bounded in number and time. */
#include "sea_cmocka.h"
#include "sea_keys_cache.h"

static struct sea_keys_cache *cache;

static int prepare(void **state)
{
    (void)state;
    sea_keys_cache_open(&cache);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    sea_keys_cache_close(&cache);
    return 0;
}

static struct sea_key contact_of(uint16_t set, uint8_t n)
{
    return (struct sea_key){{(uint8_t)(set >> 8), (uint8_t)set, n}};
}

static void put(struct sea_key contact, uint32_t generation, bool is_current, int64_t now_ms)
{
    struct sea_keys_entry entry = {
        .contact = contact, .generation = generation, .is_current = is_current};
    entry.key.bytes[0] = (uint8_t)generation;
    sea_keys_cache_put(cache, &entry, now_ms);
}

static void an_entry_lives_under_a_minute(void **state)
{
    (void)state;
    struct sea_key a = contact_of(1, 1);
    put(a, 3, true, 1000);
    assert_int_equal(sea_keys_cache_find(cache, &a, 3, 1000)->key.bytes[0], 3);
    assert_null(sea_keys_cache_find(cache, &a, 2, 1000));
    assert_non_null(sea_keys_cache_current(cache, &a, 1000 + SEA_KEYS_CACHE_MS - 1));
    assert_null(sea_keys_cache_current(cache, &a, 1000 + SEA_KEYS_CACHE_MS));
    assert_null(sea_keys_cache_find(cache, &a, 3, 1000 + SEA_KEYS_CACHE_MS));
    assert_int_equal(sea_keys_cache_sweep(cache, 1000 + SEA_KEYS_CACHE_MS - 1), 1);
    assert_int_equal(sea_keys_cache_sweep(cache, 1000 + SEA_KEYS_CACHE_MS), 0);
    assert_true(SEA_KEYS_CACHE_MS + 10000 < 60000); /* with the sweep's period */
}

static void a_new_generation_becomes_the_current_one(void **state)
{
    (void)state;
    struct sea_key a = contact_of(2, 1);
    put(a, 1, true, 0);
    put(a, 2, true, 0);
    assert_int_equal(sea_keys_cache_current(cache, &a, 1)->generation, 2);
    assert_false(sea_keys_cache_find(cache, &a, 1, 1)->is_current);
    sea_keys_cache_drop(cache, &a);
    assert_null(sea_keys_cache_find(cache, &a, 1, 1));
    assert_null(sea_keys_cache_current(cache, &a, 1));
}

static void a_full_set_forgets_the_oldest(void **state)
{
    (void)state;
    for (uint8_t n = 0; n < 9; n++) put(contact_of(3, n), 1, true, 100 + n);
    struct sea_key oldest = contact_of(3, 0), next = contact_of(3, 1), newest = contact_of(3, 8);
    assert_null(sea_keys_cache_current(cache, &oldest, 200));
    assert_non_null(sea_keys_cache_current(cache, &next, 200));
    assert_non_null(sea_keys_cache_current(cache, &newest, 200));
}

static void the_same_key_takes_its_own_place_again(void **state)
{
    (void)state;
    for (uint8_t n = 0; n < 8; n++) put(contact_of(4, n), 1, true, 100 + n);
    for (int i = 0; i < 20; i++) put(contact_of(4, 5), 1, true, 300);
    for (uint8_t n = 0; n < 8; n++) {
        struct sea_key each = contact_of(4, n);
        assert_non_null(sea_keys_cache_current(cache, &each, 310));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_entry_lives_under_a_minute, prepare, finish),
        cmocka_unit_test_setup_teardown(a_new_generation_becomes_the_current_one, prepare, finish),
        cmocka_unit_test_setup_teardown(a_full_set_forgets_the_oldest, prepare, finish),
        cmocka_unit_test_setup_teardown(the_same_key_takes_its_own_place_again, prepare, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
