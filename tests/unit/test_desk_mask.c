/* test_desk_mask.c: names and addresses that can be recognised and not used. */
#include "desk_mask.h"
#include "sea_cmocka.h"

#define DOTS "\u2022\u2022\u2022"

struct masked {
    const char *plain, *want;
};

static void check(void (*mask)(struct sea_str, struct sea_buf *), const struct masked *cases,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sea_buf got = SEA_BUF(1000);
        mask(sea_str(cases[i].plain), &got);
        assert_str_equal(sea_buf_view(&got), cases[i].want);
        sea_buf_free(&got);
    }
}

static void of_a_name_the_initials_are_shown(void **state)
{
    (void)state;
    static const struct masked CASES[] = {
        {"João D'Ávila", "J. D."},
        {"Ávila", "Á."},
        {"山田 太郎", "山. 太."},
        {"山田太郎", "山."},
        {"  Maria   da  Silva Santos ", "M. d. S."},
        {"😀 x", "😀. x."},
        {"\xff\xfe", "?."},
        {"\xe5\xb1", "?."}, /* cut in the middle of a character */
        {"", ""},
        {"   ", ""},
    };
    check(desk_mask_name, CASES, SEA_COUNT(CASES));
}

static void of_a_number_the_last_digits_are_shown(void **state)
{
    (void)state;
    static const struct masked CASES[] = {
        {"+5511912345678", DOTS "\u20225678"},
        {"+1 (555) 010-0199", DOTS "\u20220199"},
        {"12345678", DOTS "\u20225678"},
        {"1234567", DOTS "\u202267"}, /* too short to show four of it */
        {"12", DOTS "\u2022"},        /* nothing would be hidden */
        {"", ""},
    };
    check(desk_mask_phone, CASES, SEA_COUNT(CASES));
}

static void of_an_address_the_first_letter_and_the_top_level_are_shown(void **state)
{
    (void)state;
    static const struct masked CASES[] = {
        {"joao@example.com", "j" DOTS "@" DOTS ".com"},
        {"é@例え.jp", "é" DOTS "@" DOTS ".jp"},
        {"a@localhost", "a" DOTS "@" DOTS},
        {"@example.com", DOTS "@" DOTS ".com"},
        {"no-at", "n" DOTS "@" DOTS},
        {"", ""},
    };
    check(desk_mask_email, CASES, SEA_COUNT(CASES));
}

static void other_ids_are_masked_by_their_looks(void **state)
{
    (void)state;
    static const struct masked CASES[] = {
        {"5511912345678", DOTS "\u20225678"},
        {"+4915112345678", DOTS "\u20225678"},
        {"maria@example.com", "m" DOTS "@" DOTS ".com"},
        {"U4af4980629aabbcc", DOTS "\u2022bbcc"},
        {"c-77", DOTS "\u2022"},         /* the whole id would be shown */
        {"contact-é12x", DOTS "\u2022"}, /* the cut would fall into a character */
        {"", ""},
    };
    check(desk_mask_contact, CASES, SEA_COUNT(CASES));
}

SEA_TESTS(cmocka_unit_test(of_a_name_the_initials_are_shown),
          cmocka_unit_test(of_a_number_the_last_digits_are_shown),
          cmocka_unit_test(of_an_address_the_first_letter_and_the_top_level_are_shown),
          cmocka_unit_test(other_ids_are_masked_by_their_looks))
