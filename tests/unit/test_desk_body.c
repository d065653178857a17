/* test_desk_body.c: bodies of requests, good ones and every mistake. */
#include "desk_body.h"
#include "sea_cmocka.h"

#define ID "0189d7a4-51c2-7b6e-8a3f-0123456789ab"

static struct sea_arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena = (struct sea_arena)SEA_ARENA(1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    sea_arena_free(&arena);
    return 0;
}

static bool parse(enum desk_verb verb, const char *body, const char *if_match,
                  struct desk_command *ret, struct sea_problem *problem)
{
    *problem = (struct sea_problem){.code = SEA_PROBLEM_INTERNAL};
    return desk_body_command(verb, sea_str(body), sea_str(if_match), &arena, ret, problem);
}

static void a_reply_is_read(void **state)
{
    (void)state;
    struct desk_command got;
    struct sea_problem problem;
    assert_true(parse(DESK_REPLY,
                      "{\"text\":\"Hello,\\nthere\",\"language\":\"en\",\"channel\":\"twilio-sms\","
                      "\"expected_version\":7,\"later\":[{}]}",
                      "", &got, &problem));
    assert_str_equal(got.text, "Hello,\nthere");
    assert_str_equal(got.language, "en");
    assert_str_equal(got.channel, "twilio-sms");
    assert_int_equal(got.expected_version, 7);
}

static void null_and_absent_mean_the_same(void **state)
{
    (void)state;
    struct desk_command got;
    struct sea_problem problem;
    assert_true(parse(DESK_REPLY, "{\"text\":\"x\",\"channel\":null,\"expected_version\":null}", "",
                      &got, &problem));
    assert_int_equal(got.channel.len, 0);
    assert_int_equal(got.language.len, 0);
    assert_int_equal(got.expected_version, 0);
    assert_true(parse(DESK_RESOLVE, "{\"tags\":null}", "", &got, &problem));
    assert_true(parse(DESK_TAKE, "", "", &got, &problem));
}

static void the_version_may_stand_in_if_match(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        uint64_t want;
    } CASES[] = {{"\"12\"", 12}, {"12", 12}, {" W/\"3\" ", 3}};
    struct desk_command got;
    struct sea_problem problem;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        assert_true(parse(DESK_TAKE, "{}", CASES[i].tag, &got, &problem));
        assert_int_equal(got.expected_version, CASES[i].want);
    }
    assert_true(parse(DESK_TAKE, "{\"expected_version\":4}", "\"12\"", &got, &problem));
    assert_int_equal(got.expected_version, 4);
}

static void the_other_commands_are_read(void **state)
{
    (void)state;
    struct desk_command got;
    struct sea_problem problem;
    assert_true(parse(DESK_NOTE, "{\"text\":\"mind the tone\"}", "", &got, &problem));
    assert_str_equal(got.text, "mind the tone");
    assert_true(
        parse(DESK_RESOLVE,
              "{\"tags\":{\"issue\":\"size\",\"emotion\":\"calm\",\"product_version\":\"2\","
              "\"stage\":\"after_sale\"}}",
              "", &got, &problem));
    assert_str_equal(got.issue, "size");
    assert_str_equal(got.emotion, "calm");
    assert_str_equal(got.product_version, "2");
    assert_str_equal(got.stage, "after_sale");
    assert_true(parse(DESK_TRANSFER, "{\"to\":\"queue:br\"}", "", &got, &problem));
    assert_str_equal(got.to, "queue:br");
    assert_true(
        parse(DESK_SNOOZE, "{\"until\":\"2026-11-22T08:15:00+01:00\"}", "", &got, &problem));
    assert_int_equal(got.until_ms, INT64_C(1795331700000));
}

static void presence_is_read_with_and_without_capacity(void **state)
{
    (void)state;
    struct desk_command got;
    struct sea_problem problem;
    assert_true(parse(DESK_PRESENCE,
                      "{\"state\":\"online\",\"capacity\":{\"weight\":10,\"channels\":{\"phone\":1,"
                      "\"chat\":3}}}",
                      "", &got, &problem));
    assert_true(got.has_capacity);
    assert_int_equal(got.weight, 10);
    assert_int_equal(got.limits_count, 2);
    assert_str_equal(got.limits[1].channel, "chat");
    assert_int_equal(got.limits[1].limit, 3);
    assert_true(parse(DESK_PRESENCE, "{\"state\":\"away\"}", "", &got, &problem));
    assert_false(got.has_capacity);
}

static void a_mistake_is_answered_with_its_place(void **state)
{
    (void)state;
    static const struct {
        enum desk_verb verb;
        const char *body;
        int status;
        const char *field; /* NULL: none */
    } CASES[] = {
        {DESK_TAKE, "{", 400, NULL},
        {DESK_TAKE, "{} x", 400, NULL},
        {DESK_TAKE, "[]", 422, ""},
        {DESK_TAKE, "\"x\"", 422, ""},
        {DESK_TAKE, "{\"expected_version\":0}", 422, "/expected_version"},
        {DESK_TAKE, "{\"expected_version\":-1}", 422, "/expected_version"},
        {DESK_TAKE, "{\"expected_version\":\"1\"}", 422, "/expected_version"},
        {DESK_TAKE, "{\"expected_version\":1.5}", 422, "/expected_version"},
        {DESK_REPLY, "{}", 422, "/text"},
        {DESK_REPLY, "{\"text\":\" \\n\"}", 422, "/text"},
        {DESK_REPLY, "{\"text\":5}", 422, "/text"},
        {DESK_REPLY, "{\"text\":\"\xff\"}", 400, NULL},
        {DESK_REPLY, "{\"text\":\"x\",\"language\":\"e n\"}", 422, "/language"},
        {DESK_REPLY, "{\"text\":\"x\",\"language\":\"-en\"}", 422, "/language"},
        {DESK_REPLY, "{\"text\":\"x\",\"channel\":\"a\\u0000b\"}", 422, "/channel"},
        {DESK_NOTE, "{\"text\":null}", 422, "/text"},
        {DESK_RESOLVE, "{\"tags\":[]}", 422, "/tags"},
        {DESK_RESOLVE, "{\"tags\":{\"emotion\":1}}", 422, "/tags/emotion"},
        {DESK_TRANSFER, "{}", 422, "/to"},
        {DESK_SNOOZE, "{\"until\":\"tomorrow\"}", 422, "/until"},
        {DESK_VIDEO, "{\"until\":\"2026-11-22T08:15:00Z\"}", 422, "/at"},
        {DESK_SNOOZE, "{\"until\":1795331700}", 422, "/until"},
        {DESK_PRESENCE, "{}", 422, "/state"},
        {DESK_PRESENCE, "{\"state\":\"asleep\"}", 422, "/state"},
        {DESK_PRESENCE, "{\"state\":\"away\",\"capacity\":1}", 422, "/capacity"},
        {DESK_PRESENCE, "{\"state\":\"away\",\"capacity\":{}}", 422, "/capacity/weight"},
        {DESK_PRESENCE, "{\"state\":\"away\",\"capacity\":{\"weight\":1001}}", 422,
         "/capacity/weight"},
        {DESK_PRESENCE, "{\"state\":\"away\",\"capacity\":{\"weight\":1,\"channels\":[]}}", 422,
         "/capacity/channels"},
        {DESK_PRESENCE, "{\"state\":\"away\",\"capacity\":{\"weight\":1,\"channels\":{\"\":1}}}",
         422, "/capacity/channels"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct desk_command got;
        struct sea_problem problem;
        assert_false(parse(CASES[i].verb, CASES[i].body, "", &got, &problem));
        assert_int_equal(sea_problem_status(problem.code), CASES[i].status);
        assert_non_null(problem.detail);
        if (CASES[i].field) assert_string_equal(problem.field, CASES[i].field);
        if (!CASES[i].field) assert_null(problem.field);
    }
}

static void a_forged_if_match_is_refused(void **state)
{
    (void)state;
    static const char *const CASES[] = {"*", "\"\"", "\"0\"", "\"x\"", "\"1\", \"2\"", "\""};
    struct desk_command got;
    struct sea_problem problem;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        assert_false(parse(DESK_TAKE, "{}", CASES[i], &got, &problem));
        assert_int_equal(sea_problem_status(problem.code), 422);
    }
}

static void a_text_has_a_limit(void **state)
{
    (void)state;
    static char body[DESK_TEXT_MAX_BYTES + 32] = "{\"text\":\"";
    size_t head = strlen(body);
    struct desk_command got;
    struct sea_problem problem;
    memset(body + head, 'a', DESK_TEXT_MAX_BYTES);
    memcpy(body + head + DESK_TEXT_MAX_BYTES, "\"}", 3);
    assert_true(parse(DESK_NOTE, body, "", &got, &problem));
    assert_int_equal(got.text.len, DESK_TEXT_MAX_BYTES);
    memcpy(body + head + DESK_TEXT_MAX_BYTES, "a\"}", 4);
    assert_false(parse(DESK_NOTE, body, "", &got, &problem));
    assert_string_equal(problem.field, "/text");
}

static void more_channels_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    struct sea_buf body = SEA_BUF(4096);
    struct desk_command got;
    struct sea_problem problem;
    sea_buf_text(&body, "{\"state\":\"away\",\"capacity\":{\"weight\":1,\"channels\":{\"c0\":1");
    for (int i = 1; i < DESK_LIMITS_MAX; i++) sea_buf_printf(&body, ",\"c%d\":1", i);
    size_t full = body.len;
    sea_buf_text(&body, "}}}");
    assert_true(parse(DESK_PRESENCE, body.ptr, "", &got, &problem));
    assert_int_equal(got.limits_count, DESK_LIMITS_MAX);
    body.len = full;
    sea_buf_text(&body, ",\"more\":1}}}");
    assert_false(parse(DESK_PRESENCE, body.ptr, "", &got, &problem));
    sea_buf_free(&body);
}

static void kept_limits_are_read_as_far_as_they_are_good(void **state)
{
    (void)state;
    struct desk_limit limits[DESK_LIMITS_MAX];
    assert_int_equal(desk_limits_parse(SEA_STR("phone=1,,x,=2,chat=x,mail=99999,form=0"), limits),
                     2);
    assert_str_equal(limits[0].channel, "phone");
    assert_int_equal(limits[0].limit, 1);
    assert_str_equal(limits[1].channel, "form");
    assert_int_equal(limits[1].limit, 0);
    assert_int_equal(desk_limits_parse(SEA_STR(""), limits), 0);
    assert_int_equal(desk_limits_parse(SEA_STR("a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,"
                                               "m=1,n=1,o=1,p=1,q=1,r=1"),
                                       limits),
                     DESK_LIMITS_MAX);
}

static void a_sign_in_needs_both(void **state)
{
    (void)state;
    struct desk_signin got;
    struct sea_problem problem;
    assert_true(desk_body_signin(SEA_STR("{\"user\":\"ana\",\"password\":\"a b\"}"), &arena, &got,
                                 &problem));
    assert_str_equal(got.user, "ana");
    assert_str_equal(got.password, "a b");
    assert_false(desk_body_signin(SEA_STR("{\"user\":\"ana\"}"), &arena, &got, &problem));
    assert_string_equal(problem.field, "/password");
    assert_false(desk_body_signin(SEA_STR("{\"password\":\"x\"}"), &arena, &got, &problem));
    assert_string_equal(problem.field, "/user");
}

static void consents_are_read_and_checked(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field;
    } BAD[] = {
        {"{\"class\":\"service\",\"granted\":true}", "/channel"},
        {"{\"channel\":\"whatsapp\",\"granted\":true}", "/class"},
        {"{\"channel\":\"whatsapp\",\"class\":\"all\",\"granted\":true}", "/class"},
        {"{\"channel\":\"whatsapp\",\"class\":\"service\"}", "/granted"},
        {"{\"channel\":\"whatsapp\",\"class\":\"service\",\"granted\":1}", "/granted"},
        {"{\"channel\":\"whatsapp\",\"class\":\"service\",\"granted\":true,\"proof\":{}}",
         "/proof"},
    };
    struct desk_consent got;
    struct sea_problem problem;
    assert_true(desk_body_consent(
        SEA_STR("{\"channel\":\"whatsapp\",\"class\":\"marketing\",\"granted\":false,"
                "\"proof\":\"form 12\"}"),
        &arena, &got, &problem));
    assert_str_equal(got.channel, "whatsapp");
    assert_str_equal(got.proof, "form 12");
    assert_int_equal(got.class, 2);
    assert_false(got.is_granted);
    for (size_t i = 0; i < SEA_COUNT(BAD); i++) {
        assert_false(desk_body_consent(sea_str(BAD[i].body), &arena, &got, &problem));
        assert_string_equal(problem.field, BAD[i].field);
    }
}

static void privacy_requests_are_read_and_checked(void **state)
{
    (void)state;
    struct desk_privacy got;
    struct sea_problem problem;
    assert_true(desk_body_privacy(SEA_STR("{\"customer_id\":\"" ID "\",\"kind\":\"erase\"}"),
                                  &arena, &got, &problem));
    assert_str_equal(got.kind, "erase");
    assert_true(desk_body_privacy(SEA_STR("{\"customer_id\":\"" ID "\",\"kind\":\"export\"}"),
                                  &arena, &got, &problem));
    assert_str_equal(got.kind, "export");
    assert_int_equal(got.customer_id.bytes[0], 1);
    assert_false(desk_body_privacy(SEA_STR("{\"customer_id\":\"7\",\"kind\":\"erase\"}"), &arena,
                                   &got, &problem));
    assert_string_equal(problem.field, "/customer_id");
    assert_false(desk_body_privacy(SEA_STR("{\"customer_id\":\"" ID "\",\"kind\":\"hide\"}"),
                                   &arena, &got, &problem));
    assert_string_equal(problem.field, "/kind");
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

SEA_TESTS(WITH_ARENA(a_reply_is_read), WITH_ARENA(null_and_absent_mean_the_same),
          WITH_ARENA(the_version_may_stand_in_if_match), WITH_ARENA(the_other_commands_are_read),
          WITH_ARENA(presence_is_read_with_and_without_capacity),
          WITH_ARENA(a_mistake_is_answered_with_its_place),
          WITH_ARENA(a_forged_if_match_is_refused), WITH_ARENA(a_text_has_a_limit),
          WITH_ARENA(more_channels_than_there_is_room_for_are_refused),
          WITH_ARENA(kept_limits_are_read_as_far_as_they_are_good),
          WITH_ARENA(a_sign_in_needs_both), WITH_ARENA(consents_are_read_and_checked),
          WITH_ARENA(privacy_requests_are_read_and_checked))
