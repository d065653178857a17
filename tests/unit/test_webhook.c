/* Signatures of providers, by their own published examples where they have some. */
#include "sea_cmocka.h"
#include "sea_enc.h"
#include "sea_mac.h"
#include "sea_webhook.h"

static struct sea_mac *mac;

static void use(enum sea_mac_hash hash, const char *secret)
{
    sea_mac_close(&mac);
    sea_mac_open(&mac, hash, sea_str(secret));
}

static int finish(void **state)
{
    (void)state;
    sea_mac_close(&mac);
    return 0;
}

static void metas_example_is_accepted(void **state)
{
    (void)state;
    use(SEA_MAC_SHA256, "secret");
    assert_true(sea_webhook_meta(
        mac, SEA_STR("sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914"),
        SEA_STR("test")));
    assert_true(sea_webhook_meta(
        mac, SEA_STR("sha256=f4db78ab49589fbaef2dba2d8e6201d84f22fe9bd22039be15755b42efcf3501"),
        SEA_STR("{\"t\":\"\\u00e4\"}")));
}

static void anything_else_is_not_metas(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",
        "sha256=",
        "0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914",
        "sha1=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914",
        "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0915",
        "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c09",
        "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c091400",
        "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c091x",
    };
    use(SEA_MAC_SHA256, "secret");
    for (size_t i = 0; i < SEA_COUNT(headers); i++) {
        assert_false(sea_webhook_meta(mac, sea_str(headers[i]), SEA_STR("test")));
    }
    assert_false(sea_webhook_meta(
        mac, SEA_STR("sha256=f4db78ab49589fbaef2dba2d8e6201d84f22fe9bd22039be15755b42efcf3501"),
        SEA_STR("{\"t\":\"ä\"}")));
}

static void lines_signature_is_base64_of_the_body(void **state)
{
    (void)state;
    struct sea_str body =
        SEA_STR("{\"destination\":\"U00000000000000000000000000000000\",\"events\":[]}");
    use(SEA_MAC_SHA256, "line-channel-secret");
    assert_true(
        sea_webhook_line(mac, SEA_STR("UYqjSo+a7IUsVpkL3cNh2SxDep/YJoCxQ5xe4o6dYcY="), body));
    assert_false(
        sea_webhook_line(mac, SEA_STR("UYqjSo+a7IUsVpkL3cNh2SxDep/YJoCxQ5xe4o6dYcY"), body));
    assert_false(
        sea_webhook_line(mac, SEA_STR("VYqjSo+a7IUsVpkL3cNh2SxDep/YJoCxQ5xe4o6dYcY="), body));
    assert_false(sea_webhook_line(mac, SEA_STR(""), body));
}

#define TWILIO_FORM                                                                                \
    "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%"         \
    "2b14158675309"

static bool is_twilio(const char *url, const char *form, const char *signature)
{
    use(SEA_MAC_SHA1, "12345");
    return sea_webhook_twilio_form(mac, sea_str(signature), sea_str(url), sea_str(form));
}

static void twilios_example_is_accepted(void **state)
{
    (void)state;
    const char *url = "https://mycompany.com/myapp.php?foo=1&bar=2",
               *good = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    assert_true(is_twilio(url, TWILIO_FORM, good));
    assert_false(is_twilio(url, TWILIO_FORM "&x=", good));
    assert_false(is_twilio("https://mycompany.com/myapp.php?foo=1", TWILIO_FORM, good));
    assert_false(is_twilio(url, TWILIO_FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B9="));
    assert_false(is_twilio(url, TWILIO_FORM "&x=%zz", good));
}

static void twilio_may_sign_with_or_without_the_port(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="},
        {"https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="},
        {"https://mycompany.com/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="},
        {"https://mycompany.com:443/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="},
        {"http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="},
        {"http://mycompany.com/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="},
        {"http://mycompany.com:1234/myapp.php?foo=1&bar=2", "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++)
        assert_true(is_twilio(rows[i][0], TWILIO_FORM, rows[i][1]));
    assert_false(is_twilio("http://mycompany.com/myapp.php?foo=1&bar=2", TWILIO_FORM, rows[0][1]));
}

static void twilios_repeated_parameters_are_sorted_and_distinct(void **state)
{
    (void)state;
    const char *url = "https://mycompany.com/myapp.php?foo=1&bar=2",
               *good = "IK+Dwps556ElfBT0I3Rgjkr1wJU=";
    assert_true(is_twilio(url, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234", good));
    assert_true(
        is_twilio(url, "Digits=1234&Digits=5678&Digits=1234&SidAccount=AC123&&Sid=CA123", good));
}

static void too_many_parameters_are_refused(void **state)
{
    (void)state;
    char form[3 * 201 + 1];
    for (size_t i = 0; i < 201; i++) memcpy(form + 3 * i, "a=&", 4);
    assert_false(is_twilio("https://x/", form, "RSOYDt4T1cUTdK1PDd93/VVr8B8="));
}

static void twilios_json_is_bound_by_the_hash_in_the_url(void **state)
{
    (void)state;
#define JSON_URL                                                                                   \
    "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256="                                      \
    "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    struct sea_str body = SEA_STR("{\"property\": \"value\", \"boolean\": true}");
    struct sea_str good = SEA_STR("a9nBmqA0ju/hNViExpshrM61xv4=");
    use(SEA_MAC_SHA1, "12345");
    assert_true(sea_webhook_twilio_json(mac, good, SEA_STR(JSON_URL), body));
    assert_false(sea_webhook_twilio_json(mac, good, SEA_STR(JSON_URL), SEA_STR("{}")));
    assert_false(sea_webhook_twilio_json(mac, SEA_STR("b9nBmqA0ju/hNViExpshrM61xv4="),
                                         SEA_STR(JSON_URL), body));
    assert_false(sea_webhook_twilio_json(
        mac, good, SEA_STR("https://mycompany.com/myapp.php?foo=1&bar=2"), body));
}

static void standard_webhooks_example_is_accepted_in_its_time(void **state)
{
    (void)state;
    struct sea_webhook_standard headers = {
        SEA_STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), SEA_STR("1614265330"),
        SEA_STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")};
    struct sea_str body = SEA_STR("{\"test\": 2432232314}");
    sea_mac_close(&mac);
    assert_true(sea_webhook_standard_open(&mac, SEA_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));
    assert_true(sea_webhook_standard(mac, &headers, body, 1614265330 + 300, 300));
    char signature[SEA_WEBHOOK_SIGNATURE_TEXT];
    sea_webhook_standard_sign(mac, headers.id, headers.timestamp, body, signature);
    assert_str_equal(headers.signatures, signature);
    assert_true(sea_webhook_standard(mac, &headers, body, 1614265330 - 300, 300));
    assert_false(sea_webhook_standard(mac, &headers, body, 1614265330 + 301, 300));
    assert_false(sea_webhook_standard(mac, &headers, body, 1614265330 - 301, 300));
    headers.signatures = SEA_STR("v1,AAAA v1a,x  v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_true(sea_webhook_standard(mac, &headers, body, 1614265330, 300));
    headers.signatures = SEA_STR("a b c d e f g v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_true(sea_webhook_standard(mac, &headers, body, 1614265330, 300));
    headers.signatures = SEA_STR("a b c d e f g h v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_false(sea_webhook_standard(mac, &headers, body, 1614265330, 300)); /* eight are read */
    headers.signatures = SEA_STR("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_false(sea_webhook_standard(mac, &headers, body, 1614265330, 300));
    headers.signatures = SEA_STR("");
    assert_false(sea_webhook_standard(mac, &headers, body, 1614265330, 300));
}

static void a_standard_secret_has_its_form(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                      "whsec_AAAA", "whsec_!!!!"};
    struct sea_mac *none = NULL;
    for (size_t i = 0; i < SEA_COUNT(bad); i++)
        assert_false(sea_webhook_standard_open(&none, sea_str(bad[i])));
}

static void secrets_are_equal_only_whole(void **state)
{
    (void)state;
    assert_true(sea_secret_eq(SEA_STR("abc"), SEA_STR("abc")));
    assert_false(sea_secret_eq(SEA_STR("abd"), SEA_STR("abc")));
    assert_false(sea_secret_eq(SEA_STR("ab"), SEA_STR("abc")));
    assert_false(sea_secret_eq(SEA_STR(""), SEA_STR("")));
}

/* RFC 4231, case 2, and RFC 2202, case 2. */
static void codes_agree_with_the_rfcs(void **state)
{
    (void)state;
    struct sea_str parts[] = {SEA_STR("what do ya want "), SEA_STR("for nothing?")};
    use(SEA_MAC_SHA256, "Jefe");
    assert_true(sea_mac_is_hex(
        mac, parts, 2,
        SEA_STR("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
    use(SEA_MAC_SHA1, "Jefe");
    assert_true(sea_mac_is_hex(mac, parts, 2, SEA_STR("EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79")));
    use(SEA_MAC_SHA1, "");
    assert_true(sea_mac_is_hex(mac, NULL, 0, SEA_STR("fbdb1d1b18aa6c08324b7d64b71fb76370690e1d")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metas_example_is_accepted),
        cmocka_unit_test(anything_else_is_not_metas),
        cmocka_unit_test(lines_signature_is_base64_of_the_body),
        cmocka_unit_test(twilios_example_is_accepted),
        cmocka_unit_test(twilio_may_sign_with_or_without_the_port),
        cmocka_unit_test(twilios_repeated_parameters_are_sorted_and_distinct),
        cmocka_unit_test(too_many_parameters_are_refused),
        cmocka_unit_test(twilios_json_is_bound_by_the_hash_in_the_url),
        cmocka_unit_test(standard_webhooks_example_is_accepted_in_its_time),
        cmocka_unit_test(a_standard_secret_has_its_form),
        cmocka_unit_test(secrets_are_equal_only_whole),
        cmocka_unit_test(codes_agree_with_the_rfcs),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
