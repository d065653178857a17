/* test_media_core.c: addresses, URLs, verdicts, what files are, and how providers hand them out. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "media_address.h"
#include "media_core.h"
#include "media_piece.h"
#include "media_provider.h"
#include "sea_cmocka.h"
#include "sea_enc.h"
#include "seadesk/v1/files.pb-c.h"

static bool is_public(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return media_address_is_public((const struct sockaddr *)&in);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return media_address_is_public((const struct sockaddr *)&in6);
}

static void only_addresses_of_the_public_internet_are_connected_to(void **state)
{
    (void)state;
    static const char *const PUBLIC[] = {
        "8.8.8.8",         "1.1.1.1",         "9.255.255.255",   "11.0.0.1",
        "100.63.255.255",  "100.128.0.1",     "126.255.255.255", "128.0.0.1",
        "169.253.1.1",     "169.255.1.1",     "168.63.129.17",   "172.15.0.1",
        "172.32.0.1",      "192.167.0.1",     "192.169.0.1",     "198.17.255.255",
        "198.20.0.1",      "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
        "2001:4860::8888",
    };
    static const char *const FORBIDDEN[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff:fff::1",
        "fd00:ec2::254",
    };
    for (size_t i = 0; i < SEA_COUNT(PUBLIC); i++)
        if (!is_public(PUBLIC[i])) fail_msg("%s is public", PUBLIC[i]);
    for (size_t i = 0; i < SEA_COUNT(FORBIDDEN); i++)
        if (is_public(FORBIDDEN[i])) fail_msg("%s is not public", FORBIDDEN[i]);
    assert_false(media_address_is_public(&(struct sockaddr){.sa_family = AF_UNIX}));
}

static const struct media_url_rules DEVELOPMENT = {
    .private_hosts = "127.0.0.1:8099, files.internal:80", .base = "http://127.0.0.1:7000/api"};
static const struct media_url_rules PRODUCTION = {.is_production = true,
                                                  .base = "https://graph.facebook.com"};

static void a_url_is_judged_as_it_will_be_called(void **state)
{
    (void)state;
    static const struct {
        const char *url, *reason;
        bool is_of_base, is_exempt, is_production;
    } CASES[] = {
        {"https://cdn.example.com/a.png?x=1", NULL, false, false, true},
        {"https://cdn.example.com:443/", NULL, false, false, true},
        {"http://cdn.example.com/a.png", NULL, false, false, false},
        {"http://cdn.example.com/a.png", "plain_http", false, false, true},
        {"https://graph.facebook.com/v23.0/1", NULL, true, true, true},
        {"http://graph.facebook.com/v23.0/1", "plain_http", false, false, true},
        {"https://graph.facebook.com.evil.example/", NULL, false, false, true},
        {"https://graph.facebook.com:8443/", "forbidden_port", false, false, true},
        {"http://127.0.0.1:8099/files/a", NULL, false, true, false},
        {"http://127.0.0.1:7000/file", NULL, true, true, false},
        {"http://127.0.0.1:8099/files/a", "plain_http", false, false, true},
        {"http://127.0.0.1:6379/", "forbidden_port", false, false, false},
        {"http://files.internal/x", NULL, false, true, false},
        {"http://2130706433:8099/x", NULL, false, true, false}, /* 127.0.0.1 after all */
        {"http://0x7f.1:8099/x", NULL, false, true, false},
        {"http://0177.0.0.1:7000/x", NULL, true, true, false},
        {"https://ana:secret@cdn.example.com/", "credentials", false, false, true},
        {"https://127.0.0.1:8099@evil.example/", "credentials", false, false, false},
        {"ftp://cdn.example.com/a", "bad_url", false, false, false},
        {"file:///etc/passwd", "bad_url", false, false, false},
        {"gopher://cdn.example.com/", "bad_url", false, false, false},
        {"//cdn.example.com/a", "bad_url", false, false, true},
        {"https://cdn.example.com/a b", "bad_url", false, false, true},
        {"https://", "bad_url", false, false, true},
        {"", "bad_url", false, false, true},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct media_url url = MEDIA_URL;
        const char *reason = media_url_judge(
            sea_str(CASES[i].url), CASES[i].is_production ? &PRODUCTION : &DEVELOPMENT, &url);
        if ((reason == NULL) != (CASES[i].reason == NULL) ||
            (reason != NULL && strcmp(reason, CASES[i].reason) != 0))
            fail_msg("%s: %s", CASES[i].url, reason != NULL ? reason : "taken");
        if (reason == NULL) {
            assert_int_equal(url.is_of_base, CASES[i].is_of_base);
            assert_int_equal(url.is_exempt, CASES[i].is_exempt);
        }
        media_url_free(&url);
    }
}

static void what_has_no_end_or_a_nul_inside_is_no_url(void **state)
{
    (void)state;
    struct media_url url = MEDIA_URL;
    struct sea_buf large = SEA_BUF(8192);
    sea_buf_text(&large, "https://cdn.example.com/");
    while (large.len <= MEDIA_URL_MAX_BYTES) sea_buf_char(&large, 'a');
    assert_string_equal(media_url_judge(sea_buf_view(&large), &PRODUCTION, &url), "bad_url");
    assert_string_equal(media_url_judge(SEA_STR("https://a.example/\0.png"), &PRODUCTION, &url),
                        "bad_url");
    sea_buf_free(&large);
    media_url_free(&url);
}

static void a_redirect_leads_where_it_says_and_is_judged_again(void **state)
{
    (void)state;
    static const struct {
        const char *location, *to;
    } CASES[] = {
        {"/other", "https://a.example/other"},
        {"next?x=1", "https://a.example/dir/next?x=1"},
        {"//b.example/x", "https://b.example/x"},
        {"http://169.254.169.254/latest", "http://169.254.169.254/latest"},
        {"", NULL},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_buf to = SEA_BUF(MEDIA_URL_MAX_BYTES);
        bool is_somewhere = media_url_follow(SEA_STR("https://a.example/dir/file"),
                                             sea_str(CASES[i].location), &to);
        assert_int_equal(is_somewhere, CASES[i].to != NULL);
        if (is_somewhere) assert_string_equal(to.ptr, CASES[i].to);
        sea_buf_free(&to);
    }
}

static void a_try_is_repeated_after_growing_waits_and_then_given_up(void **state)
{
    (void)state;
    static const int64_t WAITS_MS[] = {10000, 60000, 600000, 3600000, 21600000};
    for (uint32_t tries = 1; tries <= SEA_COUNT(WAITS_MS); tries++) {
        struct media_verdict verdict = media_again("timeout", tries, 0);
        assert_int_equal(verdict.state, MEDIA_PENDING);
        assert_int_equal(verdict.after_ms, WAITS_MS[tries - 1]);
        assert_string_equal(verdict.reason, "timeout");
    }
    assert_int_equal(media_again("timeout", SEA_COUNT(WAITS_MS) + 1, 0).state, MEDIA_FAILED);
    assert_int_equal(media_again("http_429", 1, 90000).after_ms, 90000);
    assert_int_equal(media_again("http_429", 2, 1000).after_ms, 60000);
    assert_int_equal(media_again("http_429", 1, INT64_MAX).after_ms, 86400000);
}

static void each_answer_has_its_verdict(void **state)
{
    (void)state;
    static const struct {
        struct media_answer answer;
        enum media_state state;
        const char *reason;
    } CASES[] = {
        {{.status = 200}, MEDIA_DONE, ""},
        {{.status = 202}, MEDIA_PENDING, "http_202"},
        {{.status = 204}, MEDIA_FAILED, "http_204"},
        {{.status = 400}, MEDIA_FAILED, "http_400"},
        {{.status = 401}, MEDIA_FAILED, "http_401"},
        {{.status = 401, .has_token = true}, MEDIA_PENDING, "http_401"},
        {{.status = 403, .has_token = true}, MEDIA_PENDING, "http_403"},
        {{.status = 404, .has_token = true}, MEDIA_FAILED, "http_404"},
        {{.status = 408}, MEDIA_PENDING, "http_408"},
        {{.status = 410}, MEDIA_FAILED, "http_410"},
        {{.status = 425}, MEDIA_PENDING, "http_425"},
        {{.status = 429, .retry_after_ms = 5000}, MEDIA_PENDING, "http_429"},
        {{.status = 500}, MEDIA_PENDING, "http_500"},
        {{.status = 599}, MEDIA_PENDING, "http_599"},
        {{.is_timeout = true}, MEDIA_PENDING, "timeout"},
        {{.status = 0}, MEDIA_PENDING, "unreachable"},
        {{.is_too_large = true}, MEDIA_REFUSED, "too_large"},
        {{.is_forbidden = true}, MEDIA_REFUSED, "forbidden_address"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct media_verdict verdict = media_judge(&CASES[i].answer, 1);
        assert_int_equal(verdict.state, CASES[i].state);
        assert_string_equal(verdict.reason, CASES[i].reason);
    }
}

static void of_one_contact_a_gib_is_kept_and_no_more(void **state)
{
    (void)state;
    static const struct {
        uint64_t kept, file;
        enum media_state state;
    } CASES[] = {
        {0, 1, MEDIA_DONE},
        {0, MEDIA_CONTACT_MAX_BYTES, MEDIA_DONE},
        {MEDIA_CONTACT_MAX_BYTES - 5, 5, MEDIA_DONE},
        {MEDIA_CONTACT_MAX_BYTES - 5, 6, MEDIA_REFUSED},
        {MEDIA_CONTACT_MAX_BYTES, 1, MEDIA_REFUSED},
        {UINT64_MAX, 2, MEDIA_REFUSED},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++)
        assert_int_equal(media_quota(CASES[i].kept, CASES[i].file).state, CASES[i].state);
    assert_string_equal(media_quota(MEDIA_CONTACT_MAX_BYTES, 1).reason, "quota");
}

static void what_a_file_is_stands_in_its_bytes(void **state)
{
    (void)state;
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }
    static const struct {
        struct sea_str bytes;
        const char *mime;
    } CASES[] = {
        {BYTES("\xff\xd8\xff\xe0 jpeg"), "image/jpeg"},
        {BYTES("\x89PNG\r\n\x1a\n..."), "image/png"},
        {BYTES("GIF89a"), "image/gif"},
        {BYTES("RIFF\1\2\3\4WEBPVP8 "), "image/webp"},
        {BYTES("RIFF\1\2\3\4WAVEfmt "), "audio/wav"},
        {BYTES("\0\0\0\x18"
               "ftypheic"),
         "image/heic"},
        {BYTES("\0\0\0\x18"
               "ftypisom"),
         "video/mp4"},
        {BYTES("\0\0\0\x18"
               "ftypM4A "),
         "audio/mp4"},
        {BYTES("OggS\0\2"), "audio/ogg"},
        {BYTES("#!AMR\n"), "audio/amr"},
        {BYTES("%PDF-1.7"), "application/pdf"},
        {BYTES("PK\3\4word/document.xml"), "application/zip"},
        {BYTES("<html><script>alert(1)</script>"), "text/plain"},
        {BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), "text/plain"},
        {BYTES("a\0b"), "application/octet-stream"},
        {BYTES("\xc3\x28"), "application/octet-stream"},
        {BYTES("\xff\xd8"), "application/octet-stream"},
        {BYTES(""), "application/octet-stream"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++)
        assert_string_equal(media_mime_of(CASES[i].bytes), CASES[i].mime);
}

static struct sea_account account_of(enum sea_adapter adapter, const char *base)
{
    return (struct sea_account){.adapter = adapter,
                                .login = "AC1",
                                .files_base = base,
                                .files_token = {.live = {SEA_STR("tok")}, .count = 1}};
}

static void each_provider_is_asked_in_its_own_way(void **state)
{
    (void)state;
    static const struct {
        enum sea_adapter adapter;
        const char *url, *id, *called, *reason;
        bool is_lookup;
    } CASES[] = {
        {SEA_ADAPTER_WHATSAPP, "", "123", "https://p.example/v23.0/123", NULL, true},
        {SEA_ADAPTER_LINE, "", "9", "https://p.example/v2/bot/message/9/content", NULL, false},
        {SEA_ADAPTER_TELEGRAM, "", "Ag_-x", "https://p.example/bottok/getFile?file_id=Ag_-x", NULL,
         true},
        {SEA_ADAPTER_MESSENGER, "https://cdn.example/a", "", "https://cdn.example/a", NULL, false},
        {SEA_ADAPTER_LINE, "https://cdn.example/a", "9", "https://cdn.example/a", NULL, false},
        {SEA_ADAPTER_WHATSAPP, "", "../me", NULL, "no_address", false},
        {SEA_ADAPTER_WHATSAPP, "", "1?a=b", NULL, "no_address", false},
        {SEA_ADAPTER_TIKTOK, "", "123", NULL, "no_address", false},
        {SEA_ADAPTER_GENERIC, "", "", NULL, "no_address", false},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_account account = account_of(CASES[i].adapter, "https://p.example");
        struct media_call call = MEDIA_CALL;
        const char *reason =
            media_provider_first(&account, sea_str(CASES[i].url), sea_str(CASES[i].id), &call);
        if (CASES[i].reason == NULL) {
            assert_null(reason);
            assert_string_equal(call.url.ptr, CASES[i].called);
            assert_int_equal(call.is_lookup, CASES[i].is_lookup);
        } else {
            assert_string_equal(reason, CASES[i].reason);
        }
        media_call_free(&call);
    }
    struct sea_account bare = {.adapter = SEA_ADAPTER_LINE};
    struct media_call call = MEDIA_CALL;
    assert_string_equal(media_provider_first(&bare, SEA_STR(""), SEA_STR("9"), &call), "no_token");
    media_call_free(&call);
}

static void an_answer_that_names_the_file_leads_to_it(void **state)
{
    (void)state;
    static const struct {
        enum sea_adapter adapter;
        const char *json, *called;
    } CASES[] = {
        {SEA_ADAPTER_WHATSAPP, "{\"url\":\"https://f.example/x\"}", "https://f.example/x"},
        {SEA_ADAPTER_WHATSAPP, "{\"url\":7}", NULL},
        {SEA_ADAPTER_WHATSAPP, "{", NULL},
        {SEA_ADAPTER_TELEGRAM, "{\"result\":{\"file_path\":\"photos/file_0.jpg\"}}",
         "https://p.example/file/bottok/photos/file_0.jpg"},
        {SEA_ADAPTER_TELEGRAM, "{\"result\":{\"file_path\":\"../../bot/x\"}}", NULL},
        {SEA_ADAPTER_TELEGRAM, "{\"result\":{\"file_path\":\"a/../b\"}}", NULL},
        {SEA_ADAPTER_TELEGRAM, "{\"result\":{\"file_path\":\"/etc\"}}", NULL},
        {SEA_ADAPTER_TELEGRAM, "{\"result\":{\"file_path\":\"a?b\"}}", NULL},
        {SEA_ADAPTER_TELEGRAM, "{\"ok\":true}", NULL},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_account account = account_of(CASES[i].adapter, "https://p.example");
        struct media_call call = MEDIA_CALL;
        bool is_found = media_provider_found(&account, sea_str(CASES[i].json), &call);
        assert_int_equal(is_found, CASES[i].called != NULL);
        if (is_found) assert_string_equal(call.url.ptr, CASES[i].called);
        media_call_free(&call);
    }
}

static void a_token_is_shown_to_its_provider_alone(void **state)
{
    (void)state;
    static const struct {
        enum sea_adapter adapter;
        const char *url, *header;
    } CASES[] = {
        {SEA_ADAPTER_WHATSAPP, "https://p.example/v23.0/1", "Authorization: Bearer tok"},
        {SEA_ADAPTER_WHATSAPP, "https://lookaside.fbsbx.com/x", "Authorization: Bearer tok"},
        {SEA_ADAPTER_WHATSAPP, "http://lookaside.fbsbx.com/x", ""},
        {SEA_ADAPTER_WHATSAPP, "https://lookaside.fbsbx.com.evil.example/x", ""},
        {SEA_ADAPTER_WHATSAPP, "https://evil.example/lookaside.fbsbx.com", ""},
        {SEA_ADAPTER_LINE, "https://p.example/v2/bot/message/9/content",
         "Authorization: Bearer tok"},
        {SEA_ADAPTER_LINE, "https://lookaside.fbsbx.com/x", ""},
        {SEA_ADAPTER_TWILIO_SMS, "https://p.example/m", "Authorization: Basic QUMxOnRvaw=="},
        {SEA_ADAPTER_TWILIO_SMS, "https://media.twiliocdn.com/m", ""},
        {SEA_ADAPTER_SLACK, "https://p.example/files", "Authorization: Bearer tok"},
        {SEA_ADAPTER_TELEGRAM, "https://p.example/file/bottok/x", ""},
        {SEA_ADAPTER_MESSENGER, "https://p.example/x", ""},
        {SEA_ADAPTER_MAILGUN, "https://p.example/v3/d/messages/1/attachments/0",
         "Authorization: Basic YXBpOnRvaw=="},
        {SEA_ADAPTER_MAILGUN, "https://storage-us-east4.api.mailgun.net/v3/x", ""},
    };
    struct media_url_rules rules = {.base = "https://p.example"};
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_account account = account_of(CASES[i].adapter, "https://p.example");
        struct media_call call = MEDIA_CALL;
        struct media_url url = MEDIA_URL;
        assert_null(media_url_judge(sea_str(CASES[i].url), &rules, &url));
        call.is_ours = true;
        media_provider_authorize(&account, &url, &call);
        assert_true(sea_str_is(sea_buf_view(&call.authorization), CASES[i].header));
        assert_int_equal(call.has_token,
                         CASES[i].header[0] != '\0' || CASES[i].adapter == SEA_ADAPTER_TELEGRAM);
        media_provider_authorize(NULL, &url, &call);
        assert_false(call.has_token || call.authorization.len > 0);
        media_call_free(&call);
        media_url_free(&url);
    }
}

static void mailguns_key_is_shown_to_mailgun_where_it_is_mailguns(void **state)
{
    (void)state;
    static const struct {
        const char *base, *url;
        bool is_shown;
    } CASES[] = {
        {"https://api.mailgun.net", "https://storage-us-east4.api.mailgun.net/v3/x", true},
        {"https://api.eu.mailgun.net", "https://api.eu.mailgun.net/v3/x", true},
        {"https://api.mailgun.net", "http://storage-us-east4.api.mailgun.net/v3/x", false},
        {"https://api.mailgun.net", "https://api.mailgun.net:8443/v3/x", false},
        {"https://api.mailgun.net", "https://evilapi.mailgun.net/v3/x", false},
        {"https://api.mailgun.net", "https://api.mailgun.net.evil.example/v3/x", false},
        {"https://api.mailgun.net", "https://evil.example/api.mailgun.net", false},
        {"https://gateway.example", "https://api.mailgun.net/v3/x", false},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct media_url_rules rules = {.base = CASES[i].base};
        struct sea_account account = account_of(SEA_ADAPTER_MAILGUN, CASES[i].base);
        struct media_call call = MEDIA_CALL;
        struct media_url url = MEDIA_URL;
        if (media_url_judge(sea_str(CASES[i].url), &rules, &url) == NULL) {
            media_provider_authorize(&account, &url, &call);
            if (call.has_token != CASES[i].is_shown) fail_msg("%s", CASES[i].url);
        } else {
            assert_false(CASES[i].is_shown);
        }
        media_call_free(&call);
        media_url_free(&url);
    }
}

static void an_address_that_a_message_names_sees_no_token_of_those_who_go_by_id(void **state)
{
    (void)state;
    struct media_url_rules rules = {.base = "https://p.example"};
    struct sea_account account = account_of(SEA_ADAPTER_LINE, "https://p.example");
    struct media_call call = MEDIA_CALL;
    struct media_url url = MEDIA_URL;
    struct sea_str named = SEA_STR("https://p.example/v2/bot/message/10/content");
    assert_null(media_provider_first(&account, named, SEA_STR(""), &call));
    assert_null(media_url_judge(sea_buf_view(&call.url), &rules, &url));
    media_provider_authorize(&account, &url, &call);
    assert_int_equal(call.authorization.len, 0);
    media_call_free(&call);
    media_url_free(&url);
}

static void what_came_is_held_against_what_was_told(void **state)
{
    (void)state;
    uint8_t told[MEDIA_DIGEST_BYTES], found[MEDIA_DIGEST_BYTES];
    assert_true(sea_hex_parse(
        SEA_STR("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"), told, 32));
    assert_int_equal(media_check(SEA_STR("hello"), told, found).state, MEDIA_DONE);
    assert_memory_equal(found, told, sizeof(told));
    assert_int_equal(media_check(SEA_STR("hello"), NULL, found).state, MEDIA_DONE);
    struct media_verdict verdict = media_check(SEA_STR("hellO"), told, found);
    assert_int_equal(verdict.state, MEDIA_REFUSED);
    assert_string_equal(verdict.reason, "digest");
    verdict = media_check(SEA_STR(""), told, found);
    assert_int_equal(verdict.state, MEDIA_FAILED);
    assert_string_equal(verdict.reason, "empty");
}

static bool is_piece(const Seadesk__V1__FilePiece *piece, struct media_piece *ret)
{
    static uint8_t bytes[1024];
    static struct sea_arena arena = SEA_ARENA(1 << 16);
    sea_arena_reset(&arena);
    size_t len = protobuf_c_message_pack(&piece->base, bytes);
    bool is_read = media_piece_read((struct sea_str){(char *)bytes, len}, &arena, ret);
    assert_false(media_piece_read((struct sea_str){(char *)bytes, len - 1}, &arena, ret) &&
                 ret->sealed.len == piece->sealed.len);
    return is_read;
}

static void a_piece_is_read_within_its_bounds(void **state)
{
    (void)state;
    uint8_t key[16] = "0123456789abcde", id[16] = "edcba9876543210", sealed[] = "sealed";
    struct media_piece piece;
    Seadesk__V1__FilePiece good = SEADESK__V1__FILE_PIECE__INIT;
    good.contact_key = (ProtobufCBinaryData){sizeof(key), key};
    good.message_id = (ProtobufCBinaryData){sizeof(id), id};
    good.index = MEDIA_ATTACHMENTS_MAX - 1;
    good.piece = MEDIA_PIECES_MAX - 1;
    good.pieces = MEDIA_PIECES_MAX;
    good.received_at_ms = 1763800000000;
    good.sealed = (ProtobufCBinaryData){6, sealed};
    assert_true(is_piece(&good, &piece));
    assert_memory_equal(piece.contact.bytes, key, sizeof(key));
    assert_memory_equal(piece.message_id.bytes, id, sizeof(id));
    assert_int_equal(piece.index, 19);
    assert_int_equal(piece.piece, MEDIA_PIECES_MAX - 1);
    assert_int_equal(piece.received_at_ms, 1763800000000);
    assert_true(sea_str_is(piece.sealed, "sealed"));
    for (int i = 0; i < 6; i++) {
        Seadesk__V1__FilePiece bad = good;
        if (i == 0) bad.contact_key.len = 15;
        if (i == 1) bad.message_id.len = 0;
        if (i == 2) bad.index++;
        if (i == 3) bad.piece++;
        if (i == 4) bad.pieces++;
        if (i == 5) bad.pieces = 0;
        assert_false(is_piece(&bad, &piece));
    }
}

static void a_message_says_of_no_file_that_it_has_more_pieces_than_one_can(void **state)
{
    (void)state;
    Seadesk__V1__Attachment fetched = SEADESK__V1__ATTACHMENT__INIT, inside = fetched;
    Seadesk__V1__Attachment *attachments[] = {&fetched, &inside};
    Seadesk__V1__MessageBody body = SEADESK__V1__MESSAGE_BODY__INIT;
    assert_true(media_pieces_fit(&body));
    body.attachments = attachments;
    body.n_attachments = 2;
    inside.pieces = MEDIA_PIECES_MAX;
    assert_true(media_pieces_fit(&body));
    inside.pieces = MEDIA_PIECES_MAX + 1;
    assert_false(media_pieces_fit(&body));
    inside.pieces = UINT32_MAX;
    assert_false(media_pieces_fit(&body));
}

SEA_TESTS(cmocka_unit_test(only_addresses_of_the_public_internet_are_connected_to),
          cmocka_unit_test(a_url_is_judged_as_it_will_be_called),
          cmocka_unit_test(what_has_no_end_or_a_nul_inside_is_no_url),
          cmocka_unit_test(a_redirect_leads_where_it_says_and_is_judged_again),
          cmocka_unit_test(a_try_is_repeated_after_growing_waits_and_then_given_up),
          cmocka_unit_test(each_answer_has_its_verdict),
          cmocka_unit_test(of_one_contact_a_gib_is_kept_and_no_more),
          cmocka_unit_test(what_a_file_is_stands_in_its_bytes),
          cmocka_unit_test(what_came_is_held_against_what_was_told),
          cmocka_unit_test(a_piece_is_read_within_its_bounds),
          cmocka_unit_test(a_message_says_of_no_file_that_it_has_more_pieces_than_one_can),
          cmocka_unit_test(each_provider_is_asked_in_its_own_way),
          cmocka_unit_test(an_answer_that_names_the_file_leads_to_it),
          cmocka_unit_test(a_token_is_shown_to_its_provider_alone),
          cmocka_unit_test(mailguns_key_is_shown_to_mailgun_where_it_is_mailguns),
          cmocka_unit_test(an_address_that_a_message_names_sees_no_token_of_those_who_go_by_id))
