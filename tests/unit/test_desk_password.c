/* test_desk_password.c: passwords checked off the loop. */
#include <event2/event.h>

#include "desk_password.h"
#include "sea_cmocka.h"

enum { PASSES = 1, MEMORY = 8 << 20 };

struct answers {
    struct event_base *base;
    int right, wrong, wanted;
};

static void on_answer(void *ctx, bool is_right)
{
    struct answers *answers = ctx;
    if (is_right) answers->right++;
    if (!is_right) answers->wrong++;
    if (answers->right + answers->wrong == answers->wanted) event_base_loopbreak(answers->base);
}

static void only_the_right_password_of_a_known_user_is_right(void **state)
{
    (void)state;
    struct answers answers = {.base = event_base_new(), .wanted = 4};
    struct desk_passwords *passwords = NULL;
    char hash[DESK_HASH_TEXT];
    const struct sea_str right = SEA_STR("open sesame"), none = SEA_STR("");
    assert_int_equal(desk_password_hash(right, PASSES, MEMORY, hash), SEA_OK);
    assert_int_equal(desk_passwords_open(&passwords, answers.base, PASSES, MEMORY), SEA_OK);
    const struct {
        struct sea_str hash, password;
    } cases[] = {{sea_str(hash), right},
                 {sea_str(hash), SEA_STR("open sesame ")},
                 {none, right},
                 {none, SEA_STR("nobody")}}; /* the stand-in's own password */
    for (size_t i = 0; i < SEA_COUNT(cases); i++)
        assert_int_equal(
            desk_passwords_check(passwords, cases[i].hash, cases[i].password, on_answer, &answers),
            SEA_OK);
    event_base_dispatch(answers.base);
    assert_int_equal(answers.right, 1);
    assert_int_equal(answers.wrong, 3);
    desk_passwords_close(&passwords);
    event_base_free(answers.base);
}

static void more_than_can_wait_are_sent_away_and_the_end_answers_the_rest(void **state)
{
    (void)state;
    struct answers answers = {.base = event_base_new(), .wanted = -1};
    struct desk_passwords *passwords = NULL;
    assert_int_equal(desk_passwords_open(&passwords, answers.base, PASSES, MEMORY), SEA_OK);
    for (int i = 0; i < DESK_PASSWORDS_WAITING_MAX; i++)
        assert_int_equal(
            desk_passwords_check(passwords, SEA_STR(""), SEA_STR("x"), on_answer, &answers),
            SEA_OK);
    assert_int_equal(
        desk_passwords_check(passwords, SEA_STR(""), SEA_STR("x"), on_answer, &answers),
        SEA_ERR_RETRY);
    desk_passwords_close(&passwords);
    assert_int_equal(answers.wrong, DESK_PASSWORDS_WAITING_MAX);
    assert_int_equal(answers.right, 0);
    assert_null(passwords);
    event_base_free(answers.base);
}

SEA_TESTS(cmocka_unit_test(only_the_right_password_of_a_known_user_is_right),
          cmocka_unit_test(more_than_can_wait_are_sent_away_and_the_end_answers_the_rest))
