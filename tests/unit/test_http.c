/* test_http.c: paths, forms, problems, and what the request parser takes and refuses. */
#include <stdio.h>
#include <stdlib.h>

#include "sea_cmocka.h"
#include "sea_http_parse.h"

static void a_path_pattern_takes_whole_segments(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool is_match;
        const char *params[2];
    } CASES[] = {
        {"/v1/events", "/v1/events", true, {NULL, NULL}},
        {"/v1/events", "/v1/events/", false, {NULL, NULL}},
        {"/v1/events", "/v1/event", false, {NULL, NULL}},
        {"/v1/channels/{channel}/{account}",
         "/v1/channels/whatsapp/demo",
         true,
         {"whatsapp", "demo"}},
        {"/v1/channels/{channel}/{account}", "/v1/channels//demo", false, {NULL, NULL}},
        {"/v1/channels/{channel}/{account}", "/v1/channels/whatsapp", false, {NULL, NULL}},
        {"/v1/channels/{channel}/{account}", "/v1/channels/a/b/c", false, {NULL, NULL}},
        {"/tickets/{id}/take", "/tickets/7/take", true, {"7", NULL}},
        {"/tickets/{id}/take", "/tickets/7/taken", false, {NULL, NULL}},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_str params[SEA_HTTP_PARAMS_MAX];
        size_t count = 0;
        assert_int_equal(
            sea_http_path_match(CASES[i].pattern, sea_str(CASES[i].path), params, &count),
            CASES[i].is_match);
        for (size_t p = 0; p < count; p++) assert_str_equal(params[p], CASES[i].params[p]);
    }
}

static void a_form_gives_its_pairs_decoded(void **state)
{
    (void)state;
    struct sea_arena arena = SEA_ARENA(4096);
    struct sea_str form =
        SEA_STR("&From=%2B5511&Body=Ol%C3%A1+a%26b&Empty=&Flag&Body=second&bad=%zz");
    struct sea_str value;
    assert_true(sea_http_form_find(form, "From", &arena, &value));
    assert_str_equal(value, "+5511");
    assert_true(sea_http_form_find(form, "Body", &arena, &value));
    assert_str_equal(value, "Olá a&b");
    assert_true(sea_http_form_find(form, "Empty", &arena, &value));
    assert_str_equal(value, "");
    assert_true(sea_http_form_find(form, "Flag", &arena, &value));
    assert_str_equal(value, "");
    assert_false(sea_http_form_find(form, "Missing", &arena, &value));
    assert_false(sea_http_form_find(form, "bad", &arena, &value));
    sea_arena_free(&arena);
}

static void a_form_that_was_written_reads_the_same(void **state)
{
    (void)state;
    struct sea_buf form = SEA_BUF(1000);
    struct sea_arena arena = SEA_ARENA(4096);
    struct sea_str value;
    sea_http_form_add(&form, "To", SEA_STR("+55 11"));
    sea_http_form_add(&form, "a b", SEA_STR("é&=%~"));
    assert_str_equal(sea_buf_view(&form), "To=%2B55+11&a+b=%C3%A9%26%3D%25%7E");
    assert_true(sea_http_form_find(sea_buf_view(&form), "a b", &arena, &value));
    assert_str_equal(value, "é&=%~");
    sea_arena_free(&arena);
    sea_buf_free(&form);
}

static void a_problem_names_its_code_and_place(void **state)
{
    (void)state;
    struct sea_buf out = SEA_BUF(1000);
    int64_t index = 3;
    sea_problem_print(&(struct sea_problem){.code = SEA_PROBLEM_INVALID,
                                            .detail = "\"x\"\n is not a time",
                                            .field = "/data/occurred_at",
                                            .reason = "bad_time",
                                            .index = &index},
                      &out);
    assert_str_equal(
        sea_buf_view(&out),
        "{\"type\":\"urn:seadesk:problem:invalid\",\"title\":\"The content is not valid\","
        "\"status\":422,\"detail\":\"\\\"x\\\"\\u000a is not a time\","
        "\"field\":\"/data/occurred_at\",\"reason\":\"bad_time\",\"index\":3}");
    sea_buf_reset(&out);
    sea_problem_print(&(struct sea_problem){.code = SEA_PROBLEM_NOT_FOUND, .detail = "\xff"}, &out);
    assert_str_equal(sea_buf_view(&out),
                     "{\"type\":\"urn:seadesk:problem:not-found\",\"title\":"
                     "\"There is no such thing\",\"status\":404,\"detail\":\"?\"}");
    sea_buf_free(&out);
}

enum { BODY_MAX = 32 };

static int take_up_to_body_max(struct sea_http_parse *parse, void *ctx)
{
    (void)ctx;
    parse->body.max = BODY_MAX;
    return 0;
}

static struct sea_http_parse *new_parse(void)
{
    struct sea_http_parse *parse = sea_alloc(sizeof *parse);
    parse->on_head = take_up_to_body_max;
    sea_http_parse_init(parse);
    return parse;
}

static void free_parse(struct sea_http_parse *parse)
{
    sea_http_parse_free(parse);
    free(parse);
}

/* Feeds `text` in pieces of `step` bytes; *ret_taken counts what was taken until the first verdict.
 */
static enum sea_http_parsed feed_by(struct sea_http_parse *parse, struct sea_str text, size_t step,
                                    size_t *ret_taken)
{
    enum sea_http_parsed parsed = SEA_HTTP_MORE;
    *ret_taken = 0;
    while (parsed == SEA_HTTP_MORE && *ret_taken < text.len) {
        size_t left = text.len - *ret_taken, taken = 0;
        struct sea_str piece = {text.ptr + *ret_taken, left < step ? left : step};
        parsed = sea_http_parse_feed(parse, piece, &taken);
        *ret_taken += taken;
    }
    return parsed;
}

static void a_request_is_the_same_however_its_bytes_are_cut(void **state)
{
    (void)state;
    struct sea_str text =
        SEA_STR("POST /v1/channels/line/demo?a=1&b=2 HTTP/1.1\r\nHost: x\r\n"
                "X-Signature:  abc def \r\nX-EMPTY:\r\nContent-Length: 5\r\n\r\nhello"
                "GET / HTTP/1.1\r\n");
    for (size_t step = 1; step <= text.len; step++) {
        struct sea_http_parse *parse = new_parse();
        size_t taken = 0;
        assert_int_equal(feed_by(parse, text, step, &taken), SEA_HTTP_WHOLE);
        assert_int_equal(taken, text.len - strlen("GET / HTTP/1.1\r\n"));
        const struct sea_http_request *request = &parse->request;
        assert_int_equal(request->method, SEA_HTTP_POST);
        assert_str_equal(request->target, "/v1/channels/line/demo?a=1&b=2");
        assert_str_equal(request->path, "/v1/channels/line/demo");
        assert_str_equal(request->query, "a=1&b=2");
        assert_str_equal(request->body, "hello");
        assert_int_equal(request->headers_count, 4);
        assert_str_equal(sea_http_header(request, "x-signature"), "abc def");
        assert_str_equal(sea_http_header(request, "x-empty"), "");
        assert_non_null(sea_http_header(request, "x-empty").ptr);
        assert_null(sea_http_header(request, "x-missing").ptr);
        assert_true(parse->is_kept_alive);
        free_parse(parse);
    }
}

static void a_chunked_body_comes_together_and_its_trailers_are_dropped(void **state)
{
    (void)state;
    struct sea_str text = SEA_STR("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "4;ext=1\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Trailer: t\r\n\r\n");
    for (size_t step = 1; step <= text.len; step += 3) {
        struct sea_http_parse *parse = new_parse();
        size_t taken = 0;
        assert_int_equal(feed_by(parse, text, step, &taken), SEA_HTTP_WHOLE);
        assert_int_equal(taken, text.len);
        assert_str_equal(parse->request.body, "Wikipedia");
        assert_null(sea_http_header(&parse->request, "x-trailer").ptr);
        free_parse(parse);
    }
}

static void a_scheme_is_known_in_any_case_and_by_its_whole_name(void **state)
{
    (void)state;
    assert_str_equal(sea_http_credentials(SEA_STR("Bearer abc"), "Bearer"), "abc");
    assert_str_equal(sea_http_credentials(SEA_STR(" bEARER   abc "), "Bearer"), "abc");
    assert_str_equal(sea_http_credentials(SEA_STR("Bearer"), "Bearer"), "");
    assert_str_equal(sea_http_credentials(SEA_STR("Bearer "), "Bearer"), "");
    assert_str_equal(sea_http_credentials(SEA_STR("Bearers abc"), "Bearer"), "");
    assert_str_equal(sea_http_credentials(SEA_STR("Basic abc"), "Bearer"), "");
    assert_str_equal(sea_http_credentials((struct sea_str){NULL, 0}, "Bearer"), "");
    assert_true(sea_http_type_is(SEA_STR("Application/JSON ; charset=utf-8"), "application/json"));
    assert_false(sea_http_type_is(SEA_STR("application/json5"), "application/json"));
}

static void parameters_are_decoded_once_and_broken_escapes_seen(void **state)
{
    (void)state;
    struct sea_http_parse *parse = new_parse();
    size_t taken = 0;
    bool is_broken = true;
    struct sea_str text = SEA_STR("GET /m/a%2Fb/%2525/c HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(feed_by(parse, text, 1000, &taken), SEA_HTTP_WHOLE);
    assert_true(sea_http_parse_route(parse, "/m/{one}/{two}/{three}", &is_broken));
    assert_false(is_broken);
    assert_str_equal(parse->request.params[0], "a/b");
    assert_str_equal(parse->request.params[1], "%25");
    assert_str_equal(parse->request.params[2], "c");
    assert_false(sea_http_parse_route(parse, "/m/{one}", &is_broken));

    sea_http_parse_init(parse);
    text = SEA_STR("GET /m/%4 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(feed_by(parse, text, 1000, &taken), SEA_HTTP_WHOLE);
    assert_true(sea_http_parse_route(parse, "/m/{one}", &is_broken));
    assert_true(is_broken);
    free_parse(parse);
}

static void what_keeps_a_connection_and_what_does_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_kept;
    } CASES[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", true},
        {"\r\n\r\nGET http://host:80/?q HTTP/1.1\r\nHost: x\r\n\r\n", true},
        {"GET HTTPS://host HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", true},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_http_parse *parse = new_parse();
        size_t taken = 0;
        assert_int_equal(feed_by(parse, sea_str(CASES[i].text), 7, &taken), SEA_HTTP_WHOLE);
        assert_int_equal(parse->is_kept_alive, CASES[i].is_kept);
        assert_str_equal(parse->request.path, "/");
        free_parse(parse);
    }
}

#define HOST "Host: x\r\n"

static void what_is_ambiguous_or_too_much_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum sea_problem_code code;
    } CASES[] = {
        {"NONSENSE\r\n\r\n", SEA_PROBLEM_METHOD_UNKNOWN},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", SEA_PROBLEM_VERSION_UNKNOWN},
        {"GET / HTTP/9.9\r\n" HOST "\r\n", SEA_PROBLEM_VERSION_UNKNOWN},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", SEA_PROBLEM_VERSION_UNKNOWN},
        {"GET / HTTP/1.1\r\n\r\n", SEA_PROBLEM_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", SEA_PROBLEM_MALFORMED},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", SEA_PROBLEM_MALFORMED},
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", SEA_PROBLEM_MALFORMED},
        {"GET / HTTP/1.0\r\nHost: me@b\r\n\r\n", SEA_PROBLEM_MALFORMED},
        {"GET / HTTP/1.1\n" HOST "\r\n", SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
         SEA_PROBLEM_CODING_UNKNOWN},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
         SEA_PROBLEM_CODING_UNKNOWN},
        {"GET / HTTP/1.1\r\n" HOST "A: b\r\n folded\r\n\r\n", SEA_PROBLEM_MALFORMED},
        {"GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
         SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
         SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n",
         SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n",
         SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 33\r\n\r\n", SEA_PROBLEM_TOO_LARGE},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n21\r\n"
         "123456789012345678901234567890123\r\n",
         SEA_PROBLEM_TOO_LARGE},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
         SEA_PROBLEM_MALFORMED},
        {"POST / HTTP/1.1\r\n" HOST "Expect: a-miracle\r\nContent-Length: 1\r\n\r\na",
         SEA_PROBLEM_EXPECTATION},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_http_parse *parse = new_parse();
        size_t taken = 0;
        assert_int_equal(feed_by(parse, sea_str(CASES[i].text), 5, &taken), SEA_HTTP_REFUSED);
        assert_int_equal(parse->refusal, CASES[i].code);
        assert_non_null(parse->refusal_detail);
        free_parse(parse);
    }
}

/* `count` times `piece` between `begin` and an end that never comes. */
static enum sea_problem_code refusal_of_endless(const char *begin, const char *piece)
{
    struct sea_http_parse *parse = new_parse();
    size_t taken = 0;
    enum sea_http_parsed parsed = feed_by(parse, sea_str(begin), 1000, &taken);
    for (int i = 0; i < 100000 && parsed == SEA_HTTP_MORE; i++)
        parsed = sea_http_parse_feed(parse, sea_str(piece), &taken);
    assert_int_equal(parsed, SEA_HTTP_REFUSED);
    enum sea_problem_code code = parse->refusal;
    free_parse(parse);
    return code;
}

static void nothing_may_go_on_without_end(void **state)
{
    (void)state;
    static const char CHUNKED[] = "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n";
    char trailers[128];
    snprintf(trailers, sizeof trailers, "%s0\r\n", CHUNKED);
    assert_int_equal(refusal_of_endless("GET /", "aaaaaaaa"), SEA_PROBLEM_TARGET_TOO_LONG);
    assert_int_equal(refusal_of_endless("GET / HTTP/1.1\r\nA: ", "aaaaaaaa"),
                     SEA_PROBLEM_HEADERS_TOO_LARGE);
    assert_int_equal(refusal_of_endless("GET / HTTP/1.1\r\n", "aaaaaaaa"),
                     SEA_PROBLEM_HEADERS_TOO_LARGE);
    assert_int_equal(refusal_of_endless("GET / HTTP/1.1\r\n", "A: b\r\n"),
                     SEA_PROBLEM_HEADERS_TOO_LARGE);
    assert_int_equal(refusal_of_endless(trailers, "A: b\r\n"), SEA_PROBLEM_HEADERS_TOO_LARGE);
    assert_int_equal(refusal_of_endless(CHUNKED, "1;e=1234\r\n\r\n"), SEA_PROBLEM_MALFORMED);
    assert_int_equal(refusal_of_endless("POST / HTTP/1.1\r\n" HOST
                                        "Transfer-Encoding: chunked\r\n\r\n1;e=",
                                        "aaaaaaaa"),
                     SEA_PROBLEM_HEADERS_TOO_LARGE);
}

static void a_parser_is_as_new_after_init(void **state)
{
    (void)state;
    struct sea_http_parse *parse = new_parse();
    size_t taken = 0;
    struct sea_str bad = SEA_STR("POST /x?q HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    assert_int_equal(feed_by(parse, bad, 1000, &taken), SEA_HTTP_REFUSED);
    sea_http_parse_init(parse);
    struct sea_str good = SEA_STR("GET /y HTTP/1.1\r\nHost: c\r\n\r\n");
    assert_int_equal(feed_by(parse, good, 1000, &taken), SEA_HTTP_WHOLE);
    assert_str_equal(parse->request.path, "/y");
    assert_str_equal(parse->request.query, "");
    assert_str_equal(sea_http_header(&parse->request, "host"), "c");
    assert_int_equal(parse->request.headers_count, 1);
    free_parse(parse);
}

SEA_TESTS(cmocka_unit_test(a_path_pattern_takes_whole_segments),
          cmocka_unit_test(a_form_gives_its_pairs_decoded),
          cmocka_unit_test(a_form_that_was_written_reads_the_same),
          cmocka_unit_test(a_problem_names_its_code_and_place),
          cmocka_unit_test(a_request_is_the_same_however_its_bytes_are_cut),
          cmocka_unit_test(a_chunked_body_comes_together_and_its_trailers_are_dropped),
          cmocka_unit_test(a_scheme_is_known_in_any_case_and_by_its_whole_name),
          cmocka_unit_test(parameters_are_decoded_once_and_broken_escapes_seen),
          cmocka_unit_test(what_keeps_a_connection_and_what_does_not),
          cmocka_unit_test(what_is_ambiguous_or_too_much_is_refused),
          cmocka_unit_test(nothing_may_go_on_without_end),
          cmocka_unit_test(a_parser_is_as_new_after_init))
