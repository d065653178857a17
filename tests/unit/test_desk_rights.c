/* test_desk_rights.c: roles, and what a refused command is answered with. */
#include "desk_rights.h"
#include "sea_cmocka.h"

static void an_agent_may_not_ask_for_an_erasure_but_a_supervisor_and_a_key_may(void **state)
{
    (void)state;
    static const struct {
        struct desk_who who;
        bool may;
    } CASES[] = {
        {{.user = "ana", .role = DESK_AGENT}, false},
        {{.user = "sup", .role = DESK_SUPERVISOR}, true},
        {{.user = "eve", .role = DESK_ADMIN}, true},
        {{.key = "demo"}, true},
        {{.key = "demo", .user = "ana", .role = DESK_AGENT}, true},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_problem problem = {.code = SEA_PROBLEM_INTERNAL};
        assert_int_equal(desk_may(&CASES[i].who, DESK_MAY_SUPERVISE, &problem), CASES[i].may);
        assert_int_equal(problem.code, CASES[i].may ? SEA_PROBLEM_INTERNAL : SEA_PROBLEM_FORBIDDEN);
    }
}

static void a_key_acts_only_for_somebody_named(void **state)
{
    (void)state;
    struct sea_problem problem = {0};
    struct desk_who key = {.key = "demo"}, named = {.key = "demo", .user = "ana"},
                    session = {.user = "ana"};
    assert_false(desk_may(&key, DESK_MAY_ACT, &problem));
    assert_int_equal(sea_problem_status(problem.code), 422);
    assert_true(desk_may(&named, DESK_MAY_ACT, &problem));
    assert_true(desk_may(&session, DESK_MAY_ACT, &problem));
    assert_true(desk_may(&key, DESK_MAY_READ, &problem));
    assert_true(desk_may(&key, DESK_MAY_CONSENT, &problem));
}

static void refusals_have_the_statuses_of_the_contract(void **state)
{
    (void)state;
    static const struct {
        const char *reason;
        int status;
    } CASES[] = {{"not_open", 409},      {"not_assigned_to_you", 409}, {"already_assigned", 409},
                 {"no_capacity", 409},   {"unknown_target", 409},      {"window_closed", 409},
                 {"version", 412},       {"not_found", 404},           {"key-reused", 422},
                 {"of_a_later_day", 409}};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_problem problem;
        desk_refused(CASES[i].reason, &problem);
        assert_int_equal(sea_problem_status(problem.code), CASES[i].status);
        assert_string_equal(problem.reason, CASES[i].reason);
        assert_non_null(problem.detail);
    }
}

static void sign_in_names_are_plain(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"ana", "j.doe", "a-b_c9", "0"};
    static const char *const BAD[] = {"", "Ana", "-a", ".a", "a b", "a/b", "jos\xc3\xa9", "a\n"};
    for (size_t i = 0; i < SEA_COUNT(GOOD); i++) assert_true(desk_user_is_valid(sea_str(GOOD[i])));
    for (size_t i = 0; i < SEA_COUNT(BAD); i++) assert_false(desk_user_is_valid(sea_str(BAD[i])));
    char longest[DESK_USER_MAX + 2];
    memset(longest, 'a', sizeof(longest));
    assert_true(desk_user_is_valid((struct sea_str){longest, DESK_USER_MAX}));
    assert_false(desk_user_is_valid((struct sea_str){longest, DESK_USER_MAX + 1}));
}

static void roles_are_read(void **state)
{
    (void)state;
    enum desk_role role = DESK_AGENT;
    assert_true(desk_role_parse(SEA_STR("admin"), &role));
    assert_int_equal(role, DESK_ADMIN);
    assert_false(desk_role_parse(SEA_STR("root"), &role));
    assert_int_equal(role, DESK_ADMIN);
}

SEA_TESTS(cmocka_unit_test(an_agent_may_not_ask_for_an_erasure_but_a_supervisor_and_a_key_may),
          cmocka_unit_test(a_key_acts_only_for_somebody_named),
          cmocka_unit_test(refusals_have_the_statuses_of_the_contract),
          cmocka_unit_test(sign_in_names_are_plain), cmocka_unit_test(roles_are_read))
