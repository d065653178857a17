/* Identifiers: UUIDs, contact keys, and where Kafka puts a key. */
#include "sea_cmocka.h"
#include "sea_id.h"

static void a_version_7_id_is_rfc_9562s_example(void **state)
{
    (void)state;
    static const uint8_t random[10] = {0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
    char text[SEA_UUID_TEXT];
    sea_uuid_print(sea_uuid7(INT64_C(0x017F22E279B0), random), text);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

/* Computed by Python's uuid.uuid5 in the name space a4f76ac0-252b-5a94-98ec-83ecf90669c8. */
static void a_derived_id_is_what_any_rfc_9562_library_computes(void **state)
{
    (void)state;
    struct sea_str parts[] = {SEA_STR("whatsapp"), SEA_STR("demo"), SEA_STR("wamid.1")};
    char text[SEA_UUID_TEXT];
    struct sea_uuid cause;
    sea_uuid_print(sea_uuid5(parts, 3), text);
    assert_string_equal(text, "912bcb01-7f33-5357-a5d2-1fdd3fe10337");
    assert_true(sea_uuid_parse(SEA_STR("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), &cause));
    sea_uuid_print(sea_uuid_derive(cause, "ticket", 42), text);
    assert_string_equal(text, "902ade78-4a01-572e-8645-d73699b77eb2");
    assert_false(sea_uuid_eq(sea_uuid5(parts, 2), sea_uuid5(parts, 3)));
}

static void only_whole_ids_are_read(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "017f22e279b07cc398c4dc0c0c07398f",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
                                      "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398g"};
    struct sea_uuid id = {{1}};
    for (size_t i = 0; i < SEA_COUNT(bad); i++) assert_false(sea_uuid_parse(sea_str(bad[i]), &id));
    assert_int_equal(id.bytes[0], 1);
    assert_true(sea_uuid_parse(SEA_STR("00000000-0000-0000-0000-000000000000"), &id));
    assert_true(sea_uuid_is_nil(id));
    assert_true(sea_uuid_parse(SEA_STR("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), &id));
    assert_false(sea_uuid_is_nil(id));
}

static void a_contact_key_goes_there_and_back(void **state)
{
    (void)state;
    struct sea_key key = {{0}}, again;
    char text[SEA_KEY_TEXT];
    assert_true(sea_key_is_nil(key));
    for (uint8_t i = 0; i < 16; i++) key.bytes[i] = (uint8_t)(i * 17);
    sea_key_print(key, text);
    assert_string_equal(text, "00112233445566778899aabbccddeeff");
    assert_true(sea_key_parse(sea_str(text), &again));
    assert_true(sea_key_eq(key, again));
    assert_false(sea_key_parse(SEA_STR("0011"), &again));
}

static void a_key_has_a_place_by_its_first_two_bytes(void **state)
{
    (void)state;
    assert_int_equal(sea_spread((struct sea_key){{0x12, 0xab, 0xff}}.bytes), 0x12ab);
    assert_int_equal(sea_spread((struct sea_key){{0xff, 0xff}}.bytes), UINT16_MAX);
}

/* The vectors of Kafka's own UtilsTest.testMurmur2, and two whose last word is one byte, from
 * kafka-python. Within 2^31 partitions the placement is the whole hash. */
static void placement_is_kafkas(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t hash;
    } rows[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
        {"a", -1563381124},
        {"order-100", -955961047},
    };
    for (size_t i = 0; i < SEA_COUNT(rows); i++) {
        uint32_t positive = (uint32_t)rows[i].hash & 0x7fffffff;
        assert_int_equal(sea_partition_of(sea_str(rows[i].key), 0x80000000), positive);
        assert_int_equal(sea_partition_of(sea_str(rows[i].key), SEA_PARTITIONS), positive % 12);
    }
}

static void a_tracking_number_has_one_key_however_it_is_written(void **state)
{
    (void)state;
    static const char *const ways[] = {"LX123456789CN", "lx123456789cn", "LX 123 456 789 CN",
                                       " LX-123-456-789-CN "};
    char key[32];
    for (size_t i = 0; i < SEA_COUNT(ways); i++) {
        size_t len = sea_parcel_key(sea_str(ways[i]), key);
        assert_true(sea_str_is((struct sea_str){key, len}, ways[0]));
    }
    assert_int_equal(sea_parcel_key(SEA_STR(" - "), key), 0);
}

SEA_TESTS(cmocka_unit_test(a_version_7_id_is_rfc_9562s_example),
          cmocka_unit_test(a_derived_id_is_what_any_rfc_9562_library_computes),
          cmocka_unit_test(only_whole_ids_are_read),
          cmocka_unit_test(a_contact_key_goes_there_and_back),
          cmocka_unit_test(a_key_has_a_place_by_its_first_two_bytes),
          cmocka_unit_test(placement_is_kafkas),
          cmocka_unit_test(a_tracking_number_has_one_key_however_it_is_written))
