/* How providers sign, by the examples of their documentation: schemes, tokens, times, public keys.
 */
#include "ingest_adapter.h"
#include "sea_cmocka.h"

static struct sea_account account;

/* A request with these two headers, checked by `adapter`. */
static enum ingest_verdict check(const struct ingest_adapter *adapter, const char *secret,
                                 struct sea_str signature, const char *time, const char *body,
                                 int64_t now_ms)
{
    struct ingest_keys keys = {.count = 0};
    const struct sea_secrets secrets = {.live = {sea_str(secret)}, .count = 1};
    struct sea_http_header headers[] = {{sea_str(adapter->proof[0]), signature},
                                        {sea_str(adapter->proof[1]), sea_str(time)}};
    struct ingest_webhook hook = {.adapter = adapter,
                                  .account = &account,
                                  .keys = &keys,
                                  .query = sea_str(time),
                                  .body = sea_str(body),
                                  .headers = headers,
                                  .headers_count = adapter->proof[1] ? 2 : 1,
                                  .now_ms = now_ms,
                                  .tolerance_ms = 300000};
    assert_true(ingest_keys_open(&keys, adapter->secret, &secrets));
    enum ingest_verdict verdict = ingest_verify(&hook);
    ingest_keys_close(&keys);
    return verdict;
}

static const struct {
    struct ingest_scheme scheme;
    bool is_timed;
    const char *secret, *time, *body, *signature;
    int64_t now_s;
} EXAMPLES[] = {
    {{INGEST_HEX, "sha256=", NULL},
     false,
     "secret",
     NULL,
     "test",
     "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914",
     0},
    {{INGEST_HEX, "sha256=", NULL},
     false,
     "secret",
     NULL,
     "{\"t\":\"\\u00e4\"}",
     "sha256=f4db78ab49589fbaef2dba2d8e6201d84f22fe9bd22039be15755b42efcf3501",
     0},
    {{INGEST_BASE64, NULL, NULL},
     false,
     "line-channel-secret",
     NULL,
     "{\"destination\":\"U00000000000000000000000000000000\",\"events\":[]}",
     "UYqjSo+a7IUsVpkL3cNh2SxDep/YJoCxQ5xe4o6dYcY=",
     0},
    {{INGEST_BASE64, NULL, NULL},
     false,
     "hush",
     NULL,
     "{\"id\":820982911946154508,\"topic\":\"orders/create\"}",
     "ka6PXM9qsYOgc2yVLS9P7fXbFBg3K6c3/iyC1E9mS2Y=",
     0},
    {{INGEST_HEX, "v0=", "v0:%t:%b"},
     true,
     "slack-signing",
     "1531420618",
     "{\"type\":\"event_callback\"}",
     "v0=84e6d8fe8d2ad0bf04d69b4ec80d3d7a15eb265cf66cd906b09245a04ab14580",
     1531420618},
    {{INGEST_BASE64, NULL, "%t%b"},
     true,
     "zd-secret",
     "2021-03-25T05:09:27Z",
     "{\"foo\":\"bar\"}",
     "ZHuFm2BOKsN88pdT76k+FVowwEtL2q7SS50ovfL0zeo=",
     1616648967},
    {{INGEST_HEX, NULL, "%t"},
     true,
     "2e55b9a3-4dd1-4416-9897-c4bd1e3d738f",
     "1662371528",
     "",
     "a37084ab68ae16b77db1f8463f31be9fcc965e2515e03efecf8139bb1e511b06",
     1662371528},
    {{INGEST_HEX, NULL, "%t%b"},
     true,
     "mg-key",
     "1529006854",
     "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0",
     "f7e80ee8bd41472a763a777a328232bd87b36e644a1d03756d99eb0e403abc15",
     1529006854},
    {{INGEST_BASE64, NULL, NULL},
     false,
     "as-secret",
     NULL,
     "{\"event\":\"tracking_update\"}",
     "bMuD6ELioB39xlrLRrpfieOfOGpEUkNgXXSwxU3l1oo=",
     0},
};

static void the_examples_of_the_providers_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(EXAMPLES); i++) {
        struct ingest_adapter adapter = {
            .proof = {"x-sign", EXAMPLES[i].is_timed ? "x-time" : NULL},
            .scheme = EXAMPLES[i].scheme,
            .is_timed = EXAMPLES[i].is_timed,
            .verify = ingest_verify_mac};
        struct sea_str signature = sea_str(EXAMPLES[i].signature);
        assert_int_equal(check(&adapter, EXAMPLES[i].secret, signature, EXAMPLES[i].time,
                               EXAMPLES[i].body, EXAMPLES[i].now_s * 1000),
                         INGEST_AUTHENTIC);
        signature.len--;
        assert_int_equal(check(&adapter, EXAMPLES[i].secret, signature, EXAMPLES[i].time,
                               EXAMPLES[i].body, EXAMPLES[i].now_s * 1000),
                         INGEST_BAD_SIGNATURE);
    }
}

static const struct {
    enum sea_adapter adapter;
    const char *secret, *time, *body, *signature;
    int64_t now_s;
} OF_ADAPTERS[] = {
    {SEA_ADAPTER_SHOPIFY, "hush", NULL, "{\"id\":820982911946154508,\"topic\":\"orders/create\"}",
     "ka6PXM9qsYOgc2yVLS9P7fXbFBg3K6c3/iyC1E9mS2Y=", 0},
    {SEA_ADAPTER_AFTERSHIP, "as-secret", NULL, "{\"event\":\"tracking_update\"}",
     "bMuD6ELioB39xlrLRrpfieOfOGpEUkNgXXSwxU3l1oo=", 0},
    {SEA_ADAPTER_TRACK17, "seventeen-key", NULL,
     "{\"event\":\"TRACKING_UPDATED\",\"data\":{\"number\":\"RR123456789CN\",\"carrier\":3011}}",
     "f21b423100510d70425296e985aee29f4840ea587d9efe0dad5e2bd18027b36f", 0},
    {SEA_ADAPTER_EASYPOST,
     "s\xc3\xa9"
     "cret",
     NULL, "{\"id\":\"evt_1\"}",
     "hmac-sha256-hex=648a648ccf2d4fb82924f631da8d92ecfb4d0e8406023c78f9a215117f1ac4d0", 0},
    {SEA_ADAPTER_ZENDESK, "zd-secret", "2021-03-25T05:09:27Z", "{\"foo\":\"bar\"}",
     "ZHuFm2BOKsN88pdT76k+FVowwEtL2q7SS50ovfL0zeo=", 1616648967},
    {SEA_ADAPTER_TRACKINGMORE, "2e55b9a3-4dd1-4416-9897-c4bd1e3d738f", "1662371528", "",
     "a37084ab68ae16b77db1f8463f31be9fcc965e2515e03efecf8139bb1e511b06", 1662371528},
};

static void the_adapters_take_the_examples_of_their_providers(void **state)
{
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(OF_ADAPTERS); i++) {
        struct sea_str signature = sea_str(OF_ADAPTERS[i].signature);
        for (size_t cut = 0; cut < 2; cut++, signature.len--)
            assert_int_equal(check(ingest_adapter_of(OF_ADAPTERS[i].adapter), OF_ADAPTERS[i].secret,
                                   signature, OF_ADAPTERS[i].time, OF_ADAPTERS[i].body,
                                   OF_ADAPTERS[i].now_s * 1000),
                             cut ? INGEST_BAD_SIGNATURE : INGEST_AUTHENTIC);
    }
}

static void a_secret_that_is_no_text_opens_no_key(void **state)
{
    struct ingest_keys keys = {.count = 0};
    const struct sea_secrets secrets = {.live = {SEA_STR("\xff\xfe")}, .count = 1};
    (void)state;
    assert_false(ingest_keys_open(&keys, INGEST_SECRET_NFKD, &secrets));
    assert_int_equal(keys.count, 0);
}

static void a_signed_time_is_stale_or_of_the_future_to_the_millisecond(void **state)
{
    struct ingest_webhook hook = {.now_ms = INT64_C(1531420618000), .tolerance_ms = 300000};
    static const struct {
        const char *time;
        enum ingest_verdict verdict;
    } CASES[] = {
        {"1531420318", INGEST_AUTHENTIC},
        {"1531420317", INGEST_STALE},
        {"1531420918", INGEST_AUTHENTIC},
        {"1531420919", INGEST_FUTURE},
        {"1531420317999", INGEST_STALE},
        {"1531420318000", INGEST_AUTHENTIC},
        {"2018-07-12T18:36:58Z", INGEST_AUTHENTIC},
        {"2018-07-12T18:31:57.999Z", INGEST_STALE},
        {"", INGEST_BAD_TIME},
        {"-1", INGEST_BAD_TIME},
        {"0", INGEST_BAD_TIME},
        {"99999999999999999999", INGEST_BAD_TIME},
        {"18446744073709551615", INGEST_BAD_TIME},
        {"yesterday", INGEST_BAD_TIME},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++)
        assert_int_equal(ingest_check_time(&hook, sea_str(CASES[i].time)), CASES[i].verdict);
}

static void tokens_and_passwords_are_equal_only_whole(void **state)
{
    const struct ingest_adapter token = {.secret = INGEST_SECRET_PLAIN,
                                         .proof = {"x-token"},
                                         .verify = ingest_verify_token},
                                basic = {.secret = INGEST_SECRET_PLAIN,
                                         .proof = {"authorization"},
                                         .verify = ingest_verify_basic};
    static const struct {
        const char *token, *basic;
        enum ingest_verdict verdict;
    } CASES[] = {
        {"open:sesame", "Basic b3BlbjpzZXNhbWU=", INGEST_AUTHENTIC},
        {"open:sesam", "Basic b3BlbjpzZXNhbQ==", INGEST_BAD_SIGNATURE},
        {"open:sesamee", "b3BlbjpzZXNhbWU=", INGEST_BAD_SIGNATURE},
        {"OPEN:SESAME", "Basic open:sesame", INGEST_BAD_SIGNATURE},
        {" ", "Bearer b3BlbjpzZXNhbWU=", INGEST_BAD_SIGNATURE},
        {"", "", INGEST_NO_SIGNATURE},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        assert_int_equal(check(&token, "open:sesame", sea_str(CASES[i].token), NULL, "", 0),
                         CASES[i].verdict);
        assert_int_equal(check(&basic, "open:sesame", sea_str(CASES[i].basic), NULL, "", 0),
                         CASES[i].verdict);
    }
}

/* SendGrid, "Event Webhook security": ECDSA over the time and the body. */
static const char SENDGRID_KEY[] =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGh"
    "HPTnlvFYPAZFceEu/1FwCM/QmGUhA==";

static void sendgrids_example_fits_its_public_key(void **state)
{
    struct sea_pubkey *key;
    const char *good = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQs"
                       "bVRamr2nlxFDWYNH2j/0=";
    struct sea_str parts[] = {
        SEA_STR("1588788367"),
        SEA_STR("{\"category\":\"example_payload\",\"event\":\"test_event\",\"message_id\":"
                "\"message_id\"}")};
    (void)state;
    assert_true(sea_pubkey_open(&key, sea_str(SENDGRID_KEY)));
    assert_true(sea_pubkey_is_base64(key, SEA_MAC_SHA256, parts, 2, sea_str(good)));
    assert_false(sea_pubkey_is_base64(key, SEA_MAC_SHA1, parts, 2, sea_str(good)));
    assert_false(sea_pubkey_is_base64(key, SEA_MAC_SHA256, parts, 1, sea_str(good)));
    assert_false(sea_pubkey_is_base64(key, SEA_MAC_SHA256, parts, 2, sea_str(good + 4)));
    assert_false(sea_pubkey_is_base64(key, SEA_MAC_SHA256, parts, 2, SEA_STR("")));
    parts[1].len--;
    assert_false(sea_pubkey_is_base64(key, SEA_MAC_SHA256, parts, 2, sea_str(good)));
    sea_pubkey_close(&key);
}

static void what_is_no_public_key_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "", "secret", "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "MFkwEwYHKoZIzj0CAQYI"};
    struct sea_pubkey *key;
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(TEXTS); i++)
        assert_false(sea_pubkey_open(&key, sea_str(TEXTS[i])));
}

SEA_TESTS(cmocka_unit_test(the_examples_of_the_providers_are_accepted),
          cmocka_unit_test(the_adapters_take_the_examples_of_their_providers),
          cmocka_unit_test(a_secret_that_is_no_text_opens_no_key),
          cmocka_unit_test(a_signed_time_is_stale_or_of_the_future_to_the_millisecond),
          cmocka_unit_test(tokens_and_passwords_are_equal_only_whole),
          cmocka_unit_test(sendgrids_example_fits_its_public_key),
          cmocka_unit_test(what_is_no_public_key_is_refused))
