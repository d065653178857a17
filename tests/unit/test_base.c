/* Strings, the growing buffer and the arena of common/base. */
#include "sea_arena.h"
#include "sea_base.h"
#include "sea_buf.h"
#include "sea_cmocka.h"

#include <stdlib.h>

static void numbers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "-", "+1", " 1", "1 ", "1.0", "0x", "--1", "18446744073709551616"};
    uint64_t u = 7;
    int64_t i = 7;
    for (size_t n = 0; n < SEA_COUNT(bad); n++) {
        assert_false(sea_str_u64(sea_str(bad[n]), &u));
        assert_false(sea_str_i64(sea_str(bad[n]), &i));
    }
    assert_false(sea_str_u64(SEA_STR("-1"), &u));
    assert_false(sea_str_i64(SEA_STR("9223372036854775808"), &i));
    assert_false(sea_str_i64(SEA_STR("-9223372036854775809"), &i));
    assert_int_equal(u, 7);
    assert_int_equal(i, 7);
    assert_true(sea_str_u64(SEA_STR("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_true(sea_str_i64(SEA_STR("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
}

static void strings_compare_by_bytes_and_length(void **state)
{
    (void)state;
    assert_true(sea_str_eq(sea_str(NULL), SEA_STR("")));
    assert_false(sea_str_is(SEA_STR("ab"), "abc"));
    assert_true(sea_str_starts(SEA_STR("abc"), "ab"));
    assert_false(sea_str_starts(SEA_STR("a"), "ab"));
    assert_str_equal(sea_str_trim(SEA_STR(" \t a b\r\n")), "a b");
    assert_str_equal(sea_str_trim(SEA_STR("  ")), "");
    char *copy = sea_str_dup((struct sea_str){"abc", 2});
    assert_string_equal(copy, "ab");
    free(copy);
    assert_null(sea_strdup(NULL));
}

static void a_buffer_grows_to_its_limit_and_then_keeps_a_prefix(void **state)
{
    (void)state;
    struct sea_buf buf = SEA_BUF(1000);
    assert_null(buf.ptr);
    for (int i = 0; i < 500; i++) sea_buf_printf(&buf, "%d", i % 10);
    sea_buf_text(&buf, "");
    assert_int_equal(buf.len, 500);
    assert_int_equal(strlen(buf.ptr), 500);
    char *room = sea_buf_grow(&buf, 500);
    assert_non_null(room);
    memset(room, 'x', 500);
    assert_false(buf.is_full);
    sea_buf_char(&buf, 'y');
    assert_true(buf.is_full);
    assert_int_equal(buf.len, 1000);
    assert_int_equal(buf.ptr[999], 'x');
    sea_buf_free(&buf);
}

static void a_full_buffer_takes_nothing_more_until_reset(void **state)
{
    (void)state;
    struct sea_buf buf = SEA_BUF(4);
    sea_buf_text(&buf, "abc");
    sea_buf_printf(&buf, "%s", "defg");
    sea_buf_text(&buf, "h");
    assert_true(buf.is_full);
    assert_string_equal(buf.ptr, "abc");
    sea_buf_reset(&buf);
    sea_buf_printf(&buf, "%s", "1234");
    assert_false(buf.is_full);
    assert_string_equal(buf.ptr, "1234");
    sea_buf_free(&buf);
}

static void a_taken_buffer_belongs_to_the_caller(void **state)
{
    (void)state;
    struct sea_buf buf = SEA_BUF(10);
    size_t len = 9;
    char *empty = sea_buf_take(&buf, &len);
    assert_string_equal(empty, "");
    assert_int_equal(len, 0);
    free(empty);
    sea_buf_str(&buf, SEA_STR("mine"));
    char *text = sea_buf_take(&buf, &len);
    assert_string_equal(text, "mine");
    assert_int_equal(len, 4);
    assert_int_equal(sea_buf_view(&buf).len, 0);
    free(text);
}

static void an_arena_hands_out_aligned_memory_up_to_its_limit(void **state)
{
    (void)state;
    struct sea_arena arena = SEA_ARENA(1000 * 1000);
    for (size_t i = 0; i < 300; i++) {
        char *ptr = sea_arena_alloc(&arena, i);
        assert_non_null(ptr);
        assert_int_equal((uintptr_t)ptr % 16, 0);
        memset(ptr, 1, i);
    }
    assert_int_equal(arena.used, 299 * 300 / 2);
    char *large = sea_arena_zero(&arena, 900 * 1000);
    assert_non_null(large);
    assert_int_equal(large[0] + large[900 * 1000 - 1], 0);
    assert_null(sea_arena_alloc(&arena, 60 * 1000));
    assert_null(sea_arena_alloc(&arena, SIZE_MAX));
    sea_arena_reset(&arena);
    assert_non_null(sea_arena_alloc(&arena, 60 * 1000));
    assert_string_equal(sea_arena_dup(&arena, (struct sea_str){"abc", 2}), "ab");
    assert_str_equal(sea_arena_str(&arena, SEA_STR("")), "");
    sea_arena_free(&arena);
}

SEA_TESTS(cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
          cmocka_unit_test(strings_compare_by_bytes_and_length),
          cmocka_unit_test(a_buffer_grows_to_its_limit_and_then_keeps_a_prefix),
          cmocka_unit_test(a_full_buffer_takes_nothing_more_until_reset),
          cmocka_unit_test(a_taken_buffer_belongs_to_the_caller),
          cmocka_unit_test(an_arena_hands_out_aligned_memory_up_to_its_limit))
