/* Channels of telephones: proofs in addresses, and what nothing numbers or dates. */
#include <stdio.h>

#include "adapter_world.h"
#include "sea_cmocka.h"
#include "sea_id.h"
#include "seadesk/v1/consents.pb-c.h"

static enum ingest_verdict verdict_of(const char *query)
{
    const struct sea_secrets secrets = {.live = {SEA_STR("old-key"), SEA_STR("new-key")},
                                        .count = 2};
    struct ingest_keys keys = {.count = 0};
    assert_true(ingest_keys_open(&keys, INGEST_SECRET_PLAIN, &secrets));
    struct ingest_webhook hook = {.keys = &keys, .query = sea_str(query)};
    enum ingest_verdict verdict = ingest_verify_query(&hook);
    ingest_keys_close(&keys);
    return verdict;
}

static void a_key_in_the_address_counts_when_it_is_there_once(void **state)
{
    (void)state;
    assert_int_equal(verdict_of("key=old-key"), INGEST_AUTHENTIC);
    assert_int_equal(verdict_of("a=1&key=new-key&b"), INGEST_AUTHENTIC);
    assert_int_equal(verdict_of(""), INGEST_NO_SIGNATURE);
    assert_int_equal(verdict_of("key="), INGEST_NO_SIGNATURE);
    assert_int_equal(verdict_of("xkey=old-key"), INGEST_NO_SIGNATURE);
    assert_int_equal(verdict_of("key=old-key&key=old-key"), INGEST_DOUBLED_HEADER);
    assert_int_equal(verdict_of("key=&key=old-key"), INGEST_DOUBLED_HEADER);
    assert_int_equal(verdict_of("key=old-ke"), INGEST_BAD_SIGNATURE);
    assert_int_equal(verdict_of("key=old-key2"), INGEST_BAD_SIGNATURE);
    assert_int_equal(verdict_of("key=old%2Dkey"), INGEST_BAD_SIGNATURE);
}

/* What an adapter finds in a form that came at `at`. */
struct form {
    struct world_request request;
    struct world world;
};

static void post(struct form *ret, const char *channel, const char *at, const char *body)
{
    static const struct sea_secrets SECRETS = {.live = {SEA_STR("secret")}, .count = 1};
    char text[4096];
    snprintf(text, sizeof(text),
             "POST /v1/channels/%s/demo?key=secret HTTP/1.1\nX-Received-At: %s\n"
             "Content-Type: application/x-www-form-urlencoded\n\n%s",
             channel, at, body);
    assert_true(world_request_open(&ret->request, text, strlen(text)));
    world_open(&ret->world, ret->request.channel->adapter, &ret->request, &SECRETS,
               (struct sea_str){NULL, 0});
    assert_int_equal(ingest_verify(&ret->world.hook), INGEST_AUTHENTIC);
    assert_true(
        ingest_parse(&ret->world.hook, &ret->world.items, &ret->world.reply, &ret->world.problem));
    world_check(&ret->world);
}

static void lose(struct form *form)
{
    world_close(&form->world);
    world_request_close(&form->request);
}

static void africas_talkings_opt_out_ends_both_classes_and_counts_again_after_an_hour(void **state)
{
    static const char BODY[] = "senderId=SEADESK&phoneNumber=%2B254711000001";
    struct form first, again, later;
    (void)state;
    post(&first, "africastalking-sms", "2026-11-22T08:15:00Z", BODY);
    post(&again, "africastalking-sms", "2026-11-22T08:15:09Z", BODY);
    post(&later, "africastalking-sms", "2026-11-22T10:15:00Z", BODY);
    assert_int_equal(first.world.items.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct ingest_item *item = &first.world.items.list[i];
        assert_int_equal(item->kind, INGEST_CONSENT);
        assert_int_equal(item->consent.class, i ? SEADESK__V1__CONSENT_CLASS__CONSENT_MARKETING
                                                : SEADESK__V1__CONSENT_CLASS__CONSENT_SERVICE);
        assert_false(item->consent.is_granted);
        assert_true(sea_str_is(item->contact_id, "+254711000001"));
        assert_true(sea_uuid_eq(item->id, again.world.items.list[i].id));
        assert_false(sea_uuid_eq(item->id, later.world.items.list[i].id));
    }
    lose(&first);
    lose(&again);
    lose(&later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_in_the_address_counts_when_it_is_there_once),
        cmocka_unit_test(africas_talkings_opt_out_ends_both_classes_and_counts_again_after_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
