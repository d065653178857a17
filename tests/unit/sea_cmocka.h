/* sea_cmocka.h: what cmocka wants included before it, and the main function of a unit test. */
#ifndef SEA_CMOCKA_H
#define SEA_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sea_base.h"

/* SEA_TESTS(cmocka_unit_test(a_sentence), …) ends a test file. */
#define SEA_TESTS(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

/* The text of a sea_str, which is not terminated. */
#define assert_str_equal(got, want)                                                                \
    do {                                                                                           \
        struct sea_str sea_got = (got);                                                            \
        const char *sea_want = (want);                                                             \
        assert_int_equal(sea_got.len, strlen(sea_want));                                           \
        if (sea_got.len > 0) assert_memory_equal(sea_got.ptr, sea_want, sea_got.len);              \
    } while (0)

#endif
