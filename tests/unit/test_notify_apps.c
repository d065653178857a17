/* What goes to LINE, Messenger, Instagram, Telegram and Slack, and what their answers mean. */
#include <stdlib.h>
#include <string.h>

#include "notify_answers.h"
#include "notify_apps.h"

#define ATTEMPT "00010203-0405-0607-0809-0a0b0c0d0e0f"

static const struct sea_channel LINE = {"line", SEA_ADAPTER_LINE, SEA_CHANNEL_MESSAGING},
                                MESSENGER = {"messenger", SEA_ADAPTER_MESSENGER,
                                             SEA_CHANNEL_MESSAGING},
                                INSTAGRAM = {"instagram", SEA_ADAPTER_MESSENGER,
                                             SEA_CHANNEL_MESSAGING},
                                TELEGRAM = {"telegram", SEA_ADAPTER_TELEGRAM,
                                            SEA_CHANNEL_MESSAGING},
                                SLACK = {"slack", SEA_ADAPTER_SLACK, SEA_CHANNEL_MESSAGING};

static struct sea_account account_of(const struct sea_channel *channel)
{
    return (struct sea_account){.channel = channel,
                                .send_adapter = channel->adapter,
                                .name = "demo",
                                .is_enabled = true,
                                .token = {{{"1:tok", 5}}, 1},
                                .api_base = "https://api.example",
                                .sender = "77"};
}

static struct notify_letter letter_by(const struct sea_account *account, const char *text)
{
    struct notify_letter letter = {
        .account = account, .to = SEA_STR("4711"), .text = sea_str(text)};
    for (uint8_t i = 0; i < 16; i++) letter.attempt.bytes[i] = i;
    return letter;
}

static void each_app_gets_its_own_call(void **state)
{
    static const struct {
        const struct sea_channel *channel;
        const char *url, *login, *line, *body;
    } CASES[] = {
        {&LINE, "https://api.example/v2/bot/message/push", "Authorization: Bearer 1:tok",
         "X-Line-Retry-Key: " ATTEMPT,
         "{\"to\":\"4711\",\"messages\":[{\"type\":\"text\",\"text\":\"<!here> A & \\\"B\\\"\"}]}"},
        {&MESSENGER, "https://api.example/v23.0/77/messages", "Authorization: Bearer 1:tok", "",
         "{\"recipient\":{\"id\":\"4711\"},\"messaging_type\":\"RESPONSE\","
         "\"message\":{\"text\":\"<!here> A & \\\"B\\\"\"}}"},
        {&TELEGRAM, "https://api.example/bot1:tok/sendMessage", "", "",
         "{\"chat_id\":\"4711\",\"text\":\"<!here> A & \\\"B\\\"\","
         "\"link_preview_options\":{\"is_disabled\":true}}"},
        {&SLACK, "https://api.example/chat.postMessage", "Authorization: Bearer 1:tok", "",
         "{\"channel\":\"4711\",\"text\":\"&lt;!here&gt; A &amp; \\\"B\\\"\",\"mrkdwn\":false,"
         "\"unfurl_links\":false}"},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct notify_call call = NOTIFY_CALL;
        struct sea_account account = account_of(CASES[i].channel);
        struct notify_letter letter = letter_by(&account, "<!here> A & \"B\"");
        assert_null(notify_provider_call(&letter, &call));
        assert_string_equal(call.url.ptr, CASES[i].url);
        assert_string_equal(call.authorization.len ? call.authorization.ptr : "", CASES[i].login);
        assert_string_equal(call.lines[0], CASES[i].line);
        assert_string_equal(call.content_type, "Content-Type: application/json");
        assert_string_equal(call.body.ptr, CASES[i].body);
        notify_call_free(&call);
    }
}

/* `count` times the character. */
static const char *refused(const struct sea_channel *channel, const char *character, size_t count)
{
    struct sea_account account = account_of(channel);
    struct notify_call call = NOTIFY_CALL;
    struct sea_buf text = SEA_BUF(1 << 20);
    for (size_t i = 0; i < count; i++) sea_buf_text(&text, character);
    struct notify_letter letter = letter_by(&account, text.ptr);
    const char *reason = notify_provider_call(&letter, &call);
    notify_call_free(&call);
    sea_buf_free(&text);
    return reason;
}

static void what_is_longer_than_an_app_takes_is_said_before_it_is_tried(void **state)
{
    static const struct {
        const struct sea_channel *channel;
        const char *character;
        size_t most;
    } CASES[] = {
        {&LINE, "a", 5000},
        {&LINE, "\xc3\xa9", 5000},
        {&LINE, "\xf0\x9f\x9a\x9a", 2500}, /* two units of UTF-16 each */
        {&MESSENGER, "\xc3\xa9", 2000},
        {&INSTAGRAM, "\xc3\xa9", 500},
        {&TELEGRAM, "a", 4096},
        {&TELEGRAM, "\xf0\x9f\x9a\x9a", 2048},
        {&SLACK, "a", 40000},
    };
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        assert_null(refused(CASES[i].channel, CASES[i].character, CASES[i].most));
        assert_string_equal(refused(CASES[i].channel, CASES[i].character, CASES[i].most + 1),
                            "too_long");
    }
}

static void slack_answers_in_a_channel_under_the_message(void **state)
{
    struct sea_account account = account_of(&SLACK);
    struct notify_letter letter = letter_by(&account, "hello");
    (void)state;
    static const struct {
        const char *thread, *body;
    } CASES[] = {
        {"C1:1795335290.000005", "{\"channel\":\"C1\",\"thread_ts\":\"1795335290.000005\","},
        {"D1:1795335290.000005", "{\"channel\":\"4711\",\"text\":"},
        {"", "{\"channel\":\"4711\",\"text\":"},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct notify_call call = NOTIFY_CALL;
        letter.thread = sea_str(CASES[i].thread);
        assert_null(notify_provider_call(&letter, &call));
        assert_int_equal(strncmp(call.body.ptr, CASES[i].body, strlen(CASES[i].body)), 0);
        notify_call_free(&call);
    }
}

static void telegram_has_chats_with_numbers_only(void **state)
{
    struct sea_account account = account_of(&TELEGRAM);
    struct notify_call call = NOTIFY_CALL;
    struct notify_letter letter = letter_by(&account, "hello");
    (void)state;
    letter.to = SEA_STR("-1001234567890");
    assert_null(notify_provider_call(&letter, &call));
    letter.to = SEA_STR("@everybody");
    assert_string_equal(notify_provider_call(&letter, &call), "no_address");
    notify_call_free(&call);
}

enum {
    L = SEA_ADAPTER_LINE,
    M = SEA_ADAPTER_MESSENGER,
    T = SEA_ADAPTER_TELEGRAM,
    S = SEA_ADAPTER_SLACK,
    LAST = NOTIFY_TRIES_MAX - 1,
};

static const struct answer_row ANSWERS[] = {
    {L, ANSWER(200, "{\"sentMessages\":[{\"id\":\"461\"}]}"), 0, OK, "461", "http_200", 0, false},
    {L, ANSWER(409, "{\"message\":\"accepted\",\"sentMessages\":[{\"id\":\"461\"}]}"), 1, OK, "461",
     "http_409", 0, false},
    {L, ANSWER(409, "{}"), 1, OK, "", "http_409", 0, false},
    {L, ANSWER(500, "{}"), 0, LATER, "", "http_500", 1000, false},
    {L, SILENCE, 2, LATER, "", "no_answer", 4000, false},
    {L, SILENCE, LAST, MAYBE, "", "no_answer", 0, false},
    {L, ANSWER(400, "{\"message\":\"Failed to send messages\"}"), 0, NO, "", "http_400", 0, false},
    {L, ANSWER(429, "{}"), 0, LATER, "", "http_429", 1000, false},
    {M, ANSWER(200, "{\"recipient_id\":\"1\",\"message_id\":\"m_a\"}"), 0, OK, "m_a", "http_200", 0,
     false},
    {M, ANSWER(200, "{}"), 0, MAYBE, "", "http_200", 0, false},
    {M, SILENCE, 0, MAYBE, "", "no_answer", 0, false},
    {M, ANSWER(500, "{\"error\":{\"code\":2}}"), 0, MAYBE, "", "2", 0, false},
    {M, ANSWER(400, "{\"error\":{\"code\":613}}"), 1, LATER, "", "613", 2000, false},
    {M, ANSWER(400, "{\"error\":{\"code\":190}}"), 1, LATER, "", "190", 4000, false},
    {M, ANSWER(400, "{\"error\":{\"code\":551}}"), 0, NO, "", "551", 0, false},
    {M, ANSWER(403, "{\"error\":{\"code\":10,\"error_subcode\":2018278}}"), 0, NO, "", "10", 0,
     true},
    {M, ANSWER(403, "{\"error\":{\"code\":10}}"), 0, NO, "", "10", 0, false},
    {T, ANSWER(200, "{\"ok\":true,\"result\":{\"message_id\":9}}"), 0, OK, "9", "http_200", 0,
     false},
    {T, ANSWER(429, "{\"ok\":false,\"error_code\":429,\"parameters\":{\"retry_after\":7}}"), 0,
     LATER, "", "http_429", 7000, false},
    {T, ANSWER(429, "{}"), 0, LATER, "", "http_429", 1000, false},
    {T, ANSWER(403, "{\"ok\":false,\"error_code\":403}"), 0, NO, "", "http_403", 0, false},
    {T, SILENCE, 0, MAYBE, "", "no_answer", 0, false},
    {T, ANSWER(502, ""), 0, MAYBE, "", "http_502", 0, false},
    {S, ANSWER(200, "{\"ok\":true,\"ts\":\"1503.000247\"}"), 0, OK, "1503.000247", "http_200", 0,
     false},
    {S, ANSWER(200, "{\"ok\":false,\"error\":\"channel_not_found\"}"), 0, NO, "",
     "channel_not_found", 0, false},
    {S, ANSWER(200, "{\"ok\":false,\"error\":\"token_revoked\"}"), 1, LATER, "", "token_revoked",
     4000, false},
    {S, ANSWER(200, "{\"ok\":false,\"error\":\"service_unavailable\"}"), 0, LATER, "",
     "service_unavailable", 1000, false},
    {S, ANSWER(200, "{\"ok\":false,\"error\":\"fatal_error\"}"), 0, MAYBE, "", "fatal_error", 0,
     false},
    {S, ANSWER(200, "{\"ok\":false,\"ts\":\"1503.000247\"}"), 0, MAYBE, "", "http_200", 0, false},
    {S, ANSWER(429, "{\"ok\":false,\"error\":\"ratelimited\"}"), 0, LATER, "", "ratelimited", 1000,
     false},
    {S, ANSWER(500, "{\"ok\":false,\"error\":\"unheard_of\"}"), 0, MAYBE, "", "unheard_of", 0,
     false},
};

static void answers_are_read_for_what_they_prove(void **state)
{
    (void)state;
    expect_answers(ANSWERS, SEA_COUNT(ANSWERS));
}

SEA_TESTS(cmocka_unit_test(each_app_gets_its_own_call),
          cmocka_unit_test(what_is_longer_than_an_app_takes_is_said_before_it_is_tried),
          cmocka_unit_test(slack_answers_in_a_channel_under_the_message),
          cmocka_unit_test(telegram_has_chats_with_numbers_only),
          cmocka_unit_test(answers_are_read_for_what_they_prove))
