/* Certificates of what was purged. */
#include "purge_certificate.h"

#include <sodium.h>

#include "sea_cmocka.h"
#include "sea_enc.h"

static const char MASTER[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static struct purge_erasure example(const struct purge_store *stores, size_t count)
{
    return (struct purge_erasure){
        .request_id = {{0x01, 0x93, 0x4b, 0x1e, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}},
        .requested_at_ms = INT64_C(1795853700000),
        .destroyed_at_ms = INT64_C(1795853701500),
        .done_at_ms = INT64_C(1795853762000),
        .contacts = 2,
        .keys_destroyed = 3,
        .stores = stores,
        .store_count = count,
    };
}

static void an_erasure_states_counts_and_hashes(void **state)
{
    (void)state;
    const struct purge_store stores[] = {
        {SEA_STR("notifier"), SEA_STR("notifier.delivery"), SEA_STR("deleted"), 7},
        {SEA_STR("router"), SEA_STR("router.message"), SEA_STR("deleted"), 12},
    };
    struct purge_erasure erasure = example(stores, 2);
    struct sea_buf text = SEA_BUF(PURGE_CERTIFICATE_MAX);
    purge_erasure_print(&erasure, &text);
    assert_string_equal(
        text.ptr,
        "{\"statement\":\"erasure\",\"version\":1,"
        "\"request_id\":\"01934b1e-0000-7000-8000-000000000001\","
        "\"requested_at\":\"2026-11-28T08:15:00Z\",\"keys_destroyed_at\":\"2026-11-28T08:15:01."
        "500Z\","
        "\"done_at\":\"2026-11-28T08:16:02Z\",\"contacts\":2,\"keys_destroyed\":3,\"stores\":["
        "{\"service\":\"notifier\",\"store\":\"notifier.delivery\",\"rows\":7,\"state\":"
        "\"deleted\","
        "\"sha256\":\"eba915d5b9c80a185a61bbbc2290fe85b537f0617b634cfac4292c5f193dbb75\"},"
        "{\"service\":\"router\",\"store\":\"router.message\",\"rows\":12,\"state\":\"deleted\","
        "\"sha256\":\"369732f0df5714bfb176d783f53ff83f33e27a7d11e1d2525cb34b6c50b56c31\"}],"
        "\"stores_sha256\":\"f53801195983a933cf2ab54fbb8938cd89f69e21d49373dc2ec9ee23cded30c2\"}");
    sea_buf_free(&text);
}

static void nothing_destroyed_is_said_by_leaving_the_time_out(void **state)
{
    (void)state;
    struct purge_erasure erasure = example(NULL, 0);
    struct sea_buf text = SEA_BUF(PURGE_CERTIFICATE_MAX);
    erasure.destroyed_at_ms = 0;
    purge_erasure_print(&erasure, &text);
    assert_null(strstr(text.ptr, "keys_destroyed_at"));
    assert_non_null(strstr(text.ptr, "\"stores\":[],"));
    sea_buf_free(&text);
}

static void a_hash_changes_with_every_count_and_request(void **state)
{
    (void)state;
    struct purge_store store = {SEA_STR("router"), SEA_STR("router.message"), SEA_STR("deleted"),
                                12};
    struct purge_erasure erasure = example(&store, 1);
    struct sea_buf first = SEA_BUF(4096), second = SEA_BUF(4096), third = SEA_BUF(4096);
    purge_erasure_print(&erasure, &first);
    store.rows = 13;
    purge_erasure_print(&erasure, &second);
    erasure.request_id.bytes[15] = 2;
    purge_erasure_print(&erasure, &third);
    const char *a = strstr(first.ptr, "\"sha256\""), *b = strstr(second.ptr, "\"sha256\""),
               *c = strstr(third.ptr, "\"sha256\"");
    assert_memory_not_equal(a, b, 75);
    assert_memory_not_equal(b, c, 75);
    sea_buf_free(&first);
    sea_buf_free(&second);
    sea_buf_free(&third);
}

static void a_run_states_what_went_and_where(void **state)
{
    (void)state;
    struct purge_run run = {"expired", SEA_STR("router"), 31, INT64_C(1795853700000)};
    struct sea_buf text = SEA_BUF(4096);
    purge_run_print(&run, &text);
    assert_string_equal(text.ptr, "{\"statement\":\"expired\",\"version\":1,\"store\":\"router\","
                                  "\"count\":31,\"at\":\"2026-11-28T08:15:00Z\"}");
    sea_buf_free(&text);
}

static void a_malformed_master_key_signs_nothing(void **state)
{
    (void)state;
    struct purge_signer signer;
    assert_false(purge_signer_init(&signer, SEA_STR("00")));
    assert_false(purge_signer_init(&signer, (struct sea_str){MASTER, 63}));
}

static void decode(struct sea_str part, uint8_t *ret, size_t cap, size_t *ret_len)
{
    assert_int_equal(sodium_base642bin(ret, cap, part.ptr, part.len, NULL, ret_len, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
}

/* Verifies it as anybody would, with what stands in it. */
static bool verifies(const struct sea_buf *certificate, const struct purge_signer *signer)
{
    const char *payload = strchr(certificate->ptr, '.') + 1;
    const char *signature = strchr(payload, '.') + 1;
    uint8_t bytes[64];
    size_t len = 0;
    decode((struct sea_str){signature, strlen(signature)}, bytes, sizeof bytes, &len);
    assert_int_equal(len, 64);
    return crypto_sign_verify_detached(bytes, (const unsigned char *)certificate->ptr,
                                       (size_t)(signature - 1 - certificate->ptr),
                                       signer->open) == 0;
}

static void a_certificate_is_a_web_signature_that_anybody_can_verify(void **state)
{
    (void)state;
    struct purge_signer signer;
    struct sea_buf certificate = SEA_BUF(8192);
    uint8_t plain[512];
    size_t len = 0;
    assert_true(purge_signer_init(&signer, sea_str(MASTER)));
    purge_sign(&signer, SEA_STR("{\"statement\":\"erasure\"}"), &certificate);
    assert_true(verifies(&certificate, &signer));
    const char *dot = strchr(certificate.ptr, '.');
    decode((struct sea_str){certificate.ptr, (size_t)(dot - certificate.ptr)}, plain, sizeof plain,
           &len);
    plain[len] = '\0';
    assert_non_null(strstr((char *)plain, "\"alg\":\"EdDSA\""));
    assert_non_null(strstr((char *)plain, signer.id));
    decode((struct sea_str){dot + 1, strcspn(dot + 1, ".")}, plain, sizeof plain, &len);
    plain[len] = '\0';
    assert_string_equal((char *)plain, "{\"statement\":\"erasure\"}");
    certificate.ptr[dot + 3 - certificate.ptr] ^= 1;
    assert_false(verifies(&certificate, &signer));
    sea_buf_free(&certificate);
}

static void another_master_key_is_another_signer(void **state)
{
    (void)state;
    struct purge_signer a, b, again;
    char other[sizeof MASTER];
    memcpy(other, MASTER, sizeof MASTER);
    other[0] = '1';
    assert_true(purge_signer_init(&a, sea_str(MASTER)));
    assert_true(purge_signer_init(&again, sea_str(MASTER)));
    assert_true(purge_signer_init(&b, sea_str(other)));
    assert_string_equal(a.id, again.id);
    assert_string_not_equal(a.id, b.id);
}

SEA_TESTS(cmocka_unit_test(an_erasure_states_counts_and_hashes),
          cmocka_unit_test(nothing_destroyed_is_said_by_leaving_the_time_out),
          cmocka_unit_test(a_hash_changes_with_every_count_and_request),
          cmocka_unit_test(a_run_states_what_went_and_where),
          cmocka_unit_test(a_malformed_master_key_signs_nothing),
          cmocka_unit_test(a_certificate_is_a_web_signature_that_anybody_can_verify),
          cmocka_unit_test(another_master_key_is_another_signer))
