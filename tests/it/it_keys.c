/* it_keys.c: the key store's client against the stack's own key store. Run by test_keys.py, which
 * sets KEYS_URL (without user), KEYS_PASSWORD and KEYS_MASTER. */
#include "sea_clock.h"
#include "sea_cmocka.h"
#include "sea_days.h"
#include "sea_keyring.h"
#include "sea_keys.h"
#include "sea_random.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static const struct sea_place place = {{"it.text", 7}, {"text", 4}, {"row", 3}};

static const char *env(const char *name)
{
    const char *text = getenv(name);
    if (text == NULL) fail_msg("%s is not set; test_keys.py runs this program", name);
    return text;
}

static struct sea_keys_options options_of(const char *role)
{
    return (struct sea_keys_options){.url = env("KEYS_URL"),
                                     .user = role,
                                     .password = env("KEYS_PASSWORD"),
                                     .name = "it_keys",
                                     .master_key = env("KEYS_MASTER")};
}

static struct sea_keys *store_of(const char *role)
{
    struct sea_keys *keys;
    struct sea_keys_options options = options_of(role);
    assert_int_equal(sea_keys_open(&keys, &options, NULL), SEA_OK);
    return keys;
}

static struct sea_key new_contact(void)
{
    struct sea_key contact;
    sea_random_bytes(contact.bytes, sizeof contact.bytes);
    return contact;
}

static void seal(struct sea_keys *keys, struct sea_key contact, const char *text,
                 struct sea_buf *ret)
{
    *ret = (struct sea_buf)SEA_BUF(1000);
    assert_int_equal(sea_keys_seal(keys, &contact, &place, sea_str(text), ret), SEA_OK);
    assert_int_equal(ret->len, strlen(text) + SEA_SEAL_EXTRA_BYTES);
}

/* `want` NULL: erased. */
static void assert_opens(struct sea_keys *keys, struct sea_key contact,
                         const struct sea_buf *sealed, const char *want)
{
    struct sea_buf plain = SEA_BUF(1000);
    bool is_erased = false;
    assert_int_equal(
        sea_keys_unseal(keys, &contact, &place, sea_buf_view(sealed), &plain, &is_erased), SEA_OK);
    assert_int_equal(is_erased, want == NULL);
    assert_str_equal(sea_buf_view(&plain), want != NULL ? want : "");
    sea_buf_free(&plain);
}

static uint32_t generation_of(const struct sea_buf *sealed)
{
    uint32_t generation = 0;
    assert_true(sea_seal_generation(sea_buf_view(sealed), &generation));
    return generation;
}

static void what_one_service_seals_another_opens(void **state)
{
    (void)state;
    struct sea_keys *router = store_of("seadesk_router"), *notifier = store_of("seadesk_notifier");
    struct sea_key a = new_contact(), b = new_contact();
    const struct sea_key both[] = {a, b, a};
    struct sea_buf of_a, of_b;
    assert_int_equal(sea_keys_check(router), SEA_OK);
    assert_int_equal(sea_keys_ensure(router, both, 3), SEA_OK);
    seal(router, a, "hello", &of_a);
    seal(notifier, b, "good bye", &of_b);
    const struct sea_sealed sealed[] = {
        {a, sea_buf_view(&of_a)}, {b, sea_buf_view(&of_b)}, {b, {"junk", 4}}};
    assert_int_equal(sea_keys_prefetch(notifier, sealed, 3), SEA_OK);
    assert_opens(notifier, a, &of_a, "hello");
    assert_opens(router, b, &of_b, "good bye");
    assert_int_equal(generation_of(&of_a), 1);
    sea_buf_free(&of_a);
    sea_buf_free(&of_b);
    sea_keys_close(&router);
    sea_keys_close(&notifier);
}

static void a_forged_text_is_refused(void **state)
{
    (void)state;
    struct sea_keys *keys = store_of("seadesk_router");
    struct sea_key a = new_contact();
    struct sea_buf sealed, plain = SEA_BUF(1000);
    bool is_erased = false;
    seal(keys, a, "hello", &sealed);
    sealed.ptr[sealed.len - 1] ^= 1;
    assert_int_equal(sea_keys_unseal(keys, &a, &place, sea_buf_view(&sealed), &plain, &is_erased),
                     SEA_ERR_REJECT);
    assert_int_equal(sea_keys_unseal(keys, &a, &place, SEA_STR("hello"), &plain, &is_erased),
                     SEA_ERR_REJECT);
    assert_int_equal(plain.len, 0);
    sea_buf_free(&sealed);
    sea_buf_free(&plain);
    sea_keys_close(&keys);
}

static void a_destroyed_key_opens_nothing_and_the_next_text_starts_a_generation(void **state)
{
    (void)state;
    struct sea_keys *purger = store_of("seadesk_retention_purger"),
                    *router = store_of("seadesk_router");
    struct sea_key a = new_contact(), b = new_contact();
    struct sea_buf before, other, after;
    uint32_t destroyed = 99;
    seal(router, a, "forget me", &before);
    seal(router, b, "keep me", &other);
    assert_int_equal(sea_keys_destroy(purger, &a, 1, &destroyed), SEA_OK);
    assert_int_equal(destroyed, 1);
    assert_int_equal(sea_keys_destroy(purger, &a, 1, &destroyed), SEA_OK);
    assert_int_equal(destroyed, 0);
    assert_opens(purger, a, &before, NULL);
    assert_opens(router, a, &before, "forget me"); /* its own copy, for less than a minute */
    sea_keys_forget(router, &a);
    assert_opens(router, a, &before, NULL);
    seal(router, a, "new", &after);
    assert_int_equal(generation_of(&before), 1);
    assert_int_equal(generation_of(&after), 2);
    assert_opens(purger, a, &after, "new");
    assert_opens(purger, b, &other, "keep me");
    sea_buf_free(&before);
    sea_buf_free(&other);
    sea_buf_free(&after);
    sea_keys_close(&purger);
    sea_keys_close(&router);
}

enum { RACERS = 4, RACE_CONTACTS = 100 };
static struct sea_key race_contacts[RACE_CONTACTS];

struct racer {
    pthread_t thread;
    size_t first;
    struct sea_buf sealed[RACE_CONTACTS];
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct sea_keys *keys = store_of("seadesk_router");
    struct sea_key mine[RACE_CONTACTS];
    for (size_t i = 0; i < RACE_CONTACTS; i++)
        mine[i] = race_contacts[(racer->first + i) % RACE_CONTACTS];
    assert_int_equal(sea_keys_ensure(keys, mine, RACE_CONTACTS), SEA_OK);
    for (size_t i = 0; i < RACE_CONTACTS; i++)
        seal(keys, race_contacts[i], "race", &racer->sealed[i]);
    sea_keys_close(&keys);
    return NULL;
}

static void racing_services_get_one_and_the_same_key(void **state)
{
    (void)state;
    struct racer racers[RACERS];
    for (size_t i = 0; i < RACE_CONTACTS; i++) race_contacts[i] = new_contact();
    for (size_t i = 0; i < RACERS; i++) {
        racers[i].first = i * RACE_CONTACTS / RACERS;
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < RACERS; i++) pthread_join(racers[i].thread, NULL);
    struct sea_keys *keys = store_of("seadesk_desk");
    for (size_t i = 0; i < RACERS; i++) {
        for (size_t c = 0; c < RACE_CONTACTS; c++) {
            assert_int_equal(generation_of(&racers[i].sealed[c]), 1);
            assert_opens(keys, race_contacts[c], &racers[i].sealed[c], "race");
            sea_buf_free(&racers[i].sealed[c]);
        }
    }
    sea_keys_close(&keys);
}

static void another_master_key_is_found_out(void **state)
{
    (void)state;
    struct sea_keys *keys;
    struct sea_keys_options options = options_of("seadesk_router");
    options.master_key = "0000000000000000000000000000000000000000000000000000000000000001";
    assert_int_equal(sea_keys_open(&keys, &options, NULL), SEA_OK);
    assert_int_equal(sea_keys_check(keys), SEA_ERR_FATAL);
    sea_keys_close(&keys);
    options.master_key = "0001";
    assert_int_equal(sea_keys_open(&keys, &options, NULL), SEA_ERR_FATAL);
}

static void a_store_that_is_away_is_tried_again(void **state)
{
    (void)state;
    struct sea_keys *keys;
    struct sea_key a = new_contact();
    struct sea_buf sealed = SEA_BUF(1000);
    struct sea_keys_options options = options_of("seadesk_router");
    options.url = "postgresql://127.0.0.1:1/seadesk_keys";
    assert_int_equal(sea_keys_open(&keys, &options, NULL), SEA_OK);
    assert_int_equal(sea_keys_seal(keys, &a, &place, SEA_STR("x"), &sealed), SEA_ERR_RETRY);
    assert_int_equal(sealed.len, 0);
    sea_keys_close(&keys);
}

static void each_role_has_only_its_own_functions(void **state)
{
    (void)state;
    struct sea_keys *ingest = store_of("seadesk_ingest"), *router = store_of("seadesk_router");
    struct sea_key a = new_contact();
    struct sea_buf sealed;
    uint32_t destroyed;
    seal(router, a, "x", &sealed);
    assert_int_equal(sea_keys_check(ingest), SEA_OK);
    assert_int_equal(sea_keys_ensure(ingest, &a, 1), SEA_ERR_FATAL);
    const struct sea_sealed one = {a, sea_buf_view(&sealed)};
    assert_int_equal(sea_keys_prefetch(ingest, &one, 1), SEA_ERR_FATAL);
    assert_int_equal(sea_keys_destroy(router, &a, 1, &destroyed), SEA_ERR_FATAL);
    sea_buf_free(&sealed);
    sea_keys_close(&ingest);
    sea_keys_close(&router);
}

static void rotate(struct sea_keys *purger)
{
    bool is_done = false;
    for (int i = 0; i < 1000 && !is_done; i++) {
        /* Only the first step adds a key. */
        assert_int_equal(sea_keys_rotate(purger, i == 0 ? 0 : 3600, &is_done), SEA_OK);
    }
    assert_true(is_done);
}

static void rotation_rewraps_everything_and_disturbs_nobody(void **state)
{
    (void)state;
    struct sea_keys *purger = store_of("seadesk_retention_purger"),
                    *router = store_of("seadesk_router");
    struct sea_key a = new_contact(), b = new_contact();
    struct sea_buf before, after;
    seal(router, a, "before", &before);
    rotate(purger);
    seal(router, b, "after", &after); /* the router still holds the retired wrapping key */
    rotate(purger);
    struct sea_keys *fresh = store_of("seadesk_desk");
    assert_opens(fresh, a, &before, "before");
    assert_opens(fresh, b, &after, "after");
    assert_opens(router, a, &before, "before");
    sea_buf_free(&before);
    sea_buf_free(&after);
    sea_keys_close(&fresh);
    sea_keys_close(&purger);
    sea_keys_close(&router);
}

static struct sea_days *days_of(const char *role, unsigned purposes)
{
    struct sea_days *days;
    struct sea_keys_options options = options_of(role);
    assert_int_equal(sea_days_open(&days, &options, purposes), SEA_OK);
    return days;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static bool gets_ready(struct sea_days *days, int within_ms)
{
    for (; within_ms > 0 && !sea_days_is_ready(days); within_ms -= 20) pause_ms(20);
    return sea_days_is_ready(days);
}

static void what_ingest_seals_with_the_days_key_router_opens(void **state)
{
    (void)state;
    struct sea_days *ingest =
        days_of("seadesk_ingest", 1U << SEA_DAYS_INTAKE | 1U << SEA_DAYS_DEAD);
    struct sea_days *router =
        days_of("seadesk_router", 1U << SEA_DAYS_INTAKE | 1U << SEA_DAYS_DEAD);
    struct sea_buf sealed = SEA_BUF(1000), plain = SEA_BUF(1000);
    uint32_t day = 0;
    bool is_gone = true;
    assert_true(gets_ready(ingest, 5000) && gets_ready(router, 5000));
    assert_int_equal(
        sea_days_seal(ingest, SEA_DAYS_INTAKE, &place, SEA_STR("today"), &sealed, &day), SEA_OK);
    assert_int_equal(day, generation_of(&sealed));
    struct sea_str view = sea_buf_view(&sealed);
    assert_int_equal(sea_days_unseal(router, SEA_DAYS_INTAKE, &place, view, &plain, &is_gone),
                     SEA_OK);
    assert_false(is_gone);
    assert_str_equal(sea_buf_view(&plain), "today");
    assert_int_equal(sea_days_unseal(router, SEA_DAYS_DEAD, &place, view, &plain, &is_gone),
                     SEA_ERR_REJECT);
    sea_buf_free(&sealed);
    sea_buf_free(&plain);
    sea_days_close(&ingest);
    sea_days_close(&router);
}

static void others_never_get_the_intake_keys(void **state)
{
    (void)state;
    struct sea_days *dead = days_of("seadesk_sla_timer", 1U << SEA_DAYS_DEAD);
    struct sea_days *intake = days_of("seadesk_desk", 1U << SEA_DAYS_INTAKE);
    struct sea_buf sealed = SEA_BUF(1000);
    assert_true(gets_ready(dead, 5000));
    assert_false(gets_ready(intake, 300));
    assert_int_equal(sea_days_seal(intake, SEA_DAYS_INTAKE, &place, SEA_STR("x"), &sealed, NULL),
                     SEA_ERR_RETRY);
    sea_days_close(&dead);
    sea_days_close(&intake);
}

/* The day's place in the sealed text, as if it had been sealed on another day. */
static void set_day(struct sea_buf *sealed, uint32_t day)
{
    for (int i = 0; i < 4; i++) sealed->ptr[1 + i] = (char)(day >> 8 * i);
}

static void a_day_is_gone_unknown_or_away(void **state)
{
    (void)state;
    struct sea_days *router = days_of("seadesk_router", 1U << SEA_DAYS_INTAKE);
    struct sea_buf sealed = SEA_BUF(1000), plain = SEA_BUF(1000);
    uint32_t day = sea_days_of(sea_clock_wall_ms());
    bool is_gone = false;
    assert_true(gets_ready(router, 5000));
    assert_int_equal(sea_days_seal(router, SEA_DAYS_INTAKE, &place, SEA_STR("x"), &sealed, NULL),
                     SEA_OK);
    set_day(&sealed, day - 41);
    struct sea_str view = sea_buf_view(&sealed);
    assert_int_equal(sea_days_unseal(router, SEA_DAYS_INTAKE, &place, view, &plain, &is_gone),
                     SEA_OK);
    assert_true(is_gone);
    set_day(&sealed, day + 10);
    assert_int_equal(sea_days_unseal(router, SEA_DAYS_INTAKE, &place, view, &plain, &is_gone),
                     SEA_ERR_RETRY);
    enum sea_err err = SEA_ERR_RETRY;
    for (int i = 0; i < 100 && err == SEA_ERR_RETRY; i++) {
        pause_ms(20);
        err = sea_days_unseal(router, SEA_DAYS_INTAKE, &place, view, &plain, &is_gone);
    }
    assert_int_equal(err, SEA_ERR_REJECT); /* the store was asked, and there is no such day */
    sea_buf_free(&sealed);
    sea_buf_free(&plain);
    sea_days_close(&router);
}

SEA_TESTS(cmocka_unit_test(what_one_service_seals_another_opens),
          cmocka_unit_test(a_forged_text_is_refused),
          cmocka_unit_test(a_destroyed_key_opens_nothing_and_the_next_text_starts_a_generation),
          cmocka_unit_test(racing_services_get_one_and_the_same_key),
          cmocka_unit_test(another_master_key_is_found_out),
          cmocka_unit_test(a_store_that_is_away_is_tried_again),
          cmocka_unit_test(each_role_has_only_its_own_functions),
          cmocka_unit_test(rotation_rewraps_everything_and_disturbs_nobody),
          cmocka_unit_test(what_ingest_seals_with_the_days_key_router_opens),
          cmocka_unit_test(others_never_get_the_intake_keys),
          cmocka_unit_test(a_day_is_gone_unknown_or_away))
