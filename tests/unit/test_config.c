/* Settings: what is taken, what is refused, and what the refusal says. */
#include "sea_cmocka.h"
#include "sea_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct test_config {
#define SEA_SETTING SEA_SETTING_FIELD
#include "test_config.def"
#undef SEA_SETTING
};

static const struct sea_setting rows[] = {
#define SEA_SETTING(...) SEA_SETTING_ROW(struct test_config, __VA_ARGS__)
#include "test_config.def"
#undef SEA_SETTING
};

static struct test_config own;
static struct sea_config common;
static const struct sea_config_program program = {"fake-provider", rows, SEA_COUNT(rows), &own};
static struct sea_buf problems = SEA_BUF(16 * 1024);

#define ENV(...)                                                                                   \
    ((char *const[]){(char[]){"SEADESK_TEST_NEEDED=1234"}, __VA_ARGS__ __VA_OPT__(, ) NULL})
#define VAR(text) ((char[]){text})

static void load(char *const *env)
{
    sea_buf_reset(&problems);
    enum sea_err err = sea_config_load(&program, env, &common, &problems);
    if (err != SEA_OK) fail_msg("%s", problems.ptr);
}

static void release(void)
{
    sea_config_free(&program, &common);
    sea_buf_free(&problems);
}

static void assert_refused(char *const *env, const char *want)
{
    sea_buf_reset(&problems);
    assert_int_equal(sea_config_load(&program, env, &common, &problems), SEA_ERR_FATAL);
    assert_string_equal(problems.ptr, want);
    sea_buf_free(&problems);
}

static void what_is_not_set_has_its_default(void **state)
{
    (void)state;
    load(ENV(VAR("PATH=/bin"), VAR("SEADESKISH=1")));
    assert_string_equal(own.text, "abc");
    assert_int_equal(own.number, 7);
    assert_true(own.is_on);
    assert_int_equal(own.wait_ms, 5000);
    assert_int_equal(own.room_bytes, 4 * 1024 * 1024);
    assert_string_equal(own.url, "");
    assert_string_equal(own.secret, "");
    assert_int_equal(own.colour, 1);
    assert_string_equal(common.admin_listen, "");
    assert_string_equal(common.listen, "127.0.0.1:8099");
    assert_int_equal(common.mode, SEA_MODE_DEVELOPMENT);
    assert_string_equal(common.master_key, ""); /* not used by this program, hence not demanded */
    release();
}

static void values_are_read_by_their_types(void **state)
{
    (void)state;
    load(ENV(VAR("SEADESK_TEST_NUMBER=-3"), VAR("SEADESK_TEST_ON=false"),
             VAR("SEADESK_TEST_WAIT=250ms"), VAR("SEADESK_TEST_ROOM=64KiB"),
             VAR("SEADESK_TEST_URL=https://a/b?c=d"), VAR("SEADESK_TEST_COLOUR=blue"),
             VAR("SEADESK_LISTEN=[::1]:0"), VAR("SEADESK_ADMIN_LISTEN=:0"),
             VAR("SEADESK_MODE=production"), VAR("SEADESK_TEST_TEXT=a=b")));
    assert_int_equal(own.number, -3);
    assert_false(own.is_on);
    assert_int_equal(own.wait_ms, 250);
    assert_int_equal(own.room_bytes, 65536);
    assert_string_equal(own.url, "https://a/b?c=d");
    assert_int_equal(own.colour, 2);
    assert_string_equal(own.text, "a=b");
    assert_string_equal(common.listen, "[::1]:0");
    assert_int_equal(common.mode, SEA_MODE_PRODUCTION);
    release();
}

static void a_wrong_value_is_named_with_what_was_expected(void **state)
{
    (void)state;
    static const char *const rows_of[][2] = {
        {"SEADESK_TEST_TEXT=abcdef", "abcdef is not a text from 2 to 5 bytes"},
        {"SEADESK_TEST_TEXT=", " is not a text from 2 to 5 bytes"},
        {"SEADESK_TEST_NUMBER=11", "11 is not a whole number from -3 to 10"},
        {"SEADESK_TEST_NUMBER=1x", "1x is not a whole number from -3 to 10"},
        {"SEADESK_TEST_ON=yes", "yes is not true or false"},
        {"SEADESK_TEST_WAIT=5", "5 is not a duration (ms, s, m, h, d) from 100ms to 1h"},
        {"SEADESK_TEST_WAIT=2h", "2h is not a duration (ms, s, m, h, d) from 100ms to 1h"},
        {"SEADESK_TEST_ROOM=99999999999GiB",
         "99999999999GiB is not a size (B, KiB, MiB, GiB) from 1B to 2GiB"},
        {"SEADESK_TEST_URL=ftp://x", "ftp://x is not an address with http or https://"},
        {"SEADESK_TEST_URL=http://", "http:// is not an address with http or https://"},
        {"SEADESK_TEST_COLOUR=black", "black is not red, green or blue"},
        {"SEADESK_ADMIN_LISTEN=9104", "9104 is not host:port"},
        {"SEADESK_ADMIN_LISTEN=::1:80", "::1:80 is not host:port"},
        {"SEADESK_ADMIN_LISTEN=a:70000", "a:70000 is not host:port"},
    };
    for (size_t i = 0; i < SEA_COUNT(rows_of); i++) {
        char variable[100], want[200];
        snprintf(variable, sizeof variable, "%s", rows_of[i][0]);
        snprintf(want, sizeof want, "%.*s: %s\n", (int)strcspn(variable, "="), variable,
                 rows_of[i][1]);
        assert_refused(ENV(variable), want);
    }
}

static void every_mistake_is_named_at_once(void **state)
{
    (void)state;
    assert_refused((char *const[]){VAR("SEADESK_TEST_NUMBER=11"), VAR("SEADESK_KAFKAA=x"), NULL},
                   "SEADESK_KAFKAA: there is no such setting; did you mean SEADESK_KAFKA\n"
                   "SEADESK_TEST_NUMBER: 11 is not a whole number from -3 to 10\n"
                   "SEADESK_TEST_NEEDED is not set: A secret that must be there.\n");
}

static void unknown_names_stop_the_start(void **state)
{
    (void)state;
    assert_refused(ENV(VAR("SEADESK_NOTHING_LIKE_IT=1")),
                   "SEADESK_NOTHING_LIKE_IT: there is no such setting\n");
    assert_refused(ENV(VAR("SEADESK_KAFKA_FILE=/x")),
                   "SEADESK_KAFKA_FILE: there is no such setting; did you mean SEADESK_KAFKA\n");
    assert_refused(ENV(VAR("SEADESK_=1")), "SEADESK_: there is no such setting\n");
}

static void names_of_the_rest_of_the_suite_are_known(void **state)
{
    (void)state;
    load(ENV(VAR("SEADESK_STACK=x"), VAR("SEADESK_ADMIN_ROUTER=http://x"),
             VAR("SEADESK_FAKE_URL=http://x"), VAR("SEADESK_REDIS_PASSWORD_FILE=/dev/null")));
    release();
}

static char *file_with(const char *text)
{
    static char name[32];
    strcpy(name, "/tmp/sea-config-XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return name;
}

static void a_secret_may_come_from_a_file(void **state)
{
    (void)state;
    char variable[100], *name = file_with("hush hush\r\n\n");
    snprintf(variable, sizeof variable, "SEADESK_TEST_SECRET_FILE=%s", name);
    load(ENV(variable));
    assert_string_equal(own.secret, "hush hush");
    release();
    assert_refused(
        ENV(variable, VAR("SEADESK_TEST_SECRET=hush")),
        "SEADESK_TEST_SECRET and SEADESK_TEST_SECRET_FILE are both set: one of them is expected\n");
    unlink(name);
    char want[200];
    snprintf(want, sizeof want, "SEADESK_TEST_SECRET_FILE: %s: No such file or directory\n", name);
    assert_refused(ENV(variable), want);
}

static void a_secret_is_never_shown(void **state)
{
    (void)state;
    assert_refused(ENV(VAR("SEADESK_TEST_SECRET=xyz")),
                   "SEADESK_TEST_SECRET: (3 bytes) is not a secret from 4 to 100 bytes\n");
    assert_refused(ENV(VAR("SEADESK_REDIS=rediss://me:xyz@host")),
                   "SEADESK_REDIS: rediss://me:***@host is not an address with redis://\n");
    struct sea_buf text = SEA_BUF(64 * 1024);
    sea_config_explain(
        &program,
        ENV(VAR("SEADESK_TEST_SECRET=xyzxyz"), VAR("SEADESK_INGEST_URL=http://me:xyz@h/d")), &text);
    assert_null(strstr(text.ptr, "xyz"));
    assert_non_null(strstr(text.ptr, "SEADESK_TEST_SECRET = (6 bytes)  [environment]\n"));
    assert_non_null(strstr(text.ptr, "SEADESK_INGEST_URL = http://me:***@h/d  [environment]\n"));
    assert_non_null(strstr(text.ptr, "SEADESK_LISTEN = 127.0.0.1:8099  [default]\n"));
    assert_null(strstr(text.ptr, "SEADESK_PEPPER"));
    sea_buf_free(&text);
}

static void every_program_starts_from_its_row(void **state)
{
    (void)state;
    char *const env[] = {
        VAR("SEADESK_MASTER_KEY=0000000000000000000000000000000000000000000000000000000000000000"),
        VAR("SEADESK_PEPPER=00000000000000000000000000000000"), NULL};
    for (size_t i = 0; i < sea_services_count; i++) {
        struct sea_config_program each = {.name = sea_services[i].name};
        enum sea_err err = sea_config_load(&each, env, &common, &problems);
        if (err != SEA_OK) fail_msg("%s: %s", each.name, problems.ptr);
        assert_string_equal(common.listen, sea_services[i].listen);
        sea_config_free(&each, &common);
    }
    struct sea_config_program router = {.name = "router"};
    assert_int_equal(sea_config_load(&router, env + 1, &common, &problems), SEA_ERR_FATAL);
    assert_non_null(strstr(problems.ptr, "SEADESK_MASTER_KEY is not set: "));
    sea_buf_free(&problems);
}

SEA_TESTS(cmocka_unit_test(what_is_not_set_has_its_default),
          cmocka_unit_test(values_are_read_by_their_types),
          cmocka_unit_test(a_wrong_value_is_named_with_what_was_expected),
          cmocka_unit_test(every_mistake_is_named_at_once),
          cmocka_unit_test(unknown_names_stop_the_start),
          cmocka_unit_test(names_of_the_rest_of_the_suite_are_known),
          cmocka_unit_test(a_secret_may_come_from_a_file),
          cmocka_unit_test(a_secret_is_never_shown),
          cmocka_unit_test(every_program_starts_from_its_row))
