/* The form of a log line, and the limit on lines that say the same. */
#include "sea_cmocka.h"
#include "sea_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void assert_line(const struct sea_field *fields, const char *want)
{
    struct sea_buf line = SEA_BUF(4096);
    char whole[4200];
    sea_log_format(&line, 1777881600000, SEA_LOG_WARN, "router", "broker away", fields);
    snprintf(whole, sizeof whole,
             "ts=2026-05-04T08:00:00Z level=warn svc=router msg=\"broker away\"%s\n", want);
    assert_string_equal(line.ptr, whole);
    sea_buf_free(&line);
}

static void a_line_has_time_level_service_message_and_typed_fields(void **state)
{
    (void)state;
    struct sea_key key = {{0xab}};
    struct sea_uuid id = {{1}};
    const char *none = NULL;
    const struct sea_field fields[] = {SEA_F_STR("cause", "a b"),
                                       SEA_F_STR("host", SEA_STR("127.0.0.1:9092")),
                                       SEA_F_STR("empty", none),
                                       SEA_F_I64("n", -3),
                                       SEA_F_U64("u", UINT64_MAX),
                                       SEA_F_BOOL("yes", true),
                                       SEA_F_KEY("contact", key),
                                       SEA_F_UUID("event", id),
                                       {0}};
    assert_line(fields, " cause=\"a b\" host=127.0.0.1:9092 empty=\"\" n=-3 u=18446744073709551615"
                        " yes=true contact=ab000000000000000000000000000000"
                        " event=01000000-0000-0000-0000-000000000000");
}

static void a_value_cannot_break_out_of_its_quotes(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"plain-1_2./:+,@%", "plain-1_2./:+,@%"},
        {"a=b", "\"a=b\""},
        {"x\" level=error msg=\"y", "\"x\\\" level=error msg=\\\"y\""},
        {"two\nlines\t\\", "\"two\\nlines\\t\\\\\""},
        {"\x1b[31m\x7f", "\"\\x1b[31m\\x7f\""},
        {"Grüße 你好", "\"Grüße 你好\""},
        {"\xc2\x9bm", "\"\\xc2\\x9bm\""},
        {"a\xff", "\"a\\xff\""},
        {"\x80", "\"\\x80\""},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        struct sea_buf buf = SEA_BUF(4096);
        sea_log_value(&buf, sea_str(rows[i][0]));
        assert_string_equal(buf.ptr, rows[i][1]);
        sea_buf_free(&buf);
    }
}

static void a_long_value_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[602];
    struct sea_buf buf = SEA_BUF(4096);
    memset(text, 'a', sizeof text);
    memcpy(text + 511, "é", 2);
    sea_log_value(&buf, (struct sea_str){text, sizeof text});
    assert_int_equal(buf.len, 1 + 511 + strlen("…") + 1);
    sea_buf_free(&buf);
}

static void a_line_never_passes_its_limit_and_says_that_it_was_cut(void **state)
{
    (void)state;
    char text[500];
    struct sea_field fields[11] = {{0}};
    struct sea_buf line = SEA_BUF(4096);
    memset(text, '\n', sizeof text);
    for (size_t i = 0; i < 10; i++)
        fields[i] = SEA_F_STR("f", ((struct sea_str){text, sizeof text}));
    sea_log_format(&line, 0, SEA_LOG_INFO, "s", "m", fields);
    assert_false(line.is_full);
    assert_non_null(strstr(line.ptr, "\\n\" cut=true\n"));
    sea_buf_free(&line);
}

static void levels_are_read_by_name(void **state)
{
    (void)state;
    enum sea_log_level level = SEA_LOG_DEBUG;
    assert_true(sea_log_level_parse(SEA_STR("error"), &level));
    assert_int_equal(level, SEA_LOG_ERROR);
    assert_false(sea_log_level_parse(SEA_STR("ERROR"), &level));
}

/* Lines that went to standard error while `act` ran. */
static size_t lines_of(void (*act)(void), char *ret, size_t size)
{
    char name[] = "/tmp/sea-log-XXXXXX";
    int file = mkstemp(name), kept = dup(STDERR_FILENO);
    assert_true(file >= 0 && kept >= 0);
    unlink(name);
    dup2(file, STDERR_FILENO);
    act();
    dup2(kept, STDERR_FILENO);
    ssize_t len = pread(file, ret, size - 1, 0);
    assert_true(len >= 0);
    ret[len] = '\0';
    close(file);
    close(kept);
    size_t lines = 0;
    for (ssize_t i = 0; i < len; i++) lines += ret[i] == '\n';
    return lines;
}

static void say_it_a_thousand_times(void)
{
    for (int i = 0; i < 1000; i++) sea_log(SEA_LOG_INFO, "again", SEA_F_I64("i", i));
    sea_log(SEA_LOG_INFO, "something else");
    sea_log(SEA_LOG_DEBUG, "not at this level");
    sea_log_flush();
}

static void the_same_message_is_written_a_few_times_and_then_counted(void **state)
{
    (void)state;
    static char text[64 * 1024];
    sea_log_init("test", SEA_LOG_INFO);
    size_t lines = lines_of(say_it_a_thousand_times, text, sizeof text);
    assert_true(lines >= 22 && lines <= 43); /* the second may turn meanwhile */
    assert_non_null(strstr(text, "svc=test msg=again i=19\n"));
    assert_non_null(strstr(text, "msg=suppressed of=again count="));
    assert_non_null(strstr(text, "msg=\"something else\"\n"));
    assert_null(strstr(text, "level=debug"));
}

SEA_TESTS(cmocka_unit_test(a_line_has_time_level_service_message_and_typed_fields),
          cmocka_unit_test(a_value_cannot_break_out_of_its_quotes),
          cmocka_unit_test(a_long_value_is_cut_at_a_character),
          cmocka_unit_test(a_line_never_passes_its_limit_and_says_that_it_was_cut),
          cmocka_unit_test(levels_are_read_by_name),
          cmocka_unit_test(the_same_message_is_written_a_few_times_and_then_counted))
