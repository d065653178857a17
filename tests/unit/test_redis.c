/* Redis' addresses, errors and replies; the connection itself is tests/it/it_redis.c. */
#include "sea_cmocka.h"
#include "sea_redis.h"
#include "sea_redis_url.h"
#include "sea_typing.h"

#include <stdio.h>

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct sea_redis_url want;
    } rows[] = {
        {"redis://localhost", {"localhost", "", "", 6379, 0}},
        {"redis://127.0.0.1:6380/3", {"127.0.0.1", "", "", 6380, 3}},
        {"redis://127.0.0.1/", {"127.0.0.1", "", "", 6379, 0}},
        {"redis://:pa%40ss@h:1/0", {"h", "", "pa@ss", 1, 0}},
        {"redis://me:a:b@h", {"h", "me", "a:b", 6379, 0}},
        {"redis://me@h", {"h", "me", "", 6379, 0}},
        {"redis://[::1]:6380", {"::1", "", "", 6380, 0}},
        {"redis://u:p@[::1]", {"::1", "u", "p", 6379, 0}},
        {"redis://h:65535/15", {"h", "", "", 65535, 15}},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct sea_redis_url url;
        assert_true(sea_redis_url_parse(sea_str(rows[i].text), &url));
        assert_string_equal(url.host, rows[i].want.host);
        assert_string_equal(url.user, rows[i].want.user);
        assert_string_equal(url.password, rows[i].want.password);
        assert_int_equal(url.port, rows[i].want.port);
        assert_int_equal(url.database, rows[i].want.database);
    }
}

static void malformed_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "localhost",
                                      "rediss://h",
                                      "redis://",
                                      "redis:///0",
                                      "redis://h:",
                                      "redis://h:0",
                                      "redis://h:65536",
                                      "redis://h:x",
                                      "redis://h/16",
                                      "redis://h/x",
                                      "redis://h/0/1",
                                      "redis://[::1",
                                      "redis://[::1]:",
                                      "redis://[::1]x",
                                      "redis://:%zz@h",
                                      "redis://:%00@h"};
    struct sea_redis_url url = {.port = 42};
    for (size_t i = 0; i < SEA_COUNT(bad); i++) {
        if (sea_redis_url_parse(sea_str(bad[i]), &url)) fail_msg("%s", bad[i]);
    }
    assert_int_equal(url.port, 42);
}

static void names_have_room_for_their_end(void **state)
{
    (void)state;
    char text[1024];
    struct sea_redis_url url;
    int most = sizeof url.user - 1;
    snprintf(text, sizeof text, "redis://%0*d@h", most, 0);
    assert_true(sea_redis_url_parse(sea_str(text), &url));
    assert_int_equal(strlen(url.user), most);
    snprintf(text, sizeof text, "redis://%0*d@h", most + 1, 0);
    assert_false(sea_redis_url_parse(sea_str(text), &url));
}

static void an_error_says_what_to_do(void **state)
{
    (void)state;
    assert_int_equal(sea_redis_err(SEA_STR("LOADING Redis is loading the dataset in memory")),
                     SEA_ERR_RETRY);
    assert_int_equal(sea_redis_err(SEA_STR("NOSCRIPT No matching script.")), SEA_ERR_RETRY);
    assert_int_equal(
        sea_redis_err(SEA_STR("READONLY You can't write against a read only replica.")),
        SEA_ERR_RETRY);
    assert_int_equal(sea_redis_err(SEA_STR("OOM command not allowed")), SEA_ERR_RETRY);
    assert_int_equal(sea_redis_err(SEA_STR("NOAUTH Authentication required.")), SEA_ERR_FATAL);
    assert_int_equal(sea_redis_err(SEA_STR("WRONGTYPE Operation against a key")), SEA_ERR_REJECT);
    assert_int_equal(sea_redis_err(SEA_STR("ERR unknown command")), SEA_ERR_REJECT);
}

static void parts_of_a_reply_that_are_not_there_are_empty(void **state)
{
    (void)state;
    char text[] = "12";
    redisReply number = {.type = REDIS_REPLY_STRING, .str = text, .len = 2},
               nil = {.type = REDIS_REPLY_NIL};
    redisReply *elements[] = {&number, &nil};
    redisReply array = {.type = REDIS_REPLY_ARRAY, .elements = 2, .element = elements};
    assert_int_equal(sea_redis_count(&array), 2);
    assert_int_equal(sea_redis_i64(sea_redis_at(&array, 0)), 12);
    assert_str_equal(sea_redis_str(sea_redis_at(&array, 0)), "12");
    assert_true(sea_redis_is_nil(sea_redis_at(&array, 1)));
    assert_true(sea_redis_is_nil(sea_redis_at(&array, 2)));
    assert_int_equal(sea_redis_i64(&array), 0);
    assert_int_equal(sea_redis_str(&nil).len, 0);
    assert_int_equal(sea_redis_count(&number), 0);
}

static void who_types_is_told_of_now_and_then_and_others_meanwhile(void **state)
{
    (void)state;
    static struct sea_typing typing;
    enum { ME = 7, OTHER = 8, LATE_MS = 100000 };
    assert_true(sea_typing_take(&typing, ME, LATE_MS));
    assert_false(sea_typing_take(&typing, ME, LATE_MS));
    assert_false(sea_typing_take(&typing, ME, LATE_MS + SEA_TYPING_EVERY_MS - 1));
    assert_true(sea_typing_take(&typing, OTHER, LATE_MS));
    assert_true(sea_typing_take(&typing, ME, LATE_MS + SEA_TYPING_EVERY_MS));
    assert_true(sea_typing_take(&typing, UINT16_MAX, LATE_MS)); /* any number has a place */
}

SEA_TESTS(cmocka_unit_test(addresses_are_taken_apart),
          cmocka_unit_test(malformed_addresses_are_refused),
          cmocka_unit_test(names_have_room_for_their_end),
          cmocka_unit_test(an_error_says_what_to_do),
          cmocka_unit_test(parts_of_a_reply_that_are_not_there_are_empty),
          cmocka_unit_test(who_types_is_told_of_now_and_then_and_others_meanwhile))
