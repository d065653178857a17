/* Channels of telephones: proofs in addresses, what nothing numbers or dates, and dialogues that
 * break off and go on. */
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

static void post_in(struct form *ret, const char *channel, const char *at, const char *body,
                    const char *session)
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
    ret->world.hook.session = sea_str(session);
    assert_int_equal(ingest_verify(&ret->world.hook), INGEST_AUTHENTIC);
    assert_true(
        ingest_parse(&ret->world.hook, &ret->world.items, &ret->world.reply, &ret->world.problem));
    world_check(&ret->world);
}

static void post(struct form *ret, const char *channel, const char *at, const char *body)
{
    post_in(ret, channel, at, body, NULL);
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

/* One caller's requests, and what is kept of them between two. */
struct caller {
    char kept[INGEST_SESSION_MAX + 1], answer[512];
    size_t messages; /* of the last request */
    struct sea_uuid message;
    char subject[64], booking[16], text[256];
    struct sea_visit visit;
};

static void say(struct caller *caller, const char *session, const char *typed)
{
    struct form form;
    char body[256];
    snprintf(body, sizeof(body), "sessionId=%s&phoneNumber=%%2B254711000002&text=%s", session,
             typed);
    post_in(&form, "ussd", "2026-11-22T08:15:00Z", body, caller->kept);
    const struct ingest_reply *reply = &form.world.reply;
    assert_int_equal(reply->session_ms, 600000);
    snprintf(caller->kept, sizeof(caller->kept), "%.*s", (int)reply->session.len,
             reply->session.ptr);
    snprintf(caller->answer, sizeof(caller->answer), "%.*s", (int)reply->body.len, reply->body.ptr);
    caller->messages = form.world.items.count;
    if (caller->messages) {
        const struct ingest_item *item = form.world.items.list;
        caller->message = item->id;
        caller->visit = item->message.visit;
        snprintf(caller->booking, sizeof(caller->booking), "%.*s", (int)item->message.booking.len,
                 item->message.booking.ptr);
        snprintf(caller->subject, sizeof(caller->subject), "%.*s", (int)item->message.subject.len,
                 item->message.subject.ptr);
        snprintf(caller->text, sizeof(caller->text), "%.*s", (int)item->message.text.len,
                 item->message.text.ptr);
    }
    lose(&form);
}

static bool begins(const struct caller *caller, const char *text)
{
    return sea_str_starts(sea_str(caller->answer), text);
}

static void ch_13_a_dialogue_that_broke_off_goes_on_at_its_step(void **state)
{
    struct caller caller = {0};
    (void)state;
    say(&caller, "s1", "");
    assert_true(begins(&caller, "CON Welcome"));
    say(&caller, "s1", "1");
    say(&caller, "s1", "1*3");
    assert_true(begins(&caller, "CON Which shop?") && caller.messages == 0);
    assert_null(strstr(caller.kept, "254711000002"));
    say(&caller, "s2", ""); /* dialled again */
    assert_true(begins(&caller, "CON Which shop?"));
    say(&caller, "s2", "2");
    assert_true(begins(&caller, "CON When?"));
    say(&caller, "s3", ""); /* and once more */
    assert_true(begins(&caller, "CON When?"));
    say(&caller, "s3", "3");
    assert_true(begins(&caller, "END Booked.") && caller.messages == 1);
    assert_string_equal(caller.text, "Book a visit at a shop > Nairobi, Westlands > Saturday");
    say(&caller, "s4", ""); /* what is over begins anew */
    assert_true(begins(&caller, "CON Welcome"));
}

static void dv_11_a_booking_has_a_reference_which_a_repeated_request_has_too(void **state)
{
    struct caller caller = {0}, again, other = {0};
    (void)state;
    say(&caller, "s1", "1*3*1");
    again = caller;
    say(&caller, "s1", "1*3*1*1");
    say(&again, "s1", "1*3*1*1"); /* the first answer was lost, or Redis didn't keep it */
    assert_string_equal(caller.answer, again.answer);
    say(&again, "s1", "1*3*1*1"); /* or it was kept */
    assert_string_equal(caller.answer, again.answer);
    assert_true(caller.messages == 1 && sea_uuid_eq(caller.message, again.message));
    assert_true(sea_str_starts(sea_str(caller.subject), "booking "));
    assert_int_equal(strlen(caller.subject), strlen("booking 01234567"));
    assert_non_null(strstr(caller.answer, caller.subject + strlen("booking ")));
    assert_string_equal(caller.booking, caller.subject + strlen("booking "));
    assert_true(caller.visit.days == 1 && !caller.visit.weekday && caller.visit.minute == 9 * 60);
    say(&other, "s2", "1*3*1*1");
    assert_string_not_equal(caller.subject, other.subject);
}

static void without_what_was_kept_a_dialogue_begins_at_its_start_and_never_fails(void **state)
{
    struct caller caller = {0};
    (void)state;
    say(&caller, "s1", "");
    say(&caller, "s1", "1");
    *caller.kept = 0;
    say(&caller, "s1", "1*2"); /* what was typed since dialling is enough */
    assert_true(begins(&caller, "END Thank you. We call you back"));
    snprintf(caller.kept, sizeof(caller.kept), "care/2 x  1*3"); /* of another version */
    say(&caller, "s2", "");
    assert_true(begins(&caller, "CON Welcome"));
    snprintf(caller.kept, sizeof(caller.kept), "care/1 x  1*3");
    say(&caller, "s3", "1"); /* typed with the dial string: *384*96*1# */
    assert_true(begins(&caller, "CON How can we help?"));
    snprintf(caller.kept, sizeof(caller.kept), "care/1");
    say(&caller, "s4", "");
    assert_true(begins(&caller, "CON Welcome"));
}

static void the_news_that_a_session_is_over_keeps_its_step(void **state)
{
    struct form form;
    (void)state;
    post_in(&form, "ussd", "2026-11-22T08:15:00Z",
            "sessionId=s1&phoneNumber=%2B254711000002&status=Incomplete&hopsCount=3&input=1*3",
            "care/1 x  1*3");
    assert_int_equal(form.world.items.count, 0);
    assert_int_equal(form.world.reply.body.len, 0);
    assert_true(sea_str_is(form.world.reply.session, "care/1 x  1*3"));
    assert_int_equal(form.world.reply.session_ms, 600000);
    lose(&form);
}

#define CLIENT "0190b6a2-6b2e-7cc3-98c4-dc0c0c07398f"

static void ch_25_a_clients_message_has_one_id_on_every_channel(void **state)
{
    struct form sms, twice, other, cut;
    (void)state;
    post(&sms, "africastalking-sms", "2026-11-22T08:15:00Z",
         "id=a1&from=%2B254711000001&text=Where+is+it%3F+%5Bm%3A" CLIENT "%5D");
    post(&twice, "africastalking-sms", "2026-11-22T08:16:00Z",
         "id=a2&from=%2B254711000001&text=%5Bm%3A" CLIENT "%5D%0A");
    post(&other, "africastalking-sms", "2026-11-22T08:15:00Z",
         "id=a3&from=%2B254711000001&text=%5Bm%3A" CLIENT "%5D+thanks");
    post(&cut, "africastalking-sms", "2026-11-22T08:15:00Z",
         "id=a4&from=%2B254711000001&text=%5Bm%3Anone-6b2e-7cc3-98c4-dc0c0c07398f-xx%5D");
    const struct ingest_item *first = sms.world.items.list;
    struct sea_uuid client;
    assert_true(sea_uuid_parse(SEA_STR(CLIENT), &client));
    assert_true(sea_uuid_eq(first->id, ingest_client_id(client)));
    assert_true(sea_str_is(first->message.text, "Where is it?"));
    assert_true(sea_str_is(first->message.external_id, "a1"));
    assert_true(sea_uuid_eq(first->id, twice.world.items.list->id));
    assert_int_equal(twice.world.items.list->message.text.len, 0);
    assert_false(sea_uuid_eq(first->id, other.world.items.list->id));
    assert_true(cut.world.items.list->message.text.len > 0);
    lose(&sms);
    lose(&twice);
    lose(&other);
    lose(&cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_in_the_address_counts_when_it_is_there_once),
        cmocka_unit_test(africas_talkings_opt_out_ends_both_classes_and_counts_again_after_an_hour),
        cmocka_unit_test(ch_13_a_dialogue_that_broke_off_goes_on_at_its_step),
        cmocka_unit_test(dv_11_a_booking_has_a_reference_which_a_repeated_request_has_too),
        cmocka_unit_test(without_what_was_kept_a_dialogue_begins_at_its_start_and_never_fails),
        cmocka_unit_test(the_news_that_a_session_is_over_keeps_its_step),
        cmocka_unit_test(ch_25_a_clients_message_has_one_id_on_every_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
