/* test_visitor.c: who a visitor is, by the token that the company's site signed. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "sea_cmocka.h"
#include "sea_mac.h"
#include "sea_visitor.h"

static const int64_t NOW = INT64_C(1799990000000);

static const struct sea_channel CHAT = {"chat", SEA_ADAPTER_GENERIC, SEA_CHANNEL_LIVE_CHAT};
static const struct sea_account ACCOUNTS[] = {
    {.channel = &CHAT,
     .name = "demo",
     .is_enabled = true,
     .secret = {{{"demo-chat-secret", 16}, {"the-new-one", 11}}, 2}},
    {.channel = &CHAT, .name = "closed", .secret = {{{"demo-chat-secret", 16}}, 1}},
    {.channel = &CHAT, .name = "bare", .is_enabled = true},
};
static const struct sea_channels CHANNELS = {.accounts = ACCOUNTS,
                                             .account_count = SEA_COUNT(ACCOUNTS)};

static void append(char *token, const void *bytes, size_t len)
{
    sodium_bin2base64(token + strlen(token), SEA_SESSION_BYTES_MAX - strlen(token), bytes, len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void sign(const char *header, const char *claims, const char *secret,
                 char ret[SEA_SESSION_BYTES_MAX])
{
    struct sea_mac *mac = NULL;
    uint8_t code[SEA_MAC_MOST_BYTES];
    *ret = '\0';
    append(ret, header, strlen(header));
    strcat(ret, ".");
    append(ret, claims, strlen(claims));
    const struct sea_str said = sea_str(ret);
    sea_mac_open(&mac, SEA_MAC_SHA256, sea_str(secret));
    size_t len = sea_mac_sign(mac, &said, 1, code);
    sea_mac_close(&mac);
    strcat(ret, ".");
    append(ret, code, len);
}

static bool is_good(struct sea_str token)
{
    struct sea_arena arena = SEA_ARENA(4096);
    struct sea_visitor visitor;
    bool is_read = sea_visitor_read(&CHANNELS, SEA_STR("chat"), token, NOW, &arena, &visitor);
    if (is_read) {
        assert_ptr_equal(visitor.account, &ACCOUNTS[0]);
        assert_str_equal(visitor.contact_id, "visitor-1");
        assert_int_equal(visitor.expires_ms, INT64_C(1800000000000));
    }
    sea_arena_free(&arena);
    return is_read;
}

static bool is_taken(const char *header, const char *claims, const char *secret)
{
    char token[SEA_SESSION_BYTES_MAX];
    sign(header, claims, secret, token);
    return is_good(sea_str(token));
}

static const char HS256[] = "{\"alg\":\"HS256\"}";
static const char CLAIMS[] = "{\"sub\":\"visitor-1\",\"aud\":\"demo\",\"exp\":1800000000}";

static void another_programs_token_is_read(void **state)
{
    (void)state;
    assert_true(
        is_good(SEA_STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                        "eyJzdWIiOiJ2aXNpdG9yLTEiLCJhdWQiOiJkZW1vIiwiZXhwIjoxODAwMDAwMDAwfQ."
                        "QK0TczTvVb7hEf4fnzBigxGcF0NR1J_w0X5dhM-XHX0")));
}

static void each_live_secret_signs(void **state)
{
    (void)state;
    assert_true(is_taken(HS256, CLAIMS, "demo-chat-secret"));
    assert_true(is_taken(HS256, CLAIMS, "the-new-one"));
    assert_false(is_taken(HS256, CLAIMS, "the-old-one"));
}

static void other_ways_of_signing_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\"}", "{\"alg\":\"HS512\"}", "{}", "[]", "{\"alg\":\"hs256\"}", "HS256"};
    for (size_t i = 0; i < SEA_COUNT(headers); i++)
        assert_false(is_taken(headers[i], CLAIMS, "demo-chat-secret"));
}

static void wrong_claims_are_refused(void **state)
{
    (void)state;
    static const char *const claims[] = {
        "{\"sub\":\"visitor-1\",\"aud\":\"demo\"}",
        "{\"sub\":\"visitor-1\",\"aud\":\"demo\",\"exp\":1799989999}", /* over */
        "{\"sub\":\"visitor-1\",\"aud\":\"demo\",\"exp\":1899989999}", /* for too long */
        "{\"sub\":\"visitor-1\",\"aud\":\"demo\",\"exp\":\"1800000000\"}",
        "{\"sub\":\"visitor-1\",\"aud\":\"demo\",\"exp\":-1}",
        "{\"sub\":\"visitor-1\",\"aud\":\"demo\",\"exp\":18446744073709551615}",
        "{\"sub\":\"visitor-1\",\"aud\":\"other\",\"exp\":1800000000}",
        "{\"sub\":\"visitor-1\",\"aud\":\"closed\",\"exp\":1800000000}",
        "{\"sub\":\"visitor-1\",\"exp\":1800000000}",
        "{\"sub\":\"\",\"aud\":\"demo\",\"exp\":1800000000}",
        "{\"sub\":7,\"aud\":\"demo\",\"exp\":1800000000}",
        "{\"aud\":\"demo\",\"exp\":1800000000}",
        "[]",
        "x",
    };
    for (size_t i = 0; i < SEA_COUNT(claims); i++)
        assert_false(is_taken(HS256, claims[i], "demo-chat-secret"));
    assert_false(
        is_taken(HS256, "{\"sub\":\"visitor-1\",\"aud\":\"bare\",\"exp\":1800000000}", ""));
}

static void a_token_that_was_touched_is_refused(void **state)
{
    (void)state;
    char token[SEA_SESSION_BYTES_MAX];
    sign(HS256, CLAIMS, "demo-chat-secret", token);
    size_t len = strlen(token);
    for (size_t i = 0; i < len; i++) {
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : 'A';
        assert_false(is_good((struct sea_str){token, len}));
        token[i] = kept;
    }
    for (size_t cut = 0; cut < len; cut++) assert_false(is_good((struct sea_str){token, cut}));
    strcat(token, ".");
    assert_false(is_good(sea_str(token)));
}

SEA_TESTS(cmocka_unit_test(another_programs_token_is_read),
          cmocka_unit_test(each_live_secret_signs),
          cmocka_unit_test(other_ways_of_signing_are_refused),
          cmocka_unit_test(wrong_claims_are_refused),
          cmocka_unit_test(a_token_that_was_touched_is_refused))
