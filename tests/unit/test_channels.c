/* What the ledger asks of single channels, shown on recorded requests of their providers. */
#include <stdio.h>

#include "adapter_world.h"
#include "sea_cmocka.h"
#include "seadesk/v1/messages.pb-c.h"
#include "seadesk/v1/orders.pb-c.h"

/* One recorded request, and what its adapter finds in it. */
struct found {
    struct world_request request;
    struct world world;
};

/* How many bytes; 0: there is no such file. */
static size_t read_file(const char *path, char *ret, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t len = fread(ret, 1, size, file);
    fclose(file);
    return len;
}

static void find(struct found *ret, const char *name)
{
    char path[256], text[16384], secret[2048] = "secret";
    memset(ret, 0, sizeof(*ret));
    snprintf(path, sizeof(path), SEA_SOURCE_DIR "/tests/corpus/%s.http", name);
    size_t len = read_file(path, text, sizeof(text));
    bool is_open = len > 0 && world_request_open(&ret->request, text, len);
    assert_true(is_open);
    if (!is_open) return; /* clang-tidy doesn't know that the line before ends the test */
    snprintf(path, sizeof(path), SEA_SOURCE_DIR "/tests/corpus/%s/secret",
             ret->request.channel->name);
    size_t secret_len = read_file(path, secret, sizeof(secret));
    const struct sea_secrets secrets = {
        .live = {{secret, secret_len ? secret_len : strlen(secret)}}, .count = 1};
    world_open(&ret->world, ret->request.channel->adapter, &ret->request, &secrets,
               (struct sea_str){NULL, 0});
    assert_true(
        ingest_parse(&ret->world.hook, &ret->world.items, &ret->world.reply, &ret->world.problem));
}

static const struct ingest_item *first(const struct found *found)
{
    assert_true(found->world.items.count > 0);
    return &found->world.items.list[0];
}

static void lose(struct found *found)
{
    world_close(&found->world);
    world_request_close(&found->request);
}

static void ch_06_a_mention_and_a_direct_message_share_a_contact_and_the_mention_is_public(void **s)
{
    struct found direct, mention;
    (void)s;
    find(&direct, "x/direct");
    find(&mention, "x/mention");
    assert_true(sea_str_eq(first(&direct)->contact_id, first(&mention)->contact_id));
    assert_true(sea_str_eq(first(&direct)->channel, first(&mention)->channel));
    assert_false(first(&direct)->message.is_public);
    assert_true(first(&mention)->message.is_public);
    lose(&direct);
    lose(&mention);
}

static void ch_07_what_comes_from_x_has_the_clocks_of_live_questions_not_of_mail(void **state)
{
    (void)state;
    const struct sea_channel *channel = sea_channel_of(SEA_STR("x"));
    assert_non_null(channel);
    assert_int_equal(channel->class, SEA_CHANNEL_MESSAGING);
}

static void ch_08_messenger_and_page_comments_have_codes_of_their_own_and_one_contact(void **state)
{
    struct found direct, comment;
    (void)state;
    find(&direct, "messenger/messages");
    find(&comment, "messenger/comment");
    assert_str_equal(first(&direct)->channel, "messenger");
    assert_str_equal(first(&comment)->channel, "facebook");
    assert_true(sea_str_eq(first(&direct)->contact_id, first(&comment)->contact_id));
    assert_non_null(sea_channel_of(first(&direct)->channel));
    assert_non_null(sea_channel_of(first(&comment)->channel));
    lose(&direct);
    lose(&comment);
}

/* Two accounts of one application; `other` is for the page or number that the request names. */
static void of_two_numbers(const char *name, const char *sender, const char *secret, bool is_on,
                           struct found *ret, char account[32])
{
    find(ret, name);
    struct sea_account accounts[2] = {ret->world.account, ret->world.account};
    accounts[0].sender = "1";
    accounts[1].name = "other";
    accounts[1].sender = sender;
    accounts[1].secret.live[0] = sea_str(secret);
    accounts[1].is_enabled = is_on;
    const struct sea_channels channels = {.accounts = accounts, .account_count = 2};
    ret->world.items.count = 0;
    ret->world.hook.account = &accounts[0];
    ret->world.hook.channels = &channels;
    assert_true(
        ingest_parse(&ret->world.hook, &ret->world.items, &ret->world.reply, &ret->world.problem));
    struct sea_str own = first(ret)->account;
    snprintf(account, 32, "%.*s", (int)own.len, own.ptr);
}

static void ch_10_a_webhook_of_several_numbers_gives_each_message_to_its_own_account(void **state)
{
    static const struct {
        const char *name, *sender;
    } CASES[] = {{"whatsapp/batch", "100000000000001"}, {"messenger/messages", "106540352242922"}};
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct found found;
        char account[32];
        of_two_numbers(CASES[i].name, CASES[i].sender, "secret", true, &found, account);
        assert_string_equal(account, "other");
        assert_int_equal(first(&found)->kind, INGEST_MESSAGE);
        lose(&found);
        of_two_numbers(CASES[i].name, "2", "secret", true, &found, account);
        assert_string_equal(account, "demo");
        lose(&found);
        /* Of another application: its messages are signed with another secret. */
        of_two_numbers(CASES[i].name, CASES[i].sender, "another", true, &found, account);
        assert_string_equal(account, "demo");
        lose(&found);
        of_two_numbers(CASES[i].name, CASES[i].sender, "secret", false, &found, account);
        assert_int_equal(first(&found)->kind, INGEST_DEAD);
        assert_string_equal(first(&found)->dead.reason, "disabled_account");
        lose(&found);
    }
}

static void ch_09_an_instagram_message_is_a_message_like_any_other(void **state)
{
    struct found found;
    (void)state;
    find(&found, "messenger/instagram");
    assert_int_equal(first(&found)->kind, INGEST_MESSAGE);
    assert_str_equal(first(&found)->channel, "instagram");
    assert_str_equal(first(&found)->contact_id, "1254459154682919");
    assert_true(first(&found)->message.text.len > 0);
    lose(&found);
}

static void ch_15_a_clip_under_a_comment_comes_as_evidence(void **state)
{
    struct found found;
    (void)state;
    find(&found, "tiktok/appeal");
    const struct ingest_message *message = &first(&found)->message;
    assert_int_equal(message->kind, SEADESK__V1__MESSAGE_KIND__VIDEO);
    assert_int_equal(message->attachments_count, 1);
    assert_str_equal(message->attachments[0].url,
                     "https://www.tiktok.com/@minh.ng/video/7135480000000000000");
    assert_true(message->text.len > 0 && message->is_public);
    lose(&found);
}

static void ch_20_twenty_channel_codes_are_registered_each_once(void **state)
{
    size_t count = 0;
    (void)state;
    for (const struct sea_channel *channel; (channel = sea_channel_at(count)); count++)
        assert_ptr_equal(sea_channel_of(sea_str(channel->name)), channel);
    assert_true(count >= 20);
}

/* One's own topic alone counts: the certificate signs for every customer of AWS. */
static void amazons_messages_of_another_topic_are_refused(void **state)
{
    struct found found;
    (void)state;
    find(&found, "amazon/paid");
    assert_int_equal(first(&found)->order.fact, SEADESK__V1__ORDER_FACT__ORDER_PAID);
    assert_int_equal(ingest_verify(&found.world.hook), INGEST_BAD_SIGNATURE);
    lose(&found);
}

SEA_TESTS(
    cmocka_unit_test(
        ch_06_a_mention_and_a_direct_message_share_a_contact_and_the_mention_is_public),
    cmocka_unit_test(ch_07_what_comes_from_x_has_the_clocks_of_live_questions_not_of_mail),
    cmocka_unit_test(ch_08_messenger_and_page_comments_have_codes_of_their_own_and_one_contact),
    cmocka_unit_test(ch_09_an_instagram_message_is_a_message_like_any_other),
    cmocka_unit_test(ch_10_a_webhook_of_several_numbers_gives_each_message_to_its_own_account),
    cmocka_unit_test(ch_15_a_clip_under_a_comment_comes_as_evidence),
    cmocka_unit_test(ch_20_twenty_channel_codes_are_registered_each_once),
    cmocka_unit_test(amazons_messages_of_another_topic_are_refused))
