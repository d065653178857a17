/* Every adapter's contract: each recorded request of tests/corpus means what stands beside it, and
 * whatever is done to it ends in a named reason. An adapter is in this test by being in the table;
 * SEADESK_RECORD=1 writes the .expected files anew, to be read by eye. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapter_world.h"
#include "sea_cmocka.h"

enum { CASES_MAX = 400, FILE_MAX = 4 * 1024 * 1024, SAMPLES = 24, FLIPS = 300, YEAR_MS = 31536000 };

static struct recorded {
    enum sea_adapter adapter;
    char path[256]; /* without .http */
    struct world_request request;
    struct sea_secrets secrets, others, verify_token;
} cases[CASES_MAX];
static size_t cases_count;

static struct sea_str read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) return (struct sea_str){NULL, 0};
    char *text = sea_alloc(FILE_MAX);
    size_t len = fread(text, 1, FILE_MAX - 1, file);
    fclose(file);
    return (struct sea_str){sea_realloc(text, len + 1), len};
}

/* A secret of the requests in a folder: of its file, if it has that. */
static struct sea_secrets secret_of(const char *folder, const char *name, const char *otherwise)
{
    char path[320];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    struct sea_str secret = read_file(path);
    if (!secret.ptr) secret = sea_str(sea_strdup(otherwise));
    while (secret.len && secret.ptr[secret.len - 1] == '\n') secret.len--;
    return (struct sea_secrets){.live = {secret}, .count = 1};
}

static void add_case(enum sea_adapter adapter, const char *folder, const char *file)
{
    char path[600];
    struct recorded *added = &cases[cases_count];
    size_t len = strlen(file);
    if (len < 6 || strcmp(file + len - 5, ".http") != 0) return;
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    struct sea_str text = read_file(path);
    if (!text.ptr || cases_count == CASES_MAX ||
        !world_request_open(&added->request, text.ptr, text.len))
        fail_msg("%s isn't written like a request", path);
    free((char *)(uintptr_t)text.ptr);
    added->adapter = adapter;
    snprintf(added->path, sizeof(added->path), "%.*s", (int)(strlen(path) - 5), path);
    char secret[64];
    snprintf(secret, sizeof(secret), "demo-%s-secret", added->request.channel->name);
    added->secrets = secret_of(folder, "secret", secret);
    added->others = secret_of(folder, "another_secret", "demo-another-secret");
    added->verify_token = secret_of(folder, "verify_token", "demo-verify");
    cases_count++;
}

static int open_cases(void **state)
{
    (void)state;
    for (int i = 1; i < SEA_ADAPTER_COUNT; i++) {
        char folder[256];
        size_t before = cases_count;
        snprintf(folder, sizeof(folder), SEA_SOURCE_DIR "/tests/corpus/%s",
                 sea_adapter_name((enum sea_adapter)i));
        DIR *list = opendir(folder);
        for (struct dirent *entry; list && (entry = readdir(list));)
            add_case((enum sea_adapter)i, folder, entry->d_name);
        if (list) closedir(list);
        if (cases_count == before) fail_msg("%s holds no recorded request", folder);
    }
    return 0;
}

static int close_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < cases_count; i++) {
        world_request_close(&cases[i].request);
        free((char *)(uintptr_t)cases[i].secrets.live[0].ptr);
        free((char *)(uintptr_t)cases[i].others.live[0].ptr);
        free((char *)(uintptr_t)cases[i].verify_token.live[0].ptr);
    }
    return 0;
}

#define FOR_EACH_CASE(each) for (struct recorded *each = cases; each < cases + cases_count; each++)
#define FOR_EACH_POST(each)                                                                        \
    FOR_EACH_CASE(each)                                                                            \
    if (!each->request.is_get)

static const struct ingest_adapter *adapter_of(const struct recorded *each)
{
    return ingest_adapter_of(each->adapter);
}

static size_t proofs(const struct ingest_adapter *adapter)
{
    size_t count = 0;
    while (count < INGEST_PROOF_MAX && adapter->proof[count]) count++;
    return count;
}

static enum ingest_verdict verify(const struct recorded *each, const struct world_request *request)
{
    struct world world;
    world_open(&world, each->adapter, request, &each->secrets, each->verify_token.live[0]);
    enum ingest_verdict verdict = ingest_verify(&world.hook);
    world_close(&world);
    return verdict;
}

/* What is found in the request, as text; or why it is refused, which must be named. */
static void parse(const struct recorded *each, const struct world_request *request,
                  struct sea_buf *ret)
{
    struct world world;
    world_open(&world, each->adapter, request, &each->secrets, each->verify_token.live[0]);
    if (ingest_parse(&world.hook, &world.items, &world.reply, &world.problem)) {
        world_check(&world);
        world_print(&world, ret);
    } else {
        assert_true(world.problem.status >= 400 && world.problem.status < 500);
        assert_true(world.problem.code && *world.problem.code && *world.problem.detail);
        sea_buf_printf(ret, "refused %d %s %s \"%s\"\n", world.problem.status, world.problem.code,
                       world.problem.field, world.problem.detail);
    }
    world_close(&world);
}

static void ask(const struct recorded *each, struct sea_buf *ret)
{
    struct world world;
    world_open(&world, each->adapter, &each->request, &each->secrets, each->verify_token.live[0]);
    world.reply = (struct ingest_reply){.status = 200, .content_type = "text/plain"};
    assert_non_null(adapter_of(each)->challenge);
    if (adapter_of(each)->challenge(&world.hook, &world.arena, &world.reply))
        world_print(&world, ret);
    else
        sea_buf_text(ret, "refused\n");
    world_close(&world);
}

/* ---- what is right ---- */

static void compare(const struct recorded *each, const struct sea_buf *got)
{
    char path[300];
    snprintf(path, sizeof(path), "%s.expected", each->path);
    if (getenv("SEADESK_RECORD")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(got->ptr, 1, got->len, file);
        fclose(file);
    }
    struct sea_str expected = read_file(path);
    if (!expected.ptr || !sea_str_eq(expected, sea_buf_view(got)))
        fail_msg("%s is not what was found:\n%.*s", path, (int)got->len, got->ptr);
    free((char *)(uintptr_t)expected.ptr);
}

static void a_recorded_request_means_what_stands_beside_it(void **state)
{
    (void)state;
    FOR_EACH_CASE(each)
    {
        struct sea_buf got = SEA_BUF(FILE_MAX);
        if (each->request.is_get)
            ask(each, &got);
        else
            parse(each, &each->request, &got);
        compare(each, &got);
        sea_buf_free(&got);
    }
}

static void a_recorded_request_is_authentic(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        enum ingest_verdict verdict = verify(each, &each->request);
        if (verdict != INGEST_AUTHENTIC)
            fail_msg("%s: %s", each->path, ingest_verdict_name(verdict));
    }
}

static void both_live_secrets_count(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct sea_secrets both = {.live = {each->others.live[0], each->secrets.live[0]},
                                   .count = 2};
        struct world world;
        world_open(&world, each->adapter, &each->request, &both, each->verify_token.live[0]);
        assert_int_equal(ingest_verify(&world.hook), INGEST_AUTHENTIC);
        world_close(&world);
    }
}

static void what_is_sent_again_has_the_same_ids(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct sea_buf first = SEA_BUF(FILE_MAX), second = SEA_BUF(FILE_MAX);
        parse(each, &each->request, &first);
        struct world_request later = each->request;
        later.received_at_ms += 60000;
        parse(each, &later, &second);
        assert_true(sea_str_eq(sea_buf_view(&first), sea_buf_view(&second)));
        sea_buf_free(&first);
        sea_buf_free(&second);
    }
}

/* ---- who may not ---- */

static void another_key_is_refused(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct world world;
        world_open(&world, each->adapter, &each->request, &each->others,
                   each->verify_token.live[0]);
        enum ingest_verdict verdict = ingest_verify(&world.hook);
        if (verdict != INGEST_BAD_SIGNATURE)
            fail_msg("%s: %s", each->path, ingest_verdict_name(verdict));
        world_close(&world);
    }
}

static void a_challenge_is_answered_differently_with_other_secrets(void **state)
{
    (void)state;
    FOR_EACH_CASE(each)
    {
        struct world world;
        struct sea_buf good = SEA_BUF(FILE_MAX), other = SEA_BUF(FILE_MAX);
        if (!each->request.is_get) continue;
        ask(each, &good);
        world_open(&world, each->adapter, &each->request, &each->others,
                   each->verify_token.live[0]);
        world.account.verify_token.live[0] = SEA_STR("another");
        world.reply = (struct ingest_reply){.status = 200, .content_type = "text/plain"};
        if (adapter_of(each)->challenge(&world.hook, &world.arena, &world.reply))
            world_print(&world, &other);
        assert_false(sea_str_eq(sea_buf_view(&good), sea_buf_view(&other)));
        world_close(&world);
        sea_buf_free(&good);
        sea_buf_free(&other);
    }
}

/* A request with one header changed, doubled or left out. */
enum header_change { HEADER_GONE, HEADER_DOUBLED, HEADER_EMPTY, HEADER_OTHER };
static enum ingest_verdict with_header(const struct recorded *each, const char *name,
                                       enum header_change change, struct sea_str value)
{
    struct world_request request = each->request;
    request.headers_count = 0;
    for (size_t i = 0; i < each->request.headers_count; i++) {
        struct sea_http_header header = each->request.headers[i];
        bool is_it = sea_str_is(header.name, name);
        if (is_it && change == HEADER_GONE) continue;
        if (is_it && change == HEADER_EMPTY) header.value = SEA_STR("");
        if (is_it && change == HEADER_OTHER) header.value = value;
        request.headers[request.headers_count++] = header;
        if (is_it && change == HEADER_DOUBLED) request.headers[request.headers_count++] = header;
    }
    return verify(each, &request);
}

static void a_missing_empty_or_doubled_header_is_refused_by_name(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        const struct ingest_adapter *adapter = adapter_of(each);
        const struct sea_str none = {NULL, 0};
        for (size_t i = 0; i < proofs(adapter); i++) {
            const char *name = adapter->proof[i];
            assert_int_equal(with_header(each, name, HEADER_GONE, none), INGEST_NO_SIGNATURE);
            assert_int_equal(with_header(each, name, HEADER_EMPTY, none), INGEST_NO_SIGNATURE);
            assert_int_equal(with_header(each, name, HEADER_DOUBLED, none), INGEST_DOUBLED_HEADER);
        }
    }
}

/* Upper and lower case of a hex digit are the same digit, of a scheme's name the same scheme. */
static bool is_same(const struct ingest_adapter *adapter, const char *value, size_t i)
{
    char c = value[i / 8];
    bool is_letter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (adapter->verify == ingest_verify_basic && i / 8 < strlen("Basic")) return i % 8 == 5;
    return adapter->scheme.encoding == INGEST_HEX && i % 8 == 5 && is_letter;
}

static void flip_header(const struct recorded *each, const char *name, struct sea_str value)
{
    char *copy = sea_alloc(value.len + 1);
    for (size_t i = 0; i<value.len * 8; i += value.len> 20 ? 9 : 1) {
        if (is_same(adapter_of(each), value.ptr, i)) continue;
        memcpy(copy, value.ptr, value.len);
        copy[i / 8] = (char)(copy[i / 8] ^ (1 << (i % 8)));
        struct sea_str other = {copy, value.len};
        if (with_header(each, name, HEADER_OTHER, other) == INGEST_AUTHENTIC)
            fail_msg("%s: %s with %.*s is taken", each->path, name, (int)other.len, other.ptr);
    }
    /* Cut, lengthened, with a NUL, twice as long. */
    char *longer = sea_alloc(2 * value.len + 2);
    memcpy(longer, value.ptr, value.len);
    memcpy(longer + value.len + 1, value.ptr, value.len);
    const struct sea_str others[] = {{value.ptr, value.len - 1},
                                     {value.ptr, value.len - 2},
                                     {longer, value.len + 1},
                                     {longer, 2 * value.len + 1},
                                     {value.ptr, 1},
                                     {value.ptr + 1, value.len - 1}};
    for (size_t i = 0; i < SEA_COUNT(others); i++)
        assert_int_not_equal(with_header(each, name, HEADER_OTHER, others[i]), INGEST_AUTHENTIC);
    free(longer);
    free(copy);
}

static void a_changed_header_is_refused(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct world world;
        world_open(&world, each->adapter, &each->request, &each->secrets,
                   each->verify_token.live[0]);
        for (size_t i = 0; i < proofs(adapter_of(each)); i++)
            flip_header(each, adapter_of(each)->proof[i],
                        ingest_header(&world.hook, adapter_of(each)->proof[i]));
        world_close(&world);
    }
}

static void hex_digits_count_in_either_case(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        const struct ingest_adapter *adapter = adapter_of(each);
        struct sea_str value = {NULL, 0};
        size_t skip = adapter->scheme.prefix ? strlen(adapter->scheme.prefix) : 0;
        if (adapter->verify != ingest_verify_mac || adapter->scheme.encoding != INGEST_HEX)
            continue;
        for (size_t i = 0; i < each->request.headers_count; i++)
            if (sea_str_is(each->request.headers[i].name, adapter->proof[0]))
                value = each->request.headers[i].value;
        char *upper = sea_str_dup(value);
        for (size_t i = skip; i < value.len; i++)
            if (upper[i] >= 'a' && upper[i] <= 'f') upper[i] = (char)(upper[i] - 'a' + 'A');
        assert_int_equal(with_header(each, adapter->proof[0], HEADER_OTHER, sea_str(upper)),
                         INGEST_AUTHENTIC);
        free(upper);
    }
}

/* Copies of the body with one bit changed: refused, or it means the very same. */
static void a_changed_body_is_refused_or_means_the_same(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct sea_buf same = SEA_BUF(FILE_MAX);
        struct world_request request = each->request;
        size_t len = request.body.len, step = len * 8 / FLIPS + 1;
        char *copy = sea_alloc(len + 1);
        request.body = (struct sea_str){copy, len};
        parse(each, &each->request, &same);
        for (size_t i = 0; i < len * 8 && !adapter_of(each)->is_body_unsigned; i += step) {
            struct sea_buf other = SEA_BUF(FILE_MAX);
            memcpy(copy, each->request.body.ptr, len);
            copy[i / 8] = (char)(copy[i / 8] ^ (1 << (i % 8)));
            if (verify(each, &request) == INGEST_AUTHENTIC) {
                parse(each, &request, &other);
                if (!sea_str_eq(sea_buf_view(&same), sea_buf_view(&other)))
                    fail_msg("%s: a forged body is taken: %.*s", each->path, (int)len, copy);
            }
            sea_buf_free(&other);
        }
        free(copy);
        sea_buf_free(&same);
    }
}

static void an_empty_or_cut_body_is_refused(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct world_request request = each->request;
        if (adapter_of(each)->is_body_unsigned) continue;
        request.body.len = 0;
        assert_int_not_equal(verify(each, &request), INGEST_AUTHENTIC);
        request.body.len = each->request.body.len / 2;
        assert_int_not_equal(verify(each, &request), INGEST_AUTHENTIC);
    }
}

static void a_signed_time_counts_within_its_window(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct world_request request = each->request;
        bool is_timed = adapter_of(each)->is_timed;
        int64_t at_ms = request.received_at_ms;
        request.received_at_ms = at_ms + 2 * WORLD_TOLERANCE_MS;
        assert_int_equal(verify(each, &request), is_timed ? INGEST_STALE : INGEST_AUTHENTIC);
        request.received_at_ms = at_ms - 2 * WORLD_TOLERANCE_MS;
        assert_int_equal(verify(each, &request), is_timed ? INGEST_FUTURE : INGEST_AUTHENTIC);
        request.received_at_ms = at_ms + 5 * INT64_C(1000) * YEAR_MS;
        assert_int_equal(verify(each, &request), is_timed ? INGEST_STALE : INGEST_AUTHENTIC);
        request.received_at_ms = at_ms + WORLD_TOLERANCE_MS / 2;
        assert_int_equal(verify(each, &request), INGEST_AUTHENTIC);
    }
}

/* ---- what can't be read ---- */

static void parse_body(const struct recorded *each, const char *body, size_t len)
{
    struct sea_buf ret = SEA_BUF(FILE_MAX);
    struct world_request request = each->request;
    char *exact = sea_alloc(len ? len : 1); /* so that a sanitizer sees a read behind it */
    memcpy(exact, body, len);
    request.body = (struct sea_str){exact, len};
    parse(each, &request, &ret);
    assert_true(verify(each, &request) <= INGEST_AUTHENTIC);
    sea_buf_free(&ret);
    free(exact);
}

static void another_content_type_is_refused(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct sea_buf ret = SEA_BUF(FILE_MAX);
        struct world_request request = each->request;
        if (adapter_of(each)->bodies & INGEST_ANY) continue;
        for (size_t i = 0; i < request.headers_count; i++)
            if (sea_str_is(request.headers[i].name, "content-type"))
                request.headers[i].value = SEA_STR("image/png");
        parse(each, &request, &ret);
        sea_buf_char(&ret, '\0');
        if (!strstr(ret.ptr, "refused 415 unsupported")) fail_msg("%s: %s", each->path, ret.ptr);
        sea_buf_free(&ret);
    }
}

static void cut_bodies_and_bytes_that_are_no_text_end_in_a_named_reason(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct sea_str body = each->request.body;
        char *copy = sea_alloc(body.len + 1);
        for (size_t i = 0; i <= SAMPLES; i++) {
            static const char BYTES[] = "\xff\0\xc3\xed";
            size_t at = body.len * i / (SAMPLES + 1);
            parse_body(each, body.ptr, at);
            memcpy(copy, body.ptr, body.len);
            for (size_t k = 0; k < sizeof(BYTES) - 1 && body.len; k++) {
                copy[at] = BYTES[k];
                parse_body(each, copy, body.len);
            }
        }
        free(copy);
    }
}

static void bombs_end_in_a_named_reason(void **state)
{
    static const char *const STARTS[] = {"[", "{\"a\":", "[{\"entry\":", "a=%", "&", "=", "--"};
    struct sea_buf bomb = SEA_BUF(FILE_MAX);
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(STARTS); i++) {
        sea_buf_reset(&bomb);
        while (bomb.len < 300000) sea_buf_text(&bomb, STARTS[i]);
        FOR_EACH_POST(each)
        parse_body(each, bomb.ptr, bomb.len);
    }
    sea_buf_free(&bomb);
}

/* The end of the JSON value at `at`. */
static size_t value_end(struct sea_str text, size_t at)
{
    bool is_quoted = false;
    int depth = 0;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        if (is_quoted) {
            if (c == '\\') at++;
            if (c == '"') is_quoted = false;
        } else if (c == '"') {
            is_quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth-- == 0) return at;
        } else if (c == ',' && depth == 0) {
            return at;
        }
    }
    return text.len;
}

/* The places where a value begins: behind every ':' that follows a name. */
static bool is_value_at(struct sea_str text, size_t at)
{
    return at > 1 && text.ptr[at - 1] == ':' && text.ptr[at - 2] == '"' && at < text.len;
}

static void replace(struct sea_buf *ret, struct sea_str text, size_t from, size_t to,
                    struct sea_str with)
{
    sea_buf_reset(ret);
    sea_buf_add(ret, text.ptr, from);
    sea_buf_str(ret, with);
    sea_buf_add(ret, text.ptr + to, text.len - to);
}

static void members_of_any_other_type_end_in_a_named_reason(void **state)
{
    static const char *const VALUES[] = {"null",
                                         "\"\"",
                                         "[]",
                                         "{}",
                                         "-1",
                                         "1e999",
                                         "true",
                                         "99999999999999999999999999",
                                         "\"x\\u0000y\"",
                                         "18446744073709551615",
                                         "[[{}],null,1]",
                                         "\"9999-99-99T99:99:99Z\""};
    (void)state;
    FOR_EACH_POST(each)
    {
        struct sea_str body = each->request.body;
        struct sea_buf other = SEA_BUF(FILE_MAX);
        for (size_t at = 0; at < body.len; at++) {
            if (!is_value_at(body, at)) continue;
            for (size_t i = 0; i < SEA_COUNT(VALUES); i++) {
                replace(&other, body, at, value_end(body, at), sea_str(VALUES[i]));
                parse_body(each, other.ptr, other.len);
            }
        }
        sea_buf_free(&other);
    }
}

/* Numbers and ids of a length that nobody sends, in JSON and in forms. */
static void texts_of_any_length_end_in_a_named_reason(void **state)
{
    struct sea_buf text = SEA_BUF(FILE_MAX), other = SEA_BUF(FILE_MAX);
    (void)state;
    while (text.len < 700) sea_buf_text(&text, "9");
    FOR_EACH_POST(each)
    {
        struct sea_str body = each->request.body;
        for (size_t at = 1; at < body.len; at++) {
            char before = body.ptr[at - 1];
            if (before != '=' && before != '"' && before != ':') continue;
            replace(&other, body, at, at, sea_buf_view(&text));
            parse_body(each, other.ptr, other.len);
        }
    }
    sea_buf_free(&text);
    sea_buf_free(&other);
}

static void a_thousand_events_in_one_body_are_taken_or_refused_whole(void **state)
{
    (void)state;
    FOR_EACH_POST(each)
    {
        struct sea_str body = each->request.body;
        struct sea_buf many = SEA_BUF(FILE_MAX), other = SEA_BUF(FILE_MAX);
        for (size_t at = 0; at < body.len; at++) {
            if (body.ptr[at] != '[' || body.len - at > 2500) continue;
            size_t end = value_end(body, at + 1);
            while (end < body.len && body.ptr[end] == ',') end = value_end(body, end + 1);
            if (end >= body.len || end == at + 1) continue;
            sea_buf_reset(&many);
            for (int i = 0; i < 1000; i++) {
                if (i) sea_buf_char(&many, ',');
                sea_buf_add(&many, body.ptr + at + 1, end - at - 1);
            }
            if (many.is_full) continue;
            replace(&other, body, at + 1, end, sea_buf_view(&many));
            if (!other.is_full) parse_body(each, other.ptr, other.len);
        }
        sea_buf_free(&many);
        sea_buf_free(&other);
    }
}

/* What an adapter serves stands in the corpus; what none serves comes as the generic message. */
static void CH_20_at_least_twenty_channel_codes_keep_this_contract(void **state)
{
    size_t codes = 0; /* CH-20 */
    const struct sea_channel *channel;
    (void)state;
    for (; (channel = sea_channel_at(codes)); codes++) {
        bool is_recorded = false;
        if (channel->adapter == SEA_ADAPTER_GENERIC) continue;
        FOR_EACH_POST(each) is_recorded |= each->request.channel == channel;
        if (!is_recorded) fail_msg("no recorded request of channel %s", channel->name);
    }
    assert_true(codes >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(CH_20_at_least_twenty_channel_codes_keep_this_contract),
        cmocka_unit_test(a_recorded_request_means_what_stands_beside_it),
        cmocka_unit_test(a_recorded_request_is_authentic),
        cmocka_unit_test(both_live_secrets_count),
        cmocka_unit_test(what_is_sent_again_has_the_same_ids),
        cmocka_unit_test(another_key_is_refused),
        cmocka_unit_test(a_challenge_is_answered_differently_with_other_secrets),
        cmocka_unit_test(a_missing_empty_or_doubled_header_is_refused_by_name),
        cmocka_unit_test(a_changed_header_is_refused),
        cmocka_unit_test(hex_digits_count_in_either_case),
        cmocka_unit_test(a_changed_body_is_refused_or_means_the_same),
        cmocka_unit_test(an_empty_or_cut_body_is_refused),
        cmocka_unit_test(a_signed_time_counts_within_its_window),
        cmocka_unit_test(another_content_type_is_refused),
        cmocka_unit_test(cut_bodies_and_bytes_that_are_no_text_end_in_a_named_reason),
        cmocka_unit_test(bombs_end_in_a_named_reason),
        cmocka_unit_test(members_of_any_other_type_end_in_a_named_reason),
        cmocka_unit_test(texts_of_any_length_end_in_a_named_reason),
        cmocka_unit_test(a_thousand_events_in_one_body_are_taken_or_refused_whole),
    };
    return cmocka_run_group_tests(tests, open_cases, close_cases);
}
