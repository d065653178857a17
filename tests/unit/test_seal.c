/* Contact keys, look-up hashes and sealed texts. */
#include "sea_cmocka.h"
#include "sea_id.h"
#include "sea_seal.h"

static struct sea_pepper pepper;
static const struct sea_data_key key = {{1, 2, 3}};
static const struct sea_place place = {{"router.message", 14}, {"text", 4}, {"id-1", 4}};

static int prepare(void **state)
{
    (void)state;
    sea_pepper_init(&pepper, SEA_STR("pepper-pepper-pepper-pepper-pepper"));
    return 0;
}

/* Computed by Python's hmac. */
static void a_contact_key_is_what_the_contract_says(void **state)
{
    (void)state;
    char text[SEA_KEY_TEXT];
    sea_key_print(
        sea_contact_key(&pepper, SEA_STR("whatsapp"), SEA_STR("demo"), SEA_STR("5511912345678")),
        text);
    assert_string_equal(text, "2d822cdc04bce452dae8f7d01dca2b74");
}

static void look_ups_of_two_kinds_never_match(void **state)
{
    (void)state;
    char text[SEA_KEY_TEXT];
    sea_key_print(sea_lookup_key(&pepper, SEA_LOOKUP_PHONE, SEA_STR("5511912345678")), text);
    assert_string_equal(text, "a49f1833f72923b1665dcb5459d394c3");
    for (int a = 0; a < SEA_LOOKUPS; a++) {
        for (int b = 0; b < SEA_LOOKUPS; b++) {
            struct sea_key left = sea_lookup_key(&pepper, (enum sea_lookup)a, SEA_STR("x"));
            struct sea_key right = sea_lookup_key(&pepper, (enum sea_lookup)b, SEA_STR("x"));
            assert_int_equal(sea_key_eq(left, right), a == b);
        }
    }
}

static void parts_of_a_contact_cannot_be_shifted(void **state)
{
    (void)state;
    struct sea_key a = sea_contact_key(&pepper, SEA_STR("a"), SEA_STR("bc"), SEA_STR("d"));
    struct sea_key b = sea_contact_key(&pepper, SEA_STR("ab"), SEA_STR("c"), SEA_STR("d"));
    assert_false(sea_key_eq(a, b));
}

static void a_sealed_text_opens_in_its_place(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "x", "Olá, onde está meu pedido?"};
    for (size_t i = 0; i < SEA_COUNT(texts); i++) {
        struct sea_buf sealed = SEA_BUF(1000), plain = SEA_BUF(1000);
        uint32_t generation = 0;
        sea_buf_text(&plain, "before ");
        sea_seal(&sealed, &key, 0x01020304, &place, sea_str(texts[i]));
        assert_int_equal(sealed.len, strlen(texts[i]) + SEA_SEAL_EXTRA_BYTES);
        assert_true(sea_seal_generation(sea_buf_view(&sealed), &generation));
        assert_int_equal(generation, 0x01020304);
        assert_true(sea_unseal(&plain, &key, &place, sea_buf_view(&sealed)));
        assert_memory_equal(plain.ptr, "before ", 7);
        assert_string_equal(plain.ptr + 7, texts[i]);
        sea_buf_free(&sealed);
        sea_buf_free(&plain);
    }
}

static void nothing_else_opens_it(void **state)
{
    (void)state;
    struct sea_buf sealed = SEA_BUF(1000), plain = SEA_BUF(1000);
    sea_seal(&sealed, &key, 1, &place, SEA_STR("secret"));
    struct sea_place other[] = {
        place, place, place, {{"router.messagetext", 18}, {"", 0}, {"id-1", 4}}};
    other[0].table = SEA_STR("router.draft");
    other[1].column = SEA_STR("subject");
    other[2].row = SEA_STR("id-2");
    for (size_t i = 0; i < SEA_COUNT(other); i++) {
        assert_false(sea_unseal(&plain, &key, &other[i], sea_buf_view(&sealed)));
    }
    struct sea_data_key wrong = {{1, 2, 4}};
    assert_false(sea_unseal(&plain, &wrong, &place, sea_buf_view(&sealed)));
    for (size_t i = 0; i < sealed.len; i++) {
        sealed.ptr[i] ^= 1;
        assert_false(sea_unseal(&plain, &key, &place, sea_buf_view(&sealed)));
        sealed.ptr[i] ^= 1;
    }
    for (size_t len = 0; len < sealed.len; len++) {
        assert_false(sea_unseal(&plain, &key, &place, (struct sea_str){sealed.ptr, len}));
    }
    assert_int_equal(plain.len, 0);
    assert_true(sea_unseal(&plain, &key, &place, sea_buf_view(&sealed)));
    sea_buf_free(&sealed);
    sea_buf_free(&plain);
}

static void the_same_text_never_looks_the_same(void **state)
{
    (void)state;
    struct sea_buf a = SEA_BUF(100), b = SEA_BUF(100);
    sea_seal(&a, &key, 1, &place, SEA_STR("secret"));
    sea_seal(&b, &key, 1, &place, SEA_STR("secret"));
    assert_memory_not_equal(a.ptr + 5, b.ptr + 5, 24);
    assert_memory_not_equal(a.ptr + 29, b.ptr + 29, 6);
    sea_buf_free(&a);
    sea_buf_free(&b);
}

static void what_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    struct sea_buf small = SEA_BUF(SEA_SEAL_EXTRA_BYTES);
    sea_seal(&small, &key, 1, &place, SEA_STR("x"));
    assert_true(small.is_full);
    assert_int_equal(small.len, 0);
    sea_buf_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_contact_key_is_what_the_contract_says),
        cmocka_unit_test(look_ups_of_two_kinds_never_match),
        cmocka_unit_test(parts_of_a_contact_cannot_be_shifted),
        cmocka_unit_test(a_sealed_text_opens_in_its_place),
        cmocka_unit_test(nothing_else_opens_it),
        cmocka_unit_test(the_same_text_never_looks_the_same),
        cmocka_unit_test(what_does_not_fit_is_not_begun),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
